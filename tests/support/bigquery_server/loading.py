"""Uploaded files to Arrow tables of a schema: Parquet and newline-delimited JSON."""
import base64
import datetime
import decimal
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq

from .errors import ApiError, invalid
from .schema import LARGEST, arrow_type, find


def refused(message, errors=None):
    return ApiError("invalid", f"Error while reading data, error message: {message}", errors=errors)


# ---- Parquet

def read_parquet(content, options):
    """(Arrow table, fields) of a file as BigQuery sees it; `options` is the job's load configuration."""
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as failure:
        raise refused(f"Failed to read Parquet metadata: {failure}") from None
    fields = [field_of_parquet(field, options) for field in table.schema]
    # Columns are made anew, since wrappers of lists and maps are fields of their own for BigQuery.
    columns = [wrapped(column.combine_chunks(), field, options) for column, field in zip(table.columns, table.schema)]
    return pa.table(columns, names=[field["name"] for field in fields]), fields


def field_of_parquet(field, options):
    """The BigQuery field of a column, by "Loading Parquet data": conversions, lists, maps."""
    name, kind, parquet = field.name, field.type, options.get("parquetOptions") or {}
    if pa.types.is_map(kind):
        entry = {"name": "key_value", "type": "RECORD", "mode": "REPEATED",
                 "fields": [field_of_parquet(kind.key_field.with_name("key"), options),
                            field_of_parquet(kind.item_field.with_name("value"), options)]}
        if parquet.get("mapTargetType") == "ARRAY_OF_STRUCT":
            return entry | {"name": name}
        return {"name": name, "type": "RECORD", "mode": mode_of(field), "fields": [entry]}
    if is_list(kind):
        if parquet.get("enableListInference"):
            return field_of_parquet(kind.value_field.with_name(name), options) | {"mode": "REPEATED"}
        element = {"name": "list", "type": "RECORD", "mode": "REPEATED",
                   "fields": [field_of_parquet(kind.value_field.with_name("element"), options)]}
        return {"name": name, "type": "RECORD", "mode": mode_of(field), "fields": [element]}
    if pa.types.is_struct(kind):
        return {"name": name, "type": "RECORD", "mode": mode_of(field), "fields": [field_of_parquet(part, options) for part in kind]}
    return {"name": name, "type": type_of_parquet(name, kind, options), "mode": mode_of(field)}


def mode_of(field):
    return "NULLABLE" if field.nullable else "REQUIRED"


def is_list(kind):
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def type_of_parquet(name, kind, options):
    if pa.types.is_decimal(kind):
        return decimal_target(kind.precision, kind.scale, options.get("decimalTargetTypes") or ["NUMERIC"])
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz else "DATETIME"  # by isAdjustedToUTC
    for test, result in ((pa.types.is_integer, "INTEGER"), (pa.types.is_floating, "FLOAT"), (pa.types.is_boolean, "BOOLEAN"),
                         (pa.types.is_string, "STRING"), (pa.types.is_large_string, "STRING"), (pa.types.is_binary, "BYTES"),
                         (pa.types.is_large_binary, "BYTES"), (pa.types.is_date, "DATE"), (pa.types.is_time, "TIME"),
                         (pa.types.is_null, "INTEGER")):
        if test(kind):
            return result
    raise refused(f"Unsupported type {kind} of field {name}")


def decimal_target(precision, scale, targets):
    """decimalTargetTypes: the first of NUMERIC, BIGNUMERIC, STRING that is allowed and wide enough, else the widest allowed."""
    unknown = set(targets) - {"NUMERIC", "BIGNUMERIC", "STRING"}
    if unknown or len(set(targets)) != len(targets):
        raise invalid(f"Invalid value for decimalTargetTypes: {targets}")
    allowed = [name for name in ("NUMERIC", "BIGNUMERIC", "STRING") if name in targets]
    for name in allowed:
        whole, fraction = LARGEST.get(name, (precision, scale))
        if precision - scale <= whole and scale <= fraction:
            return name
    return allowed[-1]


def wrapped(column, field, options):
    """A column with BigQuery's own structure: maps as key_value records, lists as `list` of `element` unless inferred."""
    kind, parquet = field.type, options.get("parquetOptions") or {}
    if pa.types.is_map(kind):
        records = pa.StructArray.from_arrays([column.keys, column.items], ["key", "value"])
        entries = pa.ListArray.from_arrays(column.offsets, records, mask=column.is_null() if column.null_count else None)
        if parquet.get("mapTargetType") == "ARRAY_OF_STRUCT":
            return entries
        return pa.StructArray.from_arrays([entries], ["key_value"], mask=column.is_null())
    if is_list(kind) and not parquet.get("enableListInference"):
        cells = [None if cell is None else {"list": [{"element": value} for value in cell]} for cell in column.to_pylist()]
        return pa.array(cells, pa.struct([("list", pa.list_(pa.struct([("element", kind.value_type)])))]))
    return column


