"""finops lake on a lake in a bucket: expiry, check, a lake that moved from a folder to a bucket, a lost catalog."""
import pytest
from conftest import S3Project
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_row

SQL = ("SELECT billing_period AS p, execution_id AS e, count(*)::VARCHAR AS n, sum(line_item_unblended_cost)::VARCHAR AS c "
       "FROM aws_billing_data GROUP BY ALL ORDER BY ALL")
NOW = ["--set", "lake.keep_days=0", "--set", "lake.keep_versions=1"]


def load_twice(project):
    bucket = project.add_export("payer-a")
    for n in (1, 2):
        rows = [small_row(i) for i in range(1500 + n)] + [b"bad"] * n
        deliver_v1(bucket, "2026-05", [csv_bytes(SMALL_HEADER, rows)], f"may-{n}")
        project.run("aws", "run-pipeline", expect=3)
    return project


@pytest.fixture
def loaded(tmp_path, server):
    project = S3Project(tmp_path, server)
    project.put_lake_on_s3()
    return load_twice(project)


def test_expiry_and_check_of_a_lake_in_a_bucket(loaded):
    seen, before = loaded.query(SQL), set(loaded.lake_objects())
    done = loaded.json("lake", "expire", *NOW)
    gone = before - set(loaded.lake_objects())
    assert done["changed"] is True and sum(t["files"] for t in done["tables"]) <= len(gone)
    assert loaded.query(SQL) == seen
    checked = loaded.json("lake", "check", "--deep")
    assert (checked["problems"], checked["orphans"]) == ([], []) and checked["deep"]["rows"] > 1502
    loaded.run("receipt", "verify")
    data = next(key for key in loaded.lake_objects() if "/aws_billing_data/data/" in key)
    body = loaded.client.get_object(Bucket=loaded.lake[0], Key=data)["Body"].read()
    loaded.client.put_object(Bucket=loaded.lake[0], Key=data, Body=body[:-1] + b"x")
    found = loaded.json("lake", "check", "--deep", expect=1)["problems"]
    assert [p["file"] for p in found] == [f"s3://{loaded.lake[0]}/{data}"]
    loaded.client.delete_object(Bucket=loaded.lake[0], Key=data)
    found = loaded.json("lake", "check", expect=1)["problems"]
    assert [p["file"] for p in found] == [f"s3://{loaded.lake[0]}/{data}"]


def test_a_lake_moves_from_a_folder_to_a_bucket_and_survives_the_loss_of_its_catalog(tmp_path, server):
    project = load_twice(S3Project(tmp_path, server))
    seen, folder = project.query(SQL), project.folder / "data" / "lake"
    project.put_lake_on_s3(prefix="moved/lake")
    for file in folder.rglob("*"):
        if file.is_file():
            key = f"moved/lake/{file.relative_to(folder).as_posix()}"
            project.client.put_object(Bucket=project.lake[0], Key=key, Body=file.read_bytes())
    assert project.json("lake", "relocate", "--from", folder)["changed"] is True
    folder.rename(tmp_path / "gone")
    assert project.query(SQL) == seen
    project.run("receipt", "verify")
    assert project.json("lake", "check", "--deep")["problems"] == []
    project.catalog.unlink()
    assert project.json("lake", "restore-catalog")["problems"] == []
    assert project.query(SQL) == seen
    project.run("receipt", "verify")
    assert project.json("aws", "run-pipeline")["changed"] is False
