"""The benchmark's harness does not lie: wrong rows and sums are found, and what failed gets no figure."""
import csv
import decimal
import gzip
import json
import os
import pathlib
import subprocess
import sys
import types

import bill as bills
import duckdb
import load_runs
import pytest
import queries
import small_runs
from contender import Contender, run_all
from deliveries import deliver_v1, small_bill
from finops_folder import FinopsFolder, export_of

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
GENERATOR = ROOT / "build/release/tests/bench/generate_bench_bill"
FINOPS = pathlib.Path(os.environ.get("FINOPS_BIN", ROOT / "build/bin/finops")).resolve()
ROWS = 400


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("bills")


@pytest.fixture
def bill(cache):
    return bills.get(GENERATOR, ROWS, cache)


def written_by(name, bill, folder):
    """The contender of a peer, after one run."""
    one = load_runs.peer_contender(name, bill, folder)
    run_all([one], 1)
    return one


def cells(bill, *names):
    for file in bill.files:
        with gzip.open(file, "rt", newline="") as text:
            for row in csv.DictReader(text):
                yield tuple(row[name] for name in names)


def decimals(sums):
    return {name: decimal.Decimal(text) for name, text in sums.items()}


def test_all_inputs_of_a_bill_have_the_same_sums(bill, cache):
    for kind in bills.INPUTS:
        other = bills.get(GENERATOR, ROWS, cache, kind)
        assert other.rows == ROWS
        assert decimals(other.sums) == decimals(bill.sums) and decimals(other.sums_of_cents) == decimals(bill.sums_of_cents), kind


def test_high_cardinality_means_that_texts_are_each_row_s_own(bill, cache):
    names = ["lineItem/ResourceId", "lineItem/LineItemDescription", "resourceTags/user:Name", "resourceTags/user:Owner"]
    rows = list(cells(bills.get(GENERATOR, ROWS, cache, cardinality="high"), *names))
    assert [len(set(column)) for column in zip(*rows)] == [ROWS] * len(names)
    assert len(set(cells(bill, "resourceTags/user:Owner"))) == 1


@pytest.mark.parametrize("name", ["duckdb", "duckdb-double", "duckdb-table", "duckdb-table-double"])
def test_what_a_peer_wrote_is_right(name, bill, tmp_path):
    one = written_by(name, bill, tmp_path)
    assert one.is_right, one.failure
    assert one.sums == "exact" and one.written > 0


def test_money_of_two_digits_is_checked_as_such_and_is_not_exact(bill, tmp_path):
    one = written_by("python-pipeline", bill, tmp_path)
    assert one.is_right and one.sums == "cents", one.failure
    database = tmp_path / "python-pipeline.out/finops.duckdb"
    assert "adds up to" in load_runs.difference(bill, "database", database)
    with duckdb.connect(str(database)) as connection:
        connection.execute("UPDATE bill SET line_item_unblended_cost = line_item_unblended_cost + 0.01 "
                           "WHERE identity_line_item_id = (SELECT min(identity_line_item_id) FROM bill)")
    assert "lineItem/UnblendedCost adds up to" in load_runs.difference(bill, "database", database, load_runs.CENTS)


@pytest.mark.parametrize("kind, spoil, problem", [
    ("csv-large", "* REPLACE (\"lineItem/UnblendedCost\" + 0.000000000000000001 AS \"lineItem/UnblendedCost\")", "lineItem/UnblendedCost adds up"),
    ("parquet-large", "* REPLACE (nextafter(line_item_blended_cost, 'inf'::DOUBLE) AS line_item_blended_cost)", "lineItem/BlendedCost adds up"),
    ("parquet-large", "* REPLACE (replace(line_item_unblended_rate, '1', '2') AS line_item_unblended_rate)", "lineItem/UnblendedRate adds up"),
    ("csv-large", "* EXCLUDE \"bill/InvoiceId\"", None),
])
def test_sums_that_are_wrong_in_the_last_digit_are_found(kind, spoil, problem, bill, cache, tmp_path):
    written_by("duckdb", bills.get(GENERATOR, ROWS, cache, kind), tmp_path)
    spoiled = tmp_path / "spoiled.parquet"
    duckdb.execute(f"COPY (SELECT {spoil} FROM read_parquet('{tmp_path}/duckdb.out')) TO '{spoiled}' (FORMAT parquet)")
    found = load_runs.difference(bill, "parquet", spoiled)
    assert problem in found if problem else found is None


def test_a_row_too_few_is_found(bill, tmp_path):
    written_by("duckdb", bill, tmp_path)
    short = tmp_path / "short.parquet"
    duckdb.execute(f"COPY (SELECT * FROM read_parquet('{tmp_path}/duckdb.out') LIMIT {ROWS - 1}) TO '{short}' (FORMAT parquet)")
    assert load_runs.difference(bill, "parquet", short) == f"{ROWS - 1} rows instead of {ROWS}"


