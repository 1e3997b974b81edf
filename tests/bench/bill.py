"""The bill of the benchmarks: made once, with its exact sums by Python's csv and decimal, then kept."""
import concurrent.futures
import csv
import decimal
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys

PERIOD, PREFIX, EXPORT, VERSION = "2025-06", "cur", "bench", "v1"
FOLDER = f"{PREFIX}/{EXPORT}/20250601-20250701"
FORMAT = 2  # of what is kept; a change makes everything again
ROWS_OF_A_SEED, FILES_OF_A_SEED, FIRST_SEED = 1_000_000, 4, 42
DECIMALS = ["lineItem/UsageAmount", "lineItem/NormalizationFactor", "lineItem/NormalizedUsageAmount",
            "lineItem/UnblendedRate", "lineItem/UnblendedCost", "lineItem/BlendedRate", "lineItem/BlendedCost",
            "pricing/publicOnDemandCost", "pricing/publicOnDemandRate", "reservation/AmortizedUpfrontCostForUsage",
            "reservation/EffectiveCost", "reservation/RecurringFeeForUsage", "savingsPlan/SavingsPlanEffectiveCost",
            "savingsPlan/UsedCommitment"]
TIMES = ["bill/BillingPeriodStartDate", "bill/BillingPeriodEndDate", "lineItem/UsageStartDate",
         "lineItem/UsageEndDate"]


class Bill:
    """A bucket with one CUR v1 delivery of one month, and what it adds up to."""

    def __init__(self, bucket, facts):
        self.bucket, self.rows, self.text_bytes = bucket, facts["rows"], facts["text_bytes"]
        self.sums = facts["sums"]  # {header name: exact sum as text}
        self.files = [bucket / key for key in facts["keys"]]
        self.gzip_bytes = sum(file.stat().st_size for file in self.files)


def lake_name(name):
    """AWS's rule, as far as the columns of this bill need it."""
    text = "".join("_" + c.lower() if c.isupper() else c for c in name.replace("/", "_"))
    return text.replace("__", "_")


def header_of(file):
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        return next(csv.reader(text))


def exact_sums(file):
    """(rows, {column: Decimal}) of one file."""
    decimal.getcontext().prec = 100
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        records = csv.reader(text)
        header = next(records)
        columns = [(header.index(name), name) for name in DECIMALS]
        sums, rows = {name: decimal.Decimal(0) for name in DECIMALS}, 0
        for record in records:
            rows += 1
            for index, name in columns:
                if record[index]:
                    sums[name] += decimal.Decimal(record[index])
    return rows, sums


def write_manifest(bucket, keys):
    columns = []
    for name in header_of(bucket / keys[0]):
        category, short = name.split("/", 1)
        kind = "BigDecimal" if name in DECIMALS else "DateTime" if name in TIMES else "String"
        columns.append({"category": category, "name": short, "type": kind})
    manifest = {"assemblyId": VERSION, "account": "100000000000", "columns": columns, "charset": "UTF-8",
                "compression": "GZIP", "contentType": "text/csv", "reportId": "1", "reportName": EXPORT,
                "billingPeriod": {"start": "20250601T000000.000Z", "end": "20250701T000000.000Z"},
                "bucket": "bench", "reportKeys": keys, "additionalArtifactKeys": []}
    for key in (f"{FOLDER}/{VERSION}/{EXPORT}-Manifest.json", f"{FOLDER}/{EXPORT}-Manifest.json"):
        (bucket / key).write_text(json.dumps(manifest))


def generate(generator, rows, prefix):
    """Runs the generator, one process a core; returns the bytes of text."""
    parts, first, seed = [], 1, FIRST_SEED
    while rows > 0:
        here = min(rows, ROWS_OF_A_SEED)
        parts.append([str(here), str(FILES_OF_A_SEED), str(seed), str(first), str(prefix)])
        rows, first, seed = rows - here, first + FILES_OF_A_SEED, seed + 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        run = lambda part: subprocess.run([str(generator), *part], check=True, capture_output=True, text=True).stdout
        return sum(map(int, pool.map(run, parts)))


def make(generator, rows, folder):
    print(f"making a bill of {rows:,} rows in {folder}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    bucket = folder / "bucket"
    (bucket / FOLDER / VERSION).mkdir(parents=True)
    text_bytes = generate(generator, rows, bucket / FOLDER / VERSION / EXPORT)
    keys = sorted(str(file.relative_to(bucket)) for file in bucket.glob(f"{FOLDER}/{VERSION}/*.csv.gz"))
    write_manifest(bucket, keys)
    print("adding it up exactly (csv, decimal)", file=sys.stderr, flush=True)
    total, sums = 0, dict.fromkeys(DECIMALS, decimal.Decimal(0))
    decimal.getcontext().prec = 100
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        for count, part in pool.map(exact_sums, [bucket / key for key in keys]):
            total += count
            sums = {name: sums[name] + part[name] for name in DECIMALS}
    if total != rows:
        sys.exit(f"the generator wrote {total} rows instead of {rows}")
    facts = {"format": FORMAT, "rows": rows, "text_bytes": text_bytes, "keys": keys,
             "sums": {name: format(value, "f") for name, value in sums.items()}}
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))


def get(generator, rows, cache):
    """The bill of that many rows, made when the cache has none."""
    folder = pathlib.Path(cache).resolve() / f"bill-{rows}"
    try:
        facts = json.loads((folder / "facts.json").read_text())
    except (OSError, ValueError):
        facts = {}
    if facts.get("format") != FORMAT:
        make(generator, rows, folder)
        facts = json.loads((folder / "facts.json").read_text())
    return Bill(folder / "bucket", facts)
