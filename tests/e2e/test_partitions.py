"""Models and datasets with partition_by: files by the values of text columns, which other readers leave out without opening them."""
import json
import os
import pathlib

import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog

EXTENSIONS = os.environ.get("FINOPS_DUCKDB_EXTENSIONS")
FILES = {
    "project.toml": 'name = "shop"\n',
    "datasets/orders.toml": """key = ["id"]
[landing]
path = "orders/*.csv"
format = "csv"
[columns]
id = "text"
day = "date"
team = "text"
amount = "decimal"
""",
    "models/daily.sql": """SELECT finops_month_text(day) AS month, day, coalesce(team, 'none') AS team,
  CAST(sum(amount) AS DECIMAL(38,18)) AS amount
FROM silver.orders
GROUP BY day, team
""",
    "models/daily.toml": """description = "By day"
incremental_by = ["day"]
partition_by = ["month", "team"]
""",
    "landing/orders/1.csv": "id,day,team,amount\no1,2026-04-30,a,1\no2,2026-05-01,a,2\no3,2026-05-02,b/%c,4\no4,2026-05-02,b/%c,8\no5,2026-05-03,,16\n",
}
MORE = "id,day,team,amount\no6,2026-06-01,a,32\no7,2026-05-03,,64\n"


def write(shop, files):
    for name, content in files.items():
        path = shop.folder / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture
def shop(project):
    project.write_config()
    write(project, FILES)
    return project


def run(shop, *more, expect=0):
    return shop.run("dataset", "run", "--project", "shop", *more, expect=expect)


def table(shop):
    return SqlCatalog("finops", uri=f"sqlite:///{shop.catalog}").load_table("shop_gold.daily")


def rows(shop):
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        return connection.execute("SELECT month, CAST(day AS VARCHAR), team, CAST(amount AS INTEGER) FROM shop_gold.daily "
                                  "ORDER BY ALL").fetchall()


FIRST = [("2026-04", "2026-04-30", "a", 1), ("2026-05", "2026-05-01", "a", 2), ("2026-05", "2026-05-02", "b/%c", 12),
         ("2026-05", "2026-05-03", "none", 16)]
SECOND = FIRST[:3] + [("2026-05", "2026-05-03", "none", 80), ("2026-06", "2026-06-01", "a", 32)]


def planned(shop, row_filter):
    return [(task.file.partition[0], task.file.partition[1], task.file.record_count)
            for task in table(shop).scan(row_filter=row_filter).plan_files()]


def test_readers_plan_only_the_files_of_the_partitions_they_ask_for(shop):
    run(shop)
    assert rows(shop) == FIRST
    assert [field.name for field in table(shop).spec().fields] == ["month", "team"]
    assert str(table(shop).spec().fields[0].transform) == "identity"
    assert sorted(planned(shop, "month >= '2026'")) == [("2026-04", "a", 1), ("2026-05", "a", 1), ("2026-05", "b/%c", 1),
                                                        ("2026-05", "none", 1)]
    assert planned(shop, "month = '2026-04'") == [("2026-04", "a", 1)]
    assert planned(shop, "team = 'b/%c'") == [("2026-05", "b/%c", 1)]
    assert table(shop).scan(row_filter="month = '2026-05'").to_arrow()["amount"].to_pylist() and planned(shop, "month = '2027'") == []
    arrow = table(shop).scan().to_arrow()
    assert sorted(zip(arrow["month"].to_pylist(), arrow["team"].to_pylist(), map(int, arrow["amount"].to_pylist()), strict=True)) == \
        sorted((month, team, amount) for month, _, team, amount in FIRST)
    assert shop.run("lake", "check").code == 0


def test_parts_and_wholes_give_the_same_rows(shop):
    run(shop)
    write(shop, {"landing/orders/2.csv": MORE})
    run(shop)
    assert rows(shop) == SECOND
    assert planned(shop, "month = '2026-06'") == [("2026-06", "a", 1)]
    run(shop, "--rebuild")
    assert rows(shop) == SECOND
    (shop.folder / "shop/landing/orders/2.csv").unlink()
    run(shop)
    assert rows(shop) == FIRST and planned(shop, "month = '2026-06'") == []
    snapshots = len(table(shop).snapshots())
    assert json.loads(run(shop, "--json").out)["changed"] is False and len(table(shop).snapshots()) == snapshots


def test_a_dry_run_of_a_replay_makes_nothing(shop):
    write(shop, {"landing/orders/1.csv": FILES["landing/orders/1.csv"] + "o1,2026-05-01,a,1\n"})
    run(shop, expect=3)
    before = table(shop).metadata_location
    shop.run("quarantine", "replay", "--project", "shop", "--dry-run")
    assert table(shop).metadata_location == before and rows(shop) == FIRST


