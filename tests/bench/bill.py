"""The bills of the benchmarks: made once, with their exact sums by Python's csv and decimal, then kept."""
import concurrent.futures
import csv
import decimal
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from deliveries import v1_range  # noqa: E402

PREFIX, EXPORT, VERSION = "cur", "bench", "v1"
PERIOD = "2025-06"
INPUTS = ("csv-large", "csv-small", "parquet-large", "parquet-small")
CARDINALITIES = ("low", "high")
FORMAT = 3  # of what is kept; a change makes everything again
ROWS_OF_A_SEED, FIRST_SEED = 1_000_000, 42
LARGE_FILES_OF_A_SEED, ROWS_OF_A_SMALL_FILE = 4, 5_000
DECIMALS = ["lineItem/UsageAmount", "lineItem/NormalizationFactor", "lineItem/NormalizedUsageAmount",
            "lineItem/UnblendedRate", "lineItem/UnblendedCost", "lineItem/BlendedRate", "lineItem/BlendedCost",
            "pricing/publicOnDemandCost", "pricing/publicOnDemandRate", "reservation/AmortizedUpfrontCostForUsage",
            "reservation/EffectiveCost", "reservation/RecurringFeeForUsage", "savingsPlan/SavingsPlanEffectiveCost",
            "savingsPlan/UsedCommitment"]
TIMES = ["bill/BillingPeriodStartDate", "bill/BillingPeriodEndDate", "lineItem/UsageStartDate",
         "lineItem/UsageEndDate"]
# AWS's Parquet has doubles for amounts, and texts for rates.
DOUBLES = [name for name in DECIMALS if not name.endswith("Rate")]
CENT = decimal.Decimal("0.01")
EXACT = decimal.Context(prec=100)


class Bill:
    """A bucket with one CUR v1 delivery of one month, and what it adds up to."""

    def __init__(self, bucket, facts):
        self.bucket, self.input, self.cardinality = bucket, facts["input"], facts["cardinality"]
        self.rows, self.text_bytes = facts["rows"], facts["text_bytes"]
        self.sums = facts["sums"]  # {header name: exact sum as text}
        self.sums_of_cents = facts["sums_of_cents"]  # the same of cells that were rounded to two digits first
        self.files = [bucket / key for key in facts["keys"]]
        self.file_bytes = sum(file.stat().st_size for file in self.files)
        self.is_parquet = self.input.startswith("parquet")

    def __str__(self):
        kind = "Parquet" if self.is_parquet else "csv.gz"
        return (f"{self.rows:,} rows, {self.text_bytes / 1e6:,.0f} MB of CSV, as {len(self.files)} {kind} of "
                f"{self.file_bytes / 1e6:,.0f} MB, {self.cardinality} cardinality")


def lake_name(name):
    """AWS's rule, as far as the columns of this bill need it."""
    return re.sub("[^a-z0-9]+", "_", re.sub("([A-Z])", r"_\1", name).lower()).strip("_")


def header_of(file):
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        return next(csv.reader(text))


class Sums:
    """Rows, and of each decimal column the exact sum and the sum of its cells as cents (a half goes away from zero)."""

    def __init__(self):
        self.rows = 0
        self.exact, self.cents = ({name: decimal.Decimal(0) for name in DECIMALS} for _ in range(2))

    def add(self, name, cells):
        """Decimals of one column."""
        for cell in cells:
            self.exact[name] = EXACT.add(self.exact[name], cell)
            self.cents[name] += cell.quantize(CENT, decimal.ROUND_HALF_UP)

    def merge(self, other):
        self.rows += other.rows
        for name in DECIMALS:
            self.exact[name] = EXACT.add(self.exact[name], other.exact[name])
            self.cents[name] += other.cents[name]


def sums_of_csv(file):
    sums = Sums()
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        records = csv.reader(text)
        header = next(records)
        columns = [(header.index(name), name) for name in DECIMALS]
        for record in records:
            sums.rows += 1
            for index, name in columns:
                if record[index]:
                    sums.add(name, (decimal.Decimal(record[index]),))
    return sums


def sums_of_parquet(file):
    """A double means the shortest text that gives it back, which is what Python's repr says."""
    import pyarrow.parquet as pq
    sums = Sums()
    parquet = pq.ParquetFile(file)
    sums.rows = parquet.metadata.num_rows
    for name in DECIMALS:
        column = parquet.read([lake_name(name)]).column(0)
        for chunk in column.chunks:
            texts = map(repr, chunk.drop_null().to_pylist()) if name in DOUBLES else filter(None, chunk.drop_null().to_pylist())
            sums.add(name, map(decimal.Decimal, texts))
    return sums


def manifest_columns(header):
    columns = []
    for name in header:
        category, short = name.split("/", 1)
        kind = "BigDecimal" if name in DECIMALS else "DateTime" if name in TIMES else "String"
        columns.append({"category": category, "name": short, "type": kind})
    return columns


def manifest_text(header, keys, period, **fields):
    start, end = (day + "T000000.000Z" for day in v1_range(period).split("-"))
    return json.dumps({
        "assemblyId": VERSION, "account": "100000000000", "columns": manifest_columns(header), "charset": "UTF-8",
        "reportId": "1", "reportName": EXPORT, "billingPeriod": {"start": start, "end": end},
        "bucket": "bench", "reportKeys": keys, "additionalArtifactKeys": []} | fields)


