#include "finops/config/export_reading.h"

#include <algorithm>
#include <array>

#include "finops/config/file_url.h"
#include "finops/config/setting_reader.h"
#include "finops/core/error.h"

namespace finops {
namespace {

constexpr std::array<std::string_view, 3> kCredentials = {
    "aws.aws_access_key_id", "aws.aws_secret_access_key", "aws.aws_session_token"};

bool is_credential(std::string_view path) {
  return std::find(kCredentials.begin(), kCredentials.end(), path) != kCredentials.end();
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// General purpose buckets, "Bucket naming rules" of the S3 user guide.
bool is_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  if (!is_lower_or_digit(name.front()) || !is_lower_or_digit(name.back())) return false;
  return name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
}

/// One folder name: sources are folders of the staging area, export names parts of keys.
bool is_one_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name != "." && name != ".." &&
         name.find_first_of("/\\") == std::string_view::npos && name.front() != ' ' &&
         name.back() != ' ';
}

bool has_dot_segment(std::string_view prefix) {
  while (!prefix.empty()) {
    const std::size_t slash = prefix.find('/');
    const std::string_view segment = prefix.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    prefix.remove_prefix(slash == std::string_view::npos ? prefix.size() : slash + 1);
  }
  return false;
}

bool is_table_name(std::string_view name) {
  if (name.empty() || name.size() > 63 || name.front() < 'a' || name.front() > 'z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_lower_or_digit(c) || c == '_'; });
}

/// Reads one export; `origin` is the place told for what it lacks.
class ExportReader {
 public:
  /// Without an `origin` what is read are mere defaults, which may lack a bucket and a name.
  ExportReader(SettingReader reader, std::optional<Origin> origin, Mistakes& mistakes)
      : reader_(std::move(reader)), origin_(std::move(origin)), mistakes_(mistakes) {}

  AwsExport read() {
    AwsExport result;
    read_place(result);
    read_names(result);
    read_access(result);
    const std::string version = reader_.choice("aws.cur_version");
    if (!version.empty()) result.cur_version = version == "v1" ? CurVersion::kV1 : CurVersion::kV2;
    result.keep_staging = reader_.boolean("aws.keep_staging");
    result.max_age = reader_.duration("aws.max_age");
    result.allow_overlap = reader_.boolean("aws.allow_overlap");
    return result;
  }

 private:
  void read_place(AwsExport& result) {
    result.bucket = reader_.text("aws.bucket");
    if (result.bucket.empty()) {
      miss(
          "this export has no 'bucket'; name the bucket, or the folder as "
          "\"file:///absolute/path\"");
    } else if (is_file_url(result.bucket)) {
      try {
        result.folder = path_of_file_url(result.bucket);
      } catch (const Error& error) {
        reader_.mistake("aws.bucket", std::string("is wrong: ") + error.what());
      }
    } else if (!is_bucket_name(result.bucket)) {
      reader_.mistake("aws.bucket", advice_for_bucket(result.bucket));
    }
    result.prefix = reader_.text("aws.prefix");
    while (result.prefix.starts_with('/')) result.prefix.erase(0, 1);
    while (result.prefix.ends_with('/')) result.prefix.pop_back();
    if (has_dot_segment(result.prefix)) {
      reader_.mistake("aws.prefix",
                      "must not hold '.' or '..' as a folder: '" + result.prefix + "'");
    }
  }

  static std::string advice_for_bucket(const std::string& bucket) {
    const std::string start = "is not a bucket's name: '" + bucket + "'; ";
    if (bucket.starts_with("s3://")) {
      return start + "write the name alone and the rest as 'prefix'";
    }
    if (bucket.starts_with("/") || bucket.starts_with(".") || bucket.starts_with("~")) {
      return start + "a folder is written as a URL: file:///absolute/path";
    }
    return start +
           "S3 takes 3 to 63 small letters, digits, '-' and '.', beginning and ending with "
           "a letter or digit";
  }

  void read_names(AwsExport& result) {
    result.export_name = reader_.text("aws.export_name");
    if (result.export_name.empty()) {
      miss("this export has no 'export_name'; write the name that it has in AWS");
    } else if (!is_one_name(result.export_name)) {
      reader_.mistake("aws.export_name", "is not an export's name: '" + result.export_name + "'");
    }
    result.name = reader_.is_given("aws.name") ? reader_.text("aws.name") : result.export_name;
    if (reader_.is_given("aws.name") && !is_one_name(result.name)) {
      reader_.mistake("aws.name",
                      "must be a name of up to 200 letters without '/': '" + result.name + "'");
    }
    result.table = reader_.text("aws.table");
    if (!is_table_name(result.table)) {
      reader_.mistake("aws.table",
                      "must be up to 63 small letters, digits and '_', beginning with a "
                      "letter: '" +
                          result.table + "'");
    } else if (result.table == "deliveries" || result.table.ends_with("_quarantine")) {
      reader_.mistake("aws.table", "'" + result.table +
                                       "' is a table of finops itself; choose "
                                       "another name");
    }
  }

  void read_access(AwsExport& result) {
    result.aws_access_key_id = reader_.secret("aws.aws_access_key_id");
    result.aws_secret_access_key = reader_.secret("aws.aws_secret_access_key");
    result.aws_session_token = reader_.secret("aws.aws_session_token");
    const bool has_id = result.aws_access_key_id.is_set();
    const bool has_key = result.aws_secret_access_key.is_set();
    if (has_id != has_key) {
      reader_.mistake(has_id ? "aws.aws_access_key_id" : "aws.aws_secret_access_key",
                      std::string("is given without '") +
                          (has_id ? "aws_secret_access_key" : "aws_access_key_id") +
                          "' in the same place; give both or none");
    } else if (result.aws_session_token.is_set() && !has_id) {
      reader_.mistake("aws.aws_session_token", "is given without the keys that it belongs to");
    }
    result.region = reader_.text("aws.region");
    result.endpoint_url = reader_.text("aws.endpoint_url");
    check_endpoint(result.endpoint_url);
    result.role_arn = reader_.text("aws.role_arn");
    if (!result.role_arn.empty() && !result.role_arn.starts_with("arn:")) {
      reader_.mistake("aws.role_arn", "must begin with 'arn:', not '" + result.role_arn + "'");
    }
    result.external_id = reader_.text("aws.external_id");
    if (!result.external_id.empty() && result.role_arn.empty()) {
      reader_.mistake("aws.external_id", "is given without the role_arn that it belongs to");
    }
    const std::string style = reader_.choice("aws.addressing_style");
    if (style == "path") result.addressing_style = AddressingStyle::kPath;
    if (style == "virtual") result.addressing_style = AddressingStyle::kVirtual;
    result.requester_pays = reader_.boolean("aws.requester_pays");
  }

  void check_endpoint(const std::string& url) {
    if (url.empty()) return;
    const bool is_http = url.starts_with("http://") || url.starts_with("https://");
    // The value itself may hold a password, so it is in no message.
    if (url.find('@') != std::string::npos) {
      reader_.mistake("aws.endpoint_url", "must not hold a user or a password");
    } else if (!is_http || url.ends_with("//")) {
      reader_.mistake("aws.endpoint_url", "must be a URL such as https://minio.example:9000");
    }
  }

  void miss(const std::string& text) {
    if (origin_) mistakes_.add(*origin_, text);
  }

  SettingReader reader_;
  std::optional<Origin> origin_;
  Mistakes& mistakes_;
};

std::string place_of(const AwsExport& one) {
  return (one.folder ? *one.folder : one.bucket) + "/" + one.prefix + "/" + one.export_name;
}

void check_against_each_other(const std::vector<AwsExport>& exports, const SettingTable& table,
                              Mistakes& mistakes) {
  for (std::size_t i = 0; i < exports.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const AwsExport &one = exports[i], &other = exports[j];
      const Origin& origin = table.exports.at(i).origin;
      const std::string place = table.exports.at(j).origin.to_string();
      if (!one.name.empty() && one.name == other.name) {
        mistakes.add(origin, "this export is called '" + one.name + "' as the one at " + place +
                                 "; give each export a 'name' of its own");
      } else if (!one.export_name.empty() && place_of(one) == place_of(other) &&
                 one.table == other.table && !(one.allow_overlap && other.allow_overlap)) {
        mistakes.add(origin,
                     "this export reads the same bucket, prefix and export_name as the one at " +
                         place + " into the same table: every cost would count twice");
      }
    }
  }
}

}  // namespace

