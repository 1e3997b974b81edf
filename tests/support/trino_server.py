"""Trino, asked over HTTP. servers.py starts it; catalogs come and go while it runs.

    with trino.catalog(project.catalog, "finops", {"fs.hadoop.enabled": "true"}) as lake: lake.ask("SELECT ...")
"""
import contextlib
import itertools
import json
import urllib.request

NUMBERS = itertools.count(1)


def asked(url, body=None, headers=None):
    with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}), timeout=120) as answer:
        return json.loads(answer.read())


class Trino:
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def ask(self, sql, catalog="system", schema="runtime"):
        """A list of dictionaries. Decimals come as texts, all the rest as JSON has it."""
        answer = asked(f"{self.endpoint}/v1/statement", sql.encode(), {
            "X-Trino-User": "test", "X-Trino-Catalog": catalog, "X-Trino-Schema": schema, "X-Trino-Time-Zone": "UTC",
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME"})  # else times have milliseconds
        columns, rows = [], []
        while True:
            if "error" in answer:
                raise RuntimeError(f"Trino: {answer['error']['message']}; asked: {sql}")
            columns = [column["name"] for column in answer.get("columns", [])] or columns
            rows += answer.get("data", [])
            if "nextUri" not in answer:
                return [dict(zip(columns, row, strict=True)) for row in rows]
            answer = asked(answer["nextUri"])

    @contextlib.contextmanager
    def catalog(self, file, name, settings):
        """The Iceberg catalog `name` in a SQLite file; `settings` say how its tables' files are reached."""
        ours = f"lake{next(NUMBERS)}"
        settings = {"iceberg.catalog.type": "jdbc", "iceberg.jdbc-catalog.driver-class": "org.sqlite.JDBC",
                    "iceberg.jdbc-catalog.connection-url": f"jdbc:sqlite:{file}", "iceberg.jdbc-catalog.catalog-name": name,
                    "iceberg.jdbc-catalog.schema-version": "V1",
                    "iceberg.jdbc-catalog.default-warehouse-dir": "unused"} | settings
        self.ask(f"CREATE CATALOG {ours} USING iceberg WITH (" +
                 ", ".join(f"\"{key}\" = '{value}'" for key, value in settings.items()) + ")")
        try:
            yield Catalog(self, ours)
        finally:
            self.ask(f"DROP CATALOG {ours}")


class Catalog:
    def __init__(self, trino, name):
        self.trino, self.name = trino, name

    def ask(self, sql):
        return self.trino.ask(sql, self.name, "billing")
