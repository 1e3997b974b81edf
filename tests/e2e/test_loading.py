"""Loading, loading again, replacing: what is in the lake is what was delivered, once."""
import datetime
import decimal
import gzip
import os

from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, deliver_v2, small_bill, small_row


D = decimal.Decimal


def totals(project, table="aws_billing_data"):
    rows = project.query(f"SELECT source, billing_period, execution_id, count(*) AS n, "
                         f"sum(line_item_unblended_cost) AS cost FROM {table} GROUP BY ALL ORDER BY ALL")
    return [(r["source"], r["billing_period"], r["execution_id"], int(r["n"]), D(r["cost"])) for r in rows]


def outcomes(report):
    return {(p["source"], p["billing_period"]): p["outcome"] for p in report["deliveries"]}


def test_a_second_run_changes_nothing_and_reads_no_data_file(project):
    bucket = project.add_export("payer-a")
    files = deliver_v1(bucket, "2026-05", [small_bill(10), small_bill(5)], "v1")
    first = project.json("aws", "run-pipeline")
    assert first["changed"] is True
    assert outcomes(first) == {("payer-a", "2026-05"): "loaded"}
    before = totals(project)
    assert before == [("payer-a", "2026-05", "v1", 15, D("18.75"))]
    for file in files:  # a run that read them would fail, or load something else
        stat = file.stat()
        file.write_bytes(b"not gzip")
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    second = project.json("aws", "run-pipeline")
    assert second["changed"] is False
    assert outcomes(second) == {("payer-a", "2026-05"): "unchanged"}
    assert totals(project) == before


def test_a_new_version_replaces_its_own_payer_and_month_only(project):
    for name in ("payer-a", "payer-b"):
        bucket = project.add_export(name)
        for period in ("2026-04", "2026-05"):
            deliver_v1(bucket, period, [small_bill(4, period)], f"{name}-{period}-1")
    project.run("aws", "run-pipeline")
    at = datetime.datetime.now(datetime.timezone.utc).isoformat()
    deliver_v1(project.folder / "buckets" / "payer-a", "2026-05", [small_bill(7, "2026-05", cost="2")], "restated")
    report = project.json("aws", "run-pipeline")
    assert outcomes(report)[("payer-a", "2026-05")] == "replaced"
    now = totals(project)
    assert ("payer-a", "2026-05", "restated", 7, D("14")) in now
    assert ("payer-b", "2026-05", "payer-b-2026-05-1", 4, D("5")) in now
    assert len(now) == 4
    history = project.json("history")
    versions = [(d["source"], d["billing_period"], d["execution_id"], d["state"]) for d in history["deliveries"]]
    assert ("payer-a", "2026-05", "payer-a-2026-05-1", "superseded") in versions
    assert ("payer-a", "2026-05", "restated", "current") in versions
    old = project.json("query", "SELECT sum(line_item_unblended_cost) AS c FROM aws_billing_data "
                       "WHERE source = 'payer-a' AND billing_period = '2026-05'", "--format", "json",
                       "--as-of", at)
    assert D(old[0]["c"]) == 5


def test_v1_and_v2_of_one_estate_share_their_columns(project):
    v1 = project.add_export("payer-a", table="bills")
    v2 = project.add_export("payer-b", table="bills")
    deliver_v1(v1, "2026-05", [small_bill(3)], "v1")
    header = ["line_item_usage_account_id", "line_item_unblended_cost", "line_item_currency_code", "resource_tags",
              "discount", "bill_billing_period_start_date"]
    rows = [["000000000007", "0.1", "USD", '{"user_name": "web", "user_team": null}', '{"EDP": 0.5}',
             "2026-05-01T00:00:00.000Z"], ["000000000008", "0.2", "USD", "", "{}", ""]]
    deliver_v2(v2, "2026-05", [csv_bytes(header, rows)], "v2", columns=["line_item_usage_account_id"])
    project.run("aws", "run-pipeline")
    got = project.query("SELECT line_item_usage_account_id AS a, line_item_unblended_cost AS c, "
                        "resource_tags['user_name'] AS n, discount['EDP'] AS d FROM bills "
                        "WHERE source = 'payer-b' ORDER BY a")
    assert [(r["a"], r["c"], r["n"], r["d"]) for r in got] == [
        ("000000000007", "0.100000000000000000", "web", "0.500000000000000000"),
        ("000000000008", "0.200000000000000000", None, None)] or got
    columns = [r["column_name"] for r in project.query(
        "SELECT column_name FROM (DESCRIBE SELECT * FROM bills)")]
    assert columns.count("line_item_unblended_cost") == 1
    assert "line_item_unblended_cost_1" not in columns


