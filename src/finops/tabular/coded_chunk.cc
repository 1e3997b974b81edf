#include "finops/tabular/coded_chunk.h"

#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace finops {
namespace {

/// As DuckDB writes it. Other writers name the encodings of levels and of the dictionary, too.
bool names_codes_only(const parquet::ColumnChunkMetaData& chunk) {
  const auto& encodings = chunk.encodings();
  return chunk.has_dictionary_page() && encodings.size() == 1 &&
         (encodings.front() == parquet::Encoding::PLAIN_DICTIONARY ||
          encodings.front() == parquet::Encoding::RLE_DICTIONARY);
}

/// What a footer says of one flat column whose pages are counted and have codes.
std::unique_ptr<parquet::FileMetaData> metadata_of_codes(const parquet::ColumnDescriptor& like) {
  const auto repetition = like.max_definition_level() > 0 ? parquet::Repetition::OPTIONAL
                                                          : parquet::Repetition::REQUIRED;
  const auto node = parquet::schema::PrimitiveNode::Make(
      "column", repetition, like.physical_type(), parquet::ConvertedType::NONE, like.type_length());
  const auto root =
      parquet::schema::GroupNode::Make("schema", parquet::Repetition::REQUIRED, {node});
  parquet::SchemaDescriptor schema;
  schema.Init(root);
  const auto builder =
      parquet::FileMetaDataBuilder::Make(&schema, parquet::default_writer_properties());
  parquet::RowGroupMetaDataBuilder& group = *builder->AppendRowGroup();
  group.set_num_rows(1);
  group.NextColumnChunk()->Finish(1, 4, -1, 5, 2, 2, true, false, {{parquet::Encoding::PLAIN, 1}},
                                  {{parquet::Encoding::RLE_DICTIONARY, 1}});
  group.Finish(2);
  return builder->Finish();
}

/// Stays: readers point into its schema.
const parquet::RowGroupMetaData& told_of_codes(const parquet::ColumnDescriptor& like) {
  struct Told {
    std::unique_ptr<parquet::FileMetaData> file;
    std::unique_ptr<parquet::RowGroupMetaData> group;
  };
  static std::mutex mutex;
  static std::map<std::tuple<parquet::Type::type, int, std::int16_t>, Told> known;
  const std::lock_guard lock(mutex);
  Told& told = known[{like.physical_type(), like.type_length(), like.max_definition_level()}];
  if (!told.group) {
    told.file = metadata_of_codes(like);
    told.group = told.file->RowGroup(0);
  }
  return *told.group;
}

/// The pages of a chunk under the metadata of one that is known to have codes.
class CodedGroup final : public parquet::RowGroupReader::Contents {
 public:
  CodedGroup(std::unique_ptr<parquet::PageReader> pages, const parquet::RowGroupMetaData& metadata)
      : pages_(std::move(pages)), metadata_(metadata) {}

  std::unique_ptr<parquet::PageReader> GetColumnPageReader(int /*leaf*/) override {
    return std::move(pages_);
  }
  const parquet::RowGroupMetaData* metadata() const override { return &metadata_; }
  const parquet::ReaderProperties* properties() const override { return &properties_; }

 private:
  std::unique_ptr<parquet::PageReader> pages_;
  const parquet::RowGroupMetaData& metadata_;
  const parquet::ReaderProperties properties_ = parquet::default_reader_properties();
};

}  // namespace

std::shared_ptr<parquet::ColumnReader> open_coded_chunk(parquet::RowGroupReader& group, int leaf) {
  constexpr auto kCodes = parquet::ExposedEncoding::DICTIONARY;
  const auto chunk = group.metadata()->ColumnChunk(leaf);
  const parquet::ColumnDescriptor& descriptor = *group.metadata()->schema()->Column(leaf);
  const bool is_flat =
      descriptor.max_repetition_level() == 0 && descriptor.max_definition_level() <= 1;
  if (!is_flat || !chunk->encoding_stats().empty() || !names_codes_only(*chunk)) {
    return group.ColumnWithExposeEncoding(leaf, kCodes);
  }
  parquet::RowGroupReader coded(
      std::make_unique<CodedGroup>(group.GetColumnPageReader(leaf), told_of_codes(descriptor)));
  return coded.ColumnWithExposeEncoding(0, kCodes);
}

}  // namespace finops
