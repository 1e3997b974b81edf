"""One payer's month from two sources is reported before it is counted twice."""
import decimal
import fcntl
import hashlib
import threading
import time

import pytest
from deliveries import csv_bytes, deliver_v1, deliver_v2
from test_quarantine import current_file, rewrite_in_place

D = decimal.Decimal
HEADER = ["bill/PayerAccountId", "lineItem/UsageAccountId", "lineItem/CurrencyCode", "lineItem/LineItemType", "lineItem/ProductCode",
          "lineItem/UnblendedCost"]


def bill(payer="000000000001", account="000000000009", costs=("1.5", "2.25"), header=HEADER):
    rows = [[payer, account, "USD", "Usage", "AmazonEC2", cost] for cost in costs]
    return csv_bytes(header, [row[len(HEADER) - len(header):] for row in rows])


def rows_by_source(project):
    rows = project.query("SELECT source, count(*) AS n FROM aws_billing_data GROUP BY ALL ORDER BY ALL")
    return {row["source"]: int(row["n"]) for row in rows}


def outcomes(report):
    return {(one["source"], one["billing_period"]): one["outcome"] for one in report["deliveries"]}


def two_sources(project, **second):
    """The payer's own bill and that of one of its accounts: other lines, one payer."""
    deliver_v1(project.add_export("whole", allow_overlap=None), "2026-05", [bill(costs=["1.5", "2.25", "7"])], "v1",
               account="000000000009")
    bucket = project.add_export("part", allow_overlap=None)
    deliver_v1(bucket, "2026-05", [bill(**second)], "v1", account="000000000008")
    return bucket


def allow_overlap(project, source):
    project.exports = [text + "\nallow_overlap = true" if f'"{source}"' in text.split("\n")[1] else text for text in project.exports]
    project.write_config()


def part_goes_away(project, bucket):
    """The part's month becomes empty, and the whole one is loaded."""
    deliver_v1(bucket, "2026-05", [csv_bytes(HEADER, [])], "v2")
    project.run("aws", "run-pipeline", "--overwrite", "--source", "part", expect=None)
    project.run("aws", "run-pipeline")


def test_the_second_source_of_a_payers_month_is_refused(project):
    two_sources(project)
    report = project.json("aws", "run-pipeline", expect=3)
    assert outcomes(report) == {("part", "2026-05"): "loaded", ("whole", "2026-05"): "refused"}
    [refused] = [one for one in report["deliveries"] if one["outcome"] == "refused"]
    for word in ("payer 000000000001", "part", "whole", "allow_overlap"):
        assert word in refused["message"]
    assert rows_by_source(project) == {"part": 2}
    project.run("receipt", "verify")
    project.run("doctor")


def test_a_refusal_stands_without_reading_again_and_is_told_by_each_run(project):
    two_sources(project)
    project.run("aws", "run-pipeline", expect=3)
    history = project.json("history")["deliveries"]
    assert sorted(one["state"] for one in history) == ["current", "refused"]
    report = project.json("aws", "run-pipeline", expect=1)
    assert outcomes(report)["whole", "2026-05"] == "refused"
    assert project.json("history")["deliveries"] == history
    [item] = [one for one in project.json("aws", "run-pipeline", "--dry-run", expect=1)["plan"] if one["source"] == "whole"]
    assert item["action"] == "refused" and "payer 000000000001" in item["reason"]


def test_allow_overlap_lets_it_in_with_the_next_run(project):
    two_sources(project)
    project.run("aws", "run-pipeline", expect=3)
    allow_overlap(project, "whole")
    assert outcomes(project.json("aws", "run-pipeline"))["whole", "2026-05"] == "loaded"
    assert rows_by_source(project) == {"part": 2, "whole": 3}


def test_it_is_loaded_when_the_other_sources_month_goes_away(project):
    bucket = two_sources(project)
    project.run("aws", "run-pipeline", expect=3)
    part_goes_away(project, bucket)
    assert rows_by_source(project) == {"whole": 3}


