"""Loads the bills of `finops demo generate` and compares what the lake and the receipts say with truth.json, which
test_demo_bills.py proves by another way."""
import collections
import decimal
import json

import pytest
from project import Project

COSTS = "line_item_unblended_cost"


class DemoProject(Project):
    def __init__(self, folder, *options):
        super().__init__(folder)
        self.bills = folder / "bills"
        self.generate("--rows", 400, *options)

    def generate(self, *options):
        self.run("demo", "generate", "--out", self.bills, *options)
        self.truth = json.loads((self.bills / "truth.json").read_text())

    def run(self, *arguments, env=None, **options):
        return super().run(*arguments, env={"CONFIG_PATH": str(self.bills / "config.toml")} | (env or {}), **options)

    def current(self):
        return [delivery for delivery in self.truth["deliveries"] if delivery["current"]]

    def receipts(self):
        return {(r["source"], r["billing_period"]): r for r in self.json("receipt")["receipts"]}


def assert_receipts_say_the_truth(project):
    receipts = project.receipts()
    assert receipts.keys() == {(d["source"], d["period"]) for d in project.current()}
    for delivery in project.current():
        receipt = receipts[delivery["source"], delivery["period"]]
        assert receipt["execution_id"] == delivery["execution_id"] and receipt["balanced"]
        rows = receipt["rows"]
        assert (rows["source"], rows["loaded"], rows["quarantined"]) == (delivery["rows"], delivery["rows"], 0)
        assert [(file["key"], file["rows"]) for file in receipt["files"]] == \
            [(file["key"], file["rows"]) for file in delivery["files"]]
        assert receipt["sums"].keys() == delivery["sums"].keys()
        for currency, columns in delivery["sums"].items():
            said = receipt["sums"][currency]
            assert said.keys() == columns.keys(), (delivery["source"], delivery["period"])
            for name, expected in columns.items():
                assert decimal.Decimal(said[name]["loaded"]) == decimal.Decimal(expected["sum"]), name
                assert decimal.Decimal(said[name]["source"]) == decimal.Decimal(expected["sum"]), name
                assert said[name]["rounded_cells"] == expected["rounded_cells"], name
                assert decimal.Decimal(said[name]["rounding_residual"]) == decimal.Decimal(expected["rounding_residual"])


def grouped(project, expression):
    """{(currency, key): (rows, unblended cost)} from the lake."""
    sql = (f"SELECT line_item_currency_code AS currency, CAST({expression} AS VARCHAR) AS key, count(*) AS n, "
           f"CAST(coalesce(sum({COSTS}), 0) AS VARCHAR) AS cost FROM aws_billing_data GROUP BY 1, 2")
    return {(row["currency"], row["key"]): (int(row["n"]), decimal.Decimal(row["cost"])) for row in project.query(sql)}


def assert_the_lake_says_the_truth(project):
    expressions = {"by_service": "line_item_product_code", "by_account": "line_item_usage_account_id",
                   "by_line_item_type": "line_item_line_item_type",
                   "by_day": "CAST(line_item_usage_start_date AS DATE)"}
    for section, expression in expressions.items():
        expected = {(currency, key): (totals["rows"], decimal.Decimal(totals["unblended_cost"]))
                    for currency, entries in project.truth["totals"][section].items() for key, totals in entries.items()}
        assert grouped(project, expression) == expected, section
    by_period = project.truth["totals"]["by_period"]
    expected = {(currency, period): (totals["rows"], decimal.Decimal(totals["unblended_cost"]))
                for period, currencies in by_period.items() for currency, totals in currencies.items()}
    assert grouped(project, "billing_period") == expected


@pytest.mark.parametrize("options", [(), ("--cur-version", "v1", "--seed", 2), ("--cur-version", "v2", "--seed", 3),
                                     ("--delivery", "overwrite", "--files", 3, "--seed", 4)], ids=str)
def test_bills_of_known_truth_are_loaded_exactly(tmp_path, options):
    project = DemoProject(tmp_path, *options)
    project.run("aws", "run-pipeline")
    assert_receipts_say_the_truth(project)
    assert_the_lake_says_the_truth(project)
    project.run("receipt", "verify")
    project.generate("--restate")
    project.run("aws", "run-pipeline")
    assert_receipts_say_the_truth(project)
    assert_the_lake_says_the_truth(project)
    assert project.json("aws", "run-pipeline")["changed"] is False


def test_tags_that_differ_in_case_only_stay_apart_in_every_month(tmp_path):
    """Against the text of the bills: tag by tag, the values of `user:Name` and of `user:name`."""
    from test_demo_bills import Bills
    project = DemoProject(tmp_path, "--cur-version", "v1")
    project.run("aws", "run-pipeline")
    expected = collections.Counter()
    for delivery in Bills(project.bills).deliveries:
        for row in delivery.rows:
            expected["upper"] += row["resourceTags/user:Name"].startswith("node-")
            expected["lower"] += row["resourceTags/user:name"].startswith("lower-")
    columns = [row["column_name"] for row in project.query("DESCRIBE aws_billing_data")
               if row["column_name"].startswith("resource_tags_user_name")]
    assert len(columns) == 2
    counts = [project.query(f"""SELECT count(*) FILTER ("{name}" LIKE 'node-%') AS upper,
        count(*) FILTER ("{name}" LIKE 'lower-%') AS lower, count("{name}") AS n FROM aws_billing_data""")[0]
              for name in columns]
    found = sorted((int(one["upper"]), int(one["lower"]), int(one["n"])) for one in counts)
    assert found == sorted([(expected["upper"], 0, expected["upper"]), (0, expected["lower"], expected["lower"])])
