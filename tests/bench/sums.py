"""Rows and exact sums of what a contender wrote, as JSON: sums.py lake FINOPS.duckdb | sums.py database FILE.duckdb | sums.py parquet FILE.
A double counts as the shortest text that gives it back. Run as a process of its own, so that the harness stays small (see measure.py)."""
import json
import sys

import bill
import duckdb

TABLES = {"lake": "aws_billing_data", "database": "bill"}


def exact(column, kind):
    if kind == "DOUBLE":
        column = f"CAST({column} AS VARCHAR)"
    elif kind == "VARCHAR":
        column = f"nullif({column}, '')"
    return f"CAST(sum(CAST({column} AS DECIMAL(38,18))) AS VARCHAR)"


def main(kind, path):
    connection = duckdb.connect(path, read_only=True) if kind in TABLES else duckdb.connect()
    table = TABLES.get(kind) or f"read_parquet('{path}')"
    kinds = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()}
    columns = [name if name in kinds else bill.lake_name(name) for name in bill.DECIMALS]
    sums = ", ".join(exact(f'"{column}"', kinds[column]) for column in columns)
    rows, *values = connection.execute(f"SELECT count(*), {sums} FROM {table}").fetchone()
    print(json.dumps({"rows": rows, "sums": dict(zip(bill.DECIMALS, values))}))


if __name__ == "__main__":
    main(*sys.argv[1:])
