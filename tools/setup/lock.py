#!/usr/bin/env python3
"""Writes tools/setup/NAME.txt, every package pinned with its hashes, from the wishes in NAME.in.

Usage: tools/setup/lock.py NAME... Run it with a pip of 23.1 or newer after an edit of NAME.in. The hashes of the files
for each Python of PYTHONS stand side by side, so that one file serves Debian 12 and Ubuntu 24.04.
"""
import json
import pathlib
import re
import subprocess
import sys

PYTHONS = ["3.11", "3.12"]
SOURCE_ONLY = ["pyspark"]  # published without a wheel


def resolve(wishes, python):
    """{package: (version, {sha256})} for one Python version."""
    from_source = any(name in wishes.read_text() for name in SOURCE_ONLY)
    target = [] if from_source else ["--only-binary=:all:", "--python-version", python, "--target", "unused"]
    run = subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed",
                          "--disable-pip-version-check", "--report", "-", *target, "-r", wishes],
                         stdout=subprocess.PIPE, text=True, check=True)
    found = {}
    for item in json.loads(run.stdout)["install"]:
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        found[name] = item["metadata"]["version"], {item["download_info"]["archive_info"]["hashes"]["sha256"]}
    return found


def lock(wishes):
    merged = {}
    for python in PYTHONS:
        for name, (version, hashes) in resolve(wishes, python).items():
            known, known_hashes = merged.setdefault(name, (version, set()))
            if known != version:
                sys.exit(f"{wishes}: {name} is {known} on one Python and {version} on another; pin it in {wishes.name}")
            known_hashes |= hashes
    lines = [f"# Written by lock.py from {wishes.name}; Python {', '.join(PYTHONS)}."]
    for name, (version, hashes) in sorted(merged.items()):
        lines.append(" \\\n    ".join([f"{name}=={version}", *(f"--hash=sha256:{h}" for h in sorted(hashes))]))
    wishes.with_suffix(".txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    for name in sys.argv[1:] or sys.exit(__doc__):
        lock(pathlib.Path(__file__).with_name(name + ".in"))
