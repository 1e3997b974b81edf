#include "finops/tabular/parquet_groups.h"

#include <parquet/file_reader.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/tabular/arrow_edge.h"
#include "finops/tabular/column_chunk_reader.h"
#include "finops/tabular/column_chunk_totals.h"
#include "finops/tabular/parquet_fields.h"

namespace finops {
namespace {

constexpr std::string_view kTried = "read the costs of a Parquet file back";
constexpr std::int64_t kColumnBuffer = 1 << 20;

using Keys = std::vector<std::string>;
using Numbers = std::vector<std::uint32_t>;  // one of each row of a row group

std::string_view view_of(const parquet::ByteArray& value) {
  return {reinterpret_cast<const char*>(value.ptr), value.len};
}

void check_rows(std::int64_t found, std::int64_t expected) {
  if (found == expected) return;
  throw Error(ErrorKind::kInvalidData, "a column chunk has " + std::to_string(found) +
                                           " rows, its row group " + std::to_string(expected));
}

/// The keys of one column of one row group, and which of them each row has. Number 0 is "".
class ColumnKeys {
 public:
  ColumnKeys(parquet::RowGroupReader& group, const ParquetField& field, const GroupColumn& column)
      : column_(column), of_row_(static_cast<std::size_t>(group.metadata()->num_rows())) {
    ChunkReader<parquet::ByteArrayType> reader(group, field.first_leaf, true);
    Batch<parquet::ByteArray> batch;
    std::int64_t rows = 0;
    for (; reader.next(batch); rows += batch.levels) {
      if (rows + batch.levels > std::ssize(of_row_)) break;
      batch.codes.empty() ? add_values(batch, rows) : add_codes(batch, rows);
    }
    check_rows(rows, std::ssize(of_row_));
  }

  const Keys& keys() const { return keys_; }
  const Numbers& of_row() const { return of_row_; }

 private:
  std::uint32_t number_of(std::string_view value) {
    std::string key = column_.key ? column_.key(value) : std::string(value);
    const auto [it, is_new] = numbers_.try_emplace(key, static_cast<std::uint32_t>(keys_.size()));
    if (is_new) keys_.push_back(std::move(key));
    return it->second;
  }

  void add_codes(const Batch<parquet::ByteArray>& batch, std::int64_t first_row) {
    by_code_.resize(batch.dictionary.size(), kUnknown);
    for (const std::int32_t code : batch.codes) {
      std::uint32_t& number = by_code_[static_cast<std::size_t>(code)];
      if (number == kUnknown)
        number = number_of(view_of(batch.dictionary[static_cast<std::size_t>(code)]));
    }
    if (std::cmp_equal(batch.codes.size(), batch.levels)) {
      std::uint32_t* out = of_row_.data() + first_row;
      for (const std::int32_t code : batch.codes) *out++ = by_code_[static_cast<std::size_t>(code)];
      return;
    }
    std::size_t next = 0;
    for (std::size_t level = 0; level < batch.definitions.size(); ++level) {
      if (batch.definitions[level] == 0) continue;
      const auto code = static_cast<std::size_t>(batch.codes[next++]);
      of_row_[static_cast<std::size_t>(first_row) + level] = by_code_[code];
    }
  }

  void add_values(const Batch<parquet::ByteArray>& batch, std::int64_t first_row) {
    for_each_value(batch, first_row, [&](std::int64_t row, const parquet::ByteArray& value) {
      const std::string_view text = view_of(value);
      if (!has_last_ || text != last_) {
        last_ = text;
        last_number_ = number_of(text);
        has_last_ = true;
      }
      of_row_[static_cast<std::size_t>(row)] = last_number_;
    });
  }

  static constexpr std::uint32_t kUnknown = 0xffff'ffff;

  const GroupColumn& column_;
  Keys keys_ = {""};
  std::unordered_map<std::string, std::uint32_t> numbers_ = {{"", 0}};
  Numbers of_row_;
  std::vector<std::uint32_t> by_code_;
  std::string last_;
  std::uint32_t last_number_ = 0;
  bool has_last_ = false;
};

/// The groups of one row group, told apart column by column.
class RowGroups {
 public:
  explicit RowGroups(std::int64_t rows) : of_row_(static_cast<std::size_t>(rows)) {}

