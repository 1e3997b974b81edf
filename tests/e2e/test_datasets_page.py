"""docs/datasets.md is done as it says: its files are written, its commands run, and what they print is what the page shows.

- A line `file: PATH` in backquotes before a block: the block is that file.
- A block of `console`: lines after "$ " are commands (of a shell, in one folder, one after the other), the lines after them
  what they print. Seconds are not compared; a line "…" stands for any lines.
- A heading "Keys of …" has a table whose first column names the keys that the program knows there.
- The table of differences between the semantics: each number is counted again.
"""
import decimal
import os
import re
import subprocess

import duckdb
import pytest
from project import BINARY, ROOT

PAGE = (ROOT / "docs" / "datasets.md").read_text()
BLOCK = re.compile(r"(?:^`file: (?P<file>\S+)`\n\n?)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
SECONDS = re.compile(r"\d+\.\d\d s\b")


def sessions(text):
    """(command, expected output) of a block of `console`."""
    result = []
    for line in text.splitlines():
        if line.startswith("$ "):
            result.append([line[2:], []])
        else:
            result[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in result]


def is_as_shown(shown, printed):
    """Whether the output is what the page shows, "…" being any lines."""
    shown, printed = (SECONDS.sub("0.00 s", text).strip("\n") for text in (shown, printed))
    pattern = "".join("(?:.*\n)*" if line == "…" else re.escape(line.rstrip()) + "\n" for line in shown.split("\n"))
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in printed.split("\n"))) is not None


class Shell:
    """Commands in a folder, with finops on the path."""

    def __init__(self, folder):
        self.folder, self.code = folder, 0
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("FINOPS_", "AWS_", "CONFIG_PATH"))}
        self.environment["PATH"] = f"{BINARY.parent}:{self.environment['PATH']}"

    def run(self, command):
        done = subprocess.run(["bash", "-c", f"(exit {self.code})\n{command}"], cwd=self.folder, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        self.code = done.returncode
        return done.stdout


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder after all that the page says was done; fails at the first difference."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "examples").symlink_to(ROOT / "examples")
    shell = Shell(folder)
    for block in BLOCK.finditer(PAGE):
        if block["file"]:
            path = folder / block["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"])
        elif block["kind"] == "console":
            for command, shown in sessions(block["text"]):
                printed = shell.run(command)
                assert is_as_shown(shown, printed), f"$ {command}\n{printed}\nThe page shows:\n{shown}"
    return folder


def test_the_page_does_what_it_shows(done):
    assert (done / "sales" / "project.toml").exists()


def test_every_block_is_run_or_is_part_of_a_file():
    kinds = {(block["kind"], bool(block["file"])) for block in BLOCK.finditer(PAGE)}
    assert ("console", False) in kinds and not any(kind in ("csv", "json", "sql") and not is_file for kind, is_file in kinds)
    assert PAGE.count("`file: ") == sum(1 for block in BLOCK.finditer(PAGE) if block["file"])


# Where keys are asked for: file, and what is written before the key that nobody knows.
PLACES = {
    "Keys of project.toml": ("project.toml", ""),
    "Keys of datasets/<name>.toml": ("datasets/d.toml", ""),
    "Keys of [landing]": ("datasets/d.toml", "[landing]\n"),
    "Keys of a column": ("datasets/d.toml", '[columns.c]\ntype = "text"\n'),
    "Keys of [[money]]": ("datasets/d.toml", "[[money]]\n"),
    "Keys of rules/<dataset>.toml": ("rules/d.toml", ""),
    "Keys of [columns.<name>]": ("rules/d.toml", "[columns.a]\n"),
    "Keys of [[join]]": ("rules/d.toml", "[[join]]\n"),
    "Keys of [[derive]]": ("rules/d.toml", "[[derive]]\n"),
    "Keys of [[rule]]": ("rules/d.toml", "[[rule]]\n"),
    "Keys of models/<name>.toml": ("models/m.toml", ""),
    "Keys of [[test]]": ("models/m.toml", "[[test]]\n"),
    "Keys of [anomaly]": ("models/m.toml", "[anomaly]\n"),
    "Keys of [plot]": ("models/m.toml", "[plot]\n"),
    "Keys of collections/<name>.toml": ("collections/c.toml", ""),
}
WHOLE = {
    "project.toml": 'name = "p"\n',
    "datasets/d.toml": '[landing]\npath = "d.csv"\nformat = "csv"\n[columns]\na = "text"\n',
    "models/m.sql": "SELECT a FROM silver.d\n",
    "models/m.toml": 'description = "m"\n',
}


def keys_on_page(heading):
    section = PAGE.split(f"\n#### {heading}\n", 1)[1].split("\n#", 1)[0]
    return {key for line in section.splitlines() if line.startswith("| `") for key in re.findall(r"`(\w+)`", line.split(" | ")[0])}


