#pragma once

#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace finops::bill {

/// Cells of one column, one after the other, as CSV has them: quoted where they must be.
struct CellTexts {
  std::string bytes;
  std::vector<std::uint32_t> ends;

  void clear() {
    bytes.clear();
    ends.clear();
  }
  void end_cell() { ends.push_back(static_cast<std::uint32_t>(bytes.size())); }
};

/// One top-level column of a Parquet row group on its way to text, rows in their order.
class ParquetCells {
 public:
  virtual ~ParquetCells() = default;

  /// Appends the cells of the next `rows` rows. Throws kInvalidData when there are not so many, and
  /// what Parquet's reader throws.
  virtual void append(std::size_t rows, CellTexts& out) = 0;
};

/// How a column is told in a manifest's words: "double", "map<string,string>". Throws kUnsupported
/// for a type that cannot be read.
std::string told_type_of(const parquet::schema::Node& column);

/// `first_leaf`: of the column among the file's leaves.
std::unique_ptr<ParquetCells> open_parquet_cells(parquet::RowGroupReader& group,
                                                 const parquet::schema::Node& column,
                                                 int first_leaf);

/// Leaves that the column has.
int leaf_count(const parquet::schema::Node& column);

}  // namespace finops::bill