  const std::vector<Keys>& keys() const { return keys_; }
  const Numbers& of_row() const { return of_row_; }

  /// Which groups a column applies to; nothing when there is none.
  std::optional<std::vector<bool>> needs(const GroupColumn& column) const {
    std::vector<bool> needed(keys_.size(), true);
    if (!column.applies) return needed;
    for (std::size_t i = 0; i < keys_.size(); ++i) needed[i] = column.applies(keys_[i]);
    if (std::ranges::none_of(needed, std::identity())) return std::nullopt;
    return needed;
  }

  void add_column_without_values() {
    for (Keys& keys : keys_) keys.emplace_back();
  }

  void add_column(const ColumnKeys& column, const std::vector<bool>& needed) {
    const std::size_t width = column.keys().size();
    constexpr std::size_t kMostInTable = 1 << 20;
    Split split{keys_, column.keys(), {}};
    if (keys_.size() * width <= kMostInTable) {
      std::vector<std::uint32_t> table(keys_.size() * width, kNone);
      renumber(column, needed, [&](std::uint32_t group, std::uint32_t key) {
        std::uint32_t& number = table[group * width + key];
        if (number == kNone) number = split.add(group, key);
        return number;
      });
    } else {
      std::unordered_map<std::uint64_t, std::uint32_t> table;
      renumber(column, needed, [&](std::uint32_t group, std::uint32_t key) {
        const auto [it, is_new] = table.try_emplace(std::uint64_t{group} << 32 | key);
        if (is_new) it->second = split.add(group, key);
        return it->second;
      });
    }
    keys_ = std::move(split.keys);
  }

 private:
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  struct Split {
    std::uint32_t add(std::uint32_t group, std::uint32_t key) {
      keys.push_back(before[group]);
      keys.back().push_back(column[key]);
      return static_cast<std::uint32_t>(keys.size() - 1);
    }
    const std::vector<Keys>& before;
    const Keys& column;
    std::vector<Keys> keys;
  };

  template <typename NumberOf>
  void renumber(const ColumnKeys& column, const std::vector<bool>& needed, NumberOf number_of) {
    const Numbers& key_of_row = column.of_row();
    for (std::size_t row = 0; row < of_row_.size(); ++row) {
      const std::uint32_t group = of_row_[row];
      of_row_[row] = number_of(group, needed[group] ? key_of_row[row] : 0);
    }
  }

  std::vector<Keys> keys_ = {Keys()};
  Numbers of_row_;
};

/// Decimals of some rows, side by side.
class RowDecimals {
 public:
  RowDecimals(const RowGroups& groups, const GroupQuery& query) : width_(query.decimals.size()) {
    if (!query.is_derived) return;
    std::vector<bool> is_wanted;
    for (const Keys& keys : groups.keys()) is_wanted.push_back(query.is_derived(keys));
    if (std::ranges::none_of(is_wanted, std::identity())) return;
    for (std::size_t row = 0; row < groups.of_row().size(); ++row) {
      if (is_wanted[groups.of_row()[row]]) rows_.push_back(static_cast<std::int64_t>(row));
    }
    cells_.resize(rows_.size() * width_);
  }

  void begin_column(std::size_t column) {
    column_ = column;
    next_ = 0;
  }
  void add(std::int64_t row, Int128 value) {
    while (next_ < rows_.size() && rows_[next_] < row) ++next_;
    if (next_ < rows_.size() && rows_[next_] == row) cells_[next_ * width_ + column_] = value;
  }
  bool is_empty() const { return rows_.empty(); }

  template <typename OnRow>
  void for_each(OnRow on_row) const {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      on_row(rows_[i], std::span(cells_).subspan(i * width_, width_));
    }
  }

