#!/usr/bin/env python3
"""Checks that a release tree runs on every supported system: what its programs and libraries need is in its lib/ or among the
few libraries that every system has, and no symbol is newer than those of the oldest one.

Usage: check_portable.py TREE [--limit NAME=VERSION]...   prints what is wrong, one line each; exit 1 if anything is.
"""
import argparse
import pathlib
import re
import subprocess
import sys

# Debian 12; Ubuntu 24.04 is newer in everything.
LIMITS = {"GLIBC": "2.36", "GLIBCXX": "3.4.30", "CXXABI": "1.3.13", "GCC": "12.0.0"}
SYSTEM = re.compile(r"ld-linux-x86-64\.so\.2|lib(c|m|dl|pthread|rt|resolv)\.so\.\d+|libstdc\+\+\.so\.6|libgcc_s\.so\.1")
RPATHS = {"bin": "$ORIGIN/../lib", "lib": "$ORIGIN"}


def number(version):
    return [int(part) for part in version.split(".")]


def readelf(file, *options):
    done = subprocess.run(["readelf", "--wide", *options, str(file)], capture_output=True, text=True, check=True)
    return done.stdout


def is_elf(file):
    with file.open("rb") as content:
        return content.read(4) == b"\x7fELF"


def search_path_faults(name, dynamic, folder):
    """A program has to find lib/ for itself and for its libraries (RPATH); a library may name its own folder."""
    found = re.findall(r"\((RPATH|RUNPATH)\).*\[(.*)\]", dynamic)
    if folder == "bin" and found != [("RPATH", RPATHS["bin"])]:
        yield f"{name}: its search path is {found}, not RPATH {RPATHS['bin']}"
    if folder != "bin" and any(path != RPATHS["lib"] for _, path in found):
        yield f"{name}: has the search path {found}"


def faults(tree, limits):
    there = {file.name for file in (tree / "lib").iterdir()}
    files = [file for file in sorted(tree.rglob("*")) if file.is_file() and not file.is_symlink() and is_elf(file)]
    if not files:
        yield f"{tree}: has no program"
    for file in files:
        name = file.relative_to(tree)
        dynamic = readelf(file, "--dynamic")
        yield from search_path_faults(name, dynamic, name.parts[0])
        for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
            if needed not in there and not SYSTEM.fullmatch(needed):
                yield f"{name}: needs {needed}, which is neither in lib/ nor on every system"
        # Versions that a file needs stand in .gnu.version_r; those that it defines do not count.
        needs = readelf(file, "--version-info").partition("Version needs section")[2]
        for kind, version in sorted(set(re.findall(r"Name: (GLIBC|GLIBCXX|CXXABI|GCC)_([\d.]+)\b", needs))):
            if number(version) > number(limits[kind]):
                yield f"{name}: needs {kind}_{version}, the oldest supported system has {limits[kind]}; build on Debian 12"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=VERSION")
    arguments = parser.parse_args()
    limits = LIMITS | dict(limit.split("=") for limit in arguments.limit)
    found = list(faults(arguments.tree, limits))
    for fault in found:
        print(f"check_portable: {fault}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
