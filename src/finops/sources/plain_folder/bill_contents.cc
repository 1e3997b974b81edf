#include "finops/sources/plain_folder/bill_contents.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/tabular/first_cells.h"
#include "finops/tabular/timestamp_text.h"

namespace finops::plain_folder {
namespace {

constexpr std::size_t kAtOnce = 8;       // a bucket far away answers after a while
constexpr std::size_t kFirstRows = 100;  // the load looks at all of them

using Headers = std::vector<std::vector<HeaderColumn>>;  // by file

BillPart part_of(const std::shared_ptr<ObjectStore>& store, const ObjectInfo& file) {
  return {file.key, [=] { return store->open(file.key, {.expected_etag = file.etag}); },
          format_of_name(file.key).value(),
          [=]() -> std::shared_ptr<const RandomAccessBytes> { return open_random(*store, file); }};
}

Error refused(const PlainFolderOptions& options, const std::string& why) {
  return {ErrorKind::kInvalidData, "'" + options.location + "': " + why};
}

/// The column of the header that is `column` of the lake; empty: it has none.
std::string name_of(const ColumnDictionary& dictionary, const std::vector<HeaderColumn>& header,
                    const std::string& column) {
  for (const HeaderColumn& one : header) {
    if (dictionary.column_of(one.name) == column) return one.name;
  }
  return "";
}

/// No two kinds share these.
std::vector<std::string> telling_columns(const ColumnDictionary& dictionary) {
  return {dictionary.cost_column(), dictionary.currency_column(), dictionary.period_column()};
}

bool has_telling_column(const BillKind& kind, const std::vector<HeaderColumn>& header) {
  return std::ranges::any_of(telling_columns(*kind.dictionary), [&](const std::string& column) {
    return !name_of(*kind.dictionary, header, column).empty();
  });
}

class KindSearch {
 public:
  KindSearch(const PlainFolderOptions& options, const std::vector<ObjectInfo>& files,
             const Headers& headers)
      : options_(options), files_(files), headers_(headers) {}

  const ColumnDictionary& find() const {
    const BillKind* kind = told();
    const ObjectInfo* known_by = nullptr;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (headers_[i].empty()) continue;  // a file of zero bytes is of any kind
      const BillKind& found = kind_of(files_[i], headers_[i]);
      if (kind != nullptr && kind != &found) {
        throw refused(options_, "'" + known_by->key + "' has the columns of " + kind->name + ", '" +
                                    files_[i].key + "' those of " + found.name +
                                    ". Load each kind from a folder of its own");
      }
      kind = &found;
      known_by = &files_[i];
    }
    if (kind == nullptr) {
      throw refused(options_,
                    "its files are empty, so it cannot be told what they are; say it "
                    "with --format " +
                        all_names(" or --format "));
    }
    return *kind->dictionary;
  }

 private:
  /// Null: nothing was told.
  const BillKind* told() const {
    const auto found = std::ranges::find(options_.kinds, options_.told_kind, &BillKind::name);
    return found == options_.kinds.end() ? nullptr : &*found;
  }

  std::string all_names(const std::string& between) const {
    std::string names;
    for (const BillKind& kind : options_.kinds) names += (names.empty() ? "" : between) + kind.name;
    return names;
  }

  const BillKind& kind_of(const ObjectInfo& file, const std::vector<HeaderColumn>& header) const {
    std::vector<const BillKind*> found;
    for (const BillKind& kind : options_.kinds) {
      if (has_telling_column(kind, header)) found.push_back(&kind);
    }
    if (const BillKind* kind = told()) {
      require(*kind, found, file, header);
      return *kind;
    }
    if (found.size() == 1) return *found.front();
    std::string why = found.empty()
                          ? " has no column by which a bill is known (" + columns_text() + ")"
                          : " has columns of " + all_names(" and of ");
    throw refused(options_, "'" + file.key + "'" + why +
                                ". If it is a bill, say which with "
                                "--format " +
                                all_names(" or --format "));
  }

  void require(const BillKind& kind, const std::vector<const BillKind*>& found,
               const ObjectInfo& file, const std::vector<HeaderColumn>& header) const {
    const bool is_other = !found.empty() && std::ranges::find(found, &kind) == found.end();
    if (is_other) {
      throw refused(options_, "'" + file.key + "' has the columns of " + found.front()->name +
                                  ", --format says " + kind.name);
    }
    const bool has_any = std::ranges::any_of(header, [&](const HeaderColumn& column) {
      return kind.dictionary->column_of(column.name).has_value();
    });
    if (!has_any) {
      throw refused(options_, "'" + file.key + "' has not one column of " + kind.name +
                                  ", which --format says");
    }
  }

