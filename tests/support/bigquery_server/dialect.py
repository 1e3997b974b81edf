"""One statement of GoogleSQL to DuckDB's SQL: sqlglot does the languages, this the names, types and what only BigQuery has."""
import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType

from . import partitions
from .catalog import TableName
from .errors import ApiError
from .json_text import json_expression, part_of
from .schema import BIGNUMERIC_SCALE, bignumeric_scale, find, quoted

DUCKDB = "duckdb"


def bad_query(message):
    return ApiError("invalidQuery", message, location="query")


def positional_name(place):
    return f"positional_parameter_{place}"


def with_named_parameters(sql):
    """Each ? of the text as the parameter of its place."""
    marks = [token.start for token in sqlglot.tokenize(sql, read="bigquery") if token.token_type == TokenType.PLACEHOLDER]
    for place, start in reversed(list(enumerate(marks))):
        sql = f"{sql[:start]}@{positional_name(place)}{sql[start + 1:]}"
    return sql


def parsed(sql):
    """The statements of a script."""
    try:
        statements = [statement for statement in sqlglot.parse(with_named_parameters(sql), read="bigquery") if statement is not None]
    except sqlglot.errors.SqlglotError as failure:
        errors = getattr(failure, "errors", None) or [{}]
        where = f" at [{errors[0].get('line', 1)}:{errors[0].get('col', 1)}]"
        raise bad_query(f"Syntax error: {errors[0].get('description') or failure}{where}") from None
    for statement in statements:
        if isinstance(statement, exp.Command):
            raise bad_query(f"Syntax error: this server does not know the statement {statement.sql()[:80]}")
    if not statements:
        raise bad_query("Syntax error: Unexpected end of script at [1:1]")
    return statements


class Names:
    """Which table each name of a statement stands for."""

    def __init__(self, state, project, default_dataset=None):
        self.state, self.project, self.default = state, project, default_dataset

    def of(self, node):
        """The TableName of a table node; (project, dataset, view) of an INFORMATION_SCHEMA view is a TableName as well."""
        parts = [part for node_part in (node.args.get("catalog"), node.args.get("db"), node.this) if node_part is not None
                 for part in (node_part.name.split(".") if not node_part.name.startswith("INFORMATION_SCHEMA") else [node_part.name])]
        if len(parts) == 1:
            if not self.default:
                raise bad_query(f'Table "{parts[0]}" must be qualified with a dataset (e.g. dataset.table).')
            parts = [self.default.get("projectId", self.project), self.default["datasetId"], *parts]
        if len(parts) == 2:
            parts = [self.project, *parts]
        if len(parts) > 3:
            raise bad_query(f"Invalid table name: {'.'.join(parts)}")
        return TableName(*parts)


def base_tables(statement):
    """The table nodes that stand for stored tables or views of INFORMATION_SCHEMA."""
    own = {cte.alias.lower() for cte in statement.find_all(exp.CTE)}
    for node in list(statement.find_all(exp.Table)):
        if isinstance(node.this, exp.Identifier) and not (node.args.get("db") is None and node.name.lower() in own):
            yield node


