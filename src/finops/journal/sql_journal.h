#pragma once

#include <memory>

#include "finops/journal/job_journal.h"
#include "finops/journal/journal_database.h"

namespace finops::journal {

/// The journal in a SQL database; every promise but the database's own is kept here.
std::unique_ptr<JobJournal> make_sql_journal(std::unique_ptr<JournalDatabase> database);

}  // namespace finops::journal
