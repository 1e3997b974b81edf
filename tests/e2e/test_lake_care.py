"""finops lake expire, check, relocate, restore-catalog: afterwards every reader sees what it saw."""
import json
import os
import shutil
import signal
import sqlite3
import time

import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_bill, small_row

SQL = ("SELECT source, billing_period AS p, execution_id AS e, count(*)::VARCHAR AS n, "
       "sum(line_item_unblended_cost)::VARCHAR AS c FROM aws_billing_data GROUP BY ALL ORDER BY ALL")
TABLES = ["aws_billing_data", "aws_billing_data_quarantine", "deliveries"]
DAY = 24 * 3600


@pytest.fixture
def loaded(project):
    """Two months, one of them delivered four times, each time with rows in quarantine."""
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-04", [small_bill(3, "2026-04")], "april")
    project.run("aws", "run-pipeline")  # alone: months of one run are committed in any order
    for n in range(1, 5):
        rows = [small_row(i) for i in range(1500 + n)] + [b"bad"] * n
        deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, rows)], f"may-{n}")
        project.run("aws", "run-pipeline", expect=3)
    return project


def lake_folder(project):
    return getattr(project, "lake", project.folder / "data" / "lake")


def files(project):
    root = lake_folder(project)
    return {str(p.relative_to(root)): p for p in root.rglob("*") if p.is_file()}


def metadata_location(project, table="aws_billing_data"):
    with sqlite3.connect(project.catalog) as db:
        return db.execute("SELECT metadata_location FROM iceberg_tables WHERE table_name = ?", [table]).fetchone()[0]


def iceberg_table(project, name="aws_billing_data"):
    catalog = SqlCatalog("finops", uri=f"sqlite:///{project.catalog}", warehouse=f"file://{lake_folder(project)}")
    return catalog.load_table(f"billing.{name}")


def totals(rows):
    return sorted((r["source"], r["p"], r["e"], int(r["n"]), str(r["c"])) for r in rows)


def read_pyiceberg(project, snapshot=None):
    found = {}
    for row in iceberg_table(project).scan(snapshot_id=snapshot).to_arrow().to_pylist():
        key = (row["source"], row["billing_period"], row["execution_id"])
        count, cost = found.get(key, (0, 0))
        found[key] = (count + 1, cost + (row["line_item_unblended_cost"] or 0))
    return sorted((*key, count, str(cost)) for key, (count, cost) in found.items())


def read_duckdb_iceberg(project):
    extensions = os.environ.get("FINOPS_DUCKDB_EXTENSIONS")
    with duckdb.connect(config={"extension_directory": extensions} if extensions else {}) as db:
        db.execute("SET autoinstall_known_extensions = false; LOAD avro; LOAD iceberg")
        sql = SQL.replace("FROM aws_billing_data", f"FROM iceberg_scan('{metadata_location(project)}')")
        return sorted((s, p, e, int(n), c) for s, p, e, n, c in db.execute(sql).fetchall())


def read_views(project):
    with duckdb.connect(str(project.database), read_only=True) as db:
        return sorted((s, p, e, int(n), c) for s, p, e, n, c in db.execute(SQL).fetchall())


def assert_readers_see(project, expected):
    assert totals(project.query(SQL)) == expected
    assert read_pyiceberg(project) == expected
    assert read_duckdb_iceberg(project) == expected
    assert read_views(project) == expected
    for name in TABLES:
        iceberg_table(project, name).scan().to_arrow()
    project.run("receipt", "verify")


def everything(project):
    quarantine = project.json("quarantine", "ls")["deliveries"]
    return totals(project.query(SQL)), quarantine, project.json("history")["deliveries"]


def make_old(project, days, only=lambda name: True):
    """As if the files had been there for so long."""
    for name, path in files(project).items():
        if only(name):
            os.utime(path, (time.time() - days * DAY,) * 2)


