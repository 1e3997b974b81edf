"""Copies of a table from one organisation's BigQuery to another's: equal row for row, whatever is lost on the way, and never a moment
with fewer rows than before.
"""
import itertools
import json
import signal
import subprocess
import threading
import time

import pytest
from bigquery import bigquery_server
from project import BINARY

TOOL = BINARY.parent / "copy_tool"
NUMBERS = itertools.count(1)
COLUMNS = """id INT64, export_time TIMESTAMP, service STRUCT<id STRING, description STRING>, cost FLOAT64,
    project STRUCT<id STRING, labels ARRAY<STRUCT<key STRING, value STRING>>>, labels ARRAY<STRUCT<key STRING, value STRING>>, currency STRING,
    amount NUMERIC, rate BIGNUMERIC, raw BYTES, is_tax BOOL, usage_start_time TIMESTAMP, usage_day DATE, hour TIME, local DATETIME, names ARRAY<STRING>,
    extra JSON"""


@pytest.fixture(scope="module")
def google(tmp_path_factory):
    with bigquery_server(tmp_path_factory.mktemp("bigquery")) as server:
        yield server


class Organisations:
    """A client's billing export and our copy of it. One identity for both sides, or one for each."""

    def __init__(self, google, way, location="US"):
        number = next(NUMBERS)
        self.google, self.way = google, way
        self.theirs, self.ours = f"client-{number}", f"acme-{number}"
        self.source, self.copy = f"{self.theirs}.billing.gcp_billing_export_v1_X", f"{self.ours}.org_{number}.exports"
        google.control.create_dataset(dataset=f"{self.theirs}.billing", location=location)
        google.control.rows(sql=f"CREATE TABLE `{self.source}` ({COLUMNS}) PARTITION BY _PARTITIONDATE")
        self.writer = self.account(f"etl-{number}@acme.iam.gserviceaccount.com", (self.ours, "jobUser"), (self.ours, "dataEditor"))
        self.reader = None
        reading = (self.theirs, "jobUser"), (f"{self.theirs}.billing", "dataViewer")
        if way == "client":
            self.reader = self.account(f"reader-{number}@client.iam.gserviceaccount.com", *reading)
        else:
            self.grant(f"etl-{number}@acme.iam.gserviceaccount.com", *reading)
        self.earlier_jobs = len(google.control.job_list())

    def account(self, email, *roles):
        self.grant(email, *roles)
        return str(self.google.key_file(email))

    def grant(self, email, *roles):
        for resource, role in roles:
            self.google.control.grant(email=email, role=role, resource=resource)

    def sql(self, text, table=None):
        return self.google.control.rows(sql=text.replace("{}", f"`{table or self.source}`"))

    def add(self, day, *ids, arrived=None, cost="0.1 + 0.2", **values):
        """Rows of that export day. `arrived`: in which partition."""
        values = {"currency": "'EUR'"} | values
        for number in ids:
            self.sql(f"""INSERT INTO {{}} (_PARTITIONTIME, id, export_time, service, cost, project, labels, {', '.join(values)})
                VALUES (TIMESTAMP '{arrived or day} 00:00:00+00', {number}, TIMESTAMP '{day} 10:00:00.000001+00',
                STRUCT('6F81' AS id, 'Compute "Engine"' AS description), {cost},
                STRUCT('p-{number}' AS id, [STRUCT('team' AS key, 'ä\\n' AS value)] AS labels),
                [STRUCT('a' AS key, 'b' AS value), STRUCT('c' AS key, CAST(NULL AS STRING) AS value)], {', '.join(values.values())})""")

    def asked(self, **more):
        return {"endpoint": self.google.url, "project": self.ours, "reader": self.reader or "", "writer": self.writer, "source": self.source,
                "destination": self.copy} | more

    def start(self, **more):
        tool = subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        tool.stdin.write(json.dumps(self.asked(**more)))
        tool.stdin.close()
        return tool

    def run(self, fails=False, **more):
        tool = self.start(**more)
        out = tool.stdout.read()
        code = tool.wait(timeout=120)
        assert code in (0, 1, -signal.SIGKILL), f"exit code {code}"
        answer = json.loads(out) if out else {"error": "killed"}
        assert fails is None or ("error" in answer) == fails, answer
        return answer

    def rows(self, table):
        """Every row as a text of all that it has, in order."""
        return [row[0] for row in self.sql(f"SELECT TO_JSON_STRING(STRUCT({', '.join(self.columns)})) AS text FROM {{}} ORDER BY 1", table)]

    @property
    def columns(self):
        project, dataset, table = self.source.split(".")
        return [row[0] for row in self.sql(f"SELECT column_name FROM `{project}.{dataset}`.INFORMATION_SCHEMA.COLUMNS "
                                           f"WHERE table_name = '{table}' ORDER BY ordinal_position")]

    def is_equal(self):
        return self.rows(self.source) == self.rows(self.copy)

    def days(self):
        return [(day, int(rows)) for day, rows in
                self.sql("SELECT FORMAT_TIMESTAMP('%Y-%m-%d', export_time), COUNT(*) FROM {} GROUP BY 1 ORDER BY 1", self.copy)]

    def jobs(self, *kinds):
        return [job for job in self.google.control.job_list()[self.earlier_jobs:] if job["configuration"]["jobType"].lower() in kinds]

    def tables(self):
        project, dataset, _ = self.copy.split(".")
        return [row[0] for row in self.sql(f"SELECT table_name FROM `{project}.{dataset}`.INFORMATION_SCHEMA.TABLES")]


