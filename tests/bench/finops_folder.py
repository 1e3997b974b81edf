"""The program with a folder of its own: its configuration and all that it makes."""
import json
import shutil
import subprocess

import bill as bills
from contender import clean_environment


class FinopsFolder:
    """`lines` stand at the top of the configuration, `exports` are the tables of its bills."""

    def __init__(self, program, folder, exports, lines="", env=None):
        self.program, self.folder, self.data = program, folder, folder / "data"
        self.env = clean_environment() | (env or {})
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text("\n".join([f'data_dir = "{self.data}"', lines, *exports]) + "\n")

    @property
    def database(self):
        return self.data / "finops.duckdb"

    def command(self, *words):
        return [self.program, "--config", self.folder / "config.toml", *words]

    def run(self, *words):
        return subprocess.run(self.command(*words), env=self.env, check=True, capture_output=True, text=True).stdout

    def json(self, *words):
        return json.loads(self.run(*words, "--json"))

    def clear(self):
        shutil.rmtree(self.data, ignore_errors=True)


def export_of(bucket, name="bench", export=bills.EXPORT, prefix=bills.PREFIX, lines=""):
    """An export of the configuration; `bucket` is a folder, or the name of a bucket."""
    place = bucket if isinstance(bucket, str) else f"file://{bucket}"
    return (f'\n[[aws.exports]]\nname = "{name}"\nbucket = "{place}"\nprefix = "{prefix}"\nexport_name = "{export}"\n'
            f"allow_overlap = true\n{lines}")
