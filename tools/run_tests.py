#!/usr/bin/env python3
"""Builds and runs test suites, and ends with one line: `N passed, N failed, N skipped`.

Usage: run_tests.py SUITE...     unit (CTest of the release build), asan-ubsan, tsan (unit and contract tests under
                                 sanitizers), servers (with real servers), fuzz (in the asan-ubsan build), e2e, dist (the
                                 release tarball and deploy/), bench (the harness of `make bench`, and how many instructions a load
                                 executes), engines, chaos
       run_tests.py --total      the line for everything that ran since build/reports was last removed

Environment: FUZZ_SECONDS   for each fuzz target, default 10, 30 under CI
             ENGINES        of suite `engines`, of "spark" (the default) and "trino": runs tests/engines/test_<engine>*.py
             FINOPS_REQUIRE names of servers and engines, or "all" (the default under CI): a test that is skipped because
                            it "needs NAME" counts as failed
             CTEST_FILTER, PYTEST_ARGS   to run less while working
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build/reports"
CI = os.environ.get("CI", "") not in ("", "0", "false")
REQUIRED = os.environ.get("FINOPS_REQUIRE", "all" if CI else "").replace(",", " ").split()
JOBS = str(os.cpu_count())


class Counts:
    """What one suite came to."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def __add__(self, other):
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], cwd=ROOT, **options).returncode


def required(reason):
    """Whether a test that gave `reason` for being skipped ought to have run."""
    needed = re.search(r"\bneeds ([\w-]+)", reason)
    return bool(needed) and ("all" in REQUIRED or needed[1].lower() in REQUIRED)


def read_junit(file):
    """Counts of one JUnit file; names the tests whose skip is a failure."""
    counts = Counts()
    for case in xml.etree.ElementTree.parse(file).iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failed += 1
        elif skipped is None:
            counts.passed += 1
        elif required(" ".join([skipped.get("message") or "", *case.itertext()])):
            print(f"skipped, but required here: {case.get('classname')}.{case.get('name')}")
            counts.failed += 1
        else:
            counts.skipped += 1
    return counts


def nothing(what):
    """A suite without tests proves nothing: a failure under CI, a remark elsewhere."""
    print(f"{what}: there are no tests")
    return Counts(failed=1 if CI else 0)


def build(preset, target="all"):
    return run("tools/build.sh", preset, target) == 0


def ctest(preset, *selection, prefix=()):
    report = REPORTS / f"{preset}.xml"
    report.unlink(missing_ok=True)
    selection += ("-R", os.environ["CTEST_FILTER"]) if os.environ.get("CTEST_FILTER") else ()
    status = run(*prefix, "ctest", "--test-dir", f"build/{preset}", "--output-on-failure", "--progress", "-j", JOBS,
                 "--output-junit", report, *selection)
    if not report.exists():
        return Counts(failed=1)
    counts = read_junit(report)
    if status and not counts.failed:
        counts.failed = 1
    return counts if counts.passed + counts.failed + counts.skipped else nothing(preset)


def unit():
    return ctest("release", "-LE", "chaos|server") if build("release") else Counts(failed=1)


def sanitized(preset):
    return ctest(preset, "-L", "^(unit|contract)$") if build(preset, "finops_tests") else Counts(failed=1)


