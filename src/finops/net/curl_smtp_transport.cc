#include <algorithm>
#include <array>

#include "finops/net/curl_handle.h"
#include "finops/net/smtp.h"

namespace finops {
namespace {

/// What the callbacks of one mail write to.
struct Mailing {
  std::string_view rest;  // of the message
  std::stop_token stop;
  std::string refusal;  // the last line of a reply that refuses something
};

std::size_t on_message(char* buffer, std::size_t size, std::size_t count, void* context) {
  auto& mailing = *static_cast<Mailing*>(context);
  const std::size_t n = std::min(mailing.rest.size(), size * count);
  std::copy_n(mailing.rest.data(), n, buffer);
  mailing.rest.remove_prefix(n);
  return n;
}

std::size_t on_reply(char* data, std::size_t size, std::size_t count, void* context) {
  constexpr std::size_t kLongestReply = 512;  // RFC 5321, 4.5.3.1.5
  // What refused the mail is not the last reply: libcurl says QUIT after it.
  if (size * count > 0 && (*data == '4' || *data == '5')) {
    static_cast<Mailing*>(context)->refusal.assign(data, std::min(size * count, kLongestReply));
  }
  return size * count;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Mailing*>(context)->stop.stop_requested() ? 1 : 0;
}

long use_ssl_of(StartTls start_tls) {
  switch (start_tls) {
    case StartTls::kRequired: return CURLUSESSL_ALL;
    case StartTls::kIfOffered: return CURLUSESSL_TRY;
    case StartTls::kNever: break;
  }
  return CURLUSESSL_NONE;
}

std::string url_of(const SmtpServer& server) {
  const bool is_ipv6 = server.host.find(':') != std::string::npos;
  return (server.has_tls_at_once ? "smtps://" : "smtp://") +
         (is_ipv6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

SmtpAnswer::Outcome outcome_of(CURLcode result, int code, bool is_connected,
                               const std::stop_token& stop) {
  using enum SmtpAnswer::Outcome;
  if (result == CURLE_OK) return kTaken;
  if (stop.stop_requested()) return kCancelled;
  if (is_distrust(result)) return kNotTrusted;
  if (result == CURLE_USE_SSL_FAILED) return kNoTls;
  if (code >= 400 || result == CURLE_LOGIN_DENIED) return kRefused;
  return is_connected ? kNoAnswer : kNotSent;
}

/// Of "550 5.1.1 no such user" what stands behind the code, without the line's end.
std::string text_of_refusal(const std::string& line, int code) {
  const std::string number = std::to_string(code);
  if (!line.starts_with(number)) return "";
  std::string text = line.substr(std::min(line.size(), number.size() + 1));
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return text;
}

class CurlSmtpTransport : public SmtpTransport {
 public:
  explicit CurlSmtpTransport(std::string ca_file) : ca_file_(std::move(ca_file)) {}

  SmtpAnswer send(const SmtpRequest& request, std::stop_token stop) override {
    const CurlHandle curl = make_curl_handle();
    Mailing mailing{.rest = request.message, .stop = stop, .refusal = ""};
    CurlList recipients;
    append_to(recipients, request.to);
    std::array<char, CURL_ERROR_SIZE> error{};
    set_option(curl.get(), CURLOPT_ERRORBUFFER, error.data());
    set_option(curl.get(), CURLOPT_MAIL_RCPT, recipients.get());
    prepare_connection(curl.get(), request);
    prepare_mail(curl.get(), request, mailing);
    const CURLcode result = curl_easy_perform(curl.get());

    SmtpAnswer answer;
    long code = 0;
    double connected_after = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(curl.get(), CURLINFO_CONNECT_TIME, &connected_after);
    answer.code = static_cast<int>(code);
    answer.outcome = outcome_of(result, answer.code, connected_after > 0, stop);
    if (!answer.is_taken()) {
      answer.text = text_of_refusal(mailing.refusal, answer.code);
      answer.failure = error[0] != '\0' ? error.data() : curl_easy_strerror(result);
    }
    return answer;
  }

 private:
  void prepare_connection(CURL* curl, const SmtpRequest& request) const {
    set_option(curl, CURLOPT_URL, url_of(request.server).c_str());
    set_option(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set_option(curl, CURLOPT_NOSIGNAL, 1L);
    set_option(curl, CURLOPT_USE_SSL, use_ssl_of(request.start_tls));
    set_option(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!ca_file_.empty()) set_option(curl, CURLOPT_CAINFO, ca_file_.c_str());
    if (!request.may_use_proxy) set_option(curl, CURLOPT_NOPROXY, "*");
    if (!request.user.empty()) {
      set_option(curl, CURLOPT_USERNAME, request.user.c_str());
      set_option(curl, CURLOPT_PASSWORD, request.password.c_str());
    }
    const auto milliseconds = [](Duration duration) { return static_cast<long>(duration.count()); };
    set_option(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
    set_option(curl, CURLOPT_TIMEOUT_MS, milliseconds(request.total_timeout));
    set_option(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
               std::max(1L, milliseconds(request.reply_timeout) / 1000));
  }

  static void prepare_mail(CURL* curl, const SmtpRequest& request, Mailing& mailing) {
    set_option(curl, CURLOPT_MAIL_FROM, request.from.c_str());
    set_option(curl, CURLOPT_UPLOAD, 1L);
    set_option(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.message.size()));
    set_option(curl, CURLOPT_READFUNCTION, on_message);
    set_option(curl, CURLOPT_READDATA, &mailing);
    set_option(curl, CURLOPT_HEADERFUNCTION, on_reply);
    set_option(curl, CURLOPT_HEADERDATA, &mailing);
    set_option(curl, CURLOPT_NOPROGRESS, 0L);
    set_option(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    set_option(curl, CURLOPT_XFERINFODATA, &mailing);
  }

  const std::string ca_file_;
};

}  // namespace

std::unique_ptr<SmtpTransport> make_smtp_transport(std::string ca_file) {
  return std::make_unique<CurlSmtpTransport>(std::move(ca_file));
}

}  // namespace finops