@pytest.fixture(params=["server", "client"])
def both(request, google):
    google.control.heal()
    yield Organisations(google, request.param)
    google.control.heal()


@pytest.fixture
def make(google):
    google.control.heal()
    yield lambda way, **more: Organisations(google, way, **more)
    google.control.heal()


def test_a_copy_is_equal_and_copying_again_does_nothing(both):
    both.add("2026-05-01", 1, 2)
    both.add("2026-05-02", 3)
    report = both.run()
    assert report["way"] == both.way and report["rows_copied"] == 3
    assert report["days"] == [["2026-05-01", 2, 0, True], ["2026-05-02", 1, 0, True]]
    assert (report["from"], report["to"], report["finished_until"]) == ("2026-05-01", "2026-05-03", "2026-05-03")
    assert both.is_equal() and both.days() == [("2026-05-01", 2), ("2026-05-02", 1)]
    assert both.tables() == ["exports"], "a staging table is left"
    assert set(report["bytes_billed"]) == {both.theirs, both.ours}
    assert (report["bytes_sent"] > 0) == (both.way == "client")
    writing = len(both.jobs("load", "copy"))
    again = both.run()
    assert again["rows_copied"] == 0 and len(both.jobs("load", "copy")) == writing
    assert again["days"] == [["2026-05-01", 2, 2, False], ["2026-05-02", 1, 1, False]]
    # A late row of a day that was done, and more of the last one.
    both.add("2026-05-01", 4, arrived="2026-05-04")
    both.add("2026-05-02", 5)
    later = both.run(first_day="2026-05-03")
    assert later["days"] == [["2026-05-01", 3, 2, True], ["2026-05-02", 2, 1, True]] and both.is_equal()
    # Days before the look-back are not looked at.
    both.add("2026-04-20", 6)
    assert both.run(first_day="2026-05-03")["rows_copied"] == 0
    assert both.run(first_day="2026-05-03", look_back=13)["rows_copied"] == 1 and both.is_equal()


def test_values_of_every_type_arrive_as_they_are(both):
    costs = ["0.1 + 0.2", "1e-7", "1e22", "-0.0", "CAST('NaN' AS FLOAT64)", "CAST('-inf' AS FLOAT64)", "5e-324", "123456789.125", "CAST(NULL AS FLOAT64)"]
    for number, cost in enumerate(costs):
        both.add("2026-05-01", number, cost=cost)
    both.add("2026-05-01", 100, amount="NUMERIC '-99999999999999999999999999999.999999999'", rate="BIGNUMERIC '0.000000000000000001'",
             raw="FROM_BASE64('AP8=')", is_tax="TRUE", usage_start_time="TIMESTAMP '0001-01-01 00:00:00.000001+00'", usage_day="DATE '2026-02-28'",
             hour="TIME '23:59:59.999999'", local="DATETIME '2026-05-01 01:02:03.000004'", names="['', 'ä\"\\\\\\n', '\x01\u2028\U0001F600']",
             extra="JSON '{\"a\":[1,null,\"x\"],\"b\":1.5}'")
    both.add("2026-05-01", 9223372036854775807, -9223372036854775808, is_tax="FALSE",
             usage_start_time="TIMESTAMP '9999-12-31 23:59:59.999999+00'", currency="''")
    both.sql("INSERT INTO {} (id, export_time) VALUES (200, TIMESTAMP '2026-05-01 23:59:59.999999+00')")
    both.sql("INSERT INTO {} (id, export_time) VALUES (201, TIMESTAMP '2026-05-02 00:00:00+00')")
    both.run()
    assert both.is_equal() and both.days() == [("2026-05-01", len(costs) + 4), ("2026-05-02", 1)]
    assert both.run()["rows_copied"] == 0


