#include "finops/notify/email/email_notifier.h"

#include <algorithm>
#include <array>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/mail_address.h"
#include "finops/core/unique_ids.h"
#include "finops/net/url.h"
#include "finops/notify/email/mail_message.h"

namespace finops {
namespace {

using Outcome = SmtpAnswer::Outcome;

constexpr std::array<Duration, 2> kPauses = {std::chrono::milliseconds(500),
                                             std::chrono::seconds(3)};
constexpr std::size_t kLongestReason = 200;

bool may_pass(const SmtpAnswer& answer) {
  switch (answer.outcome) {
    case Outcome::kRefused: return answer.code >= 400 && answer.code < 500;
    case Outcome::kNotSent:
    case Outcome::kNoAnswer: return true;
    default: return false;
  }
}

/// RFC 4954, 6.
bool is_about_login(int code) { return code == 530 || code == 534 || code == 535 || code == 538; }

bool is_about_mailbox(int code) { return code == 550 || code == 551 || code == 553; }

/// What went wrong is the server's or the way to it: other recipients would only wait as well.
bool is_of_server(const SmtpAnswer& answer) {
  return answer.outcome != Outcome::kRefused || is_about_login(answer.code) || answer.code == 0;
}

ErrorKind kind_of(const SmtpAnswer& answer) {
  if (answer.outcome == Outcome::kCancelled) return ErrorKind::kCancelled;
  if (answer.outcome != Outcome::kRefused) return ErrorKind::kUnavailable;
  if (is_about_login(answer.code) || answer.code == 0) return ErrorKind::kPermissionDenied;
  return is_about_mailbox(answer.code) ? ErrorKind::kNotFound : ErrorKind::kUnavailable;
}

Error invalid(const std::string& text) { return {ErrorKind::kInvalidConfig, text}; }

SmtpServer checked(const EmailOptions& options) {
  const auto server = SmtpServer::parse(options.smtp_url);
  if (!server) {
    throw invalid("notify.email_smtp_url is not a URL such as smtp://mail.example:587");
  }
  if (options.to.empty()) throw invalid("notify.email_to names nobody");
  for (const std::string& address : options.to) {
    if (!is_mail_address(address)) {
      throw invalid("notify.email_to: '" + one_line(address, 80) + "' is no mail address");
    }
  }
  if (!is_mail_address(options.from)) {
    throw invalid("notify.email_from: '" + one_line(options.from, 80) + "' is no mail address");
  }
  if (options.user.empty() != options.password.empty()) {
    throw invalid("notify.email_user and notify.email_password go together");
  }
  return *server;
}

class EmailNotifier : public Notifier {
 public:
  EmailNotifier(EmailOptions options, std::shared_ptr<SmtpTransport> transport, Clock& clock,
                std::function<void(const std::string&)> warn)
      : options_(std::move(options)),
        server_(checked(options_)),
        transport_(std::move(transport)),
        clock_(clock),
        warn_(std::move(warn)) {}

  void send(const Notification& notification, std::stop_token stop) override {
    const std::string message = message_of(notification);
    std::vector<Error> failures;
    std::size_t taken = 0;
    for (const std::string& recipient : options_.to) {
      const auto [answer, attempts] = send_to(recipient, message, stop);
      if (answer.is_taken()) {
        ++taken;
        continue;
      }
      failures.push_back(error_of(answer, recipient, attempts));
      if (failures.back().kind() == ErrorKind::kCancelled) throw failures.back();
      if (taken == 0 && is_of_server(answer)) break;
    }
    if (taken == 0) throw failures.front();
    for (const Error& failure : failures) warn_(failure.what());
  }

 private:
  std::string message_of(const Notification& notification) const {
    MailMessage message{.from = options_.from, .to = options_.to, .time = clock_.now()};
    message.text = text_of(notification);
    message.subject = message.text.substr(0, message.text.find('\n'));
    message.id = random_uuid() + options_.from.substr(options_.from.find('@'));
    return rfc5322_text(message);
  }

  SmtpRequest request_of(const std::string& recipient, const std::string& message) const {
    SmtpRequest request{.server = server_};
    const bool is_local = is_loopback(server_.host);
    request.start_tls = options_.may_be_plain ? StartTls::kNever
                        : is_local            ? StartTls::kIfOffered
                                              : StartTls::kRequired;
    request.user = options_.user;
    request.password = options_.password;
    request.from = options_.from;
    request.to = recipient;
    request.message = message;
    request.may_use_proxy = !is_local;
    return request;
  }

  std::pair<SmtpAnswer, std::size_t> send_to(const std::string& recipient,
                                             const std::string& message,
                                             const std::stop_token& stop) {
    const SmtpRequest request = request_of(recipient, message);
    for (std::size_t attempt = 1;; ++attempt) {
      SmtpAnswer answer = transport_->send(request, stop);
      if (!may_pass(answer) || attempt > kPauses.size()) return {std::move(answer), attempt};
      if (!clock_.sleep_for(kPauses[attempt - 1], stop)) {
        answer.outcome = Outcome::kCancelled;
        return {std::move(answer), attempt};
      }
    }
  }

  /// The server's own words, unless they may repeat what it was told of the log-in.
  std::string reason_of(const SmtpAnswer& answer) const {
    if (answer.outcome != Outcome::kRefused) return one_line(answer.failure, kLongestReason);
    if (answer.code == 0) return "it offers no way to log in that finops knows";
    const std::string code = "the server said " + std::to_string(answer.code);
    const bool is_secret =
        is_about_login(answer.code) ||
        (!options_.password.empty() && answer.text.find(options_.password) != std::string::npos);
    return is_secret || answer.text.empty() ? code
                                            : code + " " + one_line(answer.text, kLongestReason);
  }

  static std::string advice_of(const SmtpAnswer& answer) {
    switch (answer.outcome) {
      case Outcome::kNotTrusted:
        return "; its certificate does not hold: name its authority with SSL_CERT_FILE";
      case Outcome::kNoTls:
        return "; it offers no STARTTLS: use smtps://, or notify.email_tls = \"none\" to send it "
               "readable for everybody on the way";
      case Outcome::kRefused:
        if (is_about_login(answer.code) || answer.code == 0) {
          return "; check notify.email_user and notify.email_password";
        }
        return "; check notify.email_from and notify.email_to";
      default: return "; check notify.email_smtp_url and the network";
    }
  }

  Error error_of(const SmtpAnswer& answer, const std::string& recipient,
                 std::size_t attempts) const {
    const std::string tried =
        "mail " + recipient + " by " + server_.host + ":" + std::to_string(server_.port) + ": ";
    const std::string gave_up =
        may_pass(answer) ? ", " + std::to_string(attempts) + " attempts" : "";
    return {kind_of(answer), tried + reason_of(answer) + gave_up + advice_of(answer)};
  }

  const EmailOptions options_;
  const SmtpServer server_;
  const std::shared_ptr<SmtpTransport> transport_;
  Clock& clock_;
  const std::function<void(const std::string&)> warn_;
};

}  // namespace

std::unique_ptr<Notifier> make_email_notifier(EmailOptions options,
                                              std::shared_ptr<SmtpTransport> transport,
                                              Clock& clock,
                                              std::function<void(const std::string&)> warn) {
  return std::make_unique<EmailNotifier>(std::move(options), std::move(transport), clock,
                                         std::move(warn));
}

}  // namespace finops
