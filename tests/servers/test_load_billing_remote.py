"""`finops aws load-billing-remote`: BigQuery holds what the lake holds, whatever is lost on the way."""
import itertools
import json
import signal
import threading
import time

import pytest
from bigquery import bigquery_server
from deliveries import csv_bytes, deliver_v1, deliver_v2, small_bill
from project import Project

ACCOUNT = "loader@acme.iam.gserviceaccount.com"
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def google(tmp_path_factory):
    with bigquery_server(tmp_path_factory.mktemp("bigquery")) as server:
        yield server


class RemoteProject(Project):
    def __init__(self, folder, google):
        super().__init__(folder)
        self.google, self.place = google, f"acme-{next(NUMBERS)}"  # each test has a project of Google's to itself
        self.key = google.key_file(ACCOUNT, {self.place: "admin"})
        self.table = f"{self.place}.finops.aws_billing_data"
        self.settings, self.earlier_jobs = {}, len(google.control.job_list())

    def write_config(self, extra=""):
        keys = {"project_id": self.place, "dataset_id": "finops", "credentials_path": self.key, "endpoint_url": self.google.url} | self.settings
        self.exports = [text for text in self.exports if not text.startswith("[database")]
        self.exports.append("\n".join(["[database.bigquery]", *(f'{name} = "{value}"' for name, value in keys.items())]))
        super().write_config(extra)

    def load(self, *arguments, **options):
        return self.json("aws", "load-billing-remote", *arguments, **options)

    def held(self, table=None):
        """(source, month, execution id, rows, cost) as BigQuery tells them."""
        return [tuple(row) for row in self.google.control.rows(
            sql="SELECT source, FORMAT_TIMESTAMP('%Y-%m', bill_billing_period_start_date), execution_id, COUNT(*), SUM(line_item_unblended_cost) "
                f"FROM `{table or self.table}` GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")]

    def jobs(self, kind):
        return [job for job in self.google.control.job_list()[self.earlier_jobs:] if job["configuration"]["jobType"].lower() == kind]


@pytest.fixture
def project(tmp_path, google):
    google.control.heal()
    return RemoteProject(tmp_path, google)


def outcomes(report):
    return {(p["source"], p["billing_period"]): (p["outcome"], p.get("way")) for p in report["periods"]}


def test_a_month_of_one_source_is_one_load_into_its_partition(project, google):
    bucket = project.add_export("payer-a")
    for month, rows in (("2026-04", 7), ("2026-05", 10)):
        deliver_v1(bucket, month, [small_bill(rows, month)], "v1-" + month)
    project.run("aws", "load-billing-local")
    report = project.load()
    assert outcomes(report) == {("payer-a", "2026-04"): ("loaded", "partition"), ("payer-a", "2026-05"): ("loaded", "partition")}
    assert report["changed"] is True
    held = [("payer-a", "2026-04", "v1-2026-04", "7", "8.75"), ("payer-a", "2026-05", "v1-2026-05", "10", "12.5")]
    assert project.held() == held
    before = len(project.jobs("load"))
    again = project.load()
    assert outcomes(again) == {("payer-a", "2026-04"): ("unchanged", None), ("payer-a", "2026-05"): ("unchanged", None)}
    assert again["changed"] is False and len(project.jobs("load")) == before == 2
    # A restated month replaces its own, and no other.
    deliver_v1(bucket, "2026-05", [small_bill(3, cost="0.000000000000000001")], "v2")
    project.run("aws", "load-billing-local")
    assert outcomes(project.load()) == {("payer-a", "2026-04"): ("unchanged", None), ("payer-a", "2026-05"): ("replaced", "partition")}
    assert project.held() == [held[0], ("payer-a", "2026-05", "v2", "3", "0.000000000000000003")]
    assert outcomes(project.load("--overwrite", "--start-date", "2026-05")) == {("payer-a", "2026-05"): ("replaced", "partition")}
    assert project.held()[1][3:] == ("3", "0.000000000000000003")


