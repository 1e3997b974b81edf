"""Models with partition_by: files by the values of text columns, which other readers leave out without opening them."""
import json

import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog

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
