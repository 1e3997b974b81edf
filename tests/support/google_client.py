"""Google's own client of BigQuery, the servers that it asks, and tables, rows and files for both.

Needs the venv `bigquery`. Tests import what they use, fixtures too.
"""
import datetime
import decimal
import io
import itertools
import time

import bigquery as servers_of_bigquery
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import google.auth.credentials
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.format_options import ParquetOptions
from google.cloud.bigquery.retry import DEFAULT_RETRY
from google.oauth2 import service_account

NUMBERS = itertools.count(1)
PROJECT = "billing-project"
ETL = "etl@billing-project.iam.gserviceaccount.com"
D = decimal.Decimal
UTC = datetime.timezone.utc
Field = bigquery.SchemaField
SCHEMA = [Field("id", "STRING"), Field("ts", "TIMESTAMP"), Field("cost", "BIGNUMERIC"),
          Field("labels", "RECORD", "REPEATED", fields=[Field("key", "STRING"), Field("value", "STRING")])]


@pytest.fixture(scope="session", autouse=True)
def no_questions_to_google():
    """Of each account its regions are asked for in the background, from a host that no key file names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(google.auth.credentials.CredentialsWithRegionalAccessBoundary, "_is_regional_access_boundary_lookup_required",
                      lambda self: False)
        patch.setattr(DEFAULT_RETRY, "_timeout", 20)  # ten minutes are longer than a test waits
        yield


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    with servers_of_bigquery.bigquery_server(tmp_path_factory.mktemp("bigquery")) as server:
        yield server


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    with servers_of_bigquery.bqemulator(tmp_path_factory.mktemp("bqemulator")) as server:
        yield server


@pytest.fixture
def server(ours):
    yield ours
    ours.control.heal()
    ours.control.set(pending_seconds=0, running_seconds=0, largest_page_bytes=10 << 20, largest_result_bytes=10 << 30, loads_per_table_per_day=1500)


@pytest.fixture(params=["ours", "emulator"])
def either(request):
    return request.getfixturevalue(request.param)


def client_of(server, email=ETL, grants=None, project=PROJECT, location=None):
    if server.name == "emulator":
        credentials = AnonymousCredentials()
    else:
        file = server.key_file(email, {PROJECT: "admin"} if grants is None else grants)
        credentials = service_account.Credentials.from_service_account_file(str(file))
    return bigquery.Client(project, credentials, location=location, client_options=ClientOptions(api_endpoint=server.url))


@pytest.fixture
def client(server):
    return client_of(server)


def new_dataset(client, location="US"):
    dataset = bigquery.Dataset(f"{client.project}.d{next(NUMBERS)}")
    dataset.location = location
    client.create_dataset(dataset)
    return dataset.dataset_id


def new_table(client, schema=SCHEMA, by="MONTH", field="ts", dataset=None, name="t"):
    table = bigquery.Table(f"{client.project}.{dataset or new_dataset(client)}.{name}", schema)
    if by:
        table.time_partitioning = bigquery.TimePartitioning(by, field)
    return str(client.create_table(table).reference)


def row(name, day, cost=D(1), labels=()):
    return {"id": name, "ts": datetime.datetime.fromisoformat(day).replace(tzinfo=UTC), "cost": cost, "labels": list(labels)}


def parquet(rows):
    schema = pa.schema([("id", pa.string()), ("ts", pa.timestamp("us", "UTC")), ("cost", pa.decimal128(38, 18)),
                        ("labels", pa.map_(pa.string(), pa.string()))])
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), file)
    file.seek(0)
    return file


def load_config(write="WRITE_TRUNCATE", **more):
    config = bigquery.LoadJobConfig(source_format="PARQUET", write_disposition=write, decimal_target_types=["BIGNUMERIC"], **more)
    parquet_options = ParquetOptions()
    parquet_options.enable_list_inference, parquet_options.map_target_type = True, "ARRAY_OF_STRUCT"
    config.parquet_options = parquet_options
    return config


def load(client, table, rows, write="WRITE_TRUNCATE", job_id=None, **more):
    return ended(client.load_table_from_file(parquet(rows), table, job_config=load_config(write, **more), job_id=job_id))


def ended(job):
    """The client itself would look once a second."""
    while not job.done():
        time.sleep(0.01)
    return job.result()


def ask(client, sql, **config):
    return [tuple(row.values()) for row in client.query(sql, job_config=bigquery.QueryJobConfig(**config)).result()]


def ids(client, table):
    return [name for name, in ask(client, f"SELECT id FROM `{table}` ORDER BY id")]