class Translation:
    """One statement on its way to DuckDB. `tables` maps each base table node's alias to its name."""

    def __init__(self, statement, names, parameters, view_of_schema):
        self.statement, self.names, self.parameters = statement.copy(), names, parameters
        self.view_of_schema = view_of_schema  # function of a TableName in INFORMATION_SCHEMA: the name of a table with its rows
        self.read = set()
        self.aliases = {}
        self.wide = {}  # {index of a result's column: scale} that is a BIGNUMERIC sum

    def sql(self):
        self.name_tables()
        self.open_records()
        if isinstance(self.statement, exp.Query):
            self.name_columns()
        self.hide_pseudo_columns()
        # Children first, since what stands around them may be written anew with them.
        for node in reversed(list(self.statement.walk(bfs=True))):
            made = self.translated(node)
            if made is not node:
                node.replace(made)
        return self.statement.sql(dialect=DUCKDB, unsupported_level=sqlglot.ErrorLevel.IGNORE)

    def name_tables(self):
        for node in base_tables(self.statement):
            name = self.names.of(node)
            alias = node.alias or name.table
            if name.table.upper().startswith("INFORMATION_SCHEMA."):
                made = exp.to_table(self.view_of_schema(name), dialect=DUCKDB)
                alias = name.table.split(".")[1] if not node.alias or "." in node.alias else node.alias
            else:
                resource = self.names.state.table(name)
                self.read.add(name)
                self.aliases[alias.lower()] = resource
                made = exp.to_table(name.sql(), dialect=DUCKDB)
            node.set("this", made.this)
            node.set("db", made.args.get("db"))
            node.set("catalog", made.args.get("catalog"))
            if isinstance(node.parent, (exp.From, exp.Join, exp.Merge)) or node.args.get("alias"):
                node.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))

    def open_records(self):
        """UNNEST of records without a name has their fields as its columns."""
        for node in list(self.statement.find_all(exp.Unnest)):
            if isinstance(node.parent, (exp.From, exp.Join)) and node.args.get("alias") is None and not node.args.get("offset"):
                made = sqlglot.parse_one("SELECT UNNEST(x, max_depth := 2)", read=DUCKDB)
                made.find(exp.Column).replace(node.expressions[0].copy())
                node.replace(made.subquery())

    def name_columns(self):
        """Unnamed results are f0_, f1_; sums of BIGNUMERIC are made as wide as they are."""
        select = self.statement
        while isinstance(select, (exp.SetOperation, exp.Subquery)):
            select = select.this
        unnamed = 0
        for index, item in enumerate(select.expressions):
            inner = item.unalias()
            scale = self.bignumeric_sum_scale(inner) if select is self.statement else None
            if scale is not None:
                self.wide[index] = scale
                inner.replace(wide_sum(inner.this, scale)) if inner is not item else item.replace(item := wide_sum(inner.this, scale))
            if not item.alias and not item.output_name and not item.is_star:
                item.replace(exp.alias_(item.copy(), f"f{unnamed}_"))
                unnamed += 1
        if any(item.is_star for item in select.expressions):
            self.wide = {}

    def bignumeric_sum_scale(self, node):
        if not isinstance(node, exp.Sum) or isinstance(node.this, exp.Distinct):
            return None
        scales = [scale for part in node.this.walk() if (scale := self.bignumeric_scale_of(part)) is not None]
        return max(scales) if scales else None

    def bignumeric_scale_of(self, node):
        if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.BIGDECIMAL:
            return decimal_scale(node)
        field = self.field_of(node) if isinstance(node, (exp.Column, exp.Dot)) else None
        return bignumeric_scale(field) if field and field["type"] == "BIGNUMERIC" else None

    def field_of(self, node):
        """The field that a column reference means, as far as names tell; None otherwise."""
        if isinstance(node, exp.Dot):
            outer = self.field_of(node.this)
            return part_of(outer, node.expression.name)
        if not isinstance(node, exp.Column):
            return None
        parts = [part.name for part in node.parts]
        if len(parts) > 1 and parts[0].lower() in self.aliases:
            candidates, parts = [self.aliases[parts[0].lower()]], parts[1:]
        else:
            candidates = self.aliases.values()
        for resource in candidates:
            field = find(resource["schema"]["fields"], parts[0])
            for name in parts[1:]:
                field = part_of(field, name)
            if field:
                return field
        return None

    def hide_pseudo_columns(self):
        """SELECT * leaves _PARTITIONTIME out."""
        for select in self.statement.find_all(exp.Select):
            sources = [select.args.get("from_"), *(select.args.get("joins") or [])]
            hidden = [source.this.alias for source in sources if source is not None and isinstance(source.this, exp.Table)
                      and is_by_arrival(self.aliases.get(source.this.alias.lower()))]
            for item in select.expressions if hidden else ():
                star = item if isinstance(item, exp.Star) else item.this if isinstance(item, exp.Column) and item.is_star else None
                if star is not None and (star is item or item.table in hidden):
                    star.set("except_", [*(star.args.get("except_") or []), exp.to_identifier(partitions.PSEUDO_COLUMN)])

    def translated(self, node):
        for kind, change in CHANGES:
            if isinstance(node, kind):
                return change(self, node)
        return node

    def parameter(self, node):
        try:
            return self.parameters[node.name.lower()].copy()
        except KeyError:
            raise bad_query(f"Query parameter '{node.name}' not found") from None

    def column(self, node):
        if node.name.upper() == "_PARTITIONDATE":
            time = exp.column(partitions.PSEUDO_COLUMN, table=node.args.get("table"))
            return exp.cast(exp.cast(time, "TIMESTAMP", dialect=DUCKDB), "DATE", dialect=DUCKDB)
        return node

    def json_string(self, node):
        """TO_JSON_STRING of a table's row, of a column or of anything else."""
        inner = node.this
        if isinstance(inner, exp.Column) and not inner.table and inner.name.lower() in self.aliases:
            fields = self.aliases[inner.name.lower()]["schema"]["fields"]
            text = json_expression({"type": "RECORD", "mode": "REQUIRED", "fields": fields}, quoted(inner.name))
            return sqlglot.parse_one(text, read=DUCKDB)
        if isinstance(inner, exp.Struct) and (fields := self.struct_fields(inner)):
            text = json_expression({"type": "RECORD", "mode": "REQUIRED", "fields": [field for field, _ in fields]}, None,
                                   [value for _, value in fields])
            return sqlglot.parse_one(text, read=DUCKDB)
        field = self.field_of(inner)
        if field:
            return sqlglot.parse_one(json_expression(field, inner.sql(DUCKDB)), read=DUCKDB)
        return node

    def struct_fields(self, struct):
        """[(field, SQL)] of STRUCT(a, b AS c, CAST(d AS STRING) AS e) over columns; None when a part's type is not known by name."""
        result = []
        for item in struct.expressions:
            value = item.expression if isinstance(item, exp.PropertyEQ) else item.unalias()
            name = item.name if isinstance(item, exp.PropertyEQ) else item.alias_or_name
            field = self.field_of(value)
            if field is None:
                return None
            result.append((field | {"name": name}, value.sql(DUCKDB)))
        return result

    def cast(self, node):
        """CAST(number AS STRING) has no zeros that say nothing."""
        if node.to.this == exp.DataType.Type.TEXT:
            field, inner = self.field_of(node.this), node.this
            is_number = isinstance(inner, exp.Cast) and inner.to.this in NUMBERS
            if is_number or (field and field["mode"] != "REPEATED" and field["type"] in ("FLOAT", "NUMERIC", "BIGNUMERIC")):
                return exp.func("bq_plain_number", node.copy(), dialect=DUCKDB) if not is_wrapped(node) else node
        return node

    def data_type(self, node):
        kind = exp.DataType.Type
        if node.this == kind.DECIMAL and not is_of_duckdb(node):
            return decimal_type(9)
        if node.this == kind.BIGDECIMAL:
            return decimal_type(decimal_scale(node))
        return node

    def literal(self, node):
        is_float = not node.is_string and any(mark in node.this.lower() for mark in (".", "e"))
        return exp.cast(node.copy(), "DOUBLE", dialect=DUCKDB) if is_float and not isinstance(node.parent, exp.Cast) else node


