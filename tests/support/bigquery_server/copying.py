"""Copy jobs: whole tables or partitions, rows and description, on the server's side."""
from . import partitions
from .dialect import is_by_arrival
from .errors import ApiError, invalid
from .schema import quoted
from .writing import in_partition, put


def copy_tables(view, sources, target, location):
    """The number of rows that were copied into `target`, all sources by one commit."""
    copied, write = 0, target.write
    for position, (name, partition) in enumerate(sources):
        table = view.state.table(name)
        place = view.state.dataset(name.project, name.dataset)["location"]
        if place != location:
            raise ApiError("invalid", f"Cannot read and write in different locations: source: {place}, destination: {location}")
        spec = table.get("timePartitioning")
        if partition:
            partitions.check_decorator(spec, partition, name)
        condition = in_partition(table, partition) if partition else "true"
        if is_by_arrival(table) and not partition and view.count(name):
            raise invalid("This server copies tables that are partitioned by arrival by their partitions only")
        columns = ", ".join(quoted(field["name"]) for field in table["schema"]["fields"])
        rows = view.cursor.execute(f"SELECT {columns} FROM {name.sql()} WHERE {condition}").to_arrow_table()
        if target.name not in view.state.tables:
            target.spec = spec and {key: value for key, value in spec.items() if key != "expirationMs"}
            target.clustering = table.get("clustering")
        target.write = write if position == 0 else "WRITE_APPEND"
        copied += put(view, target, rows, table["schema"]["fields"])
    return copied
