"""What goes wrong on purpose, and the log of all that was asked.

A fault is for requests that match its method and path (regular expressions), or for jobs that match its kind and id, from the n-th
match on, for so many times. FAULTS says what it can be.
"""
import dataclasses
import re
import threading
import time

from .errors import ApiError

FAULTS = {
    "reset": "the connection is reset; with phase 'after' the server has done it: a lost answer",
    "lose_answer": "the server does it, the connection is reset instead of the answer",
    "unauthenticated": "401", "accessDenied": "403", "rateLimitExceeded": "403", "quotaExceeded": "403", "duplicate": "409",
    "tooManyRequests": "429", "internalError": "500", "backendError": "503",
    "drip": "the answer comes some bytes at a time", "slow": "the answer waits for `seconds`",
    "alter": "in the answer's body `find` is `put` instead, once",
    "broken_json": "the answer's body is no JSON", "truncate": "half of the body arrives, then the connection ends",
}
JOB_FAULTS = {"fail": "the job ends with `reason`", "run_for": "the job is RUNNING for `seconds` before it does anything",
              "fail_after": "the job does its work and tells the error `reason` all the same"}
ERRORS = {"unauthenticated": (401, "authError", "Invalid Credentials"),
          "accessDenied": (403, "accessDenied", "Access Denied: this was a fault"),
          "rateLimitExceeded": (403, "rateLimitExceeded", "Exceeded rate limits: too many table update operations for this table."),
          "quotaExceeded": (403, "quotaExceeded", "Quota exceeded: Your project exceeded quota for imports per project."),
          "duplicate": (409, "duplicate", "Already Exists: this was a fault"),
          "tooManyRequests": (429, "rateLimitExceeded", "Too many requests"),
          "internalError": (500, "internalError", "An internal error occurred and the request could not be completed."),
          "backendError": (503, "backendError", "Error encountered during execution. Retrying may solve the problem.")}


@dataclasses.dataclass
class Fault:
    kind: str
    method: str = ".*"
    path: str = ".*"
    phase: str = "before"  # or "after": the server has done it
    nth: int = 1
    times: int = 1
    seconds: float = 1.0
    retry_after: int = None  # the header of that name, for errors
    find: str = ""
    put: str = ""
    seen: int = 0

    def __post_init__(self):
        if self.kind not in FAULTS or self.phase not in ("before", "after"):
            raise ValueError(f"unknown fault {self.kind!r} {self.phase!r}; any of: {', '.join(FAULTS)}")

    def error(self):
        if self.kind not in ERRORS:
            return None
        code, reason, message = ERRORS[self.kind]
        return ApiError(reason, message, code=code, headers={} if self.retry_after is None else {"Retry-After": str(self.retry_after)})


@dataclasses.dataclass
class JobFault:
    kind: str
    job: str = ".*"
    type: str = ".*"
    reason: str = "backendError"
    nth: int = 1
    times: int = 1
    seconds: float = 1.0
    seen: int = 0

    def __post_init__(self):
        if self.kind not in JOB_FAULTS:
            raise ValueError(f"unknown fault of jobs {self.kind!r}; any of: {', '.join(JOB_FAULTS)}")

    def error(self):
        return ApiError(self.reason, ERRORS.get(self.reason, (0, "", "The job failed on purpose"))[2], code=400)


class Faults:
    def __init__(self):
        self.lock = threading.Lock()
        self.requests, self.jobs, self.log = [], [], []

    def add(self, **what):
        with self.lock:
            self.requests.append(Fault(**what))

    def add_for_job(self, **what):
        with self.lock:
            self.jobs.append(JobFault(**what))

    def clear(self):
        with self.lock:
            self.requests, self.jobs = [], []

    def of_request(self, method, path):
        with self.lock:
            return first_due(self.requests, lambda fault: re.fullmatch(fault.method, method) and re.search(fault.path, path))

    def of_job(self, kind, job):
        with self.lock:
            return first_due(self.jobs, lambda fault: re.fullmatch(fault.type, kind) and re.search(fault.job, job))

    def note(self, entry):
        with self.lock:
            self.log.append({"number": len(self.log) + 1, "time": time.time()} | entry)


def first_due(faults, matches):
    """Each fault counts its own matches; the first that is due is the one."""
    due = None
    for fault in faults:
        if matches(fault):
            fault.seen += 1
            if due is None and fault.nth <= fault.seen < fault.nth + fault.times:
                due = fault
    return due
