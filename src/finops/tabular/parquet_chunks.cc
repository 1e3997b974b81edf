#include "finops/tabular/parquet_chunks.h"

#include <arrow/io/memory.h>
#include <arrow/util/compression.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/tabular/parquet_format.h"

namespace finops {
namespace {

std::string_view text_of(const parquet::Page& page) {
  return {reinterpret_cast<const char*>(page.data()), static_cast<std::size_t>(page.size())};
}

/// Compresses pages and puts them one behind another.
class PageSink {
 public:
  PageSink(parquet::Compression::type compression, int level) {
    if (compression == parquet::Compression::UNCOMPRESSED) return;
    PARQUET_ASSIGN_OR_THROW(codec_, arrow::util::Codec::Create(compression, level));
  }

  void add_dictionary(std::int64_t values, std::string_view body) {
    const std::string_view packed = pack(body);
    add(bill::dictionary_page_header(values, body.size(), packed.size()), packed, body.size());
  }

  void add_data(std::int64_t values, parquet::Encoding::type encoding, std::string_view body) {
    const std::string_view packed = pack(body);
    add(bill::data_page_header(values, static_cast<bill::Encoding>(encoding), body.size(),
                               packed.size()),
        packed, body.size());
  }

  std::size_t size() const { return bytes_.size(); }
  std::int64_t uncompressed_size() const { return uncompressed_size_; }
  std::shared_ptr<arrow::Buffer> finish() { return arrow::Buffer::FromString(std::move(bytes_)); }

 private:
  std::string_view pack(std::string_view body) {
    if (!codec_) return body;
    const auto* const in = reinterpret_cast<const std::uint8_t*>(body.data());
    const auto length = static_cast<std::int64_t>(body.size());
    const auto most = static_cast<std::size_t>(codec_->MaxCompressedLen(length, in));
    if (packed_.size() < most) packed_.resize(most);
    PARQUET_ASSIGN_OR_THROW(const std::int64_t size,
                            codec_->Compress(length, in, std::ssize(packed_), packed_.data()));
    return {reinterpret_cast<const char*>(packed_.data()), static_cast<std::size_t>(size)};
  }

  void add(const std::string& header, std::string_view packed, std::size_t body_size) {
    bytes_.append(header).append(packed);
    uncompressed_size_ += static_cast<std::int64_t>(header.size() + body_size);
  }

  std::unique_ptr<arrow::util::Codec> codec_;
  std::vector<std::uint8_t> packed_;
  std::string bytes_;
  std::int64_t uncompressed_size_ = 0;
};

void append_with_length(std::string& out, std::string_view levels) {
  const auto length = static_cast<std::uint32_t>(levels.size());
  out.append(reinterpret_cast<const char*>(&length), sizeof length).append(levels);
}

/// One pass over the pages of a chunk.
class ChunkPass {
 public:
  /// Without a `sink` the pages are only looked at.
  ChunkPass(const StoredChunk& chunk, PageSink* sink)
      : chunk_(chunk), descriptor_(chunk.descriptor), sink_(sink) {}

  /// False when there is something that has to be encoded anew.
  bool run(PackedChunk& packed) {
    const auto stream = std::make_shared<arrow::io::BufferReader>(chunk_.bytes);
    parquet::ReaderProperties properties;
    properties.set_page_checksum_verification(true);
    const auto pages =
        parquet::PageReader::Open(stream, chunk_.metadata.num_values(),
                                  chunk_.metadata.compression(), properties, descriptor_);
    while (const auto page = pages->NextPage()) {
      if (!add(*page, packed)) return false;
      if (page->type() != parquet::PageType::DICTIONARY_PAGE) continue;
      PARQUET_ASSIGN_OR_THROW(packed.dictionary_bytes, stream->Tell());
      if (sink_ != nullptr) packed.dictionary_bytes = static_cast<std::int64_t>(sink_->size());
    }
    PARQUET_ASSIGN_OR_THROW(const std::int64_t end, stream->Tell());
    return end == chunk_.bytes->size();
  }

 private:
  bool add(const parquet::Page& page, PackedChunk& packed) {
    switch (page.type()) {
      case parquet::PageType::DICTIONARY_PAGE:
        return add_dictionary(static_cast<const parquet::DictionaryPage&>(page), packed);
      case parquet::PageType::DATA_PAGE:
        return add_first_version(static_cast<const parquet::DataPageV1&>(page), packed);
      case parquet::PageType::DATA_PAGE_V2:
        return add_second_version(static_cast<const parquet::DataPageV2&>(page), packed);
      default: return false;
    }
  }