def keys_below(bucket, ending):
    return sorted(str(file.relative_to(bucket)) for file in bucket.rglob("*" + ending))


def files_of_a_seed(rows, is_small):
    return -(-rows // ROWS_OF_A_SMALL_FILE) if is_small else LARGE_FILES_OF_A_SEED


def generate(generator, rows, is_small, cardinality, prefix, period, seed):
    """Runs the generator, one process a core; returns the bytes of text."""
    parts, first = [], 1
    while rows > 0:
        here = min(rows, ROWS_OF_A_SEED)
        files = files_of_a_seed(here, is_small)
        parts.append([str(word) for word in (here, files, seed, first, prefix, cardinality, period)])
        rows, first, seed = rows - here, first + files, seed + 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        run = lambda part: subprocess.run([str(generator), *part], check=True, capture_output=True, text=True).stdout
        return sum(map(int, pool.map(run, parts)))


def deliver_csv(generator, rows, bucket, kind="csv-large", cardinality="low", period=PERIOD, seed=FIRST_SEED):
    """CUR v1 in csv.gz. Returns (bytes of text, keys)."""
    folder = f"{PREFIX}/{EXPORT}/{v1_range(period)}"
    (bucket / folder / VERSION).mkdir(parents=True)
    text_bytes = generate(generator, rows, kind == "csv-small", cardinality, bucket / folder / VERSION / EXPORT, period, seed)
    keys = [key for key in keys_below(bucket, ".csv.gz") if key.startswith(folder)]
    text = manifest_text(header_of(bucket / keys[0]), keys, period, compression="GZIP", contentType="text/csv")
    for key in (f"{folder}/{VERSION}/{EXPORT}-Manifest.json", f"{folder}/{EXPORT}-Manifest.json"):
        (bucket / key).write_text(text)
    return text_bytes, keys


def write_parquet(source, target):
    """One csv.gz as AWS writes it as Parquet: its own column names, doubles, times of milliseconds, snappy."""
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq
    types = dict.fromkeys(header_of(source), pa.string())
    types |= dict.fromkeys(DOUBLES, pa.float64()) | dict.fromkeys(TIMES, pa.timestamp("ms"))
    table = pc.read_csv(source, convert_options=pc.ConvertOptions(column_types=types, strings_can_be_null=True,
                                                                  timestamp_parsers=["%Y-%m-%dT%H:%M:%SZ"]))
    pq.write_table(table.rename_columns([lake_name(name) for name in table.column_names]), target, compression="snappy")


def deliver_parquet(csv_bill, bucket):
    """The same rows as Athena's integration of CUR v1 delivers them. Returns keys."""
    year, month = map(int, PERIOD.split("-"))
    folder = f"{PREFIX}/{EXPORT}/{EXPORT}/year={year}/month={month}"
    (bucket / folder).mkdir(parents=True)
    targets = [bucket / folder / file.name.replace(".csv.gz", ".snappy.parquet") for file in csv_bill.files]
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(write_parquet, csv_bill.files, targets))
    keys = keys_below(bucket, ".snappy.parquet")
    (bucket / folder / f"{EXPORT}-Manifest.json").write_text(manifest_text(
        header_of(csv_bill.files[0]), keys, PERIOD, compression="Parquet", contentType="application/octet-stream"))
    return keys


def added_up(files, sums_of_file):
    total = Sums()
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(sums_of_file, files):
            total.merge(part)
    return total


def facts_of(bucket, keys, kind, cardinality, text_bytes):
    """What Bill knows, by Python's own readers."""
    sums = added_up([bucket / key for key in keys], sums_of_parquet if kind.startswith("parquet") else sums_of_csv)
    as_text = lambda of: {name: format(value, "f") for name, value in of.items()}
    return {"format": FORMAT, "input": kind, "cardinality": cardinality, "rows": sums.rows, "text_bytes": text_bytes, "keys": keys,
            "sums": as_text(sums.exact), "sums_of_cents": as_text(sums.cents)}


def make(generator, rows, kind, cardinality, cache, folder):
    print(f"making a bill of {rows:,} rows in {folder}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    bucket = folder / "bucket"
    if kind.startswith("parquet"):
        csv_bill = get(generator, rows, cache, kind.replace("parquet", "csv"), cardinality)
        text_bytes, keys = csv_bill.text_bytes, deliver_parquet(csv_bill, bucket)
    else:
        text_bytes, keys = deliver_csv(generator, rows, bucket, kind, cardinality)
    print("adding it up exactly", file=sys.stderr, flush=True)
    facts = facts_of(bucket, keys, kind, cardinality, text_bytes)
    if facts["rows"] != rows:
        sys.exit(f"the generator wrote {facts['rows']} rows instead of {rows}")
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))


def get(generator, rows, cache, kind="csv-large", cardinality="low"):
    """The bill of that many rows, made when the cache has none."""
    folder = pathlib.Path(cache).resolve() / f"bill-{rows}-{kind}-{cardinality}"
    try:
        facts = json.loads((folder / "facts.json").read_text())
    except (OSError, ValueError):
        facts = {}
    if facts.get("format") != FORMAT:
        make(generator, rows, kind, cardinality, cache, folder)
        facts = json.loads((folder / "facts.json").read_text())
    return Bill(folder / "bucket", facts)
