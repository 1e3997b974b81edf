#pragma once

#include <string_view>

namespace finops {

/// Whether `text` is a mailbox such as "finops@mail.example" (RFC 5321, 4.1.2): ASCII, a dot-string
/// before the @, a host name after it, no display name. Nothing of it can be taken for another
/// address, a command or a header.
bool is_mail_address(std::string_view text);

}  // namespace finops
