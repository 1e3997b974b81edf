#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "finops/config/known_keys.h"
#include "finops/config/secret.h"
#include "finops/config/setting.h"
#include "finops/core/decimal.h"
#include "finops/core/environment.h"

namespace finops {

/// Turns written settings into values of their types. A value that does not fit is added to the
/// mistakes, and the default stands for it, so that reading goes on to the next mistake.
class SettingReader {
 public:
  /// `find` gives the setting of a path as it stands after precedence, or nothing.
  using Find = std::function<std::optional<Setting>(std::string_view path)>;
  SettingReader(Find find, const Environment& environment, Mistakes& mistakes);

  std::string text(std::string_view path);
  /// kPath and kLocation; `data_dir` is put into the default.
  std::string path(std::string_view path, std::string_view data_dir);
  /// An http or https URL without a user, or nothing.
  std::string endpoint(std::string_view path);
  Secret secret(std::string_view path);
  std::uint64_t size(std::string_view path);
  std::chrono::seconds duration(std::string_view path);
  Decimal share(std::string_view path);
  std::int64_t count(std::string_view path, std::int64_t least, std::int64_t most);
  bool boolean(std::string_view path);
  std::string choice(std::string_view path);

  bool is_given(std::string_view path) const { return find_(path).has_value(); }
  Origin origin(std::string_view path) const;
  void mistake(std::string_view path, const std::string& text);

 private:
  /// The written text, or the default when there is none or its TOML type does not fit `type`.
  std::string written(std::string_view path);
  /// A name in a message: 'aws.bucket'.
  static std::string quoted(std::string_view path);
  std::string expand_home(std::string_view path, const std::string& value);

  Find find_;
  const Environment& environment_;
  Mistakes& mistakes_;
};

/// The default of a known key, `data_dir` put in.
std::string default_text(const KnownKey& key, std::string_view data_dir);

}  // namespace finops
