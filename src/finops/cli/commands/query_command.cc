#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/as_of.h"
#include "finops/cli/commands/commands.h"
#include "finops/cli/query_output.h"
#include "finops/cli/selection_options.h"
#include "finops/core/error.h"

namespace finops {
namespace {

struct QueryOptions {
  std::string sql, format, output;
  std::vector<std::string> as_of;
};

std::string sql_of(CommandContext& context, const QueryOptions& options) {
  std::string sql = options.sql;
  if (sql == "-") {
    sql.assign(std::istreambuf_iterator<char>(context.host.in), std::istreambuf_iterator<char>());
  }
  if (sql.find_first_not_of(" \t\r\n;") == std::string::npos) {
    throw Error(ErrorKind::kUsage,
                "the query is empty; write it in quotes, or - to read it from "
                "standard input");
  }
  return sql;
}

std::string format_of(const CommandContext& context, const QueryOptions& options) {
  if (!context.global.is_json) return options.format.empty() ? "table" : options.format;
  if (options.format.empty() || options.format == "json" || options.format == "parquet") {
    return options.format.empty() ? "json" : options.format;
  }
  throw Error(ErrorKind::kUsage, "--json and --format " + options.format + " exclude each other");
}

int query_to_parquet(CommandContext& context, const QueryOptions& options,
                     const QueryRequest& request) {
  if (options.output.empty()) {
    throw Error(ErrorKind::kUsage, "--format parquet writes a file: name it with --output FILE");
  }
  const std::int64_t rows = context.services.query_to_parquet(context.configuration(), request,
                                                              options.output, context.stop());
  if (context.console.is_json()) {
    nlohmann::ordered_json document = {{"path", options.output}, {"rows", rows}};
    context.console.print_document(document);
  } else {
    context.console.note("wrote " + std::to_string(rows) + " rows to " + options.output);
  }
  return 0;
}

int query(CommandContext& context, const QueryOptions& options) {
  const QueryRequest request{sql_of(context, options), parse_as_of(options.as_of)};
  const std::string format = format_of(context, options);
  if (format == "parquet") return query_to_parquet(context, options, request);
  if (!options.output.empty()) {
    throw Error(ErrorKind::kUsage,
                "--output is for --format parquet; others go to standard output");
  }
  const auto output = make_query_output(format, context.console.out());
  context.services.query(context.configuration(), request, *output, context.stop());
  output->finish();
  return 0;
}

}  // namespace

void add_query_command(CommandTree& tree) {
  auto options = std::make_shared<QueryOptions>();
  CLI::App& command = tree.add(
      tree.root(), "query", "Ask the lake in SQL (DuckDB's), now or as it was",
      "  finops query \"SELECT billing_period, sum(line_item_unblended_cost) FROM "
      "aws_billing_data GROUP BY 1\"\n"
      "  finops query --format csv - < report.sql > report.csv\n"
      "  finops query \"SELECT count(*) FROM aws_billing_data\" --as-of 2026-05-31\n"
      "  finops query \"FROM aws_billing_data\" --as-of aws_billing_data=3051729675574597004\n"
      "  finops query \"FROM aws_billing_data\" --format parquet --output all.parquet\n",
      [options](CommandContext& context) { return query(context, *options); });
  command.add_option("SQL", options->sql, "The query; - reads it from standard input")->required();
  command.add_option("--format", options->format, "Default: table, with --json json")
      ->type_name("table|csv|json|parquet")
      ->check(one_of({"table", "csv", "json", "parquet"}));
  command.add_option("--output", options->output, "The file of --format parquet")
      ->type_name("FILE");
  command
      .add_option("--as-of", options->as_of,
                  "The lake as it was: a time (\"2026-05-31\", \"2026-05-31 14:30\" in UTC, RFC "
                  "3339), or a table's snapshot; may be given more than once")
      ->type_name("TIME|TABLE=SNAPSHOT")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

}  // namespace finops
