"""A release of this checkout, and the places where it is tried."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What a root folder needs to start any C++ program: these come with every system.
RUNTIME = ["/lib64/ld-linux-x86-64.so.2", *(f"/lib/x86_64-linux-gnu/{name}" for name in (
    "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2", "libstdc++.so.6", "libgcc_s.so.1"))]


def make_release():
    """Runs tools/dist.sh and returns the tarball's path."""
    done = subprocess.run(["tools/dist.sh"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    made = done.stderr.strip().splitlines()[-1].split()
    assert made[:2] == ["dist:", "made"], done.stderr
    return ROOT / made[2]


class Place:
    """Where finops runs with an environment that is empty but for what is given. `shown` is the folder to write to as finops
    sees it, `seen` the same folder as the test sees it."""

    def __init__(self, program, shown, seen, prefix=()):
        self.program, self.shown, self.seen, self.prefix = program, shown, seen, prefix

    def run(self, *arguments, expect=0, **environment):
        command = [*self.prefix, self.program, *map(str, arguments)]
        # A program that is started by its path needs no PATH; this one has nothing to find.
        done = subprocess.run(command, env={"PATH": "/nonexistent"} | environment, cwd="/", capture_output=True, text=True, timeout=300)
        assert done.returncode == expect, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return types.SimpleNamespace(out=done.stdout, err=done.stderr)


def bare_root(release, root):
    """A root folder that holds the release, glibc, libstdc++ and libgcc: nothing else can be needed. finops runs in it as 10001, as
    in the image, and may write /app and /tmp only. /proc, by which the dynamic linker knows where bin/finops is, is mounted for
    each run in a mount namespace of its own."""
    for library in RUNTIME:
        target = root / library[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library, target)
        target.chmod(0o755)
    shutil.copytree(release, root / "opt/finops")
    (root / "proc").mkdir()
    for name in ("tmp", "app"):
        (root / name).mkdir()
        os.chown(root / name, 10001, 10001)
    return Place("/opt/finops/bin/finops", "/app", root / "app",
                 ["/usr/bin/unshare", "--pid", "--fork", f"--mount-proc={root}/proc", "/usr/sbin/chroot", "--userspec=10001:10001", str(root)])


def can_unshare():
    """Whether this user may mount in a namespace of its own; containers without rights may not."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"], capture_output=True).returncode == 0


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()