def test_equal_rows_are_counted_each(both):
    both.add("2026-05-01", 1, 1, 1)
    both.run()
    assert len(both.rows(both.copy)) == 3 and both.is_equal()


def test_an_empty_source_makes_an_empty_copy_and_finishes_no_day(both):
    report = both.run()
    assert (report["rows_copied"], report["days"], report["finished_until"], report["from"]) == (0, [], None, None)
    assert both.rows(both.copy) == []
    both.add("2026-05-01", 1)
    assert both.run(first_day="2026-06-01")["finished_until"] is None
    assert both.run()["rows_copied"] == 1 and both.is_equal()


@pytest.mark.parametrize("way", ["server", "client"])
@pytest.mark.parametrize("location", ["EU", "europe-west3"])
def test_a_copy_is_where_its_source_is(make, way, location):
    both = make(way, location=location)
    both.add("2026-05-01", 1)
    both.run()
    assert both.is_equal()
    assert {job["jobReference"]["location"] for job in both.jobs("query", "load", "copy")} == {location}
    answer = both.run(fails=True, location="US")
    assert answer["error"] == "invalid_config" and location in answer["message"] and "US" in answer["message"]


def test_a_dataset_elsewhere_is_refused_before_anything_is_read(make, google):
    both = make("server", location="EU")
    google.control.create_dataset(dataset=both.copy.rsplit(".", 1)[0], location="US")
    both.add("2026-05-01", 1)
    answer = both.run(fails=True)
    assert answer["error"] == "invalid_config" and "is in US" in answer["message"] and "is in EU" in answer["message"]
    assert both.jobs("query") == []


def test_new_columns_are_added_and_dropped_ones_stay(both, google):
    both.add("2026-05-01", 1)
    both.run()
    both.sql("ALTER TABLE {} ADD COLUMN resource STRUCT<name STRING>, ADD COLUMN price NUMERIC")
    google.control.add_field(table=both.source, record="service", name="kind", type="STRING")
    google.control.add_field(table=both.source, record="labels", name="namespace", type="STRING")
    both.sql("""INSERT INTO {} (id, export_time, service, labels, resource, price) VALUES (2, TIMESTAMP '2026-05-01 11:00:00+00',
        STRUCT('a' AS id, 'b' AS description, 'c' AS kind), [STRUCT('k' AS key, 'v' AS value, 'n' AS namespace)], STRUCT('r' AS name), 0.5)""")
    report = both.run()
    assert both.is_equal() and report["rows_copied"] == 2
    assert any("resource" in note and "service.kind" in note and "labels.namespace" in note for note in report["notes"])
    # The source loses a column: the copy keeps it, for the days that have it.
    both.sql("CREATE OR REPLACE TABLE {} AS SELECT * EXCEPT (price) FROM {}")
    both.sql("INSERT INTO {} (id, export_time) VALUES (3, TIMESTAMP '2026-05-02 11:00:00+00')")
    assert both.run()["days"] == [["2026-05-01", 2, 2, False], ["2026-05-02", 1, 0, True]]
    assert both.sql("SELECT id, price FROM {} ORDER BY id", both.copy) == [["1", None], ["2", "0.5"], ["3", None]]
    assert both.is_equal() and both.run()["rows_copied"] == 0


def test_a_column_of_another_type_is_told(both):
    both.add("2026-05-01", 1)
    both.run()
    both.sql("CREATE OR REPLACE TABLE {} AS SELECT * REPLACE (CAST(cost AS STRING) AS cost) FROM {}")
    answer = both.run(fails=True)
    assert answer["error"] == "unsupported" and "cost is STRING in the source and FLOAT in the copy" in answer["message"]