def test_what_cannot_be_partitioned_is_told(shop):
    write(shop, {"models/daily.toml": FILES["models/daily.toml"].replace('["month", "team"]', '["day", "mont"]')})
    told = run(shop, expect=2).err
    assert "shop/models/daily.toml:3:17: 'partition_by' names 'day', which is no text; write finops_month_text()" in told
    assert "shop/models/daily.toml:3:24: 'mont' is no column of the model's SQL; did you mean 'month'?" in told
    write(shop, {"models/daily.toml": FILES["models/daily.toml"], "models/daily.sql": FILES["models/daily.sql"].replace("coalesce(team, 'none')", "team")})
    told = run(shop, expect=1).err
    assert "there are rows without a value of 'team', which shop_gold.daily is partitioned by; give them one with coalesce()" in told
    many = "id,day,team,amount\n" + "".join(f"m{i},2026-05-01,t{i},1\n" for i in range(1001))
    write(shop, {"models/daily.sql": FILES["models/daily.sql"], "landing/orders/2.csv": many})
    assert "more than 1000 partitions" in run(shop, expect=1).err
    assert shop.query("SELECT count(*) AS n FROM shop_silver.orders") == [{"n": 0}]


def test_a_table_keeps_its_partitions(shop):
    run(shop)
    before = rows(shop)
    write(shop, {"models/daily.toml": FILES["models/daily.toml"].replace('["month", "team"]', '["month"]')})
    told = run(shop, expect=1).err
    assert "shop/models/daily.toml:3:17" in told and "is partitioned by month, team and would become partitioned by month" in told
    assert "give the model another name" in told
    write(shop, {"models/daily.toml": 'description = "By day"\n'})
    assert "would become without partitions" in run(shop, expect=1).err
    assert rows(shop) == before


def silver(shop, name="orders"):
    return SqlCatalog("finops", uri=f"sqlite:///{shop.catalog}").load_table(f"shop_silver.{name}")


MONTHLY = {
    "datasets/orders.toml": FILES["datasets/orders.toml"].replace("[landing]", 'partition_by = ["month", "team"]\n[landing]')
    + '[[money]]\ncolumn = "amount"\ncurrency = "EUR"\n',
    "rules/orders.toml": '[columns.day]\nrequired = true\n[columns.team]\ndefault = "none"\n[[derive]]\ncolumn = "month"\ntype = "text"\n'
                         'sql = "finops_month_text(day)"\n',
    "landing/orders/1.csv": FILES["landing/orders/1.csv"] + "o1,2026-05-09,a,0.5\n",  # a duplicate
}


@pytest.fixture
def monthly(shop):
    write(shop, MONTHLY)
    run(shop, expect=3)
    return shop


def silver_files(shop):
    return {task.file.file_path: (*task.file.partition, task.file.record_count) for task in silver(shop).scan().plan_files()}


def silver_rows(shop):
    return [tuple(row.values()) for row in shop.query("SELECT id, month, team, amount FROM shop_silver.orders ORDER BY id")]


def test_silver_has_files_by_partitions_and_readers_open_no_other(monthly):
    assert [(field.name, str(field.transform)) for field in silver(monthly).spec().fields] == [("month", "identity"), ("team", "identity")]
    files = silver_files(monthly)
    assert set(files.values()) == {("2026-04", "a", 1), ("2026-05", "a", 1), ("2026-05", "b/%c", 2), ("2026-05", "none", 1)}
    assert silver(monthly, "orders_quarantine").spec().fields == ()
    monthly.run("lake", "check")
    # With the files of all other partitions away, who asks for one finds its rows: the others are not opened.
    wanted = silver(monthly).scan(row_filter="month = '2026-05' AND team = 'b/%c'").to_arrow()["id"].to_pylist()
    assert sorted(wanted) == ["o3", "o4"]
    for uri, (month, team, _) in files.items():
        if (month, team) != ("2026-05", "b/%c"):
            pathlib.Path(uri.removeprefix("file://")).unlink()
    with duckdb.connect(config={"extension_directory": EXTENSIONS} if EXTENSIONS else {}) as db:
        db.execute("SET autoinstall_known_extensions = false; LOAD avro; LOAD iceberg")
        table = f"iceberg_scan('{silver(monthly).metadata_location}')"
        assert db.execute(f"SELECT id FROM {table} WHERE month = '2026-05' AND team = 'b/%c' ORDER BY id").fetchall() == [("o3",), ("o4",)]
        with pytest.raises(duckdb.Error):
            db.execute(f"SELECT id FROM {table} WHERE month = '2026-05'").fetchall()


