"""A run makes what the landing folder changes and nothing else, and the tables are those of a run from nothing."""
import json
import shutil

import pytest
from cloud_provider_truth import Truth
from datasets import Datasets, comparable, rows_of
from project import Project
from test_cloud_provider_truth import event, landing  # noqa: F401
from test_datasets import check_everything, generated  # noqa: F401

EVENTS = "usage_events_stream"


@pytest.fixture
def loaded(tmp_path, generated):  # noqa: F811
    shutil.copytree(generated, tmp_path / "landing")
    datasets = Datasets(Project(tmp_path), tmp_path / "landing")
    datasets.run()
    return datasets


def as_from_nothing(datasets, semantics="corrected"):
    """The tables of another lake that had only what lies in the landing folder now."""
    folder = datasets.project.folder / "anew"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    anew = Datasets(Project(folder), datasets.landing, datasets.folder)
    anew.run("--semantics", semantics)
    return comparable(anew, semantics)


def outcome(report):
    return {one["dataset"]: (one["files"]["new"], one["files"]["changed"], one["files"]["deleted"], one["rows"]["refined"])
            for one in report["datasets"] if one["rebuilt"]}


def rebuilt_models(report):
    return {one["model"] for one in report["models"] if one["rebuilt"]}


def lines(path):
    return path.read_text().splitlines(keepends=True)


def test_nothing_new_changes_nothing(loaded):
    before = comparable(loaded)
    metadata = {path: path.stat().st_mtime_ns for path in (loaded.project.folder / "data" / "lake").rglob("*")}
    report = loaded.run(expect=0)
    assert not report["changed"] and not outcome(report) and not rebuilt_models(report)
    assert {path: path.stat().st_mtime_ns for path in (loaded.project.folder / "data" / "lake").rglob("*")} == metadata
    assert comparable(loaded) == before
    assert not loaded.run(command="status", expect=0)["changed"]


def test_a_new_a_changed_and_a_deleted_file(loaded):
    files = sorted((loaded.landing / EVENTS).iterdir())
    new = loaded.landing / EVENTS / "zz-new.jsonl"
    new.write_text(json.dumps(event(900001, 3.5, org_id="org_00000001")) + "\n" + lines(files[0])[0])  # the second: a duplicate
    report = loaded.run()
    assert set(outcome(report)) == {"usage_events"} and outcome(report)["usage_events"][:3] == (1, 0, 0)
    assert "revenue_by_org_month" not in rebuilt_models(report) and "org_daily_usage_by_service" in rebuilt_models(report)
    assert comparable(loaded) == as_from_nothing(loaded)

    files[1].write_text("".join(lines(files[1])[1:]) + "not json\n")
    assert outcome(loaded.run())["usage_events"][:3] == (0, 1, 0)
    assert comparable(loaded) == as_from_nothing(loaded)

    files[0].unlink()  # the duplicate of its first line is valid now
    assert outcome(loaded.run())["usage_events"][:3] == (0, 0, 1)
    assert comparable(loaded) == as_from_nothing(loaded)
    check_everything(loaded, Truth(loaded.landing), "corrected")


def test_a_changed_dimension_changes_what_joins_it(loaded):
    table = loaded.landing / "customers_orgs.csv"
    table.write_text(table.read_text().replace(",pro,", ",free,"))
    report = loaded.run()
    assert {"customers_orgs", "usage_events"} <= set(outcome(report))
    assert comparable(loaded) == as_from_nothing(loaded)


def test_small_packs_grow_together(tmp_path, landing):  # noqa: F811
    shutil.copytree(landing, tmp_path / "landing")
    datasets = Datasets(Project(tmp_path), tmp_path / "landing")
    datasets.run(expect=3)
    stream = datasets.landing / EVENTS
    for number in range(55):
        (stream / f"tiny-{number}.jsonl").write_text(json.dumps(event(5000 + number, 1 + number / 8)) + "\n")
        if number % 11 == 10 or number > 50:
            datasets.run()
    assert comparable(datasets) == as_from_nothing(datasets)


def test_a_file_that_comes_back_is_new(loaded):
    path = sorted((loaded.landing / EVENTS).iterdir())[2]
    text = path.read_text()
    before = comparable(loaded)
    path.unlink()
    loaded.run()
    assert comparable(loaded) != before
    path.write_text(text)
    assert outcome(loaded.run())["usage_events"][:3] == (1, 0, 0)
    assert comparable(loaded) == before


