#pragma once

#include "finops/cli/command_tree.h"

namespace finops {

// Each adds one command, or the commands of one group, to the tree.

void add_init_command(CommandTree& tree);
void add_config_command(CommandTree& tree);
void add_doctor_command(CommandTree& tree);  // doctor, selftest
void add_discover_manifests_command(CommandTree& tree);
void add_run_commands(CommandTree& tree);  // run-pipeline, load-billing-local
void add_load_command(CommandTree& tree);
void add_export_parquet_command(CommandTree& tree);
void add_load_remote_command(CommandTree& tree);
void add_query_command(CommandTree& tree);
void add_receipt_commands(CommandTree& tree);  // receipt, receipt verify
void add_history_command(CommandTree& tree);
void add_rollback_commands(CommandTree& tree);    // rollback, release
void add_quarantine_commands(CommandTree& tree);  // ls, show, replay, waive
void add_lake_commands(CommandTree& tree);        // expire, check, relocate, restore-catalog
void add_journal_commands(CommandTree& tree);     // migrate, clients, set-client, remove-client
void add_serve_command(CommandTree& tree);
void add_dataset_commands(CommandTree& tree);  // check, run, status, lineage, docs
void add_report_command(CommandTree& tree);
void add_demo_commands(CommandTree& tree);  // generate
void add_diff_command(CommandTree& tree);
/// Promised names that say so: reconcile and others.
void add_commands_of_later_versions(CommandTree& tree);

}  // namespace finops
