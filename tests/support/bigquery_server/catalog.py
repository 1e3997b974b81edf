"""Datasets, tables and their rows. Rows lie in DuckDB; what describes them is JSON beside them, changed by the same commit.

A writer is alone (`writing`), its changes become visible at once when its block ends and not at all when it fails. Readers
(`reading`) never wait for it: each sees the state of one moment, descriptions and rows.
"""
import contextlib
import copy
import dataclasses
import hashlib
import json
import pathlib
import threading
import time

import duckdb

from . import partitions
from .errors import ApiError, not_found
from .functions import register_functions
from .schema import duckdb_type, quoted

BOOKS = "_bigquery_server"  # the schema of our own tables


@dataclasses.dataclass(frozen=True)
class TableName:
    project: str
    dataset: str
    table: str

    @staticmethod
    def of(reference):
        """(name, partition id or None) of a tableReference."""
        try:
            table, _, decorator = reference["tableId"].partition("$")
            return TableName(reference["projectId"], reference["datasetId"], table), decorator or None
        except (KeyError, TypeError, AttributeError):
            raise ApiError("invalid", "Required parameter is missing: table reference") from None

    def __str__(self):
        return f"{self.project}:{self.dataset}.{self.table}"

    def reference(self):
        return {"projectId": self.project, "datasetId": self.dataset, "tableId": self.table}

    def sql(self):
        return f"{quoted(f'{self.project}:{self.dataset}')}.{quoted(self.table)}"


def milliseconds():
    return str(int(time.time() * 1000))


class State:
    """Descriptions as of one moment. Values are replaced, never changed in place."""

    def __init__(self, datasets=None, tables=None):
        self.datasets = datasets or {}  # {(project, dataset): resource}
        self.tables = tables or {}  # {TableName: resource}

    def copied(self):
        return State(dict(self.datasets), dict(self.tables))

    def dataset(self, project, dataset):
        try:
            return self.datasets[project, dataset]
        except KeyError:
            raise not_found("Dataset", f"{project}:{dataset}") from None

    def table(self, name):
        self.dataset(name.project, name.dataset)
        try:
            return self.tables[name]
        except KeyError:
            raise not_found("Table", name) from None


class View:
    """A reader's or a writer's state and the DuckDB connection with the rows of the same moment."""

    def __init__(self, state, cursor):
        self.state, self.cursor = state, cursor

    def all(self, sql, parameters=None):
        return self.cursor.execute(sql, parameters).fetchall()

    def one(self, sql, parameters=None):
        return self.cursor.execute(sql, parameters).fetchone()[0]

    def put_dataset(self, project, dataset, resource):
        if (project, dataset) not in self.state.datasets:
            self.cursor.execute(f"CREATE SCHEMA {quoted(f'{project}:{dataset}')}")
        self.state.datasets[project, dataset] = changed(resource)

    def drop_dataset(self, project, dataset):
        self.cursor.execute(f"DROP SCHEMA {quoted(f'{project}:{dataset}')} CASCADE")
        del self.state.datasets[project, dataset]
        for name in [name for name in self.state.tables if (name.project, name.dataset) == (project, dataset)]:
            del self.state.tables[name]

    def create_table(self, name, fields, spec=None, clustering=None, **more):
        dataset = self.state.dataset(name.project, name.dataset)
        columns = [f"{quoted(field['name'])} {duckdb_type(field)}" for field in fields]
        if spec is not None:
            spec = partitions.checked(spec, fields)
            if "field" not in spec:
                columns.append(f"{quoted(partitions.PSEUDO_COLUMN)} TIMESTAMPTZ DEFAULT {partitions.arrival(spec)}")
        self.cursor.execute(f"CREATE OR REPLACE TABLE {name.sql()} ({', '.join(columns)})")
        now = milliseconds()
        resource = {"kind": "bigquery#table", "id": str(name), "tableReference": name.reference(), "type": "TABLE",
                    "schema": {"fields": fields}, "location": dataset["location"], "creationTime": now} | more
        if spec is not None:
            resource["timePartitioning"] = spec
        if clustering:
            resource["clustering"] = clustering
        self.put_table(name, resource)
        return self.state.tables[name]

    def put_table(self, name, resource):
        self.state.tables[name] = changed(resource)

    def touch(self, name):
        """The table's rows changed."""
        self.put_table(name, self.state.tables[name])

    def drop_table(self, name):
        self.cursor.execute(f"DROP TABLE {name.sql()}")
        del self.state.tables[name]

    def set_fields(self, name, fields):
        """Makes the table's columns those of `fields`, which has all the old ones and perhaps more, nested ones too."""
        old = {field["name"]: field for field in self.state.tables[name]["schema"]["fields"]}
        for field in fields:
            if field["name"] not in old:
                self.cursor.execute(f"ALTER TABLE {name.sql()} ADD COLUMN {quoted(field['name'])} {duckdb_type(field)}")
            elif duckdb_type(old[field["name"]]) != duckdb_type(field):
                self.cursor.execute(f"ALTER TABLE {name.sql()} ALTER {quoted(field['name'])} TYPE {duckdb_type(field)}")
        self.put_table(name, self.state.tables[name] | {"schema": {"fields": fields}})

    def count(self, name, condition="true"):
        return self.one(f"SELECT count(*) FROM {name.sql()} WHERE {condition}")


