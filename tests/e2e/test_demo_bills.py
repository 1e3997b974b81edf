"""The bills of `finops demo generate` against their truth.json, read with Python's csv and decimal only: the truth that
other tests lean on must itself hold. Nothing here uses finops' loader."""
import collections
import csv
import datetime
import decimal
import gzip
import io
import json
import re
import subprocess

import pytest
from project import BINARY

ATTO = decimal.Decimal(1).scaleb(-18)
EXACT = decimal.Context(prec=100)


def lake_name(name):
    """AWS's rule for v1 names; v2's are what they are."""
    if "/" not in name:
        return name
    text = re.sub(r"([A-Z])", r"_\1", name).lower()
    return re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", text)).strip("_")


def generate(out, *options, expect=0):
    done = subprocess.run([str(BINARY), "demo", "generate", "--out", str(out), *map(str, options)], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == expect, done.stderr
    return done


class Delivery:
    """One delivery as its files say it, and what truth.json says of it. `rows` are by delivered names, `cells` the same
    rows by the names of the lake (where tags that differ in case only are one: no test here needs them)."""

    def __init__(self, out, source, truth):
        self.source, self.truth, self.folder = source, truth, out / source["folder"]
        self.headers, self.rows, self.cells = [], [], []
        for file in truth["files"]:
            text = gzip.decompress((self.folder / file["key"]).read_bytes()).decode("utf-8")
            records = csv.reader(io.StringIO(text, newline=""), strict=True)
            header = next(records)
            rows, names = list(records), [lake_name(name) for name in header]
            assert len(rows) == file["rows"], file["key"]
            assert all(len(row) == len(header) for row in rows)
            self.headers.append(header)
            self.rows += [dict(zip(header, row)) for row in rows]
            self.cells += [dict(zip(names, row)) for row in rows]
        self.v2 = source["cur_version"] == "v2"

    def manifest(self):
        return json.loads((self.folder / self.truth["manifest"]).read_text())


class Bills:
    def __init__(self, out):
        self.out, self.truth = out, json.loads((out / "truth.json").read_text())
        sources = {source["name"]: source for source in self.truth["sources"]}
        self.deliveries = [Delivery(out, sources[truth["source"]], truth) for truth in self.truth["deliveries"]
                           if truth["current"]]


@pytest.fixture(scope="module")
def bills(tmp_path_factory):
    """Three months, the second of them restated."""
    out = tmp_path_factory.mktemp("demo") / "bills"
    generate(out, "--rows", 600)
    generate(out, "--restate")
    return Bills(out)


def number(text):
    return decimal.Decimal(text) if text else decimal.Decimal(0)


def add_up(delivery):
    """{currency: {column: [sum of rounded values, cells, rounded cells, residual]}}"""
    names = {name for columns in delivery.truth["sums"].values() for name in columns}
    found = collections.defaultdict(lambda: collections.defaultdict(lambda: [decimal.Decimal(0), 0, 0, decimal.Decimal(0)]))
    with decimal.localcontext(EXACT):
        for cells in delivery.cells:
            for name in names:
                if not cells.get(name):
                    continue
                exact = decimal.Decimal(cells[name])
                rounded = exact.quantize(ATTO, decimal.ROUND_HALF_EVEN)
                total = found[cells["line_item_currency_code"]][name]
                total[0] += rounded
                total[1] += 1
                total[2] += rounded != exact
                total[3] += exact - rounded
    return found


def test_every_decimal_column_adds_up_to_the_truth(bills):
    for delivery in bills.deliveries:
        found = add_up(delivery)
        assert len(delivery.rows) == delivery.truth["rows"]
        assert found.keys() == delivery.truth["sums"].keys()
        for currency, columns in delivery.truth["sums"].items():
            assert columns.keys() == found[currency].keys()
            for name, said in columns.items():
                total, cells, rounded_cells, residual = found[currency][name]
                assert decimal.Decimal(said["sum"]) == total, (name, currency)
                assert (said["cells"], said["rounded_cells"]) == (cells, rounded_cells), name
                assert decimal.Decimal(said["rounding_residual"]) == residual, name


def test_all_numbers_are_in_the_truth(bills):
    """A number column that truth.json forgot would be checked by nobody."""
    texts = re.compile(r"(_id|_rate_id|_i_d|_reservations|_units|_reservation|_code|_sku|_account_id|_number)$")
    for delivery in bills.deliveries:
        known = {name for columns in delivery.truth["sums"].values() for name in columns}
        for cells in delivery.cells:
            for name, text in cells.items():
                if not text or name in known or texts.search(name) or name.startswith(("resource_tags", "product_")):
                    continue
                assert not re.fullmatch(r"-?[0-9.]+(E[+-]?[0-9]+)?", text), (name, text)


AMORTIZED = {
    "SavingsPlanCoveredUsage": (["savings_plan_savings_plan_effective_cost"], []),
    "SavingsPlanRecurringFee": (["savings_plan_total_commitment_to_date"], ["savings_plan_used_commitment"]),
    "SavingsPlanNegation": ([], []),
    "SavingsPlanUpfrontFee": ([], []),
    "DiscountedUsage": (["reservation_effective_cost"], []),
    "RIFee": (["reservation_unused_amortized_upfront_fee_for_billing_period", "reservation_unused_recurring_fee"], []),
}
NET = {"line_item_unblended_cost": "line_item_net_unblended_cost",
       "savings_plan_savings_plan_effective_cost": "savings_plan_net_savings_plan_effective_cost",
       "savings_plan_amortized_upfront_commitment_for_billing_period":
           "savings_plan_net_amortized_upfront_commitment_for_billing_period",
       "reservation_effective_cost": "reservation_net_effective_cost",
       "reservation_unused_amortized_upfront_fee_for_billing_period":
           "reservation_net_unused_amortized_upfront_fee_for_billing_period",
       "reservation_unused_recurring_fee": "reservation_net_unused_recurring_fee",
       "reservation_amortized_upfront_fee_for_billing_period":
           "reservation_net_amortized_upfront_fee_for_billing_period"}


def costs(cells):
    """(unblended, amortized, true-up, upfront fees) of a row, by the CUR query library's formulas."""
    kind, unblended = cells["line_item_line_item_type"], number(cells["line_item_unblended_cost"])
    plus, minus = AMORTIZED.get(kind, (["line_item_unblended_cost"], []))
    if is_refund_of_upfront(cells):
        plus, minus = [], []
    is_upfront = kind == "SavingsPlanUpfrontFee" or (kind == "Fee" and cells["reservation_reservation_a_r_n"] != "")
    amortized = sum(number(cells[name]) for name in plus) - sum(number(cells[name]) for name in minus)
    true_up = {"SavingsPlanRecurringFee": "savings_plan_amortized_upfront_commitment_for_billing_period",
               "RIFee": "reservation_amortized_upfront_fee_for_billing_period"}.get(kind)
    return (unblended, decimal.Decimal(0) if is_upfront else amortized, -number(cells[true_up]) if true_up else
            decimal.Decimal(0), unblended if is_upfront else decimal.Decimal(0))


def is_refund_of_upfront(cells):
    """In no month's amortized cost: what was paid at once is spread over the term."""
    return (cells["line_item_line_item_type"] == "Refund" and
            cells["line_item_line_item_description"].startswith("Refund for one-time fee for Savings Plan ID"))


def test_totals_by_service_account_type_and_day_are_those_of_the_rows(bills):
    keys = {"by_service": lambda c: c["line_item_product_code"], "by_account": lambda c: c["line_item_usage_account_id"],
            "by_line_item_type": lambda c: c["line_item_line_item_type"],
            "by_day": lambda c: c["line_item_usage_start_date"][:10], "totals": lambda c: None}
    names = ["unblended_cost", "amortized_cost", "commitment_true_up", "upfront_fees"]
    overall = collections.defaultdict(lambda: [0, *[decimal.Decimal(0)] * 4])
    with decimal.localcontext(EXACT):
        for delivery in bills.deliveries:
            found = collections.defaultdict(lambda: [0, *[decimal.Decimal(0)] * 4])
            for cells in delivery.cells:
                values = (1, *costs(cells))
                for section, key in keys.items():
                    place = (section, cells["line_item_currency_code"], key(cells))
                    for totals in (found, overall):
                        totals[place] = [a + b for a, b in zip(totals[place], values)]
            assert flat(delivery.truth, keys, names) == found
        everything = dict(bills.truth["totals"], totals=bills.truth["totals"]["by_currency"])
        assert flat(everything, keys, names) == overall


def flat(truth, sections, names):
    """The truth's sections in the form in which this file adds up."""
    found = {}
    for section in sections:
        for currency, entries in truth[section].items():
            for key, totals in ({None: entries} if section == "totals" else entries).items():
                found[section, currency, key] = [totals["rows"], *(decimal.Decimal(totals[name]) for name in names)]
    return found


@pytest.mark.parametrize("kind", ["gross", "net"])
def test_amortized_true_up_and_upfront_fees_make_the_unblended_cost(bills, kind):
    checked = 0
    with decimal.localcontext(EXACT):
        for delivery in bills.deliveries:
            if kind == "net" and not delivery.source["has_net_columns"]:
                continue
            totals = collections.defaultdict(lambda: [decimal.Decimal(0)] * 4)
            residuals = collections.defaultdict(decimal.Decimal)
            for cells in delivery.cells:
                if kind == "net":
                    recurring = number(cells["savings_plan_net_recurring_commitment_for_billing_period"])
                    cells = cells | {gross: cells[net] for gross, net in NET.items()}
                    if cells["line_item_line_item_type"] == "SavingsPlanRecurringFee":
                        # There is no net commitment: it is its two parts; what was used is net of the same discount.
                        upfront = number(cells["savings_plan_amortized_upfront_commitment_for_billing_period"])
                        used = number(cells["savings_plan_used_commitment"]) * 9 / 10
                        cells["savings_plan_total_commitment_to_date"] = str(upfront + recurring)
                        cells["savings_plan_used_commitment"] = str(used)
                place = cells["line_item_currency_code"]
                totals[place] = [a + b for a, b in zip(totals[place], costs(cells))]
                if is_refund_of_upfront(cells):
                    residuals[place] += number(cells["line_item_unblended_cost"])
            for place, (unblended, amortized, true_up, upfront) in totals.items():
                assert amortized + true_up + upfront + residuals[place] == unblended
                checked += 1
            if kind == "gross":
                stated = {one["currency"]: decimal.Decimal(one["residual"]) for one in delivery.truth["identity"]}
                assert stated == {place: residuals[place] for place in totals}
    assert checked >= 3


def test_net_cost_is_gross_cost_with_the_discounts(bills):
    discounted = 0
    for delivery in bills.deliveries:
        for cells in delivery.cells:
            discount = cells.get("discount_total_discount", "")
            if delivery.source["has_net_columns"] and cells["line_item_unblended_cost"]:
                expected = EXACT.add(number(cells["line_item_unblended_cost"]), number(discount))
                assert number(cells["line_item_net_unblended_cost"]) == expected
            if discount:
                discounted += 1
                entries = json.loads(cells["discount"], parse_float=decimal.Decimal) if delivery.v2 else {}
                contract = number(str(entries.get("edp_discount", "") if delivery.v2 else cells["discount_edp_discount"]))
                assert EXACT.add(contract, number(cells["discount_bundled_discount"])) == number(discount)
    assert discounted > 500


def test_negations_undo_exactly_what_plans_covered(bills):
    for delivery in bills.deliveries:
        sums = collections.Counter()
        for cells in delivery.cells:
            sums[cells["line_item_line_item_type"]] += number(cells["line_item_unblended_cost"])
        assert sums["SavingsPlanCoveredUsage"] > 0
        assert sums["SavingsPlanCoveredUsage"] == -sums["SavingsPlanNegation"]


def test_the_bills_hold_what_breaks_readers(bills):
    everything = {text for delivery in bills.deliveries for row in delivery.rows for text in row.values()}
    for part in ("\n", "\r\n", ",", '"', "Zürich", "分析", "💰"):
        assert any(part in text for text in everything), repr(part)
    rows = [cells for delivery in bills.deliveries for cells in delivery.cells]
    numbers = [text for row in rows for name, text in row.items() if text and name.endswith(("cost", "amount"))]
    for form in (r".*E-\d+", r".*E\+\d+", r"0E-10", r"-.*", r"\d+\.\d*0", r"\d\.\d{19,}"):
        assert any(re.fullmatch(form, text) for text in numbers), form
    assert any(number(text) > 2**53 for text in numbers)
    accounts = {row["line_item_usage_account_id"] for row in rows}
    assert all(re.fullmatch(r"\d{12}", account) for account in accounts)
    assert any(account.startswith("000") for account in accounts)
    assert {row["line_item_currency_code"] for row in rows} == {"USD", "INR"}


def test_columns_come_go_and_move(bills):
    for name in ("payer-a", "payer-b"):
        months = sorted((d for d in bills.deliveries if d.source["name"] == name), key=lambda d: d.truth["period"])
        orders = [tuple(d.truth["columns"]) for d in months]
        assert len(set(orders)) == 3 and set(orders[0]) != set(orders[2])
        for delivery in months:
            assert delivery.headers[0] != delivery.headers[1]
            listed = set(delivery.truth["columns"])
            assert set(delivery.headers[0]) | set(delivery.headers[1]) == listed
    v1 = [d for d in bills.deliveries if not d.v2]
    for delivery in v1:
        names = set(delivery.truth["columns"])
        assert {"resourceTags/user:Name", "resourceTags/user:name"} <= names
        assert set(delivery.headers[0]) - set(delivery.headers[1]) == {"resourceTags/user:experiment"}


def test_usage_may_lie_outside_of_its_month(bills):
    for delivery in bills.deliveries:
        period = delivery.truth["period"]
        assert any(not row["line_item_usage_start_date"].startswith(period) for row in delivery.cells)
        assert all(row["bill_billing_period_start_date"].startswith(period) for row in delivery.cells)


def test_maps_of_v2_are_json_of_one_level(bills):
    seen = collections.Counter()
    for delivery in (d for d in bills.deliveries if d.v2):
        for row in delivery.rows:
            for name in ("product", "resource_tags", "cost_category", "discount"):
                pairs = json.loads(row.get(name) or "{}", object_pairs_hook=list)
                assert len({key for key, _ in pairs}) == len(pairs), "a key twice"
                seen[name] += len(pairs) > 0
    assert all(seen[name] > 100 for name in ("product", "resource_tags", "cost_category", "discount"))


def test_manifests_list_what_is_there(bills):
    for delivery in bills.deliveries:
        manifest, keys = delivery.manifest(), [file["key"] for file in delivery.truth["files"]]
        period = datetime.date.fromisoformat(delivery.truth["period"] + "-01")
        following = (period + datetime.timedelta(days=32)).replace(day=1)
        if delivery.v2:
            assert manifest["dataFiles"] == [f"s3://{delivery.source['bucket']}/{key}" for key in keys]
            assert manifest["executionId"] == delivery.truth["execution_id"]
            assert manifest["billingPeriod"]["start"] == f"{period}T00:00:00.000Z"
            names = [column if isinstance(column, str) else column["name"] for column in manifest["columns"]]
        else:
            assert manifest["reportKeys"] == keys
            assert manifest["assemblyId"] == delivery.truth["execution_id"]
            assert manifest["billingPeriod"] == {"start": f"{period:%Y%m%d}T000000.000Z", "end": f"{following:%Y%m%d}T000000.000Z"}
            assert f"/{period:%Y%m%d}-{following:%Y%m%d}/" in delivery.truth["manifest"]
            names = [f"{column['category']}/{column['name']}" for column in manifest["columns"]]
        assert names == delivery.truth["columns"]


def test_a_restated_month_keeps_its_old_version_and_differs(bills):
    for name in ("payer-a", "payer-b"):
        versions = [t for t in bills.truth["deliveries"] if t["source"] == name and t["period"] == "2025-12"]
        assert [(v["version"], v["current"]) for v in versions] == [(1, False), (2, True)]
        old, new = versions
        assert old["execution_id"] != new["execution_id"]
        assert old["totals"] != new["totals"] and new["rows"] > old["rows"]
        for version in versions:
            assert all((bills.out / name / file["key"]).exists() for file in version["files"])
        source = next(s for s in bills.truth["sources"] if s["name"] == name)
        before = add_up(Delivery(bills.out, source, old))["USD"]["line_item_unblended_cost"][0]
        assert before == decimal.Decimal(old["sums"]["USD"]["line_item_unblended_cost"]["sum"])


def test_the_same_command_again_changes_nothing(tmp_path):
    generate(tmp_path / "bills", "--rows", 200, "--seed", 5)
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "bills").rglob("*")}
    generate(tmp_path / "bills", "--rows", 200, "--seed", 5)
    assert files == {file: file.stat().st_mtime_ns for file in (tmp_path / "bills").rglob("*")}
    generate(tmp_path / "other", "--rows", 200, "--seed", 5)
    assert (tmp_path / "other/truth.json").read_bytes() == (tmp_path / "bills/truth.json").read_bytes()


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    message = generate(tmp_path, expect=1).stderr
    assert str(tmp_path) in message and "choose another" in message
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("delivery", ["create-new", "overwrite"])
def test_one_format_for_both_payers_in_each_layout(tmp_path, version, delivery):
    out = tmp_path / "bills"
    generate(out, "--rows", 250, "--months", 1, "--files", 3, "--start", "2024-02", "--cur-version", version,
             "--delivery", delivery)
    bills = Bills(out)
    assert {d.source["cur_version"] for d in bills.deliveries} == {version}
    for one in bills.deliveries:
        assert len(one.truth["files"]) == 3
        assert all((one.truth["execution_id"] in file["key"]) == (delivery == "create-new") for file in one.truth["files"])
        for currency, columns in add_up(one).items():
            for name, (total, *_) in columns.items():
                assert decimal.Decimal(one.truth["sums"][currency][name]["sum"]) == total
