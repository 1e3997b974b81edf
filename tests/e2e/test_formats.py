"""One bill in every shape that AWS delivers: the same rows and the same sums, whatever it comes in."""
import decimal
import gzip
import io
import json
import os
import subprocess
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deliveries import deliver_v1, deliver_v2, write
from project import BINARY

D = decimal.Decimal
PERIOD = "2026-05"
TYPES = {"bill/BillingPeriodStartDate": "DateTime", "lineItem/UsageStartDate": "DateTime",
         "lineItem/UnblendedCost": "OptionalBigDecimal", "lineItem/UsageAmount": "OptionalBigDecimal"}
# (v1, v2, kind): the columns of one small bill in both forms.
COLUMNS = [("identity/LineItemId", "identity_line_item_id", "text"), ("bill/PayerAccountId", "bill_payer_account_id", "text"),
           ("bill/BillingPeriodStartDate", "bill_billing_period_start_date", "time"),
           ("lineItem/UsageStartDate", "line_item_usage_start_date", "time"),
           ("lineItem/UsageAmount", "line_item_usage_amount", "number"), ("lineItem/CurrencyCode", "line_item_currency_code", "text"),
           ("lineItem/UnblendedCost", "line_item_unblended_cost", "number"),
           ("lineItem/LineItemDescription", "line_item_line_item_description", "text"),
           ("product/region", "product_region", "text")]
SHARED = [name for _, name, _ in COLUMNS]
SUMS = ("SELECT count(*) AS n, sum(line_item_usage_amount) AS amount, sum(line_item_unblended_cost) AS cost, "
        "count(line_item_line_item_description) AS described, count(product_region) AS regions, "
        "min(line_item_usage_start_date)::VARCHAR AS first, max(line_item_usage_start_date)::VARCHAR AS last, "
        "bit_xor(hash(identity_line_item_id, bill_payer_account_id, line_item_usage_start_date, line_item_usage_amount, "
        "line_item_currency_code, line_item_unblended_cost, line_item_line_item_description, product_region)) AS cells "
        "FROM aws_billing_data WHERE billing_period = '2026-05'")


def bill_rows(count):
    """Rows by kind; the costs are such that a double gives back their text."""
    odd = ["plain", 'says "hi", twice', "two\nlines", "", "ünïcode ✓", "a\rb"]
    rows = []
    for i in range(count):
        day = f"{PERIOD}-{1 + i % 31:02d}T{i % 24:02d}:00:00Z"
        rows.append([f"line{i}", "012345678901", f"{PERIOD}-01T00:00:00Z", day, repr(i / 8), "USD" if i % 7 else "EUR",
                     repr(round(i * 0.0137, 10)) if i % 5 else None, odd[i % len(odd)], "us-east-1" if i % 3 else None])
    return rows


def as_csv(names, rows):
    lines = []
    for row in [names] + rows:
        cells = ["" if cell is None else str(cell) for cell in row]
        lines.append(",".join('"' + cell.replace('"', '""') + '"' if any(c in cell for c in '",\r\n') else cell for cell in cells))
    return ("\n".join(lines) + "\n").encode()


def as_parquet(names, rows, unit="ms", maps=None, **options):
    arrays = []
    for i, (_, _, kind) in enumerate(COLUMNS):
        values = [row[i] for row in rows]
        if kind == "number":
            arrays.append(pa.array([None if v is None else float(v) for v in values], pa.float64()))
        elif kind == "time":
            stamps = pa.array([v.replace("Z", "") for v in values]).cast(pa.timestamp("s")).cast(pa.timestamp(unit))
            arrays.append(stamps)
        else:
            arrays.append(pa.array(values, pa.string()))
    names = list(names)
    for name, (values, kind) in (maps or {}).items():
        names.append(name)
        arrays.append(pa.array(values, kind))
    out = io.BytesIO()
    pq.write_table(pa.table(dict(zip(names, arrays))), out, **{"compression": "snappy", "row_group_size": 70} | options)
    return out.getvalue()


def as_zip(data, name="report-00001.csv", method=zipfile.ZIP_DEFLATED, extra=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, data)
        for other in extra:
            archive.writestr(other, data)
    return out.getvalue()


