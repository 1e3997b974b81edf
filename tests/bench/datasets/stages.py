"""What every peer of the datasets needs, whatever its tool: its arguments, and how long each of its stages took."""
import contextlib
import json
import pathlib
import sys
import time


class Stages:
    """Every peer is called as: PEER.py LANDING OUT [MEMORY]. It writes OUT/<layer>/<table> as Parquet and prints one line."""

    def __init__(self):
        self.began, self.seconds = time.monotonic(), {}
        self.landing, self.out = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
        self.memory = sys.argv[3] if len(sys.argv) > 3 else None  # of the tool, where it can be told
        for layer in ("silver", "quarantine", "gold"):
            (self.out / layer).mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def stage(self, name):
        began = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0) + time.monotonic() - began

    def path(self, layer, table):
        return str(self.out / layer / f"{table}.parquet")

    def finish(self, *children):
        """Says what it took; the peak is that of this process, and of the children that it names by their ids."""
        peak = sum(high_water_mark(process) for process in ("self", *children))
        stages = {name: round(value, 3) for name, value in self.seconds.items()}
        print(json.dumps({"seconds": round(time.monotonic() - self.began, 3), "stages": stages, "peak_rss": peak}))


def high_water_mark(process):
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
