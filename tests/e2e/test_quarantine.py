"""The quarantine as a ledger: counted, read again, accepted; receipts balance all the way."""
import decimal
import gzip
import hashlib
import io
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_row

D = decimal.Decimal
AMOUNT, CURRENCY, COST, DESCRIPTION = 8, 9, 11, 12


def row(number, **cells):
    made = small_row(number)
    for place, text in cells.items():
        made[{"amount": AMOUNT, "currency": CURRENCY, "cost": COST, "description": DESCRIPTION}[place]] = text
    return made


def line_of(cells):
    return csv_bytes(cells, []).rstrip(b"\n")


def rewrite_in_place(path, change):
    """Changes the rows of a Parquet file, a list of dicts, and nothing else of it."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)


def current_file(project, table):
    """The one live file of a table: the newest."""
    files = (project.folder / "data" / "lake" / "billing" / table / "data").rglob("*.parquet")
    return max(files, key=lambda path: path.stat().st_mtime_ns)


def as_an_older_version_left_it(project, delivered, sound, bad_line, sound_line):
    """Makes a lake in which `bad_line` was set aside one in which `sound_line` was: what a version of
    finops leaves whose rules did not take it. `sound` are the bytes of the file with that line."""
    packed = gzip.compress(sound, mtime=0)
    delivered.write_bytes(packed)

    def exchange(rows):
        for one in rows:
            if one["raw"] == bad_line:
                one["raw"] = sound_line

    def correct(rows):
        for one in rows:
            receipt = json.loads(one["receipt"])
            receipt["files"][0] |= {"sha256": hashlib.sha256(packed).hexdigest(), "bytes": len(packed)}
            one["receipt"] = json.dumps(receipt)

    rewrite_in_place(current_file(project, "aws_billing_data_quarantine"), exchange)
    rewrite_in_place(current_file(project, "deliveries"), correct)


def check_lake(project):
    """All is well but for the sizes of the two files that were rewritten in place."""
    problems = project.json("lake", "check", "--deep", expect=1)["problems"]
    assert len(problems) == 2 and all("bytes, and should have" in one["finding"] for one in problems)


def cost_of(receipt):
    return {side: D(text) for side, text in receipt["sums"]["USD"]["line_item_unblended_cost"].items()
            if side in ("source", "loaded", "quarantined")}


BAD = row(98, amount="two", cost="0.1234567890123456789")
FIXED = row(98, amount="2", cost="0.1234567890123456789")
STILL_BAD = row(99, cost="no money")
RETURN = line_of(row(97, amount="two"))[:-3] + b"x\r"  # the carriage return is data


def replayable(project):
    """A delivery of 3,004 rows: 3,000 sound ones, BAD, an empty line, STILL_BAD and RETURN."""
    bucket = project.add_export("payer-a")
    good = [small_row(i) for i in range(1500)]
    tail = [b"", STILL_BAD, RETURN + b"\r"] + [small_row(i) for i in range(1500)]
    [path] = deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, good + [BAD] + tail)], "v1")
    project.run("aws", "run-pipeline", expect=3)
    sound = csv_bytes(SMALL_HEADER, good + [FIXED] + tail)
    as_an_older_version_left_it(project, path, sound, line_of(BAD), line_of(FIXED))
    return bucket, path


def test_rows_that_fit_now_move_into_the_lake_and_the_receipt_still_balances(project):
    bucket, _ = replayable(project)
    before = project.json("receipt")["receipts"][0]
    assert before["rows"] == {"source": 3004, "loaded": 3000, "quarantined": 4}

    tried = project.json("quarantine", "replay", "--dry-run")
    assert tried["changed"] is False
    assert tried["deliveries"][0]["rows"] == {"before": 4, "loaded": 1, "quarantined": 3}
    assert project.json("receipt")["receipts"][0] == before

    done = project.json("quarantine", "replay")
    assert done["changed"] is True
    [one] = done["deliveries"]
    assert one["rows"] == {"before": 4, "loaded": 1, "quarantined": 3} and one["revision"] == 2
    assert D(one["unblended_cost"]["USD"]) == D("0.123456789012345679")

    receipt = project.json("receipt")["receipts"][0]
    assert receipt["balanced"] is True and receipt["revision"] == 2
    assert receipt["rows"] == {"source": 3004, "loaded": 3001, "quarantined": 3}
    cost = cost_of(receipt)
    assert cost["source"] == cost["loaded"] + cost["quarantined"]
    assert cost["loaded"] == D("1.25") * 3000 + D("0.123456789012345679")
    assert [D(payer["unblended_cost"]) for payer in receipt["costs"]["payers"]] == [cost["loaded"]]
    assert receipt["files"][0]["rejected"] == 3 and len(receipt["data_files"]) == 2
    sums = receipt["sums"]["USD"]
    assert sums["line_item_usage_amount"]["unreadable_cells"] == 1  # of RETURN
    assert sums["line_item_unblended_cost"]["unreadable_cells"] == 1  # of STILL_BAD
    assert sums["line_item_unblended_cost"]["rounded_cells"] == 1
    assert D(sums["line_item_unblended_cost"]["rounding_residual"]) == D("-1E-19")

    [moved] = project.query("SELECT source_line, execution_id, line_item_usage_amount AS amount FROM aws_billing_data "
                            "WHERE identity_line_item_id = 'line98' AND source_line > 1501 AND source_line < 1503")
    assert (int(moved["source_line"]), moved["execution_id"], D(moved["amount"])) == (1502, "v1", D(2))
    shown = project.json("quarantine", "show")["rows"]
    assert [(r["line"], r["raw"]) for r in shown] == [
        (1503, ""), (1504, line_of(STILL_BAD).decode()), (1505, RETURN.decode())]

    # The delivered bytes say the same to the second reader, and nothing is left to do.
    project.run("receipt", "verify")
    assert project.json("aws", "run-pipeline")["changed"] is False
    check_lake(project)
    again = project.json("quarantine", "replay")
    assert again["changed"] is False and again["deliveries"][0]["rows"]["loaded"] == 0
    history = [(h["revision"], h["state"]) for h in project.json("history")["deliveries"]]
    assert history == [(1, "superseded"), (2, "current")]


def test_a_replayed_delivery_can_be_gone_back_to(project):
    bucket, _ = replayable(project)
    project.run("quarantine", "replay")
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, [small_row(1)])], "v2")
    project.run("aws", "run-pipeline")
    project.run("rollback", "--period", "2026-05", "--source", "payer-a", "--to", "v1")
    receipt = project.json("receipt")["receipts"][0]
    assert receipt["rows"] == {"source": 3004, "loaded": 3001, "quarantined": 3} and receipt["balanced"]
    assert len(project.json("quarantine", "show")["rows"]) == 3
    check_lake(project)


def test_rows_of_parquet_are_read_again_by_their_numbers(project):
    bucket = project.add_export("payer-a")
    sound = [small_row(i) for i in range(2000)]
    long_cell = "y" * (2 << 20)  # longer than a quoted cell of CSV may be
    faulty = row(7, amount="two", description=long_cell + ",")
    [path] = deliver_v1(bucket, "2026-05", [b""], "v1")
    as_rows = [dict(zip(SMALL_HEADER, cells)) for cells in sound[:5] + [faulty] + sound[5:]]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(as_rows), out)
    target = path.with_name("report-00001.snappy.parquet")
    path.unlink()
    target.write_bytes(out.getvalue())
    for manifest in bucket.rglob("*-Manifest.json"):
        text = manifest.read_text().replace(path.name, target.name).replace("GZIP", "Parquet").replace(
            "text/csv", "Parquet")
        manifest.write_text(text)
    project.run("aws", "run-pipeline", expect=3)

    def exchange(rows):
        for one in rows:
            one["raw"] = one["raw"].replace(b",two,", b",2.5,")

    rewrite_in_place(current_file(project, "aws_billing_data_quarantine"), exchange)
    assert project.json("quarantine", "replay")["deliveries"][0]["rows"]["loaded"] == 1
    [moved] = project.query("SELECT source_line, length(line_item_line_item_description) AS n, "
                            "line_item_usage_amount AS a FROM aws_billing_data WHERE source_line = 6")
    assert (int(moved["source_line"]), int(moved["n"]), D(moved["a"])) == (6, len(long_cell) + 1, D("2.5"))
    assert project.json("quarantine", "ls")["deliveries"] == []


def test_nothing_in_quarantine_is_nothing_to_do(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, [small_row(1)])], "v1")
    project.run("aws", "run-pipeline")
    assert project.json("quarantine", "replay") == {"dry_run": False, "changed": False, "deliveries": []}


def test_a_receipt_without_headers_is_not_guessed_at(project):
    replayable(project)

    def forget(rows):
        for one in rows:
            receipt = json.loads(one["receipt"])
            receipt.pop("headers")
            receipt["files"][0].pop("header")
            one["receipt"] = json.dumps(receipt)

    rewrite_in_place(current_file(project, "deliveries"), forget)
    report = project.json("quarantine", "replay", expect=1)
    assert "--overwrite" in report["deliveries"][0]["message"] and report["changed"] is False
    assert project.json("receipt")["receipts"][0]["rows"]["quarantined"] == 4


def test_ls_counts_by_currency_and_reason(project):
    bucket = project.add_export("payer-a")
    bad = [row(1, amount="two"), row(2, amount="two", cost="2.5"), row(3, currency="EUR", amount="x", cost="7"),
           row(4, currency="EUR", amount="x", cost="y"), b"short,row"]
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, [small_row(i) for i in range(9000)] + bad)], "v1")
    project.write_config("[quarantine]\nthreshold_cost = 1\n")
    project.run("aws", "run-pipeline", expect=3)
    [one] = project.json("quarantine", "ls")["deliveries"]
    assert one["rows"] == 5 and one["waiver"] is None
    usd, eur, unreadable = (one["currencies"][c] for c in ("USD", "EUR", "?"))
    assert (usd["rows"], D(usd["unblended_cost"])) == (2, D("3.75"))
    assert (eur["rows"], D(eur["unblended_cost"])) == (2, D(7))
    assert unreadable["rows"] == 1 and list(unreadable["reasons"].values())[0]["rows"] == 1
    amounts = {c: next(v for k, v in one["currencies"][c]["reasons"].items() if "UsageAmount" in k)
               for c in ("USD", "EUR")}
    assert (amounts["USD"]["rows"], amounts["EUR"]["rows"]) == (2, 2)
    assert D(amounts["EUR"]["unblended_cost"]) == 7
    costs = next(v for k, v in eur["reasons"].items() if "UnblendedCost" in k)
    assert (costs["rows"], D(costs["unblended_cost"])) == (1, 0)
    assert sum(v for k, v in one["reasons"].items() if "UsageAmount" in k) == 4
    text = project.run("quarantine", "ls").out
    assert "EUR: 2 rows  unblended cost EUR 7" in text and "of unreadable currency: 1 row" in text


def refused(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, [small_row(i) for i in range(50)])], "good")
    project.run("aws", "run-pipeline")
    parts = [csv_bytes(SMALL_HEADER, [small_row(i) for i in range(40)] + [b"bad,row"] * 20)]
    deliver_v1(bucket, "2026-05", parts, "bad")
    assert project.json("aws", "run-pipeline", expect=1)["deliveries"][0]["outcome"] == "refused"
    return bucket


def waive(project, *more, **options):
    return project.json("quarantine", "waive", "--period", "2026-05", "--source", "payer-a", "--reason",
                        "AWS case 1234", *more, **options)


def test_a_waiver_lets_a_refused_delivery_in_and_stays_in_its_receipt(project):
    refused(project)
    assert waive(project, "--dry-run")["changed"] is False
    assert project.json("aws", "run-pipeline", expect=1)["deliveries"][0]["outcome"] == "refused"

    waiver = waive(project)
    assert waiver["execution_id"] == "bad" and waiver["was_refused"] is True
    assert waiver["quarantined_rows"] == 20 and waiver["waiver"]["reason"] == "AWS case 1234"
    assert project.json("aws", "run-pipeline", "--dry-run")["plan"][0]["action"] == "replace"
    report = project.json("aws", "run-pipeline", expect=3)["deliveries"][0]
    assert report["outcome"] == "replaced" and report["rows"] == {"source": 60, "loaded": 40, "quarantined": 20}
    receipt = project.json("receipt")["receipts"][0]
    assert receipt["balanced"] is True and receipt["rows"]["quarantined"] == 20
    assert receipt["waiver"]["reason"] == "AWS case 1234"
    assert "AWS case 1234" in project.run("receipt").out
    [listed] = project.json("quarantine", "ls")["deliveries"]
    assert listed["current"] is True and listed["waiver"]["reason"] == "AWS case 1234"
    assert project.json("aws", "run-pipeline")["changed"] is False
    project.run("receipt", "verify")


def test_a_waiver_is_of_one_delivery_only(project):
    bucket = refused(project)
    waive(project)
    parts = [csv_bytes(SMALL_HEADER, [small_row(i) for i in range(40)] + [b"worse,row"] * 30)]
    deliver_v1(bucket, "2026-05", parts, "worse")
    report = project.json("aws", "run-pipeline", expect=1)["deliveries"][0]
    assert report["outcome"] == "refused" and report["execution_id"] == "worse"


def test_waiving_the_current_delivery_changes_no_row_and_no_sum(project):
    replayable(project)
    before = project.json("receipt")["receipts"][0]
    assert waive(project)["was_refused"] is False
    after = project.json("receipt")["receipts"][0]
    assert after.pop("waiver")["reason"] == "AWS case 1234" and after == before
    assert project.json("quarantine", "replay")["changed"] is True  # it hides nothing
    assert project.json("receipt")["receipts"][0]["waiver"]["reason"] == "AWS case 1234"


def test_what_is_waived_must_be_there_and_be_told(project):
    bucket = project.add_export("payer-a")
    good = [small_row(i) for i in range(2000)]
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, good)], "clean")
    project.run("aws", "run-pipeline")
    assert "no quarantined rows" in waive(project, expect=1)["error"]["message"]
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, good + [BAD])], "one")
    project.run("aws", "run-pipeline", expect=3)
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, good + [BAD] * 50)], "many")
    project.run("aws", "run-pipeline", expect=1)
    error = waive(project, expect=2)["error"]["message"]
    assert "one" in error and "many" in error and "--delivery" in error
    assert waive(project, "--delivery", "man")["execution_id"] == "many"
    assert project.run("quarantine", "waive", "--period", "2026-05", "--source", "payer-a", expect=2).err


@pytest.mark.parametrize("command", [["quarantine", "replay"], ["quarantine", "waive"]])
def test_help_has_examples(project, command):
    assert "finops " + " ".join(command) in project.run(*command, "--help").out


def state(project):
    receipt = project.json("receipt")["receipts"][0]
    return (project.query("SELECT count(*)::VARCHAR AS n, sum(line_item_unblended_cost)::VARCHAR AS c FROM aws_billing_data"),
            receipt["revision"], receipt["rows"], receipt.get("waiver", {}).get("reason"), receipt["balanced"],
            [(r["file"], r["line"]) for r in project.json("quarantine", "show")["rows"]])


COMMANDS = {"replay": ["quarantine", "replay"],
            "waive": ["quarantine", "waive", "--period", "2026-05", "--source", "payer-a", "--reason", "why"]}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("fault", ["kill-before", "kill-after", "fail-before", "fail-after"])
def test_a_replay_or_waiver_that_is_broken_at_any_call_leaves_the_old_state_or_the_new_one(project, command, fault):
    replayable(project)
    data, kept = project.folder / "data", project.folder / "kept"
    shutil.copytree(data, kept)
    old, count_file = state(project), project.folder / "count"
    project.run(*command, env={"FINOPS_FAULT_COUNT": str(count_file)})
    new, calls = state(project), int(count_file.read_text())
    assert new != old and calls >= 5
    for number in range(1, calls + 1):
        shutil.rmtree(data)
        shutil.copytree(kept, data)
        project.run(*command, expect=None, env={"FINOPS_FAULT": f"{fault}:{number}"})
        assert state(project) in (old, new), f"call {number}"
        project.run(*command)
        assert state(project)[2:] == new[2:] and state(project)[0] == new[0], f"call {number}"
