#pragma once

#include <memory>
#include <string>

#include "finops/core/clock.h"
#include "finops/journal/job_journal.h"

namespace finops::journal {

/// The journal in a SQLite file, for one machine: any number of its threads and processes may use
/// it at once. Leases run by `clock`, which outlives the journal. The first migrate() makes the
/// file and its folder; until then nothing does.
std::unique_ptr<JobJournal> make_sqlite_journal(std::string path, Clock& clock);

}  // namespace finops::journal
