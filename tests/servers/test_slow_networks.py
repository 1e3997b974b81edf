"""Networks that are slow, stall, cut and break connections, wherever they are in an exchange: a run through them ends as the
undisturbed one, or says what failed; the next run on a healthy network completes it, and nothing is there twice."""
import random
import threading

import pytest
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_row
from fault_proxy import fault_proxy

SLOW = {  # toxics that only make slow
    "latency": [("latency", {"latency": 100, "jitter": 50})],
    "bandwidth": [("bandwidth", {"rate": 40})],  # KB/s
    "slices": [("slicer", {"average_size": 64, "size_variation": 32, "delay": 100})],
    "all of it, both ways": [
        ("latency", {"latency": 30, "jitter": 30}), ("slicer", {"average_size": 100, "size_variation": 50, "delay": 10}),
        ("latency", {"stream": "upstream", "latency": 30}), ("bandwidth", {"rate": 200}),
        ("slicer", {"stream": "upstream", "average_size": 7, "size_variation": 5, "delay": 10})],
}


@pytest.fixture
def server(versitygw):
    return versitygw


@pytest.fixture
def counter(server):
    """Between the bad network and the server: which requests arrive, in which order."""
    with fault_proxy(server.endpoint) as proxy:
        yield proxy


@pytest.fixture
def network(toxiproxy, counter):
    with toxiproxy.before(counter.endpoint) as network:
        yield network


def run(project, network, **options):
    """A run whose requests all go through the network, with the shortest time-out."""
    ways = {f"FINOPS__AWS__EXPORTS__{i}__ENDPOINT_URL": network.endpoint for i in range(len(project.exports))}
    ways["FINOPS__LAKE__ENDPOINT_URL"] = network.endpoint
    return project.run("aws", "run-pipeline", env=ways | {"FINOPS__AWS__READ_TIMEOUT": "1s"}, **options)


def bill(rows, period="2026-05"):
    """Cells of random letters, so that the gzipped file is long, some 60 bytes a row."""
    letters = random.Random(rows)
    return csv_bytes(SMALL_HEADER, [small_row(i, period, description=letters.randbytes(32).hex()) for i in range(rows)])


LARGE = "may/report-00001.csv.gz"


@pytest.fixture
def bills(project):
    """Three deliveries of two payers; the first has a LARGE file and a small one."""
    payer_a, payer_b = project.add_export("payer-a"), project.add_export("payer-b")
    deliver_v1(payer_a, "2026-05", [bill(2000), bill(20)], "may")
    deliver_v1(payer_a, "2026-04", [bill(30, "2026-04")], "april")
    deliver_v1(payer_b, "2026-05", [bill(25)], "other")
    return project


def state(project):
    """What the lake, its receipts and its ledger say."""
    lake = project.query("SELECT source, billing_period, execution_id, count(*) AS n, sum(line_item_unblended_cost) AS cost, "
                         "sum(line_item_usage_amount) AS amount, count(DISTINCT line_item_line_item_description) AS texts, "
                         "count(DISTINCT source_file) AS files FROM aws_billing_data GROUP BY ALL ORDER BY ALL")
    receipts = {(r["source"], r["billing_period"], r["execution_id"], r["balanced"]): (r["rows"], r["sums"])
                for r in project.json("receipt")["receipts"]}
    ledger = project.query("SELECT source, billing_period, execution_id, revision, state FROM billing.deliveries ORDER BY ALL")
    return lake, receipts, ledger


@pytest.fixture
def undisturbed(bills, tmp_path):
    (tmp_path / "undisturbed").mkdir()
    other = type(bills)(tmp_path / "undisturbed", bills.server)
    for name in ("payer-a", "payer-b"):
        other.add_export(name, bucket=bills.folder / "buckets" / name)
    other.run("aws", "run-pipeline")
    assert sum(int(row["n"]) for row in state(other)[0]) == 2075
    return state(other)


def end(project, result, undisturbed):
    """A run that ends well equals the undisturbed one; one that does not says what failed, and one without faults mends it."""
    if result.code == 0:
        assert state(project) == undisturbed
    else:
        assert "failed" in result.err and "attempts" in result.err and "run the same command again" in result.err
    repeated = project.json("aws", "run-pipeline")
    assert repeated["changed"] is (result.code != 0)
    assert state(project) == undisturbed
    assert project.json("aws", "run-pipeline")["changed"] is False
    project.run("receipt", "verify")


def files_asked(counter):
    return [path for method, path in counter.requests if method == "GET" and path.endswith(".csv.gz")]


@pytest.mark.parametrize("keep", ["true", "false"])
@pytest.mark.parametrize("toxics", list(SLOW))
def test_a_slow_network_changes_nothing(bills, network, undisturbed, toxics, keep):
    for kind, attributes in SLOW[toxics]:
        network.spoil(kind, **attributes)
    bills.extra.append(f"keep_staging = {keep}")
    end(bills, run(bills, network), undisturbed)


def test_a_file_that_drips_in_for_longer_than_the_time_out_is_asked_for_once(project, network, counter):
    deliver_v1(project.add_export("payer-a"), "2026-05", [bill(60)], "may")  # 4 KB
    counter.fault = lambda number, method, path: (  # KB/s, from the file on
        network.spoil("bandwidth", rate=1) if method == "GET" and path.endswith(".csv.gz") and not network.toxics else None)
    run(project, network)
    assert len(files_asked(counter)) == 1
    assert int(project.query("SELECT count(*) AS n FROM aws_billing_data")[0]["n"]) == 60


