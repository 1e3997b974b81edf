"""People are told when runs begin to fail and when they recover, and of nothing else."""
import os
import time

import pytest
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_bill, small_row
from mail_server import mail_server
from webhook import webhook


@pytest.fixture
def hook():
    with webhook() as hook:
        yield hook


class Told:
    """Runs the pipeline and returns what the run tells, or None; `result` is the last run."""

    def __init__(self, project, hook):
        self.project, self.hook, self.result = project, hook, None

    def __call__(self, *arguments, expect=0, env=None):
        self.hook.messages.clear()
        self.result = self.project.run("aws", "run-pipeline", *arguments, expect=expect,
                                       env={"FINOPS__NOTIFY__WEBHOOK_URL": self.hook.url} | (env or {}))
        assert self.hook.path not in self.result.out + self.result.err, "the URL is a secret"
        assert len(self.hook.messages) <= 1, "one message for each run"
        return self.hook.messages[0] if self.hook.messages else None


@pytest.fixture
def told(project, hook):
    return Told(project, hook)


def names(problems):
    return [(p["source"], p["billing_period"], p["kind"]) for p in problems]


def break_file(bucket):
    file = next(bucket.rglob("*.csv.gz"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    return lambda: file.write_bytes(whole)


def test_failure_failure_recovery(project, told):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(500)], "v1")
    repair = break_file(bucket)
    first = told(expect=1)
    assert first["finops"]["event"] == "new_problems"
    assert names(first["finops"]["problems"]) == [("payer-a", "2026-05", "invalid_data")]
    assert "1 new problem" in first["text"] and "payer-a 2026-05 (invalid_data)" in first["text"]
    assert "report-00001.csv.gz" in first["finops"]["problems"][0]["message"]
    assert told(expect=1) is None
    assert told(expect=1) is None
    repair()
    last = told()
    assert last["finops"]["event"] == "recovered" and "recovered" in last["text"]
    assert names(last["finops"]["solved"]) == [("payer-a", "2026-05", "invalid_data")]
    assert last["finops"]["solved"][0]["since"] == first["finops"]["time"]
    assert told() is None


def test_a_dry_run_and_other_commands_tell_nothing(project, told, hook):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(500)], "v1")
    break_file(bucket)
    assert told("--dry-run") is None
    project.run("aws", "load-billing-local", expect=1, env={"FINOPS__NOTIFY__WEBHOOK_URL": hook.url})
    assert hook.attempts == 0


def test_a_run_of_one_source_says_nothing_of_the_others(project, told):
    for name in ("payer-a", "payer-b"):
        deliver_v1(project.add_export(name), "2026-05", [small_bill(500)], "v1")
    repair = break_file(project.folder / "buckets/payer-a")
    assert told(expect=3)["finops"]["event"] == "new_problems"
    assert told("--source", "payer-b") is None
    repair()
    assert told("--source", "payer-a")["finops"]["event"] == "recovered"


def test_an_error_that_ends_the_run_is_told(project, told):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(5)], "v1")
    first = told(expect=1, env={"FINOPS__CATALOG__TYPE": "glue", "FINOPS__CATALOG__URI": "x"})
    assert names(first["finops"]["problems"]) == [(None, None, "unsupported")]
    assert told()["finops"]["event"] == "recovered"
    assert told("--source", "payer-x", expect=2) is None, "a mistyped name is nobody else's business"


def test_a_configuration_without_exports_is_told(project, told):
    project.write_config()
    assert names(told(expect=2)["finops"]["problems"]) == [(None, None, "invalid_config")]


def test_a_stale_source_is_told(project, told):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "v1")
    manifest = next(bucket.glob("cur/report/*/*-Manifest.json"))
    then = time.time() - 80 * 3600
    os.utime(manifest, (then, then))
    first = told()
    assert names(first["finops"]["problems"]) == [("payer-a", None, "stale")]
    assert "its newest delivery came" in first["text"]
    assert told() is None
    os.utime(manifest)
    assert told()["finops"]["event"] == "recovered"


def test_quarantine_is_told_once(project, told):
    bucket = project.add_export("payer-a")
    body = csv_bytes(SMALL_HEADER, [small_row(i) for i in range(2000)] + [b"bad"])
    deliver_v1(bucket, "2026-05", [body], "v1")
    assert names(told(expect=3)["finops"]["problems"]) == [("payer-a", "2026-05", "quarantined")]
    assert told() is None
    deliver_v1(bucket, "2026-05", [body], "v2")
    assert told(expect=3) is None


