"""INFORMATION_SCHEMA.TABLES, COLUMNS, PARTITIONS and SCHEMATA of a dataset, as tables of the moment that they are asked for."""
import datetime
import itertools

import pyarrow as pa

from . import partitions
from .errors import not_found
from .schema import sql_name

NUMBERS = itertools.count(1)


def table_of(view, name):
    """The SQL name of a table with the rows of view `name`."""
    kind = name.table.split(".")[1].upper()
    if kind not in VIEWS:
        raise not_found("Table", name)
    dataset = view.state.dataset(name.project, name.dataset)
    tables = {table: resource for table, resource in view.state.tables.items() if (table.project, table.dataset) == (name.project, name.dataset)}
    make, schema = VIEWS[kind]
    rows = [row for table, resource in sorted(tables.items(), key=lambda item: item[0].table)
            for row in make(view, table, resource)] if kind != "SCHEMATA" else [schema_row(name, dataset)]
    made = f"information_schema_{next(NUMBERS)}"
    view.cursor.register("made_rows", pa.Table.from_pylist(rows, schema=pa.schema(schema)))
    view.cursor.execute(f"CREATE TEMP TABLE {made} AS SELECT * FROM made_rows")
    view.cursor.unregister("made_rows")
    return f'temp."{made}"'


def time_of(milliseconds):
    return datetime.datetime.fromtimestamp(int(milliseconds) / 1000, datetime.timezone.utc)


def place(table):
    return {"table_catalog": table.project, "table_schema": table.dataset, "table_name": table.table}


def schema_row(name, dataset):
    return {"catalog_name": name.project, "schema_name": name.dataset, "location": dataset["location"],
            "creation_time": time_of(dataset["creationTime"])}


def table_rows(view, table, resource):
    yield place(table) | {"table_type": "BASE TABLE", "is_insertable_into": "YES", "creation_time": time_of(resource["creationTime"])}


def column_rows(view, table, resource):
    spec, clustering = resource.get("timePartitioning") or {}, (resource.get("clustering") or {}).get("fields", [])
    for position, field in enumerate(resource["schema"]["fields"], 1):
        yield place(table) | {
            "column_name": field["name"], "ordinal_position": position, "is_nullable": "NO" if field["mode"] == "REQUIRED" else "YES",
            "data_type": sql_name(field), "is_partitioning_column": "YES" if spec.get("field") == field["name"] else "NO",
            "clustering_ordinal_position": clustering.index(field["name"]) + 1 if field["name"] in clustering else None}


def partition_rows(view, table, resource):
    spec = resource.get("timePartitioning")
    expression = partitions.id_expression(spec) if spec else "NULL"
    for partition, count in view.all(f"SELECT {expression}, count(*) FROM {table.sql()} GROUP BY 1 ORDER BY 1"):
        yield place(table) | {"partition_id": partition, "total_rows": count, "total_logical_bytes": None,
                              "last_modified_time": time_of(resource["lastModifiedTime"]), "storage_tier": "ACTIVE"}


TEXT, NUMBER, TIME = pa.string(), pa.int64(), pa.timestamp("us", "UTC")
PLACE = [("table_catalog", TEXT), ("table_schema", TEXT), ("table_name", TEXT)]
VIEWS = {
    "TABLES": (table_rows, [*PLACE, ("table_type", TEXT), ("is_insertable_into", TEXT), ("creation_time", TIME)]),
    "COLUMNS": (column_rows, [*PLACE, ("column_name", TEXT), ("ordinal_position", NUMBER), ("is_nullable", TEXT), ("data_type", TEXT),
                              ("is_partitioning_column", TEXT), ("clustering_ordinal_position", NUMBER)]),
    "PARTITIONS": (partition_rows, [*PLACE, ("partition_id", TEXT), ("total_rows", NUMBER), ("total_logical_bytes", NUMBER),
                                    ("last_modified_time", TIME), ("storage_tier", TEXT)]),
    "SCHEMATA": (None, [("catalog_name", TEXT), ("schema_name", TEXT), ("location", TEXT), ("creation_time", TIME)]),
}
