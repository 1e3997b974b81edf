"""The API of `finops serve` by its own OpenAPI document: schemathesis makes requests of it, right ones and wrong ones."""
import json
import os
import pathlib
import sqlite3
import subprocess

import pytest
from job_service import job_service
from project import Project

# What no document says: that text is base64 of JSON, and what is configured.
SETTINGS = """
[[operations]]
include-method = "POST"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422", "5xx"]
"""
SCHEMATHESIS = pathlib.Path(__file__).resolve().parents[2] / ".deps/venv/api/bin/st"
TOKEN = "a-token-of-the-tests"


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    project.variables = {"PROJECT_ID": "ours", "FINOPS__SERVICE__API_TOKEN": TOKEN, "FINOPS__SERVICE__ENDPOINT_URL": "http://127.0.0.1:1",
                         "FINOPS__SERVICE__MAX_RETRIES": "0"}
    project.write_config()
    project.run("journal", "migrate")
    return project


def test_answers_are_as_the_document_says(project, tmp_path):
    project.run("journal", "set-client", "lacking", "--look-back-days", "1")
    database = sqlite3.connect(tmp_path / "data/journal.db")
    for number, state in enumerate(("succeeded", "failed", "cancelled")):
        database.execute("INSERT INTO etl_jobs (organization_id, job_id, destination_table, parameters, status, state, created_at, updated_at, "
                         "error_message, report) VALUES ('7', ?, 'p.d.t', '{}', 'SUCCESS', ?, '2026-01-02 03:04:05', '2026-01-02 03:04:05', "
                         "'why', '{\"way\": \"server\"}')", (f"job-{number}", state))
    database.commit()
    with job_service(project) as service:
        schema = service.ask("GET", "/openapi.json").body
        # The jobs that are there, so that not all that is asked for is missing.
        schema["components"]["parameters"]["JobId"]["examples"] = {state: {"value": f"job-{n}"} for n, state in enumerate("sfc")}
        schema["components"]["schemas"]["JobMessage"]["example"] = {"org_id": "lacking"}
        (tmp_path / "openapi.json").write_text(json.dumps(schema))
        (tmp_path / "schemathesis.toml").write_text(SETTINGS)
        done = subprocess.run(
            [SCHEMATHESIS, "run", str(tmp_path / "openapi.json"), "--url", f"http://127.0.0.1:{service.port}", "--header",
             f"Authorization: Bearer {TOKEN}", "--max-examples", "100", "--generation-deterministic", "--request-timeout", "10",
             "--warnings", "off"],
            cwd=tmp_path, capture_output=True, text=True, timeout=300, env=os.environ | {"NO_COLOR": "1"})
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert service.stop() == 0
    assert [line for line in service.log if line["level"] == "ERROR"] == []


def test_every_path_is_in_the_document(project):
    with job_service(project) as service:
        paths = service.ask("GET", "/openapi.json").body["paths"]
        for method, target in (("GET", "/"), ("PUT", "/v1/jobs"), ("PUT", "/v1/jobs/x"), ("GET", "/v1/jobs/x/cancel"), ("POST", "/healthz"),
                               ("POST", "/readyz"), ("POST", "/metrics"), ("POST", "/openapi.json")):
            refused = service.ask(method, target, headers={"Authorization": f"Bearer {TOKEN}"})
            assert refused.status == 405
            known = paths[target.replace("/x", "/{id}")]
            allowed = {name.strip().lower() for name in refused.headers["Allow"].split(",")} - {"head"}
            assert allowed == set(known), target
        service.stop()


def test_serve_says_what_it_cannot_begin_with(tmp_path):
    project = Project(tmp_path)
    project.write_config()
    assert "finops journal migrate" in project.run("serve", "--listen", "127.0.0.1:0", expect=2).err
    project.run("journal", "migrate")
    assert "service.api_token" in project.run("serve", "--listen", "0.0.0.0:0", expect=2).err
    assert "BATCH_SIZE" in project.run("serve", expect=2, env={"BATCH_SIZE": "many"}).err
    assert "127.0.0.1" in project.run("serve", "--listen", "127.0.0.1", expect=2).err
    project.run("config", env={"BATCH_SIZE": "many"})  # others do not care


def test_clients_are_kept(project):
    project.run("journal", "set-client", "7", "--source", "theirs.billing.export", "--service-account", "r@theirs.iam.gserviceaccount.com")
    project.run("journal", "set-client", "7", "--look-back-days", "3", "--disable")
    client, = project.json("journal", "clients")["clients"]
    assert (client["source_project"], client["source_dataset"], client["source_table"]) == ("theirs", "billing", "export")
    assert (client["look_back_days"], client["enabled"], client["service_account"]) == (3, False, "r@theirs.iam.gserviceaccount.com")
    again = project.run("journal", "set-client", "8", "--destination", "ours.org_7_standard_export.org_7_standard_export_table", expect=2)
    assert "7" in again.err and "another destination" in again.err
    lacking = project.run("journal", "set-client", "org-9", "--source", "a.b.c")
    assert "destination_dataset" in lacking.err and "org-9" in lacking.out
    project.run("journal", "remove-client", "org-9")
    assert "7 (disabled)" in project.run("journal", "clients").out
    assert "PROJECT.DATASET.TABLE" in project.run("journal", "set-client", "7", "--source", "a..b", expect=2).err
    assert project.json("journal", "remove-client", "7") == {"removed": "7"}
    assert "clients" in project.run("journal", "remove-client", "7", expect=1).err
