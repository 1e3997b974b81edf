#pragma once

#include <string>

namespace finops {

/// The folder `name` of the release that this program is part of: lib/NAME beside its own folder.
/// Empty where there is none, as in a build.
std::string release_folder(const std::string& name);

}  // namespace finops
