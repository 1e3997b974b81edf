"""The oracle of tests/support/cloud_provider_truth.py against a landing folder small enough to work out by hand, and
against what is known of data of this kind."""
import collections
import decimal
import json
import subprocess

import cloud_provider_truth
import pytest
from cloud_provider_truth import Truth
from project import BINARY

D = decimal.Decimal

TABLES = {
    "customers_orgs": """\
org_id,org_name,industry,hq_region,plan_tier,is_enterprise,signup_date,sales_rep,lifecycle_stage,marketing_source,nps_score
o1,"One, Inc.", Retail ,US-East,Pro,True,2024-02-29,rep_a,Active,ads,55
o2,Two,media,eu-west,free,False,2024-02-30,rep_b,lead,event,101
o3,,media,eu-west,free,False,2024-01-01,rep_b,lead,event,5
o1,Again,media,eu-west,free,maybe,2024-01-01,rep_b,lead,event,5
,Nobody,media,eu-west,free,False,2024-01-01,rep_b,lead,event,5
""",
    "users": """\
user_id,org_id,email,role,active,created_at,last_login
u1,o1, Ann@Example.COM ,Admin,True,2024-01-01,2025-08-01
u2,o1,nobody,admin,False,2024-01-01,
u3,o1,,admin,False,2024-01-01,
u2,o1,bob@example.com,admin,False,2024-01-01,
""",
    "resources": """\
resource_id,org_id,service,region,created_at,state,tags_json
r1,o1,Compute ,eu-west,2024-01-01,RUNNING,"[""a:b""]"
r2,o2,quantum,eu-west,2024-01-01,running,
r3,o2,genai,eu-west,2024-01-01,stopped,
""",
    "billing_monthly": """\
invoice_id,org_id,month,subtotal,credits,taxes,currency,exchange_rate_to_usd
i1,o1,2025-06-01,100.00,,10.00,usd,1.05
i2,o1,2025-06-01,-40.00,5.00,0,USD,1
i3,o1,2025-07-01,1000,1,2,ARS,0.0015
i4,o2,2025-07-01,10,1,2,EUR,
i5,o2,2025-07-01,,1,2,EUR,1.1
i6,o2,2025-07-01,ten,1,2,EUR,0
""",
    "support_tickets": """\
ticket_id,org_id,category,severity,created_at,resolved_at,csat,sla_breached
t1,o1,Billing,High,2025-06-01T10:00:00Z,2025-06-01T10:20:00Z,5,True
t2,o1,security,high,2025-06-01T23:59:00Z,2025-06-03T00:00:00Z,7,False
t3,o1,usability,high,2025-06-01T12:00:00Z,2025-06-01T11:00:00Z,2,False
t4,o1,billing,sev0,2025-06-01T12:00:00Z,,,False
t5,o1,performance,low,2025-06-02T12:00:00Z,,,False
""",
    "marketing_touches": """\
touch_id,org_id,campaign,channel,timestamp,clicked,converted
m1,o1,Spring,EMAIL,2025-06-01,True,False
m1,o1,Spring,EMAIL,2025-06-01,True,False
""",
    "nps_surveys": '''\
org_id,survey_date,nps_score,comment
o1,2025-06-01,40,"good, ""mostly"""
o1,2025-06-01,7,
o1,2025-06-01,-101,
o1,soon,7,
o1,2025-06-02,,
''',
}


def event(number, cost, **changes):
    return {"event_id": f"e{number}", "timestamp": "2025-07-20T23:59:00Z", "org_id": "o1", "resource_id": "r1",
            "service": "compute", "region": "eu-west", "metric": "requests", "value": 10, "unit": "count",
            "cost_usd_increment": cost, "schema_version": 2, "carbon_kg": 0.5} | changes


