#include "finops/report/svg_plot.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include "finops/report/axis.h"
#include "finops/report/texts.h"

namespace finops::report {
namespace {

constexpr double kWidth = 960, kHeight = 300;
constexpr double kLeft = 64, kRight = 920, kTop = 14, kBottom = 266;
constexpr int kTicks = 5, kDateTicks = 9;
// Of bars: a row each, names to their left, amounts to their right.
constexpr double kBarRow = 24, kBarHeight = 15, kNames = 220, kAmounts = 90;
constexpr std::size_t kNameLetters = 30;

/// Tenths of a pixel.
std::string pixels(double at) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.1f", at);
  return trimmed_decimal(text.data());
}

std::string attribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + value + "\"";
}
std::string attribute(const char* name, double at) { return attribute(name, pixels(at)); }

std::string text_at(double x, double y, const char* anchor, const std::string& text,
                    const char* of_class = "tick") {
  return "<text" + attribute("class", of_class) + attribute("x", x) + attribute("y", y) +
         attribute("text-anchor", anchor) + ">" + escaped(text) + "</text>";
}

std::string line(const char* of_class, double x1, double y1, double x2, double y2) {
  return "<line" + attribute("class", of_class) + attribute("x1", x1) + attribute("y1", y1) +
         attribute("x2", x2) + attribute("y2", y2) + "/>";
}

std::string titled(const std::string& element, const std::string& title) {
  const std::string name = element.substr(1, element.find(' ') - 1);
  return element + "><title>" + escaped(title) + "</title></" + name + ">";
}

std::string rectangle(const std::string& of_class, double x, double y, double width,
                      double height) {
  return "<rect" + attribute("class", of_class) + attribute("x", x) + attribute("y", y) +
         attribute("width", width) + attribute("height", height);
}

std::string svg_begin(double height, const std::string& id, const std::string& title,
                      const std::string& description) {
  return "<svg" + attribute("viewBox", "0 0 " + pixels(kWidth) + " " + pixels(height)) +
         " role=\"img\"" + attribute("aria-labelledby", id + "-title " + id + "-desc") +
         "><title id=\"" + id + "-title\">" + escaped(title) + "</title><desc id=\"" + id +
         "-desc\">" + escaped(description) + "</desc>";
}

