"""Schemas: BigQuery's fields, as its REST API writes them, and the types of DuckDB and Arrow that hold their values.

NUMERIC is DECIMAL(38, 9). BIGNUMERIC is DECIMAL(38, 18), or of the declared scale where that is larger: 38 digits of the 76 that
BigQuery has. What does not fit is an error, never rounded; sums are wider (see dialect.py).
"""
import re

import pyarrow as pa

from .errors import invalid

CANONICAL = {"STRING": "STRING", "BYTES": "BYTES", "INTEGER": "INTEGER", "INT64": "INTEGER", "FLOAT": "FLOAT", "FLOAT64": "FLOAT",
             "BOOLEAN": "BOOLEAN", "BOOL": "BOOLEAN", "NUMERIC": "NUMERIC", "DECIMAL": "NUMERIC", "BIGNUMERIC": "BIGNUMERIC",
             "BIGDECIMAL": "BIGNUMERIC", "TIMESTAMP": "TIMESTAMP", "DATE": "DATE", "TIME": "TIME", "DATETIME": "DATETIME",
             "JSON": "JSON", "RECORD": "RECORD", "STRUCT": "RECORD"}
SQL_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
DUCKDB_TYPES = {"STRING": "VARCHAR", "BYTES": "BLOB", "INTEGER": "BIGINT", "FLOAT": "DOUBLE", "BOOLEAN": "BOOLEAN",
                "NUMERIC": "DECIMAL(38, 9)", "TIMESTAMP": "TIMESTAMPTZ", "DATE": "DATE", "TIME": "TIME", "DATETIME": "TIMESTAMP",
                "JSON": "JSON"}
ARROW_TYPES = {"STRING": pa.string(), "BYTES": pa.binary(), "INTEGER": pa.int64(), "FLOAT": pa.float64(), "BOOLEAN": pa.bool_(),
               "NUMERIC": pa.decimal128(38, 9), "TIMESTAMP": pa.timestamp("us", "UTC"), "DATE": pa.date32(), "TIME": pa.time64("us"),
               "DATETIME": pa.timestamp("us"), "JSON": pa.string()}
BIGNUMERIC_SCALE = 18
LARGEST = {"NUMERIC": (29, 9), "BIGNUMERIC": (38, 38)}  # digits before and after the point
NAME = re.compile(r"[^\W\d]\w{0,299}")


def normalised(fields, path=""):
    """The fields of a request with BigQuery's own names of types and modes; 400 for what it would not take."""
    if not isinstance(fields, list) or not fields:
        raise invalid(f"{'Field ' + path + ' is type RECORD but has no schema' if path else 'Empty schema specified.'}")
    seen, result = set(), []
    for field in fields:
        name = field.get("name", "")
        if not NAME.fullmatch(name):
            raise invalid(f'Invalid field name "{name}". Fields must contain only letters, numbers, and underscores, start with a letter '
                          "or underscore, and be at most 300 characters long.")
        if name.lower() in seen:
            raise invalid(f"Field {path + name} already exists in schema")
        seen.add(name.lower())
        result.append(normalised_field(field, path + name))
    return result


def normalised_field(field, path):
    kind = CANONICAL.get(str(field.get("type", "")).upper())
    mode = (field.get("mode") or "NULLABLE").upper()
    if kind is None:
        raise invalid(f"Invalid value for type: {field.get('type')} is not a valid value")
    if mode not in ("NULLABLE", "REQUIRED", "REPEATED"):
        raise invalid(f"Invalid value for mode: {mode} is not a valid value")
    result = {"name": field["name"], "type": kind, "mode": mode}
    if kind == "RECORD":
        result["fields"] = normalised(field.get("fields"), path + ".")
    for key in ("description", "defaultValueExpression", "maxLength", "policyTags"):
        if field.get(key):
            result[key] = field[key]
    if field.get("precision"):
        check_precision(kind, int(field["precision"]), int(field.get("scale") or 0), path)
        result["precision"] = str(field["precision"])
        if field.get("scale"):
            result["scale"] = str(field["scale"])
    return result


def check_precision(kind, precision, scale, path):
    if kind not in LARGEST:
        raise invalid(f"Field {path}: precision is for NUMERIC and BIGNUMERIC only")
    whole, fraction = LARGEST[kind]
    if scale > fraction or not max(1, scale) <= precision <= whole + scale:
        raise invalid(f"Invalid {kind} precision {precision} and scale {scale} of field {path}")


def bignumeric_scale(field):
    return max(BIGNUMERIC_SCALE, int(field.get("scale") or 0))


