#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace finops::report {

/// Text as HTML has it, between tags and within quoted attributes. Control characters, which HTML
/// does not allow, and bytes that are no UTF-8 are shown as U+FFFD.
std::string escaped(std::string_view text);

/// A decimal without trailing zeros: "12.50" → "12.5", "3.000" → "3". Other texts as they are.
std::string trimmed_decimal(std::string_view text);

/// "1234567.125" → "1,234,567.125".
std::string with_thousands(std::string_view number);
std::string count_text(std::int64_t count);

/// The first `most` code points and "…" of a longer text.
std::string shortened(std::string_view text, std::size_t most);

/// "usage_cost anomalies" → "usage_cost-anomalies": what may stand in an id, for names that are
/// different in letters, digits, '_' and '-'.
std::string id_text(std::string_view name);

}  // namespace finops::report