struct Extent {
  double least = 0, most = 0;
  void take(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

/// Dates to pixels: a single one stands in the middle.
Scale date_scale(std::int32_t first, std::int32_t last) {
  if (first == last) return {first - 1.0, first + 1.0, kLeft, kRight};
  return {static_cast<double>(first), static_cast<double>(last), kLeft, kRight};
}

/// Heights, dates and the lines and texts of both axes.
struct Frame {
  Frame(const Plot& plot, std::int32_t first, std::int32_t last, Extent heights)
      : x(date_scale(first, last)), is_monthly(plot.is_monthly) {
    const auto ticks = number_ticks(heights.least, heights.most, kTicks);
    y = {ticks.front().at, ticks.back().at, kBottom, kTop};
    for (const Tick& tick : ticks) {
      const double at = y.at(tick.at);
      svg += line(tick.at == 0 ? "zero" : "grid", kLeft, at, kRight, at);
      svg += text_at(kLeft - 8, at + 4, "end", tick.text);
    }
    for (const Tick& tick : date_ticks(first, last, kDateTicks, plot.is_monthly)) {
      const double at = x.at(tick.at);
      svg += line("grid", at, kBottom, at, kBottom + 5);
      svg += text_at(at, kBottom + 20, "middle", tick.text);
    }
  }

  Scale x, y;
  bool is_monthly;
  std::string svg;
};

class LineDrawing {
 public:
  explicit LineDrawing(const Plot& plot) : plot_(plot) {
    for (const auto& point : plot.points) {
      auto& heights = days_[point.day];
      heights.resize(plot.series.size(), nullptr);
      heights.at(point.series) = &point;
    }
    // Areas on top of each other show the sum of all, which amounts below zero would spoil.
    is_stacked_ = plot.series.size() > 1 &&
                  std::ranges::all_of(plot.points, [](const auto& point) { return point.y >= 0; });
  }

  std::string svg() {
    Extent heights;
    for (const auto& [day, points] : days_) {
      double sum = 0;
      for (const auto* point : points) {
        sum += height_of(point);
        heights.take(is_stacked_ ? sum : height_of(point));
      }
    }
    Frame frame(plot_, days_.begin()->first, days_.rbegin()->first, heights);
    std::string svg = std::move(frame.svg);
    std::map<std::int32_t, double> below;
    for (std::size_t series = 0; series < plot_.series.size(); ++series) {
      svg += is_stacked_ ? area(frame, series, below) : one_line(frame, series);
    }
    return svg + bands(frame);
  }

 private:
  /// A date without rows of a series has a sum of nothing.
  static double height_of(const Plot::Point* point) { return point == nullptr ? 0 : point->y; }

  std::string area(const Frame& frame, std::size_t series, std::map<std::int32_t, double>& below) {
    if (days_.size() == 1) return column(frame, series, below);
    std::string upper, lower;
    for (const auto& [day, points] : days_) {
      const double x = frame.x.at(day), from = below[day];
      below[day] = from + height_of(points[series]);
      upper += pixels(x) + "," + pixels(frame.y.at(below[day])) + " ";
      lower = pixels(x) + "," + pixels(frame.y.at(from)) + " " + lower;
    }
    return "<polygon" + attribute("class", "area " + series_class(plot_, series)) +
           attribute("points", upper + lower) + "/>";
  }

  /// Of a single date.
  std::string column(const Frame& frame, std::size_t series,
                     std::map<std::int32_t, double>& below) {
    const auto& [day, points] = *days_.begin();
    const double from = below[day], to = from + height_of(points[series]);
    below[day] = to;
    return rectangle("area " + series_class(plot_, series), frame.x.at(day) - 30, frame.y.at(to),
                     60, frame.y.at(from) - frame.y.at(to)) +
           "/>";
  }

  std::string one_line(const Frame& frame, std::size_t series) {
    const std::string of_class = series_class(plot_, series);
    std::string points, dots;
    for (const auto& [day, heights] : days_) {
      const double x = frame.x.at(day), y = frame.y.at(height_of(heights[series]));
      points += pixels(x) + "," + pixels(y) + " ";
      if (days_.size() == 1) {
        dots += "<circle" + attribute("class", "dot " + of_class) + attribute("cx", x) +
                attribute("cy", y) + " r=\"4\"/>";
      }
    }
    return "<polyline" + attribute("class", "line " + of_class) + attribute("points", points) +
           "/>" + dots;
  }

  /// What a pointer is over: a date, with the amounts of all series.
  std::string bands(const Frame& frame) const {
    std::string svg;
    for (auto it = days_.begin(); it != days_.end(); ++it) {
      const double x = frame.x.at(it->first);
      const double from = it == days_.begin() ? kLeft : (frame.x.at(std::prev(it)->first) + x) / 2;
      const double to =
          std::next(it) == days_.end() ? kRight : (frame.x.at(std::next(it)->first) + x) / 2;
      svg += titled(rectangle("band", from, kTop, to - from, kBottom - kTop),
                    amounts_of(it->first, it->second));
    }
    return svg;
  }

  std::string amounts_of(std::int32_t day, const std::vector<const Plot::Point*>& points) const {
    std::string text = date_text(day, plot_.is_monthly);
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (points[i] == nullptr) continue;
      const std::string& name = plot_.series[i].empty() ? plot_.y_name : plot_.series[i];
      text += "\n" + shortened(name, kNameLetters) + ": " + points[i]->y_text;
    }
    return text;
  }

  const Plot& plot_;
  bool is_stacked_ = false;
  std::map<std::int32_t, std::vector<const Plot::Point*>> days_;  // by series; null: no rows
};

std::string strip_svg(const Plot& plot) {
  const auto [first, last] = std::ranges::minmax(plot.points, {}, &Plot::Point::day);
  Extent heights;
  for (const auto& point : plot.points) heights.take(point.y);
  for (const double guide : plot.guides) heights.take(guide);
  Frame frame(plot, first.day, last.day, heights);
  std::string svg = std::move(frame.svg);
  for (const double guide : plot.guides) {
    svg += line("guide", kLeft, frame.y.at(guide), kRight, frame.y.at(guide));
  }
  for (const auto& point : plot.points) {
    const std::string dot =
        "<circle" + attribute("class", "dot " + series_class(plot, point.series)) +
        attribute("cx", frame.x.at(point.day)) + attribute("cy", frame.y.at(point.y)) + " r=\"4\"";
    svg += titled(dot, date_text(point.day, plot.is_monthly) + ": " + plot.y_name + " " +
                           point.y_text + "\n" + shortened(point.label, 120));
  }
  return svg;
}

double bars_height(const Plot& plot) {
  return 2 * kTop + kBarRow * static_cast<double>(plot.points.size());
}

std::string bars_svg(const Plot& plot) {
  Extent lengths;
  for (const auto& point : plot.points) lengths.take(point.y);
  if (lengths.least == lengths.most) lengths.most = 1;
  const Scale x{lengths.least, lengths.most, kNames, kWidth - kAmounts};
  std::string svg;
  double top = kTop;
  for (const auto& point : plot.points) {
    const double from = std::min(x.at(0), x.at(point.y)), to = std::max(x.at(0), x.at(point.y));
    const double baseline = top + kBarRow / 2 + 4;
    svg += text_at(kNames - 10, baseline, "end", shortened(point.label, kNameLetters), "name");
    svg +=
        titled(rectangle("bar s0", from, top + (kBarRow - kBarHeight) / 2, to - from, kBarHeight),
               point.label + ": " + point.y_text);
    svg += text_at(to + 8, baseline, "start", rounded_text(point.y));
    top += kBarRow;
  }
  return svg + line("zero", x.at(0), kTop, x.at(0), top);
}

const Plot::Point& greatest(const Plot& plot) {
  return *std::ranges::max_element(plot.points, {}, &Plot::Point::y);
}

}  // namespace

