#include "finops/demo/cloud_provider_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/demo/cloud_provider_truth.h"
#include "finops/demo/demo_file.h"
#include "finops/demo/demo_number.h"
#include "finops/demo/demo_payer.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;
// Random numbers are drawn in statements of their own, never in two arguments of one call: the
// order of arguments is the compiler's, and the bytes must be the same whatever it is.

using Texts = std::initializer_list<std::string_view>;

constexpr std::size_t kUsers = 800, kInvoiceMonths = 3, kTickets = 1000, kTouches = 1500;
constexpr std::size_t kSurveys = 92;

/// One CSV file on its way. Cells are quoted where RFC 4180 demands it.
class CloudTable {
 public:
  CloudTable(const CloudProviderOptions& options, std::string name, std::string_view header)
      : name_(std::move(name)), file_(options.out / "landing" / (name_ + ".csv")) {
    file_.text().append(header).append("\n");
  }

  CloudTable& cell(std::string_view text) {
    std::string& out = file_.text();
    if (!is_first_) out += ',';
    is_first_ = false;
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
      out += text;
      return *this;
    }
    out += '"';
    for (const char c : text) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
    return *this;
  }
  CloudTable& number(std::int64_t digits, int scale) { return cell(shortest_text(digits, scale)); }
  CloudTable& truth(bool is_true) { return cell(is_true ? "True" : "False"); }
  /// `text` as people type it, one time in `rate`.
  CloudTable& typed(std::string_view text, DemoRandom& random, std::uint64_t rate) {
    std::string varied;
    append_varied(varied, text, random.one_in(rate) ? random.below(3) + 1 : 0);
    return cell(varied);
  }
  void end_row() {
    file_.text() += '\n';
    is_first_ = true;
    ++rows_;
    file_.flush_if_large();
  }

  /// Its part of truth.json.
  Json finish(CloudProviderSummary& summary) {
    const std::uint64_t bytes = file_.finish();
    summary.written.push_back({name_, 1, rows_, bytes});
    return {{"file", name_ + ".csv"}, {"rows", rows_}, {"bytes", bytes}};
  }

 private:
  std::string name_;
  DemoTextFile file_;
  std::int64_t rows_ = 0;
  bool is_first_ = true;
};

using std::chrono::sys_days;

constexpr sys_days day(int year, unsigned month, unsigned of_month) {
  return std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(of_month);
}

std::string date_text(sys_days date) { return demo_time_text(date).substr(0, 10); }

sys_days random_day(DemoRandom& random, sys_days first, sys_days last) {
  return first + std::chrono::days(random.between(0, (last - first).count()));
}

std::string_view pick(DemoRandom& random, Texts texts) {
  return texts.begin()[random.below(texts.size())];
}

/// What is to be known of a table beside its size: how often something was written.
class Numbers {
 public:
  explicit Numbers(bool is_clean) : is_clean_(is_clean) {}
  /// Whether row `row` is one of the odd rows, which are counted; never in clean data.
  bool is_odd(std::string_view what, std::size_t row, std::initializer_list<std::size_t> rows) {
    const bool is_one = !is_clean_ && std::ranges::find(rows, row) != rows.end();
    oddities_[std::string(what)] = oddities_.value(what, 0) + (is_one ? 1 : 0);
    return is_one;
  }
  void count(std::string_view what, bool holds) {
    counts_[std::string(what)] = counts_.value(what, 0) + (holds ? 1 : 0);
  }
  void add_to(Json& truth) const {
    truth.update(counts_);
    truth["oddities"] = oddities_;
  }

 private:
  bool is_clean_;
  Json counts_ = Json::object(), oddities_ = Json::object();
};

class Tables {
 public:
  Tables(const CloudProviderOptions& options, const CloudWorld& world,
         CloudProviderSummary& summary)
      : options_(options), world_(world), summary_(summary) {}

  Json write() {
    return {{"customers_orgs", customers()}, {"users", users()},
            {"resources", resources()},      {"billing_monthly", invoices()},
            {"support_tickets", tickets()},  {"marketing_touches", touches()},
            {"nps_surveys", surveys()}};
  }

 private:
  Json customers();
  Json users();
  Json resources();
  Json invoices();
  Json tickets();
  Json touches();
  Json surveys();

  DemoRandom random(CloudStream stream) const { return cloud_random(options_.seed, stream); }
  const std::string& any_org(DemoRandom& random) const { return random.pick(world_.orgs).id; }
  Json finish(CloudTable& table, const Numbers& numbers) {
    Json truth = table.finish(summary_);
    numbers.add_to(truth);
    return truth;
  }