def kill_a_load(project):
    """A next version of May whose run is killed before its last commit; returns what it left."""
    bucket = project.folder / "buckets" / "payer-a"
    deliver_v1(bucket, "2026-05", [small_bill(7)], "killed")
    copy = project.folder / "copy"
    shutil.copytree(project.folder / "data", copy)
    count = project.folder / "count"
    project.run("aws", "run-pipeline", env={"FINOPS_FAULT_COUNT": str(count)})
    steps = (project.folder / "count.steps").read_text().splitlines()
    shutil.rmtree(project.folder / "data")
    shutil.move(copy, project.folder / "data")
    before = set(files(project))
    swap = max(i for i, step in enumerate(steps, 1) if step.startswith("swap"))
    done = project.run("aws", "run-pipeline", expect=None, env={"FINOPS_FAULT": f"kill-before:{swap}"})
    assert done.code == -signal.SIGKILL
    return set(files(project)) - before


# expire

def test_expired_snapshots_free_their_files_and_readers_see_no_difference(loaded):
    seen = everything(loaded)
    expected, before = totals(loaded.query(SQL)), files(loaded)
    options = ["--set", "lake.keep_days=0", "--set", "lake.keep_versions=1"]
    planned = loaded.json("lake", "expire", "--dry-run", *options)
    assert planned["dry_run"] is True and planned["changed"] is False
    assert set(files(loaded)) == set(before)
    done = loaded.json("lake", "expire", *options)
    assert done["changed"] is True
    assert [t | {"table": 0} for t in done["tables"]] == [t | {"table": 0} for t in planned["tables"]]
    gone = set(before) - set(files(loaded))
    freed = {t["table"].removeprefix("billing."): t for t in done["tables"]}
    # Of each table also one metadata file may fall out of the log.
    assert sum(t["files"] for t in freed.values()) <= len(gone)
    assert freed["aws_billing_data"]["expired_snapshots"] == 3 and freed["aws_billing_data"]["bytes"] > 0
    assert {t["error_kind"] for t in done["tables"]} == {None}
    assert everything(loaded) == seen
    assert_readers_see(loaded, expected)
    assert loaded.json("lake", "check", "--deep")["problems"] == []
    assert loaded.json("lake", "check")["orphans"] == []
    assert loaded.json("lake", "expire", *options)["changed"] is False


def test_young_snapshots_and_the_last_versions_stay(loaded):
    assert loaded.json("lake", "expire")["changed"] is False
    loaded.json("lake", "expire", "--set", "lake.keep_days=0", "--set", "lake.keep_versions=2")
    receipts = {d["execution_id"]: d for d in loaded.json("history")["deliveries"]}
    assert set(receipts) == {"april", "may-1", "may-2", "may-3", "may-4"}  # the ledger forgets nothing
    seen = {}
    for snapshot in iceberg_table(loaded).snapshots():
        for _, period, version, count, _ in read_pyiceberg(loaded, snapshot.snapshot_id):
            seen[period, version] = count
    assert seen == {("2026-04", "april"): 3, ("2026-05", "may-3"): 1503, ("2026-05", "may-4"): 1504}
    quarantine = iceberg_table(loaded, "aws_billing_data_quarantine")
    kept = {row["execution_id"] for snapshot in quarantine.snapshots()
            for row in quarantine.scan(snapshot_id=snapshot.snapshot_id).to_arrow().to_pylist()}
    assert kept == {"may-3", "may-4"}
    assert loaded.json("lake", "check")["problems"] == []


def test_after_an_expiry_kept_versions_are_rolled_back_to_and_older_ones_say_that_they_are_gone(loaded):
    for days in (0, 36500):  # the second has nothing to do
        loaded.json("lake", "expire", "--set", f"lake.keep_days={days}", "--set", "lake.keep_versions=2")
    may = ["--period", "2026-05", "--source", "payer-a", "--reason", "test"]
    refused = loaded.run("rollback", *may, "--to", "may-1", expect=1)
    assert "have expired" in refused.err
    loaded.run("rollback", *may, "--to", "may-3")
    assert [(r["e"], r["n"]) for r in loaded.query(SQL) if r["p"] == "2026-05"] == [("may-3", "1503")]
    assert [(q["execution_id"], q["rows"]) for q in loaded.json("quarantine", "ls")["deliveries"]] == [("may-3", 3)]
    loaded.run("lake", "expire", "--set", "lake.keep_days=0", "--set", "lake.keep_versions=2")
    loaded.run("rollback", *may, "--to", "may-4")
    loaded.run("receipt", "verify")
    assert loaded.json("lake", "check", "--deep")["problems"] == []


