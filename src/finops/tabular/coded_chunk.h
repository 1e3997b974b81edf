#pragma once

#include <parquet/column_reader.h>
#include <parquet/file_reader.h>

#include <memory>

namespace finops {

/// A reader of a column chunk that hands out codes and the chunk's dictionary where all of its
/// pages have codes (GetExposedEncoding() tells), else values. Parquet's own does so where the
/// footer counts pages by encoding, as Arrow and parquet-mr write it; here also where the footer
/// only names the chunk's encodings and there is none among them but that of codes (DuckDB). A
/// footer that names too few makes the reader throw.
std::shared_ptr<parquet::ColumnReader> open_coded_chunk(parquet::RowGroupReader& group, int leaf);

}  // namespace finops
