"""What a statement reads: the partitions that its filters leave, the columns that it names, and the bytes that BigQuery bills for them."""
from sqlglot import exp

from . import partitions
from .dialect import bad_query, base_tables
from .schema import quoted

MEBIBYTE = 1 << 20
FIXED = {"INTEGER": 8, "FLOAT": 8, "NUMERIC": 16, "BIGNUMERIC": 32, "BOOLEAN": 1, "TIMESTAMP": 8, "DATE": 8, "TIME": 8, "DATETIME": 8}


def billed(processed):
    """Queries are billed by whole mebibytes, 10 at least."""
    return 0 if processed == 0 else max(10, -(-processed // MEBIBYTE)) * MEBIBYTE


def bytes_read(view, statement, names, constant):
    """Bytes that `statement` reads. `constant` gives the time, as naive UTC, of an expression without columns, or None."""
    named = {column.name.lower() for column in statement.find_all(exp.Column)}
    total = 0
    for node in base_tables(statement):
        name = names.of(node)
        if name.table.upper().startswith("INFORMATION_SCHEMA."):
            total += 10 * MEBIBYTE
            continue
        table = names.state.tables.get(name)
        if table is None or is_only_written(node):
            continue
        wanted = wanted_fields(node, statement, table, named)
        total += table_bytes(view, name, table, wanted, partition_condition(node, table, constant))
    return total


def is_only_written(node):
    return isinstance(node.parent, (exp.Insert, exp.Create, exp.Drop, exp.Alter, exp.TruncateTable)) or isinstance(node.parent, exp.Schema)


def wanted_fields(node, statement, table, named):
    fields = table["schema"]["fields"]
    alias = (node.alias or node.name.split(".")[-1]).lower()
    whole = isinstance(node.parent, (exp.Delete, exp.Update, exp.Merge)) or alias in named
    scope = node.find_ancestor(exp.Select)
    if whole or (scope is not None and any(item.is_star for item in scope.expressions)):
        return fields
    # t.labels by itself is a table in a FROM, its column is read.
    named = named | {part.name.lower() for part in statement.find_all(exp.Identifier)}
    return [field for field in fields if field["name"].lower() in named]


def table_bytes(view, name, table, fields, keeps):
    sizes = " + ".join(f"coalesce({size_of(field)}, 0)" for field in fields) or "0"
    spec = table.get("timePartitioning")
    if spec is None:
        return int(view.one(f"SELECT coalesce(sum({sizes}), 0) FROM {name.sql()}"))
    by_partition = view.all(f"SELECT {partitions.id_expression(spec)}, sum({sizes}) FROM {name.sql()} GROUP BY 1")
    return sum(int(size) for partition, size in by_partition if keeps(partition))


def size_of(field):
    column = quoted(field["name"])
    if field["mode"] == "REPEATED" or field["type"] in ("RECORD", "JSON"):
        return f"strlen(CAST({column} AS VARCHAR))"
    if field["type"] in FIXED:
        return f"CASE WHEN {column} IS NOT NULL THEN {FIXED[field['type']]} END"
    return f"2 + {'octet_length' if field['type'] == 'BYTES' else 'strlen'}({column})"


def partition_condition(node, table, constant):
    """A function that tells of a partition's id whether the statement may read it."""
    spec = table.get("timePartitioning")
    if spec is None:
        return None
    tests = [test for conjunct in conjuncts(node) if (test := partition_test(conjunct, spec, constant)) is not None]
    if not tests and table.get("requirePartitionFilter") and not is_only_written(node):
        columns = "'_PARTITION_LOAD_TIME' or '_PARTITIONDATE' or '_PARTITIONTIME'" if "field" not in spec else f"'{spec['field']}'"
        name = "{projectId}.{datasetId}.{tableId}".format(**table["tableReference"])
        raise bad_query(f"Cannot query over table '{name}' without a filter over column(s) {columns} that can be used for "
                        "partition elimination")
    return lambda partition: all(test(partition) for test in tests)


def conjuncts(node):
    scope = node.find_ancestor(exp.Select, exp.Delete, exp.Update, exp.Merge)
    where = scope.args.get("where") if scope is not None else None
    conditions = [where.this] if where is not None else []
    if isinstance(scope, exp.Merge):
        conditions.append(scope.args["on"])
    return [conjunct.unnest() for condition in conditions
            for conjunct in (condition.flatten() if isinstance(condition, exp.And) else [condition])]


FLIPPED = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE, exp.EQ: exp.EQ}


def partition_test(conjunct, spec, constant):
    """A condition over the partition column and constants as a function of a partition's id; None for any other."""
    conjunct = conjunct.unnest()
    if isinstance(conjunct, (exp.Or, exp.And)):
        tests = [partition_test(part, spec, constant) for part in conjunct.flatten()]
        together = any if isinstance(conjunct, exp.Or) else all
        return None if None in tests else lambda partition: together(test(partition) for test in tests)
    if isinstance(conjunct, exp.Is) and is_partition_column(conjunct.this, spec) and isinstance(conjunct.expression, exp.Null):
        return lambda partition: partition == "__NULL__"
    if isinstance(conjunct, exp.Between) and is_partition_column(conjunct.this, spec):
        low, high = constant(conjunct.args["low"]), constant(conjunct.args["high"])
        return None if None in (low, high) else within(conjunct.this, spec, low, high)
    if isinstance(conjunct, exp.In) and is_partition_column(conjunct.this, spec) and conjunct.expressions:
        times = [constant(item) for item in conjunct.expressions]
        tests = [within(conjunct.this, spec, time, time) for time in times]
        return None if None in times else lambda partition: any(test(partition) for test in tests)
    kind = type(conjunct)
    if kind not in FLIPPED:
        return None
    left, right = conjunct.this, conjunct.expression
    if is_partition_column(right, spec):
        left, right, kind = right, left, FLIPPED[kind]
    if not is_partition_column(left, spec) or (time := constant(right)) is None:
        return None
    low = time if kind in (exp.GT, exp.GTE, exp.EQ) else None
    high = time if kind in (exp.LT, exp.LTE, exp.EQ) else None
    return within(left, spec, low, high, excludes_high=kind is exp.LT)


def is_partition_column(node, spec):
    node = node.unnest()
    while isinstance(node, (exp.Cast, exp.Date, exp.TsOrDsToDate, exp.Timestamp)) and node.this is not None:
        node = node.this
    names = {partitions.column(spec).lower()} | (set() if "field" in spec else {"_partitiondate"})
    return isinstance(node, exp.Column) and node.name.lower() in names


def within(left, spec, low, high, excludes_high=False):
    """Partitions with a moment in [low, high]. Of a date made from the column, only days are compared."""
    is_plain = isinstance(left.unnest(), exp.Column)

    def test(partition):
        if partition == "__NULL__":
            return False
        first, after = partitions.bounds(partition)
        if not is_plain or "field" not in spec:
            # _PARTITIONTIME itself is the partition's beginning.
            after = after if not is_plain else first
        if low is not None and not (after > low or first == low or (first == after and first >= low)):
            return False
        return high is None or (first < high if excludes_high else first <= high)

    return test
