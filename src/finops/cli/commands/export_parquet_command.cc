#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/selection_options.h"
#include "finops/cli/text_table.h"

namespace finops {
namespace {

struct ExportOptions {
  SelectionOptions selection;
  std::string output_dir, compression = "snappy";
  bool overwrite = false;
};

ParquetCompression compression_of(const std::string& name) {
  if (name == "zstd") return ParquetCompression::kZstd;
  if (name == "gzip") return ParquetCompression::kGzip;
  if (name == "lz4") return ParquetCompression::kLz4;
  if (name == "none") return ParquetCompression::kNone;
  return ParquetCompression::kSnappy;
}

void print_files(std::ostream& out, const std::vector<ExportedFile>& files) {
  using enum TextTable::Align;
  TextTable table({{"PERIOD"}, {"OUTCOME"}, {"ROWS", kRight}, {"BYTES", kRight}, {"FILE"}});
  for (const ExportedFile& file : files) {
    table.add({file.period, file.outcome, count_text(static_cast<std::uint64_t>(file.rows)),
               bytes_text(file.bytes), file.path});
  }
  if (files.empty()) {
    out << "The lake holds nothing to export.\n";
  } else {
    table.print(out);
  }
}

int export_parquet(CommandContext& context, const ExportOptions& options) {
  std::vector<FlagSetting> flags;
  if (!options.output_dir.empty()) {
    flags.push_back({"parquet_dir", options.output_dir, "--output-dir"});
  }
  const std::vector<ExportedFile> files =
      context.services.export_parquet(context.configuration(flags), options.selection.selection(),
                                      options.overwrite, compression_of(options.compression));
  if (context.console.is_json()) {
    context.console.print_document(export_document(files));
  } else {
    print_files(context.console.out(), files);
  }
  return 0;
}

}  // namespace

void add_export_parquet_command(CommandTree& tree) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App& command = tree.add(
      tree.group("aws"), "export-parquet",
      "Write one Parquet file for each billing period; skip those that are up to date",
      "  finops aws export-parquet\n"
      "  finops aws export-parquet --output-dir out --compression zstd --start-date 2026-01\n",
      [options](CommandContext& context) { return export_parquet(context, *options); });
  command.add_option("--output-dir", options->output_dir, "Instead of parquet_dir")
      ->type_name("PATH");
  options->selection.add_range(command);
  command.add_flag("--overwrite", options->overwrite, "Write also what is up to date");
  command.add_option("--compression", options->compression, "Default: snappy")
      ->type_name("snappy|zstd|gzip|lz4|none")
      ->check(one_of({"snappy", "zstd", "gzip", "lz4", "none"}));
}

}  // namespace finops
