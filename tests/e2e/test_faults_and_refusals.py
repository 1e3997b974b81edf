"""Bad rows, bad files, bad manifests, bad surroundings: what happens, and what is said."""
import decimal
import gzip
import json
import os
import pathlib
import subprocess

import pytest

from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_bill, small_row, write

D = decimal.Decimal


def only(report):
    assert len(report["deliveries"]) == 1
    return report["deliveries"][0]


def rows_in_lake(project):
    return int(project.query("SELECT count(*) AS n FROM aws_billing_data")[0]["n"])


def with_bad_rows(good, bad):
    return csv_bytes(SMALL_HEADER, [small_row(i) for i in range(good)] + bad)


def test_one_bad_row_goes_to_quarantine_with_its_bytes_and_the_rest_is_loaded(project):
    bucket = project.add_export("payer-a")
    bad = small_row(99)
    bad[8] = "two"  # lineItem/UsageAmount
    bad[11] = "0.001"
    deliver_v1(bucket, "2026-05", [with_bad_rows(2000, [bad]), small_bill(10)], "v1")
    report = only(project.json("aws", "run-pipeline", expect=3))
    assert report["outcome"] == "loaded"
    assert report["rows"] == {"source": 2011, "loaded": 2010, "quarantined": 1}
    assert rows_in_lake(project) == 2010
    shown = project.json("quarantine", "show")["rows"]
    assert len(shown) == 1
    assert shown[0]["line"] == 2002 and shown[0]["file"].endswith("report-00001.csv.gz")
    assert "lineItem/UsageAmount" in shown[0]["reasons"][0]
    assert shown[0]["raw"] == csv_bytes(bad, []).decode().rstrip("\n")
    receipt = project.json("receipt")["receipts"][0]
    assert receipt["balanced"] is True
    cost = receipt["sums"]["USD"]["line_item_unblended_cost"]
    assert D(cost["source"]) == D(cost["loaded"]) + D(cost["quarantined"]) == D("2512.501")
    assert receipt["sums"]["USD"]["line_item_usage_amount"]["unreadable_cells"] == 1
    assert project.json("aws", "run-pipeline")["changed"] is False  # old quarantine is exit 0
    project.run("receipt", "verify")


@pytest.mark.parametrize("bad", [b"short,row", b'"un"closed,x', b'a,"never closed', b"\xff\xfe" + b"," * 13])
def test_rows_after_a_broken_one_are_right(project, bad):
    bucket = project.add_export("payer-a")
    body = csv_bytes(SMALL_HEADER, [small_row(i) for i in range(1500)] + [bad] +
                     [small_row(7, cost="3", description="plain")])
    deliver_v1(bucket, "2026-05", [body], "v1")
    report = only(project.json("aws", "run-pipeline", expect=3))
    assert report["rows"] == {"source": 1502, "loaded": 1501, "quarantined": 1}
    got = project.query("SELECT line_item_unblended_cost AS c, source_line AS l FROM aws_billing_data "
                        "ORDER BY source_line DESC LIMIT 1")[0]
    assert D(got["c"]) == 3 and int(got["l"]) == 1503
    project.run("receipt", "verify")


def test_too_many_bad_rows_refuse_the_delivery_and_keep_what_was_there(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(50)], "good")
    project.run("aws", "run-pipeline")
    deliver_v1(bucket, "2026-05", [with_bad_rows(40, [b"bad,row"] * 20)], "bad")
    report = only(project.json("aws", "run-pipeline", expect=1))
    assert report["outcome"] == "refused" and "threshold_rows" in report["message"]
    assert rows_in_lake(project) == 50
    summary = project.json("quarantine", "ls")["deliveries"]
    assert [(s["execution_id"], s["rows"], s["current"]) for s in summary] == [("bad", 20, False)]
    again = only(project.json("aws", "run-pipeline", expect=1))
    assert again["outcome"] == "refused" and "not read again" in again["message"]
    project.write_config("[quarantine]\nthreshold_rows = 0.5\n")
    report = only(project.json("aws", "run-pipeline", expect=3))
    assert report["outcome"] == "replaced" and rows_in_lake(project) == 40


@pytest.mark.parametrize("damage, words", [
    (lambda b: b[:-20], "truncated"), (lambda b: b[:-6] + bytes([b[-6] ^ 1]) + b[-5:], "CRC"),
    (lambda b: b"PK\x03\x04" + b, "gzip")])
