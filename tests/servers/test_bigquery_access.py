"""Who may ask our BigQuery server what: every way to a token, by Google's own library, and what it is refused."""
import json
import time
import urllib.error
import urllib.parse
import urllib.request

import google.auth
import google.auth.aws
import google.auth.compute_engine
import google.auth.compute_engine._metadata as metadata
import google.auth.exceptions
import google.auth.impersonated_credentials
import google.auth.jwt
import google.auth.transport.requests
import jwt
import pytest
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.cloud import bigquery
from google.oauth2 import id_token, service_account
from google_client import (  # noqa: F401 fixtures are used by their names
    ETL, PROJECT, ask, client, client_of, ids, load, new_dataset, new_table, no_questions_to_google, ours, row, server)

SCOPES = ["https://www.googleapis.com/auth/bigquery"]
READER, NOBODY, SOURCE = (f"{name}@billing-project.iam.gserviceaccount.com" for name in ("reader", "nobody", "source"))
POOL = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/aws/providers/aws"


def with_credentials(server, credentials):
    return bigquery.Client(PROJECT, credentials, client_options=ClientOptions(api_endpoint=server.url))


def test_a_request_without_a_good_token_is_refused(server):
    for headers in ({}, {"Authorization": "Bearer made-up"}, {"Authorization": "Basic eDp5"}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(f"{server.url}/bigquery/v2/projects/{PROJECT}/datasets", headers=headers))
        document = json.loads(refused.value.read())["error"]
        assert (refused.value.code, document["code"], document["status"]) == (401, 401, "UNAUTHENTICATED")
        assert document["errors"][0]["locationType"] == "header" and refused.value.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_token_is_renewed(client, server):
    assert ask(client, "SELECT 1") == [(1,)]
    before = len(server.control.requests())
    server.control.expire_tokens()
    assert ask(client, "SELECT 1") == [(1,)]
    asked = [(entry["path"].rsplit("/", 1)[1], entry["status"]) for entry in server.control.requests(since=before)]
    assert asked[:3] == [("jobs", 401), ("token", 200), ("jobs", 200)]


@pytest.mark.parametrize("spoil, says", [
    ({"aud": "https://elsewhere/token"}, "Audience"), ({"iss": "unknown@x"}, "account not found"), ({"exp": int(time.time()) - 100}, "expired"),
    ({"exp": int(time.time()) + 7200}, "short-lived"), ({"iat": int(time.time()) + 1000}, "not yet valid"), ({"scope": None}, "scope"),
])
def test_assertions_that_are_wrong_get_no_token(server, spoil, says):
    key = server.control.add_account(email=ETL)
    now = int(time.time())
    claims = {"iss": ETL, "scope": SCOPES[0], "aud": key["token_uri"], "iat": now, "exp": now + 3600} | spoil
    status, answer = token_of(server, jwt.encode(claims, key["private_key"], "RS256"))
    assert status == 400 and says in answer["error_description"], answer


def test_an_assertion_of_another_key_gets_no_token(server):
    server.control.add_account(email=ETL)
    other, now = server.control.add_account(email=NOBODY), int(time.time())
    claims = {"iss": ETL, "scope": SCOPES[0], "aud": other["token_uri"], "iat": now, "exp": now + 3600}
    assert token_of(server, jwt.encode(claims, other["private_key"], "RS256")) == (
        400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})


def token_of(server, assertion):
    form = urllib.parse.urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}).encode()
    try:
        with urllib.request.urlopen(f"{server.url}/token", form) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def test_scopes_limit_a_token(server):
    file = server.key_file(ETL, {PROJECT: "admin"})
    credentials = service_account.Credentials.from_service_account_file(str(file), scopes=["https://www.googleapis.com/auth/devstorage.read_only"])
    with pytest.raises(exceptions.Forbidden, match="insufficient authentication scopes"):
        list(with_credentials(server, credentials).list_datasets())


def test_rights_end_at_their_dataset(client, server):
    table = new_table(client)
    dataset = table.rsplit(".", 1)[0]
    load(client, table, [row("a", "2025-06-01")])
    other = new_table(client)
    reader = client_of(server, READER, {PROJECT: "jobUser", dataset: "dataViewer"})
    assert ids(reader, table) == ["a"]
    assert [item.dataset_id for item in reader.list_datasets()] == [dataset.split(".")[1]]
    for refused in (lambda: ids(reader, other), lambda: load(reader, table, [row("b", "2025-06-01")]), lambda: new_dataset(reader),
                    lambda: reader.get_table(other), lambda: reader.delete_table(table), lambda: ask(reader, f"DELETE FROM `{table}` WHERE TRUE")):
        with pytest.raises(exceptions.Forbidden) as failure:
            refused()
        assert failure.value.errors[0]["reason"] == "accessDenied"
    nobody = client_of(server, NOBODY, {dataset: "dataEditor"})  # rows, but no jobs
    with pytest.raises(exceptions.Forbidden):
        ids(nobody, table)
    assert [item.id for item in nobody.list_rows(nobody.get_table(table))] == ["a"]
    assert ids(client, table) == ["a"]


