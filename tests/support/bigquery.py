"""BigQuery for tests: our own server and an emulator, each a process that goes with its `with` block.

    with bigquery_server(folder) as server:
        server.url; server.key_file("etl@p.iam.gserviceaccount.com", grants={"p": "admin"})
        server.control.fault(kind="lose_answer", method="POST", path="/jobs")
        server.control.count(table="p.d.t")

`control` calls the methods of tests/support/bigquery_server/server.py's Control, by name, in that process.
"""
import contextlib
import json
import pathlib
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from servers import DEPS, ROOT, free_port, started  # noqa: E402

PYTHON = DEPS / "venv/bigquery/bin/python"


class Control:
    """server.control.NAME(**arguments) over HTTP."""

    def __init__(self, url):
        self.url = url

    def __getattr__(self, name):
        def call(**arguments):
            request = urllib.request.Request(f"{self.url}/_control/{name}", json.dumps(arguments).encode(), method="POST")
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.loads(answer.read())["result"]
            except urllib.error.HTTPError as failure:
                raise RuntimeError(f"{name}({arguments}): {failure.read().decode()}") from None

        return call


class BigQuery:
    """A started server. `checks` says what it looks at: the emulator takes any token."""

    def __init__(self, name, url, folder):
        self.name, self.url, self.folder = name, url, pathlib.Path(folder)
        self.control = Control(url) if name == "ours" else None

    def key_file(self, email, grants=()):
        """A service account's key file; `grants` are {resource: role}."""
        file = self.folder / f"{email.split('@')[0]}-key.json"
        file.write_text(json.dumps(self.control.add_account(email=email)))
        for resource, role in dict(grants).items():
            self.control.grant(email=email, role=role, resource=resource)
        return file

    def variable(self):
        """As those of servers.py: FINOPS_TEST_BIGQUERY and its value."""
        key = self.key_file("contract@contract.iam.gserviceaccount.com", {"contract": "admin"})
        return "FINOPS_TEST_BIGQUERY", f"contract {self.url} {key}"

    def seed(self, dataset, *statements, location="US"):
        """Makes the dataset "p.d" and runs GoogleSQL in it, where tables are called by their own name alone."""
        self.control.create_dataset(dataset=dataset, location=location)
        for sql in statements:
            self.control.rows(sql=sql, dataset=dataset)

    def written(self, name, content):
        """A file of credentials with this content."""
        file = self.folder / name
        file.write_text(json.dumps(content))
        return file


@contextlib.contextmanager
def bigquery_server(folder, *options):
    folder, port = pathlib.Path(folder), free_port()
    command = [PYTHON, "-m", "tests.support.bigquery_server", "--port", port, "--key-file", folder / "key.json", *options]
    with started(command, port, folder, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1"):
        yield BigQuery("ours", f"http://127.0.0.1:{port}", folder)


@contextlib.contextmanager
def bqemulator(folder):
    """The emulator: SQL, DDL, MERGE, loads and paging, but no tokens, no `$` partitions, no destination tables, no 409 of job ids."""
    folder, port, grpc_port = pathlib.Path(folder), free_port(), free_port()
    command = [PYTHON, ROOT / "tests/support/bqemulator_launcher.py", "start", "--rest-port", port, "--grpc-port", grpc_port]
    with started(command, port, folder, seconds=60):
        yield BigQuery("emulator", f"http://127.0.0.1:{port}", folder)
