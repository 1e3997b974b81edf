"""Partitions by time: their ids ("202506"), bounds and the SQL that finds a row's."""
import datetime
import re

from .errors import invalid
from .schema import find, quoted

FORMATS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}
LENGTHS = {10: "HOUR", 8: "DAY", 6: "MONTH", 4: "YEAR"}
PSEUDO_COLUMN = "_PARTITIONTIME"


def checked(spec, fields):
    """A timePartitioning of a request, complete; 400 when the table cannot be partitioned so."""
    kind = spec.get("type", "DAY").upper()
    if kind not in FORMATS:
        raise invalid(f"Invalid value for timePartitioning.type: {kind}")
    result = {"type": kind}
    if spec.get("field"):
        field = find(fields, spec["field"])
        if field is None:
            raise invalid(f"The field specified for partitioning cannot be found in the schema: {spec['field']}")
        if field["type"] not in ("TIMESTAMP", "DATE", "DATETIME") or field["mode"] == "REPEATED":
            raise invalid(f"The field specified for time partitioning can only be of type TIMESTAMP, DATE or DATETIME: {spec['field']}")
        if kind == "HOUR" and field["type"] == "DATE":
            raise invalid("Hourly partitioning is not supported for a field of type DATE")
        result["field"] = field["name"]
    if spec.get("expirationMs"):
        result["expirationMs"] = str(spec["expirationMs"])
    return result


def column(spec):
    return spec.get("field") or PSEUDO_COLUMN


def id_expression(spec):
    """SQL of the partition's id of each row; a NULL's partition is __NULL__."""
    return f"coalesce(strftime(CAST({quoted(column(spec))} AS TIMESTAMP), '{FORMATS[spec['type']]}'), '__NULL__')"


def arrival(spec):
    """SQL of the _PARTITIONTIME of a row that arrives now."""
    return f"date_trunc('{spec['type']}', now())"


def check_decorator(spec, decorator, table):
    if spec is None:
        raise invalid(f"Cannot address a partition of the table {table}, which is not partitioned")
    if decorator == "__NULL__" and spec.get("field"):
        return
    if not re.fullmatch(r"\d+", decorator) or LENGTHS.get(len(decorator)) != spec["type"]:
        raise invalid(f"The partition id {decorator} does not fit the {spec['type']} partitioning of table {table}")
    bounds(decorator)


def bounds(partition_id):
    """[first, last) as naive UTC times."""
    kind = LENGTHS.get(len(partition_id))
    try:
        first = datetime.datetime.strptime(partition_id, FORMATS[kind])
    except (KeyError, ValueError):
        raise invalid(f"Invalid partition id {partition_id}") from None
    return first, following(first, kind)


def following(first, kind):
    if kind == "HOUR":
        return first + datetime.timedelta(hours=1)
    if kind == "DAY":
        return first + datetime.timedelta(days=1)
    if kind == "MONTH":
        return (first.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
    return first.replace(year=first.year + 1)


def truncated(time, kind):
    return bounds(time.strftime(FORMATS[kind]))[0]