@pytest.mark.parametrize("moment", ["kill-before", "kill-after"])
def test_an_expiry_that_is_killed_at_any_durable_call_harms_nothing(loaded, moment):
    options = ["lake", "expire", "--set", "lake.keep_days=0", "--set", "lake.keep_versions=1"]
    top = loaded.folder / "data"
    shutil.copytree(top, loaded.folder / "kept")
    expected = totals(loaded.query(SQL))
    count = loaded.folder / "count"
    loaded.run(*options, env={"FINOPS_FAULT_COUNT": str(count)})
    calls = int(count.read_text())
    assert calls > 12
    for n in range(1, calls + 1, 3):
        shutil.rmtree(top)
        shutil.copytree(loaded.folder / "kept", top)
        done = loaded.run(*options, expect=None, env={"FINOPS_FAULT": f"{moment}:{n}"})
        assert done.code == -signal.SIGKILL, f"call {n}"
        found = loaded.json("lake", "check")
        assert found["problems"] == [], f"call {n}"
        assert totals(loaded.query(SQL)) == expected, f"call {n}"
        loaded.run(*options)
        make_old(loaded, 8)
        loaded.json("lake", "check", "--remove-orphans")
        found = loaded.json("lake", "check")
        assert (found["problems"], found["orphans"]) == ([], []), f"call {n}"
    assert_readers_see(loaded, expected)


# check

