"""Jobs: PENDING, then RUNNING, then DONE, never back. Their ids are their clients', and no id is taken twice."""
import hashlib
import re
import secrets
import threading
import time

from . import loading
from .catalog import TableName, milliseconds
from .copying import copy_tables
from .errors import ApiError, CODES, duplicate, invalid, not_found
from .queries import Script
from .schema import normalised
from .writing import Target, put

JOB_ID = re.compile(r"[\w-]{1,1024}", re.ASCII)
MULTI_REGIONS = ("US", "EU")


class Job:
    def __init__(self, project, job_id, location, configuration, principal):
        self.project, self.id, self.location = project, job_id, location
        self.configuration, self.principal = configuration, principal
        self.kind = next(kind for kind in ("query", "load", "copy") if kind in configuration)
        self.state, self.error, self.errors = "PENDING", None, []
        self.created, self.started, self.ended = milliseconds(), None, None
        self.statistics, self.result = {}, None
        self.done, self.cancelled = threading.Event(), threading.Event()
        self.etag = secrets.token_hex(11)

    def reference(self):
        return {"projectId": self.project, "jobId": self.id, "location": self.location}

    def status(self):
        status = {"state": self.state}
        if self.error is not None:
            status |= {"errorResult": self.error.proto(), "errors": self.errors}
        elif self.errors:
            status["errors"] = self.errors
        return status

    def resource(self):
        times = {"creationTime": self.created, "startTime": self.started, "endTime": self.ended}
        total = {key: self.statistics["query"][key] for key in ("totalBytesProcessed",) if key in self.statistics.get("query", {})}
        return {"kind": "bigquery#job", "etag": self.etag, "id": f"{self.project}:{self.location}.{self.id}", "jobReference": self.reference(),
                "configuration": self.configuration | {"jobType": self.kind.upper()}, "status": self.status(), "user_email": self.principal,
                "statistics": {key: value for key, value in times.items() if value} | total | self.statistics}


