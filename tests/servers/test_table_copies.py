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
    amount NUMERIC, rate BIGNUMERIC, raw BYTES, is_tax BOOL, usage_start_time TIMESTAMP, day DATE, hour TIME, local DATETIME, names ARRAY<STRING>"""


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
        assert ("error" in answer) == fails, answer
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
