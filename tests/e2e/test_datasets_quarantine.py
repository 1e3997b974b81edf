"""`finops quarantine --project`: what is in quarantine of a project's datasets, replayed and waived; and exit code 3, which is of
rows that came into quarantine in this run and that nobody has accepted."""
import json

import pytest
from datasets import rows_of
from project import Project

FILES = {
    "project.toml": 'name = "shop"\n',
    "datasets/customers.toml": '[landing]\npath = "customers.csv"\nformat = "csv"\n[columns]\nid = "text"\n',
    "rules/customers.toml": "[columns.id]\nrequired = true\n",
    "datasets/orders.toml": 'key = ["id"]\n[landing]\npath = "orders/*.jsonl"\nformat = "json_lines"\n'
                            '[columns]\nid = "text"\nstatus = "text"\namount = "decimal"\ncurrency = "text"\n'
                            '[[money]]\ncolumn = "amount"\ncurrency_column = "currency"\n',
    "rules/orders.toml": '[columns.status]\none_of = ["open", "paid"]\n',
    "models/totals.sql": "SELECT currency, CAST(sum(amount) AS DECIMAL(38,18)) AS amount FROM silver.orders GROUP BY currency\n",
    "landing/customers.csv": "id\nc1\n",
}
GOOD, OTHER = ("o1", "paid", "10.5", "EUR"), ("o9", "open", "1", "USD")
SETTLED, TWICE, NAMELESS = ("o2", "settled", "0.1", "EUR"), ("o1", "paid", "10.5", "EUR"), (None, "gone", "7", None)


class Shop:
    """The project in a lake of its own. Its quarantine after the first run: in a.jsonl SETTLED, and GOOD once more."""

    def __init__(self, folder):
        self.project, self.folder = Project(folder), folder / "shop"
        self.project.write_config()
        self.write(FILES)
        self.land("a", GOOD, SETTLED, TWICE)
        self.land("b", OTHER)

    def write(self, files):
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def land(self, name, *rows, more=""):
        lines = [json.dumps(dict(zip(("id", "status", "amount", "currency"), row))) + "\n" for row in rows]
        self.write({f"landing/orders/{name}.jsonl": "".join(lines) + more})

    def run(self, *more, expect=0):
        return self.project.json("dataset", "run", "--project", self.folder, *more, expect=expect)

    def moves(self, *more, expect=0):
        [one] = [one for one in self.run(*more, expect=expect)["datasets"] if one["dataset"] == "orders"]
        return one["quarantine"]["new"], one["quarantine"]["left"]

    def quarantine(self, command, *more, **options):
        return self.project.json("quarantine", command, "--project", self.folder, *more, **options)

    def text(self, command, *more, **options):
        return self.project.run("quarantine", command, "--project", self.folder, *more, **options)

    def waive(self, *more, **options):
        return self.quarantine("waive", "--dataset", "orders", *more, **options)

    def rows(self, sql):
        return rows_of(self.project.database, sql)

    def tables(self):
        return {name: self.rows(f"SELECT COLUMNS(c -> c <> 'ingestion_time') FROM shop_{name} ORDER BY ALL")
                for name in ("silver.orders", "silver.orders_quarantine", "gold.totals")}


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    assert shop.moves(expect=3) == (2, 0)
    return shop


def test_exit_code_3_is_of_rows_that_came_in_this_run(shop):
    shop.run(expect=0)
    shop.run("--rebuild", expect=0)
    shop.land("b", OTHER, ("o8", "open", "2", "USD"))  # in one pack with the bad rows of the other file
    report = shop.run(expect=0)
    assert [one["rows"]["refined"] for one in report["datasets"] if one["dataset"] == "orders"] == [5]
    shop.land("a", ("o7", "paid", "3", "EUR"), GOOD, SETTLED, TWICE)  # the same bad rows, a line later
    assert shop.moves(expect=0) == (0, 0)
    shop.land("c", SETTLED)  # in a new file
    assert shop.moves(expect=3) == (1, 0)
    shop.land("c", ("o2", "settled", "0.2", "EUR"))  # another row in the same line
    assert shop.moves(expect=3) == (1, 1)
    shop.land("c", ("o2", "settled", "0.2", "EUR"), ("o2", "settled", "0.2", "EUR"))  # the same once more
    assert shop.moves(expect=3) == (1, 0)
    shop.land("c", more="no json\n")
    assert shop.moves(expect=3) == (1, 2)
    (shop.folder / "landing" / "orders" / "c.jsonl").unlink()
    assert shop.moves(expect=0) == (0, 1)
    told = shop.project.run("dataset", "run", "--project", shop.folder)
    assert "New in quarantine" not in told.out


