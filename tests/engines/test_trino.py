"""Trino, which shares no code with us or with DuckDB, on our catalog file and a lake on S3: what it counts and sums is the truth of
the demo bills and what finops' receipts say; and finops goes on over what Trino inserted."""
import decimal
import itertools
import json
import pathlib
import sys
import types

import pytest
import servers
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, deliver_v2, small_bill, small_row
from project import Project

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from test_demo_loading import DemoProject, assert_the_lake_says_the_truth  # noqa: E402

D = decimal.Decimal
NUMBERS = itertools.count(1)
TYPES = {"VARCHAR": "varchar", "DECIMAL(38,18)": "decimal(38,18)", "TIMESTAMP": "timestamp(6) with time zone", "BIGINT": "bigint",
         "MAP(VARCHAR, VARCHAR)": "map(varchar, varchar)", "MAP(VARCHAR, DECIMAL(38,18))": "map(varchar, decimal(38,18))"}
SUMS = ("SELECT source, billing_period, execution_id, count(*) AS n, sum(line_item_unblended_cost) AS cost, "
        "sum(line_item_usage_amount) AS amount, count(resource_tags_user_name) AS tags, "
        "min(line_item_usage_account_id) AS account, CAST(min(line_item_usage_start_date) AS DATE) AS day "
        "FROM {table} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")


@pytest.fixture(scope="module")
def trino(tmp_path_factory):
    if not (servers.DEPS / "trino").exists():
        pytest.skip("needs trino: ENGINES=trino tools/setup.sh engines")
    with servers.trino(tmp_path_factory.mktemp("trino")) as server:
        yield server


@pytest.fixture(scope="module")
def versitygw(tmp_path_factory):
    with servers.versitygw(tmp_path_factory.mktemp("versitygw")) as server:
        yield server


@pytest.fixture
def place(request, versitygw):
    """Where the lake lies: what finops and Trino are told of it. A bucket, or where a test asks for it a folder."""
    if getattr(request, "param", "s3") == "folder":
        return types.SimpleNamespace(finops={}, trino={"fs.hadoop.enabled": "true"})
    bucket = f"lake-{next(NUMBERS)}"
    versitygw.client().create_bucket(Bucket=bucket)
    return types.SimpleNamespace(
        finops={"FINOPS__LAKE_DIR": f"s3://{bucket}/finops", "FINOPS__LAKE__ENDPOINT_URL": versitygw.endpoint,
                "AWS_ACCESS_KEY_ID": versitygw.key, "AWS_SECRET_ACCESS_KEY": versitygw.secret},
        trino={"fs.native-s3.enabled": "true", "s3.endpoint": versitygw.endpoint, "s3.path-style-access": "true",
               "s3.region": "us-east-1", "s3.aws-access-key": versitygw.key, "s3.aws-secret-key": versitygw.secret})


@pytest.fixture
def project(tmp_path, place):
    project = Project(tmp_path)
    project.variables = place.finops
    return project


def texts(rows):
    return [{name: value if value is None else str(value) for name, value in row.items()} for row in rows]


def types_of(lake, table):
    return {row["Column"]: row["Type"] for row in lake.ask(f"DESCRIBE {table}")}


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def assert_receipts_agree(project, lake, table):
    """Rows, the sum of every decimal column in each currency and the NULLs of every column, delivery by delivery."""
    kinds = types_of(lake, table)
    decimals = [name for name, kind in kinds.items() if kind == "decimal(38,18)"]
    parts = [f"sum({quoted(name)}) AS s{i}" for i, name in enumerate(decimals)]
    parts += [f"count(*) - count({quoted(name)}) AS n{i}" for i, name in enumerate(kinds)]
    rows = lake.ask(f"SELECT source, billing_period, execution_id, coalesce(line_item_currency_code, '') AS currency, count(*) AS n, "
                    f"{', '.join(parts)} FROM {table} GROUP BY 1, 2, 3, 4")
    receipts = [receipt for receipt in project.json("receipt")["receipts"] if receipt["table"] == table]
    assert receipts and sum(row["n"] for row in rows) == sum(receipt["rows"]["loaded"] for receipt in receipts)
    for receipt in receipts:
        key = [receipt[name] for name in ("source", "billing_period", "execution_id")]
        mine = [row for row in rows if [row["source"], row["billing_period"], row["execution_id"]] == key]
        assert sum(row["n"] for row in mine) == receipt["rows"]["loaded"]
        sums = {(row["currency"], name): D(row[f"s{i}"]) for row in mine for i, name in enumerate(decimals)
                if row[f"s{i}"] is not None}
        told = {(currency, name): D(sum["loaded"]) for currency, of in receipt["sums"].items() for name, sum in of.items()}
        assert {where: value for where, value in told.items() if value or where in sums} == sums
        nulls = {name: sum(row[f"n{i}"] for row in mine) for i, name in enumerate(kinds)}
        assert {name: nulls[name] for name in receipt["columns"]} == \
            {name: column["nulls"] for name, column in receipt["columns"].items()}


