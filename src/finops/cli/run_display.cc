#include "finops/cli/run_display.h"

#include <algorithm>
#include <cmath>

#include "finops/cli/human_text.h"

namespace finops {
namespace {

constexpr Duration kRedraw{100};
constexpr Duration kNextLine{10'000};

std::string padded(std::string text, std::size_t width, bool is_right = false) {
  const std::size_t now = text_width(text);
  if (now >= width) return text;
  return is_right ? std::string(width - now, ' ') + text : text + std::string(width - now, ' ');
}

double share_of(const Progress& progress) {
  if (progress.bytes_total == 0) return 0;
  return std::min(
      1.0, static_cast<double>(progress.bytes_done) / static_cast<double>(progress.bytes_total));
}

}  // namespace

std::string RunDisplay::measure(const Progress& progress, double seconds) {
  std::string text;
  const auto append = [&text](const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  };
  const double share = share_of(progress);
  if (progress.bytes_total > 0) append(std::to_string(std::lround(share * 100)) + " %");
  if (progress.rows > 0) append(plural(progress.rows, "row"));
  append(rate_text(progress.bytes_done, seconds));
  if (share > 0.01 && share < 1 && seconds > 1) {
    append(seconds_text(seconds / share - seconds) + " left");
  }
  return text;
}

std::string RunDisplay::bar(const Progress& progress, std::size_t width) {
  const auto filled = static_cast<std::size_t>(share_of(progress) * static_cast<double>(width));
  return "[" + std::string(filled, '#') + std::string(width - filled, '-') + "]";
}

Progress RunDisplay::under_way() const {
  if (partitions_.size() == 1 && bytes_finished_ == 0) return partitions_.begin()->second;
  Progress all{.partition = plural(partitions_.size(), "month"), .phase = "load"};
  all.bytes_done = all.bytes_total = bytes_finished_;
  for (const auto& [name, one] : partitions_) {
    const bool is_reading = one.phase == "load" || one.phase == "stage";
    all.bytes_done += is_reading ? one.bytes_done : one.bytes_total;
    all.bytes_total += one.bytes_total;
    all.rows += one.rows;
  }
  return all;
}

void RunDisplay::show(const Progress& one) {
  const TimePoint now = console_.host().clock.now();
  const bool is_new_partition = !partitions_.contains(one.partition);
  partitions_[one.partition] = one;
  const Progress progress = under_way();
  const bool is_new_phase = is_new_partition || progress.phase != phase_;
  const bool goes_on = partitions_.size() > 1 || bytes_finished_ > 0;
  if (is_new_phase && !goes_on) phase_start_ = now;
  phase_ = progress.phase;
  const double seconds = std::chrono::duration<double>(now - phase_start_).count();
  const std::string what = progress.partition + ": " + progress.phase;
  if (console_.is_interactive()) {
    if (!is_new_phase && now - last_shown_ < kRedraw) return;
    std::string line = what + " " + bar(progress, 24) + " " + measure(progress, seconds);
    // A line that wraps could not be drawn over. Progress lines are ASCII but for the source's
    // name.
    const std::size_t columns = console_.host().err_columns;
    if (columns > 1 && line.size() >= columns) line.resize(columns - 1);
    console_.draw_line(line);
  } else {
    if (!is_new_partition && now - last_shown_ < kNextLine) return;
    const std::string measured = is_new_partition ? "" : measure(progress, seconds);
    const std::string begun = one.partition + ": " + one.phase;
    console_.note((is_new_partition ? begun : what) + (measured.empty() ? "" : " " + measured));
  }
  last_shown_ = now;
}

void RunDisplay::clear() {
  if (console_.is_interactive()) console_.draw_line("");
}

std::string outcome_words(Outcome outcome) {
  if (outcome == Outcome::kEmptyWithheld) return "empty, withheld";
  return std::string(to_string(outcome));
}

std::string line_of(const PartitionReport& report) {
  using Money = std::map<std::string, ExactSum>;
  const bool was_read = report.outcome == Outcome::kLoaded ||
                        report.outcome == Outcome::kReplaced || report.outcome == Outcome::kRefused;
  std::string line =
      padded(report.id.partition_name(), 24) + "  " + padded(outcome_words(report.outcome), 10);
  if (was_read) {
    line += "  " + padded(count_text(report.loaded_rows), 12, true) + " rows  " +
            padded(seconds_text(report.seconds), 8, true) + "  " +
            padded(rate_text(report.text_bytes, report.seconds), 9, true) + "  " +
            money_text(report.unblended_cost);
    const auto moved = report.cost_change ? report.cost_change->moved() : Money();
    if (!moved.empty()) line += "  (changed by " + signed_money_text(moved) + ")";
  }
  if (report.outcome == Outcome::kStaged) {
    line += "  " + padded(plural(report.files, "file"), 12, true) + "  " +
            padded(bytes_text(report.compressed_bytes), 9, true) + "  " +
            padded(seconds_text(report.seconds), 8, true);
  }
  if (report.quarantined_rows > 0) {
    line += "  (" + plural(report.quarantined_rows, "row") + " in quarantine)";
  }
  line = printable(line);
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

/// "prepare 0.02 s, load 1.30 s (1,000 rows, 12 MB), commit 0.10 s, 3 retries"
std::string stages_text(const std::vector<StageReport>& stages) {
  std::string text;
  std::uint64_t retries = 0;
  for (const StageReport& one : stages) {
    retries += one.retries;
    text += (text.empty() ? "" : ", ") + one.stage + " " + seconds_text(one.seconds);
    if (one.rows == 0) continue;
    const std::string bytes = one.bytes > 0 ? ", " + bytes_text(one.bytes) : "";
    text += " (" + plural(one.rows, "row") + bytes + ")";
  }
  if (retries > 0) text += ", " + plural(retries, "repeated request");
  return text;
}

void RunDisplay::show_finished(const PartitionReport& report) {
  clear();
  if (const auto it = partitions_.find(report.id.partition_name()); it != partitions_.end()) {
    bytes_finished_ += it->second.bytes_total;
    partitions_.erase(it);
    if (partitions_.empty()) bytes_finished_ = 0;
  }
  if (console_.is_json()) {
    console_.note(line_of(report));
  } else {
    console_.out() << line_of(report) << '\n' << std::flush;
  }
  const std::string name = report.id.partition_name();
  if (!report.message.empty()) {
    if (report.outcome == Outcome::kFailed) {
      console_.warning(name + " failed: " + report.message);
    } else {
      console_.note(name + ": " + report.message);
    }
  }
  if (!report.stages.empty()) console_.detail(name + ": " + stages_text(report.stages));
  if (report.cost_change && report.cost_change->has_moved_closed_month()) {
    console_.warning(name + ": this month was closed, and its cost changed by " +
                     signed_money_text(report.cost_change->moved()) + "; `finops diff --period " +
                     report.id.partition + " --source " + report.id.source + "` tells what");
  }
  for (const std::string& warning : report.warnings) console_.warning(name + ": " + warning);
  if (!report.new_columns.empty()) {
    std::string list;
    for (const std::string& column : report.new_columns) {
      list += (list.empty() ? "" : ", ") + column;
    }
    console_.detail(name + ": new columns " + list);
  }
}

}  // namespace finops