def test_silver_in_partitions_is_the_same_made_at_once_or_file_by_file(monthly, tmp_path):
    for number in range(4):  # packs of their own
        write(monthly, {f"landing/orders/9{number}.csv": "id,day,team,amount\n"
                                                         f"p{number},2026-07-0{number + 1},a,1\nq{number},2026-04-01,b,2\n"})
        run(monthly)
    before = silver_files(monthly)
    assert sum(count for *_, count in before.values()) == 13
    write(monthly, {"landing/orders/92.csv": "id,day,team,amount\np2,2026-08-01,c,1\nq2,,b,2\n"})
    report = json.loads(run(monthly, "--json", expect=3).out)
    assert [one["rows"]["refined"] for one in report["datasets"]] == [2]
    after = silver_files(monthly)
    assert sorted(before[uri] for uri in before.keys() - after.keys()) == [("2026-04", "b", 1), ("2026-07", "a", 1)]
    assert [after[uri] for uri in after.keys() - before.keys()] == [("2026-08", "c", 1)]
    (monthly.folder / "shop/landing/orders/1.csv").unlink()
    (monthly.folder / "shop/landing/orders/93.csv").unlink()
    run(monthly)
    kept = silver_rows(monthly), rows(monthly)
    assert [row[0] for row in kept[0]] == ["p0", "p1", "p2", "q0", "q1"]
    run(monthly, "--rebuild")
    assert (silver_rows(monthly), rows(monthly)) == kept
    assert {found[:2] for found in silver_files(monthly).values()} == {("2026-04", "b"), ("2026-07", "a"), ("2026-08", "c")}
    monthly.run("lake", "check")
    assert json.loads(run(monthly, "--json").out)["changed"] is False


def test_partitions_of_a_dataset_are_checked_with_its_files(shop):
    def told(partition_by, **files):
        write(shop, {**MONTHLY, "datasets/orders.toml": MONTHLY["datasets/orders.toml"].replace('["month", "team"]', partition_by), **files})
        return shop.run("dataset", "check", "--project", "shop", expect=2).err

    lines = told('["mont", "day", "id", "month", "month"]')
    assert "shop/datasets/orders.toml:2:17: 'partition_by' names no column of silver: 'mont'; did you mean 'month'?" in lines
    assert "shop/datasets/orders.toml:2:25: 'partition_by' names the column 'day', which is date; it must be text" in lines
    assert "shop/datasets/orders.toml:2:47: 'partition_by' has 'month' twice" in lines and "'id'" not in lines
    assert "'partition_by' names no column of silver: 'flags'" in told('["flags"]')
    unsure = "shop/datasets/orders.toml:2:17: 'partition_by' names the column 'team', which may be NULL in a valid row; give it required = true"
    for rule in ("", '[columns.team]\none_of = ["a", "b/%c"]\nunknown = "null"\n', '[columns.team]\ncase = "lower"\n'):
        assert unsure in told('["team"]', **{"rules/orders.toml": rule})
    for rule in ("required = true", 'one_of = ["a"]', 'default = "x"'):
        write(shop, {"rules/orders.toml": f"[columns.team]\n{rule}\n"})
        shop.run("dataset", "check", "--project", "shop")
    odd = {"datasets/orders.toml": MONTHLY["datasets/orders.toml"].replace('["month", "team"]', '["the team"]').replace(
        'team = "text"', '"the team" = "text"')}
    assert "'partition_by' names 'the team'; tables are partitioned by columns whose names have A to Z" in told("", **odd)
    joined = MONTHLY["rules/orders.toml"] + '[[join]]\ndataset = "teams"\non = { team = "id" }\ncolumns = { budget = "budget" }\n'
    teams = '[landing]\npath = "teams.csv"\nformat = "csv"\n[columns]\nid = "text"\nbudget = "decimal"\n'
    assert "shop/datasets/orders.toml:2:17: 'partition_by' names the joined column 'budget', which is no text" in told(
        '["budget"]', **{"rules/orders.toml": joined, "datasets/teams.toml": teams})


def test_a_valid_row_without_a_partition_publishes_nothing(shop):
    write(shop, {**MONTHLY, "rules/orders.toml": MONTHLY["rules/orders.toml"].replace("[columns.day]\nrequired = true\n", ""),
                 "landing/orders/1.csv": "id,day,team,amount\no1,2026-05-01,a,1\no2,,a,1\n"})
    told = run(shop, expect=1).err
    assert ("make silver.orders: shop/datasets/orders.toml:2:17: 'partition_by' names the column 'month', which is NULL or empty in a valid row, "
            "orders/1.csv:3; give it a value there, or put such rows into quarantine by a rule") in told
    assert shop.query("SELECT count(*) AS n FROM shop_bronze.orders") == [{"n": 0}]
    write(shop, {"rules/orders.toml": MONTHLY["rules/orders.toml"]})
    run(shop, expect=3)
    assert silver_rows(shop)[0][:3] == ("o1", "2026-05", "a")


def test_silver_keeps_its_partitions(monthly):
    before = silver_rows(monthly)
    for partition_by, becomes, place in (('partition_by = ["team"]\n', "partitioned by team", "2:17"), ("", "without partitions", "1:1")):
        dataset = MONTHLY["datasets/orders.toml"]
        write(monthly, {"datasets/orders.toml": dataset.replace('partition_by = ["month", "team"]\n', partition_by)})
        told = run(monthly, expect=1).err
        assert (f"make silver.orders: shop/datasets/orders.toml:{place}: shop_silver.orders is partitioned by month, team and would become {becomes}; "
                "tables of the lake keep their partitions: give the dataset another name") in told
    assert silver_rows(monthly) == before
