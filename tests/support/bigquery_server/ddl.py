"""CREATE, ALTER, DROP and TRUNCATE, made by hand since DuckDB has no partitions, clusters or locations."""
from sqlglot import exp

from .catalog import milliseconds
from .dialect import bad_query
from .errors import duplicate, not_found
from .schema import find, normalised
from .writing import stage

TYPE_NAMES = {"TEXT": "STRING", "VARCHAR": "STRING", "BIGINT": "INTEGER", "INT": "INTEGER", "DOUBLE": "FLOAT", "BOOLEAN": "BOOLEAN",
              "DECIMAL": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC", "TIMESTAMPTZ": "TIMESTAMP", "TIMESTAMP": "DATETIME",
              "DATETIME": "DATETIME", "DATE": "DATE", "TIME": "TIME", "BINARY": "BYTES", "VARBINARY": "BYTES", "JSON": "JSON", "STRUCT": "RECORD"}


def run_ddl(view, statement, names, query, location):
    """Runs one statement; the TableName that it is about, or None. `query` runs a SELECT to a Result."""
    if isinstance(statement, exp.Create) and statement.kind == "SCHEMA":
        return create_schema(view, statement, names, location)
    if isinstance(statement, exp.Create) and statement.kind == "TABLE":
        return create_table(view, statement, names, query)
    if isinstance(statement, exp.Drop) and statement.kind in ("TABLE", "SCHEMA"):
        return drop(view, statement, names)
    if isinstance(statement, exp.Alter) and statement.args["kind"] == "TABLE":
        return alter_table(view, statement, names)
    if isinstance(statement, exp.TruncateTable):
        name = names.of(statement.expressions[0])
        view.state.table(name)
        view.cursor.execute(f"DELETE FROM {name.sql()}")
        view.touch(name)
        return name
    raise bad_query(f"Syntax error: this server does not know the statement {statement.sql('bigquery')[:80]}")


def dataset_parts(node, names):
    parts = [part for identifier in (node.args.get("catalog"), node.args.get("db")) if identifier is not None
             for part in identifier.name.split(".")]
    return (parts if len(parts) == 2 else [names.project, *parts])


def create_schema(view, statement, names, location):
    project, dataset = dataset_parts(statement.this, names)
    if (project, dataset) in view.state.datasets:
        if statement.args.get("exists"):
            return None
        raise duplicate("Dataset", f"{project}:{dataset}")
    view.put_dataset(project, dataset, dataset_resource(project, dataset, location))
    return None


def dataset_resource(project, dataset, location):
    return {"kind": "bigquery#dataset", "id": f"{project}:{dataset}", "location": location, "creationTime": milliseconds(),
            "datasetReference": {"projectId": project, "datasetId": dataset}}


def create_table(view, statement, names, query):
    node = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    name = names.of(node)
    view.state.dataset(name.project, name.dataset)
    if name in view.state.tables:
        if statement.args.get("exists"):
            return name
        if not statement.args.get("replace"):
            raise duplicate("Table", name)
    fields = [field_of_column(column) for column in statement.this.expressions] if isinstance(statement.this, exp.Schema) else []
    result = query(statement.expression) if statement.expression is not None else None
    spec, clustering, options = layout(statement)
    fields = normalised(fields or result.fields)
    view.create_table(name, fields, spec, clustering, **options)
    if result is not None:
        columns = stage(view, view.state.tables[name], result.rows.rename_columns([field["name"] for field in fields]), None)
        listed = ", ".join(f'"{column}"' for column in columns)
        view.cursor.execute(f"INSERT INTO {name.sql()} ({listed}) SELECT {listed} FROM temp.staged_rows")
    return name


def field_of_column(column):
    field = field_of_type(column.name, column.kind)
    for constraint in column.args.get("constraints") or []:
        if isinstance(constraint.kind, exp.NotNullColumnConstraint):
            field["mode"] = "REQUIRED"
    return field


def field_of_type(name, kind):
    if kind.this == exp.DataType.Type.ARRAY:
        return field_of_type(name, kind.expressions[0]) | {"mode": "REPEATED"}
    field = {"name": name, "type": TYPE_NAMES.get(kind.this.value, kind.this.value), "mode": "NULLABLE"}
    if field["type"] == "RECORD":
        field["fields"] = [field_of_column(part) for part in kind.expressions]
    elif field["type"] in ("NUMERIC", "BIGNUMERIC") and kind.expressions:
        field |= dict(zip(("precision", "scale"), [part.this.name for part in kind.expressions]))
    return field


def layout(statement):
    """(timePartitioning, clustering, more of the table's resource) of PARTITION BY, CLUSTER BY and OPTIONS."""
    spec, clustering, options = None, None, {}
    properties = statement.args.get("properties")
    for item in properties.expressions if properties is not None else []:
        if isinstance(item, exp.PartitionedByProperty):
            spec = spec_of(item.this)
        elif isinstance(item, (exp.ClusterProperty, exp.Cluster)):
            clustering = {"fields": [column.name for column in item.expressions]}
        elif item.name == "require_partition_filter":
            options["requirePartitionFilter"] = item.args["value"].name.lower() == "true" or item.args["value"].this is True
        elif item.name in ("description", "friendly_name"):
            options[{"friendly_name": "friendlyName"}.get(item.name, item.name)] = item.args["value"].name
    for item in properties.expressions if properties is not None else []:
        if item.name == "partition_expiration_days" and spec is not None:
            spec["expirationMs"] = str(int(float(item.args["value"].name) * 86400000))
    return spec, clustering, options


def spec_of(node):
    """PARTITION BY day, DATE(ts), TIMESTAMP_TRUNC(ts, MONTH), DATE_TRUNC(day, MONTH), _PARTITIONDATE."""
    column = node.find(exp.Column, exp.Identifier)  # a bare column is only a name
    if column is None:
        raise bad_query("PARTITION BY expression must be a column or a truncation of one")
    unit = node.args.get("unit")
    spec = {"type": unit.name.upper() if unit is not None else "DAY"}
    return spec if column.name.upper() in ("_PARTITIONDATE", "_PARTITIONTIME") else spec | {"field": column.name}


def drop(view, statement, names):
    may_miss = statement.args.get("exists")
    if statement.kind == "SCHEMA":
        project, dataset = dataset_parts(statement.this, names)
        if (project, dataset) not in view.state.datasets:
            if may_miss:
                return None
            raise not_found("Dataset", f"{project}:{dataset}")
        if not statement.args.get("cascade") and any((name.project, name.dataset) == (project, dataset) for name in view.state.tables):
            raise bad_query(f"Dataset {project}:{dataset} is still in use")
        view.drop_dataset(project, dataset)
        return None
    name = names.of(statement.this)
    if name in view.state.tables or not may_miss:
        view.state.table(name)
        view.drop_table(name)
    return name


def alter_table(view, statement, names):
    name = names.of(statement.this)
    fields = list(view.state.table(name)["schema"]["fields"])
    for action in statement.args["actions"]:
        if not isinstance(action, exp.ColumnDef):
            raise bad_query(f"Syntax error: this server does not know ALTER TABLE {action.sql('bigquery')[:80]}")
        field = field_of_column(action)
        if find(fields, field["name"]):
            if action.args.get("exists"):
                continue
            raise bad_query(f"Column already exists: {field['name']}")
        if field["mode"] == "REQUIRED":
            raise bad_query(f"Cannot add required column {field['name']} to an existing table")
        fields.append(field)
    view.set_fields(name, normalised(fields))
    return name