def test_the_table_is_partitioned_by_month_and_clustered(project, google):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(2)], "v1")
    project.run("aws", "load-billing-local")
    project.load()
    [[by, clusters, cost, start]] = google.control.rows(
        sql=f"SELECT (SELECT column_name FROM `{project.place}.finops`.INFORMATION_SCHEMA.COLUMNS WHERE is_partitioning_column = 'YES'), "
            f"(SELECT column_name FROM `{project.place}.finops`.INFORMATION_SCHEMA.COLUMNS WHERE clustering_ordinal_position = 1), "
            f"(SELECT data_type FROM `{project.place}.finops`.INFORMATION_SCHEMA.COLUMNS WHERE column_name = 'line_item_unblended_cost'), "
            f"(SELECT data_type FROM `{project.place}.finops`.INFORMATION_SCHEMA.COLUMNS WHERE column_name = 'line_item_usage_start_date')")
    assert (by, clusters, cost, start) == ("bill_billing_period_start_date", "line_item_usage_start_date", "BIGNUMERIC(38, 18)", "TIMESTAMP")


def test_a_month_of_two_sources_is_replaced_in_a_transaction(project, google):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(4)], "a1")
    bucket = project.add_export("payer-b")
    deliver_v1(bucket, "2026-05", [small_bill(6)], "b1")
    project.run("aws", "load-billing-local")
    assert set(outcomes(project.load()).values()) == {("loaded", "transaction")}
    assert project.held() == [("payer-a", "2026-05", "a1", "4", "5"), ("payer-b", "2026-05", "b1", "6", "7.5")]
    deliver_v1(bucket, "2026-05", [small_bill(5)], "b2")
    project.run("aws", "load-billing-local")
    assert outcomes(project.load())[("payer-b", "2026-05")] == ("replaced", "transaction")
    assert project.held() == [("payer-a", "2026-05", "a1", "4", "5"), ("payer-b", "2026-05", "b2", "5", "6.25")]
    tables = google.control.rows(sql=f"SELECT table_name FROM `{project.place}.finops`.INFORMATION_SCHEMA.TABLES")
    assert tables == [["aws_billing_data"]], "a staging table is left"


def test_maps_become_keys_and_values(project, google):
    header = ["identity_line_item_id", "line_item_currency_code", "line_item_unblended_cost", "resource_tags", "discount"]
    rows = [["x1", "USD", "2.5", json.dumps({"user_team": "core", "b": "ä"}), json.dumps({"edp": 0.125})], ["x2", "USD", "1", "", ""]]
    deliver_v2(project.add_export("payer-a"), "2026-05", [csv_bytes(header, rows)], "v1")
    project.run("aws", "load-billing-local")
    assert outcomes(project.load()) == {("payer-a", "2026-05"): ("loaded", "partition")}
    assert google.control.rows(
        sql="SELECT identity_line_item_id, (SELECT value FROM UNNEST(resource_tags) WHERE key = 'user_team'), "
            f"(SELECT SUM(value) FROM UNNEST(discount)), FORMAT_TIMESTAMP('%F', bill_billing_period_start_date) FROM `{project.table}` ORDER BY 1"
    ) == [["x1", "core", "0.125", "2026-05-01"], ["x2", None, None, "2026-05-01"]]


def test_new_columns_and_columns_that_a_month_lacks(project, google):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-04", [small_bill(2, "2026-04")], "old")
    project.run("aws", "load-billing-local")
    project.load()
    header = ["identity/LineItemId", "bill/PayerAccountId", "lineItem/CurrencyCode", "lineItem/UnblendedCost", "resourceTags/user:Team"]
    deliver_v1(bucket, "2026-05", [csv_bytes(header, [["x1", "1", "USD", "2.5", "core"]])], "new")
    project.run("aws", "load-billing-local")
    assert outcomes(project.load())[("payer-a", "2026-05")] == ("loaded", "partition")
    assert google.control.rows(sql=f"SELECT identity_line_item_id, resource_tags_user_team FROM `{project.table}` WHERE execution_id = 'new'") == [["x1", "core"]]
    assert outcomes(project.load("--overwrite")) == {("payer-a", "2026-04"): ("replaced", "partition"), ("payer-a", "2026-05"): ("replaced", "partition")}


