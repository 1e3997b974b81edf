#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace finops::bill {

/// Finds the members of one JSON object where they stand in its text, and checks all of the text by
/// the rules of bill_layout.h, but for keys given twice. Nothing is copied: what scan() gives
/// points into the text.
class JsonScanner {
 public:
  enum class Kind : std::uint8_t { kNull, kString, kNumber, kOther };
  struct Member {
    std::string_view key, value;  // of strings what the quotes enclose, escapes as they stand
    Kind kind;
    bool key_has_escapes, has_escapes;  // has_escapes, has_commas: of a value that is a string
    bool has_commas;
  };
  enum class Fault : std::uint8_t {
    kNone,
    kNoObject,  // it does not begin as one
    kSyntax,
    kString,  // a bad escape, or a control character in a string
    kDepth,
    kTextBehind,
  };

  /// Reads `text`, which is well-formed UTF-8, into members().
  Fault scan(std::string_view text);

  const std::vector<Member>& members() const { return members_; }
  /// Of the last fault: how many bytes stand before it.
  std::size_t fault_at() const { return fault_at_; }

 private:
  struct Flags {
    bool escapes = false, commas = false;
  };
  // Each reads what begins at `at` and returns where it ends, or null after fail().
  const char* outermost(const char* at);
  const char* member(const char* at);
  const char* key_and_colon(const char* at, std::string_view& key, bool& has_escapes);
  const char* value(const char* at, int depth);
  const char* object(const char* at, int depth);
  const char* array(const char* at, int depth);
  const char* word(const char* at, std::string_view word);
  const char* number(const char* at);
  const char* digits(const char* at);
  const char* string(const char* at, Flags& flags);
  const char* escape(const char* at);
  const char* code_unit(const char* at, std::uint32_t& unit);

  const char* skip_blanks(const char* at) const;
  bool is_at(const char* at, char c) const { return at != end_ && *at == c; }
  const char* fail(const char* at, Fault fault);

  const char *begin_ = nullptr, *end_ = nullptr;
  Fault fault_ = Fault::kNone;
  std::size_t fault_at_ = 0;
  std::vector<Member> members_;
};

/// Appends what a string says whose escapes scan() has checked.
void append_unescaped(std::string& out, std::string_view escaped);

}  // namespace finops::bill
