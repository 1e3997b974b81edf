"""Datasets, tables and rows of the REST API."""
import base64
import re

from .catalog import TableName
from .ddl import dataset_resource
from .errors import ApiError, duplicate, invalid
from .http_server import Answer
from .partitions import checked
from .pruning import table_bytes
from .schema import find, merged, normalised, quoted
from .values import rows_of
from .writing import in_partition

DATASET = r"/bigquery/v2/projects/(?P<project>[^/]+)/datasets"
TABLE = DATASET + r"/(?P<dataset>[^/]+)/tables"
NAME = re.compile(r"\w{1,1024}")
TABLE_NAME = re.compile(r"[\w\- ]{1,1024}")
PATCHED = ("friendlyName", "description", "labels", "defaultTableExpirationMs", "access", "requirePartitionFilter", "expirationTime")
PAGE = 10000  # rows of a page when nobody says


def page_token(begin):
    return base64.urlsafe_b64encode(f"row:{begin}".encode()).decode()


def begin_of(request):
    """The first row that a request for a page wants."""
    token = request.parameters.get("pageToken")
    if not token:
        return request.number("startIndex") or 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("row:"))
    except ValueError:
        raise invalid(f"Invalid value for pageToken: {token}") from None


def page(rows, begin, total, largest, small):
    """(rows, next page's token or None): of the `rows` from `begin` on as many as have `largest` bytes, but one at least. `small`: all
    of them are known to have fewer."""
    size, end = 0, begin
    for row in rows if not small else ():
        size += len(str(row))
        if end > begin and size > largest:
            break
        end += 1
    end = begin + len(rows) if small else end
    taken = rows[:end - begin]
    return taken, page_token(end) if end < total else None


def is_small(rows, largest):
    """Whether the JSON of an Arrow table has certainly fewer bytes."""
    return 8 * rows.nbytes + 200 * len(rows) * len(rows.columns) < largest


