"""The same for writes of a lake in a bucket: put, copy and delete, at many requests in turn, and killed between them."""
import decimal
import signal

import pytest
from deliveries import deliver_v1, small_bill
from fault_proxy import FAULTS

D = decimal.Decimal
MAY = ("--period", "2026-05", "--source", "payer-a")
ROWS = {"v1": 2000, "v2": 1500}


@pytest.fixture
def server(versitygw):
    return versitygw


@pytest.fixture
def loaded(project):
    """v1 was replaced by v2; payer-b stands beside it."""
    project.put_lake_on_s3()
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(ROWS["v1"])], "v1")
    deliver_v1(project.add_export("payer-b"), "2026-05", [small_bill(7)], "b")
    project.run("aws", "run-pipeline")
    deliver_v1(project.folder / "buckets/payer-a", "2026-05", [small_bill(ROWS["v2"])], "v2")
    project.run("aws", "run-pipeline")
    return project


def lake(project):
    rows = project.query("SELECT execution_id AS v, count(*) AS n, sum(line_item_unblended_cost) AS c, count(DISTINCT "
                         "source_line) AS lines FROM aws_billing_data GROUP BY ALL ORDER BY ALL")
    return [(r["v"], int(r["n"]), D(r["c"]), int(r["lines"])) for r in rows]


def with_current(version):
    return [("b", 7, D("8.75"), 7), (version, ROWS[version], ROWS[version] * D("1.25"), ROWS[version])]


def other(version):
    return "v2" if version == "v1" else "v1"


# A lost answer leaves it open whether the request took effect: the hardest.
@pytest.mark.parametrize("fault, step", [(fault, 3 if fault == "lose_answer" else 10) for fault in FAULTS])
@pytest.mark.parametrize("work", ["load", "rollback"])
def test_a_fault_at_a_request_of_the_lake_changes_nothing(loaded, proxy, work, fault, step):
    environment = {"FINOPS__LAKE__ENDPOINT_URL": proxy.endpoint}
    current, broken, methods = "v2", 1, set()
    while True:
        proxy.requests.clear()
        proxy.fault = lambda number, method, path: fault if number == broken else None
        if work == "load":
            loaded.run("aws", "run-pipeline", "--source", "payer-a", "--overwrite", env=environment)
        else:
            current = other(current)
            loaded.run("rollback", *MAY, "--to", current, env=environment)
        assert lake(loaded) == with_current(current), f"{fault} at request {broken}"
        methods |= {method for method, _ in proxy.requests}
        if broken >= len(proxy.requests):
            break
        broken += step
    assert broken > 10 and "PUT" in methods  # a dozen requests at least
    assert {d["verdict"] for d in loaded.json("receipt", "verify", expect=None)["deliveries"]} <= {"agrees", "cannot_be_verified"}


@pytest.mark.parametrize("moment", ["kill-before", "kill-after"])
def test_killed_at_each_durable_call_a_lake_in_a_bucket_is_old_or_new(loaded, moment):
    current, call = "v2", 1
    while True:
        wanted = other(current)
        done = loaded.run("rollback", *MAY, "--to", wanted, expect=None, env={"FINOPS_FAULT": f"{moment}:{call}"})
        seen = lake(loaded)
        assert seen in (with_current(current), with_current(wanted)), f"{moment} {call}"
        if done.code == 0:
            break
        assert done.code == -signal.SIGKILL, done.err
        loaded.run("rollback", *MAY, "--to", wanted)
        assert lake(loaded) == with_current(wanted)
        current, call = wanted, call + 1
    assert call > 5
    assert {d["verdict"] for d in loaded.json("receipt", "verify", expect=None)["deliveries"]} <= {"agrees", "cannot_be_verified"}
