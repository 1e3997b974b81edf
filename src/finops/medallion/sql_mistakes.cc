#include "finops/medallion/sql_mistakes.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace finops::medallion {
namespace {

using datasets::SqlText;

std::string line_of(const std::string& text, unsigned number) {
  std::size_t begin = 0;
  for (unsigned line = 1; line < number; ++line) begin = text.find('\n', begin) + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

Origin moved(Origin origin, unsigned line, unsigned column) {
  const std::string file =
      origin.where.substr(0, origin.where.rfind(':', origin.where.rfind(':') - 1));
  origin.column = column + (line == 1 ? origin.column : 1);
  origin.line += line - 1;
  origin.where = file + ":" + std::to_string(origin.line) + ":" + std::to_string(origin.column);
  return origin;
}

bool is_of_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

std::string without_shown_sql(const std::string& message) {
  return message.substr(0, message.find("\n\nLINE "));
}

std::string told(const std::string& message) {
  static const std::regex internal(R"re("finops:[^"]*"(, )?)re");
  static const std::regex no_candidates(R"(,? *\n?Candidate bindings: *$)");
  std::string text = std::regex_replace(without_shown_sql(message), internal, "");
  if (text.ends_with(", ")) text.resize(text.size() - 2);
  text = std::regex_replace(text, no_candidates, "");
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::string missing_column(const std::string& message) {
  static const std::regex missing(R"re(Referenced column "([^"]*)" not found)re");
  std::smatch found;
  return std::regex_search(message, found, missing) ? found[1].str() : "";
}

Origin place_in_sql(const SqlText& text, const std::string& message) {
  static const std::regex shown(R"(\nLINE (\d+): (.*)\n( *)\^)");
  std::smatch found;
  if (!std::regex_search(message, found, shown)) return text.origin;
  const unsigned line = static_cast<unsigned>(std::stoul(found[1].str()));
  std::string piece = found[2].str();
  const std::string whole = line_of(text.sql, line);
  const std::size_t prefix = std::string("LINE : ").size() + found[1].str().size();
  std::size_t column = found[3].str().size() - std::min(prefix, found[3].str().size());
  if (piece.starts_with("...") && !whole.starts_with("...")) {  // it shows a part of a long line
    piece = piece.substr(3, piece.size() > 6 ? piece.size() - 6 : std::string::npos);
    const std::size_t at = whole.find(piece);
    column = at == std::string::npos ? 0 : at + column - std::min<std::size_t>(column, 3);
  }
  return moved(text.origin, line, static_cast<unsigned>(column));
}

Origin place_of_name(const SqlText& text, std::string_view name) {
  std::size_t at = text.sql.find(name);
  const auto is_whole = [&] {
    const std::size_t end = at + name.size();
    return (at == 0 || !is_of_name(text.sql[at - 1])) &&
           (end == text.sql.size() || !is_of_name(text.sql[end]));
  };
  while (at != std::string::npos && !is_whole()) at = text.sql.find(name, at + 1);
  if (at == std::string::npos || name.empty()) return text.origin;
  const auto begin = text.sql.begin();
  const auto lines = std::count(begin, begin + static_cast<std::ptrdiff_t>(at), '\n');
  const std::size_t line_begin = at == 0 ? 0 : text.sql.rfind('\n', at - 1) + 1;  // 0 for none
  return moved(text.origin, static_cast<unsigned>(lines) + 1,
               static_cast<unsigned>(at - line_begin));
}

SqlText embedded(std::string_view before, const SqlText& text, std::string_view after) {
  SqlText query{std::string(before) + text.sql + std::string(after), text.origin};
  query.origin.column -= static_cast<unsigned>(before.size());  // below 0 it comes back by adding
  return query;
}

}  // namespace finops::medallion
