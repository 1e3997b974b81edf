"""finops selftest: what it proves, what it finds, and that it leaves nothing behind."""
import gzip

import pytest

from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_bill, small_row


def files_below(folder):
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns
            for path in folder.rglob("*") if path.is_file()}


def checks_of(project, *more, **options):
    return {one["subject"]: one for one in project.json("selftest", *more, **options)["checks"]}


def test_known_bills_and_the_newest_delivery_are_proved_without_touching_anything(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-04", [small_bill(10, "2026-04")], "april")
    deliver_v1(bucket, "2026-05", [small_bill(200)], "may")
    found = checks_of(project)
    assert set(found) == {"bills of known truth", "payer-a 2026-05"}
    assert all(one["result"] == "good" for one in found.values())
    assert "does not hold this delivery" in found["payer-a 2026-05"]["finding"]
    assert "200 rows, USD 250" in found["payer-a 2026-05"]["finding"]
    assert not (project.folder / "data" / "lake").exists() and not project.catalog.exists()

    project.run("aws", "run-pipeline")
    before = files_below(project.folder)
    found = checks_of(project, "--start-date", "2026-04")
    assert all("your lake holds the same" in found[f"payer-a 2026-{m}"]["finding"] for m in ("04", "05"))
    assert files_below(project.folder) == before
    assert "payer-a 2026-05" not in checks_of(project, "--demo-only")


def test_a_lake_that_says_something_else_is_found(project):
    bucket = project.add_export("payer-a")
    [path] = deliver_v1(bucket, "2026-05", [small_bill(20)], "may")
    project.run("aws", "run-pipeline")
    path.write_bytes(gzip.compress(small_bill(20, cost="1.26"), mtime=0))  # same id, other money
    found = checks_of(project, expect=1)
    assert found["bills of known truth"]["result"] == "good"
    assert found["payer-a 2026-05"]["result"] == "bad"
    assert "line_item_unblended_cost" in found["payer-a 2026-05"]["finding"]


def test_rows_that_do_not_fit_are_a_warning_and_a_broken_file_is_bad(project):
    bucket = project.add_export("payer-a")
    rows = [small_row(i) for i in range(3000)]
    deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, rows + [b"bad,row"])], "may")
    assert "in quarantine: 1 row" in checks_of(project)["payer-a 2026-05"]["finding"]
    deliver_v1(bucket, "2026-06", [("raw", gzip.compress(small_bill(9, "2026-06"))[:-9])], "june")
    found = checks_of(project, expect=1)
    assert found["payer-a 2026-06"]["result"] == "bad" and "truncated" in found["payer-a 2026-06"]["finding"]


@pytest.mark.parametrize("where", [None, "elsewhere"])
def test_the_lakes_of_the_test_are_removed(project, where):
    more = ["--work-dir", str(project.folder / where)] if where else []
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "may")
    project.run("selftest", *more)
    assert not list(project.folder.rglob("finops-selftest-*"))
