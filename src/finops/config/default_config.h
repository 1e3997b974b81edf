#pragma once

#include <string>

namespace finops {

/// What `finops init` writes: every key with its default or an example, commented out where there
/// is nothing to set, so that the file as it is changes nothing but [aws].
std::string default_config_text();

}  // namespace finops
