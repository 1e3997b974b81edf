#!/usr/bin/env python3
"""finops beside other tools, on one bill, on the example's datasets and on copies in BigQuery: wall and CPU time, memory, ratios. See
README.md in this folder."""
import argparse
import datetime
import decimal
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import bill as bills
import copy_runs
import dataset_runs
from contender import Contender, machine, run_all, warm

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
PEERS = {"polars": "polars: scan_csv, sink_parquet", "pyarrow": "pyarrow: open_csv, ParquetWriter",
         "duckdb": "DuckDB: COPY to Parquet", "chdb": "chDB: INSERT INTO FUNCTION file"}
LIMIT = "limit"
PARTS = ("bill", "datasets", "copies")
# What the project promises, as (contender, what, limit): shown, never asserted.
GOAL_POLARS, GOAL_MEMORY, GOAL_NOTHING_NEW, GOAL_S3 = 1.7, 400e6, 0.1, 1.15


def bytes_below(folder, suffix=""):
    return sum(file.stat().st_size for file in folder.rglob("*" + suffix) if file.is_file())


def difference(bill, kind, path):
    """Nothing when rows and all sums are exactly those of the oracle, else what differs."""
    done = subprocess.run([sys.executable, str(HERE / "sums.py"), kind, str(path)], capture_output=True, text=True)
    if done.returncode:
        return f"cannot read {path}: {done.stderr.strip()[-300:]}"
    found = json.loads(done.stdout)
    if found["rows"] != bill.rows:
        return f"{found['rows']} rows instead of {bill.rows}"
    for name, expected in bill.sums.items():
        if decimal.Decimal(found["sums"][name] or 0) != decimal.Decimal(expected):
            return f"{name} adds up to {found['sums'][name]} instead of {expected}"
    return None


def receipt_problem(bill, finops, config):
    """Nothing when the receipt is balanced and says the oracle's sums."""
    done = subprocess.run([finops, "--config", config, "receipt", "--json"], capture_output=True, text=True)
    if done.returncode:
        return f"finops receipt: {done.stderr.strip()[-300:]}"
    receipt = json.loads(done.stdout)["receipts"][0]
    if not receipt["balanced"] or receipt["rows"]["loaded"] != bill.rows:
        return f"the receipt says balanced={receipt['balanced']}, {receipt['rows']['loaded']} rows"
    said = receipt["sums"]["USD"]
    for name, expected in bill.sums.items():
        loaded = said.get(bills.lake_name(name), {}).get("loaded", "0")
        if decimal.Decimal(loaded) != decimal.Decimal(expected):
            return f"the receipt says {loaded} for {name} instead of {expected}"
    return None


def finops_contenders(options, bill, work):
    folder = work / "finops"
    config, data = folder / "config.toml", folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(f'data_dir = "{data}"\n\n[[aws.exports]]\nname = "bench"\nbucket = "file://{bill.bucket}"\n'
                      f'prefix = "{bills.PREFIX}"\nexport_name = "{bills.EXPORT}"\n')
    command = [options.finops, "--config", config, "aws", "run-pipeline", "--quiet"]
    env = {key: value for key, value in os.environ.items() if not key.startswith(("FINOPS_", "AWS_", "CONFIG_PATH"))}

    def check():
        return difference(bill, "lake", data / "finops.duckdb") or receipt_problem(bill, options.finops, config)

    def size():
        return bytes_below(data, ".parquet")

    return [Contender("finops", "finops: csv.gz to committed snapshot and receipt", command, env=env, check=check,
                      size=size, prepare=lambda: shutil.rmtree(data, ignore_errors=True)),
            Contender("nothing-new", "finops: the same again, nothing new", command, env=env)]


def s3_contender(options, bill, work):
    """The same bill in a bucket of the S3 server that FINOPS_TEST_VERSITYGW tells of (tests/support/servers.py)."""
    import pyarrow.fs
    endpoint, key, secret, bucket = os.environ["FINOPS_TEST_VERSITYGW"].split()
    scheme, _, host = endpoint.partition("://")
    s3 = pyarrow.fs.S3FileSystem(access_key=key, secret_key=secret, endpoint_override=host, scheme=scheme, region="us-east-1")
    pyarrow.fs.copy_files(str(bill.bucket), bucket, destination_filesystem=s3)
    folder = work / "finops-s3"
    config, data = folder / "config.toml", folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(f'data_dir = "{data}"\n\n[[aws.exports]]\nname = "bench"\nbucket = "{bucket}"\n'
                      f'endpoint_url = "{endpoint}"\nkeep_staging = false\n'
                      f'prefix = "{bills.PREFIX}"\nexport_name = "{bills.EXPORT}"\n')
    env = {name: value for name, value in os.environ.items() if not name.startswith(("FINOPS_", "AWS_", "CONFIG_PATH"))}
    return Contender("finops-s3", "finops: the same from a local S3 server",
                     [options.finops, "--config", config, "aws", "run-pipeline", "--quiet"],
                     env=env | {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret},
                     check=lambda: difference(bill, "lake", data / "finops.duckdb"),
                     size=lambda: bytes_below(data, ".parquet"), prepare=lambda: shutil.rmtree(data, ignore_errors=True))


