"""Rows and exact sums of what a contender wrote, as JSON: sums.py lake FINOPS.duckdb | sums.py parquet FILE.
Run as a process of its own, so that the harness stays small (see measure.py)."""
import json
import sys

import bill
import duckdb

kind, path = sys.argv[1:]
if kind == "lake":
    connection = duckdb.connect(path, read_only=True)
    table, columns = "aws_billing_data", [bill.lake_name(name) for name in bill.DECIMALS]
else:
    connection = duckdb.connect()
    table, columns = f"read_parquet('{path}')", bill.DECIMALS
sums = ", ".join(f'CAST(sum("{column}") AS VARCHAR)' for column in columns)
rows, *values = connection.execute(f"SELECT count(*), {sums} FROM {table}").fetchone()
print(json.dumps({"rows": rows, "sums": dict(zip(bill.DECIMALS, values))}))
