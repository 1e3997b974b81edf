#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace finops {

/// Rows in aligned columns under a heading, for people. Cells are made printable().
class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Heading {
    std::string name;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Heading> headings);

  void add(std::vector<std::string> cells);  // as many as there are headings
  bool is_empty() const { return rows_.empty(); }

  /// Heading and rows, each line indented by `indent` blanks.
  void print(std::ostream& out, std::size_t indent = 0) const;
  /// The rows alone, in the widths known so far: for results too long to be held.
  void print_rows(std::ostream& out, std::size_t indent = 0) const;
  void drop_rows() { rows_.clear(); }

 private:
  void print_line(std::ostream& out, std::size_t indent,
                  const std::vector<std::string>& cells) const;

  std::vector<Heading> headings_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace finops