def test_rules_that_quarantine_more_and_less(shop):
    shop.write({"rules/orders.toml": '[columns.status]\none_of = ["paid"]\n'})
    assert shop.moves(expect=3) == (1, 0)
    shop.write({"rules/orders.toml": '[columns.status]\none_of = ["open", "paid"]\n[columns.amount]\nrange = [0, 9]\n'
                                     'out_of_range = "quarantine"\n'})
    assert shop.moves(expect=3) == (1, 1)  # OTHER leaves, GOOD comes; TWICE stays for another reason
    assert [row["reasons"] for row in shop.rows("FROM shop_silver.orders_quarantine ORDER BY source_line")] == [
        ["amount_out_of_range"], ["status_unknown"], ["amount_out_of_range"]]


def test_a_dataset_with_a_new_column_is_compared_as_before(shop):
    shop.write({"datasets/orders.toml": FILES["datasets/orders.toml"].replace('id = "text"\n', 'id = "text"\nvoucher = "text"\n')})
    assert shop.moves(expect=0) == (0, 0)
    assert shop.rows("SELECT count(voucher) AS n FROM shop_silver.orders") == [{"n": 0}]


def test_ls_counts_by_dataset_file_currency_and_reason(shop):
    shop.land("b", OTHER, NAMELESS, more="no json\n")
    shop.write({"landing/customers.csv": "id\nc1\n \n"})
    shop.run(expect=3)
    document = shop.quarantine("ls")
    assert (document["project"], document["semantics"], document["waivers"]) == ("shop", "standard", [])
    customers, orders = document["datasets"]
    assert customers == {"dataset": "customers", "file": None, "rows": 1, "waived": 0, "reasons": {"id_missing": 1}, "money": []}
    assert (orders["dataset"], orders["rows"], orders["reasons"]) == (
        "orders", 4, {"duplicate_key": 1, "id_missing": 1, "line_unreadable": 1, "status_unknown": 2})
    assert orders["money"] == [{"column": "amount", "currencies": {
        "": {"rows": 2, "amount": "7", "reasons": {"id_missing": {"rows": 1, "amount": "7"}, "line_unreadable": {"rows": 1, "amount": "0"},
                                                   "status_unknown": {"rows": 1, "amount": "7"}}},
        "EUR": {"rows": 2, "amount": "10.6", "reasons": {"duplicate_key": {"rows": 1, "amount": "10.5"},
                                                         "status_unknown": {"rows": 1, "amount": "0.1"}}}}}]
    by_file = shop.quarantine("ls", "--by-file", "--dataset", "orders")["datasets"]
    assert [(one["file"], one["rows"], one["reasons"]) for one in by_file] == [
        ("orders/a.jsonl", 2, {"duplicate_key": 1, "status_unknown": 1}),
        ("orders/b.jsonl", 2, {"id_missing": 1, "line_unreadable": 1, "status_unknown": 1})]
    assert shop.text("ls", "--dataset", "orders").out == """\
orders  4 rows
  without a currency: 2 rows  amount (no currency) 7
    1 × id_missing  amount (no currency) 7
    1 × line_unreadable
    1 × status_unknown  amount (no currency) 7
  EUR: 2 rows  amount EUR 10.6
    1 × duplicate_key  amount EUR 10.5
    1 × status_unknown  amount EUR 0.1
"""
    assert shop.text("ls", "--dataset", "customers").out == "customers  1 row\n    1 × id_missing\n"
    proofs = next(one for one in shop.run()["datasets"] if one["dataset"] == "orders")["money"]
    assert {one["currency"]: one["quarantined"] for one in proofs} == {"": "7", "EUR": "10.6", "USD": "0"}


