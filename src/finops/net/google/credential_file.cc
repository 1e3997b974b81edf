#include "finops/net/google/credential_file.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <utility>

#include "finops/core/error.h"
#include "finops/net/google/json_fields.h"
#include "finops/net/http_failure.h"
#include "finops/net/url.h"

namespace finops {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestFile = 1 << 20;
constexpr const char* kGoogleTokenUrl = "https://oauth2.googleapis.com/token";

/// Metadata servers of the clouds, which have no TLS.
bool is_metadata_server(std::string_view host) {
  constexpr std::array<std::string_view, 4> kHosts = {
      "169.254.169.254", "fd00:ec2::254", "metadata.google.internal", "metadata.azure.internal"};
  return std::ranges::count(kHosts, host) != 0;
}

bool may_be_asked_for_subjects(std::string_view url) {
  const auto parsed = Url::parse(url);
  return may_be_sent_secrets(url) || (parsed && is_metadata_server(parsed->host));
}

std::string bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kLongestFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

/// Takes the fields of one object and keeps what is wrong with them.
class Fields {
 public:
  Fields(const Json& object, std::string prefix, std::vector<std::string>& mistakes)
      : object_(object), prefix_(std::move(prefix)), mistakes_(mistakes) {}

  std::string optional(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return "";
    if (!found->is_string()) return wrong(key, "is not a text");
    return found->get<std::string>();
  }

  std::string required(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return wrong(key, "is missing");
    std::string text = optional(key);
    if (text.empty() && found->is_string()) return wrong(key, "is empty");
    if (found->is_null()) return wrong(key, "is missing");
    return text;
  }

  /// Where a secret goes.
  std::string endpoint(const char* key, const char* otherwise = nullptr) {
    std::string url = otherwise == nullptr ? required(key) : optional(key);
    if (url.empty()) return otherwise == nullptr ? "" : otherwise;
    if (!may_be_sent_secrets(url)) return wrong(key, "is not an https:// URL");
    return url;
  }

  /// Where a subject comes from.
  std::string source(const char* key) {
    std::string url = optional(key);
    if (!url.empty() && !may_be_asked_for_subjects(url)) {
      return wrong(key, "is neither an https:// URL nor one of a cloud's metadata server");
    }
    return url;
  }

  /// An object in this one; an empty one when it is not there.
  Json object(const char* key, bool is_required) {
    const auto found = object_.find(key);
    const bool is_there = found != object_.end();
    if (is_there && !found->is_object()) wrong(key, "is not an object");
    if (!is_there && is_required) wrong(key, "is missing");
    if (!is_there || !found->is_object()) return Json::object();
    if (found->empty() && is_required) wrong(key, "is empty");
    return *found;
  }

  std::string wrong(const char* key, const std::string& why) {
    mistakes_.push_back("'" + prefix_ + key + "' " + why);
    return "";
  }

  const Json& json() const { return object_; }
  Fields within(const Json& object, const char* key) const {
    return {object, prefix_ + key + ".", mistakes_};
  }

 private:
  const Json& object_;
  const std::string prefix_;
  std::vector<std::string>& mistakes_;
};

/// What of a file is known before it is known to be right.
struct Draft {
  std::optional<GooglePrincipal> principal;
  std::vector<GoogleImpersonation> impersonations;
  std::string told_as;
};

constexpr const char* kSupported =
    "service_account, authorized_user, external_account, impersonated_service_account";

class FileReader {
 public:
  explicit FileReader(const std::string& path) : path_(path) {}

  GoogleCredentialFile read(const std::string& text) {
    if (text.empty()) refuse("it is missing, unreadable or empty");
    if (text.size() > kLongestFile) refuse("it is longer than 1 MiB");
    const Json document = Json::parse(text, nullptr, false);
    if (!document.is_object()) refuse("it is not a JSON object");
    Fields fields(document, "", mistakes_);
    Draft draft = draft_of(fields, 0);
    GoogleCredentialFile file{.path = path_,
                              .told_as = std::move(draft.told_as),
                              .principal = GoogleUserLogin{},
                              .impersonations = std::move(draft.impersonations),
                              .quota_project = fields.optional("quota_project_id")};
    refuse_mistakes();
    file.principal = std::move(draft.principal.value());
    return file;
  }

