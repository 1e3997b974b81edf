"""Runs scripts of GoogleSQL: queries, DML, DDL and transactions of several statements."""
import dataclasses
import datetime
import decimal
import itertools

import duckdb
import pyarrow as pa
from sqlglot import exp

from . import information_schema
from .catalog import TableName
from .ddl import dataset_parts, run_ddl
from .dialect import Names, Translation, bad_query, base_tables, parsed, positional_name
from .errors import ApiError, invalid
from .pruning import billed, bytes_read
from .schema import field_of_duckdb, quoted
from .values import parameter_sql


def parameters_of(given):
    """{name in lower case: expression of DuckDB}; positional ones are named as dialect.parsed names them."""
    places = itertools.count()
    return {(parameter.get("name") or positional_name(next(places))).lower():
            parameter_sql(parameter.get("parameterType"), parameter.get("parameterValue")) for parameter in given or []}


@dataclasses.dataclass
class Result:
    """What a statement led to. `rows` is an Arrow table; None where there are none."""

    kind: str
    rows: pa.Table = None
    fields: list = None
    affected: int = None
    bytes: int = 0
    ddl_target: object = None

    def statistics(self):
        found = {"statementType": self.kind, "totalBytesProcessed": str(self.bytes), "totalBytesBilled": str(billed(self.bytes)),
                 "cacheHit": False, "schema": {"fields": self.fields or []}}
        if self.affected is not None:
            found["numDmlAffectedRows"] = str(self.affected)
            counter = {"INSERT": "insertedRowCount", "DELETE": "deletedRowCount", "UPDATE": "updatedRowCount"}.get(self.kind)
            found["dmlStats"] = {counter: str(self.affected)} if counter else {}
        if self.ddl_target is not None:
            found["ddlTargetTable"] = self.ddl_target.reference()
        return found


DML = {exp.Insert: "INSERT", exp.Delete: "DELETE", exp.Update: "UPDATE", exp.Merge: "MERGE"}


