#pragma once

#include <string>
#include <string_view>

#include "finops/datasets/project.h"

namespace finops::medallion {

// What the engine says of SQL that people wrote, as a mistake in their file.

/// The message without the piece of SQL that it shows.
std::string without_shown_sql(const std::string& message);

/// The same in one line, without names that only finops knows.
std::string told(const std::string& message);

/// The column that an engine's message does not find; empty where it is about something else.
std::string missing_column(const std::string& message);

/// "file.sql:3:14" for an error that the engine found in the text, as far as its message tells;
/// else the text's beginning.
Origin place_in_sql(const datasets::SqlText& text, const std::string& message);

/// Of a byte of the text.
Origin place_at(const datasets::SqlText& text, std::size_t at);

/// The first place of a name in the text; the text's beginning where it is not in it.
Origin place_of_name(const datasets::SqlText& text, std::string_view name);

/// Where a query gives a column of its result this name: after AS where it is written so, else as
/// place_of_name().
Origin place_of_column(const datasets::SqlText& text, const std::string& name);

/// The column that the engine refuses for its type; empty where it says something else.
std::string refused_column(const std::string& message);

/// The text in a query, with the origin that puts each of its characters where it is written.
datasets::SqlText embedded(std::string_view before, const datasets::SqlText& text,
                           std::string_view after);

}  // namespace finops::medallion