def test_a_webhook_that_fails_is_a_warning_and_is_tried_again(project, told, hook):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(500)], "v1")
    repair = break_file(bucket)
    hook.status = 500
    assert told(expect=1) is None
    assert hook.attempts == 3
    assert "warning: nobody was told of this run: tell the webhook at 127.0.0.1: HTTP 500 (rollup_error)" in told.result.err
    hook.status = 200
    assert told(expect=1)["finops"]["event"] == "new_problems"
    repair()
    hook.status = 404
    hook.attempts = 0
    assert told() is None, "and a good run stays one"
    assert hook.attempts == 1, "what does not pass is not repeated"
    hook.status = 200
    assert told()["finops"]["event"] == "recovered"


def test_the_url_may_be_a_reference_and_doctor_checks_it(project, told, hook):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(500)], "v1")
    break_file(bucket)
    (project.folder / "url").write_text(hook.url + "\n")
    reference = {"FINOPS__NOTIFY__WEBHOOK_URL": f"file:{project.folder}/url"}
    assert told(expect=1, env=reference)["finops"]["event"] == "new_problems"

    def check(url):
        checks = project.json("doctor", expect=None, env={"FINOPS__NOTIFY__WEBHOOK_URL": url})["checks"]
        return next(c for c in checks if c["subject"] == "webhook")
    assert check(hook.url)["result"] == "good"
    bad = check("http://hooks.example/services/secret")
    assert bad["result"] == "bad" and "https://" in bad["finding"] and "services" not in bad["finding"]
    assert check("env:NOT_SET_ANYWHERE")["result"] == "bad"
    assert hook.path not in project.run("config", env={"FINOPS__NOTIFY__WEBHOOK_URL": hook.url}).out


def test_names_of_a_payer_cannot_call_a_channel(project, told):
    bucket = project.add_export("<!channel> & co")
    deliver_v1(bucket, "2026-05", [small_bill(500)], "v1")
    break_file(bucket)
    message = told(expect=1)
    assert "<" not in message["text"] and "&lt;!channel&gt; &amp; co" in message["text"]
    assert message["finops"]["problems"][0]["source"] == "<!channel> & co"


@pytest.fixture
def mail(project, tmp_path):
    """Mails of runs go to a server on this machine."""
    with mail_server(tmp_path / "mail") as server:
        project.variables |= {f"FINOPS__NOTIFY__EMAIL_{name}": value for name, value in (
            ("SMTP_URL", server.url), ("FROM", "finops@mail.example"), ("TO", "oncall@x.example"))}
        yield server


def subjects(mail):
    found = [message["Subject"].split(": ", 1)[1] for message in mail.mails()]
    mail.clear()
    return found


def test_one_mail_when_runs_begin_to_fail_and_one_when_they_recover(project, mail):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(500)], "v1")
    repair = break_file(bucket)
    project.run("aws", "run-pipeline", expect=1)
    assert "payer-a 2026-05 (invalid_data)" in mail.mails()[0].get_content()
    assert subjects(mail) == ["1 new problem"]
    project.run("aws", "run-pipeline", expect=1)
    assert subjects(mail) == []
    repair()
    project.run("aws", "run-pipeline")
    assert subjects(mail) == ["recovered"]
    project.run("aws", "run-pipeline")
    assert subjects(mail) == []


def test_both_ways_are_told_and_one_that_fails_neither_stops_nor_repeats_the_other(project, mail, told, hook):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(500)], "v1")
    repair = break_file(bucket)
    hook.status = 404
    assert told(expect=1) is None and subjects(mail) == ["1 new problem"]
    assert "warning: nobody was told of this run: tell the webhook" in told.result.err
    hook.status = 200
    assert told(expect=1)["finops"]["event"] == "new_problems" and subjects(mail) == []
    mail.refuse("oncall@x.example", "550 5.1.1 no such user", times=2)
    repair()
    assert told()["finops"]["event"] == "recovered" and subjects(mail) == []
    assert told() is None and "550 5.1.1 no such user" in told.result.err and subjects(mail) == []
    assert told() is None and subjects(mail) == ["recovered"]


def test_doctor_and_config_know_the_mail(project, mail):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(5)], "v1")

    def check(**more):
        environment = {f"FINOPS__NOTIFY__EMAIL_{name}": value for name, value in more.items()}
        checks = project.json("doctor", expect=None, env=environment)["checks"]
        return next(c for c in checks if c["subject"] == "e-mail")
    assert check()["result"] == "good" and "nothing was sent" in check()["finding"]
    assert not mail.mails()
    assert check(USER="env:NOT_SET_ANYWHERE", PASSWORD="x")["result"] == "bad"
    assert check(SMTP_URL="smtp://host:port")["result"] == "bad"
    shown = project.run("config", env={"FINOPS__NOTIFY__EMAIL_USER": "u", "FINOPS__NOTIFY__EMAIL_PASSWORD": "s3cr3t"}).out
    assert "email_password" in shown and "s3cr3t" not in shown
