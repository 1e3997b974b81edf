"""The staging area: what is downloaded once is there, whole, and is the delivery that it was in the bucket."""
import decimal
import json
import os
import subprocess

import pytest
from deliveries import csv_bytes, deliver_v1, small_bill

D = decimal.Decimal
STAGED = "data/staging/payer-a/2026-05"


@pytest.fixture
def server(versitygw):  # what is staged does not depend on the server
    return versitygw


def outcomes(report):
    return {(p["source"], p["billing_period"]): p["outcome"] for p in report["deliveries"]}


def mark(project, version):
    return json.loads((project.folder / STAGED / version / "delivery.json").read_text())


def total(project):
    return [(r["execution_id"], int(r["n"]), D(r["cost"])) for r in project.query(
        "SELECT execution_id, count(*) AS n, sum(line_item_unblended_cost) AS cost FROM aws_billing_data GROUP BY ALL")]


def test_extracted_deliveries_are_loaded_without_the_bucket(project):
    bucket = project.add_export("payer-a")
    files = deliver_v1(bucket, "2026-05", [small_bill(10), small_bill(5)], "v1")
    assert outcomes(project.json("aws", "extract-billing")) == {("payer-a", "2026-05"): "staged"}
    staged = mark(project, "v1")
    assert staged["complete"] is True
    by_key = {file["key"]: file for file in staged["files"]}
    for file in files:
        key = file.relative_to(bucket).as_posix()
        assert (project.folder / STAGED / "v1" / by_key[key]["name"]).read_bytes() == file.read_bytes()
        assert by_key[key]["etag"] == project.client.head_object(
            Bucket=project.buckets[bucket][0], Key=key)["ETag"].strip('"')
    again = project.json("aws", "extract-billing")
    assert outcomes(again) == {("payer-a", "2026-05"): "unchanged"} and again["changed"] is False
    nowhere = {"FINOPS__AWS__EXPORTS__0__ENDPOINT_URL": "http://127.0.0.1:9"}
    assert outcomes(project.json("aws", "load-billing-local", env=nowhere)) == {("payer-a", "2026-05"): "loaded"}
    assert total(project) == [("v1", 15, D("18.75"))]
    # Read from the bucket it is the same delivery: same id, same ETags.
    report = project.json("aws", "run-pipeline")
    assert outcomes(report) == {("payer-a", "2026-05"): "unchanged"} and report["changed"] is False


def test_a_run_keeps_what_it_downloads_and_only_the_newest_delivery(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(10)], "v1")
    project.run("aws", "run-pipeline")
    assert mark(project, "v1")["complete"] is True
    foreign = project.folder / STAGED / "notes"
    foreign.mkdir()
    deliver_v1(bucket, "2026-05", [small_bill(12)], "v2")
    project.run("aws", "run-pipeline")
    assert sorted(os.listdir(project.folder / STAGED)) == ["notes", "v2"], "what finops did not make stays"
    assert total(project) == [("v2", 12, D("15"))]


def test_keep_staging_false_keeps_nothing(project):
    project.extra = ["keep_staging = false"]
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(10)], "v1")
    project.run("aws", "run-pipeline")
    assert total(project) == [("v1", 10, D("12.5"))]
    assert not (project.folder / "data/staging").exists()


def break_off(project, version, content):
    """As if the download of the only data file had been killed after `content`."""
    folder = project.folder / STAGED / version
    text = mark(project, version)
    name = text["files"][1]["name"]
    (folder / name).unlink()
    (folder / (name + ".part")).write_bytes(content)
    (folder / "delivery.json").write_text(json.dumps(text | {"complete": False}))
    return folder / name


def test_a_broken_off_download_goes_on_where_it_was(project):
    bucket = project.add_export("payer-a")
    [file] = deliver_v1(bucket, "2026-05", [small_bill(2000)], "v1")
    project.run("aws", "extract-billing")
    whole = file.read_bytes()
    # The first bytes are not those of the object: whoever fetched them again would put that right.
    half = bytes(len(whole) // 2)
    staged = break_off(project, "v1", half)
    local = project.json("aws", "load-billing-local")
    assert local["deliveries"] == [], "a folder without its mark is not complete"
    assert outcomes(project.json("aws", "extract-billing")) == {("payer-a", "2026-05"): "staged"}
    assert staged.read_bytes() == half + whole[len(half):]
    # Such a file cannot be decoded. It goes, and the next run gets the right one.
    project.run("aws", "run-pipeline", expect=1)
    project.run("aws", "run-pipeline")
    assert total(project) == [("v1", 2000, D("2500"))]
    assert staged.read_bytes() == whole


def test_a_part_of_another_version_is_not_used(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(100)], "v1", overwrite=True)
    project.run("aws", "extract-billing")
    break_off(project, "v1", b"of the first version")
    deliver_v1(bucket, "2026-05", [small_bill(200)], "v1", overwrite=True)  # same id, same keys, other bytes
    project.run("aws", "run-pipeline")
    assert [row[1:] for row in total(project)] == [(200, D("250"))]


def test_a_full_disk_is_told_before_anything_is_downloaded(project, tmp_path):
    if os.geteuid() != 0:
        pytest.fail("this test mounts a small tmpfs and so needs root")
    bucket = project.add_export("payer-a")
    random = csv_bytes(["identity/LineItemId"], [[os.urandom(3000).hex()] for _ in range(700)])
    deliver_v1(bucket, "2026-05", [random], "v1")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], check=True)
    try:
        result = project.run("aws", "extract-billing", "--staging-dir", small / "staging", expect=1)
        assert "are free" in result.err and "keep_staging = false" in result.err
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_changed_staged_file_is_not_loaded(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(10)], "v1")
    project.run("aws", "extract-billing")
    name = mark(project, "v1")["files"][1]["name"]
    with (project.folder / STAGED / "v1" / name).open("ab") as file:
        file.write(b"more")
    result = project.run("aws", "load-billing-local", expect=1)
    assert "was changed after the download" in result.err
