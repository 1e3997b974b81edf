#pragma once

#include <parquet/column_reader.h>
#include <parquet/file_reader.h>

#include <memory>

namespace finops {

/// A reader of a column chunk that hands out codes and the chunk's dictionary where all of its
/// pages have codes (GetExposedEncoding() tells), else values. Parquet's own does so where the
/// footer counts pages by encoding, as Arrow and parquet-mr write it; here also where the footer
/// names no encoding of the chunk but that of codes (DuckDB). The reader throws where it then meets
/// another one.
std::shared_ptr<parquet::ColumnReader> open_coded_chunk(parquet::RowGroupReader& group, int leaf);

}  // namespace finops
