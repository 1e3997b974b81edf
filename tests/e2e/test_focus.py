"""FOCUS exports of AWS: a table of their own, columns named as in the specification."""
import decimal
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deliveries import deliver_v1, deliver_v2, small_bill
from test_formats import as_csv, rename

D = decimal.Decimal
NAMES = ["BilledCost", "EffectiveCost", "BillingCurrency", "BillingAccountId", "SubAccountId", "ChargeCategory", "ChargePeriodStart",
         "ConsumedQuantity", "Tags", "x_Discounts", "x_ServiceCode"]


def focus_rows(count):
    return [[f"{i}.{i:03d}", f"{i / 4}", "USD" if i % 3 else "EUR", "012345678901", f"{i:012d}", "Usage", f"2026-05-{1 + i % 31:02d}T00:00:00Z",
             f"{i / 8}", {"user_team": f"t{i % 3}"} if i % 2 else None, {"edp": -i / 16}, "AmazonEC2"] for i in range(count)]


def csv_part(rows):
    return as_csv(NAMES, [[json.dumps(cell) if isinstance(cell, dict) else cell for cell in row] for row in rows])


def parquet_part(rows):
    kinds = {"BilledCost": pa.float64(), "EffectiveCost": pa.float64(), "ConsumedQuantity": pa.float64(),
             "Tags": pa.map_(pa.string(), pa.string()), "x_Discounts": pa.map_(pa.string(), pa.float64())}
    columns = {}
    for i, name in enumerate(NAMES):
        cells = [row[i] for row in rows]
        if name == "ChargePeriodStart":
            columns[name] = pa.array([cell[:-1] for cell in cells]).cast(pa.timestamp("ms"))
        elif "Cost" in name or name == "ConsumedQuantity":
            columns[name] = pa.array([float(cell) for cell in cells])
        else:
            columns[name] = pa.array([list(c.items()) if isinstance(c, dict) else c for c in cells], kinds.get(name, pa.string()))
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


@pytest.mark.parametrize("version", ["FOCUS_1_0_AWS", "FOCUS_1_2_AWS"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_focus_export_fills_a_table_of_its_own(project, form, version):
    rows = focus_rows(300)
    bucket = project.add_export("focus")
    part = csv_part(rows) if form == "csv" else ("raw", parquet_part(rows))
    paths = deliver_v2(bucket, "2026-05", [part], "id-1", tableName=version)
    if form == "parquet":
        rename(paths, ".snappy.parquet")
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(20)], "v1")
    report = project.json("aws", "run-pipeline")
    tables = {one["source"]: one["table"] for one in report["deliveries"]}
    assert tables == {"focus": "focus_aws", "payer-a": "aws_billing_data"}
    [told] = [one for one in report["deliveries"] if one["source"] == "focus"]
    by_currency = {c: sum(D(row[0]) for row in rows if row[2] == c) for c in ("EUR", "USD")}
    assert {c: D(v) for c, v in told["unblended_cost"].items()} == by_currency
    names = [row["name"] for row in project.query("SELECT column_name AS name FROM (DESCRIBE focus_aws)")]
    assert [name for name in names if name in NAMES] and set(NAMES) <= set(names)
    found = project.query("SELECT BillingCurrency AS c, sum(BilledCost) AS billed, sum(EffectiveCost) AS effective, "
                          "sum(x_Discounts['edp']) AS edp, count(Tags['user_team']) AS tagged FROM focus_aws GROUP BY 1 ORDER BY 1")
    for one in found:
        of = [row for row in rows if row[2] == one["c"]]
        assert D(one["billed"]) == sum(D(row[0]) for row in of) and D(one["effective"]) == sum(D(row[1]) for row in of)
        assert D(one["edp"]) == sum(D(str(row[9]["edp"])) for row in of) and int(one["tagged"]) == sum(row[8] is not None for row in of)
    receipts = {one["source"]: one for one in project.json("receipt")["receipts"]}
    assert {c: D(s["BilledCost"]["loaded"]) for c, s in receipts["focus"]["sums"].items()} == by_currency
    assert project.run("receipt", "verify").out.count("agrees") == 2
    assert project.json("aws", "run-pipeline")["changed"] is False
    exported = project.json("aws", "export-parquet")
    assert {file["path"].rsplit("/", 1)[1] for file in exported["files"]} == {"2026-05_aws_billing.parquet", "2026-05_focus_aws.parquet"}


def test_bills_of_two_kinds_do_not_share_a_table(project):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(20)], "v1")
    project.json("aws", "run-pipeline")
    deliver_v2(project.add_export("focus", table="aws_billing_data"), "2026-05", [csv_part(focus_rows(5))], "id-1", tableName="FOCUS_1_2_AWS")
    report = project.json("aws", "run-pipeline", expect=1)
    [told] = [one for one in report["deliveries"] if one["source"] == "focus"]
    assert told["outcome"] == "failed" and "another kind" in told["message"]
    assert "BilledCost" not in [row["name"] for row in project.query("SELECT column_name AS name FROM (DESCRIBE aws_billing_data)")]