def test_a_rollback_does_not_bring_back_what_would_count_twice(project):
    bucket = two_sources(project)
    project.run("aws", "run-pipeline", expect=3)
    part_goes_away(project, bucket)
    back = ("rollback", "--period", "2026-05", "--source", "part", "--to", "v1")
    for also in ((), ("--dry-run",)):
        refused = project.run(*back, *also, expect=1)
        for word in ("payer 000000000001", "whole", "allow_overlap", "Nothing was changed"):
            assert word in refused.err
    assert rows_by_source(project) == {"whole": 3}
    allow_overlap(project, "part")
    project.run(*back)
    assert rows_by_source(project) == {"part": 2, "whole": 3}


def test_different_payers_share_a_table(project):
    two_sources(project, payer="000000000002")
    assert set(outcomes(project.json("aws", "run-pipeline")).values()) == {"loaded"}
    assert rows_by_source(project) == {"part": 2, "whole": 3}


def becomes_replayable(project, table="aws_billing_data"):
    """The row in quarantine whose cost is no number is one that fits now."""
    def exchange(rows):
        for one in rows:
            one["raw"] = one["raw"].replace(b"many", b"7")

    rewrite_in_place(current_file(project, f"{table}_quarantine"), exchange)


def one_row_set_aside(project, payer="000000000002", costs=("1.5", "2.25"), header=HEADER):
    """The source a, whose one row of `payer` is in quarantine and would fit now; then b, with a bill of that payer."""
    parts = [bill(header=header) + bill(payer=payer, costs=["many"], header=header).split(b"\n", 1)[1]]
    deliver_v1(project.add_export("a", allow_overlap=None), "2026-05", parts, "a-1", account="000000000009")
    assert project.json("aws", "run-pipeline", expect=3)["deliveries"][0]["rows"]["quarantined"] == 1
    becomes_replayable(project)
    deliver_v1(project.add_export("b", allow_overlap=None), "2026-05", [bill(payer=payer, costs=costs, header=header)], "b-1",
               account="000000000008")


def replayed(project, *options, **more):
    [one] = project.json("quarantine", "replay", *options, **more)["deliveries"]
    return one


@pytest.mark.parametrize("other, why", [
    ({}, "payer 000000000002"),
    ({"costs": ["10.75"], "header": HEADER[1:]}, "by service"),  # as 1.5, 2.25 and 7
], ids=["one payer", "equal costs"])
def test_a_replay_moves_no_rows_that_would_count_twice(project, other, why):
    one_row_set_aside(project, **other)
    project.run("aws", "run-pipeline")
    before, receipts = rows_by_source(project), project.json("receipt")
    assert before == {"a": 2, "b": len(other.get("costs", (1, 2)))}
    files = sorted((project.folder / "data" / "lake").rglob("*"))
    for options in ((), ("--dry-run",)):
        refused = replayed(project, *options, expect=1)
        for word in (why, "b", "allow_overlap", "Nothing was changed"):
            assert word in refused["message"]
        assert refused["rows"] == {"before": 1, "loaded": 0, "quarantined": 1}
    assert rows_by_source(project) == before and project.json("receipt") == receipts
    assert sorted((project.folder / "data" / "lake").rglob("*")) == files
    allow_overlap(project, "a")
    assert replayed(project, "--dry-run")["rows"]["loaded"] == 1 and rows_by_source(project) == before
    assert replayed(project)["rows"] == {"before": 1, "loaded": 1, "quarantined": 0}
    assert rows_by_source(project) == before | {"a": 3}


def test_a_source_that_is_configured_no_more_may_overlap_as_the_default_says(project):
    one_row_set_aside(project)
    project.run("aws", "run-pipeline")
    project.exports = [text for text in project.exports if '"a"' not in text]
    project.write_config()
    assert "payer 000000000002" in replayed(project, "--source", "a", expect=1)["message"]
    project.write_config("[aws]\nallow_overlap = true\n")
    assert replayed(project, "--source", "a")["rows"]["loaded"] == 1


def test_a_replay_of_a_payer_that_was_there_counts_no_bill_once_more(project):
    one_row_set_aside(project, payer="000000000001")
    allow_overlap(project, "b")
    project.run("aws", "run-pipeline")
    assert replayed(project)["rows"]["loaded"] == 1
    assert rows_by_source(project) == {"a": 3, "b": 2}


