"""Writes AWS deliveries by hand: what a bucket would hold, from rows of texts, without finops.

A bill is a header (list of exact column names) and rows (lists of cell texts, or None for an empty
cell); quoting is the csv module's unless a row is given as bytes, which are written as they are.
"""
import csv
import gzip
import io
import json
import pathlib

V1_TYPES = {"bill/BillingPeriodStartDate": "DateTime", "lineItem/UsageStartDate": "DateTime",
            "lineItem/UnblendedCost": "OptionalBigDecimal", "lineItem/UsageAmount": "OptionalBigDecimal"}


def csv_bytes(header, rows, line_end="\n", last_line_end=True):
    out = []
    for row in [header] + list(rows):
        if isinstance(row, bytes):
            out.append(row)
            continue
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(["" if cell is None else cell for cell in row])
        out.append(text.getvalue().encode())
    body = line_end.encode().join(out)
    return body + (line_end.encode() if last_line_end else b"")


def write(path, content):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def next_month(period):
    year, month = map(int, period.split("-"))
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"


def v1_range(period):
    return f"{period.replace('-', '')}01-{next_month(period).replace('-', '')}01"


def deliver_v1(bucket, period, parts, version, prefix="cur", export="report", overwrite=False,
               types=V1_TYPES, manifest_columns=None, dashed=False, account="012345678901", **fields):
    """One CUR v1 delivery: `parts` are csv bytes (gzipped here) or ready gzip bytes in a tuple ("raw", b)."""
    bucket, folder = pathlib.Path(bucket), f"{prefix}/{export}/{v1_range(period)}"
    data = folder if overwrite else f"{folder}/{version}"
    keys = []
    for number, part in enumerate(parts, 1):
        keys.append(f"{data}/{export}-{number:05d}.csv.gz")
        write(bucket / keys[-1], part[1] if isinstance(part, tuple) else gzip.compress(part, mtime=0))
    names = manifest_columns
    if names is None:
        first = next((p for p in parts if not isinstance(p, tuple) and p), b"")
        names = next(csv.reader([first.decode("utf-8-sig", "replace").split("\n")[0]]), [])
    day = (lambda p: p + "-01T00:00:00.000Z") if dashed else (lambda p: p.replace("-", "") + "01T000000.000Z")
    columns = []
    for name in names:
        category, _, short = name.partition("/")
        column = {"category": category, "name": short}
        if name in types:
            column["type"] = types[name]
        columns.append(column)
    manifest = {"assemblyId": version, "account": account, "columns": columns, "charset": "UTF-8",
                "compression": "GZIP", "contentType": "text/csv", "reportId": "1", "reportName": export,
                "billingPeriod": {"start": day(period), "end": day(next_month(period))},
                "bucket": "bucket", "reportKeys": keys, "additionalArtifactKeys": []} | fields
    text = json.dumps(manifest).encode()
    if not overwrite:
        write(bucket / f"{folder}/{version}/{export}-Manifest.json", text)
    write(bucket / f"{folder}/{export}-Manifest.json", text)
    return [bucket / key for key in keys]


def deliver_v2(bucket, period, parts, version, prefix="cur", export="report", create_new=True,
               columns=None, files_as="uri", **fields):
    """One CUR 2.0 delivery; `columns` as in the manifest (names or objects), none by default."""
    bucket = pathlib.Path(bucket)
    folder = f"{prefix}/{export}/data/BILLING_PERIOD={period}" + (f"/{version}" if create_new else "")
    keys = []
    for number, part in enumerate(parts, 1):
        keys.append(f"{folder}/{export}-{number:05d}.csv.gz")
        write(bucket / keys[-1], part[1] if isinstance(part, tuple) else gzip.compress(part, mtime=0))
    as_text = {"uri": lambda k: f"s3://bucket/{k}", "key": lambda k: k, "slash": lambda k: "/" + k,
               "object": lambda k: {"s3Uri": f"s3://bucket/{k}"}}[files_as]
    manifest = {"executionId": version, "exportArn": "arn:aws:bcm-data-exports:us-east-1:012345678901:export/x",
                "dataFiles": [as_text(key) for key in keys], "columns": columns or []} | fields
    text = json.dumps(manifest).encode()
    meta = f"{prefix}/{export}/metadata/BILLING_PERIOD={period}"
    if create_new:
        write(bucket / f"{meta}/{version}/{export}-Manifest.json", text)
    write(bucket / f"{meta}/{export}-Manifest.json", text)
    return [bucket / key for key in keys]


# A small bill with every kind of cell that a test may want to vary.
SMALL_HEADER = ["identity/LineItemId", "identity/TimeInterval", "bill/PayerAccountId",
                "bill/BillingPeriodStartDate", "lineItem/UsageAccountId", "lineItem/LineItemType",
                "lineItem/UsageStartDate", "lineItem/ProductCode", "lineItem/UsageAmount",
                "lineItem/CurrencyCode", "lineItem/UnblendedRate", "lineItem/UnblendedCost",
                "lineItem/LineItemDescription", "resourceTags/user:Name"]


def small_row(number, period="2026-05", cost="1.25", account="001234567890", currency="USD", name="web",
              amount="2", description="$0.10 per hour, Linux"):
    day = f"{period}-{1 + number % 28:02d}T00:00:00Z"
    return [f"line{number}", f"{day}/{day}", "000000000001", f"{period}-01T00:00:00Z", account, "Usage", day,
            "AmazonEC2", amount, currency, "0.0000004", cost, description, name]


def small_bill(rows, period="2026-05", **cells):
    return csv_bytes(SMALL_HEADER, [small_row(i, period, **cells) for i in range(rows)])
