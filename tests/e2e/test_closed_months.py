"""A closed month that moves is told by the run that loads it, by history and by the webhook, with the exact amount."""
import datetime
import decimal
import json

import pytest
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, deliver_v2, next_month, small_row
from webhook import webhook

D = decimal.Decimal
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
THIS_MONTH = f"{TODAY:%Y-%m}"
LAST_MONTH = f"{TODAY.replace(day=1) - datetime.timedelta(days=1):%Y-%m}"
LONG_OVER = f"{TODAY.year - 1}-03"
HEADER = SMALL_HEADER + ["bill/InvoiceId"]


@pytest.fixture
def hook():
    with webhook() as hook:
        yield hook


class Bills:
    """Delivers and loads versions of a month, and returns what the run reports of it."""

    def __init__(self, project, hook):
        self.project, self.hook, self.number = project, hook, 0
        self.bucket = project.add_export("payer-a")

    def load(self, period, costs, invoice="inv-1", extra=(), expect=0, **env):
        self.number += 1
        rows = [small_row(i, period, cost=cost, currency=currency) + [invoice if i else "inv-1"]
                for i, (currency, cost) in enumerate(costs)]
        deliver_v1(self.bucket, period, [csv_bytes(HEADER, rows + list(extra))], f"v{self.number}")
        self.hook.messages.clear()
        self.run = self.project.run("aws", "run-pipeline", "--json", expect=expect,
                                    env={"FINOPS__NOTIFY__WEBHOOK_URL": self.hook.url} | env)
        [report] = [one for one in json.loads(self.run.out)["deliveries"] if one["billing_period"] == period]
        return report

    def told(self):
        return [m["finops"] for m in self.hook.messages if m["finops"]["event"] == "closed_month_changed"]

    def history(self):
        return [(one["execution_id"], one["cost_change"], one["closed_month_change"])
                for one in self.project.json("history")["deliveries"]]


@pytest.fixture
def bills(project, hook):
    return Bills(project, hook)


def test_a_closed_month_that_moves_is_told_with_the_amount(bills):
    first = bills.load(LONG_OVER, [("USD", "1.25"), ("EUR", "3"), ("CNY", "7")], invoice=None)
    assert first["cost_change"] is None and first["closed_month_change"] is None and bills.told() == []
    report = bills.load(LONG_OVER, [("USD", "1.250000000000000001"), ("EUR", "2"), ("CNY", "7"), ("USD", "12")], invoice=None)
    change = {"EUR": "-1", "USD": "12.000000000000000001"}
    assert report["cost_change"] == change | {"CNY": "0"} and report["closed_month_change"] == change
    assert "this month was closed, and its cost changed by EUR -1, USD +12.000000000000000001" in bills.run.err
    assert f"finops diff --period {LONG_OVER} --source payer-a" in bills.run.err
    [event] = bills.told()
    assert event["changes"] == [{"source": "payer-a", "billing_period": LONG_OVER, "from": "v1", "to": "v2", "amounts": change}]
    assert event["problems"] == [] and event["solved"] == []
    text = bills.hook.messages[-1]["text"]
    assert "the cost of 1 closed month changed" in text
    assert f"payer-a {LONG_OVER}: EUR -1, USD +12.000000000000000001 (v1 → v2)" in text
    assert bills.history() == [("v1", None, None), ("v2", change | {"CNY": "0"}, change)]
    shown = bills.project.run("history").out
    assert "EUR -1, USD +12.000000000000000001" in shown and "a closed month changed" in shown


def test_it_is_told_exactly_when_a_run_loaded_it(bills):
    bills.load(LONG_OVER, [("USD", "1")])
    bills.load(LONG_OVER, [("USD", "2")])
    assert len(bills.told()) == 1
    bills.hook.messages.clear()
    bills.project.run("aws", "run-pipeline", env={"FINOPS__NOTIFY__WEBHOOK_URL": bills.hook.url})
    assert bills.hook.messages == []


def test_a_message_that_cannot_be_delivered_is_told_by_the_next_run(bills):
    bills.load(LONG_OVER, [("USD", "1")])
    bills.hook.status = 404
    bills.load(LONG_OVER, [("USD", "2")])
    assert bills.told() == [] and "nobody was told of this run" in bills.run.err
    bills.hook.status = 200
    bills.load(LONG_OVER, [("USD", "4")])
    [event] = bills.told()
    assert [(one["from"], one["to"], one["amounts"]) for one in event["changes"]] == [
        ("v1", "v2", {"USD": "1"}), ("v2", "v3", {"USD": "2"})]


