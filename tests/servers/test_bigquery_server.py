"""Our BigQuery server, driven by Google's own client: where the client does not work, the server is wrong. What the emulator can is
asked of both (`either`).
"""
import datetime
import decimal
import io
import json
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bigquery import bigquery_server
from google.api_core import exceptions
from google.cloud import bigquery
from google_client import (  # noqa: F401 fixtures are used by their names
    PROJECT, SCHEMA, UTC, Field, ask, client, client_of, either, emulator, ended, ids, load, load_config, new_dataset, new_table,
    no_questions_to_google, ours, parquet, row, server)

D = decimal.Decimal
Scalar, Array = bigquery.ScalarQueryParameter, bigquery.ArrayQueryParameter


def load_lines(client, table, lines, write="WRITE_APPEND", text=None, **more):
    config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", write_disposition=write, **more)
    text = text or "".join(json.dumps(line) + "\n" for line in lines)
    return ended(client.load_table_from_file(io.BytesIO(text.encode()), table, job_config=config))


# ---- datasets and tables


def test_datasets_come_and_go(either):
    client = client_of(either)
    name = new_dataset(client, "EU")
    assert client.get_dataset(name).location == "EU"
    assert name in [item.dataset_id for item in client.list_datasets()]
    with pytest.raises(exceptions.Conflict):
        client.create_dataset(bigquery.Dataset(f"{client.project}.{name}"))
    with pytest.raises(exceptions.NotFound):
        client.get_dataset("nobody_made_this")
    client.create_table(bigquery.Table(f"{client.project}.{name}.t", SCHEMA[:2]))
    refusal = exceptions.BadRequest if either.name == "ours" else exceptions.NotFound  # the emulator's own
    with pytest.raises(refusal, match="still in use|not empty"):
        client.delete_dataset(name)
    client.delete_dataset(name, delete_contents=True)
    with pytest.raises(exceptions.NotFound):
        client.get_dataset(name)


def test_a_datasets_description_is_patched_but_not_its_place(client):
    dataset = client.get_dataset(new_dataset(client))
    dataset.description = "bills"
    assert client.update_dataset(dataset, ["description"]).description == "bills"
    with pytest.raises(exceptions.PreconditionFailed):  # the etag of before
        client.update_dataset(dataset, ["description"])
    with pytest.raises(exceptions.BadRequest):
        client._connection.api_request("PATCH", dataset.path, data={"location": "EU"})


def test_tables_have_schemas_partitions_and_clusters(client):
    table = bigquery.Table(f"{client.project}.{new_dataset(client)}.t", [
        Field("day", "DATE", "REQUIRED"), Field("n", "INT64"), Field("f", "FLOAT64"), Field("b", "BOOL"),
        Field("price", "NUMERIC", precision=10, scale=2),
        Field("raw", "BYTES"), Field("at", "DATETIME"), Field("j", "JSON"),
        Field("usage", "RECORD", fields=[Field("amount", "FLOAT"), Field("unit", "STRING")])])
    table.time_partitioning, table.clustering_fields = bigquery.TimePartitioning("DAY", "day"), ["n"]
    client.create_table(table)
    made = client.get_table(table)
    assert [field.field_type for field in made.schema] == ["DATE", "INTEGER", "FLOAT", "BOOLEAN", "NUMERIC", "BYTES", "DATETIME", "JSON", "RECORD"]
    assert [field.mode for field in made.schema][:2] == ["REQUIRED", "NULLABLE"]
    assert (made.time_partitioning.field, made.clustering_fields, made.num_rows) == ("day", ["n"], 0)
    assert [item.table_id for item in client.list_tables(table.dataset_id)] == ["t"]
    with pytest.raises(exceptions.Conflict):
        client.create_table(table)
    client.delete_table(table)
    with pytest.raises(exceptions.NotFound):
        client.get_table(table)


@pytest.mark.parametrize("schema, by, field, says", [
    ([Field("a", "STRING")], "DAY", "b", "cannot be found"),
    ([Field("a", "STRING")], "DAY", "a", "TIMESTAMP, DATE or DATETIME"),
    ([Field("a", "DATE"), Field("A", "STRING")], None, None, "already exists in schema"),
    ([Field("a b", "STRING")], None, None, "Invalid field name"),
    ([Field("a", "NUMERIC", precision=40, scale=9)], None, None, "precision"),
])
def test_tables_that_cannot_be_are_refused(client, schema, by, field, says):
    with pytest.raises(exceptions.BadRequest, match=says):
        new_table(client, schema, by, field)


def test_a_patch_adds_nullable_columns_and_nothing_else(client):
    table = client.get_table(new_table(client))
    load(client, str(table.reference), [row("a", "2025-06-01")])
    table = client.get_table(table)
    labels = Field("labels", "RECORD", "REPEATED", fields=[*SCHEMA[3].fields, Field("kind", "STRING")])
    table.schema = [*SCHEMA[:3], labels, Field("extra", "STRING")]
    assert [field.name for field in client.update_table(table, ["schema"]).schema] == ["id", "ts", "cost", "labels", "extra"]
    assert ask(client, f"SELECT id, extra, ARRAY_LENGTH(labels) FROM `{table.reference}`") == [("a", None, 0)]
    for schema in ([*SCHEMA[:2], labels], [*table.schema, Field("must", "STRING", "REQUIRED")], [Field("id", "INT64"), *table.schema[1:]]):
        table = client.get_table(table)
        table.schema = schema
        with pytest.raises(exceptions.BadRequest):
            client.update_table(table, ["schema"])


