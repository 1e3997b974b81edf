"""Spark with Iceberg's own Java library on our catalog file: same rows, same exact sums, same schema, readable history, before
and after evolution and replacement; and finops goes on over what Spark appended."""
import decimal
import glob
import os

import pytest

from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_bill, small_row

D = decimal.Decimal
JARS = sorted(glob.glob(os.environ.get("FINOPS_ENGINE_JARS", ".deps/engines/jars") + "/*.jar"))
SUMS = ("SELECT source, billing_period, execution_id, count(*) AS n, sum(line_item_unblended_cost) AS cost, "
        "sum(line_item_usage_amount) AS amount, count(resource_tags_user_name) AS tags, "
        "min(line_item_usage_account_id) AS account, min(date_format(line_item_usage_start_date, 'yyyy-MM-dd HH:mm')) AS day "
        "FROM {table} GROUP BY 1, 2, 3 ORDER BY 1, 2")


@pytest.fixture
def spark(project):
    pyspark = pytest.importorskip("pyspark", reason="needs spark")
    from pyspark.sql import SparkSession
    if not JARS:
        pytest.skip("needs spark: no Iceberg runtime in FINOPS_ENGINE_JARS")
    session = (SparkSession.builder.master("local[1]").config("spark.jars", ",".join(JARS))
               .config("spark.driver.extraClassPath", ":".join(JARS))
               .config("spark.ui.enabled", "false").config("spark.driver.memory", "1g")
               .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "1")
               .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
               .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
               .config("spark.sql.catalog.finops", "org.apache.iceberg.spark.SparkCatalog")
               .config("spark.sql.catalog.finops.type", "jdbc")
               .config("spark.sql.catalog.finops.uri", f"jdbc:sqlite:{project.catalog}")
               .config("spark.sql.catalog.finops.jdbc.schema-version", "V1")
               .config("spark.sql.catalog.finops.cache-enabled", "false")
               .config("spark.sql.catalog.finops.warehouse", f"file://{project.folder}/data/lake").getOrCreate())
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def by_spark(session, suffix=""):
    rows = session.sql(SUMS.format(table="finops.billing.aws_billing_data" + suffix)).collect()
    return [(r.source, r.billing_period, r.execution_id, r.n, r.cost, r.amount, r.tags, r.account, r.day) for r in rows]


def by_finops(project, *as_of):
    sql = SUMS.format(table="aws_billing_data").replace("date_format(", "strftime(").replace("'yyyy-MM-dd HH:mm'", "'%Y-%m-%d %H:%M'")
    rows = project.json("query", sql, "--format", "json", *as_of)
    return [(r["source"], r["billing_period"], r["execution_id"], int(r["n"]), D(r["cost"]), D(r["amount"]), int(r["tags"]),
             r["account"], r["day"]) for r in rows]


def test_spark_reads_what_finops_wrote_and_finops_what_spark_appended(project, spark):
    from pyspark.sql import functions
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-04", [small_bill(40, "2026-04", cost="0.000000000000000001")], "april")
    deliver_v1(bucket, "2026-05", [small_bill(30)], "may-1")
    project.run("aws", "run-pipeline")
    first = by_finops(project)
    assert by_spark(spark) == first and len(first) == 2
    snapshot = spark.sql("SELECT snapshot_id FROM finops.billing.aws_billing_data.snapshots ORDER BY committed_at DESC "
                         "LIMIT 1").collect()[0].snapshot_id

    header = SMALL_HEADER + ["resourceTags/user:Team", "resourceTags/user:name"]
    deliver_v1(bucket, "2026-05", [csv_bytes(header, [small_row(i, cost="2") + ["core", "x"] for i in range(20)])], "may-2")
    project.run("aws", "run-pipeline")
    second = by_finops(project)
    assert by_spark(spark) == second != first
    assert by_spark(spark, f" VERSION AS OF {snapshot}") == first
    assert by_finops(project, "--as-of", f"aws_billing_data={snapshot}") == first
    schema = {f.name: f.dataType.simpleString() for f in spark.table("finops.billing.aws_billing_data").schema.fields}
    types = {r["column_name"]: r["column_type"] for r in project.query(
        "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM aws_billing_data)")}
    same = {"VARCHAR": "string", "DECIMAL(38,18)": "decimal(38,18)", "TIMESTAMP": "timestamp", "BIGINT": "bigint"}
    assert schema == {name: same[kind] for name, kind in types.items()}
    for metadata in ("files", "manifests", "partitions", "history"):
        assert spark.sql(f"SELECT * FROM finops.billing.aws_billing_data.{metadata}").collect()

    one = spark.table("finops.billing.aws_billing_data").limit(1)
    for name, value in {"source": "'by-spark'", "billing_period": "'2026-05'", "execution_id": "'theirs'",
                        "line_item_unblended_cost": "CAST('1.5' AS DECIMAL(38,18))", "resource_tags_user_name": "CAST(NULL AS STRING)",
                        "line_item_usage_amount": "CAST('2' AS DECIMAL(38,18))", "line_item_usage_account_id": "'000000000042'",
                        "line_item_usage_start_date": "TIMESTAMP '2026-05-03 04:05:06'"}.items():
        one = one.withColumn(name, functions.expr(value))
    one.writeTo("finops.billing.aws_billing_data").append()
    assert ("by-spark", "2026-05", "theirs", 1, D("1.5"), D("2"), 0, "000000000042", "2026-05-03 04:05") in by_finops(project)
    deliver_v1(bucket, "2026-05", [small_bill(10)], "may-3")
    project.run("aws", "run-pipeline")
    third = by_finops(project)
    assert by_spark(spark) == third
    assert {(r[0], r[2]) for r in third} == {("payer-a", "april"), ("payer-a", "may-3"), ("by-spark", "theirs")}
    deliveries = spark.sql("SELECT execution_id, state FROM finops.billing.deliveries").collect()
    assert ("may-3", "current") in {(r.execution_id, r.state) for r in deliveries}
