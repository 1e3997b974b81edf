"""`finops load` of a prefix in a bucket, reached as [aws] says."""
import decimal
import gzip

import pytest
from deliveries import small_bill, write

D = decimal.Decimal


def bucket_of(project, keep_staging=True):
    """(folder that the bucket holds what it holds, the bucket's URL), with [aws] and no export."""
    folder = project.folder / "bucket"
    folder.mkdir()
    project.place_of(folder)
    project.write_config(f'[aws]\nendpoint_url = "{project.server.endpoint}"\nkeep_staging = {str(keep_staging).lower()}')
    return folder, f"s3://{project.buckets[folder][0]}"


def load(project, location, *options, **more):
    return project.json("load", location, "--source", "payer-a", *options, **more)


def lake(project):
    return [(r["f"], int(r["n"]), D(r["cost"])) for r in project.query(
        "SELECT source_file AS f, count(*) AS n, sum(line_item_unblended_cost) AS cost FROM aws_billing_data GROUP BY 1 ORDER BY 1")]


@pytest.mark.parametrize("keep", [True, False], ids=["staged", "streamed"])
def test_a_prefix_is_loaded_proved_and_loaded_again_when_it_changes(project, keep):
    folder, url = bucket_of(project, keep)
    write(folder / "bills/may/part-1.csv.gz", gzip.compress(small_bill(10), mtime=0))
    write(folder / "bills/may/part-2.csv.gz", gzip.compress(small_bill(5, account="2"), mtime=0))
    write(folder / "bills/may/_SUCCESS", b"")
    write(folder / "bills/maybe/part-1.csv.gz", gzip.compress(small_bill(3), mtime=0))
    report = load(project, f"{url}/bills/may")
    assert [(one["outcome"], one["billing_period"], one["files"]) for one in report["deliveries"]] == [("loaded", "2026-05", 2)]
    assert "'_SUCCESS'" in report["notes"][0]
    assert lake(project) == [("bills/may/part-1.csv.gz", 10, D("12.5")), ("bills/may/part-2.csv.gz", 5, D("6.25"))]
    assert load(project, f"{url}/bills/may/")["changed"] is False
    assert "agrees" in project.run("receipt", "verify").out
    staging = project.folder / "data" / "staging" / "payer-a" / "2026-05"
    kept = sorted(file.name for file in staging.rglob("*") if file.is_file())
    assert kept == (["delivery.json", "part-1.csv.gz", "part-2.csv.gz"] if keep else [])
    write(folder / "bills/may/part-2.csv.gz", gzip.compress(small_bill(6, account="2"), mtime=0))
    changed = project.json("receipt", "verify", expect=3)["deliveries"][0]
    assert changed["verdict"] == "cannot_be_verified" and "other bytes" in changed["message"]
    [second] = load(project, f"{url}/bills/may")["deliveries"]
    assert second["outcome"] == "replaced" and second["rows"]["loaded"] == 16
    [history] = [d for d in project.json("history")["deliveries"] if d["state"] == "current"]
    assert history["manifest"] == f"{url}/bills/may"
    (folder / "bills/may/part-1.csv.gz").unlink()
    gone = project.json("receipt", "verify", expect=3)["deliveries"][0]
    assert gone["verdict"] == "cannot_be_verified" and "is gone from" in gone["message"]


def test_a_single_object_can_be_named(project):
    folder, url = bucket_of(project)
    write(folder / "a.csv", small_bill(4))
    write(folder / "b.csv", small_bill(7, "2026-06"))
    assert load(project, f"{url}/b.csv")["deliveries"][0]["billing_period"] == "2026-06"
    assert lake(project) == [("b.csv", 7, D("8.75"))]
    assert "agrees" in project.run("receipt", "verify").out
    [refused] = load(project, url, expect=1)["deliveries"]
    assert "several billing periods" in refused["message"]


@pytest.mark.parametrize("server", ["versitygw"], indirect=True)
@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_file_that_comes_while_the_others_are_read_is_not_missed(project, proxy, moment):
    folder, url = bucket_of(project, keep_staging=False)
    write(folder / "may/1.csv", small_bill(10))
    project.upload()
    reads = []

    def deliver_more(number, method, path):
        if method == "GET" and path.endswith("/1.csv"):
            reads.append(path)
            if len(reads) == moment:
                write(folder / "may/2.csv", small_bill(5, account="2"))
                project.upload()

    proxy.fault = deliver_more
    report = load(project, f"{url}/may", env={"FINOPS__AWS__ENDPOINT_URL": proxy.endpoint})
    assert len(reads) > moment and report["deliveries"][0]["rows"]["loaded"] == 15
    assert lake(project) == [("may/1.csv", 10, D("12.5")), ("may/2.csv", 5, D("6.25"))]
