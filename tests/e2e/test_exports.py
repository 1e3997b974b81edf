"""`export-parquet`: one file per month with the rows of the lake, in every compression, for other readers."""
import json
from decimal import Decimal

import duckdb
import pyarrow.parquet as pq
import pytest

from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, deliver_v2, small_bill, small_row

COMPRESSIONS = {"snappy": "SNAPPY", "zstd": "ZSTD", "gzip": "GZIP", "lz4": "LZ4", "none": "UNCOMPRESSED"}
V2_HEADER = ["identity_line_item_id", "bill_payer_account_id", "line_item_usage_start_date", "line_item_unblended_cost",
             "line_item_currency_code", "resource_tags", "discount"]


def v2_row(n):
    tags = {f"user_tag{i}": f"v{n % 7}" for i in range(n % 4)}
    discount = {"bundled": n / 4, "total": -1.5} if n % 3 == 0 else {}
    return [f"v2-{n}", "000000000009", f"2026-05-{1 + n % 28:02d}T00:00:00.000Z", f"0.{n:06d}", "USD",
            json.dumps(tags) if tags else "", json.dumps(discount) if discount else ""]


@pytest.fixture
def several_sources(project):
    """A month of four deliveries whose columns differ: with a column more, with maps, and with rows that cost nothing."""
    header = SMALL_HEADER + ["resourceTags/user:Team"]
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(3000), small_bill(500)], "v1")
    deliver_v1(project.add_export("payer-b"), "2026-05",
               [csv_bytes(header, [small_row(n, cost="") + [f"team {n % 5}" if n % 2 else ""] for n in range(2000)])], "v1")
    deliver_v2(project.add_export("payer-c"), "2026-05", [csv_bytes(V2_HEADER, [v2_row(n) for n in range(1000)])], "v2")
    deliver_v1(project.add_export("payer-d"), "2026-05", [csv_bytes(SMALL_HEADER, [])], "v1")
    project.run("aws", "run-pipeline")
    return project


def test_every_compression_has_the_rows_of_the_lake(several_sources):
    project = several_sources
    path = project.folder / "out" / "2026-05_aws_billing.parquet"
    first = None
    for name, told in COMPRESSIONS.items():
        report = project.json("aws", "export-parquet", "--output-dir", path.parent, "--compression", name)
        assert [(f["outcome"], f["rows"], f["bytes"]) for f in report["files"]] == [("written", 6500, path.stat().st_size)]
        file = pq.ParquetFile(path)
        groups = [file.metadata.row_group(g) for g in range(file.metadata.num_row_groups)]
        assert {g.column(c).compression for g in groups for c in range(g.num_columns)} == {told}
        table = file.read()
        table.validate(full=True)
        first = first or table
        assert table.equals(first)
    with duckdb.connect(str(project.database), read_only=True) as database:
        times = [c.name for c in first.schema if str(c.type).startswith("timestamp")]
        assert len(times) == 2
        # The lake's view shows times without a zone.
        both = [f"SELECT * REPLACE ({', '.join(f'epoch({time}) AS {time}' for time in times)}) FROM {rows}"
                for rows in ("aws_billing_data", f"read_parquet('{path}')")]
        for one, other in (both, both[::-1]):
            assert database.sql(f"SELECT count(*) FROM (({one}) EXCEPT ALL ({other}))").fetchone() == (0,)
        assert database.sql(f"SELECT count(resource_tags), sum(line_item_unblended_cost) FROM '{path}'").fetchone() == (
            750, Decimal("3500") * Decimal("1.25") + Decimal("0.4995"))


def test_zstd_copies_the_bytes_of_the_lakes_columns(project):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(3000)], "v1")
    project.run("aws", "run-pipeline")
    project.run("aws", "export-parquet", "--compression", "zstd")
    (lake,) = (project.folder / "data/lake/billing/aws_billing_data/data").rglob("*.parquet")
    export = project.folder / "data/exports/2026-05_aws_billing.parquet"

    def chunks(path):
        group, content = pq.ParquetFile(path).metadata.row_group(0), path.read_bytes()
        columns = [group.column(c) for c in range(group.num_columns)]
        begins = [c.dictionary_page_offset or c.data_page_offset for c in columns]
        return {c.path_in_schema: content[b:b + c.total_compressed_size] for c, b in zip(columns, begins)}

    assert chunks(export) == chunks(lake)
