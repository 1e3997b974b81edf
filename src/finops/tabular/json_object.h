#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "finops/tabular/json_scanner.h"

namespace finops::bill {

/// The members of one flat JSON object, in the order of the text, by the rules of bill_layout.h.
/// Reused for many texts: nothing is allocated once the buffers are grown.
class JsonObject {
 public:
  using Kind = JsonScanner::Kind;
  struct Member {
    std::string_view key, value;  // unescaped; the JSON text of a value that is no string
    Kind kind;
  };

  /// Reads `text`, which is well-formed UTF-8; the members hold until the next call. What is wrong
  /// with the text, or an empty string.
  std::string read(std::string_view text);
  /// Every view in here is readable kTextPadding bytes past its end.
  const std::vector<Member>& members() const { return members_; }

 private:
  struct Span {
    std::size_t offset, length;
  };
  Span append(std::string_view text, bool has_escapes);

  JsonScanner scanner_;
  std::vector<Member> members_;
  std::vector<Span> spans_;  // in bytes_, of each key and its value
  std::string bytes_;
  std::vector<std::string_view> keys_;  // sorted, to find one given twice
};

}  // namespace finops::bill
