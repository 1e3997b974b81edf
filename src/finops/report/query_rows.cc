#include "finops/report/query_rows.h"

#include <cstdlib>

namespace finops::report {
namespace {

class Collected final : public ResultSink {
 public:
  void columns(const std::vector<ResultColumn>& columns) override { all.columns = columns; }
  void row(const ResultRow& row) override { all.rows.push_back(row); }

  QueryRows all;
};

}  // namespace

QueryRows query_rows(SqlEngine& engine, const std::string& sql, const std::stop_token& stop) {
  Collected sink;
  engine.query(sql, sink, stop);
  return std::move(sink.all);
}

std::int64_t integer_of(const std::optional<std::string>& cell) {
  return std::strtoll(cell.value_or("0").c_str(), nullptr, 10);
}

double double_of(const std::optional<std::string>& cell) {
  return std::strtod(cell.value_or("0").c_str(), nullptr);
}

}  // namespace finops::report