def test_rows_of_focus_are_replayed_by_the_same_rule(project):
    deliver_v2(project.add_export("a", allow_overlap=None), "2026-05", [focus_bill("1", "2") + b'2,USD,Amazon EC2,many\n'], "a-1",
               tableName="FOCUS_1_2_AWS")
    deliver_v2(project.add_export("b", allow_overlap=None), "2026-05", [focus_bill("2", "3")], "b-1", tableName="FOCUS_1_2_AWS")
    project.run("aws", "run-pipeline", expect=3)
    becomes_replayable(project, "focus_aws")
    assert "payer 2" in replayed(project, "--dry-run", expect=1)["message"]
    assert "payer 2" in replayed(project, expect=1)["message"]
    allow_overlap(project, "a")
    assert replayed(project)["rows"]["loaded"] == 1


def month_lock(project, table, period):
    """The lock file of whoever commits to a table and period."""
    name = f"{table}  {period}"
    path = project.folder / "data" / "locks" / f"{name.replace(' ', '_')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.lock"
    return open(path, "a")


def test_a_replay_looks_again_before_it_commits(project):
    one_row_set_aside(project)
    allow_overlap(project, "b")  # its load takes no such lock
    data = project.folder / "data" / "lake" / "billing" / "aws_billing_data" / "data"
    files = len(list(data.rglob("*.parquet")))
    with month_lock(project, "aws_billing_data", "2026-05") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        replay = project.start("quarantine", "replay", "--source", "a", "--json")
        deadline = time.monotonic() + 60
        while len(list(data.rglob("*.parquet"))) == files and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(1)  # until it has looked a first time
        assert replay.poll() is None, "it waits for its turn"
        project.run("aws", "run-pipeline", "--source", "b")
    out, _ = replay.communicate(timeout=60)
    assert replay.returncode == 1 and "payer 000000000002" in out and "Nothing was changed" in out
    assert rows_by_source(project) == {"a": 2, "b": 2}


FOCUS = ["BillingAccountId", "BillingCurrency", "ServiceName", "BilledCost"]


def focus_bill(payer, *costs):
    return csv_bytes(FOCUS, [[payer, "USD", "Amazon EC2", cost] for cost in costs])


@pytest.mark.parametrize("payers, why", [(("1", "1"), "payer 1"), (("", "1"), "by service")])
def test_the_second_focus_export_of_a_bill_is_refused(project, payers, why):
    buckets = {}
    for name, payer, costs in (("a", payers[0], ("1", "2")), ("b", payers[1], ("3",)), ("c", "2", ("4",))):
        buckets[name] = project.add_export(name, allow_overlap=None)
        deliver_v2(buckets[name], "2026-05", [focus_bill(payer, *costs)], f"{name}-1", tableName="FOCUS_1_2_AWS")
    report = project.json("aws", "run-pipeline", expect=3)
    assert outcomes(report) == {("a", "2026-05"): "loaded", ("b", "2026-05"): "refused", ("c", "2026-05"): "loaded"}
    assert why in [one["message"] for one in report["deliveries"] if one["source"] == "b"][0]
    assert project.query("SELECT sum(BilledCost)::VARCHAR AS cost FROM focus_aws")[0]["cost"].rstrip("0") == "7."
    [receipt] = project.json("receipt", "--source", "c")["receipts"]
    assert receipt["costs"] is None and receipt["focus"]["payers"] == ["2"]
    deliver_v2(buckets["a"], "2026-05", [focus_bill(payers[0], "5")], "a-2", tableName="FOCUS_1_2_AWS")
    assert outcomes(project.json("aws", "run-pipeline", expect=None))["a", "2026-05"] == "replaced"
    project.run("receipt", "verify")


def test_another_month_is_no_overlap(project):
    deliver_v1(project.add_export("a", allow_overlap=None), "2026-05", [bill()], "v1")
    deliver_v1(project.add_export("b", allow_overlap=None), "2026-06", [bill()], "v1")
    assert set(outcomes(project.json("aws", "run-pipeline")).values()) == {"loaded"}


def test_a_month_that_is_in_the_lake_is_still_replaced(project):
    bucket = two_sources(project)
    project.run("aws", "run-pipeline", expect=3)
    deliver_v1(bucket, "2026-05", [bill(costs=["1", "2", "3"])], "v2")
    assert outcomes(project.json("aws", "run-pipeline", expect=3))["part", "2026-05"] == "replaced"
    assert rows_by_source(project) == {"part": 3}


