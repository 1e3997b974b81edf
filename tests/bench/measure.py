"""Wall time, CPU time and peak memory of one command with its children."""
import dataclasses
import os
import subprocess
import threading
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.1  # looking through /proc takes time from whoever uses all processors; VmHWM misses no peak


@dataclasses.dataclass
class Measurement:
    code: int
    wall_s: float
    user_s: float
    system_s: float
    peak_bytes: int
    output: str

    @property
    def cpu_s(self):
        return self.user_s + self.system_s


def resident_bytes_of_tree(root):
    children, resident = {}, {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        children.setdefault(int(fields[1]), []).append(int(name))
        resident[int(name)] = int(fields[21]) * PAGE
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        total += resident.get(pid, 0)
        todo += children.get(pid, [])
    return total


def high_water_mark(pid):
    """The kernel's own peak of one process, so that no short peak is missed."""
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def measure(command, env=None, cwd=None):
    """Peak memory is the largest of three: VmHWM of the command and RSS of its process tree, both sampled, and the
    kernel's final count for the command, which is left out when it is below our own (it is inherited at fork)."""
    start = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env=env, cwd=cwd)
    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(SAMPLE_SECONDS):
            peak[0] = max(peak[0], high_water_mark(process.pid), resident_bytes_of_tree(process.pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    output = process.stdout.read().decode("utf-8", "replace")
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    done.set()
    watcher.join()
    final = usage.ru_maxrss * 1024
    if final > high_water_mark(os.getpid()):
        peak[0] = max(peak[0], final)
    return Measurement(process.returncode, wall, usage.ru_utime, usage.ru_stime, peak[0], output)