def test_show_gives_rows_as_delivered(shop):
    shop.land("b", OTHER, NAMELESS, more='{"id": "\\u00e9", ')
    (shop.folder / "landing" / "orders" / "c.jsonl").write_bytes(b'\xff{"id"\n')
    shop.run(expect=3)
    rows = shop.quarantine("show")
    assert not rows["has_more"]
    assert [(row["dataset"], row["file"], row["line"], row["reasons"]) for row in rows["rows"]] == [
        ("orders", "orders/a.jsonl", 2, ["status_unknown"]), ("orders", "orders/a.jsonl", 3, ["duplicate_key"]),
        ("orders", "orders/b.jsonl", 2, ["id_missing", "status_unknown"]), ("orders", "orders/b.jsonl", 3, ["line_unreadable"]),
        ("orders", "orders/c.jsonl", 1, ["line_unreadable"])]
    assert [row["cells"] for row in rows["rows"][:3]] == [
        {"id": "o2", "status": "settled", "amount": "0.1", "currency": "EUR"},
        {"id": "o1", "status": "paid", "amount": "10.5", "currency": "EUR"}, {"status": "gone", "amount": "7"}]
    assert rows["rows"][3]["raw"] == '{"id": "\\u00e9", ' and rows["rows"][4]["raw_base64"] == "/3siaWQi"
    assert "raw" not in rows["rows"][0] and not any(row["waived"] for row in rows["rows"])

    def places(*more):
        found = shop.quarantine("show", *more)
        return [(row["file"][7:8], row["line"]) for row in found["rows"]], found["has_more"]

    assert places("--code", "status_unknown") == places("--reason", "status_unknown") == ([("a", 2), ("b", 2)], False)
    assert places("--limit", "2") == ([("a", 2), ("a", 3)], True)
    assert places("--limit", "0", "--file", "orders/b.jsonl") == ([("b", 2), ("b", 3)], False)
    assert places("--dataset", "customers") == ([], False)
    assert shop.text("show", "--limit", "1").out == """\
orders  orders/a.jsonl:2
  reason: status_unknown
  id = o2
  status = settled
  amount = 0.1
  currency = EUR
"""


def test_replay_moves_what_fits_the_rules_of_now(shop):
    def lake():
        return {path: path.stat().st_mtime_ns for path in (shop.project.folder / "data" / "lake").rglob("*") if path.is_file()}

    assert shop.quarantine("replay")["changed"] is False
    shop.write({"rules/orders.toml": '[columns.status]\naliases = { settled = "paid" }\none_of = ["paid"]\n',
                "datasets/orders.toml": FILES["datasets/orders.toml"].replace('id = "text"\n', 'id = "text"\nvoucher = "text"\n')})
    shop.land("c", SETTLED)  # has not landed for replay, which looks at nothing but the lake
    before, tables, views = lake(), shop.tables(), shop.project.database.read_bytes()
    wanted = {"dataset": "orders", "rows": {"before": 2, "loaded": 1, "quarantined": 2, "new": 1},
              "money": [{"column": "amount", "currency": "EUR", "loaded": "0.1", "quarantined": "10.5"},
                        {"column": "amount", "currency": "USD", "loaded": "0", "quarantined": "1"}]}
    tried = shop.quarantine("replay", "--dry-run")
    assert (tried["dry_run"], tried["changed"], tried["datasets"][1]) == (True, False, wanted)
    assert "orders  1 of 2 rows would move into silver  amount EUR 0.1; 1 row would go to quarantine" in shop.text("replay", "--dry-run").out
    assert (lake(), shop.tables(), shop.project.database.read_bytes()) == (before, tables, views)

    done = shop.quarantine("replay", expect=3)  # OTHER went to quarantine
    assert (done["dry_run"], done["changed"], done["datasets"][1]) == (False, True, wanted)
    assert [row["id"] for row in shop.rows("FROM shop_silver.orders ORDER BY id")] == ["o1", "o2"]
    assert [(row["currency"], str(row["amount"].normalize())) for row in shop.rows("FROM shop_gold.totals")] == [("EUR", "10.6")]
    shop.project.run("lake", "check")
    assert shop.moves(expect=3) == (1, 0)  # now c.jsonl lands, with a duplicate


RENAMED = {"rules/orders.toml": '[columns.status]\naliases = { settled = "paid" }\none_of = ["open", "paid"]\n'}


