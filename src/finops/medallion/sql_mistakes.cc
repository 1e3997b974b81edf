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

/// The first whole word that is the name, from `begin` on.
std::size_t find_name(const std::string& sql, std::string_view name, std::size_t begin) {
  if (name.empty()) return std::string::npos;
  std::size_t at = sql.find(name, begin);
  const auto is_whole = [&] {
    const std::size_t end = at + name.size();
    return (at == 0 || !is_of_name(sql[at - 1])) && (end == sql.size() || !is_of_name(sql[end]));
  };
  while (at != std::string::npos && !is_whole()) at = sql.find(name, at + 1);
  return at;
}

/// Whether "AS", in any case, stands before the name at this place, which may be quoted.
bool is_after_as(const std::string& sql, std::size_t at) {
  static const std::regex as(R"re((^|[^A-Za-z0-9_])[Aa][Ss]\s+"?$)re");
  constexpr std::size_t kMostBlanks = 80;
  const std::size_t begin = at < kMostBlanks ? 0 : at - kMostBlanks;
  return std::regex_search(sql.substr(begin, at - begin), as);
}

}  // namespace

Origin place_at(const SqlText& text, std::size_t at) {
  const auto begin = text.sql.begin();
  const auto lines = std::count(begin, begin + static_cast<std::ptrdiff_t>(at), '\n');
  const std::size_t line_begin = at == 0 ? 0 : text.sql.rfind('\n', at - 1) + 1;  // 0 for none
  return moved(text.origin, static_cast<unsigned>(lines) + 1,
               static_cast<unsigned>(at - line_begin));
}

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

std::string refused_column(const std::string& message) {
  static const std::regex refused(R"re(^the column '([^']*)' is )re");
  std::smatch found;
  return std::regex_search(message, found, refused) ? found[1].str() : "";
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
  const std::size_t at = find_name(text.sql, name, 0);
  return at == std::string::npos ? text.origin : place_at(text, at);
}

Origin place_of_column(const SqlText& text, const std::string& name) {
  for (std::size_t at = find_name(text.sql, name, 0); at != std::string::npos;
       at = find_name(text.sql, name, at + 1)) {
    if (is_after_as(text.sql, at)) return place_at(text, at);
  }
  return place_of_name(text, name);
}

SqlText embedded(std::string_view before, const SqlText& text, std::string_view after) {
  SqlText query{std::string(before) + text.sql + std::string(after), text.origin};
  query.origin.column -= static_cast<unsigned>(before.size());  // below 0 it comes back by adding
  return query;
}

}  // namespace finops::medallion