 private:
  [[noreturn]] void refuse(const std::string& why, ErrorKind kind = ErrorKind::kInvalidConfig) {
    throw Error(kind, "read Google's credentials in '" + path_ + "': " + why);
  }

  void refuse_mistakes() {
    if (mistakes_.empty()) return;
    std::string all;
    for (const std::string& mistake : mistakes_) all += (all.empty() ? "" : "; ") + mistake;
    refuse(all);
  }

  Draft draft_of(Fields fields, int depth) {
    const std::string type = fields.required("type");
    const std::string universe = fields.optional("universe_domain");
    if (!universe.empty() && universe != "googleapis.com") {
      refuse("'universe_domain' is another than googleapis.com, which finops does not support",
             ErrorKind::kUnsupported);
    }
    if (type == "service_account") return service_account(fields);
    if (type == "authorized_user") return user(fields);
    if (type == "external_account") return external_account(fields);
    if (type == "impersonated_service_account") return impersonated(fields, depth);
    if (!type.empty()) {
      refuse("'type' is '" + one_line(type) +
                 "', which finops does not support; one of: " + kSupported,
             ErrorKind::kUnsupported);
    }
    return {};
  }

  Draft service_account(Fields& fields) {
    const std::string email = fields.required("client_email");
    const std::string id = fields.optional("private_key_id");
    const std::string uri = fields.endpoint("token_uri", kGoogleTokenUrl);
    const std::string pem = fields.required("private_key");
    auto key = pem.empty() ? std::nullopt : RsaPrivateKey::of_pem(pem);
    if (!key) {
      if (!pem.empty()) fields.wrong("private_key", "is not an RSA key in PEM");
      return {};
    }
    return {.principal = GoogleServiceAccountKey{email, id, uri, std::move(*key)},
            .impersonations = {},
            .told_as = "the service account " + email};
  }

  Draft user(Fields& fields) {
    return {
        .principal = GoogleUserLogin{.client_id = fields.required("client_id"),
                                     .client_secret = fields.required("client_secret"),
                                     .refresh_token = fields.required("refresh_token"),
                                     .token_uri = fields.endpoint("token_uri", kGoogleTokenUrl)},
        .impersonations = {},
        .told_as = "the user's login"};
  }

  Draft external_account(Fields& fields) {
    GoogleExternalAccount account{
        .audience = fields.required("audience"),
        .subject_token_type = fields.required("subject_token_type"),
        .token_url = fields.endpoint("token_url"),
        .client_id = fields.optional("client_id"),
        .client_secret = fields.optional("client_secret"),
        .workforce_pool_user_project = fields.optional("workforce_pool_user_project"),
        .subject = {}};
    const Json source = fields.object("credential_source", true);
    Fields inside = fields.within(source, "credential_source");
    if (source.contains("environment_id")) {
      account.subject = aws_subject(inside);
    } else if (!source.empty()) {
      account.subject = token_subject(inside);
    }
    Draft draft{.principal = std::nullopt,
                .impersonations = {},
                .told_as = "the external account of " + account.audience};
    draft.principal = std::move(account);
    if (fields.json().contains("service_account_impersonation_url")) {
      GoogleImpersonation wanted{.url = fields.endpoint("service_account_impersonation_url"),
                                 .delegates = {}};
      const Json options = fields.object("service_account_impersonation", false);
      Fields in_options = fields.within(options, "service_account_impersonation");
      wanted.lifetime = lifetime(in_options);
      draft.impersonations.push_back(std::move(wanted));
    }
    return draft;
  }

