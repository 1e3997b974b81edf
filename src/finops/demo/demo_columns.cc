#include "finops/demo/demo_columns.h"

#include <algorithm>
#include <array>
#include <utility>

#include "finops/core/csv_cell.h"
#include "finops/demo/demo_random.h"

namespace finops {
namespace {

constexpr auto kMapColumns = std::to_array<DemoColumn>({
    {"product", DemoKind::kText, DemoField::kCount, DemoMap::kProduct},
    {"resource_tags", DemoKind::kText, DemoField::kCount, DemoMap::kResourceTags},
    {"cost_category", DemoKind::kText, DemoField::kCount, DemoMap::kCostCategory},
    {"discount", DemoKind::kText, DemoField::kCount, DemoMap::kDiscount, DemoPresence::kDiscount},
});

bool is_present(DemoPresence presence, const DemoPayer& payer, const DemoMonthPlan& plan) {
  const bool is_only_month = plan.is_first && plan.is_last;
  switch (presence) {
    case DemoPresence::kNet: return payer.has_net_columns;
    case DemoPresence::kDiscount: return !(payer.has_separate_discounts && plan.is_first);
    case DemoPresence::kSplit: return plan.has_split_rows;
    case DemoPresence::kNetSplit: return plan.has_split_rows && payer.has_net_columns;
    case DemoPresence::kVanishing: return !plan.is_last || is_only_month;
    case DemoPresence::kAppearing: return !plan.is_first || is_only_month;
    case DemoPresence::kAlways:
    case DemoPresence::kOddFiles: break;
  }
  return true;
}

constexpr auto kNeedsQuotes = [] {
  std::array<bool, 256> needs{};
  for (const char c : {',', '"', '\n', '\r'}) needs[static_cast<unsigned char>(c)] = true;
  return needs;
}();

void append_text(std::string& out, std::string_view text) {
  bool needs_quotes = false;
  for (const char c : text) needs_quotes |= kNeedsQuotes[static_cast<unsigned char>(c)];
  if (needs_quotes) {
    append_quoted_cell(out, text);
  } else {
    out += text;
  }
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      default: out += c;
    }
  }
  out += '"';
}

/// v2 writes milliseconds.
void append_time(std::string& out, std::string_view time, bool is_v2) {
  if (!is_v2 || time.empty()) {
    out += time;
    return;
  }
  out += time.substr(0, time.size() - 1);
  out += ".000Z";
}

/// The entries of one map; a second entry with a key that is there already is left out, as AWS does
/// with tags that differ in case only.
void append_map(std::string& out, DemoMap map, const DemoLineItem& item) {
  std::string json = "{";
  std::string_view last_key;
  for (const DemoFieldInfo& info : demo_fields()) {
    if (info.map != map || info.key == last_key) continue;
    const bool is_number = info.kind == DemoKind::kNumber;
    if (is_number ? item.number(info.field).is_empty : item.text(info.field).empty()) continue;
    if (json.size() > 1) json += ',';
    append_json_text(json, info.key);
    json += ':';
    if (is_number) {
      append_number(json, item.number(info.field), DemoNumberForm::kShortest);
    } else {
      append_json_text(json, item.text(info.field));
    }
    last_key = info.key;
  }
  json += '}';
  append_text(out, json);
}

}  // namespace

std::vector<DemoColumn> demo_columns(const DemoPayer& payer, const DemoMonthPlan& plan) {
  std::vector<DemoColumn> columns;
  for (const DemoFieldInfo& info : demo_fields()) {
    const std::string_view name = payer.is_v2 ? info.v2 : info.v1;
    if (name.empty() || !is_present(info.presence, payer, plan)) continue;
    columns.push_back({name, info.kind, info.field, DemoMap::kNone, info.presence});
  }
  if (payer.is_v2) {
    for (const DemoColumn& column : kMapColumns) {
      if (is_present(column.presence, payer, plan)) columns.push_back(column);
    }
    columns.push_back({.name = "product_instanceSKU"});
  } else {
    columns.push_back({.name = "product/ecu"});
  }
  if (!plan.is_first) {
    DemoRandom random{payer.seed,
                      static_cast<std::uint64_t>(plan.period.year() * 12 + plan.period.month()), 1};
    for (std::size_t i = columns.size() - 1; i > 0; --i) {
      std::swap(columns[i], columns[static_cast<std::size_t>(random.below(i + 1))]);
    }
  }
  return columns;
}

std::vector<DemoColumn> demo_file_columns(const std::vector<DemoColumn>& all, int file) {
  std::vector<DemoColumn> columns = all;
  const auto shift = static_cast<std::ptrdiff_t>(file - 1) * 11 % std::ssize(columns);
  std::ranges::rotate(columns, columns.begin() + shift);
  if (file % 2 == 0) {
    std::erase_if(columns,
                  [](const DemoColumn& c) { return c.presence == DemoPresence::kOddFiles; });
  }
  return columns;
}

void append_demo_header(std::string& out, const std::vector<DemoColumn>& columns) {
  for (const DemoColumn& column : columns) {
    if (&column != &columns.front()) out += ',';
    append_text(out, column.name);
  }
  out += '\n';
}

void append_demo_row(std::string& out, const std::vector<DemoColumn>& columns,
                     const DemoLineItem& item, bool is_v2, DemoTruth& truth) {
  const auto form = is_v2 ? DemoNumberForm::kShortest : DemoNumberForm::kFixed;
  truth.add_row(item);
  for (const DemoColumn& column : columns) {
    if (column.map != DemoMap::kNone) {
      append_map(out, column.map, item);
    } else if (column.field == DemoField::kCount) {
      // always empty
    } else if (column.kind == DemoKind::kNumber) {
      const DemoNumber& number = item.number(column.field);
      if (!number.is_empty) {
        append_number(out, number, form);
        truth.add_cell(column.field, number);
      }
    } else if (column.kind == DemoKind::kTime) {
      append_time(out, item.text(column.field), is_v2);
    } else {
      append_text(out, item.text(column.field));
    }
    out += ',';
  }
  out.back() = '\n';
}

}  // namespace finops