def test_equal_costs_by_service_are_refused_where_no_payer_is_told(project):
    header = HEADER[1:]
    deliver_v1(project.add_export("a", allow_overlap=None), "2026-05", [bill(header=header)], "v1")
    deliver_v1(project.add_export("b", allow_overlap=None), "2026-05", [bill(costs=["3.75"], header=header)], "v1")
    deliver_v1(project.add_export("c", allow_overlap=None), "2026-05", [bill(costs=["3.76"], header=header)], "v1")
    report = project.json("aws", "run-pipeline", expect=3)
    assert outcomes(report) == {("a", "2026-05"): "loaded", ("b", "2026-05"): "refused", ("c", "2026-05"): "loaded"}
    assert "by service" in [one["message"] for one in report["deliveries"] if one["source"] == "b"][0]
    assert rows_by_source(project) == {"a": 2, "c": 1}


def test_equal_costs_in_another_table_are_a_warning(project):
    deliver_v1(project.add_export("a", allow_overlap=None), "2026-05", [bill()], "v1")
    project.run("aws", "run-pipeline")
    deliver_v2(project.add_export("b", table="others", allow_overlap=None), "2026-05", [csv_bytes(
        ["bill_payer_account_id", "line_item_currency_code", "line_item_product_code", "line_item_unblended_cost"],
        [["000000000001", "USD", "AmazonEC2", "3.75"]])], "id")
    [told] = [one for one in project.json("aws", "run-pipeline")["deliveries"] if one["source"] == "b"]
    assert told["outcome"] == "loaded"
    assert any("source a" in text and "twice" in text for text in told["warnings"])


def test_dry_run_tells_it_as_soon_as_the_manifest_names_the_account(project):
    deliver_v1(project.add_export("a", allow_overlap=None), "2026-05", [bill()], "v1", account="000000000001")
    deliver_v1(project.add_export("b", allow_overlap=None), "2026-05", [bill()], "v1", account="000000000001")

    def actions():
        return {one["source"]: one["action"] for one in project.json("aws", "run-pipeline", "--dry-run", expect=1)["plan"]}
    assert actions() == {"a": "load", "b": "refused"}
    assert outcomes(project.json("aws", "run-pipeline", expect=3)) == {("a", "2026-05"): "loaded", ("b", "2026-05"): "refused"}
    assert actions() == {"a": "nothing", "b": "refused"}


def test_of_two_in_one_run_the_first_by_name_is_loaded(project):
    months = [f"2026-{month:02d}" for month in range(1, 7)]
    for name, lines in (("a", 3000), ("b", 5), ("c", 5)):  # the first takes longest
        bucket = project.add_export(name, allow_overlap=None)
        for month in months:
            deliver_v1(bucket, month, [bill(costs=["1"] * lines)], f"{name}-{month}")
    report = project.json("aws", "run-pipeline", expect=3)
    assert outcomes(report) == {(name, month): "loaded" if name == "a" else "refused" for name in "abc" for month in months}
    assert rows_by_source(project) == {"a": 3000 * len(months)}


def test_of_two_runs_at_once_one_loads_the_month(project):
    months = [f"2026-{month:02d}" for month in range(1, 7)]
    for name in ("a", "b"):
        bucket = project.add_export(name, allow_overlap=None)
        for month in months:
            deliver_v1(bucket, month, [bill(costs=["1"] * 50)], f"{name}-{month}")
    project.run("aws", "run-pipeline", "--start-date", "2026-07", expect=None)
    runs = [threading.Thread(target=project.run, args=("aws", "run-pipeline", "--source", name), kwargs={"expect": None})
            for name in ("a", "b")]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    counts = project.query("SELECT billing_period AS month, count(DISTINCT source)::INTEGER AS sources, count(*)::INTEGER AS n "
                           "FROM aws_billing_data GROUP BY ALL ORDER BY ALL")
    assert [(row["month"], int(row["sources"]), int(row["n"])) for row in counts] == [(month, 1, 50) for month in months]
    states = [one["state"] for one in project.json("history")["deliveries"]]
    assert sorted(states) == ["current"] * 6 + ["refused"] * 6
