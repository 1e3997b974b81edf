#!/usr/bin/env python3
"""Includes, format, clang-tidy and shellcheck. Usage: lint.py [--fix-format] [FILE...] (default: all of src/ and tests/)

A file that clang-tidy found clean is not looked at again, on this machine, until it, a header of ours that it includes,
its compile command, .clang-tidy or a pinned dependency changes. LINT_JOBS: how many at once (default: all cores).
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATABASE = ROOT / "build/lint"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def cache_folder():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/root"), ".cache")
    return pathlib.Path(os.environ.get("FINOPS_DEPS_CACHE") or os.path.join(home, "finops-deps")) / "tidy"


def sources(chosen):
    """C++ files that git knows or does not ignore, relative to ROOT."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--deduplicate", *(chosen or ["src", "tests"])],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [file for file in listed if file.endswith((".h", ".cc")) and (ROOT / file).exists()]


def check_format(files, fix):
    mode = ["-i"] if fix else ["--dry-run", "-Werror"]
    return not files or subprocess.run(["clang-format-19", "--style=file", *mode, *files], cwd=ROOT).returncode == 0


def compile_commands():
    """{file: entry} of the release build and, for fuzzers only, asan-ubsan; also written to DATABASE."""
    entries = {}
    for preset in ("asan-ubsan", "release"):
        build = ROOT / "build" / preset
        command = ["cmake", "--build", str(build), "--target", "build.ninja"]  # configures again if it has to
        if not (build / "build.ninja").exists():
            command = ["cmake", "--preset", preset]
        if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode:
            sys.exit(f"lint: cannot configure the preset {preset}; run tools/setup.sh test")
        for entry in json.loads((build / "compile_commands.json").read_text()):
            entries[os.path.relpath(entry["file"], ROOT)] = entry
    DATABASE.mkdir(parents=True, exist_ok=True)
    (DATABASE / "compile_commands.json").write_text(json.dumps(list(entries.values())))
    return entries


def closure(file, seen):
    """Adds `file` and every header of ours that it includes, directly or not, to `seen`."""
    if file in seen:
        return
    seen.add(file)
    for name in INCLUDE.findall(file.read_text(errors="replace")):
        for folder in (file.parent, ROOT / "src", ROOT):
            if (folder / name).is_file():
                closure((folder / name).resolve(), seen)
                break


def fingerprint(file, entry, common):
    digest = hashlib.sha256(common)
    digest.update(entry["command"].replace(str(ROOT), "").encode())
    seen = set()
    closure((ROOT / file).resolve(), seen)
    for part in sorted(seen):
        digest.update(str(part.relative_to(ROOT)).encode() + b"\0" + part.read_bytes())
    return digest.hexdigest()


def tidy_one(file):
    """What clang-tidy has to say about one file; '' when it is clean."""
    # The compile commands are g++'s: it has flags of its own, and lacks what clang is told in FinopsTargets.cmake.
    flags = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-deprecated-declarations"]
    done = subprocess.run(["clang-tidy-19", "--quiet", "-p", DATABASE, *flags, file], cwd=ROOT, capture_output=True,
                          text=True)
    return "" if done.returncode == 0 else done.stdout + (done.stderr if "error" in done.stderr else "")


def check_tidy(files):
    entries = compile_commands()
    version = subprocess.run(["clang-tidy-19", "--version"], capture_output=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes() + (ROOT / "tools/setup/pins.sh").read_bytes()
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    forget_old(cache)
    stamps = {file: cache / fingerprint(file, entries[file], common)
              for file in files if file.endswith(".cc") and file in entries}
    todo = [file for file, stamp in stamps.items() if not stamp.exists()]
    # The longest first, so that no core waits for the last one.
    todo.sort(key=lambda file: -(ROOT / file).stat().st_size)
    clean = True
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("LINT_JOBS") or os.cpu_count())) as pool:
        for file, complaint in zip(todo, pool.map(tidy_one, todo)):
            if complaint:
                clean = False
                print(complaint, flush=True)
            else:
                stamps[file].touch()
    print(f"clang-tidy: {len(todo)} files looked at, {len(stamps) - len(todo)} known to be clean")
    return clean


def check_shell():
    scripts = [*ROOT.glob("tools/*.sh"), *ROOT.glob("tools/setup/*.sh"), *ROOT.glob("tools/dist/*.sh"), ROOT / ".ci/run"]
    return subprocess.run(["shellcheck", "--severity=warning", *scripts], cwd=ROOT).returncode == 0


def forget_old(cache, days=60):
    for stamp in cache.iterdir():
        if time.time() - stamp.stat().st_mtime > days * 86400:
            stamp.unlink(missing_ok=True)


def main(arguments):
    fix = "--fix-format" in arguments
    for tool in ["clang-format-19"] + ([] if fix else ["clang-tidy-19", "shellcheck"]):
        if not shutil.which(tool):
            sys.exit(f"lint: {tool} is missing; run tools/setup.sh test")
    files = sources([name for name in arguments if not name.startswith("--")])
    if fix:
        return not check_format(files, fix=True)
    passed = {
        "includes": subprocess.run([ROOT / "tools/check_includes.py"]).returncode == 0,
        "format": check_format(files, fix=False),
        "shell": check_shell(),
        "clang-tidy": check_tidy(files),
    }
    print("lint: " + ", ".join(f"{name} {'ok' if ok else 'FAILED'}" for name, ok in passed.items()))
    return not all(passed.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
