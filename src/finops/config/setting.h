#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace finops {

/// Where a value came from.
struct Origin {
  enum class Kind { kDefault, kFile, kEnvironment, kFlag };
  Kind kind = Kind::kDefault;
  std::string where = "default";  // "config.toml:12:10", "FINOPS_S3_BUCKET", "--bucket"
  unsigned line = 0, column = 0;  // kFile only

  std::string to_string() const;  // "config.toml:12:10", "environment variable …", "flag …"
};

/// A value as it was written, before anything is known about its meaning.
struct Setting {
  /// kUntyped is what the environment and flags give: text that may stand for anything.
  enum class Form { kText, kInteger, kFloat, kBoolean, kUntyped };
  std::string text;
  Form form = Form::kUntyped;
  Origin origin;
};

/// Everything that was written, by the path of a known key.
struct SettingTable {
  using Values = std::map<std::string, Setting, std::less<>>;
  struct Export {
    Origin origin;
    Values values;  // keys as in [aws]: "aws.bucket"
  };
  Values values;
  std::vector<Export> exports;
  bool has_bigquery_section = false;
};

/// Gathers what is wrong, so that all of it is told at once, each mistake once, in the order of the
/// files' names and their lines; then those of the environment and of flags.
class Mistakes {
 public:
  void add(const Origin& origin, const std::string& text);

  /// Throws kInvalidConfig with one line per mistake; does nothing when there is none. `subject`
  /// says what has them.
  void throw_if_any(std::string_view subject = "the configuration") const;

 private:
  struct Mistake {
    Origin origin;
    std::string text;
  };
  std::vector<Mistake> mistakes_;
};

}  // namespace finops
