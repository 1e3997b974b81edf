#include "finops/stores/s3/s3_xml.h"

#include <charconv>
#include <pugixml.hpp>
#include <string_view>

#include "finops/core/error.h"
#include "finops/net/http_date.h"
#include "finops/net/url.h"
#include "finops/stores/s3/s3_client.h"

namespace finops {
namespace {

std::uint64_t size_of(std::string_view text, const std::string& tried) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorKind::kInvalidData, tried + ": not a size: '" + std::string(text) + "'");
  }
  return size;
}

/// Listings tell milliseconds and HEAD seconds; one object has one time.
TimePoint whole_seconds(std::optional<TimePoint> time) {
  return time ? TimePoint(std::chrono::floor<std::chrono::seconds>(*time)) : TimePoint();
}

}  // namespace

S3Page parse_listing(const std::string& body, const std::string& tried) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(body.data(), body.size());
  const pugi::xml_node root = document.child("ListBucketResult");
  if (!parsed || !root) {
    throw Error(ErrorKind::kInvalidData,
                tried + ": the answer is not a listing of S3; is the endpoint an S3 server?");
  }
  const bool is_encoded = std::string_view(root.child_value("EncodingType")) == "url";
  const auto decoded = [is_encoded](const char* text) {
    if (!is_encoded) return std::string(text);
    // As in a form: '+' may stand for a space.
    std::string plain(text);
    for (std::size_t at = 0; (at = plain.find('+', at)) != std::string::npos;) {
      plain.replace(at, 1, "%20");
    }
    return percent_decode(plain);
  };
  S3Page page;
  for (const pugi::xml_node node : root.children("Contents")) {
    ObjectInfo info;
    info.key = decoded(node.child_value("Key"));
    info.size = size_of(node.child_value("Size"), tried);
    info.etag = unquoted_etag(node.child_value("ETag"));
    info.last_modified = whole_seconds(parse_iso8601(node.child_value("LastModified")));
    page.listing.objects.push_back(std::move(info));
  }
  for (const pugi::xml_node node : root.children("CommonPrefixes")) {
    page.listing.folders.push_back(decoded(node.child_value("Prefix")));
  }
  if (std::string_view(root.child_value("IsTruncated")) == "true") {
    page.next_token = root.child_value("NextContinuationToken");
    if (page.next_token.empty()) {
      throw Error(ErrorKind::kInvalidData, tried + ": a page without a token for the next one");
    }
  }
  return page;
}

std::string xml_text(const std::string& body, const char* element) {
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size());
  return document.document_element().child_value(element);
}

bool is_error_body(const std::string& body) {
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size());
  return std::string_view(document.document_element().name()) == "Error";
}

std::string complete_upload_body(const std::vector<S3Part>& parts) {
  std::string body = "<CompleteMultipartUpload>";
  for (const S3Part& part : parts) {
    body += "<Part>";
    if (!part.crc32.empty()) body += "<ChecksumCRC32>" + part.crc32 + "</ChecksumCRC32>";
    body += "<ETag>\"" + part.etag + "\"</ETag><PartNumber>" + std::to_string(part.number) +
            "</PartNumber></Part>";
  }
  return body + "</CompleteMultipartUpload>";
}

}  // namespace finops
