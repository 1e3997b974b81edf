"""Copies of a billing export by `finops serve` beside a client's loop over pages, all of them asking the tests' own server of BigQuery."""
import dataclasses
import datetime
import json
import os
import pathlib
import shutil
import sys
import time

from contender import keep, machine
from measure import high_water_mark, measure

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tests/support"))

import google_billing  # noqa: E402
import project  # noqa: E402
from bigquery import PYTHON, bigquery_server  # noqa: E402
from copying_project import CopyingProject  # noqa: E402
from job_service import job_service  # noqa: E402

DAYS = 10  # on which the rows were exported
GOAL_MEMORY = 512 << 20
TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Copy:
    """What one copy took. CPU time and memory are those of the program that copies, not of the server."""

    name: str
    title: str
    rows: int
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0
    failure: str = None

    @property
    def rows_per_second(self):
        return self.rows / self.seconds


def add_options(parser):
    parser.add_argument("--copy-rows", type=int, default=1_000_000, help="rows of the copied export (default 1,000,000)")
    parser.add_argument("--loop-rows", type=int, default=20_000, help="rows that the client's loop copies (default 20,000)")


def check(options, error):
    for name in ("copy_rows", "loop_rows"):
        if getattr(options, name) < DAYS or getattr(options, name) % DAYS:
            error(f"--{name.replace('_', '-')} has to be a multiple of {DAYS} for copies, which are of so many days")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def fingerprints(server, table, days):
    """[(rows, sum of the rows' fingerprints)] by day: a day at a time, so that no question takes long."""
    return [tuple(server.control.rows(
        sql=f"SELECT COUNT(*), SUM(CAST(FARM_FINGERPRINT(TO_JSON_STRING(t)) AS BIGNUMERIC)) FROM `{table}` AS t "
            f"WHERE export_time >= '{day}' AND export_time < '{day + datetime.timedelta(days=1)}'")[0]) for day in days]


def difference(server, org, days, rows, copy):
    """Nothing when the copy has the rows of the organisation's table."""
    print(f"comparing {rows:,} rows", file=sys.stderr, flush=True)
    want, have = (fingerprints(server, table, days) for table in (org.table, copy))
    total = server.control.count(table=copy)
    if want == have and sum(int(part[0]) for part in have) == rows == total:
        return None
    return f"rows and fingerprints by day are {have}, {total} rows in all, instead of {want}"


def ended_job(service, job_id):
    while (job := service.ask("GET", f"/v1/jobs/{job_id}").body)["state"] in ("queued", "running"):
        time.sleep(0.1)
    return job


def by_finops(name, title, ours, org, rows):
    copy = Copy(name, title, rows)
    with job_service(ours) as service:
        began = time.monotonic()
        job = ended_job(service, service.ask("POST", "/v1/jobs", {"org_id": org.number}).body["id"])
        copy.seconds = time.monotonic() - began
        copy.cpu_s, copy.peak_bytes = cpu_seconds(service.process.pid), high_water_mark(service.process.pid)
        service.stop()
    if job["state"] != "succeeded" or job["report"]["way"] != name:
        copy.failure = f"the job {job['state']}: {job['error_message']} {job['report']}"
    elif copy.peak_bytes > GOAL_MEMORY:
        copy.failure = f"took {copy.peak_bytes / 1e6:.0f} MB, more than {GOAL_MEMORY / 1e6:.0f} MB"
    return copy


def by_loop(ours, org, rows, destination):
    copy = Copy("loop", "Google's client: pages and load jobs of 1,000 rows", rows)
    run = measure([PYTHON, HERE / "peers/bigquery_row_loop.py", ours.google.url, ours.key, org.table, destination])
    copy.peak_bytes = run.peak_bytes
    if run.code:
        copy.failure = f"exit {run.code}: {run.output.strip()[-600:]}"
    else:
        said = json.loads(run.output.splitlines()[-1])
        copy.seconds, copy.cpu_s = said["seconds"], said["cpu_s"]
    return copy


def filled(server, org, rows):
    """The organisation's table with so many rows; the days that they are of."""
    print(f"making an export of {rows:,} rows", file=sys.stderr, flush=True)
    google_billing.create(server, org)
    return list(google_billing.load_many(server, org, rows, DAYS))


def all_copies(options, server, work):
    def ours(name):
        (work / name).mkdir()
        made = CopyingProject(work / name, server)
        made.run("journal", "migrate")
        return made

    big, small = google_billing.organisations(2, seed=1)
    days = filled(server, big, options.copy_rows)
    for name, title in (("client", "finops: two identities, rows through it"), ("server", "finops: one identity, inside BigQuery")):
        print(f"copying: {name}", file=sys.stderr, flush=True)
        side = ours(name)
        side.copy_from(big, reads_itself=name == "server")
        copy = by_finops(name, title, side, big, options.copy_rows)
        copy.failure = copy.failure or difference(server, big, days, options.copy_rows, side.copy_of(big))
        yield copy
    days, side = filled(server, small, options.loop_rows), ours("loop")
    side.let_read(side.etl, small)
    destination = f"{side.ours}.copies.exports"
    print("copying: loop", file=sys.stderr, flush=True)
    copy = by_loop(side, small, options.loop_rows, destination)
    copy.failure = copy.failure or difference(server, small, days, options.loop_rows, destination)
    yield copy


def table(copies):
    lines = [f"{'':52}{'rows':>11}{'wall s':>9}{'rows/s':>9}{'cpu s':>8}{'cpu s/M rows':>14}{'peak MB':>9}  rows"]
    for one in copies:
        if one.failure:
            lines.append(f"{one.title:52}  failed, see below")
            continue
        lines.append(f"{one.title:52}{one.rows:11,}{one.seconds:9.1f}{one.rows_per_second:9,.0f}{one.cpu_s:8.1f}"
                     f"{one.cpu_s / one.rows * 1e6:14.1f}{one.peak_bytes / 1e6:9.0f}  equal")
    return "\n".join(lines)


def ratios(copies, rows):
    by_name = {one.name: one for one in copies if not one.failure}
    loop, lines = by_name.pop("loop", None), []
    if loop:
        lines.append(f"the loop's {loop.rows:,} rows scaled to {rows:,}: {rows / loop.rows_per_second:,.0f} s")
        lines += [f"{one.title}: {one.rows_per_second / loop.rows_per_second:.1f} times as many rows/s as the loop, "
                  f"{loop.cpu_s / loop.rows / (one.cpu_s / one.rows):.0f} times less CPU time a row" for one in by_name.values()]
    return "\n".join(lines)


def run(options):
    """The copies that failed."""
    project.BINARY, work, about = options.finops, options.work_dir.resolve() / "copies", machine()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    with bigquery_server(work) as server:
        copies = list(all_copies(options, server, work))
    print(f"\nA standard billing export of {DAYS} days; {about['cores']} cores, {about['cpu']}, load {about['load_before']:.1f} before. "
          "All ask one test server, which\nshares the processors and makes each job at once: the figures tell of the client's side.\n")
    print(table(copies), "\n")
    print(ratios(copies, options.copy_rows))
    print(f"\nkept in {keep(options.results, 'copies', about, {'copies': [dataclasses.asdict(one) for one in copies]})}")
    shutil.rmtree(work, ignore_errors=True)
    return [one for one in copies if one.failure]
