#pragma once

#include <string>
#include <vector>

#include "finops/core/clock.h"

namespace finops {

/// A mail of plain text.
struct MailMessage {
  std::string from;  // addresses, see is_mail_address()
  std::vector<std::string> to;
  std::string subject, text;  // UTF-8; lines of the text end with '\n'
  TimePoint time;
  std::string id;  // "unique@host"
};

/// As RFC 5322 and MIME write it: lines of at most 78 bytes that end with CRLF, ASCII only (RFC
/// 2047 for the subject, quoted-printable for the text). Control characters of the subject become
/// blanks, so that it cannot begin another header.
std::string rfc5322_text(const MailMessage& message);

}  // namespace finops
