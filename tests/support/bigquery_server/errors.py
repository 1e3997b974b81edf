"""Errors as BigQuery tells them: in an HTTP answer's document, or in the status of a job."""

STATUS_NAMES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
                412: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}

# "Error messages" of BigQuery's documentation: the HTTP code of each reason.
CODES = {"accessDenied": 403, "backendError": 503, "duplicate": 409, "internalError": 500, "invalid": 400, "invalidQuery": 400,
         "notFound": 404, "quotaExceeded": 403, "rateLimitExceeded": 403, "responseTooLarge": 403, "stopped": 200}


class ApiError(Exception):
    """What a request, or a job, is refused or ends with."""

    def __init__(self, reason, message, code=None, location=None, errors=None, headers=None):
        super().__init__(message)
        self.reason, self.message, self.location = reason, message, location
        self.code = code or CODES[reason]
        self.errors = errors  # a job's whole list, when there is more than this one
        self.headers = headers or {}

    def proto(self):
        """BigQuery's ErrorProto."""
        return {"reason": self.reason, "message": self.message} | ({"location": self.location} if self.location else {})

    def document(self):
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            detail |= {"location": self.location, "locationType": "header" if self.code == 401 else "parameter"}
        return {"error": {"code": self.code, "message": self.message, "errors": [detail],
                          "status": STATUS_NAMES.get(self.code, "UNKNOWN")}}


class OAuthError(Exception):
    """A token endpoint's refusal (RFC 6749, section 5.2)."""

    def __init__(self, error, description, code=400):
        super().__init__(description)
        self.error, self.description, self.code = error, description, code

    def document(self):
        return {"error": self.error, "error_description": self.description}


def invalid(message):
    return ApiError("invalid", message)


def not_found(kind, name):
    return ApiError("notFound", f"Not found: {kind} {name}")


def duplicate(kind, name):
    return ApiError("duplicate", f"Already Exists: {kind} {name}")