def test_silence_is_given_up_and_asked_again(bills, network, counter, undisturbed):
    """No answer comes until the same request has arrived three times: only a time-out sends it again."""
    network.spoil("timeout", timeout=0)
    counter.fault = lambda number, method, path: network.heal() if counter.requests.count((method, path)) == 3 else None
    result = run(bills, network)
    assert result.code == 0 and max(map(counter.requests.count, counter.requests)) >= 3
    end(bills, result, undisturbed)


def test_silence_in_the_middle_of_a_file(bills, network, counter, undisturbed):
    large = []

    def stall(number, method, path):
        if method == "GET" and path.endswith(LARGE):
            large.append(path)
            if len(large) == 1:
                network.spoil("bandwidth", rate=50)
                threading.Timer(0.5, lambda: network.spoil("timeout", timeout=0)).start()
            if len(large) == 2:
                network.heal()

    counter.fault = stall
    result = run(bills, network)
    assert result.code == 0 and len(large) >= 2
    end(bills, result, undisturbed)


def test_silence_for_ever_is_told(project, network):
    deliver_v1(project.add_export("payer-a"), "2026-05", [bill(20)], "may")
    network.spoil("timeout", stream="upstream", timeout=0)
    result = run(project, network, expect=1)
    assert "list s3://" in result.err and "timed out: nothing arrived for 1000 ms" in result.err and "8 attempts" in result.err
    network.heal()
    run(project, network)
    assert int(project.query("SELECT count(*) AS n FROM aws_billing_data")[0]["n"]) == 20


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
@pytest.mark.parametrize("kind, attributes", [("reset_peer", {"timeout": 0}), ("limit_data", {"bytes": 300})])
def test_four_of_ten_connections_break(bills, network, counter, undisturbed, kind, attributes, stream):
    counter.keeps_connections = False
    network.spoil(kind, stream=stream, toxicity=0.4, **attributes)
    result = run(bills, network, expect=None)
    end(bills, result, undisturbed)


def test_connections_that_end_after_so_many_bytes_are_replaced(project, network, counter):
    """One file fits through a connection, a second one is cut within its body."""
    files = deliver_v1(project.add_export("payer-a"), "2026-05", [bill(200 + number) for number in range(8)], "may")
    network.spoil("limit_data", bytes=int(1.5 * files[-1].stat().st_size))
    run(project, network)
    assert len(files_asked(counter)) > 8
    assert int(project.query("SELECT count(DISTINCT (source_file, source_line)) AS n FROM aws_billing_data")[0]["n"]) == 1628
    assert project.json("aws", "run-pipeline")["changed"] is False


def test_a_file_that_never_comes_whole_is_told_and_the_others_are_loaded(bills, network, counter, undisturbed):
    [size] = [file.stat().st_size for file in (bills.folder / "buckets").rglob("*.gz") if str(file).endswith(LARGE)]
    network.spoil("limit_data", bytes=size // 2)
    result = run(bills, network, expect=3)
    assert f"{LARGE}: " in result.err and "8 attempts" in result.err
    assert [row["execution_id"] for row in state(bills)[0]] == ["april", "other"]
    end(bills, result, undisturbed)


@pytest.mark.parametrize("at", ["the first request", "the first file"])
def test_a_network_that_is_gone_for_a_second(bills, network, counter, undisturbed, at):
    cuts = []

    def cut(number, method, path):
        if not cuts and (at == "the first request" or path.endswith(".csv.gz")):
            cuts.append(path)
            network.cut()
            threading.Timer(1, network.restore).start()

    counter.fault = cut
    result = run(bills, network)
    assert result.code == 0 and cuts
    end(bills, result, undisturbed)


def test_a_network_that_goes_in_the_middle_of_a_run_and_stays_away(project, network, counter):
    deliver_v1(project.add_export("payer-a"), "2026-05", [bill(20), bill(21)], "may")
    counter.fault = lambda number, method, path: network.cut() if path.endswith("00002.csv.gz") else None
    result = run(project, network, expect=1)
    assert "2026-05 failed: " in result.err and "check the network" in result.err
    assert "Nothing was changed" in result.out
    network.restore()
    counter.fault = lambda number, method, path: None
    run(project, network)
    assert int(project.query("SELECT count(*) AS n FROM aws_billing_data")[0]["n"]) == 41


@pytest.mark.parametrize("spoilt", ["slow", "resets before the server has it", "resets after the server did it", "cut answers"])
def test_a_lake_in_a_bucket_is_written_through_a_bad_network(bills, network, counter, undisturbed, spoilt):
    """Writes, too, arrive once: an object that is there although no answer said so is known again."""
    bills.put_lake_on_s3()
    counter.keeps_connections = False
    if spoilt == "slow":
        for kind, attributes in SLOW["all of it, both ways"]:
            network.spoil(kind, **attributes)
    elif spoilt == "cut answers":
        network.spoil("limit_data", bytes=100, toxicity=0.3)
    else:
        network.spoil("reset_peer", stream="upstream" if "before" in spoilt else "downstream", toxicity=0.3, timeout=0)
    result = run(bills, network, expect=0 if spoilt == "slow" else None)
    if result.code != 0:  # DuckDB repeats its own requests, and less often: then the views are told to be missing
        assert "the same command again" in result.err or "the next run repairs them" in result.err
    bills.run("aws", "run-pipeline")
    assert state(bills) == undisturbed
    assert bills.json("aws", "run-pipeline")["changed"] is False
    bills.run("receipt", "verify")