class TablesApi:
    def __init__(self, catalog, identity, jobs, settings):
        self.catalog, self.identity, self.jobs, self.settings = catalog, identity, jobs, settings

    def routes(self):
        one = DATASET + r"/(?P<dataset>[^/]+)"
        table = TABLE + r"/(?P<table>[^/]+)"
        return [("POST", DATASET, self.insert_dataset), ("GET", DATASET, self.list_datasets), ("GET", one, self.get_dataset),
                ("PATCH", one, self.patch_dataset), ("PUT", one, self.patch_dataset), ("DELETE", one, self.delete_dataset),
                ("POST", TABLE, self.insert_table), ("GET", TABLE, self.list_tables), ("GET", table, self.get_table),
                ("PATCH", table, self.patch_table), ("PUT", table, self.patch_table), ("DELETE", table, self.delete_table),
                ("GET", table + "/data", self.list_rows)]

    # ---- datasets

    def require_dataset(self, request, permission):
        project, dataset = request.groups["project"], request.groups["dataset"]
        self.identity.require(request.principal, permission, f"{project}.{dataset}", f"Dataset {project}:{dataset}")
        return project, dataset

    def insert_dataset(self, request):
        body, project = request.json(), request.groups["project"]
        self.identity.require(request.principal, "write", project, f"Project {project}")
        reference = body.get("datasetReference") or {}
        dataset = reference.get("datasetId", "")
        if not NAME.fullmatch(dataset):
            raise invalid(f'Invalid dataset ID "{dataset}". Dataset IDs must be alphanumeric (plus underscores) and must be at most 1024 '
                          "characters long.")
        location = body.get("location") or "US"
        location = location.upper() if len(location) == 2 else location.lower()
        with self.catalog.writing() as view:
            if (project, dataset) in view.state.datasets:
                raise duplicate("Dataset", f"{project}:{dataset}")
            view.put_dataset(project, dataset, {key: body[key] for key in PATCHED if key in body} | dataset_resource(project, dataset, location))
        return Answer(self.catalog.state.datasets[project, dataset])

    def get_dataset(self, request):
        project, dataset = self.require_dataset(request, "read")
        return Answer(self.catalog.state.dataset(project, dataset))

    def list_datasets(self, request):
        found = [resource for (project, _), resource in sorted(self.catalog.state.datasets.items()) if project == request.groups["project"]]
        found = [resource for resource in found if self.identity.has(request.principal, ("dataViewer", "dataEditor"),
                                                                     "{projectId}.{datasetId}".format(**resource["datasetReference"]))]
        return listed(request, "bigquery#datasetList", "datasets", found, ("kind", "id", "datasetReference", "location", "labels", "friendlyName"))

    def patch_dataset(self, request):
        project, dataset = self.require_dataset(request, "write")
        body = request.json()
        with self.catalog.writing() as view:
            resource = view.state.dataset(project, dataset)
            check_etag(request, resource)
            if body.get("location", resource["location"]).upper() != resource["location"].upper():
                raise invalid("A dataset's location cannot be changed")
            view.put_dataset(project, dataset, patched(resource, body))
        return Answer(self.catalog.state.datasets[project, dataset])

    def delete_dataset(self, request):
        project, dataset = self.require_dataset(request, "write")
        with self.catalog.writing() as view:
            view.state.dataset(project, dataset)
            if not request.flag("deleteContents") and any((name.project, name.dataset) == (project, dataset) for name in view.state.tables):
                raise ApiError("resourceInUse", f"Dataset {project}:{dataset} is still in use", code=400)
            view.drop_dataset(project, dataset)
        return Answer(status=204)

    # ---- tables

    def name_of(self, request, permission):
        project, dataset, table = (request.groups[key] for key in ("project", "dataset", "table"))
        name, partition = TableName.of({"projectId": project, "datasetId": dataset, "tableId": table})
        self.identity.require(request.principal, permission, f"{project}.{dataset}.{name.table}", f"Table {name}")
        return name, partition

    def insert_table(self, request):
        project, dataset = self.require_dataset(request, "write")
        body = request.json()
        name, partition = TableName.of({"projectId": project, "datasetId": dataset} | (body.get("tableReference") or {}))
        if (name.project, name.dataset) != (project, dataset):
            raise invalid("The table reference is not in the request's dataset")
        if partition or not TABLE_NAME.fullmatch(name.table):
            raise invalid(f'Invalid table ID "{name.table}".')
        fields = normalised(((body.get("schema") or {}).get("fields"))) if body.get("schema") else []
        if not fields:
            raise invalid("This server has no tables without a schema")
        check_clustering(body.get("clustering"), fields)
        with self.catalog.writing() as view:
            if name in view.state.tables:
                raise duplicate("Table", name)
            view.create_table(name, fields, body.get("timePartitioning"), body.get("clustering"),
                              **{key: body[key] for key in PATCHED if key in body})
        return Answer(self.shown(name))

    def shown(self, name):
        """The resource with what is counted."""
        with self.catalog.reading() as view:
            table = view.state.table(name)
            rows = view.count(name)
            size = table_bytes(view, name, table, table["schema"]["fields"], lambda partition: True)
            return table | {"numRows": str(rows), "numBytes": str(size), "numLongTermBytes": "0"}

    def get_table(self, request):
        name, partition = self.name_of(request, "read")
        shown = self.shown(name)
        if partition:
            with self.catalog.reading() as view:
                shown["numRows"] = str(view.count(name, in_partition(view.state.table(name), partition)))
        return Answer(shown)

    def list_tables(self, request):
        project, dataset = self.require_dataset(request, "read")
        self.catalog.state.dataset(project, dataset)
        found = [resource for name, resource in sorted(self.catalog.state.tables.items(), key=lambda item: item[0].table)
                 if (name.project, name.dataset) == (project, dataset)]
        return listed(request, "bigquery#tableList", "tables", found,
                      ("kind", "id", "tableReference", "type", "timePartitioning", "clustering", "creationTime", "labels", "friendlyName"))

    def patch_table(self, request):
        name, _ = self.name_of(request, "write")
        body = request.json()
        with self.catalog.writing() as view:
            table = view.state.table(name)
            check_etag(request, table)
            if body.get("schema"):
                view.set_fields(name, patched_fields(table["schema"]["fields"], normalised(body["schema"]["fields"]), name))
                table = view.state.tables[name]
            if body.get("timePartitioning"):
                spec = checked(body["timePartitioning"], table["schema"]["fields"])
                if [spec.get(key) for key in ("type", "field")] != [table.get("timePartitioning", {}).get(key) for key in ("type", "field")]:
                    raise invalid("Cannot change partitioning spec for a partitioned table")
                table = table | {"timePartitioning": spec}
            if body.get("clustering"):
                check_clustering(body["clustering"], table["schema"]["fields"])
                table = table | {"clustering": body["clustering"]}
            view.put_table(name, patched(table, body))
        return Answer(self.shown(name))

    def delete_table(self, request):
        name, partition = self.name_of(request, "write")
        with self.catalog.writing() as view:
            table = view.state.table(name)
            if partition:
                view.cursor.execute(f"DELETE FROM {name.sql()} WHERE {in_partition(table, partition)}")
                view.touch(name)
            else:
                view.drop_table(name)
        return Answer(status=204)

    # ---- rows

    def list_rows(self, request):
        if (job := self.jobs.anonymous.get(anonymous_name(request))) is not None:
            return Answer(self.rows_answer(request, job.result.rows, job.result.fields))
        name, partition = self.name_of(request, "read")
        begin, most = begin_of(request), request.number("maxResults")
        with self.catalog.reading() as view:
            table = view.state.table(name)
            fields = selected(table["schema"]["fields"], request.parameters.get("selectedFields"))
            condition = in_partition(table, partition) if partition else "true"
            total = view.count(name, condition)
            columns = ", ".join(quoted(field["name"]) for field in fields)
            rows = view.cursor.execute(f"SELECT {columns} FROM {name.sql()} WHERE {condition} ORDER BY rowid LIMIT {PAGE if most is None else most} "
                                       f"OFFSET {begin}").to_arrow_table()
        made = rows_of(rows, fields, request.flag("formatOptions.useInt64Timestamp"))
        largest = self.settings.largest_page_bytes
        taken, token = page(made, begin, total, largest, is_small(rows, largest))
        answer = {"kind": "bigquery#tableDataList", "etag": table["etag"], "totalRows": str(total), "rows": taken}
        return Answer(answer | ({"pageToken": token} if token else {}))

    def rows_answer(self, request, rows, fields):
        answer = self.result_page(rows, fields, begin_of(request), request.number("maxResults"), request.flag("formatOptions.useInt64Timestamp"))
        return {"kind": "bigquery#tableDataList", "etag": "anonymous"} | answer

    def result_page(self, rows, fields, begin, most, int64_timestamps):
        """A page of a result: totalRows, rows, pageToken."""
        part, largest = rows.slice(begin, PAGE if most is None else most), self.settings.largest_page_bytes
        taken, token = page(rows_of(part, fields, int64_timestamps), begin, len(rows), largest, is_small(part, largest))
        return {"totalRows": str(len(rows)), "rows": taken} | ({"pageToken": token} if token else {})


