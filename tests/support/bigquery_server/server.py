"""The server as a whole: its parts, what holds for every request, and the control of it by tests."""
import copy
import dataclasses
import json

from .catalog import Catalog, TableName
from .ddl import dataset_resource
from .errors import ApiError
from .faults import Faults
from .http_server import CONTROL, Answer, HttpServer
from .identity import READING_SCOPES, SCOPES, Identity
from .identity_api import IdentityApi
from .jobs import Jobs
from .jobs_api import JobsApi
from .loading import read_json_lines
from .queries import Script
from .schema import normalised
from .tables_api import TablesApi
from .values import rows_of
from .writing import Target, put


@dataclasses.dataclass
class Settings:
    pending_seconds: float = 0.0  # how long a job is PENDING
    running_seconds: float = 0.0  # and RUNNING before it does anything
    upload_seconds: float = 7 * 86400.0  # life of a resumable upload's session
    loads_per_table_per_day: int = 1500
    largest_page_bytes: int = 10 << 20
    largest_result_bytes: int = 10 << 30


class BigQueryServer:
    """Answers from start() (or `with`) to stop(). `url` is the endpoint of everything; `control` is what tests hold on to."""

    def __init__(self, folder=None, port=0):
        self.settings, self.identity, self.faults = Settings(), Identity(), Faults()
        self.catalog, self.http = Catalog(folder), HttpServer(port)
        self.url = self.identity.url = self.http.url
        self.jobs = Jobs(self.catalog, self.identity, self.faults, self.settings)
        self.tables_api = TablesApi(self.catalog, self.identity, self.jobs, self.settings)
        self.jobs_api = JobsApi(self.jobs, self.tables_api, self.settings, self.url)
        self.control = Control(self)

    def routes(self):
        api = [(method, pattern, self.authorised(function)) for method, pattern, function in [*self.tables_api.routes(), *self.jobs_api.routes()]]
        return [*api, *IdentityApi(self.identity).routes(), ("POST", CONTROL + "(?P<name>[a-z_]+)", self.controlled)]

    def authorised(self, function):
        def checked(request):
            is_session = request.method == "PUT" and "upload_id" in request.parameters  # its address is the secret
            if not is_session or request.headers.get("authorization"):
                request.token = self.identity.bearer(request.headers.get("authorization"))
                needed = READING_SCOPES if request.method == "GET" else SCOPES
                if not needed & request.token.scopes:
                    raise ApiError("insufficientPermissions", "Request had insufficient authentication scopes.", code=403)
            return function(request)

        return checked

    def controlled(self, request):
        """Another process calls `control` by HTTP: the arguments as a JSON object."""
        method = getattr(self.control, request.groups["name"], None)
        if method is None:
            raise ApiError("notFound", f"Not found: {request.path}")
        return Answer({"result": method(**json.loads(request.body or b"{}"))})

    def start(self):
        self.http.start(self.routes(), self.faults)
        return self

    def stop(self):
        self.http.stop()
        self.catalog.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        self.stop()


class Control:
    """What tests do to the server and ask of it. Arguments and results are plain values, so that it works over HTTP as well."""

    def __init__(self, server):
        self.server = server

    # ---- identities

    def add_account(self, email, project="keys"):
        """The content of a service account's key file."""
        return self.server.identity.add_account(email, project)

    def add_user(self, email):
        return self.server.identity.add_user(email)

    def add_pool(self, audience, keys, impersonates=None):
        return self.server.identity.add_pool(audience, keys, impersonates)

    def attach(self, email):
        """The metadata server gives tokens of this account."""
        self.server.identity.attached = email

    def grant(self, email, role, resource):
        self.server.identity.grant(email, role, resource)

    def revoke(self, email, role, resource):
        self.server.identity.revoke(email, role, resource)

    def token_lifetime(self, seconds):
        self.server.identity.lifetime = seconds

    def expire_tokens(self):
        self.server.identity.expire_tokens()

    def id_token(self, **claims):
        return self.server.identity.id_token(**claims)

    # ---- faults

    def fault(self, **what):
        self.server.faults.add(**what)

    def job_fault(self, **what):
        self.server.faults.add_for_job(**what)

    def heal(self):
        self.server.faults.clear()

    def set(self, **settings):
        for name, value in settings.items():
            if not hasattr(self.server.settings, name):
                raise ValueError(f"unknown setting {name}; any of: {', '.join(vars(self.server.settings))}")
            setattr(self.server.settings, name, value)

    def expire_uploads(self):
        self.server.jobs_api.expire_uploads()

    # ---- what happened

    def requests(self, since=0):
        return self.server.faults.log[since:]

    def job_list(self):
        return [job.resource() for job in self.server.jobs.jobs.values()]

    # ---- rows, without a token and without a trace in the log

    def count(self, table, where="true"):
        """Rows of "p.d.t" as of one moment, while jobs write."""
        with self.server.catalog.reading() as view:
            return view.count(TableName(*table.split(".")), where)

    def rows(self, sql, dataset=None, location="US"):
        """Rows of a query, or [] of another statement; the cells as the REST API writes them. `dataset` "p.d" is that of bare names."""
        project, _, name = (dataset or "control").partition(".")
        configuration = {"query": sql} | ({"defaultDataset": {"projectId": project, "datasetId": name}} if dataset else {})
        script = Script(self.server.catalog, configuration, project, location, lambda *what: None)
        script.location = script.location_of_tables(self.server.catalog.state) or location
        result = script.run()
        return [] if result.rows is None else [[cell["v"] for cell in row["f"]] for row in rows_of(result.rows, result.fields, True)]

    def create_dataset(self, dataset, location="US"):
        """A dataset "p.d"."""
        project, name = dataset.split(".")
        with self.server.catalog.writing() as view:
            view.put_dataset(project, name, dataset_resource(project, name, location))

    def add_field(self, table, record, name, type):
        """A new part of a record of the table "p.d.t", as only a patch can add it."""
        with self.server.catalog.writing() as view:
            name_of_table = TableName(*table.split("."))
            fields = copy.deepcopy(view.state.table(name_of_table)["schema"]["fields"])
            next(field for field in fields if field["name"] == record)["fields"].append({"name": name, "type": type, "mode": "NULLABLE"})
            view.set_fields(name_of_table, fields)

    def create_table(self, table, fields, partitioning=None):
        """An empty table "p.d.t"; `fields` and `partitioning` as in the REST API."""
        with self.server.catalog.writing() as view:
            view.create_table(TableName(*table.split(".")), normalised(fields), partitioning)

    def load_lines(self, table, partitions):
        """Appends JSON lines to "p.d.t", {partition id or "": lines}: each as a load job does, all in one commit."""
        project, dataset, name = table.split(".")
        with self.server.catalog.writing() as view:
            for partition, lines in partitions.items():
                reference = {"projectId": project, "datasetId": dataset, "tableId": f"{name}${partition}" if partition else name}
                target = Target.of({"destinationTable": reference}, "WRITE_APPEND")
                fields = view.state.table(target.name)["schema"]["fields"]
                rows, _ = read_json_lines(lines.encode(), fields, {})
                put(view, target, rows, fields)