def changed(resource):
    resource = copy.deepcopy(resource) | {"lastModifiedTime": milliseconds()}
    resource.pop("etag", None)
    digest = hashlib.sha256((json.dumps(resource, sort_keys=True) + str(time.monotonic_ns())).encode()).hexdigest()
    return resource | {"etag": digest[:22]}


class Catalog:
    def __init__(self, folder=None):
        file = ":memory:"
        if folder:
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            file = str(pathlib.Path(folder) / "bigquery.duckdb")
        self.connection = duckdb.connect(file)
        self.connection.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL threads = 2")
        register_functions(self.connection)
        self.writer, self.moment = threading.RLock(), threading.Lock()
        self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {BOOKS}")
        self.connection.execute(f"CREATE TABLE IF NOT EXISTS {BOOKS}.state (content VARCHAR)")
        self.state = self.read_state()

    def read_state(self):
        row = self.connection.execute(f"SELECT content FROM {BOOKS}.state").fetchone()
        if row is None:
            return State()
        kept = json.loads(row[0])
        return State({tuple(key): value for key, value in kept["datasets"]},
                     {TableName(*key): value for key, value in kept["tables"]})

    @contextlib.contextmanager
    def writing(self):
        with self.writer, contextlib.closing(self.connection.cursor()) as cursor:
            cursor.execute("BEGIN")
            view = View(self.state.copied(), cursor)
            try:
                yield view
                self.keep(view)
                with self.moment:
                    cursor.execute("COMMIT")
                    self.state = view.state
            except BaseException:
                with contextlib.suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")
                raise

    def keep(self, view):
        content = json.dumps({"datasets": list(view.state.datasets.items()),
                              "tables": [(dataclasses.astuple(name), table) for name, table in view.state.tables.items()]})
        view.cursor.execute(f"DELETE FROM {BOOKS}.state")
        view.cursor.execute(f"INSERT INTO {BOOKS}.state VALUES (?)", [content])

    @contextlib.contextmanager
    def reading(self):
        with contextlib.closing(self.connection.cursor()) as cursor:
            with self.moment:
                cursor.execute("BEGIN")
                # DuckDB takes its snapshot at the first look.
                cursor.execute(f"SELECT count(*) FROM {BOOKS}.state").fetchall()
                state = self.state
            yield View(state, cursor)
            with contextlib.suppress(duckdb.Error):
                cursor.execute("ROLLBACK")

    def close(self):
        self.connection.close()
