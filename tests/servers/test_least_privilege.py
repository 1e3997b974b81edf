"""What finops asks of S3 is what deploy/aws/policies/read-bills.json allows: every request of whole runs is held against it."""
import fnmatch
import json
import pathlib
import urllib.parse

import pytest
from deliveries import deliver_v1, small_bill
from fault_proxy import fault_proxy

POLICY = pathlib.Path(__file__).resolve().parents[2] / "deploy/aws/policies/read-bills.json"


@pytest.fixture
def server(versitygw):
    return versitygw


def asked(method, path):
    """(action, resource, prefix) of a request with the bucket in its path, by the S3 API reference."""
    url = urllib.parse.urlsplit(path)
    bucket, _, key = urllib.parse.unquote(url.path)[1:].partition("/")
    query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
    if method in ("GET", "HEAD") and key and not query.keys() - {"versionId", "partNumber", "x-id"}:
        return "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", None
    if method == "GET" and query.get("list-type") == "2":
        return "s3:ListBucket", f"arn:aws:s3:::{bucket}", query.get("prefix", "")
    if method == "HEAD" and not key:
        return "s3:ListBucket", f"arn:aws:s3:::{bucket}", None
    return f"{method} {path}", None, None


def is_allowed(policy, action, resource, prefix):
    for statement in policy["Statement"]:
        patterns = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix")
        if statement["Action"] == action and resource and fnmatch.fnmatchcase(resource, statement["Resource"]) and \
                (patterns is None or (prefix is not None and fnmatch.fnmatchcase(prefix, patterns))):
            return True
    return False


def filled_in(bucket, prefix):
    return json.loads(POLICY.read_text().replace("BILL_BUCKET", bucket).replace("BILL_PREFIX", prefix))


def test_the_policy_is_enough_for_whole_runs(project):
    bucket = project.add_export("payer-a", prefix="billing/cur")
    deliver_v1(bucket, "2026-05", [small_bill(10), small_bill(5)], "v1", prefix="billing/cur")
    with fault_proxy(project.server.endpoint) as proxy:
        config = project.folder / "config.toml"
        config.write_text(config.read_text().replace(project.server.endpoint, proxy.endpoint))
        for command in (["doctor"], ["aws", "discover-manifests"], ["aws", "extract-billing"], ["aws", "run-pipeline"],
                        ["aws", "run-pipeline", "--overwrite"], ["receipt", "verify"]):
            project.run(*command)
        project.run("--set", "aws.keep_staging=false", "aws", "run-pipeline", "--overwrite")
        requests = list(proxy.requests)
    name = project.buckets[bucket][0]
    policy = filled_in(name, "billing/cur")
    wishes = {asked(method, path) for method, path in requests}
    assert {wish for wish in wishes if not is_allowed(policy, *wish)} == set()
    assert {action for action, _, _ in wishes} == {"s3:ListBucket", "s3:GetObject"}, "each statement is needed"


def test_the_policy_refuses_what_is_beside_the_bills():
    policy = filled_in("bills", "billing/cur")
    assert is_allowed(policy, *asked("GET", "/bills?list-type=2&prefix=billing%2Fcur%2Freport%2F"))
    assert not is_allowed(policy, *asked("GET", "/bills?list-type=2&prefix="))
    assert not is_allowed(policy, *asked("GET", "/bills?list-type=2&prefix=billing%2Fcurious%2F"))
    assert not is_allowed(policy, *asked("GET", "/bills/billing/curious/file"))
    assert not is_allowed(policy, *asked("PUT", "/bills/billing/cur/file"))
    assert not is_allowed(policy, *asked("DELETE", "/bills/billing/cur/file"))
