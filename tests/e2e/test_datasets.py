"""`finops dataset` on the worked example: silver, quarantine, anomalies and gold against the oracle, in both semantics."""
import subprocess

import pytest
from cloud_provider_truth import Truth
from datasets import Datasets, in_order, is_same_cell
from project import BINARY, Project
from test_cloud_provider_truth import landing  # noqa: F401: small data with every oddity

KEYS = {
    "org_daily_usage_by_service": ["org_id", "usage_date", "service"],
    "revenue_by_org_month": ["org_id", "year_month"],
    "tickets_by_org_date": ["org_id", "ticket_date", "severity"],
    "genai_tokens_by_org_date": ["org_id", "usage_date", "service"],
    "cost_anomaly_mart": ["org_id", "usage_date", "service"],
}
SEMANTICS = ["corrected", "reference"]
SCORES = {"count": "population_rows", "percentile_1": "lower_percentile", "percentile_99": "upper_percentile"}


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("provider")
    subprocess.run([str(BINARY), "demo", "generate", "--profile", "cloud-provider", "--out", str(folder / "demo"), "--events", "4000"],
                   check=True, capture_output=True)
    return folder / "demo" / "landing"


def check_silver(datasets, truth, semantics):
    for name, wanted in truth.silver.items():
        found = datasets.rows("silver", name, semantics, "source_file, source_line")
        assert len(found) == len(wanted), name
        for row, one in zip(found, wanted):
            row["line"] = row.pop("source_line")
            assert {column: row[column] for column in one} == one, name


def check_quarantine(datasets, truth, semantics):
    for name, wanted in truth.quarantine.items():
        found = datasets.rows("silver", f"{name}_quarantine", semantics, "source_file, source_line")
        assert [(row["source_file"], row["source_line"], row["reasons"]) for row in found] == [
            (row["source_file"], row["line"], row["reasons"]) for row in wanted], name
        for row, one in zip(found, wanted):
            for column, value in one.items():
                if column not in ("line", "reasons", "line_text"):
                    assert is_same_cell(row[column], value), (name, column, row)


def check_anomalies(datasets, truth, semantics):
    names = ["source_file", "source_line"]
    found = datasets.rows("gold", "usage_cost_anomalies", semantics, ", ".join(names))
    wanted = sorted(truth.anomalies, key=lambda row: (row["source_file"], row["line"]))
    assert len(found) == len(wanted)
    for row, one in zip(found, wanted):
        row["line"] = row["source_line"]
        assert {column: row[SCORES.get(column, column)] for column in one} == one


def check_gold(datasets, truth, semantics):
    for name, keys in KEYS.items():
        found = in_order(datasets.rows("gold", name, semantics), keys)
        wanted = truth.gold[name]
        assert len(found) == len(wanted), name
        for row, one in zip(found, wanted):
            assert {column: row[column] for column in one} == one, name


def check_everything(datasets, truth, semantics):
    check_silver(datasets, truth, semantics)
    check_quarantine(datasets, truth, semantics)
    check_anomalies(datasets, truth, semantics)
    check_gold(datasets, truth, semantics)


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_every_oddity_is_what_the_rules_say(tmp_path, landing, semantics):  # noqa: F811
    datasets = Datasets(Project(tmp_path), landing)
    report = datasets.run("--semantics", semantics, expect=3)
    assert report["changed"] and report["semantics"] == semantics
    check_everything(datasets, Truth(landing, semantics=semantics), semantics)


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_generated_data_equal_their_truth(tmp_path, generated, semantics):
    datasets = Datasets(Project(tmp_path), generated)
    datasets.run("--semantics", semantics)
    check_everything(datasets, Truth(generated, semantics=semantics), semantics)


def test_both_semantics_live_side_by_side(tmp_path, landing):  # noqa: F811
    datasets = Datasets(Project(tmp_path), landing)
    datasets.run(expect=3)
    before = datasets.rows("silver", "nps_surveys", order="source_line")
    report = datasets.run("--semantics", "reference", expect=3)
    assert all(one["files"]["new"] == 0 for one in report["datasets"])  # bronze is shared
    assert datasets.rows("silver", "nps_surveys", order="source_line") == before
    assert len(datasets.rows("silver", "nps_surveys", "reference")) != len(before)
