"""A server that speaks BigQuery's documented REST API (v2), for tests: real sockets, tokens, jobs, uploads, partitions, faults.

    with BigQueryServer() as server:
        key = server.control.add_account("etl@p.iam.gserviceaccount.com")
        server.control.grant("etl@p.iam.gserviceaccount.com", "admin", "p")
        ... a client with that key asks server.url ...

Rows are in DuckDB, SQL is translated by sqlglot. README.md says what it does not do.
"""
from .server import BigQueryServer

__all__ = ["BigQueryServer"]