def peer(name, bill, work):
    output = work / f"{name}.parquet"
    command = [sys.executable, HERE / "peers" / f"{name}_peer.py", output, *bill.files]
    return Contender(name, PEERS[name], command, prepare=lambda: output.unlink(missing_ok=True),
                     check=lambda: difference(bill, "parquet", output), size=lambda: output.stat().st_size)


def contenders(options, bill, programs, work):
    chosen = finops_contenders(options, bill, work)
    if options.s3:
        chosen.append(s3_contender(options, bill, work))
    for name in options.peers:
        if name not in PEERS and name != LIMIT:
            continue
        if name == LIMIT:
            program = programs / "gunzip_split"
            if program.exists():
                title = "limit: gunzip and split only"
                chosen.append(Contender(LIMIT, title, [program, str(os.cpu_count()), *bill.files]))
        elif importlib.util.find_spec(name):
            chosen.append(peer(name, bill, work))
        else:
            print(f"{name} is not installed here, so it is left out (tools/setup.sh bench)", file=sys.stderr)
    return chosen


def table(all_contenders, bill):
    finops = all_contenders[0]
    base = finops.best() if finops.runs and not finops.failure else None
    lines = [f"{'':50}{'wall s':>8}{'median':>8}{'cpu s':>8}{'MB/s':>8}{'rows/s':>12}{'peak MB':>9}{'out MB':>8}"
             f"{'/finops':>9}  sums"]
    for one in all_contenders:
        if not one.runs or one.failure:  # no figure is worth anything before its sums are right
            lines.append(f"{one.title:50}  failed, see below")
            continue
        wall = one.best()
        is_load = one.name != "nothing-new"
        speed = f"{bill.text_bytes / 1e6 / wall:8.0f}{bill.rows / wall:12,.0f}" if is_load else f"{'-':>8}{'-':>12}"
        written = f"{one.written / 1e6:8.0f}" if one.written else f"{'-':>8}"
        ratio = f"{wall / base:9.2f}" if base and is_load else f"{'-':>9}"
        lines.append(f"{one.title:50}{wall:8.3f}{statistics.median(run.wall_s for run in one.runs):8.3f}"
                     f"{one.best('cpu_s'):8.2f}{speed}{max(run.peak_bytes for run in one.runs) / 1e6:9.0f}{written}"
                     f"{ratio}  {one.sums}")
    return "\n".join(lines)


def goals(all_contenders):
    by_name = {one.name: one for one in all_contenders if one.runs and not one.failure}
    lines = []

    def goal(text, value, is_met):
        lines.append(f"  {'met    ' if is_met else 'NOT met'}  {text}: {value}")

    finops, again, polars, from_s3 = (by_name.get(name) for name in ("finops", "nothing-new", "polars", "finops-s3"))
    if finops and from_s3:
        ratio = from_s3.best() / finops.best()
        peak = max(run.peak_bytes for run in from_s3.runs)
        goal(f"from S3 within {GOAL_S3 - 1:.0%} of the disk's time", f"{ratio - 1:+.0%}, {peak / 1e6:.0f} MB", ratio <= GOAL_S3)
    if finops and polars:
        ratio = polars.best() / finops.best()
        cpu_ratio = polars.best("cpu_s") / finops.best("cpu_s")
        goal(f"at least {GOAL_POLARS} times as fast as polars", f"{ratio:.2f} (by CPU time {cpu_ratio:.2f})",
             ratio >= GOAL_POLARS)
    if finops:
        peak = max(run.peak_bytes for run in finops.runs)
        goal(f"peak memory below {GOAL_MEMORY / 1e6:.0f} MB", f"{peak / 1e6:.0f} MB", peak < GOAL_MEMORY)
    if again:
        goal(f"nothing new in less than {GOAL_NOTHING_NEW * 1000:.0f} ms", f"{again.best() * 1000:.0f} ms",
             again.best() < GOAL_NOTHING_NEW)
    return "\n".join(["goals"] + lines)


