"""A project of datasets whose files land in a bucket and whose lake lies in another: what holds for folders holds for them."""
import json
import pathlib
import sys

import duckdb
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from cloud_provider_truth import Truth  # noqa: E402
from conftest import S3Project  # noqa: E402
from datasets import EXAMPLE, in_order  # noqa: E402
from test_cloud_provider_truth import event, landing  # noqa: E402,F401
from test_datasets import KEYS  # noqa: E402

D = "cloud_provider_analytics"


@pytest.fixture
def project(tmp_path, server, landing):  # noqa: F811
    project = S3Project(tmp_path, server)
    project.place_of(landing)
    project.put_lake_on_s3()
    project.write_config(f'aws.endpoint_url = "{server.endpoint}"')
    return project


def run(project, landing, *more, expect=3):  # noqa: F811
    bucket = project.buckets[landing][0]
    return project.json("dataset", "run", "--project", EXAMPLE, "--landing", f"s3://{bucket}/", *more, expect=expect)


def gold(project, name):
    rows = project.query(f"FROM {D}_gold.{name}")
    return in_order(rows, KEYS[name])


def test_landing_and_lake_in_buckets(project, landing):  # noqa: F811
    report = run(project, landing)
    assert report["changed"]
    truth = Truth(landing)
    for name, keys in KEYS.items():
        found, wanted = gold(project, name), truth.gold[name]
        assert [[row[key] for key in keys] for row in found] == [[row[key] for key in keys] for row in wanted], name
    [[events]] = [[int(row["n"])] for row in project.query(f"SELECT count(*) AS n FROM {D}_silver.usage_events")]
    assert events == len(truth.silver["usage_events"])
    assert all(key.startswith(f"lake/{D}_") for key in project.lake_objects())
    assert not run(project, landing, expect=0)["changed"]

    new = landing / "usage_events_stream" / "part-2.jsonl"
    new.write_text(json.dumps(event(77, 12.5)) + "\n")
    try:
        report = run(project, landing, expect=None)
        [changed] = [one for one in report["datasets"] if one["rebuilt"]]
        assert (changed["dataset"], changed["files"]["new"]) == ("usage_events", 1)
        [[cost]] = duckdb.sql(f"SELECT DECIMAL '{project.query(f'SELECT sum(cost_usd_increment) AS c FROM {D}_silver.usage_events')[0]['c']}'").fetchall()
        assert cost == sum(row["cost_usd_increment"] for row in Truth(landing).silver["usage_events"])
    finally:
        new.unlink()
    project.run("lake", "check")