 private:
  std::size_t width_, column_ = 0, next_ = 0;
  std::vector<std::int64_t> rows_;
  std::vector<Int128> cells_;
};

std::vector<DecimalSum> sums_of(parquet::RowGroupReader& group, const ParquetField& field,
                                const RowGroups& groups, RowDecimals& singles) {
  ChunkReader<parquet::FLBAType> reader(group, field.first_leaf, true);
  Batch<parquet::FixedLenByteArray> batch;
  std::vector<DecimalSum> sums(groups.keys().size());
  const Numbers& of_row = groups.of_row();
  std::int64_t rows = 0;
  for (; reader.next(batch); rows += batch.levels) {
    if (rows + batch.levels > std::ssize(of_row)) break;
    for_each_value(batch, rows, [&](std::int64_t row, const parquet::FixedLenByteArray& bytes) {
      const Int128 value = to_decimal(bytes);
      sums[of_row[static_cast<std::size_t>(row)]].add(value);
      if (!singles.is_empty()) singles.add(row, value);
    });
  }
  check_rows(rows, std::ssize(of_row));
  return sums;
}

void keep_first(std::vector<RowPlace>& first, const RowPlace& place) {
  if (first.size() == GroupTotals::kFirstRows && first.back() < place) return;
  first.insert(std::ranges::upper_bound(first, place), place);
  if (first.size() > GroupTotals::kFirstRows) first.pop_back();
}

void add_group(GroupTotals& to, const GroupTotals& more) {
  to.rows += more.rows;
  to.sums.resize(more.sums.size());
  for (std::size_t i = 0; i < more.sums.size(); ++i) to.sums[i].add(more.sums[i]);
  to.derived.add(more.derived);
  for (const RowPlace& place : more.first) keep_first(to.first, place);
}

/// One file: what its columns are, and the groups of each of its row groups.
class GroupReading {
 public:
  GroupReading(std::shared_ptr<ArrowInput> input, std::size_t file_number,
               const std::vector<Column>& columns, const GroupQuery& query)
      : input_(std::move(input)),
        file_number_(file_number),
        query_(query),
        metadata_(
            parquet::ParquetFileReader::Open(input_, buffered_reader_properties(kColumnBuffer))
                ->metadata()),
        fields_(*metadata_) {
    for (const auto& key : query.keys) {
      keys_.push_back(field_of(columns, key.column, ColumnType::kText));
    }
    for (const auto& name : query.decimals) {
      decimals_.push_back(field_of(columns, name, ColumnType::kDecimal));
    }
  }

  void run(unsigned threads, GroupsByKeys& groups) const {
    if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
    std::mutex mutex;
    for_each_at_once(static_cast<std::size_t>(metadata_->num_row_groups()), threads,
                     [&](std::size_t i) {
                       const auto found = read(static_cast<int>(i));
                       const std::lock_guard lock(mutex);
                       for (const auto& [keys, totals] : found) add_group(groups[keys], totals);
                     });
  }

 private:
  const ParquetField* field_of(const std::vector<Column>& columns, const std::string& name,
                               ColumnType type) const {
    const auto it = std::ranges::find(columns, name, &Column::name);
    return it == columns.end() || it->type != type ? nullptr : fields_.find(*it);
  }

  std::vector<std::pair<Keys, GroupTotals>> read(int number) const try {
    const auto reader = parquet::ParquetFileReader::Open(
        input_, buffered_reader_properties(kColumnBuffer), metadata_);
    const auto group = reader->RowGroup(number);
    RowGroups groups(group->metadata()->num_rows());
    if (groups.of_row().empty()) return {};
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const auto needed = groups.needs(query_.keys[i]);
      if (keys_[i] != nullptr && needed) {
        groups.add_column(ColumnKeys(*group, *keys_[i], query_.keys[i]), *needed);
      } else {
        groups.add_column_without_values();
      }
    }
    return totals_of(*group, number, groups);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    input_->kept_error().rethrow_if_any();
    throw Error(ErrorKind::kInvalidData, "row group " + std::to_string(number) + ": " + e.what());
  }