SPIKED = [event(number, cost) for number, cost in enumerate([1, 2, 3, 4, 5, 6, 7, 8, 9, 100])]
OTHERS = [
    event(10, 2.5, timestamp="2025-07-10T00:00:00Z", metric="CPU_hours ", value=" 1.5", unit=None, schema_version=1, carbon_kg=9),
    event(11, 0.5, metric="storage_gb_hours", value="n/a", unit=None, resource_id="r2"),
    event(12, -0.005, value="null", org_id="o9"),
    event(13, -3, value=None),
    event(14, 30, service="genai", resource_id="r3", org_id="o2", genai_tokens=7, carbon_kg=0),
    event(15, 3, service="genai", resource_id="r3", org_id="o2", genai_tokens=0),
    event(16, 1, timestamp="2025-02-30T00:00:00Z"),
    event(17, 1, schema_version=3),
    event(18, None),
    event(19, "much"),
]


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text)
    stream = folder / "usage_events_stream"
    stream.mkdir()
    # The second file is written first: names decide which of two rows with the same key comes first.
    (stream / "part-1.jsonl").write_text("".join(json.dumps(one) + "\n" for one in [*OTHERS, event(0, 50)]))
    (stream / "part-0.jsonl").write_text("".join(json.dumps(one) + "\n" for one in SPIKED))
    return folder


@pytest.fixture(scope="module")
def corrected(landing):
    return Truth(landing)


@pytest.fixture(scope="module")
def reference(landing):
    return Truth(landing, semantics="reference")


def flags(truth, name, key):
    return {row[key]: row["flags"] for row in truth.silver[name]}


def reasons(truth, name, key):
    return [(row[key], row["reasons"]) for row in truth.quarantine[name]]


def row(rows, **keys):
    found = [one for one in rows if all(one[key] == value for key, value in keys.items())]
    assert len(found) == 1, keys
    return found[0]


def test_customers(corrected, reference):
    assert flags(corrected, "customers_orgs", "org_id") == {"o1": [], "o2": ["nps_score_out_of_range", "signup_date_unreadable"]}
    assert reasons(corrected, "customers_orgs", "org_id") == [("o3", ["org_name_missing"]), ("o1", ["duplicate_key"]),
                                                              ("", ["org_id_missing"])]
    one = corrected.silver["customers_orgs"][0]
    assert one == {"org_id": "o1", "org_name": "One, Inc.", "industry": "retail", "hq_region": "us-east", "plan_tier": "pro",
                   "is_enterprise": True, "signup_date": "2024-02-29", "sales_rep": "rep_a", "lifecycle_stage": "active",
                   "marketing_source": "ads", "nps_score": D(55), "flags": [], "source_file": "customers_orgs.csv", "line": 2}
    assert [row["nps_score"] for row in reference.silver["customers_orgs"]] == [None, None, D(5)]
    assert reference.silver["customers_orgs"][0]["lifecycle_stage"] == "Active"


def test_users_resources_touches_and_surveys(corrected, reference):
    assert [(row["user_id"], row["email"]) for row in corrected.silver["users"]] == [("u1", "ann@example.com"),
                                                                                   ("u2", "bob@example.com")]
    assert reasons(corrected, "users", "user_id") == [("u2", ["email_malformed"]), ("u3", ["email_missing"])]
    assert [(row["service"], row["state"]) for row in corrected.silver["resources"]] == [("compute", "running"), ("genai", "stopped")]
    assert reasons(corrected, "resources", "resource_id") == [("r2", ["service_unknown"])]
    assert (len(corrected.silver["marketing_touches"]), len(reference.silver["marketing_touches"])) == (1, 2)
    assert corrected.silver["marketing_touches"][0]["channel"] == "email"
    assert [(row["nps_score"], row["flags"]) for row in corrected.silver["nps_surveys"]] == [
        (D(40), []), (D(7), []), (None, ["nps_score_out_of_range"]), (None, [])]
    assert reasons(corrected, "nps_surveys", "survey_date") == [("soon", ["survey_date_unreadable"])]
    assert [row["nps_score"] for row in reference.silver["nps_surveys"]] == [D(7), D(7)]
    assert {tuple(row["reasons"]) for row in reference.quarantine["nps_surveys"]} == {("nps_score_missing",)}