def test_the_same_cost_is_no_event(bills):
    bills.load(LONG_OVER, [("USD", "1"), ("USD", "2")])
    report = bills.load(LONG_OVER, [("USD", "1.5"), ("USD", "1.5")])
    assert report["outcome"] == "replaced"
    assert report["cost_change"] == {"USD": "0"} and report["closed_month_change"] is None
    assert bills.told() == [] and "was closed" not in bills.run.err
    assert bills.history()[1] == ("v2", {"USD": "0"}, None)


def test_an_open_month_is_no_event(bills):
    bills.load(THIS_MONTH, [("USD", "1")])
    report = bills.load(THIS_MONTH, [("USD", "2")])
    assert report["cost_change"] == {"USD": "1"} and report["closed_month_change"] is None
    assert bills.told() == [] and bills.history()[1][2] is None


def test_a_month_that_is_over_is_closed_when_all_its_rows_have_invoices(bills):
    """...or after so many days, which is set far off here."""
    late = {"FINOPS__AWS__CLOSED_AFTER_DAYS": "36500"}
    bills.load(LAST_MONTH, [("USD", "1"), ("USD", "1")], invoice=None, **late)
    report = bills.load(LAST_MONTH, [("USD", "1"), ("USD", "2")], **late)
    assert report["cost_change"] == {"USD": "1"} and report["closed_month_change"] is None, "v1 had a row without invoice"
    report = bills.load(LAST_MONTH, [("USD", "1"), ("USD", "4")], **late)
    assert report["closed_month_change"] == {"USD": "2"}, "every row of v2 had one"
    assert len(bills.told()) == 1


def test_how_many_days_it_takes_is_configured(bills):
    over_for = (TODAY - datetime.date.fromisoformat(next_month(LONG_OVER) + "-01")).days
    bills.load(LONG_OVER, [("USD", "1"), ("USD", "1")], invoice=None)
    report = bills.load(LONG_OVER, [("USD", "1"), ("USD", "2")], invoice=None, FINOPS__AWS__CLOSED_AFTER_DAYS=str(over_for + 1))
    assert report["closed_month_change"] is None
    report = bills.load(LONG_OVER, [("USD", "1"), ("USD", "4")], invoice=None, FINOPS__AWS__CLOSED_AFTER_DAYS=str(over_for - 1))
    assert report["closed_month_change"] == {"USD": "2"}


def test_money_in_quarantine_is_part_of_what_a_month_costs(bills):
    bills.project.write_config("[quarantine]\nthreshold_cost = 1\nthreshold_rows = 1\n")
    bills.load(LONG_OVER, [("USD", "1"), ("USD", "5")])
    bad = small_row(1, LONG_OVER, cost="5", amount="not a number") + ["inv-1"]
    report = bills.load(LONG_OVER, [("USD", "1")], extra=[bad], expect=3)
    assert report["cost_change"] == {"USD": "0"} and report["closed_month_change"] is None


def test_going_back_moves_a_closed_month_too(bills):
    bills.load(LONG_OVER, [("USD", "1")])
    bills.load(LONG_OVER, [("USD", "3")])
    bills.project.run("rollback", "--period", LONG_OVER, "--source", "payer-a", "--to", "v1")
    assert bills.history() == [("v1", None, None), ("v2", {"USD": "2"}, {"USD": "2"}), ("v1", {"USD": "-2"}, {"USD": "-2"})]


def test_a_refused_delivery_moves_nothing(bills):
    bills.load(LONG_OVER, [("USD", "1")])
    bad = [small_row(i, LONG_OVER, cost="5", amount="not a number") + ["inv-1"] for i in range(30)]
    report = bills.load(LONG_OVER, [("USD", "1")], extra=bad, expect=1)
    assert report["outcome"] == "refused" and report["cost_change"] is None
    bills.load(LONG_OVER, [("USD", "2")])
    assert [one[1:] for one in bills.history()] == [(None, None), (None, None), ({"USD": "1"}, {"USD": "1"})]


def test_focus_bills_have_closed_months(project, hook):
    bucket = project.add_export("focus")
    for version, cost in (("id-1", "1.5"), ("id-2", "2")):
        rows = [[cost, "USD", "Usage", f"{LAST_MONTH}-01T00:00:00Z", "inv-7"]]
        part = csv_bytes(["BilledCost", "BillingCurrency", "ChargeCategory", "ChargePeriodStart", "InvoiceId"], rows)
        deliver_v2(bucket, LAST_MONTH, [part], version, tableName="FOCUS_1_2_AWS")
        report = project.json("aws", "run-pipeline", env={"FINOPS__NOTIFY__WEBHOOK_URL": hook.url, "FINOPS__AWS__CLOSED_AFTER_DAYS": "36500"})
    assert report["deliveries"][0]["closed_month_change"] == {"USD": "0.5"}
    assert hook.messages[0]["finops"]["changes"][0]["amounts"] == {"USD": "0.5"}