def test_one_day_alone_is_taken_as_the_source_has_it_now(both):
    both.add("2026-05-01", 1, 2, 3)
    both.add("2026-05-02", 4)
    both.add("2026-05-03", 5)
    both.run()
    both.sql("DELETE FROM {} WHERE id IN (1, 4)")
    both.add("2026-05-03", 6)
    report = both.run()
    assert report["days"] == [["2026-05-01", 2, 3, False], ["2026-05-02", 0, 1, False], ["2026-05-03", 2, 1, True]]
    assert [note for note in report["notes"] if "2026-05-01" in note and "2 rows, and there were 3" in note]
    both.add("2026-05-03", 7)
    report = both.run(only_day="2026-05-01")
    assert report["days"] == [["2026-05-01", 2, 3, True]] and report["finished_until"] is None
    assert both.run(only_day="2026-05-02")["days"] == [["2026-05-02", 0, 1, True]]
    assert both.days() == [("2026-05-01", 2), ("2026-05-03", 2)]
    assert both.run(only_day="2026-05-02")["rows_copied"] == 0
    both.run()
    assert both.is_equal()


def test_rows_without_a_time_are_told(both):
    both.add("2026-05-01", 1)
    both.sql("INSERT INTO {} (id) VALUES (2), (3)")
    report = both.run()
    assert report["rows_copied"] == 1 and any(note.startswith("2 rows of the source have no export_time") for note in report["notes"])


def test_only_partitions_that_can_hold_the_days_are_paid_for(make):
    both = make("client")
    both.sql("CREATE OR REPLACE TABLE {} (id INT64, export_time TIMESTAMP, text STRING) PARTITION BY _PARTITIONDATE "
             "OPTIONS (require_partition_filter = TRUE)")
    for day in ("2026-03-01", "2026-05-01"):
        both.sql(f"INSERT INTO {{}} (_PARTITIONTIME, id, export_time, text) SELECT TIMESTAMP '{day} 00:00:00+00', 1, "
                 f"TIMESTAMP '{day} 01:00:00+00', REPEAT('x', 12000000)")
    both.run()
    assert both.days() == [("2026-03-01", 1), ("2026-05-01", 1)]
    whole = both.run()["bytes_billed"][both.theirs]
    part = both.run(first_day="2026-05-03")["bytes_billed"][both.theirs]
    assert part < whole * 0.6


def test_pages_and_large_results_are_put_together_again(make, google):
    both = make("client")
    for day in ("2026-05-01", "2026-05-02", "2026-05-03"):
        both.sql(f"INSERT INTO {{}} (id, export_time, currency) SELECT i, TIMESTAMP_ADD(TIMESTAMP '{day} 00:00:00+00', INTERVAL i MINUTE), 'EUR' "
                 "FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS i")
    google.control.set(largest_page_bytes=30000, largest_result_bytes=100000)
    try:
        report = both.run()
    finally:
        google.control.set(largest_page_bytes=10 << 20, largest_result_bytes=10 << 30)
    assert both.is_equal() and report["rows_copied"] == 3000
    pages = [entry for entry in google.control.requests() if f"/projects/{both.theirs}/queries" in entry["path"]]
    assert len(pages) > 15 and len([job for job in both.jobs("query") if "errorResult" in job["status"]]) >= 3


def test_years_are_copied_a_part_after_the_other(both):
    for day in range(1, 8):
        both.add(f"2026-05-0{day}", day)
    report = both.run(days_at_once=3, lose_lease_before_publish=5, fails=True)
    assert report["error"] == "conflict" and both.days() == [(f"2026-05-0{day}", 1) for day in (1, 2, 3, 4)]
    report = both.run(days_at_once=3)
    assert report["rows_copied"] == 3 and both.is_equal() and both.tables() == ["exports"]


@pytest.mark.parametrize("who, role, resource, says", [
    ("reader", "dataViewer", "theirs.billing", "roles/bigquery.dataViewer"), ("reader", "jobUser", "theirs", "roles/bigquery.jobUser"),
    ("writer", "dataEditor", "ours", "roles/bigquery.dataEditor"), ("writer", "jobUser", "ours", "roles/bigquery.jobUser")])
def test_a_missing_role_is_named(make, google, who, role, resource, says):
    both = make("client")
    both.add("2026-05-01", 1)
    email = json.loads(open(getattr(both, who)).read())["client_email"]
    name, _, dataset = resource.partition(".")
    google.control.revoke(email=email, role=role, resource=getattr(both, name) + (f".{dataset}" if dataset else ""))
    answer = both.run(fails=True)
    assert answer["error"] == "permission_denied" and says in answer["message"] and email in answer["message"]


