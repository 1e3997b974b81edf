"""SIGTERM and kill -9 in the middle of a slow transfer: the end comes soon, and the next run ends as an undisturbed one."""
import signal
import threading

import pytest
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_bill, small_row
from fault_proxy import fault_proxy

SLOW_PLACES = {"list": lambda method, path: "list-type" in path,
               "manifest": lambda method, path: method == "GET" and path.endswith("-Manifest.json"),
               "file": lambda method, path: method == "GET" and path.endswith(".csv.gz")}


@pytest.fixture
def server(versitygw):
    return versitygw


class SlowServer:
    """A server that answers the requests of one place when it is told to, or byte by byte."""

    def __init__(self, proxy):
        self.proxy, self.is_reached, self.may_go_on = proxy, threading.Event(), threading.Event()

    def be_slow(self, place, how):
        def fault(number, method, path):
            if not SLOW_PLACES[place](method, path):
                return None
            self.is_reached.set()
            if how == "drip":
                return "drip"
            self.may_go_on.wait(120)
            return None
        self.proxy.fault = fault

    def be_fast(self):
        self.proxy.fault = lambda number, method, path: None


@pytest.fixture
def slow(server):
    with fault_proxy(server.endpoint) as proxy:
        slow = SlowServer(proxy)
        yield slow
        slow.may_go_on.set()


@pytest.fixture
def bill(project):
    """Two months: a restated one with a faulty row over a loaded one, and a new one."""
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "may-1")
    project.run("aws", "run-pipeline")
    project.run("aws", "run-pipeline", env=calm(project))
    rows = [small_row(i, cost="2", description=f"line {i * 7919 % 4096}") for i in range(3000)] + [b"bad"]
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, rows), small_bill(1000)], "may-2")
    deliver_v1(bucket, "2026-06", [small_bill(40, "2026-06")], "june")
    project.upload()
    return project


def calm(project):
    """The same bills into another lake, whose runs nobody disturbs."""
    return {"FINOPS_DATA_DIR": str(project.folder / "calm")}


def state(project, env=None):
    rows = project.query("SELECT * FROM aws_billing_data ORDER BY ALL", env=env)
    quarantine = [(q["execution_id"], q["rows"]) for q in project.json("quarantine", "ls", env=env)["deliveries"]]
    history = [(d["billing_period"], d["execution_id"], d["state"])
               for d in project.json("history", env=env)["deliveries"]]
    return rows, quarantine, sorted(history)


def through(slow):
    return {"FINOPS__AWS__EXPORTS__0__ENDPOINT_URL": slow.proxy.endpoint}


def check_next_run(project, slow):
    slow.be_fast()
    project.run("aws", "run-pipeline", expect=3, env=through(slow))  # 3: a row in quarantine
    project.run("aws", "run-pipeline", expect=3, env=calm(project))
    assert state(project) == state(project, calm(project))
    assert project.json("aws", "run-pipeline")["changed"] is False
    project.run("receipt", "verify")


@pytest.mark.parametrize("keep", ["true", "false"])
@pytest.mark.parametrize("place, how", [("list", "wait"), ("manifest", "wait"), ("file", "wait"), ("file", "drip")])
def test_sigterm_ends_a_slow_run_soon_and_the_next_one_ends_as_undisturbed(bill, slow, place, how, keep):
    before = state(bill)
    slow.be_slow(place, how)
    process = bill.start("aws", "run-pipeline", env=through(slow) | {"FINOPS__AWS__EXPORTS__0__KEEP_STAGING": keep})
    try:
        assert slow.is_reached.wait(60)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "interrupted; nothing is lost" in err
    assert state(bill) == before
    check_next_run(bill, slow)


@pytest.mark.parametrize("how", ["wait", "drip"])
def test_kill_9_leaves_no_lock_that_blocks_the_next_run(bill, slow, how):
    slow.be_slow("file", how)
    process = bill.start("aws", "run-pipeline", env=through(slow))
    try:
        assert slow.is_reached.wait(60)
        during = bill.json("aws", "run-pipeline", expect=None)
        assert "locked" in [d["outcome"] for d in during["deliveries"]]
    finally:
        process.kill()
        process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL
    check_next_run(bill, slow)
