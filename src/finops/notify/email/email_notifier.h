#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/net/smtp.h"
#include "finops/notify/notifier.h"

namespace finops {

struct EmailOptions {
  std::string smtp_url;        // see SmtpServer::parse()
  bool may_be_plain = false;   // nothing is encrypted; else only mail to this machine may go so
  std::string user, password;  // both empty: no log-in
  std::string from;
  std::vector<std::string> to;  // at least one
};

/// Sends a mail of plain text, in a transaction for each recipient, with TLS. An attempt takes half
/// a minute at most; what may pass (4xx, no answer) is tried three times. It is told when one
/// recipient's mail was taken: the others' failures go to `warn`, and are not tried again. Throws
/// kInvalidConfig for options that cannot be right. No message of it holds the password.
std::unique_ptr<Notifier> make_email_notifier(EmailOptions options,
                                              std::shared_ptr<SmtpTransport> transport,
                                              Clock& clock,
                                              std::function<void(const std::string&)> warn);

}  // namespace finops
