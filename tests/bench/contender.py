"""What is measured, and on what."""
import datetime
import json
import os
import platform
import statistics
import sys

import measure


class Contender:
    """One thing that is measured: a command, what to clear before it, and how to check what it wrote.

    `check` says nothing, or what is wrong with the output; `right` is what the tables say when nothing is. What takes minutes is run
    `most_runs` times at most.
    """

    def __init__(self, name, title, command, prepare=None, check=None, size=None, env=None, codes=(0,), right="exact",
                 most_runs=None):
        self.name, self.title, self.command = name, title, command
        self.prepare, self.check, self.size, self.env = prepare or (lambda: None), check, size, env
        self.codes, self.right, self.most_runs = codes, right, most_runs
        self.runs, self.failure, self.written, self.sums = [], None, None, "-"

    def run_once(self):
        self.prepare()
        run = measure.measure(self.command, env=self.env)
        if run.code not in self.codes:
            self.failure = f"exit {run.code}: {run.output.strip()[-600:]}"
            return
        self.runs.append(run)
        if self.size:
            self.written = self.size()
        if self.check and len(self.runs) == 1:
            problem = self.check()
            self.sums = "wrong" if problem else self.right
            self.failure = problem

    @property
    def is_right(self):
        """Whether its figures may be shown."""
        return bool(self.runs) and not self.failure

    def best(self, what="wall_s"):
        return min(getattr(run, what) for run in self.runs)

    def median(self):
        return statistics.median(run.wall_s for run in self.runs)

    def peak_bytes(self):
        return max(run.peak_bytes for run in self.runs)

    def as_json(self):
        return {"name": self.name, "title": self.title, "sums": self.sums, "failure": self.failure, "written_bytes": self.written,
                "runs": [{"wall_s": run.wall_s, "user_s": run.user_s, "system_s": run.system_s, "peak_bytes": run.peak_bytes}
                         for run in self.runs]}


class Goals:
    """What the project promises beside what was measured: shown, never asserted."""

    def __init__(self):
        self.lines = []

    def add(self, text, value, is_met):
        self.lines.append(f"  {'met    ' if is_met else 'NOT met'}  {text}: {value}")

    def __str__(self):
        return "\n".join(["goals", *self.lines]) if self.lines else ""


def run_all(contenders, repeat, of=""):
    """Interleaved, so that a busy minute is nobody's alone."""
    for number in range(repeat):
        for one in contenders:
            if not one.failure and (one.most_runs is None or number < one.most_runs):
                print(f"run {number + 1} of {repeat}{of}: {one.name}", file=sys.stderr, flush=True)
                one.run_once()


def warm(files):
    """Into the page cache, for all alike."""
    for file in files:
        with open(file, "rb", buffering=0) as bytes_of_file:
            while bytes_of_file.read(1 << 20):
                pass


def bytes_below(folder, suffix=""):
    return sum(file.stat().st_size for file in folder.rglob("*" + suffix) if file.is_file())


def clean_environment():
    """This process's, without what would configure finops."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("FINOPS_", "AWS_", "CONFIG_PATH"))}


def machine():
    model = "unknown"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "load_before": os.getloadavg()[0]}


def keep(folder, part, about, results):
    """The file that `results` of one part of the benchmark are kept in; `about` is the machine() before them."""
    moment = datetime.datetime.now(datetime.timezone.utc)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"results-{part}-{moment:%Y%m%dT%H%M%SZ}.json"
    file.write_text(json.dumps({"time": moment.isoformat(timespec="seconds"), "machine": about} | results, indent=1) + "\n")
    return file


def plain_table(contenders, base_of=None):
    """Without rows and bytes a second; `base_of` says whose time the last column is a multiple of."""
    lines = [f"{'':56}{'wall s':>8}{'median':>8}{'cpu s':>8}{'peak MB':>9}{'out MB':>8}{'/finops':>9}  output"]
    for one in contenders:
        if not one.is_right:
            lines.append(f"{one.title:56}  failed, see below")
            continue
        base = base_of(one) if base_of else None
        peak = f"{one.peak_bytes() / 1e6:9.0f}" if one.peak_bytes() else f"{'-':>9}"  # over before anybody looked
        written = f"{one.written / 1e6:8.0f}" if one.written else f"{'-':>8}"
        ratio = f"{one.best() / base.best():9.2f}" if base and base.is_right else f"{'-':>9}"
        lines.append(f"{one.title:56}{one.best():8.3f}{one.median():8.3f}{one.best('cpu_s'):8.2f}{peak}{written}{ratio}  {one.sums}")
    return "\n".join(lines)


def headline(about, repeat):
    return f"{about['cores']} cores, {about['cpu']}, load {about['load_before']:.1f} before; best of {repeat}, interleaved"
