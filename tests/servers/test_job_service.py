"""`finops serve`: billing exports of many organisations are copied to ours, by pushed messages and by requests."""
import concurrent.futures
import contextlib
import itertools
import os
import random
import signal
import threading
import time

import google_billing
import pytest
from bigquery import bigquery_server
from copying_project import CopyingProject
from job_service import job_service
from webhook import webhook

NUMBERS = itertools.count(1)
TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def google(tmp_path_factory):
    with bigquery_server(tmp_path_factory.mktemp("bigquery")) as server:
        yield server


@pytest.fixture
def project(tmp_path, google):
    project = CopyingProject(tmp_path, google)
    project.run("journal", "migrate")
    return project


@pytest.fixture
def orgs(request):
    count = getattr(request, "param", 1)
    seed = next(NUMBERS)
    result = google_billing.organisations(count, seed=seed)
    for org in result:  # each test has its own of all that is theirs
        org.project = f"client-{seed}-{org.number}"
        org.reader = f"billing-reader@{org.project}.iam.gserviceaccount.com"
    return result


@pytest.mark.parametrize("reads_itself", [False, True], ids=["impersonated", "one identity"])
def test_a_message_copies_what_is_new_and_late(project, orgs, reads_itself):
    org = project.add(orgs[0], reads_itself)
    google_billing.load(project.google, org.table, google_billing.first_delivery(org))
    with job_service(project) as service:
        first = service.push({"org_id": org.number}, "m-0")
        assert first.status == 200, first.body
        project.is_equal(org)
        assert first.body["rows_copied"] == sum(day.rows for day in org.truth.days.values())
        assert first.body["report"]["way"] == ("server" if reads_itself else "client")
        for run in (1, 2, 3):
            google_billing.load(project.google, org.table, google_billing.next_delivery(org, run))
            answer = service.push({"org_id": org.number}, f"m-{run}")
            assert answer.status == 200, answer.body
            project.is_equal(org, f"run {run}")
        again = service.push({"org_id": org.number}, "m-4")
        assert (again.status, again.body["rows_copied"], again.body["report"]["days_copied"]) == (200, 0, [])
        payers = again.body["report"]["bytes_billed"]
        assert set(payers) == {org.project, project.ours} and all(payers.values())
        assert service.stop() == 0
    midnight = f"{org.today}T00:00:00.000000Z"
    assert again.body["watermark"] == midnight
    project.run("journal", "clients")
    client, = project.json("journal", "clients")["clients"]
    assert client["last_successful_run"]


def test_a_missing_right_is_told_and_the_message_works_when_it_is_given(project, orgs):
    org = project.add(orgs[0])
    project.google.control.revoke(email=org.reader, role="dataViewer", resource=org.dataset)
    with webhook() as hook:
        project.exports = [f'[notify]\nwebhook_url = "{hook.url}"']
        project.write_config()
        with job_service(project) as service:
            failed = service.push({"org_id": org.number}, "m")
            assert failed.status == 500 and org.reader in failed.body["detail"], failed.body
            project.google.control.grant(email=org.reader, role="dataViewer", resource=org.dataset)
            google_billing.load(project.google, org.table, google_billing.first_delivery(org))
            assert service.push({"org_id": org.number}, "m").status == 200
            project.is_equal(org)
            service.stop()
    assert [message["finops"]["event"] for message in hook.messages] == ["new_problems", "recovered"]


def test_pushed_messages_need_googles_token_and_requests_ours(project, orgs):
    org = project.add(orgs[0])
    audience, email = "https://finops.example", "push@acme.iam.gserviceaccount.com"
    project.configured(push_audience=audience, push_email=email, api_token=TOKEN)
    with job_service(project) as service:
        assert service.push({"org_id": org.number}).status == 401
        assert service.ask("GET", "/v1/jobs").status == 401
        mine = {"Authorization": f"Bearer {TOKEN}"}
        assert service.push({"org_id": org.number}, headers=mine).status == 401
        job = service.ask("POST", "/v1/jobs", {"org_id": str(org.number)}, mine)
        assert job.status == 202
        assert service.ask("GET", job.headers["Location"], headers=mine).status == 200
        service.stop()
    assert TOKEN not in str(service.log) + str(service.errors)


def test_a_process_that_is_killed_leaves_its_job_to_another(project, orgs):
    org = project.add(orgs[0])
    google_billing.load(project.google, org.table, google_billing.first_delivery(org))
    project.configured(lease="3s")
    project.google.control.job_fault(kind="run_for", seconds=20)
    with job_service(project) as killed:
        job = killed.ask("POST", "/v1/jobs", {"org_id": org.number}).body
        killed.wait_for_line("the job began")
        killed.stop(signal.SIGKILL)
    project.google.control.heal()
    with job_service(project) as other:
        assert other.ask("GET", f"/v1/jobs/{job['id']}").body["state"] == "running"
        for _ in range(1000):
            if other.ask("GET", f"/v1/jobs/{job['id']}").body["state"] == "succeeded":
                break
            time.sleep(0.1)
        done = other.ask("GET", f"/v1/jobs/{job['id']}").body
        assert (done["state"], done["attempts"]) == ("succeeded", 2)
        project.is_equal(org)