def versions(options):
    found = {"finops": subprocess.run([options.finops, "--version"], capture_output=True, text=True).stdout.strip()}
    for name in options.peers:
        if name in PEERS and importlib.util.find_spec(name):
            found[name] = importlib.metadata.version(name)
    return found


def keep(options, bill, all_contenders, about):
    moment = datetime.datetime.now(datetime.timezone.utc)
    result = {"time": moment.isoformat(timespec="seconds"), "machine": about, "versions": versions(options),
              "bill": {"rows": bill.rows, "files": len(bill.files), "text_bytes": bill.text_bytes,
                       "gzip_bytes": bill.gzip_bytes},
              "contenders": [{"name": one.name, "title": one.title, "sums": one.sums, "failure": one.failure,
                              "written_bytes": one.written,
                              "runs": [{"wall_s": run.wall_s, "user_s": run.user_s, "system_s": run.system_s,
                                        "peak_bytes": run.peak_bytes} for run in one.runs]}
                             for one in all_contenders]}
    options.results.mkdir(parents=True, exist_ok=True)
    file = options.results / f"results-{moment:%Y%m%dT%H%M%SZ}.json"
    file.write_text(json.dumps(result, indent=1) + "\n")
    return file


def build_programs(folder):
    if subprocess.run(["cmake", "--build", folder, "--target", "bench_programs"], stdout=subprocess.DEVNULL).returncode:
        sys.exit(f"cannot build the programs of the benchmark in {folder}; run `make build` first")
    return folder / "tests" / "bench"


def parse():
    known = [*PEERS, LIMIT, *(name for name in dataset_runs.PEERS if name not in PEERS)]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--finops", default=ROOT / "build/bin/finops", type=pathlib.Path, help="the program")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the bill (default 1,000,000: 1 GB of text) and of the "
                        "copied export")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, interleaved; the best counts")
    parser.add_argument("--peers", default=",".join(known), help=f"comma-separated, of {', '.join(known)}; or none")
    parser.add_argument("--only", default=",".join(PARTS), help=f"what is measured, of {', '.join(PARTS)} (default: all)")
    dataset_runs.add_options(parser)
    copy_runs.add_options(parser)
    parser.add_argument("--s3", action="store_true", help="also from a local S3 server; `make bench-s3` starts one")
    parser.add_argument("--build-dir", default=ROOT / "build/release", type=pathlib.Path)
    parser.add_argument("--cache-dir", default=ROOT / "build/bench/cache", type=pathlib.Path, help="where bills are kept")
    parser.add_argument("--work-dir", default=ROOT / "build/bench/work", type=pathlib.Path, help="where output goes")
    parser.add_argument("--results", default=ROOT / "build/bench", type=pathlib.Path)
    options = parser.parse_args()
    options.peers = [name for name in options.peers.split(",") if name and name != "none"]
    unknown = [name for name in options.peers if name not in known]
    if unknown:
        parser.error(f"unknown peer {unknown[0]!r}; one of: {', '.join(known)}")
    options.only = options.only.split(",")
    if not set(options.only) <= set(PARTS):
        parser.error(f"--only takes any of {', '.join(PARTS)}")
    if options.rows < 1 or options.repeat < 1:
        parser.error("--rows and --repeat must be positive")
    if "copies" in options.only:
        copy_runs.check(options, parser.error)
    options.finops = options.finops.resolve()
    if not options.finops.exists():
        parser.error(f"there is no {options.finops}; run `make build` first")
    return options


def run_bill(options):
    """The contenders that failed."""
    programs = build_programs(options.build_dir)
    bill = bills.get(programs / "generate_bench_bill", options.rows, options.cache_dir)
    work = options.work_dir.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    about = machine()
    warm(bill.files)
    all_contenders = contenders(options, bill, programs, work)
    run_all(all_contenders, options.repeat)
    print(f"{bill.rows:,} rows, {bill.text_bytes / 1e6:,.0f} MB of CSV in {len(bill.files)} csv.gz of "
          f"{bill.gzip_bytes / 1e6:,.0f} MB; {about['cores']} cores, {about['cpu']}; best of {options.repeat}, "
          "interleaved\n")
    print(table(all_contenders, bill), "\n")
    print(goals(all_contenders))
    print(f"\nkept in {keep(options, bill, all_contenders, about)}")
    shutil.rmtree(work, ignore_errors=True)
    return [one for one in all_contenders if one.failure]


def main():
    options = parse()
    failed = run_bill(options) if "bill" in options.only else []
    if "datasets" in options.only:
        failed += dataset_runs.run(options)
    if "copies" in options.only:
        failed += copy_runs.run(options)
    for one in failed:
        print(f"{one.name}: {one.failure}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
