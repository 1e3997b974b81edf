#include "finops/cli/text_table.h"

#include <algorithm>
#include <utility>

#include "finops/cli/human_text.h"

namespace finops {

TextTable::TextTable(std::vector<Heading> headings) : headings_(std::move(headings)) {
  for (Heading& heading : headings_) {
    heading.name = printable(heading.name);
    widths_.push_back(text_width(heading.name));
  }
}

void TextTable::add(std::vector<std::string> cells) {
  cells.resize(headings_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = printable(cells[i]);
    widths_[i] = std::max(widths_[i], text_width(cells[i]));
  }
  rows_.push_back(std::move(cells));
}

void TextTable::print_line(std::ostream& out, std::size_t indent,
                           const std::vector<std::string>& cells) const {
  std::string line(indent, ' ');
  std::size_t pending = 0;  // blanks that are written only when something follows them
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t width = text_width(cells[i]);
    const std::size_t gap = widths_[i] > width ? widths_[i] - width : 0;
    if (headings_[i].align == Align::kRight) pending += gap;
    if (!cells[i].empty()) {
      line += std::string(pending, ' ') + cells[i];
      pending = 0;
    }
    pending += 2 + (headings_[i].align == Align::kLeft ? gap : 0);
  }
  out << line << '\n';
}

void TextTable::print(std::ostream& out, std::size_t indent) const {
  std::vector<std::string> names;
  for (const Heading& heading : headings_) names.push_back(heading.name);
  print_line(out, indent, names);
  print_rows(out, indent);
}

void TextTable::print_rows(std::ostream& out, std::size_t indent) const {
  for (const auto& row : rows_) print_line(out, indent, row);
}

}  // namespace finops