def test_invoices(corrected, reference):
    assert flags(corrected, "billing_monthly", "invoice_id") == {"i1": ["usd_rate_ignored"], "i2": ["credit_note"], "i3": []}
    assert reasons(corrected, "billing_monthly", "invoice_id") == [
        ("i4", ["exchange_rate_missing"]), ("i5", ["subtotal_missing"]), ("i6", ["exchange_rate_missing", "subtotal_unreadable"])]
    assert corrected.gold["revenue_by_org_month"] == [
        {"org_id": "o1", "year_month": "2025-06", "total_billed_usd": D(60), "total_credits_usd": D(5),
         "total_taxes_usd": D(10), "net_revenue": D(65), "invoice_count": 2, "org_name": "One, Inc.", "industry": "retail",
         "plan_tier": "pro", "hq_region": "us-east"},
        {"org_id": "o1", "year_month": "2025-07", "total_billed_usd": D("1.5"), "total_credits_usd": D("0.0015"),
         "total_taxes_usd": D("0.003"), "net_revenue": D("1.5015"), "invoice_count": 1, "org_name": "One, Inc.",
         "industry": "retail", "plan_tier": "pro", "hq_region": "us-east"}]
    assert [(row["invoice_id"], row["amount_usd"], row["currency"]) for row in reference.silver["billing_monthly"]] == [
        ("i1", D(105), "USD"), ("i3", D("1.5"), "USD"), ("i4", D(10), "USD")]
    assert reasons(reference, "billing_monthly", "invoice_id") == [
        ("i2", ["amount_negative"]), ("i5", ["subtotal_missing"]), ("i6", ["subtotal_unreadable"])]
    assert [row["year_month"] for row in reference.gold["revenue_by_org_month"]] == ["2025-06-01", "2025-07-01", "2025-07-01"]


def test_tickets(corrected, reference):
    assert flags(corrected, "support_tickets", "ticket_id") == {"t1": [], "t2": ["csat_out_of_range"],
                                                                "t3": ["resolved_before_created"], "t5": []}
    assert reasons(corrected, "support_tickets", "ticket_id") == [("t4", ["severity_unknown"])]
    high = row(corrected.gold["tickets_by_org_date"], severity="high")
    # A third of an hour, and a day with one minute more: 24.016666666666666667; the mean of what is rounded already.
    assert high == {"org_id": "o1", "ticket_date": "2025-06-01", "severity": "high", "total_tickets": 3, "resolved_tickets": 3,
                    "avg_resolution_hours": D("12.175000000000000000"), "sla_breach_count": 1,
                    "sla_breach_rate": D("0.333333333333333333"), "csat_avg": D("3.5"), "billing_tickets": 1,
                    "technical_tickets": 0, "access_tickets": 1, "other_tickets": 1}
    low = row(corrected.gold["tickets_by_org_date"], severity="low")
    assert (low["avg_resolution_hours"], low["csat_avg"], low["technical_tickets"]) == (None, None, 1)
    high = row(reference.gold["tickets_by_org_date"], severity="high")
    assert [high[f"{kind}_tickets"] for kind in ("billing", "technical", "access", "other")] == [1, 0, 0, 0]


def test_events(corrected, reference):
    found = flags(corrected, "usage_events", "event_id")
    assert {key: value for key, value in found.items() if value} == {
        "e10": ["unit_imputed"], "e11": ["unknown_resource", "value_unreadable"], "e12": ["negative_cost", "unknown_org"],
        "e13": ["negative_cost"]}
    assert reasons(corrected, "usage_events", "event_id") == [
        ("e16", ["timestamp_unreadable"]), ("e17", ["schema_version_unknown"]), ("e18", ["cost_usd_increment_missing"]),
        ("e19", ["cost_usd_increment_unreadable"]), ("e0", ["duplicate_key"])]
    ten = row(corrected.silver["usage_events"], event_id="e10")
    assert (ten["metric"], ten["value"], ten["unit"], ten["carbon_kg"]) == ("cpu_hours", D("1.5"), "unknown", None)
    assert (ten["org_name"], ten["plan_tier"], ten["industry"], ten["resource_state"]) == ("One, Inc.", "pro", "retail", "running")
    assert row(corrected.silver["usage_events"], event_id="e11")["unit"] is None
    assert reasons(reference, "usage_events", "event_id") == [
        ("e13", ["cost_negative"]), ("e17", ["schema_version_unknown"]), ("e18", ["cost_usd_increment_missing"]),
        ("e19", ["cost_usd_increment_unreadable"])]
    assert row(reference.silver["usage_events"], event_id="e16")["usage_date"] is None