# What a Parquet column may become when the schema says another type than its own.
CONVERSIONS = {"INTEGER": {"NUMERIC", "BIGNUMERIC", "FLOAT", "TIMESTAMP"}, "FLOAT": set(), "BYTES": {"STRING"}, "STRING": {"JSON", "BYTES"},
               "NUMERIC": {"BIGNUMERIC"}, "BIGNUMERIC": {"NUMERIC"}, "DATE": {"TIMESTAMP", "DATETIME"}, "DATETIME": {"TIMESTAMP"},
               "TIMESTAMP": {"DATETIME"}}


def agreed(fields, found, may_ignore):
    """`fields` of a job's own schema, checked against those `found` in the file; what the file has more is an error."""
    for field in found:
        wanted = find(fields, field["name"])
        if wanted is None:
            if not may_ignore:
                raise refused(f"no such field: {field['name']}.")
            continue
        repeated = wanted["mode"] == "REPEATED", field["mode"] == "REPEATED"
        if repeated[0] != repeated[1] or (wanted["type"] != field["type"] and wanted["type"] not in CONVERSIONS.get(field["type"], ())):
            raise refused(f"Field {field['name']} has incompatible types. Configured schema: {wanted['type'].lower()}; "
                          f"Parquet file: {field['type'].lower()}.")
        if wanted["type"] == "RECORD":
            agreed(wanted["fields"], field["fields"], may_ignore)
    return fields


def conformed(table, fields):
    """`table` with exactly the columns of `fields` and their types; missing ones are NULL."""
    columns = [conformed_column(table, field) for field in fields]
    return pa.table(columns, schema=pa.schema([pa.field(field["name"], arrow_type(field)) for field in fields]))


def conformed_column(table, field):
    kind = arrow_type(field)
    index = next((i for i, name in enumerate(table.column_names) if name.lower() == field["name"].lower()), None)
    if index is None:
        if field["mode"] == "REQUIRED":
            raise refused(f"Missing required field: {field['name']}.")
        return pa.array([[]] * len(table), kind) if field["mode"] == "REPEATED" else pa.nulls(len(table), kind)
    column = table.column(index)
    if column.type != kind:
        column = converted(column, field, kind)
    if field["mode"] == "REQUIRED" and column.null_count:
        raise refused(f"Required column value for column {field['name']} is missing.")
    check_digits(column, field)
    if field["mode"] == "REPEATED" and column.null_count:
        column = pa.chunked_array([pa.array([cell or [] for cell in column.to_pylist()], kind)])
    return column


def converted(column, field, kind):
    try:
        if pa.types.is_nested(kind):
            return pa.array([reshaped(cell, field) for cell in column.to_pylist()], kind)
        if pa.types.is_integer(column.type) and pa.types.is_decimal(kind):
            return pa.array([None if cell is None else decimal.Decimal(cell) for cell in column.to_pylist()], kind)
        if pa.types.is_integer(column.type) and pa.types.is_timestamp(kind):
            return column.cast(pa.timestamp("us")).cast(kind)
        if pa.types.is_decimal(column.type) and pa.types.is_string(kind):
            return pa.array([None if cell is None else format(cell, "f") for cell in column.to_pylist()], kind)
        # Nanoseconds are cut to microseconds.
        return column.cast(kind, safe=not (pa.types.is_timestamp(column.type) and column.type.unit == "ns"))
    except (pa.ArrowException, decimal.DecimalException) as failure:
        raise refused(f"Invalid value of field {field['name']}: {failure}") from None


def reshaped(cell, field):
    """A nested value with the parts of `field`, by name."""
    if field["mode"] == "REPEATED":
        one = field | {"mode": "NULLABLE"}
        return [reshaped(item, one) for item in cell or []]
    if field["type"] != "RECORD" or cell is None:
        return cell
    lower = {key.lower(): value for key, value in cell.items()}
    return {part["name"]: reshaped(lower.get(part["name"].lower()), part) for part in field["fields"]}


def check_digits(column, field):
    """NUMERIC(p, s) takes no more digits than it says."""
    if not field.get("precision") or field["mode"] == "REPEATED":
        return
    precision, scale = int(field["precision"]), int(field.get("scale") or 0)
    held = column.type
    if pa.types.is_decimal(held) and held.scale <= scale and held.precision - held.scale <= precision - scale:
        return
    limit, unit, exact = decimal.Decimal(10) ** (precision - scale), decimal.Decimal(1).scaleb(-scale), decimal.Context(prec=200)
    for value in column.to_pylist():
        if value is not None and (abs(value) >= limit or value != exact.quantize(value, unit)):
            raise refused(f"Invalid {field['type']} value: {value} of field {field['name']} has more digits than ({precision}, {scale})")


