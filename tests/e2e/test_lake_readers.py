"""The lake alone, through lake_tool: what pyiceberg, DuckDB and ClickHouse (chDB) see of the tables that we write, what we
see of what pyiceberg writes, kill -9 at every durable call, and processes that commit at once."""
import collections
import concurrent.futures
import datetime
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.transforms import BucketTransform
from pyiceberg.types import DoubleType, StringType

from project import BINARY

TOOL = BINARY.parent / "lake_tool"
EXTENSIONS = os.environ.get("FINOPS_DUCKDB_EXTENSIONS")
MONEY = "line_item_unblended_cost"
A4, A5, B4, P4 = ("payer-a", "2026-04"), ("payer-a", "2026-05"), ("payer/b c=", "2026-04"), ("payer-py", "2026-04")


def execution(n):
    return f"20260501T000000Z-{n:08d}-1111-2222-3333-444444444444"


def truth(partitions):
    """{partition: rows} to {partition: (rows, cost)}: row i costs (i - 2) * 1.25 + 10^-18, NULL when i % 7 == 6."""
    return {key: (rows, sum((Decimal(i - 2) * Decimal("1.25") + Decimal(10) ** -18
                             for i in range(rows) if i % 7 != 6), Decimal(0)))
            for key, rows in partitions.items()}


class Lake:
    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run("create")

    def start(self, *words, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FINOPS_FAULT")} | variables
        return subprocess.Popen([str(TOOL), *map(str, words)], cwd=self.folder, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words, **variables):
        process = self.start(*words, **variables)
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, f"{words}: {process.returncode}: {error}"
        return json.loads(out)

    def load(self, partition, n, rows, *tags):
        return self.run("load", *partition, execution(n), rows, *tags)

    def state(self, *snapshot):
        files = self.run("state", *snapshot)["files"]
        return {(f["source"], f["period"]): (f["execution_id"], f["rows"]) for f in files}

    @property
    def metadata(self):
        with sqlite3.connect(self.folder / "catalog.db") as db:
            return db.execute("SELECT metadata_location FROM iceberg_tables WHERE table_name = 'aws_billing_data'"
                              ).fetchone()[0]

    @property
    def catalog(self):
        return SqlCatalog("finops", uri=f"sqlite:///{self.folder}/catalog.db", warehouse=f"file://{self.folder}/lake")

    @property
    def table(self):
        return self.catalog.load_table("billing.aws_billing_data")

    def files(self):
        return {str(p) for p in (self.folder / "lake").rglob("*") if p.is_file()}


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "project")


# Each reader answers {(source, period): (rows, sum of money)} for one snapshot and filter.

def read_pyiceberg(lake, where=None, snapshot=None):
    scan = lake.table.scan(row_filter=where or "source is not null", snapshot_id=snapshot)
    totals = {}
    for row in scan.to_arrow().select(["source", "billing_period", MONEY]).to_pylist():
        key = (row["source"], row["billing_period"])
        count, money = totals.get(key, (0, Decimal(0)))
        totals[key] = (count + 1, money + (row[MONEY] or 0))
    return totals


def totals_sql(source, where):
    return (f"SELECT source, billing_period, count(*), sum({MONEY}) FROM {source} "
            f"{'WHERE ' + where if where else ''} GROUP BY 1, 2")


def connect_duckdb():
    db = duckdb.connect(config={"extension_directory": EXTENSIONS} if EXTENSIONS else {})
    db.execute("SET autoinstall_known_extensions = false; LOAD avro; LOAD iceberg; SET TimeZone = 'UTC'")
    return db


def read_duckdb(lake, where=None, snapshot=None):
    at = f", snapshot_from_id => {snapshot}" if snapshot else ""
    rows = connect_duckdb().execute(totals_sql(f"iceberg_scan('{lake.metadata}'{at})", where)).fetchall()
    return {(s, p): (n, m or Decimal(0)) for s, p, n, m in rows}