  std::string columns_text() const {
    std::string text;
    for (const BillKind& kind : options_.kinds) {
      for (const std::string& column : telling_columns(*kind.dictionary)) {
        text += (text.empty() ? "" : ", ") + column;
      }
    }
    return text;
  }

  const PlainFolderOptions& options_;
  const std::vector<ObjectInfo>& files_;
  const Headers& headers_;
};

/// The month that begins at this instant; nothing when none does.
std::optional<BillingPeriod> month_from(std::int64_t micros) {
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(micros)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  if (day != time || static_cast<unsigned>(date.day()) != 1) return std::nullopt;
  return BillingPeriod(static_cast<int>(date.year()),
                       static_cast<int>(static_cast<unsigned>(date.month())));
}

/// The periods that the first rows say, with a file that says each.
class PeriodSearch {
 public:
  PeriodSearch(const PlainFolderOptions& options, std::string column)
      : options_(options), column_(std::move(column)) {}

  void look_at(const ObjectInfo& file, const std::vector<std::string>& cells) {
    for (const std::string& cell : cells) {
      if (cell.empty()) {
        silent_.insert(file.key);
        continue;
      }
      const auto micros = parse_timestamp(cell);
      if (!micros) continue;  // the row does not fit, the load sets it aside
      const auto month = month_from(*micros);
      if (!month) {
        throw refused(options_, "'" + file.key + "' says in " + column_ +
                                    " that its billing period starts at '" + cell +
                                    "', which is no month's first instant in UTC");
      }
      by_period_.try_emplace(*month, file.key);
    }
  }
  void be_silent(const ObjectInfo& file) { silent_.insert(file.key); }

  BillingPeriod find() const {
    if (by_period_.size() > 1) {
      throw refused(options_, "it has rows of several billing periods: " + periods_text() +
                                  ". Load the files of each month by themselves");
    }
    const auto& told = options_.told_period;
    if (told && !by_period_.empty() && by_period_.begin()->first != *told) {
      throw refused(options_, "--period says " + told->to_string() + ", its rows say " +
                                  periods_text() + " in " + column_);
    }
    if (told) return *told;
    if (by_period_.empty()) {
      throw refused(options_, "its first rows do not say in " + column_ +
                                  " which month they are of; give --period YYYY-MM");
    }
    if (!silent_.empty()) {
      throw refused(options_, "'" + *silent_.begin() + "' does not say in " + column_ +
                                  " which month it is of, others say " + periods_text() +
                                  "; if all are of one month, give --period");
    }
    return by_period_.begin()->first;
  }

 private:
  std::string periods_text() const {
    std::string text;
    for (const auto& [period, key] : by_period_) {
      text += (text.empty() ? "" : ", ") + period.to_string() + " ('" + key + "')";
    }
    return text;
  }

  const PlainFolderOptions& options_;
  const std::string column_;
  std::map<BillingPeriod, std::string> by_period_;
  std::set<std::string> silent_;
};

}  // namespace

BillContents look_into(const std::shared_ptr<ObjectStore>& store,
                       const std::vector<ObjectInfo>& files, const PlainFolderOptions& options) {
  Headers headers(files.size());
  for_each_at_once(files.size(), kAtOnce,
                   [&](std::size_t i) { headers[i] = read_header(part_of(store, files[i])); });
  const ColumnDictionary& dictionary = KindSearch(options, files, headers).find();
  const std::string column = dictionary.period_column();
  std::vector<std::vector<std::string>> cells(files.size());
  std::vector<std::string> names(files.size());
  for_each_at_once(files.size(), kAtOnce, [&](std::size_t i) {
    names[i] = name_of(dictionary, headers[i], column);
    if (!names[i].empty()) cells[i] = first_cells(part_of(store, files[i]), names[i], kFirstRows);
  });
  PeriodSearch periods(options, column);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool is_silent = !headers[i].empty() && names[i].empty();
    if (is_silent) {
      periods.be_silent(files[i]);
    } else {
      periods.look_at(files[i], cells[i]);
    }
  }
  return {&dictionary, periods.find()};
}

}  // namespace finops::plain_folder
