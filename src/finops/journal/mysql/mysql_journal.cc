#include "finops/journal/mysql/mysql_journal.h"

#include <utility>

#include "finops/journal/mysql/mysql_database.h"
#include "finops/journal/sql_journal.h"

namespace finops::journal {

std::unique_ptr<JobJournal> make_mysql_journal(MySqlOptions options, Clock& clock) {
  return make_sql_journal(make_mysql_database(std::move(options), clock));
}

}  // namespace finops::journal
