"""A project of finops in a folder of its own, driven through the program."""
import json
import os
import pathlib
import subprocess
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("FINOPS_BIN", ROOT / "build" / "bin" / "finops")).resolve()


class Project:
    """A folder with buckets, a config.toml and everything that finops makes of them."""

    def __init__(self, folder):
        self.folder = folder
        self.exports = []
        self.variables = {}  # of every run's environment
        self.s3 = None  # the server that the lake lies on

    def add_export(self, name, bucket=None, prefix="cur", export="report", table=None, allow_overlap=True):
        """Most tests deliver one small bill, of one payer, to several sources; None leaves the setting out."""
        bucket = pathlib.Path(bucket) if bucket else self.folder / "buckets" / name
        bucket.mkdir(parents=True, exist_ok=True)
        lines = ["[[aws.exports]]", f'name = "{name}"', *self.place_of(bucket), f'prefix = "{prefix}"',
                 f'export_name = "{export}"']
        if table:
            lines.append(f'table = "{table}"')
        if allow_overlap is not None:
            lines.append(f"allow_overlap = {str(allow_overlap).lower()}")
        self.exports.append("\n".join(lines))
        self.write_config()
        return bucket

    def place_of(self, bucket):
        """Lines of the configuration that say where `bucket` is; other stores say another."""
        return [f'bucket = "file://{bucket}"']

    def write_config(self, extra=""):
        text = f'data_dir = "{self.folder}/data"\n{extra}\n' + "\n".join(self.exports) + "\n"
        (self.folder / "config.toml").write_text(text)

    def run(self, *arguments, expect=0, env=None, stdin=None, timeout=120, program=BINARY):
        """Runs finops; `expect` is the exit code (None: any). Returns code, stdout, stderr."""
        command = [str(program), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, env=self.environment(env), capture_output=True, text=True,
                              input=stdin, timeout=timeout)
        if expect is not None:
            assert done.returncode == expect, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return types.SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)

    def start(self, *arguments, env=None):
        """finops as a process that goes on; whoever starts it ends it."""
        return subprocess.Popen([str(BINARY), *map(str, arguments)], cwd=self.folder, env=self.environment(env),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def environment(self, env=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("FINOPS_", "AWS_"))}
        return environment | {"CONFIG_PATH": str(self.folder / "config.toml")} | self.variables | (env or {})

    def json(self, *arguments, **options):
        """The one JSON document of a command under --json."""
        return json.loads(self.run(*arguments, "--json", **options).out)

    def query(self, sql, **options):
        return self.json("query", sql, "--format", "json", **options)

    @property
    def database(self):
        return self.folder / "data" / "finops.duckdb"

    @property
    def catalog(self):
        return self.folder / "data" / "catalog.db"