def test_an_undecodable_file_fails_its_month_only(project, damage, words):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-04", [small_bill(5, "2026-04")], "april")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "may-1")
    project.run("aws", "run-pipeline")
    whole = gzip.compress(small_bill(3000), mtime=0)
    deliver_v1(bucket, "2026-05", [small_bill(9), ("raw", damage(whole))], "may-2")
    deliver_v1(bucket, "2026-06", [small_bill(6, "2026-06")], "june")
    report = project.json("aws", "run-pipeline", expect=3)
    by_period = {d["billing_period"]: d for d in report["deliveries"]}
    assert by_period["2026-05"]["outcome"] == "failed"
    assert "report-00002.csv.gz" in by_period["2026-05"]["message"]
    assert words.lower() in by_period["2026-05"]["message"].lower()
    assert by_period["2026-06"]["outcome"] == "loaded"
    counts = project.query("SELECT billing_period AS p, execution_id AS e, count(*) AS n FROM aws_billing_data "
                           "GROUP BY ALL ORDER BY 1")
    assert [(r["p"], r["e"], int(r["n"])) for r in counts] == [
        ("2026-04", "april", 5), ("2026-05", "may-1", 5), ("2026-06", "june", 6)]
    assert not stray_files(project)


def stray_files(project):
    """Data files of the lake that no current delivery brought: a failed load must leave none."""
    receipts = project.json("receipt")["receipts"]
    known = {pathlib.Path(f["key"]).name for r in receipts for f in r["data_files"]}
    on_disk = {p.name for p in (project.folder / "data/lake/billing/aws_billing_data/data").rglob("*.parquet")}
    return on_disk - known


def test_a_broken_manifest_names_itself_and_stops_no_other(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-04", [small_bill(5, "2026-04")], "april")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "may")
    manifest = bucket / "cur/report/20260501-20260601/report-Manifest.json"
    manifest.write_text('{"assemblyId": "x", ')
    report = project.json("aws", "run-pipeline", expect=3)
    by_period = {d["billing_period"]: d for d in report["deliveries"]}
    assert by_period["2026-05"]["outcome"] == "failed"
    assert "20260501-20260601/report-Manifest.json" in by_period["2026-05"]["message"]
    assert by_period["2026-04"]["outcome"] == "loaded"


def test_a_listed_file_that_is_missing_fails_its_month(project):
    bucket = project.add_export("payer-a")
    files = deliver_v1(bucket, "2026-05", [small_bill(5), small_bill(5)], "may")
    files[1].unlink()
    report = only(project.json("aws", "run-pipeline", expect=1))
    assert "report-00002.csv.gz" in report["message"]


def test_a_missing_bucket_folder_fails_alone_with_one_message(project):
    bucket = project.add_export("payer-a")
    gone = project.add_export("payer-b")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "may")
    gone.rmdir()
    done = project.run("aws", "run-pipeline", expect=3)
    assert str(gone) in done.out + done.err


def test_configuration_mistakes_are_all_told_with_the_nearest_key(project):
    project.add_export("payer-a")
    (project.folder / "config.toml").write_text('data_dri = "x"\nmemory_limit = "lots"\n[aws]\nbukcet = "b"\n')
    done = project.run("aws", "run-pipeline", expect=2)
    for words in ("data_dri", "data_dir", "memory_limit", "bukcet", "bucket"):
        assert words in done.err
    assert "terminate" not in done.err


def test_an_unwritable_folder_is_one_clear_message(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "may")
    blocked = project.folder / "blocked"
    blocked.write_text("a file where a folder should be")
    project.write_config(f'lake_dir = "{blocked}/lake"')
    done = project.run("aws", "run-pipeline", expect=None)
    assert done.code in (1, 2)
    assert str(blocked) in done.out + done.err


def test_a_full_disk_is_one_clear_message_and_loses_nothing(project):
    if os.geteuid() != 0:
        pytest.fail("this test mounts a small tmpfs and so needs root")
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "small")
    small = project.folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)], check=True)
    try:
        project.write_config(f'lake_dir = "{small}/lake"')
        project.run("aws", "run-pipeline")
        rows = [[os.urandom(40).hex(), *small_row(i)[1:]] for i in range(60000)]
        deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, rows)], "large")
        report = only(project.json("aws", "run-pipeline", expect=1))
        assert report["outcome"] == "failed" and report["error_kind"] == "no_space"
        assert "make room" in report["message"]
        assert rows_in_lake(project) == 5
        project.run("receipt", "verify")
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


@pytest.mark.parametrize("column, change", [
    ("line_item_unblended_cost", "CAST('1.26' AS DECIMAL(38,18))"), ("line_item_product_code", "'AmazonEC3'"),
    ("resource_tags_user_name", "NULL"), ("line_item_usage_start_date", "TIMESTAMPTZ '2026-05-09 00:00:00+00'"),
    ("source_line", "99::BIGINT"), ("source_file", "'other.csv.gz'")])
