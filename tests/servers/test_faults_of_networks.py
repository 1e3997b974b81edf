"""What networks and busy servers do, at each request in turn: the run ends as the undisturbed one, or says what failed."""
import decimal

import pytest
from deliveries import deliver_v1, small_bill
from fault_proxy import FAULTS

D = decimal.Decimal


@pytest.fixture
def server(versitygw):
    return versitygw


def through(proxy, **more):
    return {"FINOPS__AWS__EXPORTS__0__ENDPOINT_URL": proxy.endpoint} | more


def lake(project):
    return [(r["execution_id"], int(r["n"]), D(r["cost"])) for r in project.query(
        "SELECT execution_id, count(*) AS n, sum(line_item_unblended_cost) AS cost FROM aws_billing_data GROUP BY ALL")]


@pytest.mark.parametrize("keep", ["true", "false"])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_at_any_request_changes_nothing(project, proxy, fault, keep):
    project.extra = [f"keep_staging = {keep}"]
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(2000), small_bill(3)], "v1")
    number = broken = 1
    while True:
        proxy.requests.clear()
        proxy.fault = lambda number, method, path: fault if number == broken else None
        project.run("aws", "run-pipeline", "--overwrite", env=through(proxy))
        assert lake(project) == [("v1", 2003, D("2503.75"))], f"{fault} at request {broken}"
        number = len(proxy.requests)
        if broken >= number:
            break
        broken += 1
    assert broken > 5


def test_a_run_tells_what_its_stages_cost_and_how_often_it_asked_again(project, proxy):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(2000)], "v1")
    proxy.fault = lambda number, method, path: "503" if number in (2, 4, 5) else None
    report = project.json("aws", "run-pipeline", env=through(proxy))
    assert [s["stage"] for s in report["stages"]] == ["discover", "deliveries"]
    assert sum(s["retries"] for s in report["stages"]) == 3
    stages = {s["stage"]: s for s in report["deliveries"][0]["stages"]}
    assert list(stages) == ["prepare", "load", "verify", "costs", "commit", "stage"]
    assert stages["load"]["rows"] == stages["verify"]["rows"] == 2000
    assert stages["load"]["bytes"] == report["deliveries"][0]["compressed_bytes"] > 0
    assert all(s["seconds"] >= 0 for s in stages.values())
    assert "load 0" in project.run("aws", "run-pipeline", "--overwrite", "--verbose").err


def test_a_storm_is_told_and_the_next_run_is_right(project, proxy):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(10)], "v1")
    proxy.fault = lambda number, method, path: "503"
    result = project.run("aws", "run-pipeline", expect=1, env=through(proxy), timeout=300)
    assert "SlowDown" in result.err and "attempts" in result.err and "run the same command again" in result.err
    proxy.fault = lambda number, method, path: None
    project.run("aws", "run-pipeline", env=through(proxy))
    assert lake(project) == [("v1", 10, D("12.5"))]


@pytest.mark.parametrize("keep", ["true", "false"])
def test_a_delivery_that_is_replaced_while_it_is_read_is_read_again(project, proxy, keep):
    project.extra = [f"keep_staging = {keep}"]
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(10)], "v1", overwrite=True)
    project.upload()
    times = []

    def replace(number, method, path):
        """Between the manifest and the file, AWS delivers again."""
        if method == "GET" and path.endswith(".csv.gz") and not times:
            times.append(1)
            deliver_v1(bucket, "2026-05", [small_bill(20)], "v2", overwrite=True)
            project.upload()

    proxy.fault = replace
    project.run("aws", "run-pipeline", env=through(proxy))
    assert times and lake(project) == [("v2", 20, D("25"))]


def test_a_delivery_that_never_stands_still_is_given_up(project, proxy):
    project.extra = ["keep_staging = false"]
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(10)], "v0", overwrite=True)
    project.upload()
    times = []

    def replace(number, method, path):
        if method == "GET" and path.endswith(".csv.gz"):
            times.append(1)
            deliver_v1(bucket, "2026-05", [small_bill(20 + len(times))], f"v{len(times)}", overwrite=True)
            project.upload()

    proxy.fault = replace
    result = project.run("aws", "run-pipeline", expect=1, env=through(proxy))
    assert 3 <= len(times) <= 6, "bounded"
    assert "failed" in result.err