def test_the_demo_bills_as_trino_sees_them(trino, place, tmp_path):
    project = DemoProject(tmp_path)
    project.variables = place.finops
    project.run("aws", "run-pipeline")
    with trino.catalog(tmp_path / "bills/data/catalog.db", "finops", place.trino) as lake:
        def check():
            assert_the_lake_says_the_truth(types.SimpleNamespace(truth=project.truth, query=lake.ask))
            assert_receipts_agree(project, lake, "aws_billing_data")
            states = lake.ask("SELECT source, billing_period, execution_id, revision, state, source_rows, loaded_rows, receipt "
                              "FROM deliveries ORDER BY 1, 2, 4, 3")
            assert texts(states) == texts(project.query(
                "SELECT source, billing_period, execution_id, revision, state, source_rows, loaded_rows, receipt "
                "FROM billing.deliveries ORDER BY 1, 2, 4, 3"))
            assert {row["execution_id"] for row in states if row["state"] == "current"} == \
                {delivery["execution_id"] for delivery in project.current()}

        check()
        # Maps: every key and value, and rows that have none.
        for column in ("resource_tags", "product"):
            by_key = f"""SELECT key, count(*) AS n, count(DISTINCT value) AS v FROM aws_billing_data
                         CROSS JOIN UNNEST({column}) AS t (key, value) GROUP BY 1 ORDER BY 1"""
            of_maps = f"""SELECT key, count(*) AS n, count(DISTINCT value) AS v FROM (SELECT unnest(map_keys({column})) AS key,
                          unnest(map_values({column})) AS value FROM aws_billing_data) GROUP BY 1 ORDER BY 1"""
            assert texts(lake.ask(by_key)) == texts(project.query(of_maps)) != []
        project.generate("--restate")
        project.run("aws", "run-pipeline")
        check()


@pytest.mark.parametrize("place", ["s3", "folder"], indirect=True)
def test_columns_that_came_later_tags_quarantine_and_the_past(trino, project, place):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-04", [small_bill(40, "2026-04", cost="0.000000000000000001")], "april")
    deliver_v1(bucket, "2026-05", [small_bill(30)], "may-1")
    project.run("aws", "run-pipeline")
    with trino.catalog(project.catalog, "finops", place.trino) as lake:
        def both(sql):
            mine, theirs = texts(lake.ask(sql)), texts(project.query(sql))
            assert mine == theirs
            return mine

        first = both(SUMS.format(table="aws_billing_data"))
        [snapshot] = lake.ask('SELECT snapshot_id FROM "aws_billing_data$snapshots" ORDER BY committed_at DESC LIMIT 1')
        header = SMALL_HEADER + ["resourceTags/user:Team", "resourceTags/user:name"]
        good = [small_row(i, cost="-2", currency="EUR" if i % 2 else "USD") + ["core", None if i % 3 else "x"] for i in range(20)]
        bad = small_row(20, cost="two") + ["core", "\u00e9,\"\n"]
        deliver_v1(bucket, "2026-05", [csv_bytes(header, good + [bad])], "may-2")
        project.run("aws", "run-pipeline", expect=3)
        second = both(SUMS.format(table="aws_billing_data"))
        assert [(row["execution_id"], row["n"]) for row in second] == [("april", "40"), ("may-2", "20")]
        assert texts(lake.ask(SUMS.format(table=f"aws_billing_data FOR VERSION AS OF {snapshot['snapshot_id']}"))) == first
        assert types_of(lake, "aws_billing_data") == {row["column_name"]: TYPES[row["column_type"]] for row in project.query(
            "SELECT column_name, column_type FROM (DESCRIBE aws_billing_data)")}
        tags = [name for name in types_of(lake, "aws_billing_data") if name.startswith("resource_tags_")]
        assert len(tags) == 3
        for name in tags:
            both(f"SELECT billing_period, {name} AS tag, count(*) AS n FROM aws_billing_data GROUP BY 1, 2 ORDER BY 1, 2")
        assert_receipts_agree(project, lake, "aws_billing_data")
        [row] = both("SELECT source, billing_period, execution_id, source_file, source_line, reasons, currency "
                     "FROM aws_billing_data_quarantine")
        assert (row["execution_id"], row["source_line"]) == ("may-2", "22")
        [row] = lake.ask("SELECT to_hex(raw) AS raw FROM aws_billing_data_quarantine")
        assert bytes.fromhex(row["raw"]) == csv_bytes(bad, [], last_line_end=False)
        both("SELECT source, billing_period, execution_id, revision, state, loaded_rows, quarantined_rows, receipt FROM deliveries "
             "ORDER BY recorded_at, execution_id")
        for name in ("files", "manifests", "partitions", "history", "refs", "entries"):
            assert lake.ask(f'SELECT * FROM "aws_billing_data${name}"')