def pytest(suite, venv, files, jobs="1", **variables):
    files = [file for file in files if file.exists()]
    if not files:
        return nothing(f"suite {suite}")
    if not build("release"):
        return Counts(failed=1)
    report = REPORTS / f"{suite}.xml"
    report.unlink(missing_ok=True)
    deps = ROOT / ".deps"
    environment = os.environ | {
        "FINOPS_BIN": str(ROOT / "build/bin/finops"),
        "FINOPS_DUCKDB_EXTENSIONS": str(deps / "duckdb-extensions"),
        "FINOPS_ENGINE_JARS": str(deps / "engines/jars"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": "UTC",
    } | variables
    parallel = ["-n", jobs, "--dist", "loadfile"] if jobs != "1" else []
    status = run(deps / "venv" / venv / "bin/python", "-m", "pytest", "-q", "-rs", "--durations=5", "--junitxml", report,
                 "-o", "cache_dir=build/pytest_cache", *parallel, *os.environ.get("PYTEST_ARGS", "").split(), *files,
                 env=environment)
    if not report.exists():
        return Counts(failed=1)
    if status == 5:
        return nothing(f"tests/{suite}")
    counts = read_junit(report)
    if status and not counts.failed:
        counts.failed = 1
    return counts


def e2e():
    return pytest("e2e", "readers", [ROOT / "tests/e2e"], jobs=os.environ.get("E2E_JOBS", JOBS))


def dist():
    """The release tarball, in a root folder with nothing else, and the files of deploy/."""
    return pytest("dist", "readers", [ROOT / "tests/dist"])


def bench():
    """What the benchmarks believe, and the instructions of a small load; no test looks at the time."""
    if not build("release", "bench_programs"):
        return Counts(failed=1)
    return pytest("bench", "readers", sorted(ROOT.glob("tests/bench/test_*.py")))


def servers():
    """Tests against real servers, which tests/support/servers.py starts for them: in C++, then whole runs."""
    if not build("release"):
        return Counts(failed=1)
    counts = ctest("release", "-L", "server", prefix=[ROOT / ".deps/venv/readers/bin/python", "tests/support/servers.py"])
    files = set(ROOT.glob("tests/servers/test_*.py"))
    google = set(ROOT.glob("tests/servers/test_bigquery_*.py"))  # what Google's own client asks
    jobs = os.environ.get("E2E_JOBS", JOBS)
    return (counts + pytest("servers", "readers", sorted(files - google), jobs=jobs)
            # The emulator brings a plugin for pytest that needs containers.
            + pytest("servers-bigquery", "bigquery", sorted(google), PYTEST_ADDOPTS="-p no:bqemulator"))


def engines():
    counts = Counts()
    for name in os.environ.get("ENGINES", "spark").replace(",", " ").split():
        REQUIRED.append(name)
        # Spark is a Python package; what is asked over HTTP needs what the readers need.
        venv = "engines" if name == "spark" else "readers"
        counts += pytest(f"engines-{name}", venv, sorted(ROOT.glob(f"tests/engines/test_{name}*.py")))
    return counts


def chaos():
    """The long run of tests/chaos; where its faults hit is in build/reports/chaos/faults.json."""
    return ctest("release", "-V", "-L", "chaos") if build("release", "chaos") else Counts(failed=1)


# Inputs that are kept for other tests and are good to begin with.
SEEDS = {"manifest_fuzz": ["tests/golden/manifests"]}


def fuzz_one(program, seconds):
    """Runs one target from its kept corpus; new inputs and failing ones go below build/fuzzing."""
    found = ROOT / "build/fuzzing/corpus" / program.name
    findings = ROOT / "build/fuzzing/findings"
    kept = [ROOT / folder for folder in [f"tests/fuzz/corpus/{program.name}", *SEEDS.get(program.name, [])]]
    found.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    log = findings / f"{program.name}.log"
    with log.open("w") as out:
        status = run(program, f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1",
                     f"-artifact_prefix={findings}/{program.name}-", found, *(folder for folder in kept if folder.exists()),
                     stdout=out, stderr=subprocess.STDOUT)
    text = log.read_text(errors="replace")
    units = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
    print(f"fuzz {program.name}: {'ok' if status == 0 else 'FAILED'}, {units[1] if units else '?'} inputs in {seconds} s")
    if status:
        print("\n".join(text.splitlines()[-40:]), f"\nall of it: {log.relative_to(ROOT)}")
    return Counts(passed=int(status == 0), failed=int(status != 0))


def fuzz():
    if not build("asan-ubsan", "finops_fuzzers"):
        return Counts(failed=1)
    programs = sorted(path for path in (ROOT / "build/asan-ubsan/fuzzers").glob("*") if os.access(path, os.X_OK))
    if not programs:
        return nothing("fuzz")
    seconds = os.environ.get("FUZZ_SECONDS") or ("60" if CI else "10")
    with concurrent.futures.ThreadPoolExecutor(int(JOBS)) as pool:
        return sum(pool.map(lambda program: fuzz_one(program, seconds), programs), Counts())


SUITES = {
    "unit": unit,
    "asan-ubsan": lambda: sanitized("asan-ubsan"),
    "tsan": lambda: sanitized("tsan"),
    "fuzz": fuzz,
    "servers": servers,
    "e2e": e2e,
    "dist": dist,
    "bench": bench,
    "engines": engines,
    "chaos": chaos,
}


def main(names):
    if names == ["--total"]:
        totals = [Counts(**json.loads(file.read_text())) for file in REPORTS.glob("*.json")]
        total = sum(totals, Counts(failed=0 if totals else 1))
        print(total)
        return bool(total.failed)
    unknown = [name for name in names if name not in SUITES]
    if unknown or not names:
        sys.exit(f"run_tests.py: unknown suite '{' '.join(unknown)}'; any of: {', '.join(SUITES)}")
    REPORTS.mkdir(parents=True, exist_ok=True)
    results = {}
    for name in names:
        print(f"== {name}", flush=True)
        began = time.monotonic()
        results[name] = SUITES[name]()
        (REPORTS / f"{name}.json").write_text(json.dumps(vars(results[name])))
        print(f"== {name}: {results[name]} ({time.monotonic() - began:.0f} s)", flush=True)
    if len(results) > 1:
        for name, counts in results.items():
            print(f"{name:12} {counts}")
    total = sum(results.values(), Counts())
    print(total)
    return bool(total.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