class Script:
    """One query job's text over the catalog. `allow` is asked for each table: allow(name, "read" or "write")."""

    def __init__(self, catalog, configuration, project, location, allow):
        self.catalog, self.configuration, self.project, self.location, self.allow = catalog, configuration, project, location, allow
        self.statements = parsed(configuration["query"])
        self.parameters = parameters_of(configuration.get("queryParameters"))
        self.default = configuration.get("defaultDataset")
        self.is_cancelled = lambda: False

    # ---- before it runs

    def location_of_tables(self, state):
        """Where the first dataset that the script names lies; None when it names none that is there."""
        for statement in self.statements:
            if isinstance(statement, exp.Create) and statement.kind == "SCHEMA":
                place = statement.find(exp.LocationProperty)
                return place.this.name.upper() if place is not None and len(place.this.name) == 2 else place and place.this.name
            for node in base_tables(statement):
                name = Names(state, self.project, self.default).of(node)
                dataset = state.datasets.get((name.project, name.dataset))
                if dataset:
                    return dataset["location"]
        return None

    def is_query(self):
        return len(self.statements) == 1 and isinstance(self.statements[0], exp.Query)

    def estimate(self):
        """The Result of a dry run: bytes and schema, no rows."""
        with self.catalog.reading() as view:
            result = Result("SCRIPT")
            for statement in self.statements:
                one = self.estimated(view, statement)
                result.bytes += one.bytes
            return one if len(self.statements) == 1 else result

    def estimated(self, view, statement):
        names = self.names(view)
        self.check(statement, names)
        if isinstance(statement, exp.Query):
            sql, translation = self.translate(view, statement)
            result = self.select(view, f"SELECT * FROM ({sql}) LIMIT 0", translation)
            result.rows = None
        else:
            result = Result(DML.get(type(statement)) or kind_of(statement))
            if type(statement) in DML:
                self.execute(view, "EXPLAIN " + self.translate(view, statement)[0])
        result.bytes = self.read_bytes(view, statement)
        return result

    # ---- running

    def run(self, write_result=None):
        """The Result of the last statement, with the bytes of all. `write_result(view, result)` puts rows where they belong by
        the same commit."""
        last, total, index = Result("SCRIPT"), 0, 0
        while index < len(self.statements):
            statement = self.statements[index]
            if isinstance(statement, exp.Transaction):
                ends = self.end_of_transaction(index)
                results = self.run_together(self.statements[index + 1:ends], self.statements[ends:ends + 1])
                index = ends
            elif isinstance(statement, (exp.Commit, exp.Rollback)):
                raise bad_query("There is no transaction to commit or to roll back")
            else:
                results = [self.run_alone(statement, write_result)]
            total += sum(result.bytes for result in results)
            last = next((result for result in reversed(results)), last)
            index += 1
        if len(self.statements) > 1:
            last = dataclasses.replace(last, kind="SCRIPT", affected=None)
        last.bytes = total
        return last

    def end_of_transaction(self, begin):
        for index in range(begin + 1, len(self.statements)):
            if isinstance(self.statements[index], exp.Transaction):
                raise bad_query("Transaction is already started")
            if isinstance(self.statements[index], (exp.Commit, exp.Rollback)):
                return index
        return len(self.statements)  # the script's end rolls back

    def run_together(self, statements, end):
        """All of them or none."""
        class RolledBack(Exception):
            pass

        results = []
        try:
            with self.catalog.writing() as view:
                for statement in statements:
                    results.append(self.run_in(view, statement))
                if not end or isinstance(end[0], exp.Rollback):
                    raise RolledBack
        except RolledBack:
            pass
        return results

    def run_alone(self, statement, write_result):
        if isinstance(statement, exp.Query) and write_result is None:
            with self.catalog.reading() as view:
                return self.run_in(view, statement)
        with self.catalog.writing() as view:
            result = self.run_in(view, statement)
            if write_result is not None and result.rows is not None:
                write_result(view, result)
            return result

    def run_in(self, view, statement):
        if self.is_cancelled():
            raise ApiError("stopped", "Job execution was cancelled: User requested cancellation")
        self.check(statement, self.names(view))
        read = self.read_bytes(view, statement)
        limit = int(self.configuration.get("maximumBytesBilled") or 0)
        if limit and billed(read) > limit:
            raise ApiError("bytesBilledLimitExceeded", f"Query exceeded limit for bytes billed: {limit}. {billed(read)} or higher required.",
                           code=400)
        if isinstance(statement, exp.Query):
            sql, translation = self.translate(view, statement)
            result = self.select(view, sql, translation)
        elif type(statement) in DML:
            result = self.change(view, statement)
        else:
            result = self.define(view, statement)
        result.bytes = read
        return result

    def select(self, view, sql, translation):
        self.execute(view, sql)
        description = [(name, kind) for name, kind, *_ in view.cursor.description]
        huge = [name for name, kind in description if str(kind).lower() in ("hugeint", "uhugeint", "ubigint")]
        if huge:  # sums of INT64, which Arrow would have as floating point
            casts = ", ".join(f"CAST({quoted(name)} AS BIGINT) AS {quoted(name)}" for name in huge)
            self.execute(view, f"SELECT * REPLACE ({casts}) FROM ({sql})")
        names = [name.lower() for name, _ in description]
        if len(set(names)) != len(names):
            raise bad_query("Duplicate column names in the result are not supported. Found duplicate(s): "
                            + ", ".join(sorted({name for name in names if names.count(name) > 1})))
        rows = view.cursor.to_arrow_table()
        fields = [field_of_duckdb(*column) for column in description]
        for index in translation.wide:
            fields[index]["type"] = "BIGNUMERIC"
            rows = rows.set_column(index, rows.column_names[index], wide_decimals(rows.column(index)))
        return Result("SELECT", rows, fields)

    def change(self, view, statement):
        target = self.target(statement, self.names(view))
        if isinstance(statement, (exp.Delete, exp.Update)) and statement.args.get("where") is None:
            raise bad_query(f"{DML[type(statement)]} must have a WHERE clause")
        sql, _ = self.translate(view, statement)
        self.execute(view, sql)
        affected = view.cursor.fetchone()[0]
        view.touch(target)
        return Result(DML[type(statement)], affected=affected)

    def target(self, statement, names):
        node = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
        name = names.of(node)
        if names.state.table(name)["type"] != "TABLE":
            raise invalid(f"{name} is not a table and cannot be changed")
        return name

    def define(self, view, statement):
        def query(select):
            sql, translation = self.translate(view, select)
            return self.select(view, sql, translation)

        target = run_ddl(view, statement, self.names(view), query, self.location)
        return Result(kind_of(statement), ddl_target=target)

    # ---- its parts

    def names(self, view):
        return Names(view.state, self.project, self.default)

    def check(self, statement, names):
        """What each table needs: rights, and to be where the job runs."""
        written = None
        if type(statement) in DML or isinstance(statement, (exp.Create, exp.Drop, exp.Alter, exp.TruncateTable)):
            written = statement.find(exp.Table)
        for node in base_tables(statement):
            if isinstance(node.parent, (exp.Create, exp.Drop)) and node.parent.kind == "SCHEMA":
                self.allow(TableName(*dataset_parts(node, names), ""), "write")
                continue
            name = names.of(node)
            dataset = names.state.datasets.get((name.project, name.dataset))
            if dataset is None or dataset["location"] != self.location:
                where = f" was not found in location {self.location}"
                raise ApiError("notFound", f"Not found: Dataset {name.project}:{name.dataset}{where}")
            if name.table.upper().startswith("INFORMATION_SCHEMA."):
                name = TableName(name.project, name.dataset, "")
            self.allow(name, "write" if node is written else "read")

    def read_bytes(self, view, statement):
        def constant(node):
            return self.constant_time(view, node)

        return bytes_read(view, statement, self.names(view), constant)

    def constant_time(self, view, node):
        if node.find(exp.Column, exp.Query, exp.Placeholder):
            return None
        try:
            sql, _ = self.translate(view, exp.select(node.copy()))
            value = view.cursor.execute(f"SELECT CAST(value AS TIMESTAMP) FROM ({sql}) AS made(value)").fetchone()[0]
        except (duckdb.Error, ApiError):
            return None
        return value if isinstance(value, datetime.datetime) else None

    def translate(self, view, statement):
        translation = Translation(statement, self.names(view), self.parameters,
                                  lambda name: information_schema.table_of(view, name))
        return translation.sql(), translation

    def execute(self, view, sql):
        try:
            view.cursor.execute(sql)
        except duckdb.Error as failure:
            raise bad_query(str(failure).splitlines()[0]) from None


def wide_decimals(column):
    kind = pa.decimal256(76, 38)
    return pa.array([None if text is None else decimal.Decimal(text) for text in column.to_pylist()], kind)


def kind_of(statement):
    if isinstance(statement, exp.Create):
        return f"CREATE_{statement.kind}" + ("_AS_SELECT" if statement.expression is not None else "")
    if isinstance(statement, exp.Drop):
        return f"DROP_{statement.kind}"
    return {exp.Alter: "ALTER_TABLE", exp.TruncateTable: "TRUNCATE_TABLE"}.get(type(statement), "SCRIPT")
