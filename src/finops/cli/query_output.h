#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "finops/engines/sql_engine.h"

namespace finops {

/// Writes a query's result to a stream as it comes, in bounded memory. Decimals are written
/// exactly: in JSON as text, because most readers would make doubles of them.
class FormattedOutput : public ResultSink {
 public:
  virtual void finish() = 0;  // after the last row
};

/// "table": for people; NULL is NULL. "csv": RFC 4180 with LF; NULL is empty, an empty text is "".
/// "json": an array of objects, one a line; names that occur twice get "_1", "_2", …
std::unique_ptr<FormattedOutput> make_query_output(const std::string& format, std::ostream& out);

}  // namespace finops