def test_a_replay_of_one_dataset_judges_no_other(shop):
    shop.write({"landing/customers.csv": "id\nc1\n-\n", "rules/customers.toml": '[columns.id]\nrequired = true\nnull_texts = ["-"]\n',
                "models/customers_count.sql": "SELECT count(*) AS n FROM silver.customers\n"})
    shop.run(expect=3)
    shop.write({"rules/customers.toml": "[columns.id]\nrequired = true\n",
                "models/customers_count.sql": "SELECT count(*) + 100 AS n FROM silver.customers\n", **RENAMED})
    wanted = {"dataset": "orders", "rows": {"before": 2, "loaded": 1, "quarantined": 1, "new": 0},
              "money": [{"column": "amount", "currency": "EUR", "loaded": "0.1", "quarantined": "10.5"},
                        {"column": "amount", "currency": "USD", "loaded": "0", "quarantined": "0"}]}
    before = shop.tables()
    assert shop.quarantine("replay", "--dataset", "orders", "--dry-run")["datasets"] == [wanted] and shop.tables() == before
    assert shop.text("replay", "--dataset", "orders", "--dry-run").out == "orders  1 of 2 rows would move into silver  amount EUR 0.1\n"
    assert shop.quarantine("replay", "--dataset", "orders")["datasets"] == [wanted]
    assert shop.rows("SELECT count(*) AS n FROM shop_silver.customers_quarantine") == [{"n": 1}]
    assert shop.rows("FROM shop_gold.customers_count") == [{"n": 1}]  # reads nothing that was replayed
    assert [(row["currency"], str(row["amount"].normalize())) for row in shop.rows("FROM shop_gold.totals ORDER BY 1")] == [
        ("EUR", "10.6"), ("USD", "1")]
    assert shop.quarantine("replay", "--dataset", "orders")["changed"] is False

    whole = shop.quarantine("replay")["datasets"]  # the others were not forgotten
    assert [(one["dataset"], one["rows"]["loaded"]) for one in whole] == [("customers", 1), ("orders", 0)]
    assert shop.rows("FROM shop_gold.customers_count") == [{"n": 102}]
    assert shop.quarantine("replay")["changed"] is False
    shop.project.run("lake", "check")


def test_a_replay_of_one_dataset_takes_those_along_that_join_it(shop):
    join = '[[join]]\ndataset = "customers"\non = { currency = "id" }\ncolumns = { customer = "id" }\n'
    shop.write({"landing/customers.csv": "id\neur\nUSD\n", "rules/customers.toml": '[columns.id]\none_of = ["USD"]\n',
                "rules/orders.toml": FILES["rules/orders.toml"] + join})
    shop.run(expect=3)
    assert [row["customer"] for row in shop.rows("FROM shop_silver.orders ORDER BY id")] == [None, "USD"]
    shop.write({"rules/customers.toml": '[columns.id]\ncase = "upper"\n'})
    done = shop.quarantine("replay", "--dataset", "customers")
    assert [(one["dataset"], one["rows"]["loaded"]) for one in done["datasets"]] == [("customers", 1), ("orders", 0)]
    assert [row["customer"] for row in shop.rows("FROM shop_silver.orders ORDER BY id")] == ["EUR", "USD"]
    assert shop.quarantine("replay")["changed"] is False

    # What it joins stays as it was made, whatever its files say now; what is new there needs a run.
    shop.write({"rules/customers.toml": '[columns.id]\none_of = ["EUR"]\n', "rules/orders.toml": RENAMED["rules/orders.toml"] + join})
    assert [one["dataset"] for one in shop.quarantine("replay", "--dataset", "orders")["datasets"]] == ["orders"]
    assert [row["customer"] for row in shop.rows("FROM shop_silver.orders ORDER BY id")] == ["EUR", "EUR", "USD"]
    shop.write({"datasets/customers.toml": FILES["datasets/customers.toml"] + 'name = "text"\n',
                "rules/orders.toml": RENAMED["rules/orders.toml"] + join.replace('"id" }\n', '"id", name = "name" }\n').replace(
                    'on = { currency = "id", name = "name" }', 'on = { currency = "id" }')})
    told = shop.text("replay", "--dataset", "orders", expect=2).err
    assert "make silver.orders" in told and "other tables are as the last run left them; replay all, without --dataset" in told
    assert shop.quarantine("replay", expect=3)["changed"] is True