  const CloudProviderOptions& options_;
  const CloudWorld& world_;
  CloudProviderSummary& summary_;
};

Json Tables::customers() {
  DemoRandom random = this->random(CloudStream::kOrgDetails);
  CloudTable table(options_, "customers_orgs",
                   "org_id,org_name,industry,hq_region,plan_tier,is_enterprise,signup_date,"
                   "sales_rep,lifecycle_stage,marketing_source,nps_score");
  Numbers numbers(options_.is_clean);
  const auto scores = dealt(random, {68, 11, 1});  // usual, none, above 100
  for (std::size_t i = 0; i < world_.orgs.size(); ++i) {
    const auto tier = pick(random, {"free", "standard", "standard", "pro", "pro", "enterprise"});
    table.cell(world_.orgs[i].id).cell(world_.orgs[i].name);
    table.typed(pick(random, {"retail", "finance", "healthcare", "media", "gaming", "logistics",
                              "education", "energy", "travel", "manufacturing"}),
                random, 10);
    table.typed(pick(random, {"us-east", "us-west", "eu-west", "eu-central", "sa-east", "ap-south",
                              "ap-northeast"}),
                random, 10);
    table.typed(tier, random, 10).truth(tier == "enterprise");
    table.cell(date_text(random_day(random, day(2022, 1, 1), day(2025, 5, 31))));
    table.cell(pick(random, {"rep_a", "rep_b", "rep_c", "rep_d", "rep_e"}));
    table.typed(
        pick(random, {"active", "active", "active", "at_risk", "churned", "prospect", "lead"}),
        random, 15);
    table.typed(pick(random, {"event", "organic", "partner", "ads", "referral"}), random, 15);
    const std::int64_t score = scores[i] == 2 ? 101 : random.between(-38, 100);
    table.cell(scores[i] == 1 ? "" : std::to_string(score)).end_row();
    numbers.count("nps_score_empty", scores[i] == 1);
    numbers.count("nps_score_out_of_range", scores[i] == 2);
  }
  return finish(table, numbers);
}

Json Tables::users() {
  static constexpr std::string_view kMalformed[] = {"nobody", "sam@localhost", "two words@ex.org",
                                                    "@example.com"};
  DemoRandom random = this->random(CloudStream::kUsers);
  CloudTable table(options_, "users", "user_id,org_id,email,role,active,created_at,last_login");
  Numbers numbers(options_.is_clean);
  const auto active = dealt(random, {kUsers - 728, 728}),
             logins = dealt(random, {139, kUsers - 139});
  const std::uint64_t first_id = random.next();
  std::size_t malformed = 0;
  for (std::size_t i = 0; i < kUsers; ++i) {
    // An odd factor: no two numbers come to the same.
    table.cell(fmt::format("usr_{:08x}", (i * 0x9e3779b1U + first_id) & 0xffffffffU));
    table.cell(any_org(random));
    if (numbers.is_odd("email_malformed", i, {17, 203, 411, 799})) {
      table.cell(kMalformed[malformed++]);
    } else {
      const auto host = pick(random, {"example.com", "mail.example.org", "example.net"});
      table.typed(fmt::format("user{}.{}@{}", i, random.below(1000), host), random, 12);
    }
    table.typed(
        pick(random, {"data_engineer", "devops", "developer", "analyst", "ml_engineer", "admin"}),
        random, 20);
    const sys_days created = random_day(random, day(2023, 1, 1), day(2025, 6, 30));
    table.truth(active[i] == 1).cell(date_text(created));
    const std::string login = date_text(random_day(random, created, day(2025, 8, 31)));
    table.cell(logins[i] == 0 ? "" : login).end_row();
    numbers.count("active", active[i] == 1);
    numbers.count("last_login_empty", logins[i] == 0);
  }
  return finish(table, numbers);
}

