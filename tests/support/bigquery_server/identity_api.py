"""Google's services for tokens, as far as clients of BigQuery ask them."""
from .errors import ApiError, OAuthError
from .http_server import Answer

METADATA = "/computeMetadata/v1"
ACCOUNT = METADATA + "/instance/service-accounts/(?P<account>default|[^/]+@[^/]+)"
FLAVOR = {"Metadata-Flavor": "Google"}


class IdentityApi:
    def __init__(self, identity):
        self.identity = identity

    def routes(self):
        return [("POST", "/token", lambda request: Answer(self.identity.grant_token(request.form()))),
                ("POST", "/v1/token", lambda request: Answer(self.identity.exchange(request.form()))),
                ("POST", "/v1/projects/-/serviceAccounts/(?P<email>[^/:]+):generateAccessToken", self.impersonate),
                ("GET", "/oauth2/v3/certs", lambda request: Answer({"keys": [self.identity.google.jwk()]})),
                ("GET", "/", lambda request: Answer("metadata", headers=FLAVOR)),
                ("GET", ACCOUNT + "/token", self.metadata_token),
                ("GET", ACCOUNT + "/email", lambda request: self.metadata(request, self.attached())),
                ("GET", ACCOUNT + "/identity", self.metadata_identity),
                ("GET", ACCOUNT + "/?", self.metadata_account),
                ("GET", METADATA + "/project/project-id", lambda request: self.metadata(request, self.attached().split("@")[1].split(".")[0])),
                ("GET", METADATA + "/universe/universe-domain", lambda request: self.metadata(request, "googleapis.com"))]

    def impersonate(self, request):
        request.token = self.identity.bearer(request.headers.get("authorization"))
        try:
            return Answer(self.identity.generate_access_token(request.principal, request.groups["email"], request.json()))
        except ApiError as failure:
            # This service writes its errors without a list.
            document = failure.document()["error"]
            return Answer({"error": {key: document[key] for key in ("code", "message", "status")}}, failure.code)

    # ---- the metadata server

    def attached(self):
        if self.identity.attached is None:
            raise ApiError("notFound", "Not found: this machine has no service account")
        return self.identity.attached

    def metadata(self, request, value):
        """RFC-less but documented: every request says that it knows whom it asks."""
        if request.headers.get("metadata-flavor") != "Google":
            raise ApiError("accessDenied", "Missing Metadata-Flavor:Google header.")
        return Answer(value, headers=FLAVOR)

    def metadata_token(self, request):
        self.metadata(request, None)
        scopes = request.parameters.get("scopes", "https://www.googleapis.com/auth/cloud-platform").split(",")
        return self.metadata(request, self.identity.token_answer(self.attached(), scopes))

    def metadata_identity(self, request):
        self.metadata(request, None)
        if not request.parameters.get("audience"):
            raise OAuthError("invalid_request", "non-empty audience parameter required")
        return self.metadata(request, self.identity.id_token(request.parameters["audience"], self.attached()))

    def metadata_account(self, request):
        email = self.attached()
        return self.metadata(request, {"aliases": ["default"], "email": email, "scopes": ["https://www.googleapis.com/auth/cloud-platform"]})