  bool add_dictionary(const parquet::DictionaryPage& page, PackedChunk& packed) {
    const bool is_first = packed.dictionary_pages.empty() && packed.data_pages.empty();
    const bool is_plain = page.encoding() == parquet::Encoding::PLAIN ||
                          page.encoding() == parquet::Encoding::PLAIN_DICTIONARY;
    if (!is_first || !is_plain) return false;
    ++packed.dictionary_pages[parquet::Encoding::PLAIN];
    if (sink_ != nullptr) sink_->add_dictionary(page.num_values(), text_of(page));
    return true;
  }

  bool add_first_version(const parquet::DataPageV1& page, PackedChunk& packed) {
    const bool repeats = descriptor_.max_repetition_level() > 0;
    const bool has_nulls = descriptor_.max_definition_level() > 0;
    if (repeats && page.repetition_level_encoding() != parquet::Encoding::RLE) return false;
    if (has_nulls && page.definition_level_encoding() != parquet::Encoding::RLE) return false;
    count(page, repeats ? rows_in(page) : page.num_values(), packed);
    if (sink_ != nullptr) sink_->add_data(page.num_values(), page.encoding(), text_of(page));
    return true;
  }

  bool add_second_version(const parquet::DataPageV2& page, PackedChunk& packed) {
    const auto repetitions = static_cast<std::size_t>(page.repetition_levels_byte_length());
    const auto definitions = static_cast<std::size_t>(page.definition_levels_byte_length());
    const std::string_view text = text_of(page);
    count(page, page.num_rows(), packed);
    if (sink_ == nullptr) return true;
    if (text.size() < repetitions + definitions) return false;
    std::string body;
    if (descriptor_.max_repetition_level() > 0) {
      append_with_length(body, text.substr(0, repetitions));
    }
    if (descriptor_.max_definition_level() > 0) {
      append_with_length(body, text.substr(repetitions, definitions));
    }
    body += text.substr(repetitions + definitions);
    sink_->add_data(page.num_values(), page.encoding(), body);
    return true;
  }

  std::int64_t rows_in(const parquet::DataPageV1& page) const {
    parquet::LevelDecoder levels;
    levels.SetData(page.repetition_level_encoding(), descriptor_.max_repetition_level(),
                   page.num_values(), page.data(), page.size());
    std::vector<std::int16_t> decoded(static_cast<std::size_t>(page.num_values()));
    const int count = levels.Decode(page.num_values(), decoded.data());
    if (count != page.num_values()) {
      throw Error(ErrorKind::kInvalidData, "a page has fewer levels than values");
    }
    return std::ranges::count(decoded, 0);
  }

  static void count(const parquet::DataPage& page, std::int64_t rows, PackedChunk& packed) {
    packed.values += page.num_values();
    packed.rows += rows;
    ++packed.data_pages[page.encoding()];
  }

  const StoredChunk& chunk_;
  const parquet::ColumnDescriptor& descriptor_;
  PageSink* const sink_;
};

}  // namespace

std::optional<PackedChunk> repack_chunk(const StoredChunk& chunk,
                                        const parquet::WriterProperties& properties) {
  const auto path = chunk.descriptor.path();
  const auto wanted = properties.compression(path);
  PackedChunk packed;
  if (chunk.metadata.compression() == wanted) {
    if (!ChunkPass(chunk, nullptr).run(packed)) return std::nullopt;
    packed.bytes = chunk.bytes;
    packed.uncompressed_size = chunk.metadata.total_uncompressed_size();
  } else {
    PageSink sink(wanted, properties.compression_level(path));
    if (!ChunkPass(chunk, &sink).run(packed)) return std::nullopt;
    packed.uncompressed_size = sink.uncompressed_size();
    packed.bytes = sink.finish();
  }
  if (packed.values != chunk.metadata.num_values()) {
    throw Error(ErrorKind::kInvalidData,
                "the pages of a column chunk have " + std::to_string(packed.values) +
                    " values, its footer says " + std::to_string(chunk.metadata.num_values()));
  }
  if (chunk.metadata.is_stats_set()) packed.statistics = chunk.metadata.encoded_statistics();
  return packed;
}

}  // namespace finops