Json Tables::resources() {
  DemoRandom random = this->random(CloudStream::kResourceDetails);
  CloudTable table(options_, "resources",
                   "resource_id,org_id,service,region,created_at,state,tags_json");
  Numbers numbers(options_.is_clean);
  static constexpr std::string_view kStates[] = {"running", "stopped", "terminated"};
  const auto states = dealt(random, {242, 119, 39}), tags = dealt(random, {83, 317});
  Json services = Json::object();
  std::int64_t unknown = 0;
  for (std::size_t i = 0; i < world_.resources.size(); ++i) {
    const CloudResource& resource = world_.resources[i];
    const std::string service(resource.has_unknown_service ? "quantum"
                                                           : kCloudServices[resource.service]);
    unknown += resource.has_unknown_service ? 1 : 0;
    services[service] = services.value(service, 0) + 1;
    table.cell(resource.id).cell(world_.orgs[resource.org].id).typed(service, random, 25);
    table.typed(resource.region, random, 12);
    table.cell(date_text(random_day(random, day(2023, 6, 1), day(2025, 6, 30))));
    table.typed(kStates[states[i]], random, 20);
    const auto stage = pick(random, {"prod", "staging", "dev"});
    const auto team = pick(random, {"data", "web", "platform", "research"});
    std::string labels = fmt::format(R"(["env:{}", "team:{}")", stage, team);
    if (random.one_in(3)) labels += fmt::format(R"(, "cost-center:{}")", random.below(90) + 10);
    labels += ']';
    table.cell(tags[i] == 0 ? "" : labels).end_row();
    numbers.count("tags_empty", tags[i] == 0);
  }
  Json truth = finish(table, numbers);
  truth["by_service"] = std::move(services);
  truth["oddities"]["service_unknown"] = unknown;
  return truth;
}

