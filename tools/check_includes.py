#!/usr/bin/env python3
"""Fails when a file of src/finops includes what its layer must not know.

LAYERS is the architecture: a folder includes itself and folders of lower rows, nothing else. A vendor folder
(stores/local) is included by itself, app/ and tests only. THIRD_PARTY keeps a library's headers where its adapter is.
Tests are free. Usage: check_includes.py [SOURCE_ROOT]
"""
import pathlib
import re
import sys

LAYERS = [
    ["core"],
    ["net", "tabular", "config", "sqlite"],
    ["stores", "journal", "notify"],
    ["lake", "warehouses", "documents"],
    ["engines", "ledger"],
    ["sources", "quality", "marts", "anomaly", "datasets", "diff", "demo"],
    ["pipeline"],
    ["medallion", "jobs"],
    ["report"],
    ["service", "cli"],
    ["app"],
]
ROW = {folder: row for row, folders in enumerate(LAYERS) for folder in folders}

# Folders inside a kind that are no vendors.
PLAIN_SUBFOLDERS = ["cli/commands", "net/aws", "net/google"]

# Header prefix: folders that may include it.
THIRD_PARTY = {
    "arrow/": ["tabular", "lake"],
    "parquet/": ["tabular", "lake"],
    "duckdb": ["engines/duckdb"],
    "sqlite3.h": ["sqlite"],
    "mariadb/": ["journal/mysql"],
    "toml++/": ["config"],
    "isa-l": ["tabular"],
    "libdeflate.h": ["tabular", "demo"],
    "CLI/": ["cli", "app"],
    "curl/": ["net"],
    "pugixml": ["net/aws", "stores/s3"],
    "boost/": ["anomaly", "service"],
}

INCLUDE = re.compile(r'\s*#\s*include\s+["<]([^">]+)[">]')


def kind_and_vendor(path):
    """Of a path below src/finops; the vendor is '' for a kind's own files."""
    parts = path.split("/")
    if "/".join(parts[:2]) in PLAIN_SUBFOLDERS:
        return parts[0], ""
    return parts[0], parts[1] if len(parts) > 2 else ""


def complaint(here, included):
    """Why the file `here` must not include `included`, or None."""
    kind, vendor = kind_and_vendor(here)
    if kind == "app":
        return None
    if not included.startswith("finops/"):
        for prefix, folders in THIRD_PARTY.items():
            if included.startswith(prefix) and not any(here.startswith(folder + "/") for folder in folders):
                return f"<{included}> belongs to {' and '.join(folders)}"
        return None
    their_kind, their_vendor = kind_and_vendor(included.removeprefix("finops/"))
    if their_kind not in ROW:
        return f"folder '{their_kind}' is in no layer"
    if their_kind == kind:
        return None if their_vendor in ("", vendor) else f"{included} is another vendor's"
    if ROW[their_kind] >= ROW[kind]:
        return f"{their_kind} is not below {kind}"
    return f"{included} is a vendor's, only app/ may know it" if their_vendor else None


def check(root):
    problems = []
    for file in sorted([*root.rglob("*.h"), *root.rglob("*.cc")]):
        here = file.relative_to(root).as_posix()
        if kind_and_vendor(here)[0] not in ROW:
            problems.append(f"{here}: its folder is in no layer")
            continue
        if file.stem.endswith("_test"):
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            include = INCLUDE.match(line)
            why = include and complaint(here, include[1])
            if why:
                problems.append(f"{here}:{number}: {why}")
    return problems


if __name__ == "__main__":
    default = pathlib.Path(__file__).parent.parent / "src/finops"
    found = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default)
    print("\n".join(found) or "every include is allowed")
    sys.exit(bool(found))
