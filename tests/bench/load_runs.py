"""One bill from its delivery to a committed snapshot with a verified receipt, beside other tools and beside the limit."""
import decimal
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys

import bill as bills
from contender import Contender, Goals, bytes_below, headline, keep, machine, run_all, warm
from finops_folder import FinopsFolder, export_of
from s3_server import S3Server

HERE = pathlib.Path(__file__).resolve().parent
CENTS = "cents"


class Peer:
    """A tool that is measured beside finops: its program in peers/, what that writes, and what it reads."""

    def __init__(self, title, program, *words, package=None, writes="parquet", reads_parquet=False, right="exact",
                 most_runs=None):
        self.title, self.program, self.words = title, program, words
        self.package = package or program
        self.writes, self.reads_parquet, self.right, self.most_runs = writes, reads_parquet, right, most_runs

    def command(self, bill, output):
        return [sys.executable, HERE / "peers" / f"{self.program}_peer.py", *self.words, output, *bill.files]


PEERS = {
    "polars": Peer("polars: scan, sink_parquet", "polars", reads_parquet=True),
    "pyarrow": Peer("pyarrow: batches, ParquetWriter", "pyarrow", reads_parquet=True),
    "duckdb": Peer("DuckDB: COPY to Parquet", "duckdb", reads_parquet=True),
    "duckdb-double": Peer("DuckDB: COPY to Parquet, DOUBLE", "duckdb", "--double"),
    "duckdb-table": Peer("DuckDB: CREATE TABLE", "duckdb", "--table", writes="database"),
    "duckdb-table-double": Peer("DuckDB: CREATE TABLE, DOUBLE", "duckdb", "--table", "--double", writes="database"),
    "chdb": Peer("chDB: INSERT INTO FUNCTION file", "chdb", reads_parquet=True),
    "dlt": Peer("dlt: Arrow to Parquet", "dlt", writes="folder"),
    "python-pipeline": Peer("pipeline: INSERT of each file, sorted export", "python_pipeline", package="duckdb", writes="staged",
                            right=CENTS, most_runs=2),
}
LIMITS = {"limit": ("limit: gunzip and split only, one thread", 1),
          "limit-all": ("limit: gunzip and split only, all cores", os.cpu_count())}
NAMES = [*PEERS, *LIMITS]
SMALL_MEMORY = "finops-192MB"
# What the project promises: (contender, what, at least so many times finops' wall time, what is hoped for).
RATIOS_OF_CSV = [("duckdb", "DuckDB's COPY to Parquet", 4, None), ("duckdb-table", "DuckDB's load into a table", 4.5, None),
                 ("python-pipeline", "a pipeline with an INSERT for each file and an export", 20, None)]
RATIOS_OF_PARQUET = [("duckdb", "DuckDB's read and write", 3, None)]
GOAL_LIMIT, HOPE_LIMIT, GOAL_FASTEST, HOPE_FASTEST = 2.2, 1.7, 2.5, 3.5
GOAL_MEMORY, GOAL_SMALL_MEMORY, GOAL_NOTHING_NEW, GOAL_S3 = 250e6, 192e6, 0.1, 1.15
GOAL_GROWTH = 1.0  # time a row of the largest bill, as a multiple of the smallest's


def add_options(parser):
    parser.add_argument("--input", default="csv-large", help=f"of {', '.join(bills.INPUTS)}; small files have "
                        f"{bills.ROWS_OF_A_SMALL_FILE:,} rows (default csv-large)")
    parser.add_argument("--cardinality", default="low", help=f"of {', '.join(bills.CARDINALITIES)}; with high, resources, "
                        "descriptions and tags are each row's own (default low)")
    parser.add_argument("--s3", action="store_true", help="also from a local S3 server; `make bench-s3` starts one")


def check(options, error):
    for name, known in (("input", bills.INPUTS), ("cardinality", bills.CARDINALITIES)):
        chosen = getattr(options, name).split(",")
        if not set(chosen) <= set(known):
            error(f"--{name} takes any of {', '.join(known)}")
        setattr(options, name, chosen)


def difference(bill, kind, path, right="exact"):
    """Nothing when rows and all sums are exactly those of the oracle, else what differs."""
    done = subprocess.run([sys.executable, str(HERE / "sums.py"), kind, str(path)], capture_output=True, text=True)
    if done.returncode:
        return f"cannot read {path}: {done.stderr.strip()[-300:]}"
    found = json.loads(done.stdout)
    if found["rows"] != bill.rows:
        return f"{found['rows']} rows instead of {bill.rows}"
    for name, expected in (bill.sums_of_cents if right == CENTS else bill.sums).items():
        if decimal.Decimal(found["sums"][name] or 0) != decimal.Decimal(expected):
            return f"{name} adds up to {found['sums'][name]} instead of {expected}"
    return None


