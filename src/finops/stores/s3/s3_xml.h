#pragma once

#include <string>
#include <vector>

#include "finops/stores/object_store.h"

namespace finops {

/// One page of ListObjectsV2, keys decoded.
struct S3Page {
  Listing listing;
  std::string next_token;  // empty: the last page
};

/// Throws kInvalidData for what is no such answer.
S3Page parse_listing(const std::string& body, const std::string& tried);

/// The text of the first element of that name, or "".
std::string xml_text(const std::string& body, const char* element);

/// True for an <Error> in an answer of status 200: CopyObject and CompleteMultipartUpload begin to
/// answer before they know how it ends.
bool is_error_body(const std::string& body);

struct S3Part {
  int number = 0;
  std::string etag, crc32;  // base64; empty for copied parts
};
std::string complete_upload_body(const std::vector<S3Part>& parts);

}  // namespace finops