  std::vector<std::pair<Keys, GroupTotals>> totals_of(parquet::RowGroupReader& group, int number,
                                                      const RowGroups& groups) const {
    std::vector<std::pair<Keys, GroupTotals>> found;
    for (const Keys& keys : groups.keys()) {
      found.emplace_back(keys, GroupTotals());
      found.back().second.sums.resize(decimals_.size());
    }
    for (std::size_t row = 0; row < groups.of_row().size(); ++row) {
      GroupTotals& totals = found[groups.of_row()[row]].second;
      if (totals.rows++ >= GroupTotals::kFirstRows) continue;
      totals.first.push_back({file_number_, number, static_cast<std::int64_t>(row)});
    }
    RowDecimals singles(groups, query_);
    for (std::size_t column = 0; column < decimals_.size(); ++column) {
      if (decimals_[column] == nullptr) continue;
      singles.begin_column(column);
      const auto sums = sums_of(group, *decimals_[column], groups, singles);
      for (std::size_t i = 0; i < sums.size(); ++i) {
        if (sums[i].cells() > 0) found[i].second.sums[column].add(sums[i].total());
      }
    }
    singles.for_each([&](std::int64_t row, std::span<const Int128> decimals) {
      const std::uint32_t of_row = groups.of_row()[static_cast<std::size_t>(row)];
      found[of_row].second.derived.add(query_.derive(decimals));
    });
    return found;
  }

  std::shared_ptr<ArrowInput> input_;
  std::size_t file_number_;
  const GroupQuery& query_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  ParquetFields fields_;
  std::vector<const ParquetField*> keys_, decimals_;  // nullptr: the file has none
};

/// Cells of one column of one row group, at ascending rows.
template <typename Type, typename OnCell>
void read_cells(parquet::RowGroupReader& group, const ParquetField& field,
                const std::vector<std::int64_t>& rows, OnCell on_cell) {
  ChunkReader<Type> reader(group, field.first_leaf, false);
  Batch<typename Type::c_type> batch;
  std::size_t next = 0;
  for (std::int64_t row = 0; next < rows.size() && reader.next(batch); row += batch.levels) {
    for_each_value(batch, row, [&](std::int64_t at, const auto& value) {
      while (next < rows.size() && rows[next] < at) ++next;
      if (next < rows.size() && rows[next] == at) on_cell(at, value);
    });
  }
}

}  // namespace

void add_parquet_groups(std::shared_ptr<const RandomAccessBytes> file, std::size_t file_number,
                        const std::vector<Column>& columns, const GroupQuery& query,
                        unsigned threads, GroupsByKeys& groups) {
  const auto input = std::make_shared<ArrowInput>(std::move(file));
  across_arrow(kTried, ErrorKind::kInvalidData, {&input->kept_error()},
               [&] { GroupReading(input, file_number, columns, query).run(threads, groups); });
}

std::vector<TextAndNumber> read_text_and_number(std::shared_ptr<const RandomAccessBytes> file,
                                                std::span<const RowPlace> places,
                                                const Column& text, const Column& number) {
  const auto input = std::make_shared<ArrowInput>(std::move(file));
  return across_arrow(kTried, ErrorKind::kInvalidData, {&input->kept_error()}, [&] {
    const auto reader =
        parquet::ParquetFileReader::Open(input, buffered_reader_properties(kColumnBuffer));
    const ParquetFields fields(*reader->metadata());
    std::map<int, std::vector<std::int64_t>> rows;
    for (const RowPlace& place : places) rows[place.row_group].push_back(place.row);
    std::map<std::pair<int, std::int64_t>, TextAndNumber> cells;
    for (auto& [row_group, wanted] : rows) {
      std::ranges::sort(wanted);
      const auto group = reader->RowGroup(row_group);
      if (const ParquetField* field = fields.find(text)) {
        read_cells<parquet::ByteArrayType>(
            *group, *field, wanted,
            [&](auto row, const auto& value) { cells[{row_group, row}].text = view_of(value); });
      }
      if (const ParquetField* field = fields.find(number)) {
        read_cells<parquet::Int64Type>(*group, *field, wanted, [&](auto row, std::int64_t value) {
          cells[{row_group, row}].number = value;
        });
      }
    }
    std::vector<TextAndNumber> found;
    for (const RowPlace& place : places) found.push_back(cells[{place.row_group, place.row}]);
    return found;
  });
}

}  // namespace finops
