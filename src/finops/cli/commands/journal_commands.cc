#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/text_table.h"
#include "finops/core/json_or_null.h"

namespace finops {
namespace {

int migrate(CommandContext& context) {
  const JournalMigrationReport report =
      context.services.migrate_journal(context.configuration(), context.stop());
  const auto [from, to] = report.migration;
  if (context.console.is_json()) {
    context.console.print_document({{"journal", report.journal},
                                    {"changed", from != to},
                                    {"from_version", from},
                                    {"to_version", to}});
    return 0;
  }
  auto& out = context.console.out();
  out << "The journal " << printable(report.journal);
  if (from == to) {
    out << " has version " << to << " already; nothing was changed.\n";
  } else if (from == 0) {
    out << " was made, with version " << to << ".\n";
  } else {
    out << " was brought from version " << from << " to " << to << ".\n";
  }
  return 0;
}

using journal::ClientConfiguration;

/// "project.dataset.table", "dataset.table" or "dataset": what is left out stays as it is usual.
struct Place {
  std::string project, dataset, table;
};

Place place_of(const std::string& option, const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  const bool has_empty = std::ranges::find(parts, "") != parts.end();
  if (has_empty || parts.size() > 3) {
    throw Error(ErrorKind::kUsage,
                option + " '" + text + "' must be PROJECT.DATASET.TABLE, DATASET.TABLE or DATASET");
  }
  if (parts.size() == 1) return {"", parts[0], ""};
  if (parts.size() == 2) return {"", parts[0], parts[1]};
  return {parts[0], parts[1], parts[2]};
}

std::string place_text(const std::string& project, const std::string& dataset,
                       const std::string& table) {
  std::string text;
  for (const auto* part : {&project, &dataset, &table}) {
    if (!part->empty()) text += (text.empty() ? "" : ".") + *part;
  }
  return text.empty() ? "(usual)" : text;
}

nlohmann::ordered_json client_document(const ClientConfiguration& client) {
  const auto time = [](const std::optional<journal::Time>& at) {
    return at ? nlohmann::ordered_json(journal::to_text(*at)) : nlohmann::ordered_json();
  };
  return {{"organization_id", client.organization_id},
          {"source_project", text_or_null(client.source_project)},
          {"source_dataset", text_or_null(client.source_dataset)},
          {"source_table", text_or_null(client.source_table)},
          {"service_account", text_or_null(client.service_account)},
          {"location", text_or_null(client.location)},
          {"destination_project", text_or_null(client.destination_project)},
          {"destination_dataset", text_or_null(client.destination_dataset)},
          {"destination_table", text_or_null(client.destination_table)},
          {"transform_sql", text_or_null(client.transform_sql)},
          {"look_back_days", client.look_back_days},
          {"enabled", client.is_enabled},
          {"last_successful_run", time(client.last_successful_run)},
          {"created_at", time(client.created_at)}};
}

int show_clients(CommandContext& context) {
  const auto clients = context.services.clients(context.configuration());
  if (context.console.is_json()) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& client : clients) list.push_back(client_document(client));
    context.console.print_document({{"clients", std::move(list)}});
    return 0;
  }
  TextTable table({{"organisation"}, {"source"}, {"destination"}, {"reads as"}, {"last success"}});
  for (const auto& client : clients) {
    table.add({client.organization_id + (client.is_enabled ? "" : " (disabled)"),
               place_text(client.source_project, client.source_dataset, client.source_table),
               place_text(client.destination_project, client.destination_dataset,
                          client.destination_table),
               client.service_account.empty() ? "-" : client.service_account,
               client.last_successful_run
                   ? journal::to_text(*client.last_successful_run).substr(0, 16)
                   : "never"});
  }
  table.print(context.console.out());
  if (clients.empty()) context.console.note("nothing is copied yet: finops journal set-client");
  return 0;
}

/// Given options change a client, the others leave it as it is.
struct ClientOptions {
  std::string organization_id;
  std::optional<std::string> source, destination, service_account, location, transform_sql;
  std::optional<int> look_back_days;
  bool enable = false, disable = false;
};