def test_daily_usage_and_tokens(corrected, reference):
    usage = corrected.gold["org_daily_usage_by_service"]
    assert row(usage, org_id="o1", usage_date="2025-07-10") == {
        "org_id": "o1", "usage_date": "2025-07-10", "service": "compute", "total_events": 1, "total_cost_usd": D("2.5"),
        "total_requests": 0, "cpu_hours": D("1.5"), "storage_gb_hours": 0, "carbon_kg_total": 0, "genai_tokens_total": 0}
    # e0 to e9, e11, e13: the costs 145 + 0.5 - 3; ten times 10 requests, one without a value.
    busy = row(usage, org_id="o1", usage_date="2025-07-20")
    assert (busy["total_events"], busy["total_cost_usd"], busy["total_requests"]) == (12, D("142.5"), D(100))
    assert (busy["cpu_hours"], busy["carbon_kg_total"]) == (0, D(6))
    assert corrected.gold["genai_tokens_by_org_date"] == [
        {"org_id": "o2", "usage_date": "2025-07-20", "service": "genai", "total_genai_tokens": D(7), "total_cost_usd": D(30),
         "event_count": 1, "avg_tokens_per_event": D(7), "cost_per_million_tokens": D("4285714.285714285714285714")}]
    usage = reference.gold["org_daily_usage_by_service"]
    assert {(one["cpu_hours"], one["storage_gb_hours"]) for one in usage} == {(0, 0)}
    # With the duplicate, without the refund and what was never loaded; the one without a date is elsewhere.
    busy = row(usage, org_id="o1", usage_date="2025-07-20")
    assert (busy["total_events"], busy["total_requests"]) == (12, 11)


def test_anomalies_of_a_population_worked_out_by_hand(corrected):
    """1 to 9 and 100: mean 14.5, median 5.5, deviations 0.5 0.5 1.5 1.5 2.5 2.5 3.5 3.5 4.5 94.5, MAD 2.5; squares about the
    mean 8182.5, over 9 is 909.16..., its root 30.15239...; the 1st percentile at 0.09, the 99th at 8.91."""
    judged = row(corrected.anomalies, event_id="e9")
    assert (judged["count"], judged["mean"], judged["median"], judged["mad"]) == (10, D("14.5"), D("5.5"), D("2.5"))
    assert (judged["percentile_1"], judged["percentile_99"]) == (D("1.09"), D("91.81"))
    assert judged["stddev"] == D("30.152390728873666986")
    assert judged["mad_score"] == D("25.4961") and judged["is_mad"] and judged["is_anomaly"]
    assert abs(judged["z_score"] - D("85.5") / judged["stddev"]) < D("1e-17") and not judged["is_zscore"]
    least = row(corrected.anomalies, event_id="e0")
    assert least["mad_score"] == D("-1.2141") and least["is_percentile"] and not least["is_anomaly"]
    refund = row(corrected.anomalies, event_id="e13")
    assert refund["mad_score"] is None and not refund["is_anomaly"] and refund["count"] is None
    assert row(corrected.anomalies, event_id="e14")["count"] is None
    assert corrected.gold["cost_anomaly_mart"] == [
        {"org_id": "o1", "usage_date": "2025-07-20", "service": "compute", "anomaly_count": 1, "total_anomalous_cost": D(100),
         "avg_anomalous_cost": D(100), "max_cost_spike": D(100), "min_cost": D(100), "zscore_detections": 0,
         "mad_detections": 1, "percentile_detections": 1, "high_confidence": 1, "confirmed": 0, "max_score": D("25.4961"),
         "severity": "critical"}]


def test_the_reference_judges_all_costs_together(reference):
    """Also those of quarantined rows: all but the two without a cost."""
    assert {judged["count"] for judged in reference.anomalies} == {19}
    assert row(reference.anomalies, event_id="e13")["median"] == D(3)