def receipt_problem(bill, finops):
    """Nothing when the receipt is balanced and says the oracle's sums."""
    try:
        receipt = finops.json("receipt")["receipts"][0]
    except subprocess.CalledProcessError as error:
        return f"finops receipt: {error.stderr.strip()[-300:]}"
    if not receipt["balanced"] or receipt["rows"]["loaded"] != bill.rows:
        return f"the receipt says balanced={receipt['balanced']}, {receipt['rows']['loaded']} rows"
    said = receipt["sums"]["USD"]
    for name, expected in bill.sums.items():
        loaded = said.get(bills.lake_name(name), {}).get("loaded", "0")
        if decimal.Decimal(loaded) != decimal.Decimal(expected):
            return f"the receipt says {loaded} for {name} instead of {expected}"
    return None


def loading(name, title, finops, bill):
    return Contender(name, title, finops.command("aws", "run-pipeline", "--quiet"), env=finops.env, prepare=finops.clear,
                     check=lambda: difference(bill, "lake", finops.database) or receipt_problem(bill, finops),
                     size=lambda: bytes_below(finops.data, ".parquet"))


def finops_contenders(options, bill, work):
    finops = FinopsFolder(options.finops, work / "finops", [export_of(bill.bucket)])
    small = FinopsFolder(options.finops, work / SMALL_MEMORY, [export_of(bill.bucket)], 'memory_limit = "192MB"')
    chosen = [loading("finops", "finops: to committed snapshot and receipt", finops, bill),
              Contender("nothing-new", "finops: the same again, nothing new", finops.command("aws", "run-pipeline", "--quiet"),
                        env=finops.env),
              loading(SMALL_MEMORY, 'finops: the same with memory_limit = "192MB"', small, bill)]
    if options.s3:
        server, bucket = S3Server(), f"bench-{bill.rows}-{bill.input}-{bill.cardinality}"
        server.upload(bill.bucket, bucket)
        remote = FinopsFolder(options.finops, work / "finops-s3", [export_of(bucket, lines=server.lines())], env=server.env())
        chosen.append(loading("finops-s3", "finops: the same from a local S3 server", remote, bill))
    return chosen


def checked_output(peer, output):
    """(kind, path) for sums.py, of what a peer wrote to `output`."""
    return {"parquet": ("parquet", output), "database": ("database", output), "folder": ("parquet", output / "billing/bill/*.parquet"),
            "staged": ("database", output / "finops.duckdb")}[peer.writes]


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def peer_contender(name, bill, work):
    peer, output = PEERS[name], work / f"{name}.out"
    kind, written = checked_output(peer, output)
    return Contender(name, peer.title, peer.command(bill, output), prepare=lambda: remove(output), right=peer.right,
                     most_runs=peer.most_runs, check=lambda: difference(bill, kind, written, peer.right),
                     size=lambda: sum(file.stat().st_size for file in written.parent.glob(written.name)))


def contenders(options, bill, programs, work):
    chosen = finops_contenders(options, bill, work)
    for name in options.peers:
        if name in LIMITS and not bill.is_parquet and (programs / "gunzip_split").exists():
            title, threads = LIMITS[name]
            chosen.append(Contender(name, title, [programs / "gunzip_split", str(threads), *bill.files]))
        elif name not in PEERS or (bill.is_parquet and not PEERS[name].reads_parquet):
            continue
        elif importlib.util.find_spec(PEERS[name].package):
            chosen.append(peer_contender(name, bill, work))
        else:
            print(f"{PEERS[name].package} is not installed here, so {name} is left out (tools/setup.sh bench)", file=sys.stderr)
    return chosen


def row_of(one, bill, base):
    wall, is_load = one.best(), one.name != "nothing-new"
    speed = f"{bill.text_bytes / 1e6 / wall:8.0f}{bill.rows / wall:12,.0f}" if is_load else f"{'-':>8}{'-':>12}"
    written = f"{one.written / 1e6:8.0f}" if one.written else f"{'-':>8}"
    peak = f"{one.peak_bytes() / 1e6:9.0f}" if one.peak_bytes() else f"{'-':>9}"  # over before anybody looked
    ratio = f"{wall / base:9.2f}" if base and is_load else f"{'-':>9}"
    return (f"{one.title:48}{wall:8.3f}{one.median():8.3f}{one.best('cpu_s'):8.2f}{speed}{peak}{written}{ratio}"
            f"  {one.sums}")


def table(all_contenders, bill):
    finops = all_contenders[0]
    base = finops.best() if finops.is_right else None
    lines = [f"{'':48}{'wall s':>8}{'median':>8}{'cpu s':>8}{'MB/s':>8}{'rows/s':>12}{'peak MB':>9}{'out MB':>8}"
             f"{'/finops':>9}  sums"]
    for one in all_contenders:  # no figure is worth anything before its sums are right
        lines.append(row_of(one, bill, base) if one.is_right else f"{one.title:48}  failed, see below")
    return "\n".join(lines)