class Jobs:
    def __init__(self, catalog, identity, faults, settings):
        self.catalog, self.identity, self.faults, self.settings = catalog, identity, faults, settings
        self.lock = threading.Lock()
        self.jobs, self.by_request, self.loads, self.anonymous = {}, {}, {}, {}

    # ---- asked for

    def insert(self, principal, project, body, media=None):
        """The resource of a new job as of before it began."""
        self.identity.require(principal, "job", project, f"Project {project}")
        configuration = body.get("configuration") or {}
        kinds = [kind for kind in ("query", "load", "copy", "extract") if kind in configuration]
        if len(kinds) != 1:
            raise invalid("Required parameter is missing: a job has exactly one of query, load and copy in its configuration")
        if kinds == ["extract"]:
            raise invalid("This server does not know extract jobs")
        reference = body.get("jobReference") or {}
        job_id = reference.get("jobId") or "job_" + secrets.token_urlsafe(18).replace("=", "")
        if not JOB_ID.fullmatch(job_id):
            raise invalid(f'Invalid job ID "{job_id}". Job IDs must be alphanumeric (plus underscores and dashes) and must be at most 1024 '
                          "characters long.")
        if reference.get("projectId", project) != project:
            raise invalid("The project of the job reference is not the request's")
        work, location = getattr(self, f"prepare_{kinds[0]}")(principal, project, configuration, reference.get("location"), media)
        if configuration.get("dryRun"):
            return self.dry_run(project, location, configuration, work)
        job = Job(project, job_id, location, configuration, principal)
        with self.lock:
            if (project, job_id) in self.jobs:
                raise duplicate("Job", f"{project}:{location}.{job_id}")
            if kinds[0] == "load":
                self.count_load(TableName.of(configuration["load"]["destinationTable"])[0])
            self.jobs[project, job_id] = job
        resource = job.resource()
        threading.Thread(target=self.run, args=(job, work), daemon=True, name=f"job {job_id}").start()
        return resource

    def dry_run(self, project, location, configuration, work):
        if "query" not in configuration:
            raise invalid("A dry run is for query jobs only")
        result = work.estimate()
        statistics = result.statistics()
        return {"kind": "bigquery#job", "jobReference": {"projectId": project, "location": location}, "configuration": configuration,
                "status": {"state": "DONE"}, "statistics": {"creationTime": milliseconds(), "query": statistics,
                                                            "totalBytesProcessed": statistics["totalBytesProcessed"]}}

    def count_load(self, name):
        key = name, time.strftime("%Y-%m-%d", time.gmtime())
        if self.loads.get(key, 0) >= self.settings.loads_per_table_per_day:
            raise ApiError("quotaExceeded", "Quota exceeded: Your table exceeded quota for imports or query appends per table")
        self.loads[key] = self.loads.get(key, 0) + 1

    def find(self, principal, project, job_id, location):
        """A job outside of the multi-regions is found with its location only."""
        job = self.jobs.get((project, job_id))
        if job is None or not is_found_at(job, location):
            raise not_found("Job", f"{project}:{location + '.' if location else ''}{job_id}")
        if job.principal != principal and not self.identity.has(principal, ("admin",), project):
            raise ApiError("accessDenied", f"Access Denied: Job {project}:{job.location}.{job_id}: User does not have bigquery.jobs.get "
                           "permission for this job")
        return job

    def listed(self, principal, project, states):
        jobs = [job for job in self.jobs.values() if job.project == project and job.principal == principal]
        return [job for job in reversed(jobs) if not states or job.state.lower() in states]

    # ---- checked before they are taken

    def location_of(self, name, wanted):
        dataset = self.catalog.state.dataset(name.project, name.dataset)
        if wanted and wanted.upper() != dataset["location"].upper():
            raise ApiError("notFound", f"Not found: Dataset {name.project}:{name.dataset} was not found in location {wanted}")
        return dataset["location"]

    def allow(self, principal):
        def check(name, permission):
            resource = f"{name.project}.{name.dataset}" + (f".{name.table}" if name.table else "")
            self.identity.require(principal, permission, resource, f"Table {name}" if name.table else f"Dataset {name}")

        return check

    def prepare_load(self, principal, project, configuration, wanted, media):
        options = configuration["load"]
        target = Target.of(options, "WRITE_APPEND")
        self.allow(principal)(target.name, "write")
        location = self.location_of(target.name, wanted)
        if media is None:
            raise invalid("Load configuration must specify at least one source URI")
        if options.get("sourceFormat", "CSV") not in ("PARQUET", "NEWLINE_DELIMITED_JSON"):
            raise invalid(f"This server does not load {options.get('sourceFormat', 'CSV')}")
        schema = normalised(options["schema"]["fields"]) if options.get("schema") else None
        loading.decimal_target(1, 0, options.get("decimalTargetTypes") or ["NUMERIC"])

        def work(job):
            self.load(job, options, target, schema, media)

        return work, location

    def prepare_copy(self, principal, project, configuration, wanted, media):
        options = configuration["copy"]
        target = Target.of(options, "WRITE_EMPTY")
        sources = [TableName.of(reference) for reference in options.get("sourceTables") or [options["sourceTable"]]]
        for name, _ in sources:
            self.allow(principal)(name, "read")
        self.allow(principal)(target.name, "write")
        location = self.location_of(target.name, wanted)

        def work(job):
            with self.catalog.writing() as view:
                copied = copy_tables(view, sources, target, location)
            job.statistics["copy"] = {"copiedRows": str(copied)}

        return work, location

    def prepare_query(self, principal, project, configuration, wanted, media):
        options = configuration["query"]
        if not options.get("query"):
            raise invalid("Required parameter is missing: query")
        if options.get("useLegacySql", True) and ("`" in options["query"] or re.search(r"\bFROM\b", options["query"], re.IGNORECASE)):
            # The default is legacy SQL, which nobody should get by mistake.
            raise ApiError("invalidQuery", 'Encountered " "`" "" in legacy SQL: set useLegacySql to false for GoogleSQL', location="query")
        target = Target.of(options, "WRITE_EMPTY") if options.get("destinationTable") else None
        if target is not None:
            self.allow(principal)(target.name, "write")
        try:
            script = Script(self.catalog, options, project, wanted or "US", self.allow(principal))
        except ApiError as failure:
            if configuration.get("dryRun"):
                raise
            return failing(failure), wanted or "US"
        places = script.location_of_tables(self.catalog.state)
        if wanted is None:
            target_place = self.catalog.state.dataset(target.name.project, target.name.dataset)["location"] if target else None
            script.location = places or target_place or "US"
        if configuration.get("dryRun"):
            return script, script.location

        def work(job):
            script.is_cancelled = job.cancelled.is_set
            self.query(job, script, target)

        return work, script.location

    # ---- running

    def run(self, job, work):
        fault = self.faults.of_job(job.kind, job.id)
        try:
            self.wait(job, self.settings.pending_seconds)
            job.state, job.started = "RUNNING", milliseconds()
            self.wait(job, self.settings.running_seconds + (fault.seconds if fault and fault.kind == "run_for" else 0))
            if fault and fault.kind == "fail":
                raise fault.error()
            work(job)
            if fault and fault.kind == "fail_after":
                raise fault.error()
        except ApiError as failure:
            job.error, job.errors = failure, failure.errors or [failure.proto()]
        except Exception as failure:  # the client must learn of it, whatever it is
            job.error = ApiError("internalError", f"{type(failure).__name__}: {failure}")
            job.errors = [job.error.proto()]
        job.ended, job.started = milliseconds(), job.started or milliseconds()
        job.state, job.etag = "DONE", secrets.token_hex(11)
        job.done.set()

    @staticmethod
    def wait(job, seconds):
        if seconds and job.cancelled.wait(seconds) or job.cancelled.is_set():
            raise ApiError("stopped", "Job execution was cancelled: User requested cancellation", code=400)

    def load(self, job, options, target, schema, media):
        bad = []
        if options["sourceFormat"] == "PARQUET":
            rows, found = loading.read_parquet(media, options)
            fields = loading.agreed(schema, found, options.get("ignoreUnknownValues")) if schema else found
        else:
            fields = schema or self.fields_of(target.name)
            rows, bad = loading.read_json_lines(media, fields, options)
        if schema is None and options.get("ignoreUnknownValues") and target.name in self.catalog.state.tables:
            fields = self.fields_of(target.name)
        if job.cancelled.is_set():
            raise ApiError("stopped", "Job execution was cancelled: User requested cancellation", code=400)
        with self.catalog.writing() as view:
            count = put(view, target, loading.conformed(rows, fields), fields, is_explicit=schema is not None)
        job.errors = bad
        job.statistics["load"] = {"inputFiles": "1", "inputFileBytes": str(len(media)), "outputRows": str(count), "badRecords": str(len(bad)),
                                  "outputBytes": str(rows.nbytes)}

    def fields_of(self, name):
        table = self.catalog.state.tables.get(name)
        if table is None:
            raise invalid("No schema specified on job or table.")
        return table["schema"]["fields"]

    def query(self, job, script, target):
        def write(view, result):
            put(view, target, result.rows, result.fields)

        if target is not None and not script.is_query():
            raise ApiError("invalidQuery", "Cannot set destination table in jobs with DML or DDL statements")
        job.result = result = script.run(write if target else None)
        statistics = result.statistics()
        job.statistics |= {"query": statistics, "totalBytesProcessed": statistics["totalBytesProcessed"]}
        if target is not None:
            return
        if result.rows is not None:
            if result.rows.nbytes > self.settings.largest_result_bytes:
                job.result = None
                raise ApiError("responseTooLarge", "Response too large to return. Consider specifying a destination table in your job "
                               "configuration.")
            reference = {"projectId": job.project, "datasetId": "_" + hashlib.sha1(job.principal.encode()).hexdigest()[:40],
                         "tableId": "anon" + secrets.token_hex(20)}
            self.anonymous[TableName.of(reference)[0]] = job
            job.configuration = job.configuration | {"query": job.configuration["query"] | {"destinationTable": reference}}


def is_found_at(job, location):
    return location.upper() == job.location.upper() if location else job.location in MULTI_REGIONS


def failing(failure):
    def work(job):
        raise failure

    return work


def http_error(failure):
    """What getQueryResults answers for a job that failed."""
    return ApiError(failure.reason, failure.message, code=CODES.get(failure.reason, 400), location=failure.location)