def test_a_mad_of_zero(corrected, reference):
    """The mean deviation from the median is 1: 10 / 1.253314 = 7.978846..., which is more than 4."""
    costs = [D(2)] * 9 + [D(12)]
    scores = corrected.scores(D(12), corrected.statistics(costs))
    assert scores["mad_score"] == D("7.978846482206374460") and scores["is_anomaly"]
    assert reference.scores(D(12), reference.statistics(costs))["mad_score"] == D(6745000)
    equal = corrected.scores(D(2), corrected.statistics([D(2)] * 10))
    assert (equal["mad_score"], equal["z_score"], equal["is_anomaly"]) == (None, None, False)


def test_rounding():
    rounded, quotient = cloud_provider_truth.rounded, cloud_provider_truth.quotient
    assert rounded(D("0.0000000000000000005")) == 0
    assert rounded(D("0.0000000000000000015")) == D("0.000000000000000002")
    assert quotient(D(2), D(3)) == D("0.666666666666666667")
    assert quotient(D(1), D(0)) is None
    assert cloud_provider_truth.percentile([D(1), D(2)], 1) == D("1.01")
    assert cloud_provider_truth.standard_deviation([D(1), D(2)], D("1.5")) == D("0.707106781186547524")
    assert cloud_provider_truth.standard_deviation([D(1)], D(1)) is None


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "provider"
    subprocess.run([str(BINARY), "demo", "generate", "--profile", "cloud-provider", "--clean", "--out", str(out)], check=True,
                   capture_output=True, timeout=120)
    return out / "landing"


def test_the_reference_has_its_known_effects_on_clean_data(clean):
    """Usage that is always zero, scores of -100 to 100 judged as 0 to 10, credit notes and refunds thrown away, and one
    measure of anomalies for services of very different prices."""
    truth = Truth(clean, semantics="reference")
    usage = truth.gold["org_daily_usage_by_service"]
    assert all(one["cpu_hours"] == one["storage_gb_hours"] == 0 for one in usage)
    assert sum(one["total_requests"] for one in usage) == sum(one["metric"] == "requests" for one in truth.silver["usage_events"])
    assert all(one[f"{kind}_tickets"] == 0 for one in truth.gold["tickets_by_org_date"] for kind in ("technical", "access", "other"))
    assert sum(one["billing_tickets"] for one in truth.gold["tickets_by_org_date"]) == 180
    assert [one["reasons"] for one in truth.quarantine["billing_monthly"]] == [["amount_negative"]] * 13
    assert (len(truth.silver["nps_surveys"]), len(truth.quarantine["nps_surveys"])) == (7, 85)
    assert [one["reasons"] for one in truth.quarantine["usage_events"]] == [["cost_negative"]] * 211
    assert sum(one["nps_score"] is not None for one in truth.silver["customers_orgs"]) < 20
    assert {one["year_month"] for one in truth.gold["revenue_by_org_month"]} == {"2025-06-01", "2025-07-01", "2025-08-01"}
    share = collections.defaultdict(list)
    for judged in truth.anomalies:
        share[judged["service"]].append(judged["is_mad"])
    assert all(sum(share[name]) > 0.4 * len(share[name]) for name in ("compute", "analytics", "genai"))
    assert all(sum(share[name]) < 0.01 * len(share[name]) for name in ("storage", "networking"))


def test_corrected_rules_keep_all_clean_data_and_find_the_spikes(clean):
    truth = Truth(clean)
    assert not any(truth.quarantine.values())
    spikes = json.loads((clean.parent / "truth.json").read_text())["datasets"]["usage_events"]["anomalies"]["event_ids"]
    assert {one["event_id"] for one in truth.anomalies if one["is_anomaly"]} == set(spikes)
    assert sum(one["anomaly_count"] for one in truth.gold["cost_anomaly_mart"]) == len(spikes)
    kinds = collections.Counter()
    for one in truth.gold["tickets_by_org_date"]:
        kinds.update({kind: one[f"{kind}_tickets"] for kind in ("billing", "technical", "access", "other")})
    assert kinds == {"billing": 180, "technical": 504, "access": 155, "other": 161}