def anonymous_name(request):
    groups = request.groups
    return TableName(groups["project"], groups["dataset"], groups["table"])


def selected(fields, names):
    if not names:
        return fields
    wanted = names.split(",")
    missing = [name for name in wanted if find(fields, name) is None]
    if missing:
        raise invalid(f"Invalid value for selectedFields: no such field {missing[0]}")
    return [field for field in fields if field["name"].lower() in {name.lower() for name in wanted}]


def listed(request, kind, key, resources, shown):
    begin, most = begin_of(request), request.number("maxResults") or 50
    part = resources[begin:begin + most]
    answer = {"kind": kind, "etag": "list", key: [{name: resource[name] for name in shown if name in resource} for resource in part]}
    if key == "tables":
        answer["totalItems"] = len(resources)
    if begin + most < len(resources):
        answer["nextPageToken"] = page_token(begin + most)
    return Answer(answer)


def check_etag(request, resource):
    wanted = request.headers.get("if-match")
    if wanted not in (None, "*", resource["etag"]):
        raise ApiError("conditionNotMet", "Precondition check failed.", code=412)


def patched(resource, body):
    """null takes a property away."""
    result = dict(resource)
    for key in PATCHED:
        if key in body:
            result[key] = body[key]
            if body[key] is None:
                del result[key]
    return result


def patched_fields(old, new, name):
    """A patch may add nullable columns and relax required ones; whatever else is refused."""
    def missing(old, new, path):
        for field in old:
            other = find(new, field["name"])
            if other is None:
                return path + field["name"]
            if field["type"] == "RECORD" == other["type"]:
                inner = missing(field["fields"], other["fields"], path + field["name"] + ".")
                if inner:
                    return inner
        return None

    if gone := missing(old, new, ""):
        raise invalid(f"Provided Schema does not match Table {name}. Field {gone} is missing in new schema")
    return merged(old, new, True, True, name)


def check_clustering(clustering, fields):
    for column in (clustering or {}).get("fields", []):
        if find(fields, column) is None:
            raise invalid(f"The field specified for clustering cannot be found in the schema. Invalid field: {column}.")
    if len((clustering or {}).get("fields", [])) > 4:
        raise invalid("Clustering is on at most 4 columns")