def test_a_dry_run_tells_bytes_and_cost_and_sends_nothing(project, google):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(10)], "v1")
    project.run("aws", "load-billing-local")
    text = project.run("aws", "load-billing-remote", "--dry-run").out
    assert "payer-a 2026-05" in text and "Nothing was changed" in text and "USD" in text
    document = project.load("--dry-run")
    assert document["dry_run"] is True and document["changed"] is False and document["periods"][0]["lake_bytes"] > 0
    assert project.jobs("load") == []


@pytest.mark.parametrize("fault", [
    {"kind": "lose_answer", "method": "POST", "path": "/jobs"},
    {"kind": "lose_answer", "method": "PUT", "path": "upload"},
    {"kind": "reset", "method": "PUT", "path": "upload"},
    {"kind": "truncate", "method": "GET", "path": "/jobs/"},
    {"kind": "broken_json", "method": "GET", "path": "/jobs/"},
    {"kind": "broken_json", "method": "POST", "path": "/jobs"},
    {"kind": "broken_json", "method": "PUT", "path": "upload"},
    {"kind": "backendError", "times": 2}, {"kind": "internalError", "times": 2}, {"kind": "rateLimitExceeded", "times": 2},
    {"kind": "tooManyRequests", "times": 2}, {"kind": "unauthenticated", "path": "/bigquery/"},
    {"kind": "lose_answer", "method": "POST", "path": "/datasets"},
    {"kind": "lose_answer", "method": "POST", "path": "/tables", "times": 3},
], ids=lambda fault: "-".join(map(str, fault.values())).replace("/", ""))
@pytest.mark.parametrize("sources", [1, 2])
def test_what_passes_costs_no_row_and_no_second_job(project, google, fault, sources):
    for number in range(sources):
        deliver_v1(project.add_export(f"payer-{number}"), "2026-05", [small_bill(5)], "v1")
    project.run("aws", "load-billing-local")
    google.control.fault(**fault)
    report = project.load()
    assert all(outcome == "loaded" for outcome, _ in outcomes(report).values())
    assert project.held() == [(f"payer-{number}", "2026-05", "v1", "5", "6.25") for number in range(sources)]
    loads = [job for job in project.jobs("load") if "errorResult" not in job["status"]]
    assert len(loads) == sources, "a job was made twice"


@pytest.mark.parametrize("reason, code, says", [("quotaExceeded", 1, "quotaExceeded"), ("accessDenied", 1, "accessDenied")])
def test_what_does_not_pass_is_told_and_not_repeated(project, google, reason, code, says):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(5)], "v1")
    project.run("aws", "load-billing-local")
    google.control.fault(kind=reason, method="POST", path="upload", times=100)
    since = len(google.control.requests())
    result = project.run("aws", "load-billing-remote", expect=code)
    assert says in result.err and str(project.key) not in result.out
    asked = [entry for entry in google.control.requests(since=since) if entry["method"] == "POST" and "upload" in entry["path"]]
    assert len(asked) == 1
    google.control.heal()
    project.load()
    assert project.held() == [("payer-a", "2026-05", "v1", "5", "6.25")]


def test_a_job_that_fails_in_passing_is_followed_by_another(project, google):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(5)], "v1")
    project.run("aws", "load-billing-local")
    google.control.job_fault(kind="fail", type="load", reason="backendError")
    project.load()
    assert project.held() == [("payer-a", "2026-05", "v1", "5", "6.25")]


def test_a_large_month_is_sent_in_pieces_that_may_be_lost(project, google):
    project.run("demo", "generate", "--out", project.folder / "demo", "--rows", 150_000, "--months", 1)
    for payer in ("payer-a", "payer-b"):
        project.add_export(payer, bucket=project.folder / "demo" / payer, export=f"{payer}-bill")
    project.run("aws", "load-billing-local", timeout=300)
    for nth in (1, 2):
        google.control.fault(kind="lose_answer", method="PUT", path="upload", nth=nth)
    google.control.fault(kind="internalError", method="PUT", path="upload", nth=2)
    report = project.load(timeout=300)
    assert min(p["bytes_sent"] for p in report["periods"]) > 8 * 1024 * 1024, "the upload is one piece"
    rows = {r["source"]: str(r["rows"]["loaded"]) for r in project.json("receipt")["receipts"]}
    assert {row[0]: row[3] for row in project.held()} == rows


