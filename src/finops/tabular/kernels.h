#pragma once

#include <cstddef>
#include <cstdint>

#include "finops/tabular/cell_range.h"
#include "finops/tabular/string_dictionary.h"

namespace finops::bill {

/// Whole records at the start of a text that begins at a record, found by the parity of quotes.
/// That is right as long as every quote stands at a cell's border, which is checked: opening quotes
/// after a comma, a line feed or the text's start, closing ones before a comma, CR LF or LF,
/// doubled ones within. The limit of a quoted cell is not looked at.
struct QuoteScan {
  std::size_t record_end = 0;  // after the last line feed outside quotes, of the checked part
  std::size_t lines = 0;       // line feeds before record_end, in and outside of quotes
  bool has_quotes = false;
  bool is_regular = true;  // false: the check failed at or after record_end, and ended there
};

struct SeparatorIndex {
  std::size_t separators = 0;  // commas and line feeds outside quotes
  std::size_t records = 0;     // line feeds outside quotes
  std::size_t lines = 0;       // all line feeds
  bool is_ascii = true;
  bool has_crlf = false;  // a carriage return directly before some line feed outside quotes
};

struct PackedCodes {
  std::size_t values = 0;  // not NULL
  bool is_constant = false;
};

/// Loops that touch every byte or every cell: one set compiled for AVX2, one for any processor,
/// with equal results, chosen at start. Text is readable kTextPadding bytes past its end.
struct Kernels {
  const char* name;
  QuoteScan (*scan)(const char* text, std::size_t size);
  /// The separators of text whose quotes are regular. `positions` has room for size + 64.
  SeparatorIndex (*index)(const char* text, std::size_t size, std::uint32_t* positions);
  /// The dictionary code of every cell, new values added; of the raw cells with `is_raw`, else of
  /// their values. `use_last` compares with the cell above first. Returns how many cells equalled
  /// the cell above (0 where that was not counted).
  std::size_t (*encode)(StringDictionary& dictionary, const CellRange& cells, bool is_raw,
                        bool use_last, std::uint32_t* codes);
  /// The code of one string, which is readable kTextPadding past its end.
  std::uint32_t (*lookup)(StringDictionary& dictionary, const char* data, std::uint32_t length);
  /// Splits codes into a validity bitmap (bit set: not 0) and the values' codes minus one. `values`
  /// has room for n + 8, `codes` can be read so far.
  PackedCodes (*compact)(const std::uint32_t* codes, std::size_t n, std::uint8_t* validity,
                         std::uint32_t* values);
};

/// The best that this processor runs, or portable_kernels() where FINOPS_KERNELS=portable is set.
const Kernels& kernels();
const Kernels& portable_kernels();
/// Null where this processor, or this build, has no AVX2.
const Kernels* avx2_kernels();
/// For tests.
void use_kernels(const Kernels& chosen);

}  // namespace finops::bill
