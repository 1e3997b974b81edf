"""The data of `finops demo generate --profile cloud-provider` against their truth.json and the shape that docs/commands.md
promises, read with Python's csv and json only: what tests of rules lean on must itself hold."""
import collections
import csv
import datetime
import decimal
import json
import pathlib
import re
import subprocess

import pytest
from project import BINARY

COLUMNS = {
    "customers_orgs": "org_id org_name industry hq_region plan_tier is_enterprise signup_date sales_rep lifecycle_stage "
                      "marketing_source nps_score",
    "users": "user_id org_id email role active created_at last_login",
    "resources": "resource_id org_id service region created_at state tags_json",
    "billing_monthly": "invoice_id org_id month subtotal credits taxes currency exchange_rate_to_usd",
    "support_tickets": "ticket_id org_id category severity created_at resolved_at csat sla_breached",
    "marketing_touches": "touch_id org_id campaign channel timestamp clicked converted",
    "nps_surveys": "org_id survey_date nps_score comment",
}
EVENT = ["event_id", "timestamp", "org_id", "resource_id", "service", "region", "metric", "value", "unit",
         "cost_usd_increment", "schema_version"]
TIME = re.compile(r"2025-0[78]-\d\dT\d\d:\d\d:00Z")


def generate(out, *options, expect=0):
    done = subprocess.run([str(BINARY), "demo", "generate", "--profile", "cloud-provider", "--out", str(out),
                           *map(str, options)], capture_output=True, text=True, timeout=120)
    assert done.returncode == expect, done.stderr
    return done


def tree(folder):
    """{name: bytes} of all files but config.toml, which names the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "config.toml"}


class Data:
    def __init__(self, out):
        self.out = pathlib.Path(out)
        self.truth = json.loads((self.out / "truth.json").read_text())["datasets"]
        self.tables = {name: self.table(name) for name in COLUMNS}
        self.files = {}  # {name: events}
        for path in sorted((self.out / "landing/usage_events_stream").iterdir()):
            lines = path.read_text().splitlines()
            self.files[f"usage_events_stream/{path.name}"] = [
                json.loads(line, parse_float=decimal.Decimal, parse_int=decimal.Decimal) for line in lines]
        self.events = [event for events in self.files.values() for event in events]

    def table(self, name):
        with (self.out / f"landing/{name}.csv").open(newline="") as file:
            header, *rows = csv.reader(file, strict=True)
        assert header == COLUMNS[name].split()
        assert all(len(row) == len(header) for row in rows)
        return [dict(zip(header, row)) for row in rows]

    def column(self, table, name):
        return [row[name] for row in self.tables[table]]


@pytest.fixture(scope="module")
def dirty(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "provider"
    generate(out)
    return Data(out)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "provider"
    generate(out, "--clean", "--seed", 7)
    return Data(out)


@pytest.fixture(params=["dirty", "clean"])
def data(request):
    return request.getfixturevalue(request.param)


def plain(text):
    return text.strip(" ").lower()


def counted(values):
    return collections.Counter(plain(value) for value in values)


def empty(values):
    return sum(value == "" for value in values)


def as_number(value):
    """Of an event's value, however it is written; None for what is no number."""
    try:
        return decimal.Decimal(value) if value not in (None, "", "NaN") else None
    except decimal.InvalidOperation:
        return None


def of_service(events):
    """{service: {"rows", "cost_usd"}} as truth.json tells it."""
    found = collections.defaultdict(lambda: [0, decimal.Decimal(0)])
    for event in events:
        found[plain(event["service"])][0] += 1
        found[plain(event["service"])][1] += event["cost_usd_increment"]
    return {service: {"rows": rows, "cost_usd": cost} for service, (rows, cost) in found.items()}


def exact(services):
    return {service: {"rows": one["rows"], "cost_usd": decimal.Decimal(one["cost_usd"])} for service, one in services.items()}


def cost(events):
    return sum((event["cost_usd_increment"] for event in events), decimal.Decimal(0))


def test_files_have_the_rows_bytes_and_costs_of_the_truth(data):
    for name, rows in data.tables.items():
        said = data.truth[name]
        assert (len(rows), (data.out / "landing" / said["file"]).stat().st_size) == (said["rows"], said["bytes"]), name
    said = data.truth["usage_events"]
    assert [one["name"] for one in said["files"]] == list(data.files)
    assert len(data.files) == 120
    for one in said["files"]:
        events = data.files[one["name"]]
        assert one["rows"] == len(events) == 360
        assert decimal.Decimal(one["cost_usd"]) == cost(events)
        assert one["bytes"] == (data.out / "landing" / one["name"]).stat().st_size
    assert said["rows"] == len(data.events) == 43200
    assert decimal.Decimal(said["cost_usd"]) == cost(data.events)
    assert exact(said["by_service"]) == of_service(data.events)


