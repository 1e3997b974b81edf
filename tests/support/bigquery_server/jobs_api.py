"""Jobs, queries and uploads of the REST API."""
import dataclasses
import email.parser
import json
import re
import secrets
import threading
import time

from .errors import ApiError, invalid, not_found
from .http_server import Answer
from .jobs import http_error
from .tables_api import begin_of, listed

PROJECT = r"/bigquery/v2/projects/(?P<project>[^/]+)"
CHUNK = 256 * 1024


@dataclasses.dataclass
class Session:
    """A resumable upload: bytes so far, then the answer that its last request got."""

    project: str
    metadata: dict
    principal: str
    expires: float
    content: bytearray = dataclasses.field(default_factory=bytearray)
    answer: Answer = None
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)


class JobsApi:
    def __init__(self, jobs, tables, settings, url):
        self.jobs, self.tables, self.settings, self.url = jobs, tables, settings, url
        self.sessions = {}
        self.lock = threading.Lock()

    def routes(self):
        upload = r"(?:/resumable)?/upload" + PROJECT + "/jobs"
        return [("POST", PROJECT + "/jobs", self.insert), ("GET", PROJECT + "/jobs", self.list),
                ("GET", PROJECT + r"/jobs/(?P<job>[^/]+)", self.get), ("POST", PROJECT + r"/jobs/(?P<job>[^/]+)/cancel", self.cancel),
                ("POST", PROJECT + "/queries", self.query), ("GET", PROJECT + r"/queries/(?P<job>[^/]+)", self.results),
                ("POST", upload, self.upload), ("PUT", upload, self.resume)]

    def insert(self, request):
        return self.inserted(request, request.json(), None)

    def inserted(self, request, body, media):
        request.notes["job"] = (body.get("jobReference") or {}).get("jobId")
        resource = self.jobs.insert(request.principal, request.groups["project"], body, media)
        request.notes["job"] = resource["jobReference"].get("jobId")
        return Answer(resource)

    def found(self, request):
        request.notes["job"] = request.groups["job"]
        return self.jobs.find(request.principal, request.groups["project"], request.groups["job"], request.parameters.get("location"))

    def get(self, request):
        return Answer(self.found(request).resource())

    def list(self, request):
        states = [state.lower() for state in request.parameters.get("stateFilter", "").split(",") if state]
        found = [job.resource() | {"state": job.state} for job in self.jobs.listed(request.principal, request.groups["project"], states)]
        return listed(request, "bigquery#jobList", "jobs", found,
                      ("kind", "id", "jobReference", "state", "status", "statistics", "configuration", "user_email"))

    def cancel(self, request):
        job = self.found(request)
        job.cancelled.set()
        return Answer({"kind": "bigquery#jobCancelResponse", "job": job.resource()})

    # ---- queries

    def query(self, request):
        body, project = request.json(), request.groups["project"]
        wanted = body.get("requestId")
        with self.lock:
            job = self.jobs.by_request.get((project, wanted)) if wanted else None
            if job is None:
                job = self.new_query(request, body, project)
                if isinstance(job, Answer):
                    return job
                if wanted:
                    self.jobs.by_request[project, wanted] = job
        request.notes["job"] = job.id
        timeout = body.get("timeoutMs")
        return Answer(self.result_of(job, "bigquery#queryResponse", 10000 if timeout is None else int(timeout), 0, body.get("maxResults"),
                                     (body.get("formatOptions") or {}).get("useInt64Timestamp", False)))

    def new_query(self, request, body, project):
        kept = ("query", "useLegacySql", "defaultDataset", "queryParameters", "parameterMode", "useQueryCache", "maximumBytesBilled")
        configuration = {"query": {key: body[key] for key in kept if key in body}}
        if body.get("labels"):
            configuration["labels"] = body["labels"]
        if body.get("dryRun"):
            configuration["dryRun"] = True
        reference = {"location": body["location"]} if body.get("location") else {}
        resource = self.jobs.insert(request.principal, project, {"configuration": configuration, "jobReference": reference})
        if body.get("dryRun"):
            query = resource["statistics"]["query"]
            return Answer({"kind": "bigquery#queryResponse", "jobReference": resource["jobReference"], "jobComplete": True,
                           "schema": query["schema"], "totalBytesProcessed": query["totalBytesProcessed"], "cacheHit": False})
        return self.jobs.jobs[project, resource["jobReference"]["jobId"]]

    def results(self, request):
        job = self.found(request)
        if job.kind != "query":
            raise invalid("The job is no query job")
        timeout = request.number("timeoutMs")
        return Answer(self.result_of(job, "bigquery#getQueryResultsResponse", 10000 if timeout is None else timeout, begin_of(request),
                                     request.number("maxResults"), request.flag("formatOptions.useInt64Timestamp")))

    def result_of(self, job, kind, timeout, begin, most, int64_timestamps):
        answer = {"kind": kind, "etag": job.etag, "jobReference": job.reference(), "jobComplete": False}
        if not job.done.wait(min(timeout, 200000) / 1000):
            return answer
        if job.error is not None:
            raise http_error(job.error)
        result = job.result
        statistics = result.statistics()
        answer |= {"jobComplete": True, "cacheHit": False, "schema": statistics["schema"], "totalBytesProcessed": statistics["totalBytesProcessed"]}
        for key in ("numDmlAffectedRows", "dmlStats"):
            if key in statistics:
                answer[key] = statistics[key]
        if result.rows is None:
            return answer | {"totalRows": "0"}
        return answer | self.tables.result_page(result.rows, result.fields, begin, None if most is None else int(most), int64_timestamps)

    # ---- uploads

    def upload(self, request):
        kind = request.parameters.get("uploadType")
        if kind == "multipart":
            metadata, media = parts_of(request)
            return self.inserted(request, metadata, media)
        if kind != "resumable":
            raise invalid(f"Invalid value for uploadType: {kind}")
        metadata = request.json()
        request.notes["job"] = (metadata.get("jobReference") or {}).get("jobId")
        self.jobs.identity.require(request.principal, "job", request.groups["project"], f"Project {request.groups['project']}")
        upload_id = secrets.token_urlsafe(40)
        self.sessions[upload_id] = Session(request.groups["project"], metadata, request.token, time.time() + self.settings.upload_seconds)
        place = f"{self.url}/upload/bigquery/v2/projects/{request.groups['project']}/jobs?uploadType=resumable&upload_id={upload_id}"
        return Answer(headers={"Location": place, "X-GUploader-UploadID": upload_id})

    def resume(self, request):
        session = self.sessions.get(request.parameters.get("upload_id"))
        if session is None:
            raise not_found("Upload session", request.parameters.get("upload_id"))
        if session.expires <= time.time():
            raise ApiError("gone", "The upload session has expired", code=410)
        request.notes["job"] = (session.metadata.get("jobReference") or {}).get("jobId")
        with session.lock:
            if session.answer is not None:
                return session.answer
            if not self.received(session, request):
                ranges = {"Range": f"bytes=0-{len(session.content) - 1}"} if session.content else {}
                return Answer(status=308, headers=ranges)
            request.token = session.principal
            answer = self.inserted(request, session.metadata, bytes(session.content))
            session.answer = answer  # a refusal leaves the session as it is
            return answer

    def received(self, session, request):
        """Takes the request's bytes; whether they were the last."""
        header = request.headers.get("content-range")
        if header is None:
            session.content[:] = request.body
            return True
        if match := re.fullmatch(r"bytes \*/(\d+|\*)", header):
            return match[1] == str(len(session.content)) and bool(session.content)
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", header)
        if match is None or int(match[2]) - int(match[1]) + 1 != len(request.body):
            raise invalid(f"Failed to parse Content-Range header: {header}")
        first, last, total = int(match[1]), int(match[2]), match[3]
        is_last = total != "*" and int(total) == last + 1
        if first > len(session.content):
            raise invalid(f"Invalid request. There were {first - len(session.content)} byte(s) missing before the request's content range")
        if not is_last and len(request.body) % CHUNK:
            raise invalid("Invalid request. Chunks but the last are multiples of 262144 bytes")
        session.content[first:] = request.body
        return is_last

    def expire_uploads(self):
        for session in self.sessions.values():
            session.expires = 0


def parts_of(request):
    """(metadata, media) of a multipart/related body."""
    header = email.parser.HeaderParser().parsestr(f"Content-Type: {request.headers.get('content-type', '')}\n\n")
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/related" or not boundary:
        raise invalid("Missing multipart boundary")
    pieces = request.body.split(b"--" + boundary.encode())
    if len(pieces) != 4 or pieces[3].strip() != b"--":
        raise invalid("A multipart upload has two parts, the job and the data")
    (head, metadata), (_, media) = (split_part(piece) for piece in pieces[1:3])
    if b"application/json" not in head.lower():
        raise invalid("The first part of a multipart upload is application/json")
    try:
        return json.loads(metadata), media
    except ValueError as failure:
        raise ApiError("parseError", f"Parse Error: {failure}", code=400) from None


def split_part(piece):
    separator = b"\r\n\r\n" if b"\r\n\r\n" in piece[:4096] else b"\n\n"
    head, _, content = piece.partition(separator)
    return head, content.removesuffix(b"\r\n" if separator[0] == 13 else b"\n")