def keys_of_program(folder, file, before):
    for name, text in WHOLE.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    path = folder / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(("" if before else "qqqqqqqqq = 1\n") + (before + "qqqqqqqqq = 1\n" if before else ""))
    done = subprocess.run([str(BINARY), "dataset", "check", "--project", str(folder)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 2
    return set(re.search(r"unknown key 'qqqqqqqqq'.*; the keys here are (.*)", done.stderr)[1].split(", "))


@pytest.mark.parametrize("heading", PLACES)
def test_the_reference_has_the_keys_that_the_program_knows(tmp_path, heading):
    assert keys_on_page(heading) == keys_of_program(tmp_path, *PLACES[heading])


def test_no_keys_are_described_that_are_not_looked_at():
    assert set(re.findall(r"^#### (Keys of .*)$", PAGE, re.M)) == set(PLACES)


# The column "counted" of the table of differences, as SQL; {s} and {g} are the namespaces of silver and gold.
QUARANTINED = "SELECT count(*) FROM {{s}}.{}_quarantine WHERE reasons LIKE '%\"{}%'"
COUNTED = {
    "an invoice below zero": QUARANTINED.format("billing_monthly", "amount_negative"),
    "the rate of an invoice in dollars": """SELECT count(*) FROM {s}.billing_monthly JOIN cloud_provider_analytics_bronze.billing_monthly AS b
        USING (source_line) WHERE upper(trim(b.currency)) = 'USD' AND exchange_rate <> 1""",
    "no rate of another currency": QUARANTINED.format("billing_monthly", "exchange_rate_missing"),
    "`currency` of an invoice": "SELECT count(DISTINCT currency) FROM {s}.billing_monthly",
    "charges in dollars": "SELECT sum(total_billed_usd) FROM {g}.revenue_by_org_month",
    "`year_month`": "SELECT max(length(year_month)) FROM {g}.revenue_by_org_month",
    "a score of an organisation": "SELECT count(nps_score) FROM {s}.customers_orgs",
    "words of `lifecycle_stage`, `marketing_source`":
        "SELECT count(*) FROM {s}.customers_orgs WHERE lifecycle_stage <> lower(lifecycle_stage) OR marketing_source <> lower(marketing_source)",
    "a score of a survey": "SELECT count(nps_score) FROM {s}.nps_surveys",
    "a survey without a score": "SELECT count(*) FROM {s}.nps_surveys",
    "a survey without a date": QUARANTINED.format("nps_surveys", "survey_date"),
    "a ticket that was resolved before it was opened": "SELECT count(*) FROM {s}.support_tickets WHERE resolution_hours < 0",
    "a key that comes again": "SELECT count(*) - count(DISTINCT event_id) FROM {s}.usage_events",
    "a refund": QUARANTINED.format("usage_events", "cost_negative"),
    "an event without a day, organisation or resource":
        "SELECT count(*) FROM {s}.usage_events WHERE usage_date IS NULL OR org_id IS NULL OR resource_id IS NULL",
    "costs of usage": "SELECT sum(total_cost_usd) FROM {g}.org_daily_usage_by_service",
    "`total_requests`": "SELECT sum(total_requests) FROM {g}.org_daily_usage_by_service",
    "`cpu_hours`": "SELECT sum(cpu_hours) FROM {g}.org_daily_usage_by_service",
    "`storage_gb_hours`": "SELECT sum(storage_gb_hours) FROM {g}.org_daily_usage_by_service",
    "`technical_tickets`": "SELECT sum(technical_tickets) FROM {g}.tickets_by_org_date",
    "`access_tickets`": "SELECT sum(access_tickets) FROM {g}.tickets_by_org_date",
    "`other_tickets`": "SELECT sum(other_tickets) FROM {g}.tickets_by_org_date",
    "what is judged": "SELECT count(*) FROM {g}.usage_cost_anomalies",
    "what it is compared with":
        "SELECT count(*) FROM (SELECT DISTINCT population_rows, mean FROM {g}.usage_cost_anomalies WHERE mean IS NOT NULL)",
    "what decides": "SELECT count(*) FROM {g}.usage_cost_anomalies WHERE is_anomaly",
    "refunds": "SELECT count(*) FROM {g}.usage_cost_anomalies WHERE is_anomaly AND cost_usd_increment < 0",
    "`cost_anomaly_mart`": "SELECT count(*) FROM {g}.cost_anomaly_mart",
}


def differences():
    """(what, [number of each semantics]) of each row of the table."""
    rows = PAGE.split("| what | corrected |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows]
    return [(row[0], row[4:]) for row in cells]


def number_of(connection, sql, prefix):
    value = connection.execute(sql.format(s=f"{prefix}_silver", g=f"{prefix}_gold")).fetchone()[0]
    text = f"{value:,f}" if isinstance(value, decimal.Decimal) else f"{value:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def test_the_semantics_differ_by_what_the_page_counts(done):
    shown = differences()
    assert {what for what, _ in shown} == set(COUNTED)
    with duckdb.connect(str(done / "data" / "finops.duckdb"), read_only=True) as connection:
        counted = [(what, [number_of(connection, COUNTED[what], f"cloud_provider_analytics{which}") for which in ("", "_reference")])
                   for what, _ in shown]
    assert shown == counted