def run_chdb(lake, query):
    """In the project's folder: ClickHouse reads no files outside of its working folder."""
    code = "import sys, chdb; print(chdb.query(sys.argv[1], 'JSONCompactEachRow').data(), end='')"
    done = subprocess.run([sys.executable, "-c", code, query], cwd=lake.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def chdb_table(lake):
    """Told which metadata file: by itself ClickHouse takes the highest number it finds in the folder, which after a crash
    is one that was never committed."""
    folder = f"{lake.folder}/lake/billing/aws_billing_data"
    return (f"icebergLocal('{folder}', SETTINGS iceberg_metadata_file_path = "
            f"'{lake.metadata.removeprefix(f'file://{folder}/')}')")


def read_chdb(lake, where=None, snapshot=None):
    at = f" SETTINGS iceberg_snapshot_id = {snapshot}" if snapshot else ""
    query = totals_sql(chdb_table(lake), where).replace(f"sum({MONEY})", f"toString(ifNull(sum({MONEY}), 0))") + at
    return {(s, p): (int(n), Decimal(m)) for s, p, n, m in run_chdb(lake, query)}


READERS = {"pyiceberg": read_pyiceberg, "duckdb": read_duckdb, "chdb": read_chdb}


def expect(lake, partitions, **options):
    for name, read in READERS.items():
        assert read(lake, **options) == truth(partitions), name


@pytest.fixture
def loaded(lake):
    lake.load(A4, 1, 10)
    lake.load(B4, 2, 7)
    lake.load(A5, 3, 20)
    return lake


def test_an_empty_table_is_readable(lake):
    expect(lake, {})


def test_our_catalog_is_pyicebergs_catalog(lake):
    assert lake.catalog.list_namespaces() == [("billing",)]
    assert sorted(lake.catalog.list_tables("billing")) == [("billing", "aws_billing_data"), ("billing", "deliveries")]


def test_loads_are_visible_and_exact_and_typed(loaded):
    expect(loaded, {A4: 10, B4: 7, A5: 20})
    assert {f.name: str(f.field_type) for f in loaded.table.schema().fields} == {
        "source": "string", "billing_period": "string", "execution_id": "string", "source_file": "string",
        "source_line": "long", "line_item_usage_start_date": "timestamptz", MONEY: "decimal(38, 18)",
        "line_item_usage_account_id": "string", "line_item_count": "int", "is_estimated": "boolean", "raw": "binary",
        "resource_tags": "map<string, string>", "discount": "map<string, decimal(38, 18)>"}
    assert [f.required for f in loaded.table.schema().fields[:3]] == [True] * 3
    columns = ["line_item_usage_start_date", "line_item_usage_account_id", "line_item_count", "is_estimated", "raw",
               "resource_tags"]
    moment = datetime.datetime(2026, 4, 1, 1, tzinfo=datetime.timezone.utc)
    row = (moment, "010000000001", 2, False, b"\xff\0x", None)
    scan = loaded.table.scan(row_filter="source = 'payer-a' and billing_period = '2026-04' and source_line = 2")
    assert tuple(scan.to_arrow().select(columns).to_pylist()[0].values()) == row
    where = "source = 'payer-a' AND billing_period = '2026-04' AND source_line = 2"
    start, *rest = columns[:-1]
    found = connect_duckdb().execute(f"SELECT {start}::VARCHAR, {', '.join(rest)} FROM "
                                     f"iceberg_scan('{loaded.metadata}') WHERE {where}").fetchone()
    assert found == ("2026-04-01 01:00:00+00", *row[1:-1])
    assert run_chdb(loaded, f"SELECT toString({start}), {', '.join(rest[:3])} FROM {chdb_table(loaded)} WHERE {where}") == [
        ["2026-04-01 01:00:00.000000", "010000000001", 2, False]]


def test_bounds_let_readers_skip_files_and_never_rows(loaded):
    for where, rows in [("source_line = 20", 1), ("source_line > 20", 0), (f"execution_id = '{execution(2)}'", 7),
                        ("billing_period = '2026-04'", 17), ("source_line <= 7", 21),
                        ("source_file >= 'cur/20260501T001'", 0), ("source_file >= 'cur/20260501T000000Z'", 37)]:
        for name, read in READERS.items():
            assert sum(n for n, _ in read(loaded, where).values()) == rows, (name, where)
    for where, files in [(f"{MONEY} > 20", 1), (f"{MONEY} < -2.500000000000000000", 0),
                         (f"{MONEY} = -2.499999999999999999", 3), (f"execution_id = '{execution(2)}'", 1),
                         ("line_item_usage_start_date >= '2026-05-01T00:00:00+00:00'", 1), ("line_item_count is null", 0)]:
        assert len(list(loaded.table.scan(row_filter=where).plan_files())) == files, where


def test_a_replacement_is_one_snapshot_and_the_past_stays_readable(loaded):
    old = loaded.table.current_snapshot().snapshot_id
    report = loaded.load(A4, 4, 11)
    assert report["changed"] and not loaded.load(A4, 4, 11)["changed"]
    snapshot = loaded.table.current_snapshot()
    assert (snapshot.snapshot_id, snapshot.timestamp_ms) == (report["snapshot"], report["committed_ms"])
    assert snapshot.parent_snapshot_id == old
    assert loaded.catalog.load_table("billing.deliveries").current_snapshot().timestamp_ms == report["committed_ms"]
    summary = snapshot.summary.additional_properties
    assert snapshot.summary.operation.value == "overwrite"
    assert summary["finops.execution-id"] == execution(4)
    assert (summary["added-records"], summary["deleted-records"], summary["total-records"],
            summary["total-data-files"]) == ("11", "10", "38", "3")
    expect(loaded, {A4: 11, B4: 7, A5: 20})
    expect(loaded, {A4: 10, B4: 7, A5: 20}, snapshot=old)
    assert loaded.state(old)[A4] == (execution(1), 10)


def test_pyicebergs_own_views_of_the_manifests_are_sound(loaded):
    loaded.load(A4, 4, 11)
    inspect = loaded.table.inspect
    partitions = {(p["partition"]["source"], p["partition"]["billing_period"]): p["record_count"]
                  for p in inspect.partitions().to_pylist()}
    assert partitions == {A4: 11, B4: 7, A5: 20}
    entries = [(e["status"], e["sequence_number"]) for e in inspect.entries().to_pylist()]
    assert sorted(entries) == [(0, 2), (1, 3), (1, 4), (2, 1)]
    assert len(inspect.manifests().to_pylist()) == 2
    for file in inspect.files().to_pylist():
        assert os.path.getsize(file["file_path"].removeprefix("file://")) == file["file_size_in_bytes"]
    assert len(inspect.snapshots().to_pylist()) == 4
    assert len(inspect.history().to_pylist()) == 4


def test_tags_that_differ_in_case_are_two_columns_for_ever(loaded):
    team, other_team = "resourceTags/user:team", "resourceTags/user:Team"
    loaded.load(A5, 5, 21, team, other_team)
    loaded.load(B4, 6, 8, other_team)
    docs = {f.doc: f.name for f in loaded.table.schema().fields}
    for doc, rows in [(team, 21), (other_team, 29)]:
        values = set(loaded.table.scan().to_arrow().column(docs[doc]).to_pylist())
        assert values == {None, doc + "-0", doc + "-1"}
        sql = f"SELECT count({docs[doc]}) FROM iceberg_scan('{loaded.metadata}')"
        assert connect_duckdb().execute(sql).fetchone() == (rows,)
        assert run_chdb(loaded, f"SELECT toUInt32(count({docs[doc]})) FROM {chdb_table(loaded)}") == [[rows]]
    expect(loaded, {A4: 10, B4: 8, A5: 21})


def test_what_pyiceberg_writes_in_between_is_kept_and_read(loaded):
    with loaded.table.update_schema() as update:
        update.add_column("cost_center", StringType(), doc="added by pyiceberg")
        update.add_column("ratio", DoubleType())
    with loaded.table.transaction() as transaction:
        transaction.set_properties({"owner": "somebody else"})
    table = loaded.table
    rows = table.scan(row_filter="source = 'payer-a' and billing_period = '2026-04'").to_arrow()
    place = rows.schema.names.index("source")
    table.append(rows.set_column(place, rows.schema.field("source"), pa.array(["payer-py"] * rows.num_rows)))
    table.append(rows)  # and more rows in one of our partitions
    assert loaded.state()[P4] == (execution(1), 10)  # whole bounds, thanks to the tables' properties
    assert loaded.run("state")["unknown_columns"] == ["ratio double"]
    loaded.load(A5, 7, 21, "resourceTags/user:new")  # theirs are carried over
    counts = {key: rows for key, (rows, _) in read_duckdb(loaded).items()}
    assert counts == {P4: 10, B4: 7, A5: 21, A4: 20}
    loaded.load(P4, 8, 12)  # replaces their files
    loaded.load(A4, 9, 13)  # replaces ours and theirs
    expect(loaded, {A4: 13, B4: 7, A5: 21, P4: 12})
    table = loaded.table
    assert table.properties["owner"] == "somebody else"
    assert table.schema().find_field("cost_center").doc == "added by pyiceberg"
    table.delete("source = 'payer-py' and source_line > 3")  # rewrites part of a file
    assert {name: read(loaded)[P4][0] for name, read in READERS.items()} == dict.fromkeys(READERS, 3)
    loaded.load(P4, 10, 14)
    expect(loaded, {A4: 13, B4: 7, A5: 21, P4: 14})


def refusal(process):
    _, error = process.communicate()
    assert process.returncode == 1
    return error


def test_a_table_that_pyiceberg_partitioned_otherwise_is_refused(loaded):
    with loaded.table.update_spec() as update:
        update.add_identity("execution_id")
    assert "holds files of another partition spec (0) than the table's" in refusal(loaded.start("state"))
    assert "not by what finops gives its files" in refusal(loaded.start("create"))


def test_a_table_that_pyiceberg_partitioned_by_another_transform_is_refused(loaded):
    with loaded.table.update_spec() as update:
        update.add_field("execution_id", BucketTransform(16), "bucket")
    assert "not partitioned by the identity of text columns" in refusal(loaded.start("state"))


def test_expired_snapshots_take_only_their_own_files(loaded):
    pinned = loaded.table.current_snapshot().snapshot_id
    loaded.table.manage_snapshots().create_tag(pinned, "receipt-1").commit()
    for n in range(4, 9):
        loaded.load(A4, n, n + 7)
    before = loaded.files()
    removed = loaded.run("expire", 2)
    assert len(removed["snapshots"]) == 5
    assert {file.removeprefix("file://") for file in removed["files"]} <= before - loaded.files()
    snapshots = {s.snapshot_id for s in loaded.table.snapshots()}
    assert len(snapshots) == 3 and pinned in snapshots
    for snapshot in snapshots:
        for read in READERS.values():
            assert len(read(loaded, snapshot=snapshot)) == 3
    expect(loaded, {A4: 10, B4: 7, A5: 20}, snapshot=pinned)
    expect(loaded, {A4: 15, B4: 7, A5: 20})
    loaded.load(A4, 20, 16)
    expect(loaded, {A4: 16, B4: 7, A5: 20})


def dangling(lake):
    """References of any snapshot that lead nowhere."""
    table = lake.table
    paths = set()
    for snapshot in table.snapshots():
        paths.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            paths.add(manifest.manifest_path)
            paths |= {e.data_file.file_path for e in manifest.fetch_manifest_entry(table.io, discard_deleted=True)}
    return [path for path in paths if not os.path.exists(path.removeprefix("file://"))]


@pytest.mark.parametrize("moment", ["kill-before", "kill-after"])
def test_killed_at_any_durable_call_a_load_leaves_old_or_new(tmp_path, moment):
    old, new, undisturbed = {A4: 10, B4: 7}, {A4: 12, B4: 7}, truth({A4: 12, B4: 7})
    lake = Lake(tmp_path / "counting")
    command = ("load", *A4, execution(9), 12, "resourceTags/user:new")
    lake.run(*command, FINOPS_FAULT_COUNT=str(tmp_path / "count"))
    calls = int((tmp_path / "count").read_text())
    assert calls > 9
    outcomes = collections.Counter()
    for n in range(1, calls + 1):
        lake = Lake(tmp_path / f"{n}")
        lake.load(A4, 1, 10)
        lake.load(B4, 2, 7)
        process = lake.start(*command, FINOPS_FAULT=f"{moment}:{n}")
        process.communicate(timeout=120)
        assert process.returncode in (-signal.SIGKILL, 0)
        seen = read_pyiceberg(lake)
        assert seen in (truth(old), truth(new)), n
        outcomes["new" if seen == truth(new) else "old"] += 1
        assert dangling(lake) == []
        assert lake.run("state")["deliveries"] == (3 if seen == truth(new) else 2)
        lake.run(*command)
        assert read_pyiceberg(lake) == undisturbed
        assert dangling(lake) == []
    assert outcomes["old"] and (outcomes["new"] or moment == "kill-before")
    assert read_duckdb(lake) == undisturbed


def test_killed_at_any_durable_call_an_expiry_keeps_all_that_is_live(tmp_path):
    for n in (1, 2, 3, 4, 7):
        lake = Lake(tmp_path / f"{n}")
        for i in range(4):
            lake.load(A4, i, 10 + i)
        process = lake.start("expire", 1, FINOPS_FAULT=f"kill-after:{n}")
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL
        assert read_pyiceberg(lake) == truth({A4: 13})
        assert dangling(lake) == []
        lake.run("expire", 1)
        assert read_pyiceberg(lake) == truth({A4: 13})


def test_processes_that_commit_other_sources_of_one_period_lose_nothing(lake):
    def worker(number):
        return [lake.load((f"payer-{number}", "2026-04"), i, 5 + i)["attempts"] for i in range(4)]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))
    expect(lake, {(f"payer-{n}", "2026-04"): 8 for n in range(4)})
    snapshots = lake.table.snapshots()
    assert [s.sequence_number for s in snapshots] == list(range(1, 17))
    assert lake.run("state")["deliveries"] == 16
    # Lost attempts cleaned up: each file of the folder is one that a snapshot or the log refers to.
    names = {re.sub(r".*/", "", file) for file in lake.files() if "aws_billing_data/metadata" in file}
    assert len([name for name in names if name.startswith("snap-")]) == 16


