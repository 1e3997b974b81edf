#pragma once

#include <string_view>

namespace finops {

/// Well-formed UTF-8 by Unicode 3.9, table 3-7: no overlong forms, surrogates or code points above
/// 10FFFF.
bool is_utf8(std::string_view text);

}  // namespace finops
