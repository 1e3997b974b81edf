"""Bills of many files: what is asked of the bucket, and how much of it at once. Counted, not timed."""
import collections
import random
import threading

import pytest
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_row
from fault_proxy import fault_proxy

FILES = 12


@pytest.fixture
def server(versitygw):
    return versitygw


@pytest.fixture
def proxy(server):
    with fault_proxy(server.endpoint) as proxy:
        yield proxy


class InFlight:
    """Holds the GETs of a bill's files that are the `turn`-th of their file, or other requests, until `count` of them wait."""

    def __init__(self, turn, count, method="GET", within=".csv.gz"):
        self.turn, self.barrier, self.seen = turn, threading.Barrier(count), collections.Counter()
        self.method, self.within, self.lock, self.held = method, within, threading.Lock(), 0

    def __call__(self, number, method, path):
        if method != self.method or self.within not in path:
            return
        with self.lock:
            self.seen[path] += 1
            waits = self.seen[path] == self.turn and self.held < self.barrier.parties
            self.held += waits
        if waits:
            self.barrier.wait(20)  # raises when too few come: the request ends in an error


def deliver(project, rows):
    letters = random.Random(1)
    parts = [csv_bytes(SMALL_HEADER, [small_row(n * rows + i, description=letters.randbytes(150).hex()) for i in range(rows)])
             for n in range(FILES)]
    deliver_v1(project.add_export("payer-a"), "2026-05", parts, "v1")


def run(project, proxy, *command, keep):
    env = {"FINOPS__AWS__EXPORTS__0__ENDPOINT_URL": proxy.endpoint, "FINOPS__AWS__KEEP_STAGING": str(keep).lower()}
    return project.json("aws", *command, env=env)


def asked(proxy):
    return collections.Counter(path for method, path in proxy.requests if ".csv.gz" in path)


@pytest.mark.parametrize("keep", [False, True])
def test_a_small_file_is_asked_for_once_and_several_are_on_their_way(project, proxy, keep):
    deliver(project, 20)
    proxy.fault = InFlight(1, 8)
    report = run(project, proxy, "run-pipeline", keep=keep)
    assert report["deliveries"][0]["rows"]["loaded"] == 20 * FILES
    assert sorted(asked(proxy).values()) == [1] * FILES and not proxy.fault.barrier.broken
    project.run("receipt", "verify")


@pytest.mark.parametrize("keep", [False, True])
def test_of_longer_files_the_rest_is_asked_for_while_others_are_read(project, proxy, keep):
    deliver(project, 2500)  # more than 256 KiB each: the header's request does not bring all
    proxy.fault = InFlight(2, 4)
    report = run(project, proxy, "run-pipeline", keep=keep)
    assert report["deliveries"][0]["rows"]["loaded"] == 2500 * FILES
    assert sorted(asked(proxy).values()) == [2] * FILES and not proxy.fault.barrier.broken


def test_several_files_are_downloaded_at_once(project, proxy):
    deliver(project, 20)
    proxy.fault = InFlight(1, 4)
    run(project, proxy, "extract-billing", keep=True)
    assert sorted(asked(proxy).values()) == [1] * FILES and not proxy.fault.barrier.broken
    project.run("aws", "load-billing-local")
    assert project.query("SELECT count(*) AS n FROM aws_billing_data") == [{"n": 20 * FILES}]


@pytest.mark.parametrize("count, method, within", [(3, "GET", "list-type=2"), (8, "HEAD", "Manifest.json"), (8, "GET", "Manifest.json"),
                                                   (8, "HEAD", ".csv.gz")])
def test_deliveries_are_looked_for_at_many_places_at_once(project, proxy, count, method, within):
    for payer in range(3):
        bucket = project.add_export(f"payer-{payer}")
        for month in range(1, 7):
            deliver_v1(bucket, f"2026-0{month}", [csv_bytes(SMALL_HEADER, [])], f"v{month}")
    proxy.fault = InFlight(1, count, method, within)
    env = {f"FINOPS__AWS__EXPORTS__{i}__ENDPOINT_URL": proxy.endpoint for i in range(3)}
    found = project.json("aws", "discover-manifests", env=env)["manifests"]
    assert [(m["source"], m["billing_period"]) for m in found] == [
        (f"payer-{payer}", f"2026-0{month}") for month in range(1, 7) for payer in range(3)]
    assert proxy.fault.held == count and not proxy.fault.barrier.broken
    assert len(proxy.requests) == 3 * (1 + 6 * 3)  # a list each, and of each month: is it there, what does it say, its file