NUMBERS = {exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL, exp.DataType.Type.DOUBLE}


def is_by_arrival(resource):
    spec = (resource or {}).get("timePartitioning")
    return bool(spec) and "field" not in spec


def is_wrapped(node):
    return isinstance(node.parent, exp.Anonymous) and node.parent.name == "bq_plain_number"


def decimal_scale(node):
    declared = node.expressions[1].this.name if len(node.expressions) > 1 else 0
    return max(BIGNUMERIC_SCALE, int(declared))


def decimal_type(scale):
    return exp.DataType.build(f"DECIMAL(38, {scale})", dialect=DUCKDB)


def is_of_duckdb(node):
    """Whether the type was written by us and not by the query: BigQuery's NUMERIC has at most 29 whole digits."""
    return len(node.expressions) > 1 and node.expressions[0].this.name == "38"


def wide_sum(value, scale):
    """SUM in two halves, whole and fraction, which cannot overflow together as DECIMAL(38, n) would."""
    if isinstance(value, exp.Cast) and isinstance(value.this, exp.FarmFingerprint):  # whole numbers, and dear
        made = sqlglot.parse_one("bq_wide_sum(CAST(SUM(CAST(x AS INT128)) AS TEXT), '0')", read=DUCKDB)
        made.find(exp.Column).replace(value.this.copy())
        return made
    halves = sqlglot.parse_one("bq_wide_sum(CAST(SUM(CAST(TRUNC(x) AS INT128)) AS TEXT), "
                               f"CAST(SUM(x - CAST(TRUNC(x) AS DECIMAL(38, {scale}))) AS TEXT))", read=DUCKDB)
    exact = exp.Cast(this=exp.Paren(this=value.copy()), to=decimal_type(scale))
    return halves.transform(lambda node: exact.copy() if isinstance(node, exp.Column) and node.name == "x" else node)


def as_date(_, node):
    return node if isinstance(node.parent, exp.Cast) else exp.cast(node.copy(), "DATE", dialect=DUCKDB)


def as_timestamp(_, node):
    return node if isinstance(node.parent, exp.Cast) else exp.cast(node.copy(), "TIMESTAMPTZ", dialect=DUCKDB)


CHANGES = [
    (exp.Parameter, Translation.parameter),
    (exp.DataType, Translation.data_type),
    (exp.Literal, Translation.literal),
    ((exp.DateTrunc, exp.DateAdd, exp.DateSub), as_date),
    (exp.UnixToTime, as_timestamp),
    (exp.JSONFormat, Translation.json_string),
    (exp.Cast, Translation.cast),
    (exp.Column, Translation.column),
]
