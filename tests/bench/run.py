#!/usr/bin/env python3
"""finops beside other tools, at all that it does: wall and CPU time, memory, ratios. See README.md in this folder."""
import argparse
import pathlib
import subprocess
import sys

import copy_runs
import dataset_runs
import export_runs
import load_runs
import query_runs
import small_runs

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = {
    "load": lambda options: load_runs.run(options, build_programs(options.build_dir)),
    "export": lambda options: export_runs.run(options, build_programs(options.build_dir)),
    "query": lambda options: query_runs.run(options, build_programs(options.build_dir)),
    "discover": small_runs.discover,
    "startup": small_runs.startup,
    "datasets": dataset_runs.run,
    "copies": copy_runs.run,
}


def build_programs(folder):
    if subprocess.run(["cmake", "--build", folder, "--target", "bench_programs"], stdout=subprocess.DEVNULL).returncode:
        sys.exit(f"cannot build the programs of the benchmark in {folder}; run `make build` first")
    return folder / "tests" / "bench"


def parse():
    known = [*load_runs.NAMES, *(name for name in dataset_runs.PEERS if name not in load_runs.NAMES)]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--finops", default=ROOT / "build/bin/finops", type=pathlib.Path, help="the program")
    parser.add_argument("--rows", default="1000000", help="comma-separated, of the bill (default 1,000,000: 1 GB of text)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each, interleaved; the best counts")
    parser.add_argument("--peers", default=",".join(known), help=f"comma-separated, of {', '.join(known)}; or none")
    parser.add_argument("--only", default=",".join(PARTS), help=f"what is measured, of {', '.join(PARTS)} (default: all)")
    load_runs.add_options(parser)
    dataset_runs.add_options(parser)
    copy_runs.add_options(parser)
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
    try:
        options.rows = [int(rows) for rows in options.rows.split(",")]
    except ValueError:
        parser.error("--rows takes whole numbers with commas between them")
    if min(options.rows) < 1 or options.repeat < 1:
        parser.error("--rows and --repeat must be positive")
    load_runs.check(options, parser.error)
    if "copies" in options.only:
        copy_runs.check(options, parser.error)
    options.finops = options.finops.resolve()
    if not options.finops.exists():
        parser.error(f"there is no {options.finops}; run `make build` first")
    return options


def main():
    options, failed = parse(), []
    for name, run in PARTS.items():
        if name in options.only:
            failed += run(options)
    for one in failed:
        print(f"{one.name}: {one.failure}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
