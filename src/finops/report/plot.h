#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace finops::report {

/// Something to be drawn. Heights are doubles because a pixel is all that becomes of them; `y_text`
/// tells the same amount exactly.
struct Plot {
  enum class Kind {
    kLine,   // sums by date, a line or a stacked area for each series
    kBar,    // one bar for each point, by its label
    kStrip,  // one dot for each point, over its date
  };
  struct Point {
    std::int32_t day = 0;    // since 1970-01-01; kLine, kStrip
    std::string label;       // kBar: the bar's name; kStrip: what the dot is
    std::size_t series = 0;  // of `series`
    double y = 0;
    std::string y_text;
  };

  Kind kind = Kind::kLine;
  std::string title;  // "total_cost_usd by usage_date and service"
  std::string x_name, y_name;
  std::vector<std::string> series;  // kLine, kStrip; one of kLine may be empty: all rows
  bool has_others = false;          // the last of the series is what the others have together
  bool is_monthly = false;          // dates are told as months
  std::vector<double> guides;       // heights of dashed lines
  std::vector<Point> points;        // kLine: by day, at most one of each day and series
  std::string remark;               // "12 rows without a date are not drawn"; may be empty
};

}  // namespace finops::report
