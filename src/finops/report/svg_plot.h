#pragma once

#include <string>

#include "finops/report/plot.h"

namespace finops::report {

/// A plot as one <svg> without scripts, files or colours of its own: classes (s0 to s5, other,
/// v0 to v2 of severities, grid, …) are coloured by the page's style, in light and dark. Each date,
/// bar and dot tells its exact amounts in a <title>. `id` is unique in the page; `description` says
/// what is to be seen, for those who cannot see it.
std::string svg_of(const Plot& plot, const std::string& id, const std::string& description);

/// "Lines of 2 series from 2025-07 to 2025-09; the greatest sum is 12 (2025-08)."
std::string description_of(const Plot& plot);

/// The class of a series' colour.
std::string series_class(const Plot& plot, std::size_t series);

}  // namespace finops::report
