#include "finops/medallion/query_results.h"

#include "finops/core/error.h"

namespace finops::medallion {
namespace {

class FunctionSink final : public ResultSink {
 public:
  explicit FunctionSink(const std::function<void(const ResultRow&)>& take) : take_(take) {}
  void columns(const std::vector<ResultColumn>&) override {}
  void row(const ResultRow& row) override { take_(row); }

 private:
  const std::function<void(const ResultRow&)>& take_;
};

}  // namespace

void for_each_row(TransformEngine& engine, const std::string& select, const std::stop_token& stop,
                  const std::function<void(const ResultRow&)>& take) {
  FunctionSink sink(take);
  engine.query(select, sink, stop);
}

std::int64_t number_of(TransformEngine& engine, const std::string& select,
                       const std::stop_token& stop) {
  std::int64_t number = 0;
  for_each_row(engine, select, stop,
               [&](const ResultRow& row) { number = std::stoll(row.at(0).value_or("0")); });
  return number;
}

std::vector<std::string> codes_of(const std::string& list) {
  // Codes are names, with nothing in them that JSON would escape.
  std::vector<std::string> codes;
  std::size_t begin = list.find('"');
  while (begin != std::string::npos) {
    const std::size_t end = list.find('"', begin + 1);
    codes.push_back(list.substr(begin + 1, end - begin - 1));
    begin = list.find('"', end + 1);
  }
  return codes;
}

Decimal decimal_of(const std::string& text) {
  const auto parsed = Decimal::parse(text);
  if (!parsed) throw Error(ErrorKind::kInternal, "the engine gave '" + text + "' as a decimal");
  return parsed->value;
}

}  // namespace finops::medallion
