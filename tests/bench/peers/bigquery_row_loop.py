"""A copy as services make it that know BigQuery's client only: pages by OFFSET, a load job for each 1,000 rows.

Usage: bigquery_row_loop.py ENDPOINT KEY-FILE SOURCE DESTINATION. Says {"rows", "seconds", "cpu_s"}, without Python's start.
"""
import datetime
import json
import sys
import time

import google.auth.credentials
from google.api_core.client_options import ClientOptions
from google.cloud import bigquery
from google.oauth2 import service_account

PAGE = 1000
# It would ask for the account's regions, from a host that no option names.
google.auth.credentials.CredentialsWithRegionalAccessBoundary._is_regional_access_boundary_lookup_required = lambda self: False


def sent(row):
    """What JSON has no types for, at the top only."""
    return {name: value.isoformat() if isinstance(value, datetime.datetime) else value for name, value in row.items()}


def main(endpoint, key_file, source, destination):
    credentials = service_account.Credentials.from_service_account_file(key_file)
    client = bigquery.Client(destination.split(".")[0], credentials, client_options=ClientOptions(api_endpoint=endpoint))
    began, cpu_began = time.monotonic(), time.process_time()
    client.create_dataset(".".join(destination.split(".")[:2]))
    client.create_table(bigquery.Table(destination, client.get_table(source).schema))
    (count,), = client.query(f"SELECT COUNT(*) FROM `{source}`").result()
    for offset in range(0, count, PAGE):
        rows = [sent(row) for row in client.query(f"SELECT * FROM `{source}` LIMIT {PAGE} OFFSET {offset}").result()]
        client.load_table_from_json(rows, destination).result()
    print(json.dumps({"rows": count, "seconds": time.monotonic() - began, "cpu_s": time.process_time() - cpu_began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