def test_loadable_events_have_the_sums_of_the_truth(data):
    seen, loadable = set(), []
    for event in data.events:
        if TIME.fullmatch(event["timestamp"]) and is_date(event["timestamp"][:10]) and event["timestamp"][11:13] < "24":
            if event["schema_version"] in (1, 2) and event["event_id"] not in seen:
                seen.add(event["event_id"])
                loadable.append(event)
    said = data.truth["usage_events"]["loadable"]
    assert said["rows"] == len(loadable)
    assert decimal.Decimal(said["cost_usd"]) == cost(loadable)
    assert exact(said["by_service"]) == of_service(loadable)


def is_date(text):
    try:
        return bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def test_events_are_counted_as_they_are(data):
    said, events = data.truth["usage_events"], data.events
    assert said["rows_by_metric"] == counted(event["metric"] for event in events)
    versions = collections.Counter(str(event["schema_version"]) for event in events)
    assert {version: rows for version, rows in said["rows_by_schema_version"].items() if rows} == versions
    values = [event["value"] for event in events]
    texts = [value for value in values if isinstance(value, str)]
    readable = [text for text in texts if as_number(text) is not None]
    assert said["values"] == {"number": sum(isinstance(value, decimal.Decimal) for value in values), "text": len(readable),
                              "null": values.count(None)}
    odd = said["oddities"]
    assert texts.count("n/a") == odd["value_unreadable"]
    assert len(texts) - len(readable) - texts.count("n/a") == odd["value_is_null_text"]
    assert said["null_units"] == sum(event["unit"] is None for event in events)
    assert said["carbon_zeros"] == sum(event.get("carbon_kg") == 0 for event in events)
    tokens = [event["genai_tokens"] for event in events if "genai_tokens" in event]
    assert (said["rows_with_genai_tokens"], said["genai_tokens"]) == (len(tokens), sum(tokens))
    for name, limit in (("negative", decimal.Decimal(0)), ("below_minus_one_cent", decimal.Decimal("-0.01"))):
        below = [event for event in events if event["cost_usd_increment"] < limit]
        assert said[name] == {"rows": len(below), "cost_usd": said[name]["cost_usd"]}
        assert decimal.Decimal(said[name]["cost_usd"]) == cost(below)


def test_events_have_the_documented_shape(data):
    resources = {row["resource_id"]: row for row in data.tables["resources"]}
    units = {"requests": "count", "storage_gb_hours": "gb_hours", "cpu_hours": "hours"}
    for event in data.events:
        more = ["carbon_kg"] if event["schema_version"] >= 2 else []
        more += ["genai_tokens"] if more and plain(event["service"]) == "genai" else []
        assert list(event) == EVENT + more
        if TIME.fullmatch(event["timestamp"]) and event["schema_version"] != 3:
            assert event["schema_version"] == (1 if event["timestamp"] < "2025-07-18" else 2)
        assert event["unit"] is None or plain(event["unit"]) == units[plain(event["metric"])]
        resource = resources.get(event["resource_id"])
        if resource:
            assert event["org_id"] == resource["org_id"]
            assert plain(event["service"]) == plain(resource["service"])
            assert plain(event["region"]) == plain(resource["region"])
        else:
            assert event["resource_id"] == "res_unknown"
    times = [[event["timestamp"] for event in events] for events in data.files.values()]
    assert all(one != sorted(one) for one in times)
    assert all(min(one) < "2025-07-10" and max(one) > "2025-08-25" for one in times)
    varied = {name: sum(event[name] != plain(event[name]) for event in data.events if event[name])
              for name in ("service", "region", "metric", "unit")}
    assert all(50 < count < 1500 for count in varied.values()), varied


def test_events_are_distributed_as_documented(data):
    said, events = data.truth["usage_events"], len(data.events)
    shares = {metric: rows / events for metric, rows in said["rows_by_metric"].items()}
    assert shares == {"requests": pytest.approx(0.452, abs=0.02), "storage_gb_hours": pytest.approx(0.301, abs=0.02),
                      "cpu_hours": pytest.approx(0.247, abs=0.02)}
    assert said["rows_by_schema_version"]["1"] / events == pytest.approx(0.25, abs=0.02)
    assert said["values"]["text"] / events == pytest.approx(0.03, abs=0.01)
    assert said["values"]["null"] / events == pytest.approx(0.02, abs=0.01)
    assert said["null_units"] / events == pytest.approx(0.048, abs=0.01)
    assert (said["negative"]["rows"], said["below_minus_one_cent"]["rows"]) == (216, 211)
    costs = [event["cost_usd_increment"] for event in data.events]
    assert -155 < min(costs) < -10 and 100 < max(costs) < 318


