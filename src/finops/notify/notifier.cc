#include "finops/notify/notifier.h"

#include <algorithm>

#include "finops/core/utf8.h"

namespace finops {
namespace {

constexpr std::size_t kMostLines = 10;
constexpr std::size_t kLongestLine = 400;

std::string count_of(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string place_of(const Problem& problem) {
  if (problem.source.empty()) return "the run";
  if (problem.billing_period.empty()) return problem.source;
  return problem.source + " " + problem.billing_period;
}

std::string minute_text(TimePoint time) {
  std::string text = to_iso8601(time).substr(0, 16);
  text[10] = ' ';
  return text + " UTC";
}

void add_lines(std::string& text, const auto& items, const auto& line_of) {
  for (std::size_t i = 0; i < std::min(items.size(), kMostLines); ++i) {
    text += "\n• " + one_line(line_of(items[i]), kLongestLine);
  }
  if (items.size() > kMostLines) {
    text += "\n• and " + std::to_string(items.size() - kMostLines) + " more";
  }
}

std::string headline(const Notification& notification) {
  const std::string start = "finops on " + notification.host + ": ";
  switch (notification.event) {
    case Notification::Event::kNewProblems:
      return start + count_of(notification.fresh.size(), "new problem");
    case Notification::Event::kFewerProblems:
      return start + count_of(notification.solved.size(), "problem") + " solved, " +
             std::to_string(notification.remaining.size()) + " left";
    case Notification::Event::kRecovered: return start + "recovered";
    case Notification::Event::kClosedMonthChanged:
      return start + "the cost of " + count_of(notification.changes.size(), "closed month") +
             " changed";
  }
  return start;
}

}  // namespace

bool is_same(const Problem& one, const Problem& other) {
  return one.source == other.source && one.billing_period == other.billing_period &&
         one.kind == other.kind;
}

std::string_view to_string(Notification::Event event) {
  switch (event) {
    case Notification::Event::kNewProblems: return "new_problems";
    case Notification::Event::kFewerProblems: return "fewer_problems";
    case Notification::Event::kRecovered: return "recovered";
    case Notification::Event::kClosedMonthChanged: return "closed_month_changed";
  }
  return "new_problems";
}

std::string text_of(const Notification& notification) {
  std::string text = headline(notification);
  add_lines(text, notification.fresh, [](const Problem& problem) {
    return place_of(problem) + " (" + problem.kind + "): " + problem.message;
  });
  const auto with_begin = [](const Problem& problem) {
    return place_of(problem) + " (" + problem.kind + "), since " + minute_text(problem.since);
  };
  if (!notification.solved.empty()) text += "\nSolved:";
  add_lines(text, notification.solved, with_begin);
  if (!notification.remaining.empty()) text += "\nStill there:";
  add_lines(text, notification.remaining, with_begin);
  add_lines(text, notification.changes, [](const MonthChange& change) {
    std::string amounts;
    for (const auto& [currency, amount] : change.amounts) {
      const std::string sign = amount.starts_with('-') ? "" : "+";
      amounts += (amounts.empty() ? " " : ", ") + currency + " " + sign + amount;
    }
    return change.source + " " + change.billing_period + ":" + amounts + " (" + change.from +
           " → " + change.to + ")";
  });
  return text;
}

std::string one_line(std::string_view text, std::size_t longest) {
  std::string line;
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  if (text.size() > longest) {
    // The cut may have gone through a character of up to four bytes.
    for (int i = 0; i < 3 && !line.empty() && !is_utf8(line); ++i) line.pop_back();
  }
  if (!is_utf8(line)) {
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }, '?');
  }
  return text.size() > longest ? line + "…" : line;
}

}  // namespace finops
