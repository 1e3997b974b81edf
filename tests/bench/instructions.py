#!/usr/bin/env python3
"""How many instructions the program executes to load a small bill, as valgrind counts them, beside the figures of instructions.json.

Usage: instructions.py [--update]    --update takes the figures anew

Time depends on the machine and on who else uses it; this does not. Only instructions of the program's own code are compared: valgrind shows
it a processor of its own with AVX2, on one thread, and what libraries make of that is told beside it. Compilers differ, so that there is a
figure for each.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import bill as bills
from finops_folder import FinopsFolder, export_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
FINOPS = pathlib.Path(os.environ.get("FINOPS_BIN", ROOT / "build/bin/finops")).resolve()
GENERATOR = ROOT / "build/release/tests/bench/generate_bench_bill"
FIGURES = pathlib.Path(__file__).with_name("instructions.json")
INPUTS, ROWS, TOLERANCE = ("csv-large", "parquet-large"), 20_000, 0.05


def compiler():
    """The major version of what compiled the program, such as "GCC 12"."""
    said = subprocess.run(["readelf", "--string-dump=.comment", FINOPS], check=True, capture_output=True, text=True).stdout
    return "GCC " + re.search(r"GCC: \(.*\) (\d+)", said)[1]


def has_avx2():
    return " avx2 " in pathlib.Path("/proc/cpuinfo").read_text()


def known_figures():
    return json.loads(FIGURES.read_text())


def self_costs(profile):
    """{object file: instructions in its own code} of a file of callgrind's (format: valgrind's manual, "Callgrind Format Specification")."""
    names, costs, current, is_of_callee, total = {}, collections.Counter(), None, False, None
    for line in profile:
        if line.startswith("ob="):
            number, _, name = line[3:].strip().partition(" ")
            current = names.setdefault(number, name)
        elif line.startswith("cob="):  # names are told once, where they come first
            number, _, name = line[4:].strip().partition(" ")
            names.setdefault(number, name)
        elif line.startswith("calls="):
            is_of_callee = True
        elif line[:1].isdigit() or line[:1] in "+-*":
            if not is_of_callee:
                costs[current] += int(line.split()[-1])
            is_of_callee = False
        elif line.startswith("totals:"):
            total = int(line.split()[1])
    if total != costs.total():
        raise ValueError(f"valgrind counted {total} instructions, its profile names {costs.total()}")
    return costs


def counted(finops, folder):
    """{object file: instructions} of a load."""
    profile = folder / "callgrind.out"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", *finops.command("aws", "run-pipeline", "--quiet")]
    one_processor = {min(os.sched_getaffinity(0))}
    done = subprocess.run([str(word) for word in command], env=finops.env, capture_output=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, one_processor))
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr[-2000:]}")
    with profile.open() as lines:
        return self_costs(lines)


def measured(kind, generator=GENERATOR, cache=ROOT / "build/bench/cache"):
    """(instructions of the program's own code, {object file: instructions} of all)"""
    bill = bills.get(generator, ROWS, cache, kind)
    with tempfile.TemporaryDirectory() as folder:
        finops = FinopsFolder(FINOPS, pathlib.Path(folder), [export_of(bill.bucket)])
        costs = counted(finops, pathlib.Path(folder))
    return costs[str(FINOPS)], costs


def verdict(figure, known):
    """(whether it is good, how it compares)"""
    change = figure / known - 1
    text = f"{figure:,} instructions, {change:+.2%} to the {known:,} of {FIGURES.name}"
    if figure > known * (1 + TOLERANCE):
        return False, f"{text}: more than {TOLERANCE:.0%} above"
    if figure < known * (1 - TOLERANCE):
        return True, f"{text}: so much better that the figure should be taken anew (instructions.py --update)"
    return True, text


def told(kind, costs):
    lines = [f"{kind}, {ROWS:,} rows: {costs.total():,} instructions"]
    lines += [f"  {costs[name]:14,}  {name}" for name, _ in costs.most_common(8)]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    figures, by, good = known_figures() if FIGURES.exists() else {}, compiler(), True
    for kind in INPUTS:
        figure, costs = measured(kind)
        print(told(kind, costs))
        if options.update:
            figures.setdefault(by, {})[kind] = figure
        elif kind in figures.get(by, {}):
            is_good, text = verdict(figure, figures[by][kind])
            good = good and is_good
            print(text)
        else:
            sys.exit(f"{FIGURES} has no figure of {by} for {kind}; --update takes it")
    if options.update:
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