def test_duplicates_and_other_oddities_are_there_in_the_numbers_of_the_truth(dirty):
    odd = dirty.truth["usage_events"]["oddities"]
    first, copies = {}, []
    for name, events in dirty.files.items():
        for event in events:
            if event["event_id"] in first:
                copies.append((name, event))
            else:
                first[event["event_id"]] = (name, event)
    assert len(copies) == odd["duplicate_event_id"] == 43
    assert sum(name != first[event["event_id"]][0] for name, event in copies) == odd["duplicate_in_another_file"] == 22
    changed = [event for _, event in copies if event != first[event["event_id"]][1]]
    assert len(changed) == odd["duplicate_with_another_cost"] == 14
    for event in changed:
        assert event | {"cost_usd_increment": None} == first[event["event_id"]][1] | {"cost_usd_increment": None}
    unreadable = [event["timestamp"] for event in dirty.events
                  if not TIME.fullmatch(event["timestamp"]) or not is_date(event["timestamp"][:10])
                  or event["timestamp"][11:13] > "23"]
    assert len(unreadable) == odd["timestamp_unreadable"] == 5
    assert sum(event["schema_version"] == 3 for event in dirty.events) == odd["schema_version_unknown"] == 4
    assert sum(event["resource_id"] == "res_unknown" for event in dirty.events) == odd["resource_unknown"] == 6


