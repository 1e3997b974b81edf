"""The job service under load: lookups and new jobs at a fixed rate, all answered, while others do harm.

BigQuery is an address that refuses each request at once, so that workers are busy with the journal, or one that never answers, so that
all jobs wait for one. Two processors are enough then for service, database and load. FINOPS_LOAD_SECONDS (default 10) is how long;
build/reports/load/ has what was measured.
"""
import asyncio
import contextlib
import http.server
import itertools
import json
import os
import sqlite3
import threading

import http_load
import pytest
from job_service import job_service
from local_http import local_http
from project import ROOT, Project

SECONDS = int(os.environ.get("FINOPS_LOAD_SECONDS", 10))
ORGANISATIONS = [str(number) for number in range(1, 21)]
MOST_LATE = 10  # s after its end in which the load has to be answered
MOST_MEMORY = 256 << 20
REPORTS = ROOT / "build" / "reports" / "load"
NUMBERS = itertools.count(1)


class Refusal(http.server.BaseHTTPRequestHandler):
    """As BigQuery refuses a project that is not ours."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"error": {"code": 403, "message": "Access Denied", "errors": [{"reason": "accessDenied", "message": "Access Denied"}]}})
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def log_message(self, *arguments):
        pass


class Silence(Refusal):
    """Takes requests and says nothing."""

    def do_GET(self):
        threading.Event().wait(600)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET


class InSqlite:
    def __init__(self, project, request):
        self.project = project

    def states(self):
        """{state: jobs}."""
        with contextlib.closing(sqlite3.connect(self.project.folder / "data/journal.db")) as database:
            return dict(database.execute("SELECT state, COUNT(*) FROM etl_jobs GROUP BY state"))


class InMariaDb:
    def __init__(self, project, request):
        self.server, self.database = request.getfixturevalue("mariadb"), f"load_{next(NUMBERS)}"
        self.server.sql(f"CREATE OR REPLACE DATABASE {self.database}")
        project.variables = {"DB_HOST": f"{self.server.host}:{self.server.port}", "DB_NAME": self.database, "DB_USER": self.server.user,
                             "DB_PASSWORD": self.server.password}

    def states(self):
        rows = self.server.sql(f"SELECT state, COUNT(*) FROM {self.database}.etl_jobs GROUP BY state").split()
        return dict(zip(rows[::2], map(int, rows[1::2])))


def memory(process):
    """{"VmHWM": bytes, "VmRSS": bytes}."""
    with open(f"/proc/{process.pid}/status") as file:
        words = [line.split() for line in file]
    return {line[0].rstrip(":"): int(line[1]) * 1024 for line in words if line[0] in ("VmHWM:", "VmRSS:")}


@pytest.mark.parametrize("bigquery, organisations", [(Refusal, ORGANISATIONS), (Silence, ORGANISATIONS[:1])], ids=["busy", "piled-up"])
@pytest.mark.parametrize("kind", [InSqlite, InMariaDb], ids=["sqlite", "mariadb"])
def test_each_request_is_answered_at_a_fixed_rate_while_others_do_harm(tmp_path, kind, bigquery, organisations, request):
    project = Project(tmp_path)
    journal = kind(project, request)
    with local_http(bigquery) as url:
        project.write_config(f'[service]\nproject_id = "acme"\nendpoint_url = "{url}"\nworkers = 2\n')
        project.run("journal", "migrate")
        for number in organisations:
            project.run("journal", "set-client", number, "--source", f"client-{number}.billing.exports")
        with job_service(project) as service:
            first = service.ask("POST", "/v1/jobs", {"org_id": "1"}).body["id"]
            before = memory(service.process)
            measured = asyncio.run(http_load.load(service.port, organisations, SECONDS, first))
            after, states = memory(service.process), journal.states()
            assert service.ask("GET", "/readyz").status == 200
            assert service.stop() == 0
    streams = {"lookups": measured.lookups, "new_jobs": measured.new_jobs}
    report = {"seconds": SECONDS, **{name: stream.summary() for name, stream in streams.items()}, "jobs": states,
              "memory": {"before": before, "after": after},
              "harm": {what: {str(status): count for status, count in seen.items()} for what, seen in measured.harm.items()}}
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / f"service-{request.node.callspec.id}.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({name: value for name, value in report.items() if name != "harm"}))

    assert measured.lookups.statuses == {200: http_load.LOOKUPS * SECONDS}, measured.lookups.failures
    assert measured.new_jobs.statuses == {202: http_load.NEW_JOBS * SECONDS}, measured.new_jobs.failures
    assert measured.wrong == []
    assert max(stream.late for stream in streams.values()) < MOST_LATE
    assert len(set(measured.job_ids)) == sum(states.values()) == http_load.NEW_JOBS * SECONDS + 1
    if bigquery is Refusal:
        assert states["failed"] > SECONDS, "the workers worked meanwhile"
    else:
        assert states["running"] == 1 and "failed" not in states
    for what, (_, status) in http_load.ONCE.items():
        assert set(measured.harm[what]) == {status}, f"{what}: {measured.harm[what]}"
    for what, limit in (("a head that never ends", 10), ("a body that drips", 30)):
        seen = measured.harm.get(what, {})
        assert set(seen) == {408} if SECONDS > limit else set(seen) <= {408}, f"{what}: {seen}"
    assert after["VmHWM"] < MOST_MEMORY
    told = {line["message"] for line in service.log if line["level"] == "ERROR"}
    assert told == ({"the job failed"} if bigquery is Refusal else set()) and service.errors == []
