"""Queries through finops' DuckDB view beside the same on DuckDB's own Parquet of the same rows."""
import json
import pathlib
import shutil
import statistics
import subprocess
import sys

import bill as bills
from contender import Goals, bytes_below, headline, keep, machine
from finops_folder import FinopsFolder, export_of

HERE = pathlib.Path(__file__).resolve().parent
PERIODS, SOURCES = ("2025-06", "2025-07", "2025-08"), ("payer-a", "payer-b")
FORMAT = 2  # of the deliveries that are kept
PROMISED = ("nothing", "billing_period", "source")  # what is filtered where the lake is to be as good as DuckDB's own file
NOISE = 1.1


class Failed:
    """What run.py tells of something that went wrong."""

    def __init__(self, name, failure):
        self.name, self.failure = name, failure


def buckets_of(options, programs, rows, cardinality):
    """{source: bucket} with a delivery of each period, made when the cache has none."""
    folder = options.cache_dir.resolve() / f"months-{rows}-{cardinality}-{FORMAT}"
    buckets = {source: folder / source for source in SOURCES}
    if not (folder / "complete").exists():
        print(f"making {rows:,} rows of {len(PERIODS)} months and {len(SOURCES)} payers in {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        deliveries = [(seed, bucket, period) for seed, bucket in enumerate(buckets.values(), bills.FIRST_SEED) for period in PERIODS]
        for number, (seed, bucket, period) in enumerate(deliveries):
            rows_here = rows * (number + 1) // len(deliveries) - rows * number // len(deliveries)
            bills.deliver_csv(programs / "generate_bench_bill", rows_here, bucket, cardinality=cardinality, period=period,
                              seed=seed)
        (folder / "complete").touch()
    return buckets


def parquet_of_duckdb(database, file):
    """All rows of the view as DuckDB writes them by itself: zstd, its own row groups, in the lake's order."""
    script = ("import sys, duckdb; duckdb.connect(sys.argv[1], read_only=True).execute("
              "f\"COPY (SELECT * FROM aws_billing_data) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)\")")
    subprocess.run([sys.executable, "-c", script, str(database), str(file)], check=True, capture_output=True)


def table(compared):
    lines = [f"{'filtered':16}{'query':38}{'finops ms':>10}{'median':>8}{'files ms':>10}{'DuckDB ms':>11}{'median':>8}{'finops/DuckDB':>15}  rows"]
    for one in compared:
        ours, theirs = min(one["ours"]), min(one["theirs"])
        lines.append(f"{one['filter']:16}{one['name']:38}{ours * 1e3:10.1f}{statistics.median(one['ours']) * 1e3:8.1f}"
                     f"{min(one['files']) * 1e3:10.1f}{theirs * 1e3:11.1f}"
                     f"{statistics.median(one['theirs']) * 1e3:8.1f}{ours / theirs:15.2f}  {'WRONG' if one['problem'] else 'equal'}")
    return "\n".join(lines)


def goals(compared, our_bytes, their_bytes):
    told = Goals()
    for what in PROMISED:
        ratios = {one["name"]: min(one["ours"]) / min(one["theirs"]) for one in compared if one["filter"] == what and not one["problem"]}
        if not ratios:
            continue
        slowest = max(ratios, key=ratios.get)
        told.add(f"filtered by {what}: no slower than on DuckDB's file (within {NOISE - 1:.0%})", f"at most {ratios[slowest]:.2f} ({slowest})",
                 ratios[slowest] <= NOISE)
    told.add("no larger than DuckDB's file", f"{our_bytes / 1e6:.1f} MB beside {their_bytes / 1e6:.1f} MB", our_bytes <= their_bytes)
    return told


def query_one(options, programs, rows, cardinality, about):
    work = options.work_dir.resolve() / "query"
    shutil.rmtree(work, ignore_errors=True)
    buckets = buckets_of(options, programs, rows, cardinality)
    finops = FinopsFolder(options.finops, work, [export_of(bucket, source) for source, bucket in buckets.items()])
    print("loading, and writing DuckDB's file", file=sys.stderr, flush=True)
    finops.run("aws", "run-pipeline", "--quiet")
    file = work / "duckdb.parquet"
    parquet_of_duckdb(finops.database, file)
    print("asking", file=sys.stderr, flush=True)
    files = finops.data / "lake/billing/aws_billing_data/data/**/*.parquet"
    done = subprocess.run([sys.executable, HERE / "queries.py", finops.database, files, file, str(options.repeat)], check=True,
                          stdout=subprocess.PIPE, text=True)
    compared, sizes = json.loads(done.stdout), (bytes_below(finops.data, ".parquet"), file.stat().st_size)
    print(f"\n{rows:,} rows of {len(PERIODS)} months and {len(SOURCES)} payers, {cardinality} cardinality; {headline(about, options.repeat)}\n")
    print(table(compared), "\n")
    print(goals(compared, *sizes), flush=True)
    shutil.rmtree(work, ignore_errors=True)
    return {"rows": rows, "cardinality": cardinality, "finops_bytes": sizes[0], "duckdb_bytes": sizes[1], "queries": compared}


def run(options, programs):
    """The queries whose rows were not the same."""
    about = machine()
    results = [query_one(options, programs, rows, cardinality, about) for cardinality in options.cardinality for rows in options.rows]
    print(f"\nkept in {keep(options.results, 'query', about, {'results': results})}")
    return [Failed(one["name"], one["problem"]) for result in results for one in result["queries"] if one["problem"]]
