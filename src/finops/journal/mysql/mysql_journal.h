#pragma once

#include <memory>

#include "finops/core/clock.h"
#include "finops/journal/job_journal.h"
#include "finops/journal/mysql/mysql_options.h"

namespace finops::journal {

/// The journal in a database of MySQL or MariaDB, for workers on any number of machines. Leases run
/// by the server's clock; `clock`, which outlives the journal, only times repetitions. Connects
/// with the first call.
std::unique_ptr<JobJournal> make_mysql_journal(MySqlOptions options, Clock& clock);

}  // namespace finops::journal