def test_a_missing_and_a_changed_file_are_found(loaded):
    assert loaded.json("lake", "check", "--deep")["good"] is True
    live = [f["file_path"].removeprefix("file://")
            for f in iceberg_table(loaded).inspect.files().to_pylist() if "2026-05" in f["file_path"]]
    assert len(live) == 1
    original = open(live[0], "rb").read()
    changed = bytearray(original)
    changed[len(changed) // 2] ^= 1
    open(live[0], "wb").write(changed)
    assert loaded.json("lake", "check")["good"] is True  # same size
    found = loaded.json("lake", "check", "--deep", expect=1)
    assert [p["file"] for p in found["problems"]] == [f"file://{live[0]}"]
    assert "SHA-256" in found["problems"][0]["finding"]
    open(live[0], "wb").write(original[:-1])
    found = loaded.json("lake", "check", expect=1)["problems"]
    assert len(found) == 1 and "bytes, and should have" in found[0]["finding"]
    os.remove(live[0])
    for options in [[], ["--deep"]]:
        found = loaded.json("lake", "check", *options, expect=1)["problems"]
        assert [(p["table"], p["file"]) for p in found] == [("billing.aws_billing_data", f"file://{live[0]}")]
        assert "missing" in found[0]["finding"]
    loaded.run("lake", "check", "--remove-orphans", expect=1)


def test_a_damaged_file_that_no_receipt_lists_is_found_by_reading_it(loaded):
    for table in ["aws_billing_data_quarantine", "deliveries"]:
        path = [f["file_path"] for f in iceberg_table(loaded, table).inspect.files().to_pylist()
                if "2026-05" in f["file_path"]][0].removeprefix("file://")
        original = open(path, "rb").read()
        open(path, "wb").write(original[:100] + b"\xff" * 40 + original[140:])
        found = loaded.json("lake", "check", "--deep", expect=1)["problems"]
        assert found and {p["table"] for p in found} == {f"billing.{table}"}, table
        open(path, "wb").write(original)
    assert loaded.json("lake", "check", "--deep")["good"] is True


def test_what_a_killed_run_left_is_listed_and_kept_while_it_is_young(loaded):
    expected = totals(loaded.query(SQL))
    left = kill_a_load(loaded)
    assert len(left) > 4
    found = loaded.json("lake", "check")
    assert found["good"] is True
    assert {o["key"] for o in found["orphans"]} == left
    assert all(o["removable"] and o["bytes"] == files(loaded)[o["key"]].stat().st_size for o in found["orphans"])
    assert loaded.json("lake", "check", "--remove-orphans")["removed"] == []
    loaded.run("lake", "check", "--remove-orphans", "--older-than", "59m", expect=2)
    make_old(loaded, 6, lambda name: name in left)
    assert loaded.json("lake", "check", "--remove-orphans")["removed"] == []
    (lake_folder(loaded) / "notes.txt").write_text("mine")
    make_old(loaded, 8)
    removed = loaded.json("lake", "check", "--remove-orphans")
    assert {o["key"] for o in removed["removed"]} == left
    assert (lake_folder(loaded) / "notes.txt").exists()
    assert_readers_see(loaded, expected)
    loaded.run("aws", "run-pipeline", expect=None)
    assert ("2026-05", "killed") in {(r["p"], r["e"]) for r in loaded.query(SQL)}


# relocate

def move_lake(project, to):
    shutil.move(lake_folder(project), to)
    project.write_config(f'lake_dir = "{to}"')
    project.lake = to


def test_a_moved_lake_is_read_at_its_new_place_in_all_its_snapshots(loaded):
    expected, seen = totals(loaded.query(SQL)), everything(loaded)
    old = lake_folder(loaded)
    snapshots = {s.snapshot_id: read_pyiceberg(loaded, s.snapshot_id) for s in iceberg_table(loaded).snapshots()}
    assert len(snapshots) > 3
    new = loaded.folder / "elsewhere" / "lake"
    new.parent.mkdir()
    move_lake(loaded, new)
    assert "finops lake relocate" in loaded.run("query", SQL, expect=1).err
    before = set(files(loaded))
    planned = loaded.json("lake", "relocate", "--from", old, "--dry-run")
    assert planned["changed"] is False and {t["table"] for t in planned["tables"]} == {f"billing.{t}" for t in TABLES}
    assert set(files(loaded)) == before
    done = loaded.json("lake", "relocate", "--from", f"file://{old}")
    assert done["changed"] is True and done["to"] == f"file://{new}"
    assert everything(loaded) == seen
    assert_readers_see(loaded, expected)
    assert {s: read_pyiceberg(loaded, s) for s in snapshots} == snapshots
    assert loaded.json("lake", "check", "--deep")["problems"] == []
    assert loaded.json("lake", "relocate", "--from", old)["changed"] is False
    deliver_v1(loaded.folder / "buckets/payer-a", "2026-06", [small_bill(4, "2026-06")], "june")
    loaded.run("aws", "run-pipeline")
    assert read_pyiceberg(loaded) == totals(loaded.query(SQL)) != expected


def test_nothing_is_relocated_while_a_file_is_missing(loaded):
    old, new = lake_folder(loaded), loaded.folder / "new"
    location = metadata_location(loaded)
    move_lake(loaded, new)
    data = next((new / "billing/aws_billing_data/data").rglob("*.parquet"))
    shutil.move(data, loaded.folder / "aside")
    refused = loaded.run("lake", "relocate", "--from", old, expect=1)
    assert data.name in refused.err
    assert metadata_location(loaded) == location
    shutil.move(loaded.folder / "aside", data)
    loaded.run("lake", "relocate", "--from", old)
    loaded.run("lake", "relocate", "--from", new, expect=2)


# restore-catalog

def lose_catalog(project):
    for path in project.catalog.parent.glob("catalog.db*"):
        path.unlink()


def test_a_lost_catalog_is_made_anew(loaded):
    expected, seen = totals(loaded.query(SQL)), everything(loaded)
    locations = {name: metadata_location(loaded, name) for name in TABLES}
    loaded.run("lake", "restore-catalog", expect=1)  # it is not lost
    lose_catalog(loaded)
    check = loaded.json("lake", "check", "--remove-orphans", expect=1)
    assert "restore-catalog" in json.dumps(check)
    planned = loaded.json("lake", "restore-catalog", "--dry-run")
    assert not loaded.catalog.exists()
    done = loaded.json("lake", "restore-catalog")
    assert done["tables"] == planned["tables"] and done["problems"] == []
    assert {name: metadata_location(loaded, name) for name in TABLES} == locations
    assert everything(loaded) == seen
    assert_readers_see(loaded, expected)
    assert loaded.json("aws", "run-pipeline")["changed"] is False


def test_a_run_killed_at_any_moment_of_its_commit_is_restored_as_a_whole(loaded):
    bucket = loaded.folder / "buckets" / "payer-a"
    top, kept = loaded.folder / "data", loaded.folder / "kept"
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, [small_row(i, cost="3") for i in range(1500)] + [b"bad"])],
               "may-5")
    shutil.copytree(top, kept)
    old = everything(loaded)
    count = loaded.folder / "count"
    loaded.run("aws", "run-pipeline", expect=3, env={"FINOPS_FAULT_COUNT": str(count)})
    new = everything(loaded)
    without_times = lambda state: (state[0], state[1], [d | {"recorded_at": 0} for d in state[2]])
    seen = []
    for n in range(1, int(count.read_text()) + 1):
        shutil.rmtree(top)
        shutil.copytree(kept, top)
        loaded.run("aws", "run-pipeline", expect=None, env={"FINOPS_FAULT": f"kill-before:{n}"})
        lose_catalog(loaded)
        assert loaded.json("lake", "restore-catalog")["problems"] == [], f"call {n}"
        state = without_times(everything(loaded))
        assert state in (without_times(old), without_times(new)), f"call {n}"
        seen.append(state == without_times(new))
        loaded.run("receipt", "verify", expect=None if state == without_times(old) else 0)
    # All metadata was written just before the swap: that state is whole.
    assert not seen[0] and seen[-1] and seen == sorted(seen)