def rename(paths, ending):
    """What deliver_v1/2 named csv.gz gets the ending of its real format, in the manifests too."""
    for path in paths:
        path.rename(path.with_name(path.name.replace(".csv.gz", ending)))
    root = paths[0]
    while root.name != "cur":
        root = root.parent
    for manifest in root.rglob("*-Manifest.json"):
        manifest.write_text(manifest.read_text().replace(".csv.gz", ending))


def halves(rows):
    return rows[:len(rows) // 3], rows[len(rows) // 3:]


V1_NAMES, V2_NAMES = [one for one, _, _ in COLUMNS], SHARED


def v1_csv_gz(bucket, rows):
    deliver_v1(bucket, PERIOD, [as_csv(V1_NAMES, part) for part in halves(rows)], "id-1", types=TYPES)


def v1_plain(bucket, rows):
    parts = [("raw", as_csv(V1_NAMES, part)) for part in halves(rows)]
    rename(deliver_v1(bucket, PERIOD, parts, "id-1", manifest_columns=V1_NAMES, types=TYPES), ".csv")


def v1_zip(bucket, rows):
    parts = [("raw", as_zip(as_csv(V1_NAMES, part))) for part in halves(rows)]
    rename(deliver_v1(bucket, PERIOD, parts, "id-1", manifest_columns=V1_NAMES, types=TYPES, overwrite=True), ".csv.zip")


def v1_athena(bucket, rows, month="month=5", status="READY", **fields):
    """The report's manifest beside its data, as Athena's integration has it."""
    folder = f"cur/report/report/year=2026/{month}"
    keys = []
    for number, part in enumerate(halves(rows), 1):
        keys.append(f"{folder}/report-{number:05d}.snappy.parquet")
        write(bucket / keys[-1], as_parquet(SHARED, part))
    manifest = {"assemblyId": "athena-1", "account": "012345678901", "compression": "Parquet", "contentType": "application/octet-stream",
                "billingPeriod": {"start": "20260501T000000.000Z", "end": "20260601T000000.000Z"}, "bucket": "bucket", "reportKeys": keys,
                "columns": [{"category": name.split("/")[0], "name": name.split("/")[1]} for name in V1_NAMES]} | fields
    write(bucket / f"{folder}/report-Manifest.json", json.dumps(manifest).encode())
    out = io.BytesIO()
    pq.write_table(pa.table({"status": [status]}), out)
    write(bucket / "cur/report/report/cost_and_usage_data_status/cost_and_usage_data_status.parquet", out.getvalue())
    write(bucket / "cur/report/report/crawler-cfn.yml", b"AWSTemplateFormatVersion: 2010-09-09\n")


def v2_csv_gz(bucket, rows):
    deliver_v2(bucket, PERIOD, [as_csv(V2_NAMES, part) for part in halves(rows)], "id-1", columns=V2_NAMES)


def v2_parquet(bucket, rows, create_new=True, unit="us", **options):
    parts = [("raw", as_parquet(V2_NAMES, part, unit, **options)) for part in halves(rows)]
    rename(deliver_v2(bucket, PERIOD, parts, "id-1", create_new=create_new), ".snappy.parquet")


def v2_parquet_overwrite(bucket, rows):
    v2_parquet(bucket, rows, create_new=False, unit="ns", use_deprecated_int96_timestamps=True)


SHAPES = [v1_csv_gz, v1_plain, v1_zip, v1_athena, v2_csv_gz, v2_parquet, v2_parquet_overwrite]


@pytest.mark.parametrize("deliver", SHAPES, ids=lambda shape: shape.__name__)
def test_a_bill_has_the_same_rows_and_sums_in_every_shape(project, deliver):
    rows = bill_rows(500)
    bucket = project.add_export("payer-a")
    deliver(bucket, rows)
    report = project.json("aws", "run-pipeline")
    assert [one["outcome"] for one in report["deliveries"]] == ["loaded"], report
    [found] = project.query(SUMS)
    assert int(found["n"]) == 500
    assert D(found["amount"]) == sum(D(row[4]) for row in rows)
    assert D(found["cost"]) == sum(D(row[6]) for row in rows if row[6] is not None)
    assert int(found["described"]) == sum(row[7] != "" for row in rows)
    assert found["cells"] == project_cells(project, rows)
    assert "agrees" in project.run("receipt", "verify").out
    assert project.json("aws", "run-pipeline")["changed"] is False


def project_cells(project, rows):
    """The fingerprint of SUMS over the same rows as SQL values: nothing of the delivery takes part."""
    def text(value):
        return "NULL" if value in (None, "") else "'" + value.replace("'", "''") + "'"

    lines = ",".join(
        f"({text(r[0])}, {text(r[1])}, TIMESTAMP '{r[3][:-1]}', {r[4]}::DECIMAL(38,18), {text(r[5])}, "
        f"{'NULL' if r[6] is None else r[6]}::DECIMAL(38,18), {text(r[7])}, {text(r[8])})" for r in rows)
    return project.query(f"SELECT bit_xor(hash(a, b, c, d, e, f, g, h)) AS cells FROM (VALUES {lines}) t(a, b, c, d, e, f, g, h)")[0]["cells"]


def test_maps_are_the_same_in_json_and_in_parquet(project):
    rows = bill_rows(6)
    tags = [{"user_team": "a,b", "user_x": 'q"uote'}, {}, None, {"user_team": "ü"}, {"k\\n": "v"}, None]
    discounts = [{"edp": -0.1, "rate": -1e-07}, None, {}, {"edp": 3.0}, None, None]
    for name, period, form in (("payer-a", "2026-05", "csv"), ("payer-b", "2026-05", "parquet")):
        bucket = project.add_export(name, export=f"{name}-export")
        if form == "csv":
            body = as_csv(V2_NAMES + ["resource_tags", "discount"],
                          [row + [None if t is None else json.dumps(t), None if d is None else json.dumps(d)]
                           for row, t, d in zip(rows, tags, discounts)])
            deliver_v2(bucket, period, [body], "id-1", export=f"{name}-export")
        else:
            maps = {"resource_tags": ([None if t is None else list(t.items()) for t in tags], pa.map_(pa.string(), pa.string())),
                    "discount": ([None if d is None else list(d.items()) for d in discounts], pa.map_(pa.string(), pa.float64()))}
            paths = deliver_v2(bucket, period, [("raw", as_parquet(V2_NAMES, rows, maps=maps))], "id-1", export=f"{name}-export")
            rename(paths, ".parquet")
    project.json("aws", "run-pipeline")
    cells = "SELECT resource_tags::VARCHAR AS tags, discount::VARCHAR AS discount FROM aws_billing_data WHERE source = '{}' ORDER BY identity_line_item_id"
    of_csv, of_parquet = project.query(cells.format("payer-a")), project.query(cells.format("payer-b"))
    assert of_csv == of_parquet
    assert "-0.100000000000000000" in of_parquet[0]["discount"] and "-0.000000100000000000" in of_parquet[0]["discount"]
    project.run("receipt", "verify")


def test_what_a_double_rounds_is_told_and_rows_that_do_not_fit_are_kept_whole(project):
    bucket = project.add_export("payer-a")
    rows = bill_rows(2000)
    rows[10][6] = repr(1e-20)
    rows[11][6] = "nan"
    rows[12][7] = "x\ny"
    rename(deliver_v2(bucket, PERIOD, [("raw", as_parquet(V2_NAMES, rows))], "id-1"), ".parquet")
    report = project.json("aws", "run-pipeline", expect=3)["deliveries"][0]
    assert report["rows"] == {"source": 2000, "loaded": 1999, "quarantined": 1}
    receipt = project.json("receipt")["receipts"][0]
    cost = receipt["sums"]["USD"]["line_item_unblended_cost"]
    assert cost["rounded_cells"] == 1 and D(cost["rounding_residual"]) == D("1e-20") and cost["unreadable_cells"] == 1
    [row] = project.json("quarantine", "show")["rows"]
    assert row["line"] == 12 and row["file"].endswith(".parquet") and ",nan," in row["raw"]
    [place] = project.query("SELECT source_line AS line FROM aws_billing_data WHERE line_item_line_item_description = 'x\ny'")
    assert int(place["line"]) == 13
    project.run("receipt", "verify")


def test_a_month_goes_from_csv_to_parquet_and_back_without_new_columns(project):
    bucket = project.add_export("payer-a")
    rows = bill_rows(50)
    v1_csv_gz(bucket, rows)
    project.json("aws", "run-pipeline")
    columns = project.query("SELECT column_name AS name FROM (DESCRIBE aws_billing_data)")
    (bucket / "cur/report/20260501-20260601/report-Manifest.json").unlink()
    v1_athena(bucket, rows)
    report = project.json("aws", "run-pipeline")["deliveries"][0]
    assert report["outcome"] == "replaced" and report["new_columns"] == []
    assert project.query("SELECT column_name AS name FROM (DESCRIBE aws_billing_data)") == columns


def test_a_report_that_aws_is_writing_waits_and_says_so(project):
    bucket = project.add_export("payer-a")
    v1_athena(bucket, bill_rows(20), status="UPDATING")
    done = project.run("aws", "run-pipeline")
    assert "UPDATING" in done.err
    report = project.json("aws", "run-pipeline", "--dry-run")
    assert report["plan"] == [] and "waits" in report["notes"][0]
    old = time.time() - 25 * 3600
    status = bucket / "cur/report/report/cost_and_usage_data_status/cost_and_usage_data_status.parquet"
    os.utime(status, (old, old))
    assert project.json("aws", "run-pipeline")["deliveries"][0]["outcome"] == "loaded"


def test_files_that_are_replaced_before_their_manifest_are_no_bill_yet(project):
    bucket = project.add_export("payer-a")
    [file] = deliver_v1(bucket, PERIOD, [as_csv(V1_NAMES, bill_rows(20))], "id-1", overwrite=True, types=TYPES)
    manifest = bucket / "cur/report/20260501-20260601/report-Manifest.json"
    old = time.time() - 3600
    os.utime(manifest, (old, old))
    report = project.json("aws", "run-pipeline", expect=1)["deliveries"][0]
    assert report["outcome"] == "failed" and report["error_kind"] == "conflict" and "mix of two versions" in report["message"]
    os.utime(manifest)
    assert project.json("aws", "run-pipeline")["deliveries"][0]["outcome"] == "loaded"


@pytest.mark.parametrize("data, why", [
    (as_zip(b"a,b\n1,2\n", extra=["second.csv"]), "more than one file"),
    (as_zip(as_csv(V1_NAMES, bill_rows(9)))[:-30], "truncated"), (b"PK\5\6" + bytes(18), "without a file"),
    (b"not a zip at all, but long enough for a header", "not a ZIP archive")])
def test_an_archive_that_is_not_one_sound_file_leaves_the_month_as_it_was(project, data, why):
    bucket = project.add_export("payer-a")
    rename(deliver_v1(bucket, PERIOD, [("raw", as_zip(as_csv(V1_NAMES, bill_rows(9))))], "id-1", manifest_columns=V1_NAMES), ".csv.zip")
    project.run("aws", "run-pipeline")
    paths = deliver_v1(bucket, PERIOD, [("raw", data)], "id-2", manifest_columns=V1_NAMES)
    rename(paths, ".csv.zip")
    report = project.json("aws", "run-pipeline", expect=1)["deliveries"][0]
    assert report["outcome"] == "failed" and why in report["message"]
    assert int(project.query("SELECT count(*) AS n FROM aws_billing_data")[0]["n"]) == 9


def test_empty_parquet_parts_are_legal(project):
    bucket = project.add_export("payer-a")
    parts = [("raw", as_parquet(V2_NAMES, bill_rows(30))), ("raw", b""), ("raw", as_parquet(V2_NAMES, []))]
    rename(deliver_v2(bucket, PERIOD, parts, "id-1"), ".parquet")
    assert project.json("aws", "run-pipeline")["deliveries"][0]["rows"]["loaded"] == 30
    project.run("receipt", "verify")


def test_millions_of_lines_that_do_not_fit_keep_to_the_memory_limit(project):
    bucket = project.add_export("payer-a")
    body = as_csv(V1_NAMES, bill_rows(1)) + b"\n" * 3_000_000
    deliver_v1(bucket, PERIOD, [("raw", gzip.compress(body, 1))], "id-1", manifest_columns=V1_NAMES, types=TYPES)
    child = subprocess.Popen([BINARY, "aws", "run-pipeline", "--quiet"], env=project.environment(), cwd=project.folder,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 1, "refused: nearly no row fits"
    assert usage.ru_maxrss * 1024 < 512e6