def test_columns_come_go_and_change_places_between_months_and_files(project):
    bucket = project.add_export("payer-a")
    base = ["bill/BillingPeriodStartDate", "lineItem/CurrencyCode"]
    a = csv_bytes(base + ["lineItem/UnblendedCost", "resourceTags/user:Name", "resourceTags/user:name"],
                  [["2026-04-01T00:00:00Z", "USD", "1", "Upper", "lower"]])
    b = csv_bytes(["resourceTags/user:name", "lineItem/UnblendedCost", "resourceTags/user:Name"] + base,
                  [["lower2", "2", "Upper2", "2026-05-01T00:00:00Z", "USD"]])
    c = csv_bytes(base + ["product/newThing", "lineItem/UnblendedCost"],
                  [["2026-05-01T00:00:00Z", "USD", "thing", "3"]])
    deliver_v1(bucket, "2026-04", [a], "m4")
    deliver_v1(bucket, "2026-05", [b, c], "m5")
    project.run("aws", "run-pipeline")
    schema = {r["column_name"] for r in project.query("SELECT column_name FROM (DESCRIBE SELECT * FROM aws_billing_data)")}
    tags = sorted(c for c in schema if c.startswith("resource_tags_user_name"))
    assert len(tags) == 2 and tags[0] == "resource_tags_user_name"
    # In byte order `user:Name` comes first and has the plain name.
    got = project.query(f"SELECT line_item_unblended_cost::INT AS c, {tags[0]} AS u, {tags[1]} AS l, product_new_thing AS p "
                        "FROM aws_billing_data ORDER BY 1")
    assert [(str(r["c"]), r["u"], r["l"], r["p"]) for r in got] == [
        ("1", "Upper", "lower", None), ("2", "Upper2", "lower2", None), ("3", None, None, "thing")]


def test_dry_run_tells_the_plan_and_writes_nothing(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(10)], "v1")
    plan = project.json("aws", "run-pipeline", "--dry-run")
    assert not (project.folder / "data").exists() or not list((project.folder / "data").rglob("*.parquet"))
    assert not project.catalog.exists()
    item = plan["plan"][0]
    assert (item["action"], item["files"]) == ("load", 1)
    assert item["bytes"] == sum(f.stat().st_size for f in bucket.rglob("*.csv.gz"))
    project.run("aws", "run-pipeline")
    assert project.json("aws", "run-pipeline", "--dry-run")["plan"][0]["action"] == "nothing"


def test_same_id_with_other_bytes_is_a_new_version(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(3)], "v1")
    project.run("aws", "run-pipeline")
    deliver_v1(bucket, "2026-05", [small_bill(3)], "v1", reportId="2")  # only the manifest differs
    assert project.json("aws", "run-pipeline")["changed"] is False
    deliver_v1(bucket, "2026-05", [small_bill(4)], "v1", reportId="3")
    report = project.json("aws", "run-pipeline")
    assert report["changed"] is True
    version = report["deliveries"][0]["execution_id"]
    assert version.startswith("v1+") and len(version) == len("v1+") + 8
    assert totals(project) == [("payer-a", "2026-05", version, 4, D("5"))]
    assert project.json("aws", "run-pipeline")["changed"] is False


def test_an_empty_delivery_is_known_but_replaces_nothing_unasked(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [], "empty")
    assert project.json("aws", "run-pipeline")["deliveries"][0]["outcome"] == "loaded"
    assert project.json("aws", "run-pipeline")["changed"] is False
    deliver_v1(bucket, "2026-05", [small_bill(3)], "full")
    project.run("aws", "run-pipeline")
    deliver_v1(bucket, "2026-05", [small_bill(0)], "empty-again")
    report = project.json("aws", "run-pipeline", expect=3)
    assert report["deliveries"][0]["outcome"] == "empty_withheld"
    assert totals(project)[0][2:4] == ("full", 3)
    project.run("aws", "load-billing-local", "--overwrite")
    assert project.query("SELECT count(*) AS n FROM aws_billing_data")[0]["n"] in (0, "0")


def test_going_back_to_an_earlier_delivery_loads_it_again(project):
    bucket = project.add_export("payer-a")
    for version, rows in (("v1", 3), ("v2", 4), ("v1", 3)):
        deliver_v1(bucket, "2026-05", [small_bill(rows)], version)
        project.run("aws", "run-pipeline")
        assert totals(project)[0][2:4] == (version, rows)


def test_multi_member_gzip_crlf_and_bom(project):
    bucket = project.add_export("payer-a")
    text = b"\xef\xbb\xbf" + csv_bytes(SMALL_HEADER, [small_row(i) for i in range(6)], line_end="\r\n",
                                       last_line_end=False)
    members = gzip.compress(text[:100]) + gzip.compress(text[100:900]) + gzip.compress(text[900:])
    deliver_v1(bucket, "2026-05", [("raw", members)], "v1", manifest_columns=SMALL_HEADER)
    project.run("aws", "run-pipeline")
    assert totals(project) == [("payer-a", "2026-05", "v1", 6, D("7.5"))]
    assert project.query("SELECT DISTINCT resource_tags_user_name AS t FROM aws_billing_data") == [{"t": "web"}]
