#include "finops/notify/email/mail_message.h"

#include <algorithm>
#include <string_view>

#include "finops/net/http_date.h"

namespace finops {
namespace {

constexpr std::size_t kLongestLine = 76;
constexpr std::string_view kNewLine = "\r\n";

/// "Mon, 01 Jun 2026 00:00:00 +0000": "GMT" is obsolete in mails (RFC 5322, 4.3).
std::string date_text(TimePoint time) {
  std::string text = to_http_date(time);
  return text.replace(text.size() - 3, 3, "+0000");
}

void add_hex(std::string& text, char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  text += '=';
  text += kDigits[value >> 4];
  text += kDigits[value & 15];
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// The bytes of the character at the beginning.
std::string_view first_character(std::string_view text) {
  std::size_t n = 1;
  while (n < text.size() && is_continuation(text[n])) ++n;
  return text.substr(0, n);
}

/// RFC 2047, 4.2: what may stand for itself in any header, and "_" for a blank.
std::string q_encoded(std::string_view character) {
  std::string result;
  for (const char c : character) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_plain) {
      result += c;
    } else if (c == ' ') {
      result += '_';
    } else {
      add_hex(result, c);
    }
  }
  return result;
}

/// Encoded words of at most 75 bytes, none of which ends within a character (RFC 2047, 2 and 5).
std::string subject_text(std::string subject) {
  constexpr std::string_view kBegin = "=?utf-8?Q?", kEnd = "?=";
  constexpr std::size_t kLongestWord = 75;
  constexpr std::size_t kName = std::string_view("Subject: ").size();
  std::ranges::replace_if(
      subject, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  const bool is_plain =
      std::ranges::all_of(subject, [](char c) { return c >= 0x20 && c < 0x7f; }) &&
      subject.find("=?") == std::string::npos && subject.size() + kName <= kLongestLine &&
      !subject.starts_with(' ') && !subject.ends_with(' ');
  if (is_plain) return subject;
  std::string result(kBegin);
  std::size_t room = kLongestWord - kBegin.size() - kEnd.size() - kName;
  for (std::string_view rest = subject; !rest.empty();) {
    const std::string_view character = first_character(rest);
    rest.remove_prefix(character.size());
    const std::string encoded = q_encoded(character);
    if (encoded.size() > room) {
      result.append(kEnd).append("\r\n ").append(kBegin);
      room = kLongestWord - kBegin.size() - kEnd.size();
    }
    room -= std::min(room, encoded.size());
    result += encoded;
  }
  return result.append(kEnd);
}

/// Addresses with a line for each.
std::string list_text(const std::vector<std::string>& addresses) {
  std::string result;
  for (const std::string& address : addresses) {
    result += (result.empty() ? "" : ",\r\n ") + address;
  }
  return result;
}

/// RFC 2045, 6.7.
void add_quoted_printable(std::string& result, std::string_view line) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_blank = c == ' ' || c == '\t';
    const bool is_last = i + 1 == line.size();
    const bool is_plain = (c > 0x20 && c < 0x7f && c != '=') || (is_blank && !is_last);
    // One byte is kept free for the '=' of a soft line break.
    if (length + (is_plain ? 1 : 3) > kLongestLine - 1) {
      result.append("=").append(kNewLine);
      length = 0;
    }
    if (is_plain) {
      result += c;
    } else {
      add_hex(result, c);
    }
    length += is_plain ? 1 : 3;
  }
  result += kNewLine;
}

}  // namespace

std::string rfc5322_text(const MailMessage& message) {
  std::string result;
  const auto add = [&](std::string_view name, const std::string& value) {
    result.append(name).append(": ").append(value).append(kNewLine);
  };
  add("Date", date_text(message.time));
  add("Message-ID", "<" + message.id + ">");
  add("From", "finops <" + message.from + ">");
  add("To", list_text(message.to));
  add("Subject", subject_text(message.subject));
  add("Auto-Submitted", "auto-generated");  // RFC 3834: nobody's absence is answered
  add("MIME-Version", "1.0");
  add("Content-Type", "text/plain; charset=utf-8");
  add("Content-Transfer-Encoding", "quoted-printable");
  result += kNewLine;
  std::string_view rest = message.text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    add_quoted_printable(result, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return result;
}

}  // namespace finops