def test_a_lake_and_a_receipt_that_say_other_sums_are_found(bill, tmp_path):
    finops = FinopsFolder(FINOPS, tmp_path, [export_of(bill.bucket)])
    finops.run("aws", "run-pipeline")
    assert load_runs.difference(bill, "lake", finops.database) is None and load_runs.receipt_problem(bill, finops) is None
    other = types.SimpleNamespace(rows=ROWS, sums=bill.sums | {"lineItem/UsageAmount": "1"})
    assert "lineItem/UsageAmount adds up to" in load_runs.difference(other, "lake", finops.database)
    assert "for lineItem/UsageAmount instead of 1" in load_runs.receipt_problem(other, finops)


def test_what_failed_gets_no_figure_and_is_no_peer_to_beat(bill, tmp_path):
    right = Contender("finops", "finops", ["true"])
    wrong = Contender("duckdb", "a peer with wrong sums", ["true"], check=lambda: "adds up to 1 instead of 2")
    ended = Contender("polars", "a peer that ends badly", ["false"])
    run_all([right, wrong, ended], 2)
    assert len(right.runs) == 2 and len(wrong.runs) == 1 and not ended.runs
    lines = load_runs.table([right, wrong, ended], bill).splitlines()
    assert [line.rpartition("  ")[2] for line in lines[1:]] == ["-", "failed, see below", "failed, see below"]
    assert "peer" not in str(load_runs.goals([right, wrong, ended], bill))


def test_what_takes_minutes_is_run_less_often():
    often, seldom = Contender("a", "a", ["true"]), Contender("b", "b", ["true"], most_runs=2)
    run_all([often, seldom], 5)
    assert (len(often.runs), len(seldom.runs)) == (5, 2)


def test_the_benchmark_fails_when_a_contender_does(cache, tmp_path):
    def bench(finops):
        return subprocess.run([sys.executable, HERE / "run.py", "--finops", finops, "--only", "load", "--rows", f"{ROWS}", "--repeat", "1",
                               "--peers", "duckdb", "--cache-dir", cache, "--work-dir", tmp_path / "work", "--results", tmp_path],
                              capture_output=True, text=True)

    done = bench(FINOPS)
    assert done.returncode == 0, done.stderr
    assert "DuckDB: COPY to Parquet" in done.stdout and "failed" not in done.stdout
    liar = tmp_path / "liar"
    liar.write_text("#!/bin/sh\nexit 0\n")  # says that it is done, and wrote nothing
    liar.chmod(0o755)
    done = bench(liar)
    assert done.returncode == 1 and "finops: cannot read" in done.stderr
    assert done.stdout.count("failed, see below") == 2


@pytest.mark.parametrize("theirs, problem", [
    ("SELECT 1 AS id, 2.50 AS cost", None),
    ("SELECT 1 AS id, 2.51 AS cost", "DuckDB's file has 1 from"),
    ("SELECT 1 AS id, 2.50 AS cost WHERE false", "finds nothing"),
])
def test_queries_that_find_other_rows_or_none_are_told(theirs, problem):
    connection = duckdb.connect()
    for table in ("aws_billing_data", "files"):
        connection.execute(f"CREATE TABLE {table} AS SELECT 1 AS id, 2.50 AS cost")
    connection.execute(f"CREATE TABLE theirs AS {theirs}")
    for sql in ("SELECT id, cost FROM {t}", "SELECT count(*), sum(cost) FROM {t}"):
        found = queries.compared(connection, sql, {}, 2)
        assert [len(found[name]) for name in ("ours", "files", "theirs")] == [2, 2, 2]
        assert problem in found["problem"] if problem else found["problem"] is None


@pytest.mark.parametrize("part, said", [
    ("query", "no larger than DuckDB's file"), ("export", "zstd: as fast as DuckDB's COPY"), ("discover", "in folders in less than 1000 ms"),
    ("startup", "finops --help in less than 20 ms")])
def test_all_parts_give_figures(part, said, cache, tmp_path):
    done = subprocess.run([sys.executable, HERE / "run.py", "--finops", FINOPS, "--only", part, "--rows", "3000", "--repeat", "1",
                           "--cache-dir", cache, "--work-dir", tmp_path / "work", "--results", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout and "failed" not in done.stdout and "WRONG" not in done.stdout
    [kept] = tmp_path.glob(f"results-{part}-*.json")
    assert json.loads(kept.read_text())["machine"]["cores"] == os.cpu_count()


def test_deliveries_that_are_not_found_are_told(tmp_path):
    deliver_v1(tmp_path / "bucket", "2026-05", [small_bill(1)], "v1")
    one = small_runs.discovering("folder", "title", FinopsFolder(FINOPS, tmp_path, [export_of(tmp_path / "bucket", export="report")]))
    run_all([one], 1)
    assert one.failure == "found 1 deliveries instead of 180"