def duckdb_type(field):
    if field["type"] == "RECORD":
        one = struct_type(field)
    elif field["type"] == "BIGNUMERIC":
        one = f"DECIMAL(38, {bignumeric_scale(field)})"
    else:
        one = DUCKDB_TYPES[field["type"]]
    return one + "[]" if field["mode"] == "REPEATED" else one


def struct_type(field):
    parts = ", ".join(f"{quoted(part['name'])} {duckdb_type(part)}" for part in field["fields"])
    return f"STRUCT({parts})"


def arrow_type(field):
    if field["type"] == "RECORD":
        one = pa.struct([pa.field(part["name"], arrow_type(part)) for part in field["fields"]])
    elif field["type"] == "BIGNUMERIC":
        one = pa.decimal128(38, bignumeric_scale(field))
    else:
        one = ARROW_TYPES[field["type"]]
    return pa.list_(one) if field["mode"] == "REPEATED" else one


FROM_DUCKDB = {"bigint": "INTEGER", "integer": "INTEGER", "smallint": "INTEGER", "tinyint": "INTEGER", "hugeint": "INTEGER",
               "ubigint": "INTEGER", "uinteger": "INTEGER", "usmallint": "INTEGER", "utinyint": "INTEGER", "uhugeint": "INTEGER",
               "double": "FLOAT", "float": "FLOAT", "boolean": "BOOLEAN", "varchar": "STRING", "uuid": "STRING", "blob": "BYTES",
               "timestamp with time zone": "TIMESTAMP", "timestamp": "DATETIME", "timestamp_ns": "DATETIME", "date": "DATE",
               "time": "TIME", "json": "JSON", '"null"': "INTEGER"}


def field_of_duckdb(name, kind):
    """The field of a column of a result. `kind` is DuckDB's type."""
    if kind.id == "list":
        return field_of_duckdb(name, kind.children[0][1]) | {"mode": "REPEATED"}
    field = {"name": name, "type": FROM_DUCKDB.get(str(kind).lower()), "mode": "NULLABLE"}
    if kind.id == "struct":
        field |= {"type": "RECORD", "fields": [field_of_duckdb(*child) for child in kind.children]}
    elif kind.id == "decimal":
        field["type"] = "NUMERIC" if dict(kind.children)["scale"] <= 9 else "BIGNUMERIC"
    if field["type"] is None:
        raise invalid(f"a result of DuckDB's type {kind} has no type in BigQuery")
    return field


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def sql_name(field):
    """As INFORMATION_SCHEMA.COLUMNS has it: ARRAY<STRUCT<key STRING, value STRING>>."""
    name = SQL_NAMES.get(field["type"], field["type"])
    if field["type"] == "RECORD":
        name = f"STRUCT<{', '.join(part['name'] + ' ' + sql_name(part) for part in field['fields'])}>"
    if field.get("precision"):
        name += f"({field['precision']}{', ' + field['scale'] if field.get('scale') else ''})"
    return f"ARRAY<{name}>" if field["mode"] == "REPEATED" else name


def find(fields, name):
    return next((field for field in fields if field["name"].lower() == name.lower()), None)


def merged(old, new, may_add, may_relax, table, path=""):
    """`old` with what `new` has more; 400 where a field changes otherwise. Messages are those of load jobs."""
    def refuse(what):
        return invalid(f"Provided Schema does not match Table {table}. {what}")

    result = []
    for field in old:
        other, name = find(new, field["name"]), path + field["name"]
        result.append(field)
        if other is None:
            continue
        if other["type"] != field["type"]:
            raise refuse(f"Field {name} has changed type from {field['type']} to {other['type']}")
        if other["mode"] != field["mode"] and {other["mode"], field["mode"]} != {"REQUIRED", "NULLABLE"}:
            raise refuse(f"Field {name} has changed mode from {field['mode']} to {other['mode']}")
        if field["mode"] == "REQUIRED" and other["mode"] == "NULLABLE":
            if not may_relax:
                raise refuse(f"Field {name} has changed mode from REQUIRED to NULLABLE")
            field = field | {"mode": "NULLABLE"}
        if field["type"] == "RECORD":
            field = field | {"fields": merged(field["fields"], other["fields"], may_add, may_relax, table, name + ".")}
        result[-1] = field
    for field in new:
        if find(old, field["name"]):
            continue
        if not may_add:
            raise refuse(f"Cannot add fields (field: {path + field['name']})")
        if field["mode"] == "REQUIRED":
            raise refuse(f"Cannot add required fields to an existing schema. (field: {path + field['name']})")
        result.append(field)
    return result