  static std::chrono::seconds lifetime(Fields& options) {
    constexpr const char* kKey = "token_lifetime_seconds";
    constexpr std::int64_t kDefault = 3600, kMost = 43'200;
    const auto found = options.json().find(kKey);
    if (found == options.json().end()) return std::chrono::seconds(kDefault);
    const bool is_right = found->is_number_integer() && *found > 0 && *found <= kMost;
    if (!is_right) options.wrong(kKey, "is not a number from 1 to 43200");
    return std::chrono::seconds(is_right ? found->get<std::int64_t>() : kDefault);
  }

  AwsSubject aws_subject(Fields& source) {
    if (const std::string id = source.required("environment_id"); !id.empty() && id != "aws1") {
      source.wrong("environment_id", "is another than 'aws1', which finops does not support");
    }
    AwsSubject subject{.credentials_url = source.source("url"),
                       .region_url = source.source("region_url"),
                       .session_token_url = source.source("imdsv2_session_token_url"),
                       .verification_url = source.required("regional_cred_verification_url")};
    // A signature for another call of AWS would let whoever gets the token act as this machine.
    const auto url = Url::parse(subject.verification_url);
    const bool is_right = url && url->scheme == "https" && url->host.starts_with("sts") &&
                          url->query.find("Action=GetCallerIdentity") != std::string::npos;
    if (!subject.verification_url.empty() && !is_right) {
      source.wrong("regional_cred_verification_url",
                   "is not an https:// URL of GetCallerIdentity of AWS's STS");
    }
    return subject;
  }

  TokenSubject token_subject(Fields& source) {
    TokenSubject subject{.file = source.optional("file"),
                         .url = source.source("url"),
                         .headers = {},
                         .json_field = {}};
    if (source.json().contains("file") == source.json().contains("url")) {
      source.wrong("file",
                   "and 'credential_source.url': one of them has to be there (finops reads "
                   "no subject from an executable or a certificate)");
    }
    const Json headers = source.object("headers", false);
    Fields in_headers = source.within(headers, "headers");
    for (const auto& [name, value] : headers.items()) {
      subject.headers.push_back({name, in_headers.required(name.c_str())});
    }
    const Json format = source.object("format", false);
    Fields in_format = source.within(format, "format");
    const std::string type = in_format.optional("type");
    if (type == "json") {
      subject.json_field = in_format.required("subject_token_field_name");
    } else if (!type.empty() && type != "text") {
      in_format.wrong("type", "is neither 'text' nor 'json'");
    }
    return subject;
  }

  Draft impersonated(Fields& fields, int depth) {
    constexpr int kDeepest = 4;
    if (depth == kDeepest) refuse("'source_credentials' are nested too deeply");
    const std::string url = fields.endpoint("service_account_impersonation_url");
    GoogleImpersonation wanted{.url = url, .delegates = {}};
    if (const auto delegates = fields.json().find("delegates"); delegates != fields.json().end()) {
      const bool are_texts =
          delegates->is_null() ||
          (delegates->is_array() &&
           std::ranges::all_of(*delegates, [](const Json& one) { return one.is_string(); }));
      if (!are_texts) fields.wrong("delegates", "is not a list of texts");
      if (are_texts && delegates->is_array()) delegates->get_to(wanted.delegates);
    }
    const Json source = fields.object("source_credentials", true);
    Draft draft;
    if (!source.empty()) draft = draft_of(fields.within(source, "source_credentials"), depth + 1);
    draft.told_as = "a service account, impersonated with " + draft.told_as;
    draft.impersonations.push_back(std::move(wanted));
    return draft;
  }

  const std::string& path_;
  std::vector<std::string> mistakes_;
};

}  // namespace

GoogleCredentialFile read_google_credential_file(const std::string& path) {
  return parse_google_credentials(bytes_of_file(path), path);
}

GoogleCredentialFile parse_google_credentials(const std::string& text, const std::string& path) {
  return FileReader(path).read(text);
}

bool may_be_sent_secrets(std::string_view url) {
  const auto parsed = Url::parse(url);
  return parsed && (parsed->scheme == "https" || is_loopback(parsed->host));
}

}  // namespace finops