void apply(const ClientOptions& options, ClientConfiguration& client) {
  if (options.source) {
    const Place place = place_of("--source", *options.source);
    client.source_project = place.project;
    client.source_dataset = place.dataset;
    client.source_table = place.table;
  }
  if (options.destination) {
    const Place place = place_of("--destination", *options.destination);
    client.destination_project = place.project;
    client.destination_dataset = place.dataset;
    client.destination_table = place.table;
  }
  if (options.service_account) client.service_account = *options.service_account;
  if (options.location) client.location = *options.location;
  if (options.transform_sql) client.transform_sql = *options.transform_sql;
  if (options.look_back_days) client.look_back_days = *options.look_back_days;
  if (options.enable) client.is_enabled = true;
  if (options.disable) client.is_enabled = false;
}

int set_client(CommandContext& context, const ClientOptions& options) {
  const ChangedClient changed =
      context.services.change_client(context.configuration(), options.organization_id,
                                     [&](ClientConfiguration& client) { apply(options, client); });
  if (!changed.lacking.empty()) context.console.warning(changed.lacking);
  if (context.console.is_json()) {
    context.console.print_document(client_document(changed.client));
    return 0;
  }
  auto& out = context.console.out();
  out << "The organisation " << printable(changed.client.organization_id)
      << (changed.client.is_enabled ? " is copied" : " is not copied (disabled)");
  if (changed.lacking.empty()) {
    out << ": " << printable(changed.source) << " to " << printable(changed.destination);
  }
  out << ".\n";
  return 0;
}

int remove_client(CommandContext& context, const std::string& organization_id) {
  const bool is_removed = context.services.remove_client(context.configuration(), organization_id);
  if (!is_removed) {
    throw Error(ErrorKind::kNotFound, "the journal has no organisation '" + organization_id +
                                          "'; `finops journal "
                                          "clients` lists them");
  }
  if (context.console.is_json()) {
    context.console.print_document({{"removed", organization_id}});
  } else {
    context.console.out() << "The organisation " << printable(organization_id)
                          << " is copied no more; its jobs and its copy stay.\n";
  }
  return 0;
}

void add_set_client(CommandTree& tree) {
  auto options = std::make_shared<ClientOptions>();
  CLI::App& command =
      tree.add(tree.group("journal"), "set-client",
               "Add or change what the service copies for an organisation; what is not named stays",
               "  finops journal set-client 7 --source "
               "client-project.billing.gcp_billing_export_v1_X \\\n"
               "    --destination our-project.org_7.billing --service-account "
               "reader@client-project.iam.gserviceaccount.com\n"
               "  finops journal set-client 7 --disable\n",
               [options](CommandContext& context) { return set_client(context, *options); });
  command.add_option("organization", options->organization_id, "Its id, as messages name it")
      ->required();
  command.add_option("--source", options->source, "PROJECT.DATASET.TABLE of its billing export");
  command.add_option("--destination", options->destination,
                     "PROJECT.DATASET.TABLE of the copy (usual: service.project_id, "
                     "org_<id>_standard_export.org_<id>_standard_export_table)");
  command.add_option("--service-account", options->service_account,
                     "Impersonated for reading; empty: the service's own identity reads");
  command.add_option("--location", options->location,
                     "That both datasets have to be in; empty: the source's");
  command.add_option("--transform-sql", options->transform_sql,
                     "File of a SELECT that changes rows on their way; empty: none");
  command
      .add_option("--look-back-days", options->look_back_days,
                  "Days before the last finished one that late rows are looked for in")
      ->check(CLI::Range(0, 3650));
  auto* enable = command.add_flag("--enable", options->enable, "Copy it");
  command.add_flag("--disable", options->disable, "Refuse its messages")->excludes(enable);
}

}  // namespace

void add_journal_commands(CommandTree& tree) {
  tree.add(tree.group("journal"), "migrate",
           "Make the journal's tables, or bring older ones to this version; rows stay",
           "  finops journal migrate\n"
           "  finops journal migrate --set service.journal=mysql://db.example/finops\n",
           migrate);
  tree.add(tree.group("journal"), "clients", "List the organisations that the service copies for",
           "  finops journal clients\n"
           "  finops journal clients --json\n",
           show_clients);
  add_set_client(tree);
  auto organization = std::make_shared<std::string>();
  CLI::App& remove = tree.add(
      tree.group("journal"), "remove-client",
      "Copy no more for an organisation; its jobs and its copy stay",
      "  finops journal remove-client 7\n",
      [organization](CommandContext& context) { return remove_client(context, *organization); });
  remove.add_option("organization", *organization, "Its id")->required();
}

}  // namespace finops