def test_a_dry_replay_fails_as_a_replay_does(shop):
    shop.write({"models/totals.toml": 'description = "t"\n[[test]]\nno_rows = "FROM gold.totals"\n'})
    for more in (["--dry-run"], []):
        assert "tests of the model totals fail" in shop.text("replay", *more, expect=1).err


def test_a_waived_reason_is_no_reason_for_exit_code_3(shop):
    before = shop.tables()
    done = shop.waive("--code", "duplicate_key", "--reason", "the shop sends twice")
    waiver = done["waiver"]
    assert done == {"dry_run": False, "changed": True, "withdrawn": False, "waiver": waiver}
    assert waiver == {"dataset": "orders", "code": "duplicate_key", "file": None, "since": waiver["since"], "reason": "the shop sends twice",
                      "rows": 1, "money": {"amount": {"EUR": "10.5"}}}
    assert shop.tables() == before
    assert shop.rows("SELECT dataset, code, file, reason, rows, money FROM shop_silver.waivers") == [
        {"dataset": "orders", "code": "duplicate_key", "file": "", "reason": "the shop sends twice", "rows": 1,
         "money": '{"amount":{"EUR":"10.5"}}'}]
    listed = shop.quarantine("ls")
    assert listed["waivers"] == [waiver] and (listed["datasets"][0]["rows"], listed["datasets"][0]["waived"]) == (2, 1)
    assert [row["waived"] for row in shop.quarantine("show")["rows"]] == [False, True]
    text = shop.text("ls").out
    assert text.startswith("orders  2 rows, 1 waived\n") and "\nWaived:\n  orders  duplicate_key: the shop sends twice  (since 20" in text
    status = shop.project.json("dataset", "status", "--project", shop.folder)
    assert status["waivers"] == [waiver]
    assert "orders  duplicate_key: the shop sends twice" in shop.project.run("dataset", "status", "--project", shop.folder).out

    shop.land("c", GOOD)
    assert shop.moves(expect=0) == (1, 0)
    shop.land("d", GOOD)
    told = shop.project.run("dataset", "run", "--project", shop.folder)
    assert "\nNew in quarantine: orders 1 (all waived)\n" in told.out
    shop.land("d", GOOD, ("o1", "settled", "1", "EUR"))  # a duplicate, and of an unknown status: one reason is not waived
    assert shop.moves(expect=3) == (1, 0)
    shop.waive("--file", "orders/e.jsonl", "--reason", "x", expect=1)  # nothing of that file is there
    shop.waive("--file", "orders/d.jsonl", "--reason", "a test file")  # whatever the reason
    shop.land("d", GOOD, ("o1", "settled", "2", "EUR"))
    assert shop.moves(expect=0) == (1, 1)
    shop.land("e", ("o1", "settled", "2", "EUR"))
    assert shop.moves(expect=3) == (1, 0)


def test_a_waiver_again_and_withdrawn(shop):
    def lake():
        return len(list((shop.project.folder / "data" / "lake").rglob("*")))

    assert shop.waive("--reason", "all of it", "--dry-run")["changed"] is False
    assert shop.quarantine("ls")["waivers"] == []
    first = shop.waive("--reason", "all of it")["waiver"]
    assert first["rows"] == 2 and first["code"] is None
    files = lake()
    again = shop.waive("--reason", "all of it")
    assert (again["changed"], again["waiver"], lake()) == (False, first, files)
    assert "is there already" in shop.text("waive", "--dataset", "orders", "--reason", "all of it").out
    assert shop.waive("--reason", "another word")["changed"] is True
    [waiver] = shop.quarantine("ls")["waivers"]
    assert waiver["reason"] == "another word"
    assert shop.waive("--code", "duplicate_key", "--withdraw")["changed"] is False  # that is not it
    assert shop.waive("--withdraw", "--dry-run")["changed"] is False
    assert shop.quarantine("ls")["waivers"] == [waiver]
    gone = shop.waive("--withdraw")
    assert (gone["changed"], gone["withdrawn"], gone["waiver"]) == (True, True, waiver)
    assert shop.quarantine("ls")["waivers"] == []
    assert shop.waive("--withdraw")["changed"] is False
    shop.land("c", GOOD)
    assert shop.moves(expect=3) == (1, 0)
    shop.project.run("lake", "check")


