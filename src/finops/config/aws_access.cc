#include "finops/config/aws_access.h"

#include <algorithm>

#include "finops/config/setting_reader.h"

namespace finops {
namespace {

class AccessReader {
 public:
  AccessReader(SettingReader& reader, std::string_view section)
      : reader_(reader), section_(section) {}

  AwsAccess read() {
    read_keys();
    result_.region = reader_.text(path("region"));
    result_.endpoint_url = reader_.endpoint(path("endpoint_url"));
    read_role();
    const std::string style = reader_.choice(path("addressing_style"));
    if (style == "path") result_.addressing_style = AddressingStyle::kPath;
    if (style == "virtual") result_.addressing_style = AddressingStyle::kVirtual;
    result_.read_timeout = reader_.duration(path("read_timeout"));
    // A whole exchange may take 5 minutes anyway.
    if (result_.read_timeout < std::chrono::seconds(1) ||
        result_.read_timeout > std::chrono::minutes(5)) {
      reader_.mistake(path("read_timeout"), "must be from 1s to 5m");
    }
    return result_;
  }

 private:
  std::string path(std::string_view name) const { return section_ + "." + std::string(name); }

  void read_keys() {
    result_.aws_access_key_id = reader_.secret(path("aws_access_key_id"));
    result_.aws_secret_access_key = reader_.secret(path("aws_secret_access_key"));
    result_.aws_session_token = reader_.secret(path("aws_session_token"));
    const bool has_id = result_.aws_access_key_id.is_set();
    const bool has_key = result_.aws_secret_access_key.is_set();
    if (has_id != has_key) {
      reader_.mistake(path(has_id ? "aws_access_key_id" : "aws_secret_access_key"),
                      std::string("is given without '") +
                          (has_id ? "aws_secret_access_key" : "aws_access_key_id") +
                          "' in the same place; give both or none");
    } else if (result_.aws_session_token.is_set() && !has_id) {
      reader_.mistake(path("aws_session_token"), "is given without the keys that it belongs to");
    }
  }

  void read_role() {
    result_.role_arn = reader_.text(path("role_arn"));
    if (!result_.role_arn.empty() && !result_.role_arn.starts_with("arn:")) {
      reader_.mistake(path("role_arn"), "must begin with 'arn:', not '" + result_.role_arn + "'");
    }
    result_.external_id = reader_.text(path("external_id"));
    if (!result_.external_id.empty() && result_.role_arn.empty()) {
      reader_.mistake(path("external_id"), "is given without the role_arn that it belongs to");
    }
  }

  SettingReader& reader_;
  const std::string section_;
  AwsAccess result_;
};

}  // namespace

AwsAccess read_aws_access(SettingReader& reader, std::string_view section) {
  return AccessReader(reader, section).read();
}

bool is_credential_name(std::string_view name) {
  return std::ranges::find(kCredentialNames, name) != kCredentialNames.end();
}

}  // namespace finops
