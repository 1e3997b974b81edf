"""Who asks, and what they may: service accounts and their keys, tokens, federated identities, grants.

A grant is (who, role, on what). Roles are those that finops' users grant: `jobUser` on a project, `dataViewer` and `dataEditor` on a
project ("p"), a dataset ("p.d") or a table ("p.d.t"), `tokenCreator` on a service account, `admin` on a project for all of it.
"""
import dataclasses
import datetime
import json
import secrets
import threading
import time
import urllib.parse

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import aws_signature
from .errors import ApiError, OAuthError

SCOPES = {"https://www.googleapis.com/auth/bigquery", "https://www.googleapis.com/auth/cloud-platform"}
READING_SCOPES = SCOPES | {"https://www.googleapis.com/auth/bigquery.readonly", "https://www.googleapis.com/auth/cloud-platform.read-only"}
TOKEN_ENDPOINT = "https://oauth2.googleapis.com/token"  # what Google's own clients write as the audience, whatever the key file says
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
AWS_REQUEST = "urn:ietf:params:aws:token-type:aws4_request"


@dataclasses.dataclass
class Token:
    email: str
    scopes: set
    expires: float


class SigningKey:
    def __init__(self):
        self.private, self.id = rsa.generate_private_key(public_exponent=65537, key_size=2048), secrets.token_hex(20)

    def pem(self):
        return self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()).decode()

    def jwk(self):
        return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key())) | {"kid": self.id, "use": "sig", "alg": "RS256"}

    def signed(self, claims):
        return jwt.encode(claims, self.private, "RS256", {"kid": self.id})


