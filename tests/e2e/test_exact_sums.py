"""Every decimal column's sum, every row count and every NULL count in DuckDB, pyiceberg and ClickHouse equals what an
independent oracle reads out of the delivered files; the receipt says the same; the demo's own truth agrees."""
import collections
import decimal
import gzip
import json
import pathlib

import pytest

import engine_sums
import oracle
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, deliver_v2, small_row

D = decimal.Decimal


def delivered_files(receipt, buckets):
    return [str(buckets[receipt["source"]] / f["key"]) for f in receipt["files"]]


def names_of(project, receipt):
    """{exact name: column} of a delivery, as its ledger row tells."""
    row = project.query(f"SELECT columns AS c FROM deliveries WHERE source = '{receipt['source']}' AND billing_period = "
                        f"'{receipt['billing_period']}' AND state = 'current'")[0]
    return dict(json.loads(row["c"]))


def decimal_columns(project, table="aws_billing_data"):
    return [r["column_name"] for r in project.query(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {table})")
            if r["column_type"] == "DECIMAL(38,18)"]


def metadata_file(project, table="aws_billing_data"):
    import sqlite3
    with sqlite3.connect(project.catalog) as connection:
        return connection.execute("SELECT metadata_location FROM iceberg_tables WHERE table_name = ?", (table,)).fetchone()[0]


def without_nothing(sums):
    """Currencies and columns without a value in it left out: a sum over no cell is NULL in SQL and 0 in a receipt."""
    return {c: {n: v for n, v in s.items() if v} for c, s in sums.items() if any(s.values())}


def check_everything(project, buckets, table="aws_billing_data"):
    receipts = [r for r in project.json("receipt")["receipts"] if r["table"] == table]
    assert receipts
    types = {name: "decimal" for name in decimal_columns(project, table)}
    for receipt in receipts:
        names = names_of(project, receipt)
        bill = oracle.read_bill(delivered_files(receipt, buckets), types=types, names=names)
        where = f"source = '{receipt['source']}' AND billing_period = '{receipt['billing_period']}'"
        expected = bill.totals()
        columns = set(bill.columns)
        assert len(columns) == len(names)
        in_duckdb = engine_sums.only(engine_sums.sums_with_duckdb(project.database, table, where, s3=project.s3), columns)
        assert in_duckdb == expected
        if bill.rows:
            in_iceberg = engine_sums.sums_with_pyiceberg(
                project.catalog, "finops", f"billing.{table}", s3=project.s3,
                where=f"source == '{receipt['source']}' and billing_period == '{receipt['billing_period']}'")
            assert engine_sums.only(in_iceberg, columns) == expected
            in_chdb = engine_sums.only(engine_sums.sums_with_chdb(metadata_file(project, table), where, s3=project.s3), columns)
            assert in_chdb["rows"] == expected["rows"] and in_chdb["sums"] == expected["sums"]
            assert in_chdb["nulls"].items() <= expected["nulls"].items()
        assert receipt["balanced"] is True
        assert receipt["rows"] == {"source": bill.source_rows, "loaded": bill.rows, "quarantined": len(bill.rejected)}
        told = {c: {n: D(v["loaded"]) for n, v in s.items()} for c, s in receipt["sums"].items()}
        assert without_nothing(told) == without_nothing(expected["sums"])
        source = {c: {n: D(v["source"]) for n, v in s.items()} for c, s in receipt["sums"].items()}
        assert without_nothing(source) == without_nothing(bill.source_sums())
        rounded = collections.Counter()
        for totals in (bill.loaded, bill.quarantined):
            for currency, by_column in totals.items():
                for name, money in by_column.items():
                    rounded[currency, name] += money.rounded
        assert {(c, n): v["rounded_cells"] for c, s in receipt["sums"].items() for n, v in s.items() if v["rounded_cells"]} \
            == {k: n for k, n in rounded.items() if n}
    project.run("receipt", "verify")
    return receipts


@pytest.fixture
def demo(project):
    project.run("demo", "generate", "--out", "bill", "--rows", "1500", "--months", "2")
    for name in ("payer-a", "payer-b"):
        project.add_export(name, bucket=project.folder / "bill" / name, export=f"{name}-bill")
    return project


