#include "finops/config/setting_reader.h"

#include <algorithm>
#include <utility>

#include "finops/config/file_url.h"
#include "finops/config/nearest_name.h"
#include "finops/config/value_text.h"
#include "finops/core/error.h"

namespace finops {
namespace {

constexpr std::string_view kDataDirMark = "<data_dir>";

bool fits(ValueType type, Setting::Form form) {
  using Form = Setting::Form;
  if (form == Form::kUntyped) return true;
  switch (type) {
    case ValueType::kSize: return form == Form::kText || form == Form::kInteger;
    case ValueType::kShare: return form != Form::kBoolean;
    case ValueType::kCount: return form == Form::kInteger;
    case ValueType::kBoolean: return form == Form::kBoolean;
    default: return form == Form::kText;
  }
}

std::string wanted(ValueType type) {
  switch (type) {
    case ValueType::kSize: return "a size such as \"512MB\" or \"2GiB\"";
    case ValueType::kDuration: return "a duration such as \"36h\", \"2d\" or \"1d12h\"";
    case ValueType::kShare: return "a share from 0 to 1, such as 0.001";
    case ValueType::kCount: return "a whole number";
    case ValueType::kBoolean: return "true or false";
    default: return "text in quotes";
  }
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::string default_text(const KnownKey& key, std::string_view data_dir) {
  const std::size_t mark = key.fallback.find(kDataDirMark);
  if (mark == std::string_view::npos) return std::string(key.fallback);
  std::string root(data_dir);
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  const std::string below(key.fallback.substr(mark + kDataDirMark.size()));
  return std::string(key.fallback.substr(0, mark)) + (root == "/" ? below : root + below);
}

SettingReader::SettingReader(Find find, const Environment& environment, Mistakes& mistakes)
    : find_(std::move(find)), environment_(environment), mistakes_(mistakes) {}

std::string SettingReader::quoted(std::string_view path) { return "'" + std::string(path) + "'"; }

Origin SettingReader::origin(std::string_view path) const {
  const auto setting = find_(path);
  return setting ? setting->origin : Origin();
}

void SettingReader::mistake(std::string_view path, const std::string& text) {
  mistakes_.add(origin(path), quoted(path) + " " + text);
}

std::string SettingReader::written(std::string_view path) {
  const KnownKey& key = *find_known_key(path);
  const auto setting = find_(path);
  if (!setting) return std::string(key.fallback);
  if (!fits(key.type, setting->form)) {
    const std::string value = key.type == ValueType::kSecret ? "" : ", not " + setting->text;
    mistake(path, "must be " + wanted(key.type) + value);
    return std::string(key.fallback);
  }
  if (has_control_character(setting->text)) {
    mistake(path, "holds a control character (a line end or a tab?)");
    return std::string(key.fallback);
  }
  return setting->text;
}

std::string SettingReader::text(std::string_view path) { return written(path); }

std::string SettingReader::expand_home(std::string_view path, const std::string& value) {
  if (value != "~" && !value.starts_with("~/")) return value;
  const std::string* home = environment_.find("HOME");
  if (home != nullptr) return *home + value.substr(1);
  mistake(path, "begins with '~', but HOME is not set; write the whole path");
  return value;
}

std::string SettingReader::path(std::string_view path, std::string_view data_dir) {
  const KnownKey& key = *find_known_key(path);
  if (!is_given(path)) return default_text(key, data_dir);
  const std::string value = written(path);
  if (value.starts_with(kDataDirMark)) return default_text(key, data_dir);  // after a mistake
  if (value.empty()) {
    if (!key.fallback.empty()) mistake(path, "is empty; write a path or remove the line");
    return value;
  }
  try {
    if (is_file_url(value)) return path_of_file_url(value);
  } catch (const Error& error) {
    mistake(path, std::string("is wrong: ") + error.what());
    return value;
  }
  if (value.find("://") != std::string::npos &&
      (key.type != ValueType::kLocation || !value.starts_with("s3://"))) {
    mistake(path, key.type == ValueType::kLocation
                      ? "must be a path or an s3:// URL, not '" + value + "'"
                      : "must be a path of this machine, not '" + value + "'");
    return value;
  }
  return expand_home(path, value);
}

std::string SettingReader::endpoint(std::string_view path) {
  const std::string url = text(path);
  const bool is_http = url.starts_with("http://") || url.starts_with("https://");
  // The value itself may hold a password, so it is in no message.
  if (url.find('@') != std::string::npos) {
    mistake(path, "must not hold a user or a password");
  } else if (!url.empty() && (!is_http || url.ends_with("//"))) {
    mistake(path, "must be a URL such as https://minio.example:9000");
  }
  return url;
}

Secret SettingReader::secret(std::string_view path) {
  Secret secret{std::string(path), written(path)};
  if (const std::string text = secret.mistake(); !text.empty()) mistake(path, "is wrong: " + text);
  return secret;
}

std::uint64_t SettingReader::size(std::string_view path) {
  const std::string value = written(path);
  if (const auto size = parse_size(value)) return *size;
  mistake(path, "must be " + wanted(ValueType::kSize) + ", not '" + value + "'");
  return *parse_size(find_known_key(path)->fallback);
}

std::chrono::seconds SettingReader::duration(std::string_view path) {
  const std::string value = written(path);
  if (const auto duration = parse_duration(value)) return *duration;
  mistake(path, "must be " + wanted(ValueType::kDuration) + ", not '" + value + "'");
  return *parse_duration(find_known_key(path)->fallback);
}

Decimal SettingReader::share(std::string_view path) {
  const std::string value = written(path);
  const auto parsed = Decimal::parse(value);
  const Decimal one = Decimal::from_unscaled(power_of_10(kDecimalScale));
  if (!parsed || parsed->value < Decimal() || parsed->value > one) {
    mistake(path, "must be " + wanted(ValueType::kShare) + ", not '" + value + "'");
  } else if (parsed->was_rounded) {
    mistake(path, "has more than 18 decimals: '" + value + "'");
  } else {
    return parsed->value;
  }
  return Decimal::parse(find_known_key(path)->fallback)->value;
}

std::int64_t SettingReader::count(std::string_view path, std::int64_t least, std::int64_t most) {
  const std::string value = written(path);
  const auto number = parse_integer(value);
  if (number && *number >= least && *number <= most) return *number;
  mistake(path, "must be a whole number from " + std::to_string(least) + " to " +
                    std::to_string(most) + ", not '" + value + "'");
  return *parse_integer(find_known_key(path)->fallback);
}

bool SettingReader::boolean(std::string_view path) {
  const std::string value = written(path);
  if (const auto boolean = parse_boolean(value)) return *boolean;
  mistake(path, "must be true or false, not '" + value + "'");
  return *parse_boolean(find_known_key(path)->fallback);
}

std::string SettingReader::choice(std::string_view path) {
  const KnownKey& key = *find_known_key(path);
  const std::string value = written(path);
  const std::vector<std::string> choices = words_of(key.choices);
  if (value == key.fallback || std::find(choices.begin(), choices.end(), value) != choices.end()) {
    return value;
  }
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
  mistake(path, "must be one of " + list + ", not '" + value + "'");
  return std::string(key.fallback);
}

}  // namespace finops
