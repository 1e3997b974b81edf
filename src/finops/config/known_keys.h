#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace finops {

/// How a key's text is read; it decides which TOML types may stand for it.
enum class ValueType {
  kText,
  kPath,      // of this machine; "~/" is the home folder
  kLocation,  // a path, or an s3:// URL
  kSecret,
  kSize,
  kDuration,
  kShare,  // a decimal from 0 to 1
  kCount,  // a whole number from 0
  kBoolean,
  kChoice,
};

/// A key of the configuration. This list is the only place that knows which keys there are:
/// reading, the environment's names, `finops config`, `finops init` and the messages all go by it.
struct KnownKey {
  std::string_view path;  // "database.duckdb.database_path"
  ValueType type;
  std::string_view fallback;  // the default; "<data_dir>/…" lies below data_dir; "" is none
  std::string_view
      environment;  // other names than FINOPS__…, first wins: "AWS_REGION AWS_DEFAULT_REGION"
  std::string_view choices;  // kChoice only: "sqlite rest glue"
  bool is_of_export;         // may stand in [[aws.exports]] too
  std::string_view example;  // what `init` shows for a key without a default
  std::string_view comment;  // one sentence, for `init` and the documentation
};

const std::vector<KnownKey>& known_keys();  // in the order of the file
const KnownKey* find_known_key(std::string_view path);

std::string_view section_of(std::string_view path);    // "database.duckdb", "" at the top
std::string_view last_name_of(std::string_view path);  // "database_path"
std::vector<std::string> words_of(std::string_view text);

/// "FINOPS__DATABASE__DUCKDB__DATABASE_PATH"
std::string environment_name(std::string_view path);

/// "; did you mean 'bucket'?", "; did you mean 'aws.bucket'?" or a list of the keys that stand
/// there. `in_export`: the key stands in [[aws.exports]], its path is written as "aws.<name>".
std::string advice_for_unknown_key(std::string_view path, bool in_export);

}  // namespace finops
