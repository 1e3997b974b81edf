"""What is measured, and on what."""
import os
import platform
import sys

import measure


class Contender:
    """One thing that is measured: a command, what to clear before it, and how to check what it wrote."""

    def __init__(self, name, title, command, prepare=None, check=None, size=None, env=None, codes=(0,)):
        self.name, self.title, self.command = name, title, command
        self.prepare, self.check, self.size, self.env = prepare or (lambda: None), check, size, env
        self.codes = codes
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
            self.sums = "wrong" if problem else "exact"
            self.failure = problem

    def best(self, what="wall_s"):
        return min(getattr(run, what) for run in self.runs)


def run_all(contenders, repeat, of=""):
    """Interleaved, so that a busy minute is nobody's alone."""
    for number in range(repeat):
        for one in contenders:
            if not one.failure:
                print(f"run {number + 1} of {repeat}{of}: {one.name}", file=sys.stderr, flush=True)
                one.run_once()


def warm(files):
    """Into the page cache, for all alike."""
    for file in files:
        with open(file, "rb", buffering=0) as bytes_of_file:
            while bytes_of_file.read(1 << 20):
                pass


def machine():
    model = "unknown"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "load_before": os.getloadavg()[0]}
