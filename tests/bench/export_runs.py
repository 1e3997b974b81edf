"""`finops aws export-parquet` beside DuckDB's COPY of the same view."""
import pathlib
import shutil
import sys

import bill as bills
from contender import Contender, Goals, bytes_below, headline, keep, machine, plain_table, run_all
from finops_folder import FinopsFolder, export_of
from load_runs import difference, loading

HERE = pathlib.Path(__file__).resolve().parent
CODECS = ("snappy", "zstd")


def by_finops(finops, bill, codec, out):
    command = finops.command("aws", "export-parquet", "--overwrite", "--quiet", "--compression", codec, "--output-dir", out)
    file = out / f"{bills.PERIOD}_aws_billing.parquet"
    return Contender(f"finops-{codec}", f"finops: export-parquet, {codec}", command, env=finops.env,
                     prepare=lambda: shutil.rmtree(out, ignore_errors=True), check=lambda: difference(bill, "parquet", file),
                     size=lambda: bytes_below(out))


def by_duckdb(finops, bill, codec, out):
    command = [sys.executable, HERE / "peers/duckdb_export.py", finops.database, "aws_billing_data", out, codec]
    return Contender(f"duckdb-{codec}", f"DuckDB: COPY (SELECT * FROM view), {codec}", command,
                     prepare=lambda: out.unlink(missing_ok=True), check=lambda: difference(bill, "parquet", out),
                     size=lambda: out.stat().st_size)


def contenders(options, bill, work):
    finops = FinopsFolder(options.finops, work / "finops", [export_of(bill.bucket)])
    chosen = [loading("load", "finops: the load, before each export", finops, bill)]
    for codec in CODECS:
        chosen.append(by_finops(finops, bill, codec, work / f"finops-{codec}"))
        if "duckdb" in options.peers:
            chosen.append(by_duckdb(finops, bill, codec, work / f"duckdb-{codec}.parquet"))
    return chosen


def goals(by_name):
    told = Goals()
    for codec in CODECS:
        ours, theirs = by_name[f"finops-{codec}"], by_name.get(f"duckdb-{codec}")
        if theirs and ours.is_right and theirs.is_right:
            ratio = theirs.best() / ours.best()
            told.add(f"{codec}: as fast as DuckDB's COPY", f"{ratio:.2f} times as fast", ratio >= 1)
    load, snappy = by_name["load"], by_name["finops-snappy"]
    if load.is_right and snappy.is_right:
        ratio = snappy.best() / load.best()
        told.add("snappy: in no more time than the load", f"{ratio:.2f} of it", ratio <= 1)
    return told


def export_one(options, bill, about):
    work = options.work_dir.resolve() / "export"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    all_contenders = contenders(options, bill, work)
    by_name = {one.name: one for one in all_contenders}
    run_all(all_contenders, options.repeat, f" with {bill.rows:,} rows, {bill.cardinality}")
    print(f"\nExport of {bill}; {headline(about, options.repeat)}\n")
    print(plain_table(all_contenders, lambda one: by_name.get(f"finops-{one.name.partition('-')[2]}")), "\n")
    print(goals(by_name), flush=True)
    shutil.rmtree(work, ignore_errors=True)
    return all_contenders


def run(options, programs):
    """The contenders that failed."""
    about, failed, results = machine(), [], []
    for rows, cardinality in ((a, b) for b in options.cardinality for a in options.rows):
        bill = bills.get(programs / "generate_bench_bill", rows, options.cache_dir, cardinality=cardinality)
        all_contenders = export_one(options, bill, about)
        results.append({"rows": rows, "cardinality": cardinality, "contenders": [one.as_json() for one in all_contenders]})
        failed += [one for one in all_contenders if one.failure]
    print(f"\nkept in {keep(options.results, 'export', about, {'results': results})}")
    return failed
