#include "finops/tabular/cell_range.h"

namespace finops::bill {

Cell undouble_quotes(const char* data, std::uint32_t length, std::string& scratch) {
  scratch.clear();
  const char* const end = data + length;
  while (data < end) {
    const auto* quote =
        static_cast<const char*>(std::memchr(data, '"', static_cast<std::size_t>(end - data)));
    if (quote == nullptr) quote = end - 1;
    scratch.append(data, quote + 1);
    data = quote + 2;  // the second of the two; past the end after the last piece
  }
  const auto size = static_cast<std::uint32_t>(scratch.size());
  scratch.append(kTextPadding, '\0');
  return {scratch.data(), size};
}

}  // namespace finops::bill
