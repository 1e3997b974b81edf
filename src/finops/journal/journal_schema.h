#pragma once

#include "finops/journal/job_journal.h"
#include "finops/journal/journal_database.h"

namespace finops::journal {

constexpr int kJournalVersion = 2;

/// Of the tables as they are; 0 when there is no journal.
int journal_version(SqlSession& session, const SqlDialect& dialect);

/// What JobJournal::migrate promises; within JournalDatabase::migrate.
Migration migrate_tables(SqlSession& session, const SqlDialect& dialect);

/// Throws kInvalidConfig, or kUnsupported for a newer one, unless `version` is ours.
void require_version(int version);

}  // namespace finops::journal
