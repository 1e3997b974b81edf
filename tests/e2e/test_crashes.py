"""kill -9 at every durable call in turn, and two runs at once: old state or new state, then the undisturbed end."""
import concurrent.futures
import fcntl
import signal
import subprocess
import time

import pytest

from project import BINARY
from deliveries import deliver_v1, small_bill, small_row, csv_bytes, SMALL_HEADER

SQL = ("SELECT source, billing_period AS p, execution_id AS e, count(*)::VARCHAR AS n, "
       "sum(line_item_unblended_cost)::VARCHAR AS c, count(resource_tags_user_name)::VARCHAR AS t "
       "FROM aws_billing_data GROUP BY ALL ORDER BY ALL")


def state(project):
    quarantine = project.json("quarantine", "ls")["deliveries"]
    history = [(d["billing_period"], d["execution_id"], d["state"]) for d in project.json("history")["deliveries"]]
    return (project.query(SQL), [(q["execution_id"], q["rows"]) for q in quarantine], sorted(history))


def deliver_old(bucket):
    deliver_v1(bucket, "2026-04", [small_bill(3, "2026-04")], "april")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "may-1")


def deliver_new(bucket):
    """A restated month with a new column and a faulty row, and a new month."""
    header = SMALL_HEADER + ["resourceTags/user:Team"]
    rows = [small_row(i, cost="2") + ["core"] for i in range(1500)] + [b"bad"]
    deliver_v1(bucket, "2026-05", [csv_bytes(header, rows)], "may-2")
    deliver_v1(bucket, "2026-06", [small_bill(4, "2026-06")], "june")


def prepared(project, name):
    project.folder = project.folder / name
    project.folder.mkdir()
    project.exports = []
    bucket = project.add_export("payer-a")
    deliver_old(bucket)
    project.run("aws", "run-pipeline")
    before = state(project)
    deliver_new(bucket)
    return before


def reader_state(project):
    """What a reader that knows nothing of finops sees: the DuckDB file, opened by its own library."""
    import duckdb
    with duckdb.connect(str(project.database), read_only=True) as connection:
        return connection.execute(SQL).fetchall()


@pytest.mark.parametrize("moment", ["kill-before", "kill-after"])
def test_killed_at_each_durable_call_the_next_run_ends_like_an_undisturbed_one(project, moment):
    top = project.folder
    prepared(project, "calm")
    count_file = top / "count"
    project.run("aws", "run-pipeline", expect=3, env={"FINOPS_FAULT_COUNT": str(count_file)})
    calm, calls = state(project), int(count_file.read_text())
    assert calls > 10
    allowed = None
    for n in range(1, calls + 1):
        project.folder = top
        before = prepared(project, f"{moment}-{n}")
        done = project.run("aws", "run-pipeline", expect=None, env={"FINOPS_FAULT": f"{moment}:{n}"})
        assert done.code == -signal.SIGKILL, f"call {n}: {done.out} {done.err}"
        seen = project.query(SQL)
        # Each month is old or new as a whole; no third state.
        allowed = {(r["p"], r["e"], r["n"], r["c"]) for r in before[0] + calm[0]}
        assert {(r["p"], r["e"], r["n"], r["c"]) for r in seen} <= allowed, f"call {n}"
        reader_state(project)  # opens and reads: no view points at a missing file
        project.run("aws", "run-pipeline", expect=None)
        assert state(project) == calm, f"call {n}"
        project.run("receipt", "verify")
        assert len(reader_state(project)) == len(calm[0])


def test_readers_see_old_or_new_totals_while_months_are_replaced(project):
    prepared(project, "readers")
    stop = time.monotonic() + 6
    seen = set()

    def read():
        while time.monotonic() < stop:
            seen.add(tuple(row[2:4] for row in reader_state(project) if row[1] == "2026-05"))

    with concurrent.futures.ThreadPoolExecutor() as pool:
        reader = pool.submit(read)
        for n in range(6):
            deliver_v1(project.folder / "buckets/payer-a", "2026-05", [small_bill(10 + n)], f"round-{n}")
            project.run("aws", "run-pipeline", expect=None)
        reader.result()
    allowed = {(("may-1", "5"),), (("may-2", "1500"),)} | {((f"round-{n}", str(10 + n)),) for n in range(6)}
    assert seen <= allowed and len(seen) > 1


def start(project, *arguments):
    return subprocess.Popen([str(BINARY), *arguments], cwd=project.folder, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_two_runs_at_once_on_different_months_both_end_well(project):
    bucket = project.add_export("payer-a")
    for month in range(1, 7):
        deliver_v1(bucket, f"2026-{month:02d}", [small_bill(2000, f"2026-{month:02d}")], f"m{month}")
    early = start(project, "aws", "run-pipeline", "--end-date", "2026-03")
    late = start(project, "aws", "run-pipeline", "--start-date", "2026-04")
    assert early.wait(60) == 0 and late.wait(60) == 0, early.stderr.read() + late.stderr.read()
    rows = project.query("SELECT billing_period AS p, count(*)::VARCHAR AS n FROM aws_billing_data GROUP BY 1 ORDER BY 1")
    assert [(r["p"], r["n"]) for r in rows] == [(f"2026-{m:02d}", "2000") for m in range(1, 7)]
    project.run("receipt", "verify")


def test_a_run_on_a_month_that_another_is_loading_is_told_that_it_is_locked(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "may")
    project.run("aws", "run-pipeline")
    deliver_v1(bucket, "2026-05", [small_bill(6)], "may-2")
    locks = list((project.folder / "data" / "locks").iterdir())
    assert len(locks) == 1
    with open(locks[0]) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        report = project.json("aws", "run-pipeline", expect=5)
        assert report["deliveries"][0]["outcome"] == "locked" and report["changed"] is False
    assert project.json("aws", "run-pipeline")["changed"] is True  # a lock of a dead process is none


@pytest.mark.parametrize("fault", ["fail-before", "fail-after"])
def test_a_durable_call_that_fails_leaves_the_old_state_or_the_new_one(project, fault):
    top = project.folder
    prepared(project, "calm")
    count_file = top / "count"
    project.run("aws", "run-pipeline", expect=3, env={"FINOPS_FAULT_COUNT": str(count_file)})
    calm, calls = state(project), int(count_file.read_text())
    for n in range(1, calls + 1, 2 if fault == "fail-before" else 1):
        project.folder = top
        prepared(project, f"{fault}-{n}")
        done = project.run("aws", "run-pipeline", expect=None, env={"FINOPS_FAULT": f"{fault}:{n}"})
        assert done.code in (0, 1, 3), f"call {n}: {done.code} {done.err}"
        project.query(SQL)
        project.run("aws", "run-pipeline", expect=None)
        assert state(project) == calm, f"call {n}"
        project.run("receipt", "verify")