class Watch:
    """Looks at copies all the time: none may have fewer rows than before."""

    def __init__(self, project, orgs):
        self.project, self.tables = project, [project.copy_of(org) for org in orgs]
        self.rows, self.fewer, self.looks, self.is_over = {}, [], 0, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.is_over.wait(0.02):
            table = random.choice(self.tables)
            try:
                rows = self.project.google.control.count(table=table)
            except RuntimeError:  # it is not there yet
                continue
            self.looks += 1
            if rows < self.rows.get(table, 0):
                self.fewer.append((table, self.rows[table], rows))
            self.rows[table] = rows

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


class PubSub:
    """Delivers each message again until it is taken, some also when they were, in any order, to any of the processes."""

    def __init__(self, processes, seed):
        self.processes, self.chance, self.refused = processes, random.Random(seed), 0

    def deliver(self, messages):
        deliveries = [message for message in messages for _ in range(self.chance.choice((1, 2, 4)))]
        self.chance.shuffle(deliveries)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            for failure in pool.map(self.until_taken, deliveries):
                assert failure is None, failure

    def until_taken(self, message):
        message_id, body = message
        for _ in range(200):
            try:
                answer = random.choice(self.processes).push(body, message_id, timeout=120)
            except OSError:  # that process is gone
                time.sleep(0.2)
                continue
            if answer.status == 200:
                return None
            if answer.status < 500:
                return message_id, answer.status, answer.body
            self.refused += 1
            time.sleep(0.1)
        return message_id, "never taken", answer.body


FAULTS = [("lose_answer", "POST"), ("lose_answer", "PUT"), ("lose_answer", "GET"), ("reset", ".*"), ("internalError", ".*"), ("backendError", ".*"),
          ("rateLimitExceeded", "POST"), ("tooManyRequests", ".*"), ("drip", "GET")]
ORGANISATIONS = int(os.environ.get("FINOPS_STORM_ORGANISATIONS", 6))


@pytest.mark.parametrize("orgs", [ORGANISATIONS], indirect=True, ids=[f"{ORGANISATIONS} organisations"])
def test_a_storm_of_messages_loads_each_row_once(project, orgs, mariadb):
    """Two processes over one MariaDB, messages that come several times and in any order, BigQuery that loses answers, kill -9."""
    chance = random.Random(5)
    mariadb.sql("CREATE OR REPLACE DATABASE storm")
    project.variables = {"DB_HOST": f"{mariadb.host}:{mariadb.port}", "DB_NAME": "storm", "DB_USER": mariadb.user, "DB_PASSWORD": mariadb.password}
    project.configured(lease="3s", workers=3, push_deadline="20s", max_retries=2)
    project.run("journal", "migrate")
    for org in orgs:
        project.add(org, reads_itself=org.number % 4 == 0)
    sent = 0
    with contextlib.ExitStack() as stack, Watch(project, orgs) as watch:
        processes = [stack.enter_context(job_service(project)) for _ in range(2)]
        pubsub = PubSub(processes, seed=3)
        is_over = threading.Event()

        def disturb():
            while not is_over.wait(chance.uniform(0.1, 0.6)):
                kind, method = chance.choice(FAULTS)
                project.google.control.fault(kind=kind, method=method, path="/bigquery/.*", nth=chance.randint(1, 20))

        def kill():
            while not is_over.wait(chance.uniform(4, 8)):
                place = chance.randrange(2)
                processes[place].stop(signal.SIGKILL)
                processes[place] = stack.enter_context(job_service(project))

        threads = [threading.Thread(target=disturb), threading.Thread(target=kill)]
        for thread in threads:
            thread.start()
        try:
            for run in range(4):
                for org in orgs:
                    delivery = google_billing.next_delivery(org, run) if run else google_billing.first_delivery(org)
                    google_billing.load(project.google, org.table, delivery)
                pubsub.deliver([(f"run-{run}-{org.number}", {"org_id": org.number}) for org in orgs])
                sent += len(orgs)
                for org in orgs:
                    project.is_equal(org, f"run {run} of {org.number}")
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
            project.google.control.heal()
        assert watch.looks > 20 and watch.fewer == []
        answer = processes[0].push({"org_id": orgs[0].number}, "run-0-1")
        assert answer.status == 200, "a message of long ago is answered from the journal"
    assert mariadb.sql("SELECT COUNT(*), COUNT(DISTINCT message_id), SUM(status = 'SUCCESS') FROM storm.etl_jobs").split() == [str(sent)] * 3


def test_rows_are_changed_on_their_way_by_the_organisations_sql(project, orgs):
    org = project.add(orgs[0], reads_itself=True)
    google_billing.load(project.google, org.table, google_billing.first_delivery(org))
    sql = project.folder / "lower.sql"
    sql.write_text("SELECT * REPLACE (lower(currency) AS currency) FROM batch")
    project.run("journal", "set-client", org.number, "--transform-sql", sql)
    with job_service(project) as service:
        answer = service.push({"org_id": org.number}, "m")
        assert answer.status == 200, answer.body
        sql.write_text("SELECT 1 AS one FROM batch")
        refused = service.push({"org_id": org.number}, "n")
        assert refused.status == 422 and "lower.sql" in refused.body["detail"], refused.body
        service.stop()
    changed = project.google.control.rows(sql=f"SELECT currency, COUNT(*) FROM `{project.copy_of(org)}` GROUP BY 1")
    assert {currency for currency, _ in changed} == {currency.lower() for currency in org.currencies}
    assert sum(int(rows) for _, rows in changed) == sum(day.rows for day in org.truth.days.values())
