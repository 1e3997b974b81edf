"""Wrong keys, missing buckets, denied actions, no network: one message each, with the step, AWS's words and what to do."""
import json
import pathlib

import pytest
from deliveries import deliver_v1, small_bill

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def failure(project, **options):
    """The one message of a run that could do nothing."""
    result = project.run("aws", "run-pipeline", expect=1, **options)
    lines = [line for line in result.err.splitlines() if "failed:" in line]
    assert len(lines) == 1, result.err
    return lines[0]


@pytest.fixture
def bill(project):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(10)], "v1")
    return project


def test_a_wrong_secret(bill):
    text = failure(bill, env={"AWS_SECRET_ACCESS_KEY": "not+the/secret"})
    assert "list s3://" in text and "SignatureDoesNotMatch" in text and "HTTP 403" in text
    assert "the secret key does not belong" in text and "not+the/secret" not in text


def test_an_unknown_key(bill):
    text = failure(bill, env={"AWS_ACCESS_KEY_ID": "AKNOBODY"})
    assert "InvalidAccessKeyId" in text and "check aws_access_key_id" in text


def test_a_missing_bucket(bill):
    text = failure(bill, env={"FINOPS__AWS__EXPORTS__0__BUCKET": "no-such-bucket-here"})
    assert "s3://no-such-bucket-here" in text and "NoSuchBucket" in text and "check the bucket's name" in text


def test_no_server(bill):
    text = failure(bill, env={"FINOPS__AWS__EXPORTS__0__ENDPOINT_URL": "http://127.0.0.1:9"})
    assert "127.0.0.1" in text and "check the network" in text


def test_a_server_that_is_none_of_s3(bill):
    text = failure(bill, env={"FINOPS__AWS__EXPORTS__0__ENDPOINT_URL": bill.server.endpoint.replace("http:", "https:")})
    assert "s3://" in text


def test_no_credentials_tells_where_it_looked(bill, tmp_path):
    text = failure(bill, env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path),
                              "AWS_EC2_METADATA_DISABLED": "true"})
    for place in ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "the profile 'default'", "aws configure"):
        assert place in text


def test_a_denied_payer_fails_alone(bill):
    deliver_v1(bill.add_export("payer-b"), "2026-05", [small_bill(7)], "b1")
    report = json.loads(bill.run("aws", "run-pipeline", "--json", expect=3, env={
        "FINOPS__AWS__EXPORTS__0__AWS_ACCESS_KEY_ID": "AKNOBODY", "FINOPS__AWS__EXPORTS__0__AWS_SECRET_ACCESS_KEY": "x"}).out)
    assert {p["source"]: p["outcome"] for p in report["deliveries"]} == {"payer-a": "failed", "payer-b": "loaded"}


def user(server, *denied):
    """Keys of a new user who may do everything but `denied`."""
    iam = server.client("iam")
    name = "user-" + "-".join(action.split(":")[1] for action in denied)
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    policy = POLICY | {"Statement": POLICY["Statement"] + [{"Effect": "Deny", "Action": list(denied), "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@pytest.mark.parametrize("server", ["moto"], indirect=True)
@pytest.mark.parametrize("action, step", [("s3:ListBucket", "list s3://"), ("s3:GetObject", "look at s3://")])
def test_a_denied_action_names_its_step(bill, action, step):
    text = failure(bill, env=user(bill.server, action))
    # The answer to a HEAD has no body, so no code.
    assert step in text and ("AccessDenied" in text or "HTTP 403" in text) and "policy" in text


@pytest.mark.parametrize("server", ["moto"], indirect=True)
def test_a_role_is_assumed_before_reading(bill):
    iam = bill.server.client("iam")
    role = iam.create_role(RoleName="bill-reader", AssumeRolePolicyDocument=json.dumps(POLICY))["Role"]["Arn"]
    iam.put_role_policy(RoleName="bill-reader", PolicyName="p", PolicyDocument=json.dumps(POLICY))
    sts = {"AWS_ENDPOINT_URL_STS": bill.server.endpoint, "FINOPS__AWS__EXPORTS__0__ROLE_ARN": role,
           "FINOPS__AWS__EXPORTS__0__EXTERNAL_ID": "a1b2c3"}
    nobody = {"AWS_ACCESS_KEY_ID": "AKNOBODY"}
    text = failure(bill, env=sts | nobody)
    assert f"assume the role {role}" in text and "credentials from" in text
    bill.run("aws", "run-pipeline", env=sts)
    assert bill.query("SELECT count(*) AS n FROM aws_billing_data")[0]["n"] in (10, "10")


def test_no_secret_is_in_any_file(bill):
    bill.run("aws", "run-pipeline")
    bill.run("config")
    for file in pathlib.Path(bill.folder, "data").rglob("*"):
        if file.is_file():
            assert bill.server.secret.encode() not in file.read_bytes(), file
