"""Bills without a manifest: what cannot be mistaken is loaded as any other, everything else is refused."""
import decimal
import gzip
import json
import shutil

import pytest
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, deliver_v2, small_bill, small_row, write
from test_focus import csv_part, focus_rows, parquet_part
from test_focus import NAMES as FOCUS_NAMES
from test_formats import PERIOD, SUMS, V1_NAMES, V2_NAMES, as_csv, as_parquet, as_zip, bill_rows, halves, v1_csv_gz
from test_loading import totals
from test_quarantine import current_file, rewrite_in_place

D = decimal.Decimal


@pytest.fixture
def place(project):
    """A folder with a plain name, in a project that has no export."""
    project.write_config()
    folder = project.folder / "may"
    folder.mkdir()
    return folder


def load(project, place, *options, source="payer-a", **more):
    return project.json("load", place, "--source", source, *options, **more)


def only(report):
    [one] = report["deliveries"]
    return one


def everything(project):
    """What a refusal must leave as it is: rows, ledger, quarantine."""
    return project.query("SELECT * FROM aws_billing_data ORDER BY ALL"), project.json("history"), project.json("quarantine", "ls")


SHAPES = {
    "v1_csv_gz": (".csv.gz", lambda rows: gzip.compress(as_csv(V1_NAMES, rows))),
    "v2_csv": (".csv", lambda rows: as_csv(V2_NAMES, rows)),
    "csv_zip": (".csv.zip", lambda rows: as_zip(as_csv(V1_NAMES, rows))),
    "parquet": (".snappy.parquet", lambda rows: as_parquet(V2_NAMES, rows)),
    "gzip_without_csv_in_its_name": (".gz", lambda rows: gzip.compress(as_csv(V2_NAMES, rows))),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bill_is_the_same_with_and_without_a_manifest(project, place, shape):
    rows = bill_rows(500)
    v1_csv_gz(project.add_export("by-manifest"), rows)
    project.write_config("[aws]\nallow_overlap = true\n")
    project.json("aws", "run-pipeline")
    [by_manifest] = project.query(SUMS)
    ending, bytes_of = SHAPES[shape]
    for number, part in enumerate(halves(rows)):
        write(place / f"part-{number}{ending}", bytes_of(part))
    report = load(project, place)
    one = only(report)
    assert report["changed"] is True and one["outcome"] == "loaded" and one["table"] == "aws_billing_data"
    assert (one["source"], one["billing_period"], one["rows"]) == ("payer-a", PERIOD, {"source": 500, "loaded": 500, "quarantined": 0})
    assert one["execution_id"].startswith("f-") and one["files"] == 2
    [loaded] = project.query(SUMS.replace("WHERE", "WHERE source = 'payer-a' AND"))
    assert loaded == by_manifest
    receipts = {r["source"]: r for r in project.json("receipt")["receipts"]}
    assert receipts["payer-a"]["sums"] == receipts["by-manifest"]["sums"] and receipts["payer-a"]["balanced"] is True
    assert project.run("receipt", "verify").out.count("agrees") == 2
    again = load(project, place)
    assert again["changed"] is False and only(again)["outcome"] == "unchanged"


@pytest.mark.parametrize("form", ["csv.gz", "parquet"])
def test_focus_goes_to_its_own_table(project, place, form):
    rows = [row + ["2026-05-01T00:00:00Z"] for row in focus_rows(60)]
    if form == "parquet":
        write(place / "focus.parquet", parquet_part(focus_rows(60)))
        refused = only(load(project, place, expect=1))
        assert "--period YYYY-MM" in refused["message"], "nothing in it tells the period"
        one = only(load(project, place, "--format", "focus,parquet", "--period", "2026-05"))
    else:
        header = FOCUS_NAMES + ["BillingPeriodStart"]
        text = csv_part(focus_rows(60)).decode().split("\n")
        lines = [header] + rows
        text = "\n".join(line + "," + full[-1] for line, full in zip(text, lines)) + "\n"
        write(place / "focus.csv.gz", gzip.compress(text.encode()))
        one = only(load(project, place))
    assert (one["table"], one["billing_period"], one["outcome"]) == ("focus_aws", "2026-05", "loaded")
    by_currency = {c: sum(D(row[0]) for row in rows if row[2] == c) for c in ("EUR", "USD")}
    assert {c: D(v) for c, v in one["unblended_cost"].items()} == by_currency
    assert "agrees" in project.run("receipt", "verify").out


def test_a_folder_is_one_version_until_something_in_it_changes(project, place):
    write(place / "1.csv", small_bill(10))
    write(place / "2.csv", small_bill(5, account="000000000002"))
    first = only(load(project, place))
    project.json("aws", "run-pipeline", expect=2)  # there is no export, and this source is none of its business
    for same in (place, f"file://{place}", str(place) + "/", "may", project.folder / "may" / ".." / "may"):
        assert load(project, same)["changed"] is False, same
    write(place / "2.csv", small_bill(7, account="000000000002"))
    plan = project.json("load", place, "--source", "payer-a", "--dry-run")
    assert [(i["action"], i["current_execution_id"], i["files"]) for i in plan["plan"]] == [("replace", first["execution_id"], 2)]
    second = only(load(project, place))
    assert second["outcome"] == "replaced" and second["replaced_execution_id"] == first["execution_id"]
    assert totals(project) == [("payer-a", "2026-05", second["execution_id"], 17, D("21.25"))]
    assert only(load(project, place, "--overwrite"))["outcome"] == "replaced"
    assert totals(project) == [("payer-a", "2026-05", second["execution_id"], 17, D("21.25"))]


def test_another_period_is_another_partition_and_all_later_commands_know_both(project, place):
    june = project.folder / "june"
    write(place / "bill.csv", small_bill(10))
    write(june / "bill.csv", small_bill(4, "2026-06"))
    load(project, place)
    assert only(load(project, june))["billing_period"] == "2026-06"
    write(place / "bill.csv", small_bill(11))
    now = only(load(project, place))
    history = project.json("history")["deliveries"]
    assert [(d["billing_period"], d["rows"]["loaded"], d["state"]) for d in history] == [
        ("2026-05", 10, "superseded"), ("2026-06", 4, "current"), ("2026-05", 11, "current")]
    assert {d["manifest"] for d in history} == {f"file://{place}", f"file://{june}"}
    assert {r["billing_period"] for r in project.json("receipt", "--source", "payer-a")["receipts"]} == {"2026-05", "2026-06"}
    first = history[0]["execution_id"]
    back = project.json("rollback", "--source", "payer-a", "--period", "2026-05", "--to", first)
    assert back["changed"] is True
    assert [(t[1], t[3]) for t in totals(project)] == [("2026-05", 10), ("2026-06", 4)]
    assert only(load(project, place))["outcome"] == "held"
    project.run("release", "--source", "payer-a", "--period", "2026-05")
    assert only(load(project, place))["execution_id"] == now["execution_id"]
    assert [(t[1], t[3]) for t in totals(project)] == [("2026-05", 11), ("2026-06", 4)]


def test_verify_reads_the_place_again_whatever_is_configured(project, place):
    odd = project.folder / "50 % of May"
    place.rename(odd)
    write(odd / "bill.csv.gz", gzip.compress(small_bill(10), mtime=0))
    load(project, odd)
    assert "agrees" in project.run("receipt", "verify").out
    write(odd / "bill.csv.gz", gzip.compress(small_bill(11), mtime=0))
    changed = project.json("receipt", "verify", expect=3)["deliveries"][0]
    assert changed["verdict"] == "cannot_be_verified" and "other bytes" in changed["message"]
    (odd / "bill.csv.gz").unlink()
    gone = project.json("receipt", "verify", expect=3)["deliveries"][0]
    assert gone["verdict"] == "cannot_be_verified" and "is gone from" in gone["message"]
    shutil.rmtree(odd)
    gone = project.json("receipt", "verify", expect=3)["deliveries"][0]
    assert gone["verdict"] == "cannot_be_verified" and "50 % of May" in gone["message"]


def test_a_single_file_can_be_named(project, place):
    write(place / "a.csv", small_bill(3))
    write(place / "b.csv", small_bill(5, "2026-06"))
    assert only(load(project, place / "b.csv"))["billing_period"] == "2026-06"
    assert "agrees" in project.run("receipt", "verify").out
    assert load(project, "may/b.csv")["changed"] is False


def test_what_is_not_taken_is_told(project, place):
    write(place / "part-0.csv", small_bill(3))
    write(place / "part-0.parquet", b"not Parquet")
    for name in ("_SUCCESS", ".part-0.csv.crc", "README.txt"):
        write(place / name, b"x")
    report = load(project, place, "--format", "csv")
    assert len(report["notes"]) == 2
    assert all(f"'{name}'" in report["notes"][0] for name in ("_SUCCESS", ".part-0.csv.crc", "README.txt"))
    assert "'part-0.parquet'" in report["notes"][1]
    told = project.run("load", place, "--source", "payer-a", "--format", "csv", "--dry-run")
    assert "README.txt" in told.err and "nothing" in told.out


def two_periods(place):
    late = [small_row(i) for i in range(300)] + [small_row(300, "2026-06")]
    write(place / "bill.csv", csv_bytes(SMALL_HEADER, late))


def silent_rows(place):
    rows = [small_row(i) for i in range(300)]
    rows[250][SMALL_HEADER.index("bill/BillingPeriodStartDate")] = None
    write(place / "bill.csv", csv_bytes(SMALL_HEADER, rows))


def a_copy(place):
    write(place / "bill.csv", small_bill(5))
    write(place / "bill (1).csv", small_bill(5))


def csv_and_parquet(place):
    write(place / "bill.csv", small_bill(5))
    write(place / "bill.parquet", as_parquet(V2_NAMES, bill_rows(5)))


def two_kinds(place):
    write(place / "a.csv", small_bill(5))
    write(place / "b.csv", csv_part(focus_rows(5)))


def no_bill(place):
    write(place / "a.csv", b"customer,amount\nx,1\n")


def a_manifest(place):
    deliver_v1(place, "2026-05", [small_bill(5)], "id-1")


def several_folders(place):
    write(place / "v1" / "bill.csv", small_bill(5))
    write(place / "v2" / "bill.csv", small_bill(6))


def truncated(place):
    write(place / "bill.csv.gz", gzip.compress(small_bill(3000))[:-9])


REFUSALS = {
    "an empty folder": (lambda place: None, [], "no bill in"),
    "rows of two periods, the second far behind": (two_periods, [], "to 2026-06-01T00:00:00"),
    "the same, with a period told": (two_periods, ["--period", "2026-05"], "to 2026-06-01T00:00:00"),
    "another period than told": (two_periods, ["--period", "2026-04"], "--period says 2026-04"),
    "a row without its period, far behind": (silent_rows, [], "--period 2026-05"),
    "a file and its copy": (a_copy, [], "byte for byte"),
    "CSV and Parquet": (csv_and_parquet, [], "--format csv"),
    "bills of two kinds": (two_kinds, [], "those of focus"),
    "no bill at all": (no_bill, [], "--format cur or --format focus"),
    "no bill, called one": (no_bill, ["--format", "cur"], "not one column of cur"),
    "a delivery with its manifest": (a_manifest, [], "run-pipeline"),
    "several folders": (several_folders, [], "--recursive"),
    "a truncated file": (truncated, [], "bill.csv.gz"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_says_why_and_leaves_the_lake_as_it_was(project, place, case):
    before_folder = project.folder / "before"
    write(before_folder / "bill.csv", small_bill(20, cost="3"))
    load(project, before_folder)
    before = everything(project)
    make, options, why = REFUSALS[case]
    make(place)
    refused = load(project, place, *options, expect=1)
    assert refused["changed"] is False and only(refused)["outcome"] == "failed"
    assert why in only(refused)["message"], only(refused)["message"]
    assert everything(project) == before
    assert project.json("lake", "check")["good"] is True
    assert list((project.folder / "data" / "lake").rglob("*.parquet.tmp")) == []


def test_a_row_without_its_period_is_taken_when_the_period_is_told(project, place):
    silent_rows(place)
    assert only(load(project, place, "--period", "2026-05"))["rows"]["loaded"] == 300


def test_the_data_folder_of_an_export_is_not_a_plain_folder(project, place):
    deliver_v2(place, "2026-05", [small_bill(5)], "id-1", create_new=False)
    data = place / "cur/report/data/BILLING_PERIOD=2026-05"
    for location in (data, data / "report-00001.csv.gz"):
        assert "metadata/BILLING_PERIOD=2026-05/report-Manifest.json" in only(load(project, location, expect=1))["message"]
    shutil.rmtree(place / "cur/report/metadata")
    assert only(load(project, data))["rows"]["loaded"] == 5
    assert "agrees" in project.run("receipt", "verify").out


def test_several_folders_are_one_bill_when_that_is_said(project, place):
    several_folders(place)
    assert only(load(project, place, "--recursive"))["rows"]["loaded"] == 11


@pytest.mark.parametrize("options, why", [
    (["--source", "a/b"], "--source must be"),
    (["--source", "configured"], "is an export of the configuration"),
    (["--format", "csvgz"], "did you mean csv.gz"),
    (["--format", "cur", "--format", "focus"], "both cur and focus"),
    (["--table", "deliveries"], "table of finops itself"),
    (["--period", "2026-13"], "is not a month"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_request_that_is_no_sense_is_wrong_usage(project, place, options, why):
    project.add_export("configured")
    write(place / "bill.csv", small_bill(5))
    source = [] if "--source" in options else ["--source", "payer-a"]
    assert why in project.run("load", place, *source, *options, expect=2).err
    assert not (project.folder / "data" / "lake").exists()


def test_places_that_cannot_be(project, place):
    assert "--source" in project.run("load", place, expect=2).err
    assert "gs://b/x" in project.run("load", "gs://b/x", "--source", "payer-a", expect=2).err
    assert "is not a bucket's name" in project.run("load", "s3://b_/x", "--source", "payer-a", expect=2).err
    assert "no-such" in project.run("load", "no-such", "--source", "payer-a", expect=1).err


def test_rows_that_do_not_fit_go_the_usual_way(project, place):
    rows = [small_row(i) for i in range(2000)] + [small_row(2000, cost="much")]
    write(place / "bill.csv", csv_bytes(SMALL_HEADER, rows))
    one = only(load(project, place, expect=3))
    assert one["rows"] == {"source": 2001, "loaded": 2000, "quarantined": 1}
    [kept] = project.json("quarantine", "show", "--source", "payer-a")["rows"]
    assert kept["file"] == "bill.csv" and "much" in kept["raw"]
    bad = [small_row(i, cost="much") for i in range(100)] + [small_row(i) for i in range(900)]
    write(place / "bill.csv", csv_bytes(SMALL_HEADER, bad))
    assert only(load(project, place, expect=1))["outcome"] == "refused"
    assert "not read again" in only(load(project, place, expect=1))["message"]
    assert totals(project)[0][3] == 2000
    write(place / "bill.csv", csv_bytes(SMALL_HEADER, []))
    assert only(load(project, place, "--period", "2026-05", expect=3))["outcome"] == "empty_withheld"


PERIOD_CELL, FOCUS_PERIOD = SMALL_HEADER.index("bill/BillingPeriodStartDate"), "BillingPeriodStart"


def set_aside(project, place, period_of_row, *options, focus=False):
    """A bill with one row whose cost is no number, made one that fits now; `period_of_row`: what it says of its month."""
    if focus:
        header = ["BillingAccountId", "BillingCurrency", FOCUS_PERIOD, "BilledCost"]
        rows = [["1", "USD", "2026-05-01T00:00:00Z", "1.5"] for _ in range(300)] + [["1", "USD", period_of_row, "much"]]
    else:
        header, bad = SMALL_HEADER, small_row(300, cost="much")
        bad[PERIOD_CELL] = period_of_row
        rows = [small_row(i) for i in range(300)] + [bad]
    write(place / "bill.csv", csv_bytes(header, rows))
    assert only(load(project, place, *options, expect=3))["rows"]["quarantined"] == 1

    def exchange(kept):
        for one in kept:
            one["raw"] = one["raw"].replace(b"much", b"7")

    rewrite_in_place(current_file(project, ("focus_aws" if focus else "aws_billing_data") + "_quarantine"), exchange)
    # What a load of the same file with the rules of now does.
    write(project.folder / "same" / "bill.csv", csv_bytes(header, rows[:-1] + [["7" if c == "much" else c for c in rows[-1]]]))


def replayed(project, *options, **more):
    [one] = project.json("quarantine", "replay", "--source", "payer-a", *options, **more)["deliveries"]
    return one


@pytest.mark.parametrize("focus", [False, True], ids=["cur", "focus"])
@pytest.mark.parametrize("says, told, why", [
    ("2026-06-01T00:00:00Z", [], "to 2026-06-01T00:00:00"),
    ("2026-06-01T00:00:00Z", ["--period", "2026-05"], "to 2026-06-01T00:00:00"),
    ("", [], "--period 2026-05"),
    ("", ["--period", "2026-05"], None),
    ("2026-05-01T00:00:00Z", [], None),
], ids=["another month", "another month, one told", "silent", "silent, a month told", "the same month"])
def test_a_replay_asks_of_the_rows_what_a_load_asks(project, place, says, told, why, focus):
    set_aside(project, place, says, *told, focus=focus)
    before = project.json("receipt"), project.json("history"), project.json("quarantine", "show")
    for options in (["--dry-run"], []):
        done = replayed(project, *options, expect=1 if why else 0)
        assert done["rows"]["loaded"] == (0 if why else 1)
        if why:
            assert why in done["message"] and "Nothing was changed" in done["message"]
            assert (project.json("receipt"), project.json("history"), project.json("quarantine", "show")) == before
    project.write_config("[aws]\nallow_overlap = true\n")
    loaded = only(load(project, "same", *told, source="payer-b", expect=None))
    assert loaded["outcome"] == ("failed" if why else "loaded") and (why or "") in (loaded["message"] or "")
    if not why:
        mine, other = (next(r for r in project.json("receipt")["receipts"] if r["source"] == name) for name in ("payer-a", "payer-b"))
        assert mine["columns"] == other["columns"] | {name: mine["columns"][name] for name in ("source", "execution_id")}
        assert (mine["sums"], mine["rows"]) == (other["sums"], other["rows"])


def test_a_receipt_that_does_not_tell_how_rows_say_their_period_is_not_guessed_at(project, place):
    set_aside(project, place, "2026-05-01T00:00:00Z")

    def forget(rows):
        for one in rows:
            receipt = json.loads(one["receipt"])
            assert receipt.pop("period_of_rows") == {"column": "bill_billing_period_start_date", "told": False}
            one["receipt"] = json.dumps(receipt)

    rewrite_in_place(current_file(project, "deliveries"), forget)
    assert "--overwrite" in replayed(project, expect=1)["message"]


def test_rows_of_a_manifests_delivery_may_say_any_period(project):
    """The manifest vouches for it."""
    bad = small_row(300, "2026-06", cost="much")
    deliver_v1(project.add_export("payer-a"), "2026-05", [csv_bytes(SMALL_HEADER, [small_row(i) for i in range(300)] + [bad])], "v1")
    project.run("aws", "run-pipeline", expect=3)
    rewrite_in_place(current_file(project, "aws_billing_data_quarantine"),
                     lambda rows: rows[0].update(raw=rows[0]["raw"].replace(b"much", b"7")))
    assert replayed(project)["rows"]["loaded"] == 1


def test_exports_and_plain_loads_leave_each_other_alone(project, place):
    deliver_v1(project.add_export("payer-b"), "2026-05", [small_bill(8)], "v1")
    project.run("aws", "run-pipeline")
    write(place / "bill.csv", small_bill(5))
    refused = only(load(project, place, expect=1))
    assert refused["outcome"] == "refused" and "payer-b" in refused["message"], "the same payer's month"
    project.write_config("[aws]\nallow_overlap = true\n")
    report = load(project, place)
    assert [one["source"] for one in report["deliveries"]] == ["payer-a"]
    assert project.json("aws", "run-pipeline")["changed"] is False
    assert [(t[0], t[3]) for t in totals(project)] == [("payer-a", 5), ("payer-b", 8)]
    assert project.run("receipt", "verify").out.count("agrees") == 2
    assert project.json("doctor")["good"] is True


def test_an_export_whose_folder_is_gone_cannot_be_verified(project):
    bucket = project.add_export("payer-b")
    deliver_v1(bucket, "2026-05", [small_bill(8)], "v1")
    project.run("aws", "run-pipeline")
    shutil.rmtree(bucket)
    told = project.json("receipt", "verify", expect=3)["deliveries"][0]
    assert told["verdict"] == "cannot_be_verified" and str(bucket) in told["message"]