class Identity:
    def __init__(self):
        self.url = None  # of the server, when it listens
        self.lock = threading.Lock()
        self.accounts, self.users, self.pools, self.tokens = {}, {}, {}, {}
        self.grants = set()
        self.lifetime = 3600  # of tokens that are made from now on, in seconds
        self.google = SigningKey()  # of id tokens
        self.attached = None  # the service account of the machine, for the metadata server

    # ---- who there is

    def add_account(self, email, project="keys"):
        """A service account with a key; the content of its key file."""
        key = self.accounts.setdefault(email, SigningKey())
        return {"type": "service_account", "project_id": project, "private_key_id": key.id, "private_key": key.pem(),
                "client_email": email, "client_id": "1", "auth_uri": f"{self.url}/o/oauth2/auth", "token_uri": f"{self.url}/token",
                "universe_domain": "googleapis.com"}

    def add_user(self, email):
        """A person; the content of gcloud's application_default_credentials.json."""
        refresh = "1//" + secrets.token_urlsafe(32)
        self.users[refresh] = email
        return {"type": "authorized_user", "client_id": "client.apps.googleusercontent.com", "client_secret": "client-secret",
                "refresh_token": refresh, "token_uri": f"{self.url}/token", "universe_domain": "googleapis.com"}

    def add_pool(self, audience, keys, impersonates=None):
        """A workload identity provider for AWS that knows the access `keys` {id: secret}; the content of a configuration file.
        Who comes by it is "aws:" and the access key's id."""
        self.pools[audience] = keys
        made = {"type": "external_account", "audience": audience, "subject_token_type": AWS_REQUEST, "token_url": f"{self.url}/v1/token",
                "credential_source": {"environment_id": "aws1", "region_url": f"{self.url}/aws/region", "url": f"{self.url}/aws/credentials",
                                      "regional_cred_verification_url":
                                          "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"}}
        if impersonates:
            made["service_account_impersonation_url"] = f"{self.url}/v1/projects/-/serviceAccounts/{impersonates}:generateAccessToken"
        return made

    def grant(self, email, role, resource):
        self.grants.add((email, role, resource))

    def revoke(self, email, role, resource):
        self.grants.discard((email, role, resource))

    # ---- what they may

    def has(self, email, roles, resource):
        """Whether one of `roles` was granted on `resource` "p.d.t" or what it lies in."""
        parts = resource.split(".") if "@" not in resource else [resource]
        around = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
        return any((email, role, place) in self.grants for role in roles for place in around) or (email, "admin", parts[0]) in self.grants

    def require(self, email, permission, resource, shown=None):
        roles = {"read": ("dataViewer", "dataEditor"), "write": ("dataEditor",), "job": ("jobUser",)}[permission]
        if not self.has(email, roles, resource):
            raise ApiError("accessDenied", f"Access Denied: {shown or resource}: User does not have the permission to {permission} "
                           f"{shown or resource} (or it may not exist).")

    # ---- tokens

    def issue(self, email, scopes, lifetime=None):
        """(token, seconds that it lives)."""
        lifetime = self.lifetime if lifetime is None else min(lifetime, self.lifetime)
        token = "ya29." + secrets.token_urlsafe(48)
        with self.lock:
            self.tokens[token] = Token(email, set(scopes), time.time() + lifetime)
        return token, lifetime

    def expire_tokens(self):
        with self.lock:
            for token in self.tokens.values():
                token.expires = 0

    def bearer(self, authorization):
        """The Token of an Authorization header; 401 as Google's front end says it."""
        if not authorization:
            raise unauthenticated("Request is missing required authentication credential. Expected OAuth 2 access token, login cookie "
                                  "or other valid authentication credential.", "required")
        kind, _, value = authorization.partition(" ")
        token = self.tokens.get(value) if kind.lower() == "bearer" else None
        if token is None or token.expires <= time.time():
            raise unauthenticated("Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
                                  "valid authentication credential.", "authError")
        return token

    def token_answer(self, email, scopes):
        token, lifetime = self.issue(email, scopes)
        return {"access_token": token, "expires_in": lifetime, "token_type": "Bearer"}

    def grant_token(self, form):
        """The OAuth token endpoint."""
        kind = form.get("grant_type")
        if kind == JWT_BEARER:
            return self.by_assertion(form.get("assertion", ""))
        if kind == "refresh_token":
            known = self.users.get(form.get("refresh_token"))
            if (form.get("client_id"), form.get("client_secret")) != ("client.apps.googleusercontent.com", "client-secret"):
                raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
            if known is None:
                raise OAuthError("invalid_grant", "Token has been expired or revoked.")
            return self.token_answer(known, SCOPES) | {"scope": " ".join(sorted(SCOPES))}
        raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {kind}")

    def by_assertion(self, assertion):
        """RFC 7523: a service account's own signed claims for an access token, or an id token when they ask for one."""
        try:
            issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
            key = self.accounts[issuer]
        except (jwt.InvalidTokenError, KeyError):
            raise OAuthError("invalid_grant", "Invalid grant: account not found") from None
        try:
            claims = jwt.decode(assertion, key.private.public_key(), ["RS256"], audience=[f"{self.url}/token", TOKEN_ENDPOINT],
                                leeway=10, options={"require": ["iat", "exp", "aud", "iss"]})
        except jwt.InvalidSignatureError:
            raise OAuthError("invalid_grant", "Invalid JWT Signature.") from None
        except jwt.InvalidTokenError as failure:
            raise OAuthError("invalid_grant", f"Invalid JWT: {failure}") from None
        if claims["exp"] - claims["iat"] > 3600:
            raise OAuthError("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.")
        if claims.get("target_audience"):
            return {"id_token": self.id_token(claims["target_audience"], issuer)}
        if not claims.get("scope"):
            raise OAuthError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return self.token_answer(claims.get("sub", issuer), claims["scope"].split())

    def id_token(self, audience, email, issuer="https://accounts.google.com", email_verified=True, lifetime=3600, age=0, **more):
        """As Google signs it, for push requests."""
        begin = int(time.time()) - age
        return self.google.signed({"iss": issuer, "aud": audience, "azp": "1", "sub": "1", "email": email,
                                   "email_verified": email_verified, "iat": begin, "exp": begin + lifetime} | more)

    def exchange(self, form):
        """The security token service, for identities of AWS."""
        expected = {"grant_type": TOKEN_EXCHANGE, "requested_token_type": ACCESS_TOKEN, "subject_token_type": AWS_REQUEST}
        for name, value in expected.items():
            if form.get(name) != value:
                raise OAuthError("invalid_request", f"Invalid value for \"{name}\": {form.get(name)}")
        keys = self.pools.get(form.get("audience"))
        if keys is None:
            raise OAuthError("invalid_target", 'The target service indicated by the "audience" parameters is invalid: '
                             f"{form.get('audience')}")
        try:
            request = json.loads(urllib.parse.unquote(form.get("subject_token", "")))
            caller = aws_signature.caller(request, form["audience"], keys)
        except (ValueError, KeyError, TypeError) as failure:
            raise OAuthError("invalid_grant", f"The subject token is not a signed request of AWS: {failure}") from None
        return self.token_answer(f"aws:{caller}", form.get("scope", "").split()) | {"issued_token_type": ACCESS_TOKEN}

    def generate_access_token(self, caller, email, body):
        """Impersonation: `caller`, or the last of its delegates, must be a token creator of `email`."""
        for account in [*(name.rsplit("/", 1)[-1] for name in body.get("delegates") or []), email]:
            if account not in self.accounts or not self.has(caller, ("tokenCreator",), account):
                raise ApiError("accessDenied", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).")
            caller = account
        if not body.get("scope"):
            raise ApiError("invalid", "Scope required.")
        seconds = float(str(body.get("lifetime") or "3600s").rstrip("s"))
        if not 0 < seconds <= 3600:
            raise ApiError("invalid", f"The access token lifetime is invalid: {body['lifetime']}")
        token, lifetime = self.issue(email, body["scope"], seconds)
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=lifetime)
        return {"accessToken": token, "expireTime": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}


def unauthenticated(message, reason):
    return ApiError(reason, message, code=401, location="Authorization",
                    headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'})
