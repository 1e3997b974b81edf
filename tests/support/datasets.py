"""A project of datasets driven through the program, and its tables as the oracle (cloud_provider_truth.py) words them."""
import datetime
import decimal
import json
import pathlib

import duckdb
from project import ROOT

EXAMPLE = ROOT / "examples" / "cloud_provider_analytics"
NAME = "cloud_provider_analytics"


def as_truth(value):
    """A cell of DuckDB as the oracle has it."""
    if isinstance(value, datetime.datetime):
        fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
        return value.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def rows_of(database, sql):
    """Dicts, as the oracle has them; lists of codes are lists."""
    with duckdb.connect(str(database), read_only=True) as connection:
        result = connection.execute(sql)
        names = [one[0] for one in result.description]
        rows = [dict(zip(names, map(as_truth, row))) for row in result.fetchall()]
    for row in rows:
        for codes in ("flags", "reasons"):
            if codes in row:
                row[codes] = json.loads(row[codes])
    return rows


class Datasets:
    """The example project over a landing folder, in a lake of its own."""

    def __init__(self, project, landing, folder=EXAMPLE):
        self.project, self.landing, self.folder = project, pathlib.Path(landing), folder
        project.write_config()

    def run(self, *more, expect=None, command="run"):
        """The report; the exit code is 0, or 3 where rows went to quarantine, unless `expect` says."""
        arguments = ["dataset", command, "--project", self.folder, "--landing", self.landing, *more]
        done = self.project.run(*arguments, "--json", expect=expect)
        assert done.code in (0, 3), done.err
        return json.loads(done.out)

    def name_space(self, layer, semantics="corrected"):
        return f"{NAME}_{layer}" if semantics == "corrected" or layer == "bronze" else f"{NAME}_{semantics}_{layer}"

    def rows(self, layer, table, semantics="corrected", order=""):
        name = f"{self.name_space(layer, semantics)}.{table}"
        return rows_of(self.project.database, f"FROM {name}" + (f" ORDER BY {order}" if order else ""))


def in_order(rows, names):
    """By these columns, None first."""
    return sorted(rows, key=lambda row: [(row[name] is not None, "" if row[name] is None else row[name]) for name in names])


def delivered_text(value):
    """What bronze and quarantine hold of a delivered cell: its text, nothing for an empty one."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def is_same_cell(found, wanted):
    """Numbers of JSON are compared as numbers: 1.50 and 1.5 are one number."""
    wanted = delivered_text(wanted)
    if found == wanted:
        return True
    try:
        return decimal.Decimal(found) == decimal.Decimal(wanted)
    except (TypeError, ValueError, decimal.InvalidOperation):
        return False


def comparable(datasets, semantics="corrected"):
    """All rows of silver, quarantine and gold without what depends on the time of loading."""
    tables = {}
    with duckdb.connect(str(datasets.project.database), read_only=True) as connection:
        for layer in ("silver", "gold"):
            name_space = datasets.name_space(layer, semantics)
            names = connection.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = ? ORDER BY 1", [name_space]).fetchall()
            for (name,) in names:
                if name == "table_states":
                    continue
                columns = [one[0] for one in connection.execute(f'DESCRIBE {name_space}."{name}"').fetchall()]
                shown = ", ".join(f'"{column}"' for column in columns if column != "ingestion_time")
                rows = connection.execute(f'SELECT {shown} FROM {name_space}."{name}"').fetchall()
                tables[f"{layer}.{name}"] = sorted(rows, key=repr)
    return tables
