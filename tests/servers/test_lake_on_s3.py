"""A lake in a bucket: what holds for one in a folder holds for it, and any DuckDB and pyiceberg read it."""
import os
import pathlib
import sqlite3
import sys

import duckdb
import engine_sums
import pytest
from pyiceberg.catalog.sql import SqlCatalog

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from conftest import S3Project  # noqa: E402
from deliveries import deliver_v1, small_bill  # noqa: E402
from test_exact_sums import test_a_v2_bill_with_maps_and_its_own_columns, test_hand_written_hostile_bill  # noqa: E402,F401
from test_faults_and_refusals import (  # noqa: E402,F401
    test_a_listed_file_that_is_missing_fails_its_month,
    test_one_bad_row_goes_to_quarantine_with_its_bytes_and_the_rest_is_loaded,
    test_too_many_bad_rows_refuse_the_delivery_and_keep_what_was_there,
)
from test_loading import *  # noqa: E402,F401,F403
from test_loading import totals  # noqa: E402
from test_rollback import (  # noqa: E402,F401
    replaced,
    test_newer_deliveries_wait_until_they_are_released,
    test_the_older_delivery_is_current_again_with_its_quarantine_and_a_proof,
)

EXTENSIONS = os.environ["FINOPS_DUCKDB_EXTENSIONS"]
SQL = ("SELECT source, billing_period, count(*)::BIGINT AS n, sum(line_item_unblended_cost) AS cost "
       "FROM billing.aws_billing_data GROUP BY ALL ORDER BY ALL")


@pytest.fixture
def project(tmp_path, server):
    project = S3Project(tmp_path, server)
    project.put_lake_on_s3()
    return project


@pytest.fixture
def loaded(project):
    for name in ("payer a", "payer-ü"):  # their names stand in keys
        deliver_v1(project.add_export(name), "2026-05", [small_bill(10)], "v1")
    project.run("aws", "run-pipeline")
    return project


def test_nothing_of_the_lake_is_on_this_machine_but_its_catalog(loaded):
    assert not (loaded.folder / "data" / "lake").exists()
    keys = loaded.lake_objects()
    assert all(key.startswith("lake/billing/") for key in keys)
    assert sum(key.endswith(".parquet") for key in keys) == 4  # data and ledger of two payers
    with sqlite3.connect(loaded.catalog) as catalog:
        places = [row[0] for row in catalog.execute("SELECT metadata_location FROM iceberg_tables")]
    assert places and all(place.startswith(f"s3://{loaded.lake[0]}/lake/billing/") for place in places)


def test_receipts_verify_and_history_and_exports_work(loaded):
    assert {d["verdict"] for d in loaded.json("receipt", "verify")["deliveries"]} == {"agrees"}
    assert len(loaded.json("history")["deliveries"]) == 2
    loaded.run("aws", "export-parquet")
    assert (loaded.folder / "data/exports/2026-05_aws_billing.parquet").exists()
    loaded.run("query", "FROM aws_billing_data", "--format", "parquet", "--output", "all.parquet")
    assert duckdb.sql(f"SELECT count(*) FROM '{loaded.folder}/all.parquet'").fetchone() == (20,)


def test_the_views_work_for_any_duckdb_that_has_httpfs_and_credentials(loaded):
    settings = {"extension_directory": EXTENSIONS, "autoinstall_known_extensions": "false"}
    with duckdb.connect(str(loaded.database), read_only=True, config=settings) as client:
        client.execute(engine_sums.s3_secret(loaded.server))
        rows = client.execute(SQL).fetchall()
    assert [(source, str(cost)) for source, _, _, cost in rows] == [
        ("payer a", "12.500000000000000000"), ("payer-ü", "12.500000000000000000")]


def test_pyiceberg_reads_it(loaded):
    catalog = SqlCatalog("finops", uri=f"sqlite:///{loaded.catalog}", **engine_sums.s3_properties(loaded.server))
    assert catalog.load_table("billing.aws_billing_data").scan().to_arrow().num_rows == 20
    assert catalog.load_table("billing.deliveries").scan().to_arrow().num_rows == 2


def test_a_query_reads_no_other_object_and_tells_no_key(loaded):
    loaded.client.put_object(Bucket=loaded.lake[0], Key="other.csv", Body=b"a\n1\n")
    refused = loaded.run("query", f"FROM read_csv('s3://{loaded.lake[0]}/other.csv')", expect=None)
    assert refused.code != 0 and "Permission" in refused.err
    shown = loaded.run("query", "FROM duckdb_secrets()").out
    assert loaded.server.secret not in shown and "redacted" in shown
    assert loaded.run("query", "FROM duckdb_secrets(redact = false)", expect=None).code != 0


def test_doctor_writes_reads_and_removes_a_probe_and_says_who_may_load(loaded):
    before = set(loaded.lake_objects())
    text = loaded.run("doctor").out
    assert "lake bucket" in text and "only this machine may load" in text
    assert set(loaded.lake_objects()) == before
    loaded.lake = ("there-is-no-such-bucket", "lake")
    loaded.write_config()
    assert "there-is-no-such-bucket" in loaded.run("doctor", expect=1).out


def test_the_lake_may_be_the_whole_bucket(project):
    project.put_lake_on_s3(prefix="")
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(4)], "v1")
    project.run("aws", "run-pipeline")
    assert [row[3] for row in totals(project)] == [4]
    assert any(key.startswith("billing/aws_billing_data/data/") for key in project.lake_objects())
