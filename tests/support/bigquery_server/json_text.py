"""TO_JSON_STRING as BigQuery's documentation writes each type, as an expression of DuckDB."""
from .schema import quoted

# Numbers that a double holds exactly are numbers, others are texts.
EXACT_IN_DOUBLE = 2**53


def part_of(field, name):
    if not field or field["type"] != "RECORD" or field["mode"] == "REPEATED":
        return None
    return next((part for part in field["fields"] if part["name"].lower() == name.lower()), None)


def json_expression(field, value, parts=None):
    """SQL of the JSON text of `value`. `parts`: SQL of each part of a record, instead of `value`."""
    if field["mode"] == "REPEATED":
        one = json_expression(field | {"mode": "NULLABLE"}, "e")
        return f"('[' || coalesce(array_to_string(list_transform({value}, lambda e: {one}), ','), '') || ']')"
    if field["type"] == "RECORD":
        texts = parts or [f"{value}.{quoted(part['name'])}" for part in field["fields"]]
        members = [f"'\"{part['name']}\":' || {json_expression(part, text)}" for part, text in zip(field["fields"], texts)]
        text = "('{' || " + " || ',' || ".join(members) + " || '}')"
        return text if field["mode"] == "REQUIRED" else f"CASE WHEN {value} IS NULL THEN 'null' ELSE {text} END"
    return f"coalesce({scalar(field['type'], value)}, 'null')"


def scalar(kind, value):
    text = f"CAST({value} AS VARCHAR)"
    if kind == "INTEGER":
        return f"CASE WHEN {value} BETWEEN -{EXACT_IN_DOUBLE} AND {EXACT_IN_DOUBLE} THEN {text} ELSE '\"' || {text} || '\"' END"
    if kind in ("NUMERIC", "BIGNUMERIC"):
        plain = f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
        return f"CASE WHEN length(replace({plain}, '-', '')) <= 16 THEN {plain} ELSE '\"' || {plain} || '\"' END"
    if kind == "FLOAT":
        return (f"CASE WHEN isfinite({value}) THEN bq_plain_number({text}) WHEN isnan({value}) THEN '\"NaN\"' "
                f"WHEN {value} > 0 THEN '\"Infinity\"' WHEN {value} < 0 THEN '\"-Infinity\"' END")
    if kind == "BOOLEAN" or kind == "JSON":
        return text
    if kind == "BYTES":
        return f"'\"' || to_base64({value}) || '\"'"
    if kind in ("TIMESTAMP", "DATETIME"):
        time = f"strftime(CAST({value} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%f')"
        zone = "Z" if kind == "TIMESTAMP" else ""
        return f"'\"' || rtrim(rtrim({time}, '0'), '.') || '{zone}\"'"
    if kind in ("DATE", "TIME"):
        return f"'\"' || {text} || '\"'"
    return f"CAST(to_json({value}) AS VARCHAR)"