def add_ratio(goals, text, ratio, limit, hope, is_least=True):
    good = ratio >= limit if is_least else ratio <= limit
    hoped = f", {hope} is hoped for" if hope else ""
    goals.add(f"{text} {'at least' if is_least else 'within'} {limit}×{hoped}", f"{ratio:.2f}", good)


def add_ratios(goals, bill, by_name):
    finops = by_name["finops"].best()
    if "limit" in by_name:
        add_ratio(goals, "gunzip and split on one thread", finops / by_name["limit"].best(), GOAL_LIMIT, HOPE_LIMIT, is_least=False)
    peers = {name: one for name, one in by_name.items() if name in PEERS}
    if peers and not bill.is_parquet:
        fastest = min(peers.values(), key=lambda one: one.best())
        add_ratio(goals, f"the fastest peer ({fastest.name})", fastest.best() / finops, GOAL_FASTEST, HOPE_FASTEST)
    for name, what, least, hope in RATIOS_OF_PARQUET if bill.is_parquet else RATIOS_OF_CSV:
        if name in by_name:
            add_ratio(goals, what, by_name[name].best() / finops, least, hope)


def goals(all_contenders, bill):
    by_name, told = {one.name: one for one in all_contenders if one.is_right}, Goals()
    if "finops" in by_name:
        add_ratios(told, bill, by_name)
    if {"finops", "finops-s3"} <= by_name.keys():
        ratio = by_name["finops-s3"].best() / by_name["finops"].best()
        told.add(f"from S3 within {GOAL_S3 - 1:.0%} of the disk's time", f"{ratio - 1:+.0%}", ratio <= GOAL_S3)
    for name, limit in (("finops", GOAL_MEMORY), ("finops-s3", GOAL_MEMORY), (SMALL_MEMORY, GOAL_SMALL_MEMORY)):
        if name in by_name:
            peak = by_name[name].peak_bytes()
            told.add(f"{name}: peak memory below {limit / 1e6:.0f} MB", f"{peak / 1e6:.0f} MB", peak < limit)
    if "nothing-new" in by_name:
        wall = by_name["nothing-new"].best()
        told.add(f"nothing new in less than {GOAL_NOTHING_NEW * 1000:.0f} ms", f"{wall * 1000:.0f} ms", wall < GOAL_NOTHING_NEW)
    return told


def growth(loads):
    """Goals over bills of several sizes, of {(input, cardinality): {rows: finops' best seconds}}."""
    told = Goals()
    for (kind, cardinality), seconds in loads.items():
        small, large = min(seconds), max(seconds)
        if small < large:
            ratio = seconds[large] / seconds[small]
            told.add(f"{kind}, {cardinality}: {large:,} rows take at most {large / small:g} times as long as {small:,}", f"{ratio:.2f}",
                     ratio <= large / small * GOAL_GROWTH)
    return told


def versions(options):
    found = {"finops": subprocess.run([options.finops, "--version"], capture_output=True, text=True).stdout.strip()}
    for package in sorted({PEERS[name].package for name in options.peers if name in PEERS}):
        if importlib.util.find_spec(package):
            found[package] = importlib.metadata.version(package)
    return found


def load_one(options, bill, about, programs):
    work = options.work_dir.resolve() / "load"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    warm(bill.files)
    all_contenders = contenders(options, bill, programs, work)
    run_all(all_contenders, options.repeat, f" with {bill.rows:,} rows, {bill.input}, {bill.cardinality}")
    print(f"\n{bill}; {headline(about, options.repeat)}\n")
    print(table(all_contenders, bill), "\n")
    print(goals(all_contenders, bill), flush=True)
    shutil.rmtree(work, ignore_errors=True)
    return all_contenders


def run(options, programs):
    """The contenders that failed."""
    failed, results, about, loads = [], [], machine(), {}
    for rows, kind, cardinality in ((a, b, c) for c in options.cardinality for b in options.input for a in options.rows):
        bill = bills.get(programs / "generate_bench_bill", rows, options.cache_dir, kind, cardinality)
        all_contenders = load_one(options, bill, about, programs)
        if all_contenders[0].is_right:
            loads.setdefault((kind, cardinality), {})[rows] = all_contenders[0].best()
        results.append({"bill": {"rows": bill.rows, "input": kind, "cardinality": cardinality, "files": len(bill.files),
                                 "text_bytes": bill.text_bytes, "file_bytes": bill.file_bytes},
                        "contenders": [one.as_json() for one in all_contenders]})
        failed += [one for one in all_contenders if one.failure]
    print(growth(loads))
    print(f"\nkept in {keep(options.results, 'load', about, {'versions': versions(options), 'loads': results})}")
    return failed
