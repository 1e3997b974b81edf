"""Everything that went wrong with bills elsewhere (tests/golden/pitfalls): each fixture, loaded by the program, ends as it must."""
import base64
import fractions
import json
import pathlib
import re
import shutil
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "golden" / "pitfalls"
sys.path.insert(0, str(FOLDER))

import make_fixtures  # noqa: E402

Exact = fractions.Fraction
DATA = "aws_billing_data"


@pytest.fixture
def buckets(tmp_path):
    """Gives the folder of a fixture's buckets: the checked-in one, or one that is written here because it is large."""
    def of(name, expected):
        if not expected.get("large"):
            return FOLDER / name
        make_fixtures.write_fixture(name, tmp_path / "fixture", with_large_buckets=True)
        return tmp_path / "fixture"
    return of


def plain(value):
    """A value of the lake as a text: decimals without the zeros at their ends, which the scale adds."""
    if value is None:
        return None
    text = str(value)
    return re.sub(r"\.?0+$", "", text) if re.fullmatch(r"-?\d+\.\d{18}", text) else text


def asked(project, sql, environment):
    return [[plain(value) for value in row.values()] for row in project.query(sql, env=environment)]


def copy_buckets(project, folder):
    """What came into the buckets before this run, manifests last."""
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    for file in sorted(files, key=lambda f: f.name.endswith("Manifest.json")):
        target = project.folder / "buckets" / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def in_the_lake(project, environment):
    if not (project.folder / "data" / "lake" / "billing" / DATA).exists():
        return []
    rows = asked(project, "SELECT source, billing_period, execution_id, coalesce(line_item_currency_code, ''), count(*), "
                 f"sum(line_item_unblended_cost) FROM {DATA} GROUP BY ALL ORDER BY ALL", environment)
    return [dict(zip(("source", "period", "id", "currency", "rows", "cost"), [*row[:4], int(row[4]), row[5]])) for row in rows]


def check_delivery(told, expected, lake):
    assert (told["source"], told["billing_period"], told["outcome"]) == (expected["source"], expected["period"], expected["outcome"])
    for words in expected.get("says", []):
        assert words in told["message"], told["message"]
    if expected["outcome"] == "failed":
        assert told["error_kind"] == expected["error_kind"]
        assert told["rows"] == {"source": 0, "loaded": 0, "quarantined": 0}
        return
    assert told["execution_id"] == expected["id"]
    assert [told["rows"][side] for side in ("source", "loaded", "quarantined")] == expected["rows"]
    if expected["outcome"] in ("loaded", "replaced"):
        costs = {row["currency"]: row["cost"] for row in lake
                 if (row["source"], row["period"]) == (told["source"], told["billing_period"])}
        assert told["unblended_cost"] == costs


def check_run(project, run, environment):
    done = project.run("aws", "run-pipeline", "--json", expect=run["exit"], env=environment)
    report = json.loads(done.out)
    assert len(report["deliveries"]) == len(run["deliveries"]), report["deliveries"]
    lake = in_the_lake(project, environment)
    assert lake == run["lake"]
    deliveries = sorted(report["deliveries"], key=lambda d: (d["source"], d["billing_period"] or ""))
    for told, expected in zip(deliveries, run["deliveries"]):
        check_delivery(told, expected, lake)
    for words in run.get("stderr", []):
        assert words in done.err
    if "verdicts" in run:
        check_verdicts(project, run["verdicts"])


def check_verdicts(project, verdicts):
    told = project.json("receipt", "verify", expect=3 if "cannot_be_verified" in verdicts else 0)["deliveries"]
    assert [(d["verdict"], d["differences"]) for d in told] == [(verdict, []) for verdict in verdicts]


def check_receipts(project, expected):
    """Every receipt balances, and what it says of rows and costs is what the lake holds; then what this fixture says of sums."""
    receipts = project.json("receipt")["receipts"]
    lake = expected["runs"][-1]["lake"]
    for receipt in receipts:
        assert receipt["balanced"] is True
        held = [r for r in lake if (r["source"], r["period"]) == (receipt["source"], receipt["billing_period"])]
        assert receipt["rows"]["loaded"] == sum(r["rows"] for r in held)
        assert receipt["rows"]["source"] == receipt["rows"]["loaded"] + receipt["rows"]["quarantined"]
        assert sum(f["rows"] for f in receipt["files"]) == receipt["rows"]["source"]
        for row in held:
            assert receipt["execution_id"] == row["id"]
            assert receipt["sums"][row["currency"]]["line_item_unblended_cost"]["loaded"] == row["cost"]
        for currency in receipt["sums"].values():
            for money in currency.values():
                assert Exact(money["source"]) == Exact(money["loaded"]) + Exact(money["quarantined"])
    assert {r["source"] for r in lake} <= {r["source"] for r in receipts}
    for wanted in expected.get("sums", []):
        money = receipts[0]["sums"][wanted["currency"]][wanted["column"]]
        assert {name: money[name] for name in wanted if name not in ("currency", "column")} == \
            {name: value for name, value in wanted.items() if name not in ("currency", "column")}
    return len(receipts)