# ---- loads


def test_a_month_is_replaced_as_a_whole_and_sums_are_exact(client):
    table = new_table(client)
    load(client, f"{table}$202506", [row("a", "2025-06-01", D("0.000000000000000001")),
                                     row("b", "2025-06-30T23:59:59.999999", D("99999999999999999999.5"))])
    load(client, f"{table}$202507", [row("c", "2025-07-01", D("99999999999999999999.5"), [("k", "v")])])
    assert ask(client, f"SELECT SUM(cost), COUNT(*) FROM `{table}`") == [(D("199999999999999999999.000000000000000001"), 3)]
    load(client, f"{table}$202506", [row("d", "2025-06-15")])
    assert ids(client, table) == ["c", "d"]
    assert client.get_table(table).num_rows == 2
    assert client.get_table(table).time_partitioning.type_ == "MONTH"


def test_a_stray_row_fails_the_whole_job_and_changes_nothing(client):
    table = new_table(client)
    load(client, f"{table}$202506", [row("a", "2025-06-01")])
    with pytest.raises(exceptions.BadRequest, match="different partitions"):
        load(client, f"{table}$202506", [row("b", "2025-06-01"), row("stray", "2025-07-01")])
    assert ids(client, table) == ["a"]
    with pytest.raises(exceptions.BadRequest, match="does not fit"):
        load(client, f"{table}$20250601", [row("b", "2025-06-01")])
    with pytest.raises(exceptions.BadRequest, match="not partitioned"):
        load(client, new_table(client, by=None) + "$202506", [row("b", "2025-06-01")])


def test_a_job_id_is_taken_once(client):
    table, name = new_table(client), "once"
    load(client, table, [row("a", "2025-06-01")], "WRITE_APPEND", job_id=name)
    with pytest.raises(exceptions.Conflict, match="Already Exists: Job"):
        load(client, table, [row("other", "2025-06-01")], "WRITE_APPEND", job_id=name)
    assert ids(client, table) == ["a"]
    assert client.get_job(name).state == "DONE"


def test_parquet_without_a_schema_makes_the_table(client):
    table = f"{PROJECT}.{new_dataset(client)}.made"
    load(client, table, [row("a", "2025-06-01", D("1.5"), [("k", "v")])], "WRITE_EMPTY",
         time_partitioning=bigquery.TimePartitioning("MONTH", "ts"), clustering_fields=["id"])
    made = client.get_table(table)
    assert [(field.name, field.field_type, field.mode) for field in made.schema] == [
        ("id", "STRING", "NULLABLE"), ("ts", "TIMESTAMP", "NULLABLE"), ("cost", "BIGNUMERIC", "NULLABLE"), ("labels", "RECORD", "REPEATED")]
    assert made.clustering_fields == ["id"]
    with pytest.raises(exceptions.Conflict):
        load(client, table, [row("a", "2025-06-01")], "WRITE_EMPTY")


def test_maps_and_lists_of_parquet_are_wrapped_unless_told_otherwise(client):
    table = f"{PROJECT}.{new_dataset(client)}.made"
    config = bigquery.LoadJobConfig(source_format="PARQUET", decimal_target_types=["NUMERIC", "BIGNUMERIC"])
    ended(client.load_table_from_file(parquet([row("a", "2025-06-01", D(1), [("k", "v")])]), table, job_config=config))
    labels = client.get_table(table).schema[3]
    assert (labels.mode, labels.fields[0].name, labels.fields[0].mode) == ("NULLABLE", "key_value", "REPEATED")
    assert ask(client, f"SELECT labels.key_value[OFFSET(0)].value FROM `{table}`") == [("v",)]


