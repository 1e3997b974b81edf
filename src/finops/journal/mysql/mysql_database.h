#pragma once

#include <memory>

#include "finops/core/clock.h"
#include "finops/journal/journal_database.h"
#include "finops/journal/mysql/mysql_options.h"

namespace finops::journal {

/// A database of a MySQL or MariaDB server.
///
/// A transaction that lost its connection or a deadlock is repeated from its beginning. Each begins
/// with a row of its own in finops_journal_commits, so that one whose COMMIT was not answered can
/// be told from one that did not happen: writing the row again waits for the first try to end, and
/// meets its key when it was committed.
std::unique_ptr<JournalDatabase> make_mysql_database(MySqlOptions options, Clock& clock);

}  // namespace finops::journal