# ---- newline-delimited JSON

def read_json_lines(content, fields, options):
    """(Arrow table of `fields`, number of bad rows that maxBadRecords allowed)."""
    rows, errors = [], []
    for number, line in enumerate(content.decode("utf-8", errors="strict").split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_float=decimal.Decimal)
            if not isinstance(value, dict):
                raise ValueError("a row is a JSON object")
            rows.append(record(value, fields, bool(options.get("ignoreUnknownValues")), ""))
        except (ValueError, ArithmeticError) as failure:
            errors.append({"reason": "invalid", "location": f"row {number}",
                           "message": f"Error while reading data, error message: JSON parsing error in row {number}: {failure}"})
    if len(errors) > int(options.get("maxBadRecords") or 0):
        first = {"reason": "invalid", "message": "Error while reading data, error message: JSON table encountered too many errors, giving "
                 f"up. Rows: {errors[0]['location'].split()[1]}; errors: {len(errors)}. Please look into the errors[] collection for "
                 "more details."}
        raise ApiError("invalid", first["message"], errors=[first, *errors[:5]])
    table = pa.Table.from_pylist(rows, schema=pa.schema([pa.field(field["name"], arrow_type(field)) for field in fields]))
    for field in fields:
        check_digits(table[field["name"]], field)
    return table, errors


def record(value, fields, may_ignore, path):
    lower = {key.lower(): item for key, item in value.items()}
    unknown = lower.keys() - {field["name"].lower() for field in fields}
    if unknown and not may_ignore:
        raise ValueError(f"No such field: {path}{sorted(unknown)[0]}.")
    return {field["name"]: cell(lower.get(field["name"].lower()), field, may_ignore, path + field["name"]) for field in fields}


def cell(value, field, may_ignore, path):
    if field["mode"] == "REPEATED":
        if value is not None and not isinstance(value, list):
            raise ValueError(f"Repeated field must be imported as a JSON array. Field: {path}.")
        return [cell(item, field | {"mode": "REQUIRED"}, may_ignore, path) for item in value or []]
    if value is None:
        if field["mode"] == "REQUIRED":
            raise ValueError(f"Missing required field: {path}.")
        return None
    if field["type"] == "RECORD":
        if not isinstance(value, dict):
            raise ValueError(f"This field: {path} is not a record.")
        return record(value, field["fields"], may_ignore, path + ".")
    if isinstance(value, (list, dict)) and field["type"] != "JSON":
        raise ValueError(f"Array specified for non-repeated field: {path}.")
    try:
        return READERS[field["type"]](value, field)
    except (ValueError, ArithmeticError, TypeError):
        raise ValueError(f"Could not convert value to {field['type'].lower()}. Field: {path}; Value: {value}") from None


def read_decimal(value, field):
    number = decimal.Decimal(str(value))
    places = arrow_type(field | {"mode": "NULLABLE"}).scale
    return number.quantize(decimal.Decimal(1).scaleb(-places), context=decimal.Context(prec=200, traps=[decimal.Inexact]))


def read_boolean(value, _):
    if str(value).lower() not in ("true", "false"):
        raise ValueError
    return str(value).lower() == "true"


def read_timestamp(value, _):
    """Text as BigQuery's canonical form, with any of its zones; numbers are seconds."""
    if not isinstance(value, str):
        return datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=int(decimal.Decimal(value) * 10**6))
    time = datetime.datetime.fromisoformat(value.replace(" UTC", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)


READERS = {
    "STRING": lambda value, _: value if isinstance(value, str) else json.dumps(value, default=str),
    "JSON": lambda value, _: json.dumps(value, default=float, separators=(",", ":")),
    "BYTES": lambda value, _: base64.b64decode(value, validate=True),
    "INTEGER": lambda value, _: int(decimal.Decimal(str(value)).to_integral_exact(context=decimal.Context(traps=[decimal.Inexact]))),
    "FLOAT": lambda value, _: float(value),
    "NUMERIC": read_decimal,
    "BIGNUMERIC": read_decimal,
    "BOOLEAN": read_boolean,
    "DATE": lambda value, _: datetime.date.fromisoformat(value),
    "TIME": lambda value, _: datetime.time.fromisoformat(value),
    "DATETIME": lambda value, _: datetime.datetime.fromisoformat(value),
    "TIMESTAMP": read_timestamp,
}