def test_spikes_are_the_only_outliers_of_their_groups(data):
    """5 to 40 robust standard deviations, give or take what a sample's own median and MAD are off by."""
    said = data.truth["usage_events"]["anomalies"]
    spikes = set(said["event_ids"])
    assert len(spikes) == said["count"] == 216
    assert int(said["checksum"], 16) == sum(int(one.removeprefix("evt_"), 16) for one in spikes) % 2**64
    groups = collections.defaultdict(list)
    for event in data.events:
        if event["cost_usd_increment"] >= 0:
            groups[plain(event["service"]), plain(event["metric"])].append(event)
    assert len(groups) == 18
    for events in groups.values():
        costs = sorted(float(event["cost_usd_increment"]) for event in events)
        median = costs[len(costs) // 2]
        mad = sorted(abs(value - median) for value in costs)[len(costs) // 2]
        for event in events:
            score = 0.6745 * (float(event["cost_usd_increment"]) - median) / mad
            if event["event_id"] in spikes:
                assert 4.3 < score < 47
            else:
                assert abs(score) < 4
    assert spikes <= {event["event_id"] for events in groups.values() for event in events}


def test_ids_are_unique_and_refer_to_rows_that_are_there(data):
    orgs = set(data.column("customers_orgs", "org_id"))
    for name, key in (("customers_orgs", "org_id"), ("users", "user_id"), ("resources", "resource_id"),
                      ("billing_monthly", "invoice_id"), ("support_tickets", "ticket_id"),
                      ("marketing_touches", "touch_id")):
        keys = data.column(name, key)
        assert len(keys) == len(set(keys)), name
        assert set(data.column(name, "org_id")) <= orgs, name
    assert all(re.fullmatch("org_[0-9a-f]{8}", one) for one in orgs)


def test_tables_have_the_documented_distributions(data):
    sizes = {name: len(rows) for name, rows in data.tables.items()}
    assert sizes == {"customers_orgs": 80, "users": 800, "resources": 400, "billing_monthly": 240, "support_tickets": 1000,
                     "marketing_touches": 1500, "nps_surveys": 92}
    odd = {name: data.truth[name]["oddities"] for name in data.tables}
    column = data.column
    scores = column("customers_orgs", "nps_score")
    assert empty(scores) == data.truth["customers_orgs"]["nps_score_empty"] == 11
    assert sum(int(score) > 100 for score in scores if score) == 1
    assert min(int(score) for score in scores if score) >= -38
    assert counted(column("users", "active"))["true"] == data.truth["users"]["active"] == 728
    assert empty(column("users", "last_login")) == data.truth["users"]["last_login_empty"] == 139
    services = counted(column("resources", "service"))
    assert services == data.truth["resources"]["by_service"]
    assert services["compute"] + services["quantum"] >= 116 - 1 and services["quantum"] == odd["resources"]["service_unknown"]
    assert counted(column("resources", "state")) == {"running": 242, "stopped": 119, "terminated": 39}
    tags = column("resources", "tags_json")
    assert empty(tags) == data.truth["resources"]["tags_empty"] == 83
    assert all(":" in tag for text in tags if text for tag in json.loads(text))
    severities = counted(column("support_tickets", "severity"))
    assert severities.pop("sev0", 0) == odd["support_tickets"]["severity_unknown"]
    assert all(0 <= expected - severities[name] <= 1
               for name, expected in {"low": 412, "medium": 328, "high": 204, "critical": 56}.items())
    assert counted(column("support_tickets", "category")) == {
        "integration": 181, "billing": 180, "availability": 165, "usability": 161, "performance": 158, "security": 155}
    ratings = column("support_tickets", "csat")
    assert empty(ratings) == 254
    assert sum(int(rating) not in range(1, 6) for rating in ratings if rating) == 40
    assert empty(column("support_tickets", "resolved_at")) == 240
    assert counted(column("support_tickets", "sla_breached"))["true"] == 95
    assert len(counted(column("marketing_touches", "campaign"))) == 6
    assert set(counted(column("marketing_touches", "channel"))) == {"event", "email", "ads", "in_app"}
    scores = column("nps_surveys", "nps_score")
    assert empty(scores) == 19
    assert sum(int(score) > 100 for score in scores if score) == odd["nps_surveys"]["nps_score_out_of_range"]
    assert sum(0 <= int(score) <= 10 for score in scores if score) == data.truth["nps_surveys"]["nps_score_0_to_10"] == 7


def test_invoices_have_credit_notes_noisy_rates_and_the_sums_of_the_truth(data):
    rows, said = data.tables["billing_monthly"], data.truth["billing_monthly"]
    subtotals, rates = collections.defaultdict(list), collections.defaultdict(list)
    for row in rows:
        subtotals[row["currency"].upper()].append(decimal.Decimal(row["subtotal"]))
        if row["exchange_rate_to_usd"]:
            rates[row["currency"].upper()].append(decimal.Decimal(row["exchange_rate_to_usd"]))
    assert {name: (one["rows"], decimal.Decimal(one["subtotal"])) for name, one in said["by_currency"].items()} == {
        name: (len(values), sum(values)) for name, values in subtotals.items()}
    assert {name: len(values) for name, values in subtotals.items()} == {"USD": 160, "ARS": 51, "EUR": 29}
    everything = [value for values in subtotals.values() for value in values]
    assert sum(value < 0 for value in everything) == said["subtotal_negative"] == 13
    assert min(everything) >= decimal.Decimal("-1671.83") and max(everything) <= decimal.Decimal("2237.39")
    assert len(rows) - sum(map(len, rates.values())) == said["oddities"]["exchange_rate_missing"]
    for name, least, most in (("USD", "0.855", "1.118"), ("ARS", "0.0013", "0.0016"), ("EUR", "0.998", "1.198")):
        assert decimal.Decimal(least) <= min(rates[name]) < max(rates[name]) <= decimal.Decimal(most)
    assert empty(data.column("billing_monthly", "credits")) == said["credits_empty"] == 137
    assert set(data.column("billing_monthly", "month")) == {"2025-06-01", "2025-07-01", "2025-08-01"}


def test_emails_are_malformed_in_the_number_of_the_truth(data):
    emails = data.column("users", "email")
    good = re.compile(r"[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}")
    assert sum(not good.fullmatch(plain(email)) for email in emails) == data.truth["users"]["oddities"]["email_malformed"]
    assert sum(email != plain(email) for email in emails) > 20


def test_clean_data_have_none_of_the_oddities(clean, dirty):
    for name, said in clean.truth.items():
        assert not any(said["oddities"].values()), name
    for name in ("users", "resources", "billing_monthly", "support_tickets", "nps_surveys", "usage_events"):
        assert all(dirty.truth[name]["oddities"].values()), name


def test_the_same_options_give_the_same_bytes(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        generate(tmp_path / name, "--events", 1234, "--seed", seed)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert tree(tmp_path / "a") != tree(tmp_path / "c")
    config = (tmp_path / "a/config.toml").read_text()
    assert config == f'data_dir = "{tmp_path}/a/data"\n'


def test_a_second_call_changes_nothing_and_other_options_are_refused(tmp_path):
    first = json.loads(generate(tmp_path / "a", "--events", 1000, "--json").stdout)
    assert first["changed"] is True
    assert {one["dataset"]: one["rows"] for one in first["datasets"]}["usage_events"] == 1000
    assert first["rows"] == sum(one["rows"] for one in first["datasets"])
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}
    again = json.loads(generate(tmp_path / "a", "--events", 1000, "--json").stdout)
    assert (again["changed"], again["datasets"]) == (False, [])
    refused = json.loads(generate(tmp_path / "a", "--events", 1001, "--json", expect=1).stdout)
    assert refused["error"]["kind"] == "already_exists"
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")} == before


def test_options_of_the_other_profile_are_refused(tmp_path):
    refused = generate(tmp_path / "a", "--rows", 100, expect=2)
    assert "--rows is an option of the profile aws-bills" in refused.stderr
    done = subprocess.run([str(BINARY), "demo", "generate", "--out", str(tmp_path / "a"), "--clean"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 2 and "--clean is an option of the profile cloud-provider" in done.stderr
    assert not (tmp_path / "a").exists()