def test_readers_never_see_fewer_rows_and_a_killed_run_is_taken_up(project, google):
    bucket, other = project.add_export("payer-a"), project.add_export("payer-b")
    deliver_v1(bucket, "2026-05", [small_bill(50)], "v0")
    deliver_v1(other, "2026-06", [small_bill(20, "2026-06")], "b0")
    project.run("aws", "load-billing-local")
    project.load()
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(google.control.count(table=project.table, where="billing_period = '2026-05'"))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for round, delay in enumerate((0.05, 0.1, 0.2, 0.4), 1):
            deliver_v1(bucket, "2026-05", [small_bill(50 + round)], f"v{round}")
            if round == 3:  # from now on the month has two sources
                deliver_v1(other, "2026-05", [small_bill(100)], "b5")
            project.run("aws", "load-billing-local")
            run = project.start("aws", "load-billing-remote")
            time.sleep(delay)
            run.send_signal(signal.SIGKILL)
            run.communicate()
            project.load()
    finally:
        done.set()
        reader.join()
    assert project.held() == [("payer-a", "2026-05", "v4", "54", "67.5"), ("payer-b", "2026-05", "b5", "100", "125"),
                              ("payer-b", "2026-06", "b0", "20", "25")]
    assert min(seen) >= 50 and seen <= {50, 51, 52, 53, 54, 150, 151, 152, 153, 154}


def test_run_pipeline_ends_in_bigquery_and_its_failure_does_not_hide_the_load(project, google):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "v1")
    document = project.json("aws", "run-pipeline")
    assert document["remote"]["periods"][0]["outcome"] == "loaded"
    assert project.held() == [("payer-a", "2026-05", "v1", "5", "6.25")]
    deliver_v1(bucket, "2026-05", [small_bill(6)], "v2")
    google.control.fault(kind="accessDenied", path="/bigquery", times=1000)
    result = project.run("aws", "run-pipeline", expect=3)
    assert "accessDenied" in result.err and "1 replaced" in result.out
    google.control.heal()
    assert project.run("aws", "run-pipeline").code == 0
    assert project.held() == [("payer-a", "2026-05", "v2", "6", "7.5")]


def test_tables_that_finops_did_not_make_are_left_alone(project, google):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(5)], "v1")
    project.run("aws", "load-billing-local")
    google.control.create_dataset(dataset=f"{project.place}.finops")
    google.control.rows(sql=f"CREATE TABLE `{project.table}` AS SELECT 'x' AS line_item_usage_account_id")
    result = project.run("aws", "load-billing-remote", expect=1)
    assert "finops did not make it" in result.err and "table_id" in result.err
    project.settings = {"table_id": "bills"}
    project.write_config()
    project.load()
    assert project.held(f"{project.place}.finops.bills") == [("payer-a", "2026-05", "v1", "5", "6.25")]


def test_doctor_asks_bigquery(project, google):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(5)], "v1")

    def finding():
        [check] = [c for c in project.json("doctor", expect=None)["checks"] if c["subject"] == "BigQuery"]
        return check["result"], check["finding"]

    assert finding() == ("good", f"BigQuery {project.place}.finops has no table aws_billing_data yet; a load makes it")
    project.run("aws", "run-pipeline")
    assert finding() == ("good", f"BigQuery {project.place}.finops.aws_billing_data holds 5 rows of 1 billing period")
    google.control.revoke(email=ACCOUNT, role="admin", resource=project.place)
    result, text = finding()
    assert result == "bad" and "accessDenied" in text
    google.control.grant(email=ACCOUNT, role="admin", resource=project.place)


def test_without_the_section_it_says_what_to_write(tmp_path):
    project = Project(tmp_path)
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(5)], "v1")
    assert "[database.bigquery]" in project.run("aws", "load-billing-remote", expect=2).err