@pytest.mark.parametrize("moment", ["kill-before", "kill-after"])
def test_a_waiver_that_is_killed_is_there_or_not(shop, moment):
    command = ["quarantine", "waive", "--project", shop.folder, "--dataset", "orders", "--reason"]
    count = shop.project.folder / "count"
    shop.project.run(*command, "the first")  # makes the table
    shop.project.run(*command, "the second", env={"FINOPS_FAULT_COUNT": str(count)})
    before = shop.tables()
    for number in range(1, int(count.read_text()) + 1):
        [known] = shop.quarantine("ls")["waivers"]
        assert shop.project.run(*command, f"reason {number}", expect=None, env={"FINOPS_FAULT": f"{moment}:{number}"}).code == -9
        [found] = shop.quarantine("ls")["waivers"]
        assert found == known or found["reason"] == f"reason {number}"
        shop.project.run(*command, f"reason {number}")
        assert [one["reason"] for one in shop.quarantine("ls")["waivers"]] == [f"reason {number}"]
    assert shop.tables() == before
    shop.project.run("lake", "check")


def test_waivers_are_of_one_semantics_and_survive_runs(shop):
    shop.write({"project.toml": 'name = "shop"\nsemantics = ["standard", "other"]\n'})
    shop.run("--semantics", "other", expect=3)
    shop.waive("--code", "duplicate_key", "--reason", "known", "--semantics", "other")
    shop.land("c", GOOD)
    assert shop.moves("--semantics", "other", expect=0) == (1, 0)
    assert shop.moves(expect=3) == (1, 0)
    assert len(shop.quarantine("ls", "--semantics", "other")["waivers"]) == 1 and shop.quarantine("ls")["waivers"] == []


@pytest.mark.parametrize("arguments, told", [
    (["ls", "--period", "2026-05"], "--period is about bills and --project about datasets; give one of the two"),
    (["waive", "--source", "a", "--reason", "x"], "--source is about bills and --project about datasets; give one of the two"),
    (["waive", "--reason", "x"], "one --dataset is required: whose rows are accepted"),
    (["waive", "--dataset", "orders"], "--reason is required: why these rows are accepted"),
    (["waive", "--dataset", "orders", "--reason", "x", "--withdraw"], "--withdraw takes no --reason"),
    (["ls", "--dataset", "order"], "the project 'shop' has no dataset 'order'; did you mean 'orders'?"),
    (["replay", "--dataset", "order"], "the project 'shop' has no dataset 'order'; did you mean 'orders'?"),
    (["ls", "--semantics", "nix"], "it has no semantics 'nix'"),
])
def test_options_that_do_not_fit(shop, arguments, told):
    assert told in shop.text(*arguments, expect=2).err


def test_options_of_datasets_need_a_project(shop):
    for arguments in (["ls", "--by-file"], ["show", "--code", "x"], ["replay", "--semantics", "x"], ["waive", "--withdraw"],
                      ["ls", "--dataset", "orders"], ["replay", "--dataset", "orders"]):
        done = shop.project.run("quarantine", *arguments, expect=2)
        assert "is about datasets; name their project with --project DIR" in done.err


def test_before_the_first_run_there_is_nothing_to_look_at(tmp_path):
    shop = Shop(tmp_path)
    for arguments in (["ls"], ["show"], ["waive", "--dataset", "orders", "--reason", "x"]):
        assert "make them with `finops dataset run --project" in shop.text(*arguments, expect=2).err
    assert "has landed for the dataset" in shop.text("replay", expect=1).err


def test_a_project_without_quarantine(tmp_path):
    shop = Shop(tmp_path)
    shop.land("a", GOOD)
    shop.run(expect=0)
    assert shop.text("ls").out == "The quarantine is empty.\n"
    assert shop.quarantine("show") == {"rows": [], "has_more": False}
    assert shop.text("replay").out.startswith("The quarantine is empty.\n")
    assert "there is no quarantined row of orders with the reason 'x'" in shop.text(
        "waive", "--dataset", "orders", "--code", "x", "--reason", "y", expect=1).err
