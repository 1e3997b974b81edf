"""What load, query and copy jobs do to their destination table: dispositions, partitions, schema updates. One commit each."""
import dataclasses

import duckdb

from . import partitions
from .catalog import TableName
from .errors import ApiError, duplicate, invalid, not_found
from .loading import conformed
from .schema import find, merged, quoted


@dataclasses.dataclass
class Target:
    """The part of a job's configuration that says where rows go, and how."""

    name: TableName
    partition: str
    write: str
    create: str
    spec: dict
    clustering: dict
    may_add: bool
    may_relax: bool

    @staticmethod
    def of(options, default_write):
        """Checks what does not depend on the table; 400 for what a job cannot ask for."""
        name, partition = TableName.of(options["destinationTable"])
        write = options.get("writeDisposition") or default_write
        create = options.get("createDisposition") or "CREATE_IF_NEEDED"
        if write not in ("WRITE_APPEND", "WRITE_TRUNCATE", "WRITE_EMPTY"):
            raise invalid(f"Invalid value for writeDisposition: {write} is not a valid value")
        if create not in ("CREATE_IF_NEEDED", "CREATE_NEVER"):
            raise invalid(f"Invalid value for createDisposition: {create} is not a valid value")
        updates = set(options.get("schemaUpdateOptions") or ())
        if updates - {"ALLOW_FIELD_ADDITION", "ALLOW_FIELD_RELAXATION"}:
            raise invalid(f"Invalid value for schemaUpdateOptions: {sorted(updates)}")
        if updates and not (write == "WRITE_APPEND" or (write == "WRITE_TRUNCATE" and partition)):
            raise invalid("Schema update options should only be specified with WRITE_APPEND disposition, or with WRITE_TRUNCATE "
                          "disposition on a table partition.")
        return Target(name, partition, write, create, options.get("timePartitioning"), options.get("clustering"),
                      "ALLOW_FIELD_ADDITION" in updates, "ALLOW_FIELD_RELAXATION" in updates)


def put(view, target, rows, fields, is_explicit=True):
    """Writes the Arrow table `rows`. `is_explicit` is false where `fields` were only found in a file: the table's modes stay."""
    name, table = target.name, view.state.tables.get(target.name)
    view.state.dataset(name.project, name.dataset)
    if table is None:
        table = created(view, target, fields)
    else:
        if table["type"] != "TABLE":
            raise invalid(f"{name} is not a table and cannot be written")
        check_partitioning(target, table)
        fields = prepared(view, target, table, fields, is_explicit)
        table = view.state.tables[name]
    if target.partition:
        partitions.check_decorator(table.get("timePartitioning"), target.partition, name)
    check_disposition(view, target, table)
    staged = stage(view, table, rows, target.partition)
    if target.write == "WRITE_TRUNCATE":
        empty(view, target, table)
    columns = ", ".join(quoted(column) for column in staged)
    view.cursor.execute(f"INSERT INTO {name.sql()} ({columns}) SELECT {columns} FROM staged_rows")
    view.cursor.execute("DROP TABLE temp.staged_rows")
    view.touch(name)
    return len(rows)


def created(view, target, fields):
    if target.create == "CREATE_NEVER":
        raise not_found("Table", target.name)
    spec = target.spec
    if spec is None and target.partition:
        spec = {"type": partitions.LENGTHS.get(len(target.partition), "DAY")}
    return view.create_table(target.name, fields, spec, target.clustering)


def check_partitioning(target, table):
    if target.spec is None:
        return
    spec = partitions.checked(target.spec, table["schema"]["fields"])
    existing = table.get("timePartitioning")
    if existing is None or [spec.get(key) for key in ("type", "field")] != [existing.get(key) for key in ("type", "field")]:
        raise invalid(f"Incompatible table partitioning specification. Destination table exists with partitioning specification "
                      f"{described(existing)}, but transfer target partitioning specification is {described(spec)}.")
    if target.clustering and target.clustering != table.get("clustering"):
        raise invalid("Incompatible table partitioning specification: the clustering differs from the table's.")


def described(spec):
    return "none" if spec is None else f"interval(type:{spec['type'].lower()},field:{spec.get('field', '')})"


def prepared(view, target, table, fields, is_explicit):
    """Makes the table's schema what the job leads to, and returns it."""
    old = table["schema"]["fields"]
    if target.write == "WRITE_TRUNCATE" and not target.partition:
        if fields != old:
            replace_schema(view, target, table, fields)
        return fields
    if not is_explicit:
        fields = [field | {"mode": "NULLABLE"} if field["mode"] == "REQUIRED" and not find(old, field["name"]) else field for field in fields]
    result = merged(old, fields, target.may_add, target.may_relax, target.name)
    if result != old:
        view.set_fields(target.name, result)
    return result


def replace_schema(view, target, table, fields):
    spec = table.get("timePartitioning")
    kept = {key: table[key] for key in ("friendlyName", "description", "labels", "requirePartitionFilter", "creationTime") if key in table}
    view.create_table(target.name, fields, spec, target.clustering or table.get("clustering"), **kept)


def check_disposition(view, target, table):
    if target.write != "WRITE_EMPTY":
        return
    condition = in_partition(table, target.partition) if target.partition else "true"
    if view.count(target.name, condition):
        raise duplicate("Table", target.name)


def in_partition(table, partition):
    return f"{partitions.id_expression(table['timePartitioning'])} = '{partition}'"


def empty(view, target, table):
    condition = in_partition(table, target.partition) if target.partition else "true"
    view.cursor.execute(f"DELETE FROM {target.name.sql()} WHERE {condition}")


def stage(view, table, rows, partition):
    """Puts `rows` into temp.staged_rows with the table's types; every row must be of `partition`, where one is given."""
    fields, spec = table["schema"]["fields"], table.get("timePartitioning")
    arrow = conformed(rows, fields)
    columns, made = [field["name"] for field in fields], "*"
    if spec is not None and "field" not in spec:
        first = f"TIMESTAMPTZ '{partitions.bounds(partition)[0]}+00'" if partition else partitions.arrival(spec)
        made, columns = f"*, {first} AS {quoted(partitions.PSEUDO_COLUMN)}", [*columns, partitions.PSEUDO_COLUMN]
    view.cursor.register("arriving_rows", arrow)
    try:
        view.cursor.execute(f"CREATE OR REPLACE TEMP TABLE staged_rows AS SELECT {made} FROM arriving_rows")
    except duckdb.Error as failure:
        raise invalid(f"Error while reading data, error message: {failure}") from None
    finally:
        view.cursor.unregister("arriving_rows")
    if partition and spec.get("field"):
        strays = view.one(f"SELECT count(*) FROM temp.staged_rows WHERE {partitions.id_expression(spec)} <> '{partition}'")
        if strays:
            raise ApiError("invalid", f"Some rows belong to different partitions rather than destination partition {partition}")
    return columns
