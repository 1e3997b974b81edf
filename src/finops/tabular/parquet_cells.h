#pragma once

#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <cstdint>
#include <memory>
#include <string>

#include "finops/tabular/cell_column.h"

namespace finops::bill {

/// One top-level column of a Parquet row group on its way to cells, rows in their order.
class ParquetCells {
 public:
  virtual ~ParquetCells() = default;

  /// The cells of the next `rows` rows, coded where the file has them so: code 0 is NULL. Throws
  /// kInvalidData when there are not so many, and what Parquet's reader throws.
  virtual void read(std::size_t rows, CellColumn& out) = 0;
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
