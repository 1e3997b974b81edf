"""DuckDB's own export of a view: duckdb_export.py DATABASE VIEW OUT.parquet CODEC."""
import sys

import duckdb

database, view, output, codec = sys.argv[1:]
with duckdb.connect(database, read_only=True) as connection:
    connection.execute(f"COPY (SELECT * FROM {view}) TO '{output}' (FORMAT parquet, COMPRESSION {codec})")