def test_a_source_that_is_not_there_is_told(both):
    both.sql("DROP TABLE {}")
    answer = both.run(fails=True)
    assert answer["error"] == "not_found" and both.source in answer["message"]


def test_tables_that_cannot_be_copied_by_days_are_refused(both, google):
    both.add("2026-05-01", 1)
    google.control.create_dataset(dataset=both.copy.rsplit(".", 1)[0])
    both.sql(f"CREATE TABLE {{}} ({COLUMNS})", both.copy)
    answer = both.run(fails=True)
    assert answer["error"] == "unsupported" and "not partitioned by the day of export_time" in answer["message"]
    both.sql("CREATE OR REPLACE TABLE {} (id INT64, export_time STRING)")
    answer = both.run(fails=True)
    assert answer["error"] == "unsupported" and "no column 'export_time' of the type TIMESTAMP" in answer["message"]


# ---- what goes wrong


def test_a_page_that_is_not_what_was_sent_is_found_before_anybody_sees_it(make, google):
    both = make("client")
    both.add("2026-05-01", 1)
    both.run()
    both.add("2026-05-01", 2)
    google.control.fault(kind="alter", method="GET", path=f"{both.theirs}/queries/.*useInt64", find='"v":"EUR"', put='"v":"USD"')
    answer = both.run(fails=True)
    assert answer["error"] == "invalid_data" and "2026-05-01" in answer["message"] and "2 rows" in answer["message"]
    assert both.days() == [("2026-05-01", 1)] and both.tables() == ["exports"]
    both.run()
    assert both.is_equal()


def test_a_page_that_is_missing_is_found(make, google):
    both = make("client")
    both.add("2026-05-01", *range(30))
    google.control.set(largest_page_bytes=2000)
    google.control.fault(kind="alter", method="GET", path=f"{both.theirs}/queries/.*useInt64", find='"pageToken"', put='"pageTaken"')
    try:
        answer = both.run(fails=True)
    finally:
        google.control.set(largest_page_bytes=10 << 20)
    assert answer["error"] == "invalid_data" and "on all pages and not 30" in answer["message"]


def test_rows_that_arrive_meanwhile_are_taken_or_left_but_never_torn(both, google):
    both.add("2026-05-01", 1)
    both.add("2026-05-02", 2)
    google.control.job_fault(kind="run_for", type="query", nth=3, seconds=1.5)
    tool = both.start()
    while len(both.jobs("query")) < 3:
        time.sleep(0.02)
    both.add("2026-05-02", 3)
    report = json.loads(tool.stdout.read())
    assert tool.wait() == 0 and report["rows_copied"] == 3, report
    assert both.is_equal()


def test_a_copy_whose_place_was_taken_publishes_nothing_more(both, tmp_path):
    both.add("2026-05-01", 1)
    first = both.start(wait_before_publish=str(tmp_path / "go"))
    while both.way == "server" and len(both.jobs("query")) < 4 or len(both.jobs("load")) < (both.way == "client"):
        time.sleep(0.02)
    time.sleep(0.5)
    both.add("2026-05-01", 2)
    both.run()
    assert both.is_equal()
    (tmp_path / "go").touch()
    answer = json.loads(first.stdout.read())
    assert answer["error"] == "conflict" and "has begun and taken this one's place" in answer["message"]
    assert first.wait() == 1 and both.is_equal() and len(both.rows(both.copy)) == 2


def test_what_an_earlier_copy_left_has_to_go_before_anything_is_published(both, google):
    both.add("2026-05-01", 1)
    for nth in itertools.count(12):
        assert both.run(fails=None, die_before_request=nth)["error"] == "killed"
        if left := [table for table in both.tables() if table.startswith("finops_staging_")]:
            break
    google.control.fault(kind="accessDenied", method="DELETE", times=100)
    answer = both.run(fails=True)
    assert answer["error"] == "permission_denied" and left[0] in answer["message"] and both.days() == []
    google.control.heal()
    both.run()
    assert both.is_equal() and both.tables() == ["exports"]