def test_times_of_parquet_are_what_they_say_they_are(client):
    file, table = io.BytesIO(), f"{PROJECT}.{new_dataset(client)}.times"
    at = datetime.datetime(2025, 6, 1, 1, 2, 3, 4567)
    pq.write_table(pa.table({"at": pa.array([at.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")), "wall": pa.array([at], pa.timestamp("us")),
                             "day": pa.array([at.date()]), "price": pa.array([D("1.5")], pa.decimal128(38, 9)),
                             "text": pa.array(["a"]), "raw": pa.array([b"a"]), "names": pa.array([["x", "y"]])}), file)
    ended(client.load_table_from_file(io.BytesIO(file.getvalue()), table, job_config=load_config("WRITE_APPEND")))
    fields = [(field.name, field.field_type) for field in client.get_table(table).schema]
    assert fields == [("at", "TIMESTAMP"), ("wall", "DATETIME"), ("day", "DATE"), ("price", "BIGNUMERIC"), ("text", "STRING"), ("raw", "BYTES"),
                      ("names", "STRING")]
    assert ask(client, f"SELECT * FROM `{table}`") == [(at.replace(tzinfo=UTC), at, at.date(), D("1.5"), "a", b"a", ["x", "y"])]


def test_numbers_that_do_not_fit_are_refused_not_rounded(client):
    table = new_table(client, [Field("id", "STRING"), Field("ts", "TIMESTAMP"), Field("cost", "NUMERIC"), SCHEMA[3]])
    with pytest.raises(exceptions.BadRequest, match="Invalid value of field cost"):
        load(client, table, [row("a", "2025-06-01", D("0.0000000001"))], "WRITE_APPEND", schema=client.get_table(table).schema)
    load(client, table, [row("a", "2025-06-01", D("0.000000001"))], "WRITE_APPEND", schema=client.get_table(table).schema)
    assert ask(client, f"SELECT cost FROM `{table}`") == [(D("1E-9"),)]


def test_tables_that_tests_put_there(client, server):
    server.seed(f"{PROJECT}.seeded", "CREATE TABLE t (id STRING, export_time TIMESTAMP) PARTITION BY _PARTITIONDATE",
                "CREATE TABLE by_day (day DATE) PARTITION BY day",
                "INSERT INTO t (_PARTITIONTIME, id, export_time) VALUES (TIMESTAMP '2025-06-01', 'a', TIMESTAMP '2025-06-01 10:00:00')")
    assert ask(client, f"SELECT id, _PARTITIONTIME FROM `{PROJECT}.seeded.t`") == [("a", datetime.datetime(2025, 6, 1, tzinfo=UTC))]
    assert client.get_table("seeded.t").time_partitioning.field is None
    assert client.get_table("seeded.by_day").time_partitioning.field == "day"


def test_fields_are_added_only_where_the_job_says_so(client):
    table = new_table(client, SCHEMA[:3])
    with pytest.raises(exceptions.BadRequest, match=r"Cannot add fields \(field: labels\)"):
        load(client, table, [row("a", "2025-06-01")], "WRITE_APPEND")
    add = [bigquery.SchemaUpdateOption.ALLOW_FIELD_ADDITION]
    with pytest.raises(exceptions.BadRequest, match="Schema update options should only be specified"):
        load(client, table, [row("a", "2025-06-01")], "WRITE_TRUNCATE", schema_update_options=add)
    load(client, f"{table}$202506", [row("a", "2025-06-01")], "WRITE_TRUNCATE", schema_update_options=add)
    assert len(client.get_table(table).schema) == 4
    with pytest.raises(exceptions.BadRequest, match="incompatible types"):
        load(client, table, [row("a", "2025-06-01")], "WRITE_APPEND", schema=[Field("id", "INTEGER"), *SCHEMA[1:]])


def test_loads_of_json_lines(either):
    client = client_of(either)
    table = new_table(client, [Field("id", "STRING", "REQUIRED"), Field("day", "DATE"), Field("cost", "NUMERIC"), SCHEMA[3]], "DAY", "day")
    job = load_lines(client, table, [{"id": "a", "day": "2025-06-01", "cost": "1.000000001", "labels": [{"key": "k", "value": "v"}]},
                                     {"id": "b", "day": "2025-07-01", "cost": 2.5}])
    assert job.output_rows == 2
    assert ask(client, f"SELECT id, day, cost, IFNULL(ARRAY_LENGTH(labels), 0) FROM `{table}` ORDER BY id") == [
        ("a", datetime.date(2025, 6, 1), D("1.000000001"), 1), ("b", datetime.date(2025, 7, 1), D("2.5"), 0)]
    load_lines(client, table, [{"id": "c"}], "WRITE_TRUNCATE")
    assert ids(client, table) == ["c"]


def test_a_loaded_row_has_the_text_of_the_one_that_it_was_made_of(client):
    """TO_JSON_STRING on both sides: numbers of 38 digits, floating point, JSON, records in arrays; of several rows at once."""
    fields = [Field("f", "FLOAT"), Field("n", "NUMERIC"), Field("j", "JSON"),
              Field("l", "RECORD", "REPEATED", fields=[Field("k", "STRING"), Field("v", "STRING")])]
    table = new_table(client, fields, None)
    load_lines(client, table, [{"f": f, "n": "-99999999999999999999999999999.999999999", "j": {"a": [1, None]}, "l": [{"k": "x"}, {"v": "y"}]}
                               for f in (0.1 + 0.2, 1e-7, 1e22, "NaN", "-Infinity")])
    texts = [text for text, _ in ask(client, f"SELECT TO_JSON_STRING(STRUCT(f, n, j, l)), FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(f))) FROM `{table}`")]
    rest = '"n":"-99999999999999999999999999999.999999999","j":{"a":[1,null]},"l":[{"k":"x","v":null},{"k":null,"v":"y"}]}'
    assert [text.removesuffix(rest)[5:-1] for text in texts] == ["0.30000000000000004", "1e-07", "1e+22", '"NaN"', '"-Infinity"']


def test_a_bad_row_fails_the_load_with_its_place(client):
    table = new_table(client)
    for bad, says in (({"id": "b", "cost": "many"}, "cost"), ({"id": "b", "unknown": 1}, "No such field: unknown"),
                      ({"id": "b", "cost": "0." + "1" * 19}, "cost"), ({"id": "b", "labels": {"key": "k"}}, "labels")):
        with pytest.raises(exceptions.BadRequest, match="Rows: 2; errors: 1"):
            load_lines(client, table, [{"id": "a"}, bad])
        errors = next(client.list_jobs(max_results=1)).errors
        assert says in errors[1]["message"] and errors[1]["location"] == "row 2"
    assert ids(client, table) == []
    job = load_lines(client, table, [{"id": "a"}, {"id": "b", "cost": "many"}], max_bad_records=1)
    assert (job.output_rows, len(job.errors), ids(client, table)) == (1, 1, ["a"])


def test_an_upload_in_pieces(either):
    """More than 256 KiB, so that the client sends several; the last answer is the job."""
    client = client_of(either)
    table = new_table(client, [Field("id", "STRING"), Field("n", "INT64")], None)
    text = "".join(json.dumps({"id": f"row {n:09d} " + "x" * 60, "n": n}) + "\n" for n in range(9000))
    assert len(text) > 3 * 256 * 1024
    config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON")
    metadata = {"jobReference": {"projectId": PROJECT, "jobId": f"pieces-{either.name}"}, "configuration": {"load": config.to_api_repr()["load"] | {
        "destinationTable": client.get_table(table).reference.to_api_repr()}}}
    upload, transport = client._initiate_resumable_upload(io.BytesIO(text.encode()), metadata, 0, None)
    upload._chunk_size = 256 * 1024
    while not upload.finished:
        answer = upload.transmit_next_chunk(transport)
    job = bigquery.job.LoadJob.from_api_repr(answer.json(), client)
    assert ended(job).output_rows == 9000
    assert ask(client, f"SELECT COUNT(*), SUM(n) FROM `{table}`") == [(9000, 9000 * 8999 // 2)]
    if either.name == "ours":
        assert job.job_id == "pieces-ours"
        pieces = [entry for entry in either.control.requests() if entry["method"] == "PUT" and entry["job"] == job.job_id]
        assert [entry["status"] for entry in pieces] == [308] * (len(pieces) - 1) + [200] and len(pieces) > 3


def test_the_quota_of_loads_of_a_table(client, server):
    table = new_table(client)
    server.control.set(loads_per_table_per_day=1)
    load(client, table, [row("a", "2025-06-01")])
    with pytest.raises(exceptions.Forbidden) as failure:
        load(client, table, [row("a", "2025-06-01")])
    assert failure.value.errors[0]["reason"] == "quotaExceeded"


def test_partitions_by_arrival(client):
    table = new_table(client, [Field("id", "STRING"), Field("export_time", "TIMESTAMP")], "DAY", None)
    for day in ("20250601", "20250602"):
        load_lines(client, f"{table}${day}", [{"id": day, "export_time": "2025-06-03 00:00:00 UTC"}], "WRITE_TRUNCATE")
    assert ask(client, f"SELECT * FROM `{table}` WHERE _PARTITIONTIME >= TIMESTAMP('2025-06-02') AND _PARTITIONDATE < '2025-06-03'") == [
        ("20250602", datetime.datetime(2025, 6, 3, tzinfo=UTC))]
    assert ask(client, f"SELECT partition_id, total_rows FROM `{table.rsplit('.', 1)[0]}`.INFORMATION_SCHEMA.PARTITIONS") == [
        ("20250601", 1), ("20250602", 1)]
    (text,), = ask(client, f"SELECT TO_JSON_STRING(t) FROM `{table}` t WHERE _PARTITIONDATE = '2025-06-01'")
    assert json.loads(text) == {"id": "20250601", "export_time": "2025-06-03T00:00:00Z"}


# ---- queries


def test_parameters_by_name_and_by_place(either):
    client = client_of(either)
    assert ask(client, "SELECT @x + 1, @s, @day", query_parameters=[
        Scalar("x", "INT64", 6), Scalar("s", "STRING", "it's"), Scalar("day", "DATE", datetime.date(2025, 6, 1))]) == [
        (7, "it's", datetime.date(2025, 6, 1))]
    assert ask(client, "WITH a AS (SELECT ? AS n) SELECT n - ? FROM a WHERE n BETWEEN ? AND ABS(?)", query_parameters=[
        Scalar(None, "INT64", n) for n in (6, 2, 5, -7)]) == [(4,)]


def test_parameters_of_every_type(client):
    at = datetime.datetime(2025, 6, 1, 1, 2, 3, 4567, UTC)
    given = [Scalar("n", "BIGNUMERIC", D("12345678901234567890.123456789012345678")), Scalar("at", "TIMESTAMP", at), Scalar("none", "STRING", None),
             Array("names", "STRING", ["a", "b"]), Array("empty", "INT64", [])]
    assert ask(client, "SELECT @n, @at, @none, @names, @empty, 'b' IN UNNEST(@names), CAST(@n AS STRING)", query_parameters=given) == [
        (given[0].value, at, None, ["a", "b"], [], True, "12345678901234567890.123456789012345678")]
    with pytest.raises(exceptions.BadRequest, match="parameter 'missing' not found"):
        ask(client, "SELECT @missing", query_parameters=given)


def test_values_of_every_type_come_back(client):
    values = ask(client, """SELECT 1, 1.5, TRUE, 'ä', b'x', NUMERIC '1.5', BIGNUMERIC '0.000000000000000001', DATE '2025-06-01',
        DATETIME '2025-06-01 01:02:03.004567', TIMESTAMP '2025-06-01 01:02:03.004567+02', [1, 2], STRUCT(1 AS a, 'x' AS b), NULL,
        [STRUCT('k' AS key)], SUM(n) FROM UNNEST([1, 2]) AS n""")
    assert values == [(1, 1.5, True, "ä", b"x", D("1.5"), D("1E-18"), datetime.date(2025, 6, 1), datetime.datetime(2025, 6, 1, 1, 2, 3, 4567),
                       datetime.datetime(2025, 5, 31, 23, 2, 3, 4567, UTC), [1, 2], {"a": 1, "b": "x"}, None, [{"key": "k"}], 3)]


def test_functions_that_a_copy_of_bills_needs(client):
    table = new_table(client)
    load(client, table, [row("a", "2025-06-15T12:30:00", D("1.50"), [("k", "v"), ("l", "w")]), row("b", "2025-06-30", D(2))])
    assert ask(client, f"""SELECT DATE(ts), FORMAT_TIMESTAMP('%Y-%m', ts), TIMESTAMP_TRUNC(ts, MONTH), DATE_TRUNC(DATE(ts), MONTH), COUNT(*),
        DATE_ADD(DATE(ts), INTERVAL 1 DAY), CAST(cost AS STRING), SUM(CAST(FARM_FINGERPRINT(id) AS BIGNUMERIC))
        FROM `{table}` GROUP BY ts, cost ORDER BY ts""") == [
        (datetime.date(2025, 6, 15), "2025-06", datetime.datetime(2025, 6, 1, tzinfo=UTC), datetime.date(2025, 6, 1), 1, datetime.date(2025, 6, 16),
         "1.5", D(-5528939962900187677)),
        (datetime.date(2025, 6, 30), "2025-06", datetime.datetime(2025, 6, 1, tzinfo=UTC), datetime.date(2025, 6, 1), 1, datetime.date(2025, 7, 1),
         "2", D(-6651148003232386794))]
    assert ask(client, f"SELECT l.key, COUNT(*) FROM `{table}`, UNNEST(labels) AS l GROUP BY 1 ORDER BY 1") == [("k", 1), ("l", 1)]
    assert ask(client, f"SELECT id, (SELECT STRING_AGG(value, '+') FROM UNNEST(labels)) FROM `{table}` ORDER BY id") == [("a", "v+w"), ("b", None)]


def test_farm_fingerprint_is_the_documented_one(client):
    """The example of BigQuery's documentation of FARM_FINGERPRINT."""
    assert ask(client, """SELECT FARM_FINGERPRINT(CONCAT(CAST(x AS STRING), y, CAST(z AS STRING))) FROM UNNEST([
        STRUCT(1 AS x, 'foo' AS y, TRUE AS z), (2, 'apple', FALSE), (3, '', TRUE)]) ORDER BY x""") == [
        (-1541654101129638711,), (2794438866806483259,), (-4880158226897771312,)]


def test_changes_of_rows(either):
    client = client_of(either)
    table = new_table(client, [Field("id", "STRING"), Field("cost", "NUMERIC")], None)
    for sql, affected in ((f"INSERT INTO `{table}` (id, cost) VALUES ('a', 1), ('b', 2)", 2), (f"UPDATE `{table}` SET cost = 3 WHERE id = 'b'", 1),
                          (f"DELETE FROM `{table}` WHERE id = 'a'", 1),
                          (f"MERGE `{table}` T USING (SELECT 'b' AS id, NUMERIC '77' AS cost UNION ALL SELECT 'n', 5) S ON T.id = S.id "
                           "WHEN MATCHED THEN UPDATE SET cost = S.cost WHEN NOT MATCHED THEN INSERT (id, cost) VALUES (S.id, S.cost)", 2)):
        job = client.query(sql)
        job.result()
        assert job.num_dml_affected_rows == affected, sql
    assert ask(client, f"SELECT id, cost FROM `{table}` ORDER BY id") == [("b", D(77)), ("n", D(5))]


def test_a_transaction_is_all_or_nothing(either):
    client = client_of(either)
    table = new_table(client, [Field("id", "STRING"), Field("n", "INT64")], None)
    ask(client, f"BEGIN TRANSACTION; DELETE FROM `{table}` WHERE TRUE; INSERT INTO `{table}` (id, n) VALUES ('a', 1); COMMIT TRANSACTION;")
    with pytest.raises(exceptions.BadRequest):
        ask(client, f"BEGIN TRANSACTION; DELETE FROM `{table}` WHERE TRUE; INSERT INTO `{table}` (id, nobody) VALUES ('b', 1); COMMIT TRANSACTION;")
    assert ids(client, table) == ["a"]
    ask(client, f"BEGIN TRANSACTION; DELETE FROM `{table}` WHERE TRUE; ROLLBACK TRANSACTION;")
    assert ids(client, table) == ["a"]


def test_definitions(either):
    client = client_of(either)
    dataset = new_dataset(client)
    ask(client, f"CREATE TABLE `{PROJECT}.{dataset}.t` (id STRING NOT NULL, ts TIMESTAMP, cost NUMERIC) PARTITION BY DATE(ts) CLUSTER BY id")
    made = client.get_table(f"{dataset}.t")
    assert [field.name for field in made.schema] == ["id", "ts", "cost"]
    if either.name == "ours":
        assert (made.time_partitioning.type_, made.time_partitioning.field, made.schema[0].mode) == ("DAY", "ts", "REQUIRED")
    columns = f"`{PROJECT}.{dataset}`.INFORMATION_SCHEMA.COLUMNS"
    assert ask(client, f"SELECT column_name FROM {columns} WHERE table_name = 't' ORDER BY ordinal_position") == [
        ("id",), ("ts",), ("cost",)]
    ask(client, f"CREATE OR REPLACE TABLE `{PROJECT}.{dataset}.s` AS SELECT 1 AS n")
    assert ask(client, f"SELECT n FROM `{PROJECT}.{dataset}.s`") == [(1,)]
    ask(client, f"DROP TABLE `{PROJECT}.{dataset}.s`")
    with pytest.raises(exceptions.NotFound):
        client.get_table(f"{dataset}.s")


def test_definitions_that_the_emulator_does_not_know(client):
    ask(client, f"CREATE SCHEMA IF NOT EXISTS `{PROJECT}.made_by_sql` OPTIONS (location = 'EU')")
    assert client.get_dataset("made_by_sql").location == "EU"
    ask(client, f"""CREATE TABLE `{PROJECT}.made_by_sql.t` (day DATE, labels ARRAY<STRUCT<key STRING, value STRING>>, n BIGNUMERIC(38, 20))
        PARTITION BY DATE_TRUNC(day, MONTH) CLUSTER BY n OPTIONS (require_partition_filter = TRUE, partition_expiration_days = 30)""")
    made = client.get_table("made_by_sql.t")
    assert (made.time_partitioning.type_, made.time_partitioning.expiration_ms, made.clustering_fields) == ("MONTH", 30 * 86400000, ["n"])
    assert (made.schema[1].mode, made.schema[2].scale) == ("REPEATED", 20)
    ask(client, f"ALTER TABLE `{PROJECT}.made_by_sql.t` ADD COLUMN IF NOT EXISTS n INT64, ADD COLUMN extra STRING")
    assert ask(client, f"SELECT column_name, data_type FROM `{PROJECT}.made_by_sql`.INFORMATION_SCHEMA.COLUMNS ORDER BY ordinal_position") == [
        ("day", "DATE"), ("labels", "ARRAY<STRUCT<key STRING, value STRING>>"), ("n", "BIGNUMERIC(38, 20)"), ("extra", "STRING")]
    with pytest.raises(exceptions.BadRequest, match="without a filter over column"):
        ask(client, f"SELECT n FROM `{PROJECT}.made_by_sql.t`")
    assert ask(client, f"SELECT n FROM `{PROJECT}.made_by_sql.t` WHERE day >= '2025-06-01'") == []


def test_results_come_by_pages(either):
    client = client_of(either)
    sql = "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 2500)) AS n ORDER BY n"
    result = client.query(sql).result(page_size=1000)
    assert [len(list(page)) for page in result.pages] == [1000, 1000, 500]
    assert [n for n, in client.query(sql).result(page_size=700)] == list(range(1, 2501))


def test_pages_are_no_larger_than_the_service_makes_them(client, server):
    server.control.set(largest_page_bytes=2000)
    job = client.query("SELECT n, REPEAT('x', 100) FROM UNNEST(GENERATE_ARRAY(1, 100)) AS n ORDER BY n")
    pages = [list(page) for page in job.result(page_size=90).pages]
    assert len(pages) > 5 and [row.n for page in pages for row in page] == list(range(1, 101))


def test_a_result_that_is_too_large_wants_a_table(client, server):
    server.control.set(largest_result_bytes=1000)
    sql, table = "SELECT REPEAT('x', 2000) AS text", f"{PROJECT}.{new_dataset(client)}.large"
    with pytest.raises(exceptions.Forbidden, match="Response too large"):
        ask(client, sql)
    ended(client.query(sql, job_config=bigquery.QueryJobConfig(destination=table)))
    assert client.get_table(table).num_rows == 1


def test_rows_of_a_table_come_by_pages(either):
    client = client_of(either)
    table = new_table(client, [Field("id", "INT64"), Field("text", "STRING")], None)
    load_lines(client, table, [{"id": n, "text": str(n)} for n in range(250)])
    pages = list(client.list_rows(client.get_table(table), page_size=100).pages)
    assert [page.num_items for page in pages] == [100, 100, 50]
    assert [row.id for row in client.list_rows(client.get_table(table), start_index=240)] == list(range(240, 250))
    assert [row.values() for row in client.list_rows(client.get_table(table), selected_fields=[Field("text", "STRING")], max_results=1)] == [("0",)]


def test_a_query_writes_its_rows_where_it_is_told(client):
    dataset, sql = new_dataset(client), "SELECT id, ts, cost FROM UNNEST([STRUCT('q' AS id, TIMESTAMP '2025-06-02' AS ts, BIGNUMERIC '3' AS cost)])"
    table = new_table(client, SCHEMA[:3], dataset=dataset)
    load_lines(client, table, [{"id": "june", "ts": "2025-06-01T00:00:00Z"}, {"id": "july", "ts": "2025-07-01T00:00:00Z"}])
    ended(client.query(sql, job_config=bigquery.QueryJobConfig(destination=f"{table}$202506", write_disposition="WRITE_TRUNCATE")))
    assert ids(client, table) == ["july", "q"]
    for write, expected in (("WRITE_APPEND", ["july", "q", "q"]), ("WRITE_TRUNCATE", ["q"])):
        ended(client.query(sql, job_config=bigquery.QueryJobConfig(destination=table, write_disposition=write)))
        assert ids(client, table) == expected
    with pytest.raises(exceptions.Conflict):
        ended(client.query(sql, job_config=bigquery.QueryJobConfig(destination=table)))
    ended(client.query(sql, job_config=bigquery.QueryJobConfig(
        destination=f"{PROJECT}.{dataset}.new", time_partitioning=bigquery.TimePartitioning("DAY", "ts"))))
    assert client.get_table(f"{dataset}.new").time_partitioning.field == "ts"
    with pytest.raises(exceptions.NotFound):
        ended(client.query(sql, job_config=bigquery.QueryJobConfig(destination=f"{PROJECT}.{dataset}.never", create_disposition="CREATE_NEVER")))
    with pytest.raises(exceptions.BadRequest, match="different partitions"):
        ended(client.query(sql, job_config=bigquery.QueryJobConfig(destination=f"{table}$202507", write_disposition="WRITE_TRUNCATE")))


def test_mistakes_in_queries_are_told(client):
    table = new_table(client)
    for sql, kind in (("SELEC 1", exceptions.BadRequest), (f"SELECT nobody FROM `{table}`", exceptions.BadRequest),
                      (f"SELECT 1 FROM `{table}_missing`", exceptions.NotFound), ("SELECT 1 FROM nowhere.t", exceptions.NotFound),
                      (f"DELETE FROM `{table}`", exceptions.BadRequest), ("SELECT 1 AS a, 2 AS a", exceptions.BadRequest)):
        with pytest.raises(kind):
            ask(client, sql)
    with pytest.raises(exceptions.BadRequest, match="legacy SQL"):
        ask(client, f"SELECT id FROM `{table}`", use_legacy_sql=True)
    # The REST API's default is legacy SQL.
    with pytest.raises(exceptions.BadRequest, match="legacy SQL"):
        client._connection.api_request("POST", f"/projects/{PROJECT}/queries", data={"query": f"SELECT id FROM `{table}`"})


def test_jobs_query_answers_at_once_and_keeps_to_its_request_id(client):
    table = new_table(client, [Field("n", "INT64")], None)
    body = {"query": f"INSERT INTO `{table}` (n) VALUES (1)", "useLegacySql": False, "requestId": "the same"}
    answers = [client._connection.api_request("POST", f"/projects/{PROJECT}/queries", data=body) for _ in range(2)]
    assert answers[0]["jobReference"] == answers[1]["jobReference"] and answers[0]["numDmlAffectedRows"] == "1"
    assert ask(client, f"SELECT COUNT(*) FROM `{table}`") == [(1,)]


def test_a_dry_run_tells_bytes_of_the_partitions_that_are_left(client):
    table = new_table(client)
    load(client, table, [row(f"row {n}", f"2025-0{n}-15") for n in (5, 6, 7)])

    def bytes_of(where, columns="id"):
        job = client.query(f"SELECT {columns} FROM `{table}` WHERE {where}", job_config=bigquery.QueryJobConfig(dry_run=True, use_query_cache=False))
        assert [field.name for field in job.schema][:1] == ["id"]
        return job.total_bytes_processed

    one = bytes_of("ts >= '2025-06-01' AND ts < TIMESTAMP('2025-07-01')")
    assert one > 0 and bytes_of("TRUE") == (3 * one - 3 * 8)  # without a filter on ts, ts is not read
    assert bytes_of("DATE(ts) BETWEEN '2025-05-01' AND '2025-06-30'") == 2 * one
    assert bytes_of("ts < TIMESTAMP_SUB(TIMESTAMP '2025-07-01', INTERVAL 1 DAY)") == 2 * one
    assert bytes_of("ts IS NOT NULL OR id = 'x'") == 3 * one
    assert bytes_of("(ts >= '2025-05-01' AND ts < '2025-06-01') OR (ts >= '2025-07-01')") == 2 * one
    assert bytes_of("(ts >= '2025-07-01' OR ts IS NULL)") == one
    assert bytes_of("TRUE", "*") > 3 * one
    job = client.query(f"SELECT id FROM `{table}`")
    job.result()
    assert job.total_bytes_billed == 10 << 20


def test_a_query_that_would_cost_more_than_allowed_is_not_run(client):
    table = new_table(client)
    load(client, table, [row("a", "2025-06-01")])
    with pytest.raises(exceptions.GoogleAPICallError, match="limit for bytes billed: 1000. 10485760 or higher"):
        ask(client, f"SELECT id FROM `{table}`", maximum_bytes_billed=1000)
    assert ask(client, f"SELECT id FROM `{table}`", maximum_bytes_billed=10485760) == [("a",)]


# ---- jobs


def test_a_slow_job_is_pending_then_running_then_done(client, server):
    server.control.set(pending_seconds=0.3, running_seconds=0.3)
    job, states = client.query("SELECT 1"), []
    assert client._connection.api_request("GET", f"/projects/{PROJECT}/queries/{job.job_id}", query_params={"timeoutMs": 0})["jobComplete"] is False
    while not states or states[-1] != "DONE":
        job.reload()
        states += [job.state] if job.state not in states[-1:] else []
    assert states == ["PENDING", "RUNNING", "DONE"]
    assert [tuple(row) for row in job.result()] == [(1,)]
    assert job.started - job.created >= datetime.timedelta(seconds=0.2)


def test_a_job_is_cancelled_and_did_nothing(client, server):
    table = new_table(client, [Field("n", "INT64")], None)
    server.control.job_fault(kind="run_for", seconds=30)
    job = client.query(f"INSERT INTO `{table}` (n) VALUES (1)")
    job.cancel()
    with pytest.raises(exceptions.GoogleAPICallError, match="cancelled"):
        ended(job)
    assert job.error_result["reason"] == "stopped"
    assert ask(client, f"SELECT COUNT(*) FROM `{table}`") == [(0,)]


def test_jobs_outside_of_the_multi_regions_are_found_with_their_location(server):
    client = client_of(server, location="europe-west1")
    table = new_table(client, dataset=new_dataset(client, "europe-west1"))
    job = load(client, table, [row("a", "2025-06-01")])
    assert ids(client, table) == ["a"]
    path = f"/projects/{PROJECT}/jobs/{job.job_id}"
    assert client._connection.api_request("GET", path, query_params={"location": "europe-west1"})["status"]["state"] == "DONE"
    for location in ({}, {"location": "US"}):
        with pytest.raises(exceptions.NotFound):
            client._connection.api_request("GET", path, query_params=location)
    with pytest.raises(exceptions.NotFound, match="not found in location US"):
        ask(client_of(server, location="US"), f"SELECT 1 FROM `{table}`")


def test_jobs_are_listed(client):
    job = client.query("SELECT 1")
    ended(job)
    assert job.job_id in [item.job_id for item in client.list_jobs(max_results=5)]
    assert client.get_job(job.job_id).query == "SELECT 1"
    with pytest.raises(exceptions.NotFound):
        client.get_job("nobody-made-this")


def test_copies_of_tables_and_partitions(client, server):
    table = new_table(client)
    load(client, table, [row("a", "2025-06-01", D("1.5"), [("k", "v")]), row("b", "2025-07-01")])
    other = f"{PROJECT}.{new_dataset(client)}.copy"
    ended(client.copy_table(table, other))
    made = client.get_table(other)
    assert (made.num_rows, made.time_partitioning.type_, made.schema == client.get_table(table).schema) == (2, "MONTH", True)
    with pytest.raises(exceptions.Conflict):
        ended(client.copy_table(table, other))
    load(client, f"{table}$202506", [row("c", "2025-06-02")])
    ended(client.copy_table(f"{table}$202506", f"{other}$202506", job_config=bigquery.CopyJobConfig(write_disposition="WRITE_TRUNCATE")))
    assert ids(client, other) == ["b", "c"]
    server.control.grant(email="etl@billing-project.iam.gserviceaccount.com", role="admin", resource="other-project")
    elsewhere = client_of(server, project="other-project")
    far = f"other-project.{new_dataset(elsewhere)}.copy"
    ended(client.copy_table(table, far))
    assert ids(client, far) == ["b", "c"]


def test_readers_see_the_old_month_or_the_new_one(client, server):
    """While a month is replaced again and again, and a transaction does the same to another, no count is ever another."""
    table = new_table(client)
    load(client, f"{table}$202506", [row(str(n), "2025-06-01") for n in range(100)])
    load(client, f"{table}$202507", [row(str(n), "2025-07-01") for n in range(50)])
    counts, stopped = set(), threading.Event()

    def watch():
        while not stopped.is_set():
            counts.add((server.control.count(table=table, where="ts < '2025-07-01'"), server.control.count(table=table, where="ts >= '2025-07-01'")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(8):
            load(client, f"{table}$202506", [row(str(n), "2025-06-01") for n in range(100)])
            ask(client, f"BEGIN TRANSACTION; DELETE FROM `{table}` WHERE ts >= '2025-07-01'; INSERT INTO `{table}` (id, ts) "
                "SELECT CAST(n AS STRING), TIMESTAMP '2025-07-02' FROM UNNEST(GENERATE_ARRAY(1, 50)) AS n; COMMIT TRANSACTION;")
    finally:
        stopped.set()
        watcher.join()
    assert counts == {(100, 50)}


def test_tables_are_there_again_after_a_restart(tmp_path):
    for run in range(2):
        with bigquery_server(tmp_path, "--data", tmp_path / "data") as server:
            client = client_of(server)
            if run == 0:
                load(client, new_table(client, dataset=new_dataset(client)), [row("a", "2025-06-01", D("0.1"))])
            table, = [table for dataset in client.list_datasets() for table in client.list_tables(dataset)]
            assert ids(client, f"{PROJECT}.{table.dataset_id}.{table.table_id}") == ["a"]
            assert table.time_partitioning.type_ == "MONTH"