def test_of_processes_at_one_partition_none_is_mixed(lake):
    codes = collections.Counter()
    for round_ in range(3):
        jobs = [lake.start("load", *A4, execution(round_ * 10 + n), 10 + n) for n in range(4)]
        for job in jobs:
            job.communicate(timeout=120)
            codes[job.returncode] += 1
        (execution_id, rows), = lake.state().values()
        assert rows == 10 + int(execution_id[17:25]) % 10
        assert read_pyiceberg(lake) == truth({A4: rows})
    assert set(codes) <= {0, 4} and codes[0] >= 3
    assert lake.run("state")["deliveries"] == codes[0]
    data = [file for file in lake.files() if "aws_billing_data/data/" in file]
    assert len(data) == codes[0]  # the losers removed theirs


def test_commits_beside_pyicebergs_appends_keep_all(loaded):
    rows = loaded.table.scan(row_filter="source = 'payer-a' and billing_period = '2026-04'").to_arrow()
    place = rows.schema.names.index("source")
    theirs = rows.set_column(place, rows.schema.field("source"), pa.array(["payer-py"] * rows.num_rows))

    def append(_):
        for _ in range(50):
            try:
                return loaded.table.append(theirs)
            except Exception as error:  # pyiceberg does not rebase by itself
                if "CommitFailed" not in type(error).__name__:
                    raise
        raise AssertionError("pyiceberg never won")

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ours = pool.submit(lambda: [loaded.load(A5, 100 + i, 5 + i) for i in range(5)])
        list(pool.map(append, range(5)))
        ours.result()
    counts = {key: rows for key, (rows, _) in read_duckdb(loaded).items()}
    assert counts == {A4: 10, B4: 7, A5: 9, P4: 50}