def test_maps_and_times(trino, project, place):
    bucket = project.add_export("payer-b", table="with_maps")
    header = ["line_item_unblended_cost", "line_item_currency_code", "resource_tags", "discount", "line_item_usage_start_date"]
    rows = [[f"{i}.000000000000000001", "USD", json.dumps({"user_name": f"n{i}", "\u00e9": None}) if i else None,
             '{"EDP": -0.1, "x": "1e-3"}', f"2026-05-{1 + i % 28:02d}T23:59:59Z"] for i in range(50)]
    deliver_v2(bucket, "2026-05", [csv_bytes(header, rows)], "run-1")
    project.run("aws", "run-pipeline")
    with trino.catalog(project.catalog, "finops", place.trino) as lake:
        assert_receipts_agree(project, lake, "with_maps")
        assert lake.ask("SELECT sum(line_item_unblended_cost) AS c, sum(discount['EDP']) AS d, sum(discount['x']) AS x, "
                        "count(DISTINCT resource_tags['user_name']) AS n, count(resource_tags['\u00e9']) AS e, "
                        "sum(cardinality(resource_tags)) AS k FROM with_maps") == [
            {"c": "1225.000000000000000050", "d": "-5.000000000000000000", "x": "0.050000000000000000", "n": 49, "e": 0, "k": 98}]
        assert lake.ask("SELECT min(line_item_usage_start_date) AS a, max(line_item_usage_start_date) AS z FROM with_maps "
                        "WHERE line_item_usage_start_date >= TIMESTAMP '2026-05-02 00:00:00 UTC'") == [
            {"a": "2026-05-02 23:59:59.000000 UTC", "z": "2026-05-28 23:59:59.000000 UTC"}]


def test_finops_goes_on_over_what_trino_inserted(trino, project, place):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(30)], "may-1")
    project.run("aws", "run-pipeline")
    with trino.catalog(project.catalog, "finops", place.trino) as lake:
        lake.ask("INSERT INTO aws_billing_data (source, billing_period, execution_id, line_item_unblended_cost, "
                 "line_item_usage_account_id, line_item_usage_start_date) VALUES ('by-trino', '2026-05', 'theirs', DECIMAL '1.5', "
                 "'000000000042', TIMESTAMP '2026-05-03 04:05:06 UTC')")
        deliver_v1(bucket, "2026-05", [small_bill(10)], "may-2")
        project.run("aws", "run-pipeline")
        rows = texts(lake.ask(SUMS.format(table="aws_billing_data")))
        assert rows == texts(project.query(SUMS.format(table="aws_billing_data")))
        assert [(row["source"], row["execution_id"], row["n"], row["cost"]) for row in rows] == [
            ("by-trino", "theirs", "1", "1.500000000000000000"), ("payer-a", "may-2", "10", "12.500000000000000000")]