def test_verify_sees_one_changed_cell_of_any_column(project, column, change):
    """Also when whoever changed it made the receipt's file hash fit: content is compared, not bytes only."""
    import pyarrow.parquet as pq
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(30)], "v1")
    project.run("aws", "run-pipeline")
    assert project.json("receipt", "verify")["deliveries"][0]["verdict"] == "agrees"
    file = next((project.folder / "data/lake/billing/aws_billing_data/data").rglob("*.parquet"))
    import duckdb
    original = pq.read_table(file)
    rows = duckdb.sql(f"SELECT * REPLACE (CASE WHEN source_line = 7 THEN {change} ELSE {column} END AS {column}) FROM original")
    changed = rows.to_arrow_table() if hasattr(rows, "to_arrow_table") else rows.arrow()
    if hasattr(changed, "read_all"):
        changed = changed.read_all()
    file.unlink()
    pq.write_table(changed.cast(original.schema), file)
    done = project.run("receipt", "verify", "--json", expect=1)
    differences = json.loads(done.out)["deliveries"][0]["differences"]
    assert any(column in d for d in differences), differences


def test_verify_without_the_delivered_bytes_says_so(project):
    bucket = project.add_export("payer-a")
    files = deliver_v1(bucket, "2026-05", [small_bill(30)], "v1")
    project.run("aws", "run-pipeline")
    files[0].unlink()
    done = project.run("receipt", "verify", "--json", expect=3)
    report = json.loads(done.out)["deliveries"][0]
    assert report["verdict"] == "cannot_be_verified" and "report-00001.csv.gz" in report["message"]


def test_verify_knows_a_newer_delivery_under_the_same_names_whatever_its_columns(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(30)], "v1", overwrite=True)
    project.run("aws", "run-pipeline")
    refused = csv_bytes(SMALL_HEADER + ["resourceTags/user:New"], [small_row(i, cost="a lot") + ["x"] for i in range(20)])
    deliver_v1(bucket, "2026-05", [refused], "v2", overwrite=True)
    assert only(project.json("aws", "run-pipeline", expect=1))["outcome"] == "refused"
    report = only(project.json("receipt", "verify", expect=3))
    assert report["verdict"] == "cannot_be_verified" and "other bytes" in report["message"]


def test_export_writes_one_file_per_month_and_skips_what_did_not_change(project):
    import pyarrow.parquet as pq
    for name in ("payer-a", "payer-b"):
        bucket = project.add_export(name)
        for period in ("2026-04", "2026-05"):
            deliver_v1(bucket, period, [small_bill(4, period)], f"{name}-{period}")
    project.run("aws", "run-pipeline")
    first = project.json("aws", "export-parquet")
    assert first["changed"] is True and [f["outcome"] for f in first["files"]] == ["written", "written"]
    folder = project.folder / "data" / "exports"
    assert sorted(p.name for p in folder.iterdir()) == ["2026-04_aws_billing.parquet", "2026-05_aws_billing.parquet"]
    table = pq.read_table(folder / "2026-05_aws_billing.parquet")
    assert table.num_rows == 8 and str(table.schema.field("line_item_usage_start_date").type) == "timestamp[us, tz=UTC]"
    assert pq.ParquetFile(folder / "2026-05_aws_billing.parquet").metadata.row_group(0).column(0).compression == "SNAPPY"
    stamp = (folder / "2026-05_aws_billing.parquet").stat().st_mtime_ns
    again = project.json("aws", "export-parquet")
    assert again["changed"] is False and (folder / "2026-05_aws_billing.parquet").stat().st_mtime_ns == stamp
    deliver_v1(project.folder / "buckets/payer-a", "2026-05", [small_bill(9)], "restated")
    project.run("aws", "run-pipeline")
    third = project.json("aws", "export-parquet")
    assert [(f["billing_period"], f["outcome"]) for f in third["files"]] == [("2026-04", "unchanged"), ("2026-05", "written")]
    assert pq.read_table(folder / "2026-05_aws_billing.parquet").num_rows == 13
    assert project.json("aws", "export-parquet", "--overwrite")["changed"] is True


def test_the_lake_is_still_told_when_its_export_is_not_configured_any_more(project):
    bucket = project.add_export("payer-a")
    bad = small_row(99)
    bad[8] = "two"
    deliver_v1(bucket, "2026-05", [with_bad_rows(2000, [bad])], "v1")
    project.run("aws", "run-pipeline", expect=3)
    project.exports.clear()
    project.write_config()
    assert [d["source"] for d in project.json("history")["deliveries"]] == ["payer-a"]
    assert project.json("receipt")["receipts"][0]["rows"] == {"source": 2001, "loaded": 2000, "quarantined": 1}
    assert len(project.json("quarantine", "show")["rows"]) == 1
    assert project.json("quarantine", "ls")["deliveries"][0]["rows"] == 1
    assert len(project.json("aws", "export-parquet")["files"]) == 1
    assert "cannot be verified" in project.run("receipt", "verify", expect=3).out
    assert "no export is configured" in project.run("aws", "run-pipeline", expect=2).err


def test_commands_of_later_versions_say_so(project):
    project.add_export("payer-a")
    done = project.run("reconcile", expect=None)
    assert done.code != 0 and "later" in done.err
