"""The same totals of a table as other engines see them: {"rows": n, "sums": {currency: {decimal column: Decimal}}, "nulls":
{column: n}}, like oracle.Bill.totals(), so that tests compare with ==. `where` is a condition in the engine's SQL.

Sums are exact in all of them: DuckDB adds DECIMAL(38,18) in 128 bits and refuses to overflow, pyarrow adds in 256 bits,
ClickHouse in Decimal(76, 18).
"""
import decimal
import json
import os
import subprocess
import sys

ADDED = ("source", "billing_period", "execution_id", "source_file", "source_line")
CURRENCY = "line_item_currency_code"


def only(totals, columns):
    """`totals` without the columns that are not asked for, such as those that the lake adds."""
    return {"rows": totals["rows"], "nulls": {name: n for name, n in totals["nulls"].items() if name in columns},
            "sums": {currency: {name: value for name, value in sums.items() if name in columns}
                     for currency, sums in totals["sums"].items()}}


def gathered(rows, columns, decimals):
    """From one row per currency: currency, count, NULLs of each column, sum of each decimal."""
    totals = {"rows": 0, "sums": {}, "nulls": {name: 0 for name in columns}}
    for currency, count, *rest in rows:
        totals["rows"] += int(count)
        for name, nulls in zip(columns, rest):
            totals["nulls"][name] += int(nulls)
        sums = {name: decimal.Decimal(value) for name, value in zip(decimals, rest[len(columns):]) if value is not None}
        if sums:
            totals["sums"][currency] = sums
    return totals


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def s3_secret(s3):
    """What a DuckDB client says before it reads from the server `s3` (endpoint, key, secret)."""
    return (f"LOAD httpfs; CREATE SECRET (TYPE s3, KEY_ID '{s3.key}', SECRET '{s3.secret}', REGION 'us-east-1', ENDPOINT "
            f"'{s3.endpoint.partition('://')[2]}', URL_STYLE 'path', USE_SSL false)")


def s3_properties(s3):
    """The same for pyiceberg's catalog; without a server none."""
    return {"s3.endpoint": s3.endpoint, "s3.access-key-id": s3.key, "s3.secret-access-key": s3.secret,
            "s3.region": "us-east-1"} if s3 else {}


def sums_with_duckdb(database, table, where="true", s3=None, currency=CURRENCY):
    """A table or view of a DuckDB file; `s3`: the server that its files lie on."""
    import duckdb
    config = {"autoinstall_known_extensions": "false"}
    if "FINOPS_DUCKDB_EXTENSIONS" in os.environ:
        config["extension_directory"] = os.environ["FINOPS_DUCKDB_EXTENSIONS"]
    with duckdb.connect(str(database), read_only=True, config=config) as connection:
        if s3:
            connection.execute(s3_secret(s3))
        connection.execute("SET TimeZone = 'UTC'")
        described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
        columns = [row[0] for row in described if row[0] not in ADDED]
        decimals = [row[0] for row in described if row[1] == "DECIMAL(38,18)"]
        by = f"coalesce({quoted(currency)}, '')" if currency in columns else "''"
        parts = [by, "count(*)"] + [f"count(*) - count({quoted(name)})" for name in columns]
        parts += [f"sum({quoted(name)})" for name in decimals]
        rows = connection.execute(f"SELECT {', '.join(parts)} FROM {table} WHERE {where} GROUP BY 1").fetchall()
    return gathered(rows, columns, decimals)


def sums_with_pyiceberg(catalog_file, catalog, table, where=None, snapshot=None, s3=None, currency=CURRENCY):
    """`table`: "billing.aws_billing_data", through the SQL catalog in `catalog_file` under its name."""
    from pyiceberg.catalog.sql import SqlCatalog
    loaded = SqlCatalog(catalog, uri=f"sqlite:///{catalog_file}", **s3_properties(s3)).load_table(table)
    arrow = loaded.scan(snapshot_id=snapshot, **({"row_filter": where} if where else {})).to_arrow()
    return sums_with_arrow(arrow, currency)


def sums_with_arrow(arrow, currency=CURRENCY):
    import pyarrow as pa
    import pyarrow.compute as pc
    columns = [name for name in arrow.column_names if name not in ADDED]
    decimals = [name for name in columns if pa.types.is_decimal(arrow.schema.field(name).type)]
    if currency in columns:
        of_row = pc.fill_null(arrow[currency].cast(pa.string()), "")
    else:
        of_row = pa.array([""] * len(arrow), pa.string())
    rows = []
    for value in pc.unique(of_row).to_pylist():
        part = arrow.filter(pc.equal(of_row, value))
        sums = [pc.sum(part[name].cast(pa.decimal256(76, 18))).as_py() for name in decimals]
        rows.append([value, len(part)] + [part[name].null_count for name in columns] + sums)
    return gathered(rows, columns, decimals)


CHDB_SCRIPT = """
import sys, chdb
for query in sys.stdin.read().split("\\0"):
    print(str(chdb.query(query, "JSONCompactEachRow")).strip().replace("\\n", "\\0"))
"""


def run_chdb(*queries):
    """In a process of its own: ClickHouse and other libraries do not share one well."""
    done = subprocess.run([sys.executable, "-c", CHDB_SCRIPT], input="\0".join(queries), text=True, capture_output=True,
                          timeout=300, cwd="/")  # it reads below its working folder only
    if done.returncode != 0:
        raise RuntimeError(f"chdb: {done.stderr}")
    return [[json.loads(row) for row in answer.split("\0") if row] for answer in done.stdout.split("\n")[:-1]]


def sums_with_chdb(metadata, where="1", s3=None, currency=CURRENCY):
    """`metadata`: path, file: or s3: URL of the table's metadata file (vN or uuid .metadata.json)."""
    folder, name = str(metadata).removeprefix("file://").split("/metadata/")
    at = f"SETTINGS iceberg_metadata_file_path = 'metadata/{name}'"
    table = f"icebergLocal('{folder}', {at})"
    if s3:
        url = folder.replace("s3:/", s3.endpoint, 1)
        table = f"icebergS3('{url}', '{s3.key}', '{s3.secret}', {at})"
    described = run_chdb(f"DESCRIBE TABLE {table}")[0]
    columns = [row[0] for row in described if row[0] not in ADDED]
    decimals = [row[0] for row in described if "Decimal(38, 18)" in row[1] and not row[1].startswith("Map")]

    def tick(column):
        return "`" + column.replace("\\", "\\\\").replace("`", "\\`") + "`"

    is_map = {row[0]: row[1].startswith("Map") for row in described}
    by = f"ifNull({tick(currency)}, '')" if currency in columns else "''"
    parts = [by, "count()"]
    # ClickHouse has no NULL map: it reads one as an empty map.
    parts += ["0" if is_map[column] else f"countIf(isNull({tick(column)}))" for column in columns]
    parts += [f"toString(sumOrNull(toDecimal256({tick(column)}, 18)))" for column in decimals]
    rows = run_chdb(f"SELECT {', '.join(parts)} FROM {table} WHERE {where} GROUP BY 1")[0]
    totals = gathered(rows, columns, decimals)
    for column in columns:
        if is_map[column]:
            del totals["nulls"][column]
    return totals
