"""What our BigQuery server spoils on purpose, and how Google's own client gets over it: the faults are those that the real service has."""
import concurrent.futures
import io
import json
import urllib.request

import pytest
import requests.exceptions
from google.api_core import exceptions
from google.cloud import bigquery
from google_client import (  # noqa: F401 fixtures are used by their names
    ETL, PROJECT, Field, ask, client, ended, ids, load, load_config, new_dataset, new_table, no_questions_to_google, ours, parquet, row,
    server)

KIND_OF = {"accessDenied": exceptions.Forbidden, "quotaExceeded": exceptions.Forbidden, "rateLimitExceeded": exceptions.Forbidden,
           "duplicate": exceptions.Conflict, "tooManyRequests": exceptions.TooManyRequests, "internalError": exceptions.InternalServerError,
           "backendError": exceptions.ServiceUnavailable}


@pytest.mark.parametrize("kind", KIND_OF)
def test_each_error_is_what_the_client_knows_it_by(client, server, kind):
    name = new_dataset(client)
    server.control.fault(kind=kind, method="GET", path=f"/datasets/{name}")
    with pytest.raises(KIND_OF[kind]) as failure:
        client.get_dataset(name, retry=None)
    assert failure.value.errors[0]["reason"] == {"tooManyRequests": "rateLimitExceeded"}.get(kind, kind)
    assert client.get_dataset(name, retry=None).dataset_id == name  # once, and it is over


@pytest.mark.parametrize("kind", ["backendError", "internalError", "rateLimitExceeded", "tooManyRequests", "reset", "lose_answer", "unauthenticated"])
def test_the_client_asks_again_where_it_may(client, server, kind):
    name = new_dataset(client)
    before = len(server.control.requests())
    server.control.fault(kind=kind, method="GET", path=f"/datasets/{name}", nth=1, times=1)
    assert client.get_dataset(name).dataset_id == name
    asked = [entry["fault"] for entry in server.control.requests(since=before) if entry["path"].endswith(name)]
    assert asked == [kind, None]


def test_a_lost_answer_is_settled_by_asking_for_the_job(client, server):
    """The job was taken; the same id again is refused, so that it cannot run twice."""
    table, file = new_table(client), parquet([row("a", "2025-06-01")])
    server.control.fault(kind="lose_answer", method="POST", path="/upload/")
    with pytest.raises(exceptions.Conflict, match="Already Exists: Job"):  # the client's own second try
        client.load_table_from_file(file, table, job_config=load_config("WRITE_APPEND"), job_id="lost-answer", size=len(file.getvalue()))
    job = client.get_job("lost-answer")
    ended(job)
    assert ids(client, table) == ["a"]
    assert len([job for job in server.control.job_list() if job["jobReference"]["jobId"] == "lost-answer"]) == 1


def test_the_lost_answer_of_an_upload_in_pieces_is_asked_for_again(client, server):
    table = new_table(client)
    server.control.fault(kind="lose_answer", method="PUT", path="/upload/")
    load(client, table, [row("a", "2025-06-01")], "WRITE_APPEND", job_id="lost-piece")
    assert ids(client, table) == ["a"]


def test_the_same_job_from_many_at_once_is_taken_once(client, server):
    table = new_table(client, [Field("n", "INT64")], None)
    body = {"jobReference": {"projectId": PROJECT, "jobId": "storm"}, "configuration": {"query": {
        "query": f"INSERT INTO `{table}` (n) VALUES (1)", "useLegacySql": False}}}
    address = f"{server.url}/bigquery/v2/projects/{PROJECT}/jobs"
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: client._http.post(address, json=body).status_code, range(32)))
    assert sorted(outcomes) == [200] + [409] * 31
    ended(client.get_job("storm"))
    assert ask(client, f"SELECT COUNT(*) FROM `{table}`") == [(1,)]


