"""Mails of finops to a real mail server: TLS, log-in, refusals, silence. What is told and when is in tests/e2e/test_notify.py."""
import re
import time

import pytest
from deliveries import deliver_v1, small_bill
from mail_server import mail_server, silent_server
from project import Project

TO = "finance@x.example"
PASSWORD = "it's a s3cr3t=€"


class Mailing:
    """A pipeline that fails, so that each run has something to tell until it was told."""

    def __init__(self, folder):
        self.project = Project(folder)
        bucket = self.project.add_export("größe 💶")
        deliver_v1(bucket, "2026-05", [small_bill(50)], "v1")
        file = next(bucket.rglob("*.csv.gz"))
        file.write_bytes(file.read_bytes()[:-20])

    def run(self, url, ca=None, to=TO, **more):
        environment = {"EMAIL_SMTP_URL": url, "EMAIL_FROM": "finops@mail.example", "EMAIL_TO": to} | more
        environment = {f"FINOPS__NOTIFY__{name}": value for name, value in environment.items()}
        if ca:
            environment["SSL_CERT_FILE"] = str(ca)
        result = self.project.run("aws", "run-pipeline", expect=1, env=environment)
        assert PASSWORD not in result.out + result.err, "the password is told"
        return result


@pytest.fixture
def mailing(tmp_path):
    return Mailing(tmp_path / "project")


LOGIN = {"EMAIL_USER": "u@mail.example", "EMAIL_PASSWORD": PASSWORD}


@pytest.fixture
def server(tmp_path):
    with mail_server(tmp_path / "mail", "starttls", {LOGIN["EMAIL_USER"]: PASSWORD}) as started:
        yield started


def test_a_mail_arrives_by_starttls_and_with_a_log_in(mailing, server):
    result = mailing.run(server.url, server.ca, f"{TO}, oncall@x.example", **LOGIN)
    assert "nobody was told" not in result.err
    first, second = server.mails()
    assert [mail["X-Rcpt"] for mail in (first, second)] == [TO, "oncall@x.example"]
    assert first["X-User"] == LOGIN["EMAIL_USER"] and first["X-Tls"] == "yes" and first["X-From"] == "finops@mail.example"
    assert first["Message-ID"] == second["Message-ID"] and re.fullmatch(r"<[0-9a-f-]{36}@mail\.example>", first["Message-ID"])
    assert first["From"] == "finops <finops@mail.example>" and first["To"] == f"{TO}, oncall@x.example"
    assert first["Subject"].endswith(": 1 new problem") and first["Auto-Submitted"] == "auto-generated"
    assert abs(first["Date"].datetime.timestamp() - time.time()) < 300
    assert "• größe 💶 2026-05 (invalid_data): " in first.get_content() and not first.defects
    raw = server.raw()[0]
    assert raw.isascii() and max(len(line) for line in raw.split(b"\r\n")) <= 78 and b"\n" not in raw.replace(b"\r\n", b"")


def test_tls_from_the_first_byte(mailing, tmp_path):
    with mail_server(tmp_path / "mail", "at-once", {LOGIN["EMAIL_USER"]: PASSWORD}) as server:
        mailing.run(server.url, server.ca, **LOGIN)
        assert len(server.mails()) == 1


def test_a_server_on_this_machine_needs_no_tls(mailing, tmp_path):
    with mail_server(tmp_path / "mail") as server:
        mailing.run(server.url)
        mail, = server.mails()
        assert mail["X-Tls"] == "no" and mail["X-User"] == ""


def test_a_certificate_that_nobody_knows_gets_no_password(mailing, server):
    result = mailing.run(server.url, **LOGIN)
    assert "nobody was told of this run" in result.err and "its certificate does not hold" in result.err
    assert not server.mails() and server.attempts(TO) == 0


def test_a_wrong_password_is_told_without_it(mailing, server):
    result = mailing.run(server.url, server.ca, EMAIL_USER="u@mail.example", EMAIL_PASSWORD="wrong")
    assert "the server said 535; check notify.email_user and notify.email_password" in result.err
    assert not server.mails()


def test_what_passes_is_tried_again_and_what_stays_is_told(mailing, server):
    server.refuse(TO, "451 4.3.0 try later", times=2)
    mailing.run(server.url, server.ca, **LOGIN)
    assert server.attempts(TO) == 3 and len(server.mails()) == 1


def test_who_is_refused_for_good_is_named(mailing, server):
    server.refuse(TO, "550 5.1.1 no such user")
    result = mailing.run(server.url, server.ca, **LOGIN)
    assert f"mail {TO} by 127.0.0.1:" in result.err and "the server said 550 5.1.1 no such user" in result.err
    assert server.attempts(TO) == 1 and not server.mails()
    # The next run tries again; one address that is wrong keeps nobody else from being told.
    result = mailing.run(server.url, server.ca, f"{TO} oncall@x.example", **LOGIN)
    assert [mail["X-Rcpt"] for mail in server.mails()] == ["oncall@x.example"]
    assert "550 5.1.1 no such user" in result.err and "nobody was told" not in result.err


@pytest.mark.parametrize("url", ["silent", "smtp://127.0.0.1:1"])
def test_a_server_that_says_nothing_holds_nobody_up(mailing, url):
    with silent_server() as silent:
        began = time.monotonic()
        result = mailing.run(silent if url == "silent" else url)
    assert "nobody was told of this run" in result.err and "3 attempts" in result.err
    assert time.monotonic() - began < 60
