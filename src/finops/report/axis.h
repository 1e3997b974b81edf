#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace finops::report {

/// Heights from `low` to `high`, a straight line to pixels.
struct Scale {
  double low = 0, high = 1;
  double low_pixel = 0, high_pixel = 1;

  double at(double value) const {
    return low_pixel + (value - low) / (high - low) * (high_pixel - low_pixel);
  }
};

struct Tick {
  double at = 0;
  std::string text;
};

/// About `count` round values (1, 2 or 5 times a power of ten apart) from at or below `least` to at
/// or above `most`, at least two. A single value has an axis from zero, and what is not finite one
/// from 0 to 1.
std::vector<Tick> number_ticks(double least, double most, int count);

/// The beginnings of days, weeks, months, quarters or years between two days since 1970, both
/// taken in; one for a single day.
std::vector<Tick> date_ticks(std::int32_t first, std::int32_t last, int count, bool is_monthly);

/// "2026-05-31"; "2026-05" by month.
std::string date_text(std::int32_t day, bool is_monthly);

/// Days since 1970 of a text that begins with "YYYY-MM-DD"; as the engine writes dates.
std::int32_t day_of(const std::string& text);

/// An amount for a label, three digits that matter: "1.23M", "12,300", "0.0123". Tables have the
/// exact ones.
std::string rounded_text(double value);

}  // namespace finops::report
