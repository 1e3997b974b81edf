#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "finops/tabular/row_block.h"

namespace finops::bill {

/// All that is wrong with a row that does not fit, though its cells can be told apart. Slow and
/// complete. Adds the row's money to `money`.
RejectedRow judge_row(const RowBlock& block, std::size_t row, MoneyTotals& money);

/// A row whose cells cannot be told apart: text[begin, end), its line end included.
RejectedRow malformed_row(const RowBlock& block, std::size_t begin, std::size_t end,
                          std::int64_t line, std::string reason);

/// A cell as a message shows it: its beginning, always UTF-8, what cannot be printed as \xNN.
std::string shown(std::string_view cell);

}  // namespace finops::bill