def test_where_two_attempts_compete_the_operator_chooses(loaded):
    committed = metadata_location(loaded).rsplit("/", 1)[1]
    kill_a_load(loaded)
    deliver_v1(loaded.folder / "buckets/payer-a", "2026-05", [small_bill(1501)], "may-6")
    loaded.run("aws", "run-pipeline", expect=0)
    expected = totals(loaded.query(SQL))
    locations = {name: metadata_location(loaded, name).rsplit("/", 1)[1] for name in TABLES}
    lose_catalog(loaded)
    refused = loaded.run("lake", "restore-catalog", expect=1)
    assert "--table" in refused.err and locations["deliveries"] in refused.err
    loaded.run("lake", "restore-catalog", "--table", "nothing=x", expect=2)
    loaded.run("lake", "restore-catalog", "--table", "deliveries=x.metadata.json", expect=2)
    loaded.run("lake", "restore-catalog", "--table", f"deliveries={locations['deliveries']}")
    assert {name: metadata_location(loaded, name).rsplit("/", 1)[1] for name in TABLES} == locations
    assert committed not in locations.values()
    assert_readers_see(loaded, expected)


def test_a_lake_that_was_moved_and_lost_its_catalog_comes_back(loaded):
    expected, old = totals(loaded.query(SQL)), lake_folder(loaded)
    lose_catalog(loaded)
    move_lake(loaded, loaded.folder / "new")
    restored = loaded.json("lake", "restore-catalog")
    assert restored["former_root"] == f"file://{old}" and restored["problems"] == []
    loaded.run("lake", "relocate", "--from", restored["former_root"])
    assert totals(loaded.query(SQL)) == expected == read_pyiceberg(loaded)
    loaded.run("receipt", "verify")