def test_many_months_are_loaded_at_once(client):
    table = new_table(client)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda month: load(client, f"{table}$2025{month:02}", [row(f"{month:02}", f"2025-{month:02}-01")]), range(1, 13)))
    assert ids(client, table) == [f"{month:02}" for month in range(1, 13)]


def test_an_error_after_the_job_was_taken(client, server):
    table = new_table(client, [Field("n", "INT64")], None)
    server.control.fault(kind="backendError", phase="after", method="POST", path="/jobs")
    with pytest.raises(exceptions.ServiceUnavailable):
        client.query(f"INSERT INTO `{table}` (n) VALUES (1)", job_id="taken", retry=None, job_retry=None)
    ended(client.get_job("taken"))
    assert ask(client, f"SELECT COUNT(*) FROM `{table}`") == [(1,)]


def test_an_answer_drips_or_breaks_or_waits(client, server):
    name = new_dataset(client)
    server.control.fault(kind="drip", path=name, seconds=0.5)
    assert client.get_dataset(name, retry=None).dataset_id == name
    server.control.fault(kind="broken_json", path=name)
    with pytest.raises((ValueError, requests.exceptions.JSONDecodeError)):
        client.get_dataset(name, retry=None)
    server.control.fault(kind="truncate", path=name)
    with pytest.raises(requests.exceptions.RequestException):
        client.get_dataset(name, retry=None)
    server.control.fault(kind="slow", path=name, seconds=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.get_dataset(name, retry=None, timeout=0.3)


def test_an_answer_may_be_another_one(client, server):
    table = new_table(client)
    load(client, table, [row("a", "2025-06-01")])
    server.control.fault(kind="alter", method="GET", path=r"/data\?", find='"v":"a"', put='"v":"b"')
    assert [[item.id for item in client.list_rows(table)] for _ in range(2)] == [["b"], ["a"]]


def test_an_error_may_say_when_to_come_back(client, server):
    server.control.fault(kind="tooManyRequests", path="/datasets", retry_after=7)
    with pytest.raises(exceptions.TooManyRequests) as failure:
        list(client.list_datasets(retry=None))
    assert failure.value.response.headers["Retry-After"] == "7"


def test_the_nth_request_and_no_other(client, server):
    name = new_dataset(client)
    server.control.fault(kind="accessDenied", path=name, nth=2, times=2)
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(client.get_dataset(name, retry=None).dataset_id == name)
        except exceptions.Forbidden:
            outcomes.append(False)
    assert outcomes == [True, False, False, True]


@pytest.mark.parametrize("reason, kind", [("backendError", exceptions.InternalServerError), ("rateLimitExceeded", exceptions.TooManyRequests),
                                          ("internalError", exceptions.InternalServerError)])
def test_a_job_fails_and_did_nothing(client, server, reason, kind):
    table = new_table(client)
    server.control.job_fault(kind="fail", type="load", reason=reason)
    with pytest.raises(kind):
        load(client, table, [row("a", "2025-06-01")])
    assert ids(client, table) == []
    load(client, table, [row("a", "2025-06-01")])
    assert ids(client, table) == ["a"]


def test_a_job_that_is_told_to_have_failed_may_have_worked(client, server):
    table = new_table(client)
    server.control.job_fault(kind="fail_after", job="^told", reason="backendError")
    with pytest.raises(exceptions.InternalServerError):
        load(client, table, [row("a", "2025-06-01")], job_id="told-1")
    assert ids(client, table) == ["a"]


# ---- uploads by hand, for what the client does not do


def put(client, place, content=b"", **headers):
    """(status, Range, document) of a PUT to an upload's session."""
    answer = client._http.put(place, data=content, headers=headers)
    return answer.status_code, answer.headers.get("Range"), answer.json() if answer.content else None


def session_of(client, server, table, job_id):
    project, dataset, name = table.split(".")
    job = {"jobReference": {"projectId": PROJECT, "jobId": job_id}, "configuration": {"load": {
        "sourceFormat": "NEWLINE_DELIMITED_JSON", "destinationTable": {"projectId": project, "datasetId": dataset, "tableId": name}}}}
    answer = client._http.post(f"{server.url}/upload/bigquery/v2/projects/{PROJECT}/jobs?uploadType=resumable", json=job,
                               headers={"X-Upload-Content-Type": "application/octet-stream"})
    assert answer.status_code == 200
    return answer.headers["Location"]


LINES = "".join(json.dumps({"id": f"row {n:06d} " + "x" * 90}) + "\n" for n in range(6000)).encode()
CHUNK = 256 * 1024


def test_an_upload_goes_on_where_the_server_says(client, server):
    table = new_table(client, [Field("id", "STRING")], None)
    place, total = session_of(client, server, table, "resumed"), len(LINES)
    assert put(client, place, **{"Content-Range": f"bytes */{total}"}) == (308, None, None)
    assert put(client, place, LINES[:CHUNK], **{"Content-Range": f"bytes 0-{CHUNK - 1}/{total}"}) == (308, f"bytes=0-{CHUNK - 1}", None)
    assert put(client, place, **{"Content-Range": f"bytes */{total}"}) == (308, f"bytes=0-{CHUNK - 1}", None)
    assert put(client, place, LINES[CHUNK:CHUNK + 1000], **{"Content-Range": f"bytes {CHUNK}-{CHUNK + 999}/{total}"})[0] == 400  # no whole chunk
    assert put(client, place, LINES[2 * CHUNK:], **{"Content-Range": f"bytes {2 * CHUNK}-{total - 1}/{total}"})[0] == 400  # a hole
    server.control.fault(kind="lose_answer", method="PUT")
    with pytest.raises(requests.exceptions.ConnectionError):
        put(client, place, LINES[CHUNK:], **{"Content-Range": f"bytes {CHUNK}-{total - 1}/{total}"})
    status, _, document = put(client, place, **{"Content-Range": f"bytes */{total}"})
    assert (status, document["jobReference"]["jobId"]) == (200, "resumed")
    ended(client.get_job("resumed"))
    assert ask(client, f"SELECT COUNT(*) FROM `{table}`") == [(6000,)]


def test_an_upload_in_one_piece_and_one_that_is_too_late(client, server):
    table = new_table(client, [Field("id", "STRING")], None)
    assert put(client, session_of(client, server, table, "one-piece"), LINES)[0] == 200
    assert put(client, session_of(client, server, table, "one-piece"), LINES)[0] == 409
    place = session_of(client, server, table, "late")
    server.control.expire_uploads()
    assert put(client, place, LINES)[0] == 410
    assert put(client, place.rsplit("=", 1)[0] + "=unknown", LINES)[0] == 404
    ended(client.get_job("one-piece"))
    assert ask(client, f"SELECT COUNT(*) FROM `{table}`") == [(6000,)]


def test_the_clients_resumable_upload_gets_over_a_bad_network(client, server):
    table = new_table(client, [Field("id", "STRING")], None)
    server.control.fault(kind="backendError", method="PUT", nth=1)
    config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON")
    job = client.load_table_from_file(io.BytesIO(LINES), table, job_config=config)
    assert ended(job).output_rows == 6000


def test_the_log_says_who_asked_what(client, server):
    table = new_table(client)
    before = len(server.control.requests())
    load(client, table, [row("a", "2025-06-01")], job_id="logged")
    uploads = [entry for entry in server.control.requests(since=before) if "/upload/" in entry["path"]]
    assert {(entry["status"], entry["principal"], entry["job"]) for entry in uploads} == {(200, ETL, "logged")}
    assert sum(entry["bytes"] for entry in uploads) > 1000


def test_unknown_faults_are_refused(server):
    with pytest.raises(RuntimeError, match="unknown fault"):
        server.control.fault(kind="flood")
    assert json.loads(urllib.request.urlopen(urllib.request.Request(f"{server.url}/_control/requests", b"{}", method="POST")).read())["result"]