def test_an_interrupted_copy_cancels_its_jobs_and_leaves_nothing(both, google):
    both.add("2026-05-01", 1)
    google.control.job_fault(kind="run_for", type="query", nth=3, seconds=60)
    tool = both.start()
    while len(both.jobs("query")) < 3:
        time.sleep(0.02)
    tool.send_signal(signal.SIGTERM)
    answer = json.loads(tool.stdout.read())
    assert tool.wait() == 1 and answer["error"] == "cancelled"
    until = time.time() + 10
    while [job for job in both.jobs("query") if job["status"]["state"] != "DONE"]:
        assert time.time() < until, "the job runs on"
        time.sleep(0.05)
    assert both.jobs("query")[-1]["status"]["errorResult"]["reason"] == "stopped" and both.tables() == ["exports"]


CHANGES = "POST|PUT|PATCH|DELETE"


@pytest.mark.parametrize("fault", [
    {"kind": "backendError", "times": 2}, {"kind": "internalError", "times": 2}, {"kind": "rateLimitExceeded", "times": 2},
    {"kind": "tooManyRequests", "times": 2}, {"kind": "unauthenticated", "path": "/bigquery/"}, {"kind": "broken_json", "method": "GET"},
    {"kind": "truncate", "method": "GET"}, {"kind": "reset"}], ids=lambda fault: fault["kind"])
def test_what_passes_costs_no_row(both, google, fault):
    both.add("2026-05-01", 1, 2)
    google.control.fault(**fault)
    both.run()
    google.control.heal()
    both.add("2026-05-01", 3)
    for nth in range(5, 60, 6):
        google.control.fault(**{"path": "/bigquery/"} | fault | {"nth": nth, "times": 1})
    both.run()
    assert both.is_equal() and both.tables() == ["exports"]


def test_lost_answers_cost_no_row(both, google):
    """Of each request that changes something, one after the other."""
    both.add("2026-05-01", 1)
    for nth in itertools.count(1):
        both.add("2026-05-01", 100 + nth)
        both.sql(f"ALTER TABLE {{}} ADD COLUMN new_{nth} STRING")
        google.control.heal()
        google.control.fault(kind="lose_answer", method=CHANGES, path="/bigquery/v2/", nth=nth)
        since = len(google.control.requests())
        both.run()
        assert both.is_equal() and both.tables() == ["exports"], f"request {nth}"
        if not [entry for entry in google.control.requests(since=since) if entry["fault"]]:
            break
    assert nth > 6