def test_generated_bills_equal_oracle_and_truth_in_three_readers(demo):
    demo.run("aws", "run-pipeline")
    buckets = {n: demo.folder / "bill" / n for n in ("payer-a", "payer-b")}
    check_everything(demo, buckets)
    truth = json.loads((demo.folder / "bill" / "truth.json").read_text())
    assert truth
    leading = demo.query("SELECT count(*)::VARCHAR AS n FROM aws_billing_data WHERE line_item_usage_account_id LIKE '0%' "
                         "AND length(line_item_usage_account_id) = 12")[0]["n"]
    assert int(leading) > 0
    # The restated month: one more version, the other month as it was.
    demo.run("demo", "generate", "--out", "bill", "--restate")
    report = demo.json("aws", "run-pipeline")
    assert sorted(d["outcome"] for d in report["deliveries"]) == ["replaced", "replaced", "unchanged", "unchanged"]
    check_everything(demo, buckets)


def test_hand_written_hostile_bill(project):
    bucket = project.add_export("payer-a")
    header = SMALL_HEADER + ["splitLineItem/SplitCost", "pricing/publicOnDemandCost", "resourceTags/user:name",
                             "resourceTags/user:Ünï côdé", "custom/thing"]

    def row(number, *, split="", public="", tags=("", "", ""), **cells):
        return small_row(number, **cells) + [split, public, *tags]

    rows = [row(0, cost="1E-7", amount="1.5e3"), row(1, cost="0E-10", amount="-0"), row(2, cost="", amount=""),
            row(3, cost="-12345678901234567890.123456789012345678"), row(4, currency="EUR", cost="9999999999999999999"),
            row(5, split="0.1234567890123456785", public="0.1234567890123456775"),
            row(6, split="0.00000000000000000051", tags=('say "hi", you', "über", "名前")),
            row(7, description='two\nlines, "quoted" and\r\nmore'), row(8, currency="", cost="7"),
            row(9, account="000000000000", name="1E5"), row(10, cost="+5", amount=".5"), row(11, cost="5.", amount="007")]
    bad = [row(90, cost="100000000000000000000"), row(91, cost="abc"), row(92, amount="1,5")]
    good = rows + [row(i, cost=f"0.{i:018d}", split=f"{i}.{i:019d}") for i in range(100, 2600)]
    reordered = list(range(len(header)))[::-1]
    second = csv_bytes([header[i] for i in reordered], [[r[i] for i in reordered] for r in rows[:8]])
    deliver_v1(bucket, "2026-05", [csv_bytes(header, good + bad, line_end="\r\n"), second,
                                   csv_bytes(header, []), b""], "v1", manifest_columns=SMALL_HEADER[:4])
    report = project.json("aws", "run-pipeline", expect=None)
    check_everything(project, {"payer-a": bucket})
    assert report["deliveries"][0]["rows"]["quarantined"] == 3


def test_a_v2_bill_with_maps_and_its_own_columns(project):
    bucket = project.add_export("payer-b", table="focus_like")
    header = ["line_item_unblended_cost", "line_item_currency_code", "resource_tags", "discount", "product",
              "product_instanceSKU", "my_alias", "line_item_usage_account_id", "line_item_usage_start_date"]
    rows = [[f"{i}.000000000000000001", "USD", json.dumps({"user_name": f"n{i}", "é": None}), '{"EDP": -0.1, "x": "1e-3"}',
             "{}", "SKU", f"a{i}", f"{i:012d}", "2026-05-01T00:00:00.000Z"] for i in range(50)]
    columns = [{"name": "line_item_unblended_cost", "type": "double"}, {"name": "my_alias", "type": "string"}]
    deliver_v2(bucket, "2026-05", [csv_bytes(header, rows[:20]), csv_bytes(header, rows[20:])], "run-1", columns=columns)
    project.run("aws", "run-pipeline")
    check_everything(project, {"payer-b": bucket}, "focus_like")
    got = project.query("SELECT sum(discount['EDP'])::VARCHAR AS d, count(DISTINCT product_instancesku)::VARCHAR AS s, "
                        "count(resource_tags['é'])::VARCHAR AS e FROM focus_like")[0]
    assert (D(got["d"]), got["s"], got["e"]) == (D("-5"), "1", "0")