std::optional<Setting> setting_of_export(const SettingTable& table, std::size_t index,
                                         std::string_view path) {
  const auto common = table.values.find(path);
  const bool is_common = common != table.values.end();
  if (is_common && common->second.origin.kind == Origin::Kind::kFlag) return common->second;
  if (index < table.exports.size()) {
    const SettingTable::Values& own = table.exports[index].values;
    if (const auto found = own.find(path); found != own.end()) return found->second;
    // An export with credentials of its own takes none of them from [aws]: a session token there
    // belongs to other keys.
    if (is_credential(path) &&
        std::any_of(kCredentials.begin(), kCredentials.end(),
                    [&](std::string_view key) { return own.find(key) != own.end(); })) {
      return std::nullopt;
    }
  }
  if (is_common) return common->second;
  return std::nullopt;
}

std::vector<AwsExport> read_exports(const SettingTable& table, const Environment& environment,
                                    Mistakes& mistakes) {
  const auto read_one = [&](std::size_t index, const std::optional<Origin>& origin) {
    const auto find = [&table, index](std::string_view path) {
      return setting_of_export(table, index, path);
    };
    return ExportReader(SettingReader(find, environment, mistakes), origin, mistakes).read();
  };
  std::vector<AwsExport> exports;
  for (std::size_t i = 0; i < table.exports.size(); ++i) {
    exports.push_back(read_one(i, table.exports[i].origin));
  }
  check_against_each_other(exports, table, mistakes);
  if (!exports.empty()) return exports;
  for (const char* path : {"aws.bucket", "aws.export_name", "aws.prefix", "aws.name"}) {
    const auto found = table.values.find(std::string_view(path));
    if (found != table.values.end()) return {read_one(0, found->second.origin)};
  }
  read_one(0, std::nullopt);
  return {};
}

}  // namespace finops