def test_another_rule_makes_silver_anew(loaded):
    folder = loaded.project.folder / "project"
    shutil.copytree(loaded.folder, folder)
    loaded.folder = folder
    rules = folder / "rules" / "users.toml"
    rules.write_text(rules.read_text() + '\n[[rule]]\ncode = "no_admins"\nwhen = "role = \'admin\'"\naction = "quarantine"\n')
    report = loaded.run()
    assert set(outcome(report)) == {"users"} and not rebuilt_models(report)
    reasons = next(one for one in report["datasets"] if one["dataset"] == "users")["reasons"]
    assert reasons["no_admins"] > 0
    assert comparable(loaded) == as_from_nothing(loaded)
    rules.write_text(rules.read_text().replace("no_admins", "no_more_admins"))
    loaded.run()
    stale = loaded.rows("silver", "users_quarantine")
    assert {code for row in stale for code in row["reasons"]} == {"email_malformed", "no_more_admins"}


def test_dry_run_tells_and_makes_nothing(loaded):
    before = comparable(loaded)
    (loaded.landing / EVENTS / "zz.jsonl").write_text(json.dumps(event(1, 1)) + "\n")
    for command, option in (("run", ["--dry-run"]), ("status", [])):
        report = loaded.run(*option, command=command, expect=0)
        assert report["changed"] and set(outcome(report)) == {"usage_events"}
    assert comparable(loaded) == before


def test_a_model_is_made_in_parts(tmp_path):
    """The time at which a row was made tells which were."""
    files = {
        "project.toml": 'name = "parts"\n',
        "datasets/events.toml": 'key = ["id"]\n[landing]\npath = "events/*.csv"\nformat = "csv"\n'
                                '[columns]\nid = "text"\nday = "date"\nteam = "text"\ncost = "decimal"\n',
        "models/daily.sql": "SELECT day, team, CAST(sum(cost) AS DECIMAL(38,18)) AS cost, now() AS made_at FROM silver.events GROUP BY ALL\n",
        "models/daily.toml": 'description = "Cost by day and team"\nincremental_by = ["day", "team"]\n',
        "models/total.sql": "SELECT CAST(sum(cost) AS DECIMAL(38,18)) AS cost FROM gold.daily\n",
    }
    for name, text in files.items():
        (tmp_path / "parts" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "parts" / name).write_text(text)
    events = tmp_path / "landing" / "events"
    events.mkdir(parents=True)
    datasets = Datasets(Project(tmp_path), tmp_path / "landing", tmp_path / "parts")

    def write(name, *rows):
        (events / f"{name}.csv").write_text("\n".join(["id,day,team,cost", *rows]) + "\n")

    def made():
        datasets.run()
        rows = rows_of(datasets.project.database, "FROM parts_gold.daily")
        [total] = rows_of(datasets.project.database, "FROM parts_gold.total")
        assert total["cost"] == sum(row["cost"] for row in rows)
        return {(row["day"], row["team"]): (row["cost"], row["made_at"]) for row in rows}

    write("a", "1,2026-05-01,x,1")
    write("aa", "2,2026-05-01,,2", "3,2026-05-02,x,4")
    write("b", "4,2026-05-02,x,8", "5,2026-05-03,y,16")
    first = made()
    assert {key: cost for key, (cost, _) in first.items()} == {
        ("2026-05-01", "x"): 1, ("2026-05-01", None): 2, ("2026-05-02", "x"): 12, ("2026-05-03", "y"): 16}
    write("b", "4,2026-05-02,x,9", "6,2026-05-04,y,32", "2,2026-05-04,y,64")  # 5 goes, 6 comes, 2 is a duplicate
    second = made()
    assert {key: cost for key, (cost, _) in second.items()} == {
        ("2026-05-01", "x"): 1, ("2026-05-01", None): 2, ("2026-05-02", "x"): 13, ("2026-05-04", "y"): 32}
    assert second["2026-05-01", "x"] == first["2026-05-01", "x"]
    assert second["2026-05-02", "x"][1] > first["2026-05-02", "x"][1]
    (events / "a.csv").unlink()
    (events / "aa.csv").unlink()
    third = made()
    assert {key: cost for key, (cost, _) in third.items()} == {("2026-05-02", "x"): 9, ("2026-05-04", "y"): 96}
    (events / "b.csv").unlink()
    write("c", "7,2026-05-09,z,1")
    assert {key: cost for key, (cost, _) in made().items()} == {("2026-05-09", "z"): 1}
