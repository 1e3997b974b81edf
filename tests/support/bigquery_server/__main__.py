"""Runs the server by hand: python -m tests.support.bigquery_server [--port N] [--data DIR] [--project P]

Prints its address and writes a key file that may do everything in the project (by default into DIR, or the current folder).
"""
import argparse
import json
import pathlib
import signal
import threading

from .server import BigQueryServer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--data", type=pathlib.Path, help="keeps datasets and tables in this folder; else they go with the process")
    parser.add_argument("--project", default="demo", help="the project that the key file is for")
    parser.add_argument("--key-file", type=pathlib.Path)
    options = parser.parse_args()
    email = f"finops@{options.project}.iam.gserviceaccount.com"
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with BigQueryServer(options.data, options.port) as server:
        file = options.key_file or (options.data or pathlib.Path()) / "bigquery-key.json"
        file.write_text(json.dumps(server.control.add_account(email, options.project), indent=2))
        file.chmod(0o600)
        server.control.grant(email, "admin", options.project)
        print(f"BigQuery at {server.url}; the key of {email} is in {file}", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