Json Tables::invoices() {
  static constexpr std::string_view kCurrencies[] = {"USD", "ARS", "EUR"};
  DemoRandom random = this->random(CloudStream::kInvoices);
  CloudTable table(options_, "billing_monthly",
                   "invoice_id,org_id,month,subtotal,credits,taxes,currency,exchange_rate_to_usd");
  Numbers numbers(options_.is_clean);
  const std::size_t count = world_.orgs.size() * kInvoiceMonths;
  const auto currencies = dealt(random, {160, 51, 29});
  const auto signs = dealt(random, {227, 13}), credits = dealt(random, {137, 103});
  const auto in_euros = std::ranges::find(currencies, 2U) - currencies.begin();
  std::int64_t subtotals[std::size(kCurrencies)] = {};
  std::int64_t invoices[std::size(kCurrencies)] = {};
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t currency = currencies[i];
    const std::int64_t rates[] = {random.between(855'000, 1'118'000), random.between(1'300, 1'600),
                                  random.between(998'000, 1'198'000)};
    const std::int64_t subtotal =
        signs[i] == 1 ? -random.between(5'000, 167'183) : random.between(2'500, 223'739);
    table.cell(fmt::format("inv_{:05}", i + 1)).cell(world_.orgs[i / kInvoiceMonths].id);
    table.cell(date_text(day(2025, static_cast<unsigned>(6 + i % kInvoiceMonths), 1)));
    table.number(subtotal, 2);
    const std::int64_t credit = random.between(100, 20'000), tax = random.between(0, 40'000);
    table.cell(credits[i] == 0 ? "" : shortest_text(credit, 2)).number(tax, 2);
    table.cell(random.one_in(30) ? ascii_lower(kCurrencies[currency])
                                 : std::string(kCurrencies[currency]));
    const bool lacks_rate =
        numbers.is_odd("exchange_rate_missing", i, {static_cast<std::size_t>(in_euros)});
    table.cell(lacks_rate ? "" : shortest_text(rates[currency], 6)).end_row();
    numbers.count("subtotal_negative", signs[i] == 1);
    numbers.count("credits_empty", credits[i] == 0);
    subtotals[currency] += subtotal;
    ++invoices[currency];
  }
  Json truth = finish(table, numbers);
  for (std::size_t i = 0; i < std::size(kCurrencies); ++i) {
    truth["by_currency"][std::string(kCurrencies[i])] = {
        {"rows", invoices[i]}, {"subtotal", shortest_text(subtotals[i], 2)}};
  }
  return truth;
}

Json Tables::tickets() {
  static constexpr std::string_view kCategories[] = {"integration", "billing",     "availability",
                                                     "usability",   "performance", "security"};
  static constexpr std::string_view kSeverities[] = {"low", "medium", "high", "critical"};
  static constexpr std::array<std::int64_t, 3> kOutside = {0, 6, 7};
  DemoRandom random = this->random(CloudStream::kTickets);
  CloudTable table(options_, "support_tickets",
                   "ticket_id,org_id,category,severity,created_at,resolved_at,csat,sla_breached");
  Numbers numbers(options_.is_clean);
  const auto categories = dealt(random, {181, 180, 165, 161, 158, 155});
  const auto severities = dealt(random, {412, 328, 204, 56});
  const auto resolved = dealt(random, {240, 760}), breached = dealt(random, {905, 95});
  const auto ratings = dealt(random, {254, 706, 40});  // none, 1 to 5, outside
  // One that is resolved before it begins must be resolved at all.
  const auto first = static_cast<std::size_t>(std::ranges::find(resolved, 1U) - resolved.begin());
  for (std::size_t i = 0; i < kTickets; ++i) {
    table.cell(fmt::format("tic_{:05}", i + 1)).cell(any_org(random));
    table.typed(kCategories[categories[i]], random, 20);
    if (numbers.is_odd("severity_unknown", i, {500})) {
      table.cell("sev0");
    } else {
      table.typed(kSeverities[severities[i]], random, 15);
    }
    DemoTime created = random_day(random, day(2025, 6, 1), day(2025, 8, 31));
    created += std::chrono::minutes(random.between(0, 1439));
    std::chrono::minutes duration(random.between(10, 9'000));
    if (numbers.is_odd("resolved_before_created", i, {first})) duration = -duration;
    table.cell(demo_time_text(created));
    table.cell(resolved[i] == 0 ? "" : demo_time_text(created + duration));
    const std::int64_t rating = ratings[i] == 1 ? random.between(1, 5) : random.pick(kOutside);
    table.cell(ratings[i] == 0 ? "" : std::to_string(rating)).truth(breached[i] == 1).end_row();
    numbers.count("resolved_at_empty", resolved[i] == 0);
    numbers.count("csat_empty", ratings[i] == 0);
    numbers.count("csat_out_of_range", ratings[i] == 2);
    numbers.count("sla_breached", breached[i] == 1);
  }
  return finish(table, numbers);
}

Json Tables::touches() {
  DemoRandom random = this->random(CloudStream::kTouches);
  CloudTable table(options_, "marketing_touches",
                   "touch_id,org_id,campaign,channel,timestamp,clicked,converted");
  Numbers numbers(options_.is_clean);
  for (std::size_t i = 0; i < kTouches; ++i) {
    table.cell(fmt::format("tch_{:05}", i + 1)).cell(any_org(random));
    table.typed(pick(random, {"spring_launch", "genai_preview", "cost_week", "webinar_series",
                              "partner_days", "year_end"}),
                random, 25);
    table.typed(pick(random, {"event", "email", "ads", "in_app"}), random, 25);
    table.cell(date_text(random_day(random, day(2025, 6, 1), day(2025, 8, 31))));
    const bool is_clicked = random.below(100) < 35;
    const bool is_converted = is_clicked && random.below(100) < 20;
    table.truth(is_clicked).truth(is_converted).end_row();
    numbers.count("clicked", is_clicked);
    numbers.count("converted", is_converted);
  }
  return finish(table, numbers);
}

Json Tables::surveys() {
  DemoRandom random = this->random(CloudStream::kSurveys);
  CloudTable table(options_, "nps_surveys", "org_id,survey_date,nps_score,comment");
  Numbers numbers(options_.is_clean);
  // None, from 0 to 10 as if it were a rating, below, above.
  const auto scores = dealt(random, {19, 7, 8, kSurveys - 19 - 7 - 8});
  const auto last = static_cast<std::size_t>(std::ranges::find(scores, 3U) - scores.begin());
  for (std::size_t i = 0; i < kSurveys; ++i) {
    table.cell(any_org(random));
    table.cell(date_text(random_day(random, day(2025, 6, 1), day(2025, 8, 31))));
    const std::int64_t usual[] = {0, random.between(0, 10), random.between(-16, -1),
                                  random.between(11, 68)};
    const bool is_outside = numbers.is_odd("nps_score_out_of_range", i, {last});
    table.cell(scores[i] == 0 ? "" : std::to_string(is_outside ? 150 : usual[scores[i]]));
    table.cell(pick(random, {"", "Good value", "Support answers fast", "Great, but expensive",
                             "Too many alerts; \"urgent\" ones too", "Prices change too often"}));
    table.end_row();
    numbers.count("nps_score_empty", scores[i] == 0);
    numbers.count("nps_score_0_to_10", scores[i] == 1);
  }
  return finish(table, numbers);
}

}  // namespace

Json write_cloud_tables(const CloudProviderOptions& options, const CloudWorld& world,
                        CloudProviderSummary& summary) {
  return Tables(options, world, summary).write();
}

}  // namespace finops