std::string series_class(const Plot& plot, std::size_t series) {
  if (plot.has_others && series + 1 == plot.series.size()) return "other";
  const bool is_severity = plot.kind == Plot::Kind::kStrip;
  return (is_severity ? "v" : "s") + std::to_string(series % 6);
}

std::string description_of(const Plot& plot) {
  if (plot.points.empty()) return "There is nothing to draw.";
  const Plot::Point& most = greatest(plot);
  const std::string count = count_text(static_cast<std::int64_t>(plot.points.size()));
  if (plot.kind == Plot::Kind::kBar) {
    return count + " bars; the longest is " + most.label + ": " + most.y_text + ".";
  }
  const auto [first, last] = std::ranges::minmax(plot.points, {}, &Plot::Point::day);
  const std::string dates = "from " + date_text(first.day, plot.is_monthly) + " to " +
                            date_text(last.day, plot.is_monthly) + "; the greatest is " +
                            most.y_text + " (" + date_text(most.day, plot.is_monthly) + ").";
  if (plot.kind == Plot::Kind::kStrip) return count + " dots " + dates;
  const bool is_one = plot.series.size() == 1;
  return "Sums of " +
         (is_one ? std::string("one series ") : std::to_string(plot.series.size()) + " series ") +
         dates;
}

std::string svg_of(const Plot& plot, const std::string& id, const std::string& description) {
  const bool is_bar = plot.kind == Plot::Kind::kBar;
  const double height = is_bar && !plot.points.empty() ? bars_height(plot) : kHeight;
  std::string svg = svg_begin(height, id, plot.title, description);
  if (plot.points.empty()) {
    svg += text_at(kWidth / 2, kHeight / 2, "middle", "nothing to draw");
  } else if (is_bar) {
    svg += bars_svg(plot);
  } else if (plot.kind == Plot::Kind::kStrip) {
    svg += strip_svg(plot);
  } else {
    svg += LineDrawing(plot).svg();
  }
  return svg + "</svg>";
}

}  // namespace finops::report
