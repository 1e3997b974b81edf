"""finops beside other tools on the worked example: files of eight datasets to silver, quarantine, anomalies and marts."""
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys

from contender import Contender, Goals, clean_environment, keep, machine, run_all, warm

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent / "datasets"
EXAMPLE = ROOT / "examples" / "cloud_provider_analytics"
PEERS = {"pyspark": "PySpark: DataFrames, local[*]", "polars": "Polars: lazy, streaming", "duckdb": "DuckDB: SQL"}
SMALL = 43_200
# What the project promises: shown, never asserted.
GOAL_SECONDS, DEFAULT_MEMORY = 2, "512MB"
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}


def add_options(parser):
    parser.add_argument("--events", default=f"{SMALL},1000000",
                        help="comma-separated, of the datasets (default 43,200 and 1,000,000; up to 50,000,000)")
    parser.add_argument("--memory", help="such as 512MB: finops' memory_limit, DuckDB's, and the heap of Spark; default: each "
                        "tool's own")
    parser.add_argument("--spark-python", default=ROOT / ".deps/venv/engines/bin/python", type=pathlib.Path,
                        help="a Python that has pyspark")


def landing_of(options, events):
    """A landing folder of that many events, made when the cache has none."""
    folder = options.cache_dir.resolve() / f"datasets-{events}"
    if not (folder / "complete").exists():
        print(f"making {events:,} events in {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        command = [options.finops, "demo", "generate", "--profile", "cloud-provider", "--events", str(events), "--out", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (folder / "complete").touch()
    return folder / "landing"


def difference(database, out):
    """Nothing when a peer's rows and cells are those of finops, else what differs."""
    done = subprocess.run([sys.executable, HERE / "check.py", database, out], capture_output=True, text=True)
    if done.returncode:
        return f"cannot compare {out}: {done.stderr.strip()[-300:]}"
    return "; ".join(json.loads(done.stdout)["problems"]) or None


def contenders(options, landing, work):
    folder = work / "finops"
    folder.mkdir(parents=True)
    memory = f'memory_limit = "{options.memory}"\n' if options.memory else ""
    (folder / "config.toml").write_text(f'data_dir = "{folder}/data"\n{memory}')
    command = [options.finops, "--config", folder / "config.toml", "dataset", "run", "--project", EXAMPLE, "--landing", landing,
               "--json"]
    chosen = [Contender("finops", "finops: to bronze, silver, gold, one commit", command, env=clean_environment(), codes=(0, 3),
                        prepare=lambda: shutil.rmtree(folder / "data", ignore_errors=True))]
    for name in PEERS:
        if name not in options.peers:
            continue
        python = options.spark_python if name == "pyspark" else sys.executable
        if not (python.exists() if name == "pyspark" else importlib.util.find_spec(name)):
            print(f"{name} is not installed here, so it is left out (tools/setup.sh bench)", file=sys.stderr)
            continue
        chosen.append(peer(name, python, options, landing, work, folder / "data/finops.duckdb"))
    return chosen


def peer(name, python, options, landing, work, database):
    out, memory = work / name, []
    if options.memory and name != "polars":  # which has no such option
        memory = [options.memory.lower().removesuffix("b") if name == "pyspark" else options.memory]
    return Contender(name, PEERS[name], [python, HERE / f"peer_{name}.py", landing, out, *memory], env=clean_environment(),
                     prepare=lambda: shutil.rmtree(out, ignore_errors=True), check=lambda: difference(database, out))


def stages(run):
    """{stage: seconds} as a peer says in a line of JSON; what its libraries say stands around it."""
    return json.loads(next(line for line in run.output.splitlines() if line.startswith('{"seconds"')))["stages"]


def stages_of_finops(run):
    report, _ = json.JSONDecoder().raw_decode(run.output[run.output.index("{"):])
    return {one["stage"]: one["seconds"] for one in report["stages"]}


def best_run(one):
    return min(one.runs, key=lambda run: run.wall_s)


def table(all_contenders, events):
    finops = all_contenders[0]
    base = finops if finops.is_right else None
    lines = [f"{'':46}{'wall s':>8}{'median':>8}{'cpu s':>8}{'events/s':>11}{'peak MB':>9}{'/finops':>9}{'cpu/finops':>12}  rows"]
    for one in all_contenders:
        if not one.is_right:  # no figure is worth anything before its rows are right
            lines.append(f"{one.title:46}  failed, see below")
            continue
        ratios = f"{one.best() / base.best():9.2f}{one.best('cpu_s') / base.best('cpu_s'):12.2f}" if base else f"{'-':>9}{'-':>12}"
        lines.append(f"{one.title:46}{one.best():8.2f}{one.median():8.2f}"
                     f"{one.best('cpu_s'):8.2f}{events / one.best():11,.0f}{one.peak_bytes() / 1e6:9.0f}"
                     f"{ratios}  {'equal' if one.check else '-'}")
    lines.append("\nstages of the best run, wall s")
    for one in all_contenders:
        if one.is_right:
            lines.append(f"  {one.name:10}" + ", ".join(f"{name} {value:.2f}" for name, value in one.stages(best_run(one)).items()))
    return "\n".join(lines)


def goals(finops, events, options):
    lines, memory = Goals(), options.memory or DEFAULT_MEMORY
    if finops.is_right and events == SMALL:
        lines.add(f"{events:,} events in less than {GOAL_SECONDS} s", f"{finops.best():.2f} s", finops.best() < GOAL_SECONDS)
    if finops.is_right:
        peak, limit = finops.peak_bytes(), int(memory[:-2]) * UNITS[memory[-2:]]
        lines.add(f"peak memory below memory_limit ({memory})", f"{peak / 1e6:.0f} MB", peak < limit)
    return lines


def result(events, all_contenders):
    return {"events": events,
            "contenders": [one.as_json() | {"stages": [one.stages(run) for run in one.runs]} for one in all_contenders]}


def run(options):
    """The contenders that failed."""
    failed, results, about = [], [], machine()
    for events in map(int, options.events.split(",")):
        landing, work = landing_of(options, events), options.work_dir.resolve() / "datasets"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        warm(file for file in landing.rglob("*") if file.is_file())
        all_contenders = contenders(options, landing, work)
        for one in all_contenders:
            one.stages = stages_of_finops if one.name == "finops" else stages
        run_all(all_contenders, options.repeat, f" with {events:,} events")
        print(f"\n{events:,} events and seven small datasets; {about['cores']} cores, {about['cpu']}, load "
              f"{about['load_before']:.1f} before; best of {options.repeat}, interleaved\n")
        print(table(all_contenders, events), "\n")
        print(goals(all_contenders[0], events, options), flush=True)
        results.append(result(events, all_contenders))
        failed += [one for one in all_contenders if one.failure]
        shutil.rmtree(work, ignore_errors=True)
    print(f"\nkept in {keep(options.results, 'datasets', about, {'results': results})}")
    return failed