@pytest.mark.parametrize("type, nth", [("query", 3), ("load", 1), ("copy", 1), ("copy", 2)])
@pytest.mark.parametrize("kind", ["fail", "fail_after"])
def test_a_job_that_fails_in_passing_costs_no_row(both, google, kind, type, nth):
    both.add("2026-05-01", 1)
    both.add("2026-05-02", 2)
    google.control.job_fault(kind=kind, type=type, nth=nth, reason="backendError")
    both.run()
    assert both.is_equal() and both.tables() == ["exports"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_no_reader_sees_fewer_rows(both, google, when):
    for day in ("2026-05-01", "2026-05-02"):
        both.add(day, *range(20))
    both.run()
    least, seen, done = {"2026-05-01": 20, "2026-05-02": 20}, [], threading.Event()

    def read():
        while not done.is_set():
            for day, rows in least.items():
                found = google.control.count(table=both.copy, where=f"CAST(export_time AS DATE) = '{day}'")
                seen.append(found >= rows)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for nth in itertools.count(1):
            if nth % 4 == 1:
                both.add("2026-05-01", 100 + nth)
                both.add("2026-05-02", 100 + nth)
            answer = both.run(fails=None, **{f"die_{when}_request": nth})
            if answer.get("error") != "killed":
                break
    finally:
        done.set()
        reader.join()
    both.run()
    assert nth > 15 and all(seen) and both.is_equal() and both.tables() == ["exports"]


# ---- rows that are changed on their way

CLEAN = "SELECT * REPLACE (upper(currency) AS currency, cost * 2 AS cost) FROM batch"


def changed(both, days="2026-05"):
    return both.sql("SELECT id, currency, cost FROM {} ORDER BY id", both.copy)


@pytest.fixture
def cleaned(both):
    for day, number in (("2026-05-01", 1), ("2026-05-02", 2)):
        both.add(day, number, cost="1.25", currency="'eur'")
    return both


def test_a_transform_changes_rows_once_and_leaves_the_rest_as_it_is(cleaned):
    report = cleaned.run(transform=CLEAN)
    assert report["way"] == "client" and report["rows_copied"] == 2
    assert changed(cleaned) == [["1", "EUR", "2.5"], ["2", "EUR", "2.5"]]
    rest = "SELECT TO_JSON_STRING(STRUCT(id, export_time, service, project, labels, amount, extra)) AS t FROM {} ORDER BY 1"
    assert cleaned.sql(rest) == cleaned.sql(rest, cleaned.copy)
    assert cleaned.tables() == ["exports", "exports__finops_days"]
    writing = len(cleaned.jobs("load", "copy"))
    assert cleaned.run(transform=CLEAN)["rows_copied"] == 0 and len(cleaned.jobs("load", "copy")) == writing
    # What the source has anew, another text, and rows that somebody else changed.
    cleaned.add("2026-05-01", 3, cost="7.0", currency="'usd'")
    assert cleaned.run(transform=CLEAN)["days"] == [["2026-05-01", 2, 1, True], ["2026-05-02", 1, 1, False]]
    assert cleaned.run(transform=CLEAN + " ")["rows_copied"] == 3
    cleaned.sql("DELETE FROM {} WHERE id = 3", cleaned.copy)
    assert cleaned.run(transform=CLEAN + " ")["rows_copied"] == 2
    assert changed(cleaned) == [["1", "EUR", "2.5"], ["2", "EUR", "2.5"], ["3", "USD", "14.0"]]


def test_without_its_transform_a_copy_is_equal_again(cleaned):
    cleaned.run(transform=CLEAN)
    cleaned.run()
    assert cleaned.is_equal()
    cleaned.run(transform=CLEAN)
    assert changed(cleaned) == [["1", "EUR", "2.5"], ["2", "EUR", "2.5"]]


def test_a_transform_that_loses_or_doubles_rows_publishes_nothing(cleaned):
    for sql, says in (("SELECT * FROM batch WHERE id > 1", "makes 0 rows of the 1 of 2026-05-01"),
                      ("SELECT * FROM batch UNION ALL SELECT * FROM batch", "makes 2 rows of the 1 of 2026-05-01"),
                      ("SELECT * REPLACE (export_time + INTERVAL 3 DAY AS export_time) FROM batch", "moves rows to 2026-05-04"),
                      ("SELECT * REPLACE (CAST(NULL AS TIMESTAMPTZ) AS export_time) FROM batch", "takes export_time away"),
                      ("SELECT id FROM batch", "export_time is missing")):
        answer = cleaned.run(transform=sql, fails=True)
        assert answer["error"] == "invalid_config" and says in answer["message"] and "'t.sql'" in answer["message"]
        assert changed(cleaned) == []
    cleaned.run(transform="-- rows may change\nSELECT * FROM batch WHERE id > 1")
    assert changed(cleaned) == [["2", "eur", "1.25"]]
    assert cleaned.run(transform="-- rows may change\nSELECT * FROM batch WHERE id > 1")["rows_copied"] == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_transform_that_is_killed_at_any_step_is_completed(cleaned, when):
    for nth in itertools.count(1):
        if nth % 6 == 1:
            cleaned.add("2026-05-02", 100 + nth, cost="0.5", currency="'gbp'")
        if cleaned.run(fails=None, transform=CLEAN, **{f"die_{when}_request": nth}).get("error") != "killed":
            break
    cleaned.run(transform=CLEAN)
    expected = [[number, currency.upper(), cost] for number, currency, cost in cleaned.sql("SELECT id, currency, cost * 2 FROM {} ORDER BY id")]
    assert nth > 20 and changed(cleaned) == expected and len(expected) > 4
    assert cleaned.run(transform=CLEAN)["rows_copied"] == 0 and cleaned.tables() == ["exports", "exports__finops_days"]


def test_lost_answers_cost_no_changed_row(cleaned, google):
    for nth in itertools.count(1):
        cleaned.add("2026-05-01", 100 + nth, cost="0.5", currency="'gbp'")
        google.control.heal()
        google.control.fault(kind="lose_answer", method=CHANGES, path="/bigquery/v2/", nth=nth)
        since = len(google.control.requests())
        cleaned.run(transform=CLEAN)
        assert len(changed(cleaned)) == 2 + nth
        if not [entry for entry in google.control.requests(since=since) if entry["fault"]]:
            break
    assert nth > 8