def test_the_jobs_of_others_are_not_told(client, server):
    job = client.query("SELECT 1")
    with pytest.raises(exceptions.Forbidden):
        client_of(server, READER, {PROJECT: "jobUser"}).get_job(job.job_id)


def test_one_account_acts_as_another(server, monkeypatch):
    server.control.add_account(email=SOURCE)
    server.control.grant(email=SOURCE, role="admin", resource=PROJECT)
    monkeypatch.setattr("google.auth.iam._IAM_ENDPOINT", f"{server.url}/v1/projects/-/serviceAccounts/{{}}:generateAccessToken")
    base = service_account.Credentials.from_service_account_file(str(server.key_file(READER)), scopes=[
        "https://www.googleapis.com/auth/cloud-platform"])
    acting = google.auth.impersonated_credentials.Credentials(base, SOURCE, SCOPES, lifetime=600)
    with pytest.raises(google.auth.exceptions.RefreshError, match="getAccessToken"):
        acting.refresh(google.auth.transport.requests.Request())
    server.control.grant(email=READER, role="tokenCreator", resource=SOURCE)
    assert ask(with_credentials(server, acting), "SELECT 1") == [(1,)]
    asked = [entry for entry in server.control.requests() if entry["path"].endswith("/queries") or entry["path"].endswith("/jobs")]
    assert asked[-1]["principal"] == SOURCE


def test_the_default_credentials_of_a_person(server, monkeypatch):
    file = server.written("application_default_credentials.json", server.control.add_user(email="person@example.com"))
    server.control.grant(email="person@example.com", role="admin", resource=PROJECT)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    # The file names its endpoint, Google's library looks at its own constant.
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{server.url}/token")
    credentials, _ = google.auth.default(scopes=SCOPES)
    assert ask(with_credentials(server, credentials), "SELECT 1") == [(1,)]


def test_the_metadata_server_gives_the_machines_account(server, monkeypatch):
    server.control.add_account(email=ETL)
    server.control.grant(email=ETL, role="admin", resource=PROJECT)
    server.control.attach(email=ETL)
    # The library reads GCE_METADATA_HOST once, when it is loaded.
    monkeypatch.setattr(metadata, "_GCE_METADATA_HOST", server.url.removeprefix("http://"))
    credentials = google.auth.compute_engine.Credentials(scopes=SCOPES)
    assert ask(with_credentials(server, credentials), "SELECT 1") == [(1,)]
    assert credentials.service_account_email == ETL
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{server.url}/computeMetadata/v1/instance/service-accounts/default/token")


@pytest.mark.parametrize("acts_as", [None, SOURCE])
def test_an_identity_of_aws_is_taken(server, monkeypatch, acts_as):
    configuration = server.control.add_pool(audience=POOL, keys={"AKIAEXAMPLE": "aws+secret"}, impersonates=acts_as)
    server.control.add_account(email=SOURCE)
    for email, role, resource in ((SOURCE, "admin", PROJECT), ("aws:AKIAEXAMPLE", "admin", PROJECT), ("aws:AKIAEXAMPLE", "tokenCreator", SOURCE)):
        server.control.grant(email=email, role=role, resource=resource)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws+secret")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    credentials = google.auth.aws.Credentials.from_info(configuration, scopes=SCOPES)
    assert ask(with_credentials(server, credentials), "SELECT 1") == [(1,)]
    assert server.control.requests()[-1]["principal"] == (acts_as or "aws:AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    credentials = google.auth.aws.Credentials.from_info(configuration, scopes=SCOPES)
    with pytest.raises(google.auth.exceptions.OAuthError, match="signature does not match"):
        credentials.refresh(google.auth.transport.requests.Request())


def test_id_tokens_are_those_that_google_signs(server):
    transport, audience = google.auth.transport.requests.Request(), "https://finops.example/push"
    token = server.control.id_token(audience=audience, email=ETL)

    def checked(token, audience):
        return id_token.verify_token(token, transport, audience, f"{server.url}/oauth2/v3/certs")

    assert checked(token, audience)["email"] == ETL and checked(token, audience)["iss"] == "https://accounts.google.com"
    old = server.control.id_token(audience=audience, email=ETL, lifetime=1, age=100)
    for bad, wanted in ((token, "https://other"), (token[:-6] + "AAAAAA", audience), (old, audience)):
        with pytest.raises((ValueError, google.auth.exceptions.GoogleAuthError, jwt.InvalidTokenError)):
            checked(bad, wanted)