def check_quarantine(project, expected):
    rows = project.json("quarantine", "show", "--limit", "0")["rows"]
    assert [row["line"] for row in rows] == [row["line"] for row in expected]
    for row, wanted in zip(rows, expected):
        raw = base64.b64decode(row["raw_base64"]) if row.get("raw_base64") else row["raw"].encode()
        assert row["currency"] == wanted["currency"]
        assert len(row["reasons"]) == len(wanted["reasons"]), row["reasons"]
        for told, words in zip(row["reasons"], wanted["reasons"]):
            assert words in told
        if "raw_bytes" in wanted:
            assert len(raw) == wanted["raw_bytes"]
        else:
            assert raw == (bytes.fromhex(wanted["raw_hex"]) if "raw_hex" in wanted else wanted["raw"].encode())


def check_names(project, expected):
    """Which column a delivered name is, as the ledger tells, and what stands there."""
    rows = project.query("SELECT columns FROM deliveries WHERE state = 'current'")
    columns = {}
    for row in rows:
        of_delivery = dict(json.loads(row["columns"]))
        assert len({column.lower() for column in of_delivery.values()}) == len(of_delivery)
        columns |= of_delivery
    assert {name: columns[name] for name in expected.get("columns", {})} == expected.get("columns", {})
    for line, values in expected.get("values", {}).items():
        quoted = ", ".join('"' + columns[name].replace('"', '""') + '"' for name in values)
        told = asked(project, f"SELECT {quoted} FROM {DATA} WHERE identity_line_item_id = '{line}'", None)
        assert told == [list(values.values())]


def code_of_another_run(deliveries):
    outcomes = {d["outcome"] for d in deliveries}
    return 1 if outcomes & {"failed", "refused"} else 3 if "empty_withheld" in outcomes else 0


@pytest.mark.parametrize("name", make_fixtures.FIXTURES)
def test_a_pitfall_ends_as_its_fixture_says(project, buckets, name):
    expected = json.loads((FOLDER / name / "expected.json").read_text())
    folder = buckets(name, expected)
    environment = expected.get("environment")
    steps = sorted(f for f in folder.iterdir() if f.is_dir())
    assert len(steps) == len(expected["runs"])
    for source in sorted({f.name for step in steps for f in step.iterdir()}):
        project.add_export(source)
    for step, run in zip(steps, expected["runs"]):
        copy_buckets(project, step)
        check_run(project, run, environment)
    last = expected["runs"][-1]
    receipts = check_receipts(project, expected)
    check_quarantine(project, expected.get("quarantine", []))
    for question in expected.get("queries", []):
        assert asked(project, question["sql"], environment) == question["rows"]
    if "columns" in expected or "values" in expected:
        check_names(project, expected)
    if "history" in expected:
        assert [[d["execution_id"], d["state"]] for d in project.json("history")["deliveries"]] == expected["history"]
    check_verdicts(project, ["agrees"] * receipts if name != "empty_after_a_full_one" else ["agrees"])
    again = project.json("aws", "run-pipeline", expect=code_of_another_run(last["deliveries"]))
    assert again["changed"] is False
    assert in_the_lake(project, environment) == last["lake"]


def test_the_fixtures_are_what_their_script_writes(tmp_path):
    for name in make_fixtures.FIXTURES:
        make_fixtures.write_fixture(name, tmp_path / name)
    assert tree(tmp_path) == tree(FOLDER, but=("make_fixtures.py", "README.md"))


def test_the_table_has_every_fixture():
    table = (FOLDER / "README.md").read_text()
    rows = re.findall(r"^\|[^|]*\| `(\w+)` \|.*\| (.*) \|$", table, re.MULTILINE)
    assert sorted(rows) == sorted((name, f"`[{name}]`") for name in make_fixtures.FIXTURES)


def tree(folder, but=()):
    files = {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    return {path: body for path, body in files.items() if path not in but and "__pycache__" not in path}
