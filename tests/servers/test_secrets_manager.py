"""Keys of the configuration that lie in AWS Secrets Manager."""
import itertools
import json

import pytest
from deliveries import deliver_v1, small_bill
from test_refusals_of_s3 import failure, user

NUMBERS = itertools.count(1)


@pytest.fixture
def server(moto):
    return moto


@pytest.fixture
def bill(project):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(10)], "v1")
    return project


def stored(project, value, **form):
    """The ARN of a new secret."""
    form = form or {"SecretString": value}
    client = project.server.client("secretsmanager")
    return client.create_secret(Name=f"finops/test-{next(NUMBERS)}", **form)["ARN"]


def secrets(project, key_id, secret_key):
    """The export's keys are in Secrets Manager; what asks for them are the keys of the environment."""
    return {"FINOPS__AWS__EXPORTS__0__AWS_ACCESS_KEY_ID": f"secretsmanager:{key_id}",
            "FINOPS__AWS__EXPORTS__0__AWS_SECRET_ACCESS_KEY": f"secretsmanager:{secret_key}",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": project.server.endpoint}


@pytest.fixture(scope="module")
def reader(moto):
    """Keys of a user who may read bills and no secret."""
    keys = user(moto, "secretsmanager:GetSecretValue")
    return keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"]


def test_a_bill_is_read_with_keys_of_secrets_manager(bill, reader):
    key_id, secret_key = reader
    both = stored(bill, json.dumps({"id": key_id, "key": secret_key}))
    bill.run("aws", "run-pipeline", env=secrets(bill, both + "#id", both + "#key"))
    assert bill.query("SELECT count(*) AS n FROM aws_billing_data")[0]["n"] in (10, "10")
    shown = bill.run("config", env=secrets(bill, both + "#id", both + "#key")).out
    assert f"(secret, from secretsmanager:{both}#key)" in shown and secret_key not in shown


def test_a_secret_that_is_one_text(bill, reader):
    key_id, secret_key = reader
    bill.run("aws", "run-pipeline", env=secrets(bill, stored(bill, key_id), stored(bill, secret_key + "\n")))


def test_what_cannot_be_read_names_itself_and_tells_no_value(bill, reader):
    key_id, secret_key = reader
    both = stored(bill, json.dumps({"id": key_id, "key": secret_key}))
    gone = both.replace("finops/test", "finops/gone")
    text = failure(bill, env=secrets(bill, both + "#id", gone + "#key"))
    assert gone in text and "ResourceNotFoundException" in text and "check the ARN" in text
    text = failure(bill, env=secrets(bill, both + "#id", both + "#secret"))
    assert "no member 'secret'" in text and secret_key not in text
    text = failure(bill, env=secrets(bill, both + "#id", stored(bill, "", SecretBinary=b"x")))
    assert "binary" in text
    denied = {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret_key}
    text = failure(bill, env=secrets(bill, both + "#id", both + "#key") | denied)
    assert "secretsmanager:GetSecretValue" in text and "credentials from AWS_ACCESS_KEY_ID" in text
    assert secret_key not in text


def test_a_reference_that_is_no_arn_is_a_mistake_of_the_configuration(bill):
    result = bill.run("aws", "run-pipeline", expect=2, env=secrets(bill, "finops/test", "finops/test"))
    assert "write the whole ARN" in result.err
