#include "finops/config/export_reading.h"

#include <algorithm>

#include "finops/config/aws_access.h"
#include "finops/config/bucket_name.h"
#include "finops/config/file_url.h"
#include "finops/config/setting_reader.h"
#include "finops/core/error.h"

namespace finops {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

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
    result.access = read_aws_access(reader_, "aws");
    result.requester_pays = reader_.boolean("aws.requester_pays");
    const std::string version = reader_.choice("aws.cur_version");
    if (!version.empty()) result.cur_version = version == "v1" ? CurVersion::kV1 : CurVersion::kV2;
    result.keep_staging = reader_.boolean("aws.keep_staging");
    result.max_age = reader_.duration("aws.max_age");
    result.closed_after_days = static_cast<int>(reader_.count("aws.closed_after_days", 0, 36'500));
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
    if (!reader_.is_given("aws.table")) return;
    if (const auto wrong = advice_for_table(result.table)) reader_.mistake("aws.table", *wrong);
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

/// Without a name of its own the table is what the delivery is called: one of two.
bool may_fill_one_table(const AwsExport& one, const AwsExport& other) {
  const auto may_be_default = [](const std::string& table) {
    return table.empty() || table == "aws_billing_data" || table == "focus_aws";
  };
  return one.table == other.table || ((one.table.empty() || other.table.empty()) &&
                                      may_be_default(one.table) && may_be_default(other.table));
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
                 may_fill_one_table(one, other) && !(one.allow_overlap && other.allow_overlap)) {
        mistakes.add(origin,
                     "this export reads the same bucket, prefix and export_name as the one at " +
                         place + " into the same table: every cost would count twice");
      }
    }
  }
}

}  // namespace

bool is_one_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name != "." && name != ".." &&
         name.find_first_of("/\\") == std::string_view::npos && name.front() != ' ' &&
         name.back() != ' ';
}

std::optional<std::string> advice_for_table(const std::string& name) {
  if (!is_table_name(name)) {
    return "must be up to 63 small letters, digits and '_', beginning with a letter: '" + name +
           "'";
  }
  if (name == "deliveries" || name.ends_with("_quarantine")) {
    return "'" + name + "' is a table of finops itself; choose another name";
  }
  return std::nullopt;
}

bool has_credentials(const SettingTable::Values& values, std::string_view section) {
  return std::ranges::any_of(kCredentialNames, [&](std::string_view name) {
    return values.contains(std::string(section) + "." + std::string(name));
  });
}

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
    if (is_credential_name(last_name_of(path)) && has_credentials(own, "aws")) return std::nullopt;
  }
  if (is_common) return common->second;
  return std::nullopt;
}

ReadExports read_exports(const SettingTable& table, const Environment& environment,
                         Mistakes& mistakes) {
  const auto read_one = [&](std::size_t index, const std::optional<Origin>& origin,
                            Mistakes& told) {
    const auto find = [&table, index](std::string_view path) {
      return setting_of_export(table, index, path);
    };
    return ExportReader(SettingReader(find, environment, told), origin, told).read();
  };
  ReadExports read;
  Mistakes of_defaults;  // those of half a setting that each export completes are none
  read.defaults =
      read_one(table.exports.size(), std::nullopt, table.exports.empty() ? mistakes : of_defaults);
  for (std::size_t i = 0; i < table.exports.size(); ++i) {
    read.exports.push_back(read_one(i, table.exports[i].origin, mistakes));
  }
  check_against_each_other(read.exports, table, mistakes);
  if (!read.exports.empty()) return read;
  for (const char* path : {"aws.bucket", "aws.export_name", "aws.prefix", "aws.name"}) {
    const auto found = table.values.find(std::string_view(path));
    if (found == table.values.end()) continue;
    read.exports.push_back(read_one(0, found->second.origin, mistakes));
    break;
  }
  return read;
}

}  // namespace finops
