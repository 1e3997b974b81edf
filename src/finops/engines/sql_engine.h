#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace finops {

/// How a cell's text is to be understood, for output formats that tell numbers from text.
enum class CellForm {
  kText,
  kNumber,   // "-12", "1.500000000000000000", "0.1", "1e+300"; "nan", "inf" and "-inf" of doubles
  kBoolean,  // "true" or "false"
  kJson,     // a map, list or struct as one JSON value; decimals in it are strings
};

struct ResultColumn {
  std::string name;
  std::string type;  // the engine's word: "BIGINT", "DECIMAL(38,18)", "MAP(VARCHAR, VARCHAR)"
  CellForm form = CellForm::kText;
};

/// A cell's text; nothing for NULL. Decimals are exact, timestamps "YYYY-MM-DD HH:MM:SS[.ffffff]".
using ResultRow = std::vector<std::optional<std::string>>;

/// Takes a result as it comes: the columns once, then each row. What it throws ends the query.
class ResultSink {
 public:
  virtual ~ResultSink() = default;
  virtual void columns(const std::vector<ResultColumn>& columns) = 0;
  virtual void row(const ResultRow& row) = 0;
};

/// SQL over tables of a lake, as they were when the engine was made: one consistent state, whatever
/// is loaded meanwhile. Reads those tables and nothing else of the machine; changes nothing. Each
/// statement is one that only reads (SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE,
/// EXPLAIN). One thread at a time. Throws kUsage for a statement that is wrong or not allowed, with
/// the engine's message; kInvalidData for values that do not fit; kCancelled when a stop was
/// requested.
class SqlEngine {
 public:
  virtual ~SqlEngine() = default;

  /// Bounded memory, whatever the size of the result.
  virtual void query(const std::string& sql, ResultSink& sink, std::stop_token stop = {}) = 0;

  /// Writes a result as one Parquet file, which appears, or replaces the one that was there, when
  /// it is complete. Returns its rows. Integers of more than 64 bits become decimal(38,0).
  virtual std::int64_t copy_to_parquet(const std::string& sql, const std::string& path,
                                       std::stop_token stop = {}) = 0;
};

}  // namespace finops
