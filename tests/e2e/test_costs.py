"""The view of costs proves itself: its sums are those of the receipt, and those that the bill's maker states."""
import collections
import decimal
import json

import pytest
from deliveries import csv_bytes, deliver_v1, deliver_v2

D = decimal.Decimal
NAMES = ["unblended_cost", "net_unblended_cost", "amortized_cost", "net_amortized_cost", "ri_sp_trueup", "ri_sp_upfront_fees"]


def costs_in_view(project, **options):
    """By source, month, payer and currency: the sums of the view."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in NAMES)
    rows = project.query(f"SELECT source, billing_period, coalesce(bill_payer_account_id, '') AS payer, "
                         f"coalesce(line_item_currency_code, '') AS currency, {sums} FROM aws_billing_data_costs "
                         f"GROUP BY ALL", **options)
    return {(r["source"], r["billing_period"], r["payer"], r["currency"]): [D(r[name]) for name in NAMES] for r in rows}


def costs_in_receipts(project):
    return {(r["source"], r["billing_period"], p["payer"], p["currency"]): [D(p[name]) for name in NAMES]
            for r in project.json("receipt")["receipts"] for p in r["costs"]["payers"]}


def receipt(project, source, period="2026-05"):
    [one] = project.json("receipt", "--source", source, "--period", period)["receipts"]
    return one


def demo(project, *options):
    project.run("demo", "generate", "--out", project.folder / "bill", *options)
    project.variables["CONFIG_PATH"] = str(project.folder / "bill" / "config.toml")
    return json.loads((project.folder / "bill" / "truth.json").read_text())


@pytest.mark.parametrize("version", ["both", "v1", "v2"])
def test_view_receipt_and_truth_agree_and_the_residual_is_the_stated_one(project, version):
    options = [] if version == "both" else ["--cur-version", version]
    truth = demo(project, "--rows", "900", *options)
    project.run("aws", "run-pipeline")
    stated, residuals = {}, {}
    for delivery in truth["deliveries"]:
        for told in delivery["identity"]:
            key = (delivery["source"], delivery["period"], told["payer"], told["currency"])
            stated[key] = [D(told[name]) for name in NAMES]
            residuals[key] = D(told["residual"])
    assert len(stated) == 9
    assert costs_in_view(project) == stated
    assert costs_in_receipts(project) == stated
    nonzero = 0
    for one in project.json("receipt")["receipts"]:
        for payer in one["costs"]["payers"]:
            residual = residuals[one["source"], one["billing_period"], payer["payer"], payer["currency"]]
            assert D(payer["residual"]) == residual
            assert sum(D(cause["amount"]) for cause in payer["causes"]) == residual
            assert {cause["reason"] for cause in payer["causes"]} == ({"upfront_refunded"} if residual else set())
            nonzero += residual != 0
    assert nonzero == 4  # each payer's second and third month
    by_currency = collections.Counter(key[3] for key in stated)
    assert by_currency == {"USD": 6, "INR": 3}


def test_the_lines_of_a_residual_are_named(project):
    demo(project, "--rows", "300", "--months", "2")
    project.run("aws", "run-pipeline")
    one = receipt(project, "payer-b", "2025-12")
    [cause] = [cause for payer in one["costs"]["payers"] for cause in payer["causes"]]
    assert (cause["line_item_type"], cause["lines"], len(cause["first"])) == ("Refund", 1, 1)
    at = cause["first"][0]
    [row] = project.query("SELECT line_item_line_item_description AS text, unblended_cost AS cost FROM aws_billing_data_costs "
                          f"WHERE source_file = '{at['file']}' AND source_line = {at['line']}")
    assert row["text"].startswith("Refund for one-time fee") and D(row["cost"]) == D(cause["amount"])
    text = project.run("receipt", "--source", "payer-b", "--period", "2025-12").out
    assert "refund of an upfront fee" in text and cause["amount"] in text and f":{at['line']}" in text


HEADER = ["bill/PayerAccountId", "lineItem/CurrencyCode", "lineItem/LineItemType", "lineItem/ProductCode", "lineItem/Operation",
          "lineItem/UnblendedCost"]


def bill(rows, more=()):
    return csv_bytes(HEADER + list(more), [["000000000001", "USD", kind, "AmazonEC2", operation, cost, *rest]
                                           for kind, operation, cost, *rest in rows])


def test_a_net_column_is_absent_by_the_delivery_and_not_by_its_cells(project):
    net = ["lineItem/NetUnblendedCost"]
    deliver_v1(project.add_export("with"), "2026-05", [bill([("Usage", "Run", "10", "8"), ("Usage", "Run", "5", "")], net)], "v1")
    without = project.add_export("without")
    deliver_v1(without, "2026-05", [bill([("Usage", "Run", "10"), ("Usage", "Run", "5")])], "v1")
    deliver_v1(without, "2026-06", [bill([("Usage", "Run", "7", "6")], net)], "v2")
    project.run("aws", "run-pipeline")
    found = {key[:2]: values[1] for key, values in costs_in_view(project).items()}
    assert found == {("with", "2026-05"): D(8), ("without", "2026-05"): D(15), ("without", "2026-06"): D(6)}
    assert costs_in_view(project) == costs_in_receipts(project)


def test_a_month_that_gets_net_columns_shows_both_versions_right(project):
    bucket = project.add_export("payer")
    deliver_v1(bucket, "2026-05", [bill([("Usage", "Run", "10")])], "v1")
    project.run("aws", "run-pipeline")
    [before] = project.query("SELECT snapshot_id::VARCHAR AS id FROM (SELECT json_extract(receipt, '$.snapshot_id') AS snapshot_id "
                             "FROM deliveries)")
    deliver_v1(bucket, "2026-05", [bill([("Usage", "Run", "10", "9"), ("Credit", "Run", "-1", "")], ["lineItem/NetUnblendedCost"])], "v2")
    project.run("aws", "run-pipeline")
    now = [D(row["net"]) for row in project.query("SELECT net_amortized_cost AS net FROM aws_billing_data_costs ORDER BY 1")]
    assert now == [D(0), D(9)]
    then = project.query("SELECT net_amortized_cost AS net FROM aws_billing_data_costs", )
    assert len(then) == 2
    old = project.json("query", "SELECT net_amortized_cost AS net FROM aws_billing_data_costs", "--format", "json", "--as-of",
                       f"aws_billing_data={before['id']}")
    assert [D(row["net"]) for row in old] == [D(10)]


def test_split_cost_rows_are_in_no_total(project):
    deliver_v1(project.add_export("payer"), "2026-05",
               [bill([("Usage", "RunInstances", "10"), ("Usage", "EKSPod-EC2", "4"), ("Usage", "ECSTask-EC2", "")])], "v1")
    project.run("aws", "run-pipeline")
    [payer] = receipt(project, "payer")["costs"]["payers"]
    assert (D(payer["unblended_cost"]), payer["lines"], payer["split_lines"], D(payer["split_unblended_cost"])) == (10, 1, 2, 4)
    assert costs_in_view(project) == costs_in_receipts(project)
    assert len(project.query("SELECT 1 FROM aws_billing_data")) == 3


def test_missing_columns_leave_a_residual_that_names_them(project):
    more = ["savingsPlan/SavingsPlanARN", "savingsPlan/SavingsPlanEffectiveCost"]
    rows = [("SavingsPlanCoveredUsage", "Run", "10", "arn:1", "6"), ("SavingsPlanNegation", "Run", "-10", "arn:1", ""),
            ("SavingsPlanRecurringFee", "", "6", "arn:1", "")]
    deliver_v1(project.add_export("payer"), "2026-05", [bill(rows, more)], "v1")
    project.run("aws", "run-pipeline")
    costs = receipt(project, "payer")["costs"]
    [payer] = costs["payers"]
    assert D(payer["residual"]) == 0  # as much commitment as usage: the columns are missed, the sum is right
    assert costs["missing_columns"] == ["savings_plan_amortized_upfront_commitment_for_billing_period",
                                        "savings_plan_total_commitment_to_date", "savings_plan_used_commitment"]
    assert costs_in_view(project) == costs_in_receipts(project)
    deliver_v1(project.add_export("other"), "2026-05", [bill([row[:4] for row in rows], more[:1])], "v1")
    project.run("aws", "run-pipeline")
    [payer] = receipt(project, "other")["costs"]["payers"]
    assert D(payer["residual"]) == 6
    assert {cause["reason"] for cause in payer["causes"]} == {"missing_columns"}
    assert sum(D(cause["amount"]) for cause in payer["causes"]) == 6
    assert costs_in_view(project) == costs_in_receipts(project)


def test_an_empty_month_and_a_missing_payer_have_their_outcomes(project):
    deliver_v1(project.add_export("empty"), "2026-05", [csv_bytes(HEADER, [])], "v1")
    deliver_v1(project.add_export("unknown"), "2026-05",
               [csv_bytes(["lineItem/LineItemType", "lineItem/UnblendedCost"], [["Usage", "3"]])], "v1")
    project.run("aws", "run-pipeline")
    assert receipt(project, "empty")["costs"] == {"payers": [], "missing_columns": [], "service_totals": ""}
    assert costs_in_receipts(project) == {("unknown", "2026-05", "", ""): [D(3), D(3), D(3), D(3), D(0), D(0)]}
    assert costs_in_view(project) == costs_in_receipts(project)


def test_focus_has_no_view_of_costs_and_no_identity(project):
    names = ["BilledCost", "BillingCurrency", "ChargeCategory"]
    deliver_v2(project.add_export("focus"), "2026-05", [csv_bytes(names, [["1.5", "USD", "Usage"]])], "id", tableName="FOCUS_1_0_AWS")
    project.run("aws", "run-pipeline")
    assert receipt(project, "focus")["costs"] is None
    views = {row["name"] for row in project.query("SELECT view_name AS name FROM duckdb_views() WHERE NOT internal")}
    assert "focus_aws" in views and not {name for name in views if name.endswith("_costs")}


def test_tags_of_both_formats_have_the_same_keys(project):
    deliver_v1(project.add_export("one"), "2026-05", [csv_bytes(HEADER + ["resourceTags/user:CostCenter", "resourceTags/aws:createdBy"],
               [["000000000001", "USD", "Usage", "AmazonEC2", "Run", "1", "7", "me"]])], "v1")
    deliver_v2(project.add_export("two"), "2026-05", [csv_bytes(
        ["bill_payer_account_id", "line_item_currency_code", "line_item_line_item_type", "line_item_unblended_cost", "resource_tags"],
        [["000000000002", "USD", "Usage", "1", json.dumps({"user_cost_center": "7", "aws_created_by": "me"})]])], "id")
    project.run("aws", "run-pipeline")
    rows = project.query("SELECT tags['user_cost_center'] AS centre, tags['aws_created_by'] AS maker, cardinality(tags) AS n "
                         "FROM aws_billing_data_costs")
    assert rows == [{"centre": "7", "maker": "me", "n": 2}] * 2


def test_any_client_reads_the_view_of_the_published_file(project):
    duckdb = pytest.importorskip("duckdb")
    demo(project, "--rows", "300", "--months", "1")
    project.run("aws", "run-pipeline")
    with duckdb.connect(str(project.folder / "bill" / "data" / "finops.duckdb"), read_only=True) as client:
        client.execute("SET TimeZone = 'America/New_York'")
        rows = client.execute("SELECT source, sum(unblended_cost), sum(amortized_cost + ri_sp_trueup + ri_sp_upfront_fees) "
                              "FROM aws_billing_data_costs GROUP BY source, line_item_currency_code").fetchall()
    assert len(rows) == 3 and all(unblended == other for _, unblended, other in rows)
