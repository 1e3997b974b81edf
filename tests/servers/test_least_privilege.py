"""What finops asks of S3 is what deploy/aws/policies allows: every request of whole runs is held against the policies."""
import fnmatch
import json
import pathlib
import urllib.parse

import pytest
from deliveries import deliver_v1, small_bill
from fault_proxy import fault_proxy

POLICIES = pathlib.Path(__file__).resolve().parents[2] / "deploy/aws/policies"
OBJECT_PARAMETERS = {"versionId", "partNumber", "x-id", "uploadId", "uploads"}


@pytest.fixture
def server(versitygw):
    return versitygw


def asked(method, path):
    """(action, resource, prefix) of a request with the bucket in its path, by the S3 API reference."""
    url = urllib.parse.urlsplit(path)
    bucket, _, key = urllib.parse.unquote(url.path)[1:].partition("/")
    query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
    if key and not query.keys() - OBJECT_PARAMETERS:
        action = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "POST": "s3:PutObject",
                  "DELETE": "s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject"}[method]
        return action, f"arn:aws:s3:::{bucket}/{key}", None
    if method == "GET" and query.get("list-type") == "2":
        return "s3:ListBucket", f"arn:aws:s3:::{bucket}", query.get("prefix", "")
    return f"{method} {path}", None, None


def is_allowed(policy, action, resource, prefix):
    for statement in policy["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        pattern = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix")
        if action in actions and resource and fnmatch.fnmatchcase(resource, statement["Resource"]) and \
                (pattern is None or (prefix is not None and fnmatch.fnmatchcase(prefix, pattern))):
            return True
    return False


def policy(name, **words):
    text = (POLICIES / name).read_text()
    for word, value in words.items():
        text = text.replace(word, value)
    return json.loads(text)


def wishes_of(project, *commands):
    """What finops asks of S3 while it runs `commands`."""
    with fault_proxy(project.server.endpoint) as proxy:
        config = project.folder / "config.toml"
        config.write_text(config.read_text().replace(project.server.endpoint, proxy.endpoint))
        for command in commands:
            project.run(*command)
        return {asked(method, path) for method, path in proxy.requests}


def add_bill(project):
    bucket = project.add_export("payer-a", prefix="billing/cur")
    deliver_v1(bucket, "2026-05", [small_bill(10), small_bill(5)], "v1", prefix="billing/cur")
    return policy("read-bills.json", BILL_BUCKET=project.buckets[bucket][0], BILL_PREFIX="billing/cur")


def test_the_reader_of_bills_may_do_what_whole_runs_ask_and_needs_each_statement(project):
    reader = add_bill(project)
    wishes = wishes_of(project, ["doctor"], ["aws", "discover-manifests"], ["aws", "extract-billing"], ["aws", "run-pipeline"],
                       ["aws", "run-pipeline", "--overwrite"], ["receipt", "verify"],
                       ["--set", "aws.keep_staging=false", "aws", "run-pipeline", "--overwrite"])
    assert {wish for wish in wishes if not is_allowed(reader, *wish)} == set()
    assert {action for action, _, _ in wishes} == {"s3:ListBucket", "s3:GetObject"}


def test_the_writer_of_the_lake_may_do_what_whole_runs_ask(project):
    project.put_lake_on_s3("company/finops")
    reader = add_bill(project)
    writer = policy("write-lake.json", LAKE_BUCKET=project.lake[0], LAKE_PREFIX="company/finops")
    wishes = wishes_of(project, ["aws", "run-pipeline"], ["aws", "run-pipeline", "--overwrite"], ["doctor"], ["receipt", "verify"],
                       ["aws", "export-parquet"], ["history"], ["query", "SELECT count(*) FROM aws_billing_data"])
    refused = {wish for wish in wishes if not is_allowed(writer, *wish) and not is_allowed(reader, *wish)}
    assert refused == set()
    lake = {action for action, resource, _ in wishes if project.lake[0] in resource}
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= lake


def test_the_policies_refuse_what_is_beside_their_prefix():
    reader = policy("read-bills.json", BILL_BUCKET="bills", BILL_PREFIX="billing/cur")
    assert is_allowed(reader, *asked("GET", "/bills?list-type=2&prefix=billing%2Fcur%2Freport%2F"))
    for method, path in [("GET", "/bills?list-type=2&prefix="), ("GET", "/bills?list-type=2&prefix=billing%2Fcurious%2F"),
                         ("GET", "/bills/billing/curious/file"), ("PUT", "/bills/billing/cur/file"), ("DELETE", "/bills/billing/cur/file"),
                         ("GET", "/bills?list-type=2"), ("GET", "/bills?versions")]:
        assert not is_allowed(reader, *asked(method, path)), path
    writer = policy("write-lake.json", LAKE_BUCKET="lake", LAKE_PREFIX="finops")
    assert is_allowed(writer, *asked("DELETE", "/lake/finops/billing/x?uploadId=1"))
    assert not is_allowed(writer, *asked("PUT", "/lake/finopsX/billing/x"))
    assert not is_allowed(writer, *asked("DELETE", "/bills/finops/billing/x"))
