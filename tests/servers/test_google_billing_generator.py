"""The generator of Google's billing exports against the server that holds them: what it says is true is what is there."""
import collections
import datetime
import decimal
import json

import bigquery
import google_billing
import pytest
from google_billing import FIRST_DAYS, LATEST, RUNS, first_delivery, next_delivery, organisations

TODAY = datetime.date(2026, 11, 22)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with bigquery.bigquery_server(tmp_path_factory.mktemp("bigquery")) as started:
        yield started


def delivered(server, org):
    """Loads everything that the organisation ever gets."""
    google_billing.create(server, org)
    for delivery in [first_delivery(org), *(next_delivery(org, run) for run in range(1, RUNS + 1))]:
        google_billing.load(server, org.table, delivery)
    return org


@pytest.fixture(scope="module")
def orgs(server):
    return [delivered(server, org) for org in organisations(6, 11, TODAY)]


def asked(server, org, sql):
    return server.control.rows(sql=sql, dataset=org.dataset)


def test_what_is_loaded_is_what_the_server_counts_and_sums(server, orgs):
    for org in orgs:
        counted = asked(server, org, f"SELECT CAST(DATE(export_time) AS STRING), COUNT(*) FROM {org.table_name} GROUP BY 1")
        assert {day: int(rows) for day, rows in counted} == {str(day): part.rows for day, part in org.truth.days.items()}
        # The server's own sums of floats are rounded: the exact ones are made of its cells.
        cost, credits = collections.defaultdict(list), collections.defaultdict(list)
        for day, currency, value in asked(server, org, f"SELECT CAST(DATE(export_time) AS STRING), currency, cost FROM {org.table_name}"):
            cost[day, currency].append(float(value))
        for day, currency, value in asked(server, org, "SELECT CAST(DATE(export_time) AS STRING), currency, credit.amount "
                                                       f"FROM {org.table_name}, UNNEST(credits) AS credit"):
            credits[day, currency].append(float(value))
        for day, part in org.truth.days.items():
            assert {currency: google_billing.sum_of(cost[str(day), currency]) for currency in part.cost} == part.cost
            assert {currency: google_billing.sum_of(credits[str(day), currency]) for currency in part.credits} == part.credits


def test_every_row_comes_back_as_it_was_made(server, orgs):
    for org in orgs:
        everything = org.truth.before(datetime.date.max)
        assert google_billing.rows_in(server, org.table, org.fields) == everything.content
        assert everything.rows == sum(len(delivery) for delivery in org.truth.deliveries)
        before_today = org.truth.before(TODAY)
        assert google_billing.rows_in(server, org.table, org.fields, f"export_time < TIMESTAMP '{TODAY}'") == before_today.content
        assert before_today.rows < everything.rows


def test_a_row_that_is_gone_doubled_or_changed_is_seen(server):
    org, = organisations(1, 12, TODAY)
    org.dataset_name = "tampered"
    delivered(server, org)
    truth = org.truth.before(datetime.date.max).content

    def after(sql):
        asked(server, org, sql)
        return google_billing.rows_in(server, org.table, org.fields)

    assert after("SELECT 1") == truth
    twice = next(arrival for arrival in org.truth.deliveries[0] if arrival.row["cost"] == 0.1)
    google_billing.load(server, org.table, [twice])
    doubled = after("SELECT 1")
    assert list((doubled - truth).values()) == [1] and not truth - doubled
    changed = after(f"UPDATE {org.table_name} SET cost = 0.10000000000000002 WHERE cost = 0.1")
    assert sum((doubled - changed).values()) == sum((changed - doubled).values()) >= 2
    gone = after(f"DELETE FROM {org.table_name} WHERE cost = 0.10000000000000002")
    assert changed - gone == changed - doubled and not gone - changed


def test_rows_are_late_doubled_odd_and_of_today(server, orgs):
    for org in orgs:
        first, *others = org.truth.deliveries
        days = {google_billing.day_of(arrival.row) for arrival in first}
        assert len(days) == FIRST_DAYS and max(days) == TODAY - datetime.timedelta(days=RUNS + 1)
        for run, delivery in enumerate(others, 1):
            exported = [(arrival.day, google_billing.day_of(arrival.row)) for arrival in delivery]
            assert (TODAY, TODAY) in exported
            assert any(arrived == TODAY and TODAY - datetime.timedelta(days=LATEST) <= day < TODAY - datetime.timedelta(days=RUNS)
                       for arrived, day in exported)
            new = TODAY - datetime.timedelta(days=RUNS + 1 - run)
            assert (new, new) in exported and new not in {google_billing.day_of(arrival.row) for arrival in first}
        late = asked(server, org, f"SELECT COUNT(*) FROM {org.table_name} WHERE DATE(export_time) < DATE(_PARTITIONTIME)")
        assert int(late[0][0]) > len(others)
        assert max(org.truth.before(datetime.date.max).content.values()) >= 2
    rows = [arrival.row for org in orgs for delivery in org.truth.deliveries for arrival in delivery]
    assert {row["cost_type"] for row in rows} == {"regular", "tax", "adjustment", "rounding_error"}
    assert {row["currency"] for row in rows} == {"EUR", "USD", "JPY"}
    assert {credit["type"] for row in rows for credit in row["credits"]} == set(google_billing.CREDITS)
    assert any(credit["amount"] < 0 for row in rows for credit in row["credits"])
    texts = json.dumps(rows, ensure_ascii=False)
    assert all(json.dumps(text, ensure_ascii=False)[1:-1] in texts for text in google_billing.ODD_TEXTS)
    costs = [row["cost"] for row in rows]
    assert decimal.Decimal(sum(costs)) != google_billing.sum_of(costs), "the floats add up exactly"


def test_tables_are_as_google_makes_them(server, orgs):
    assert {org.is_detailed for org in orgs} == {True, False}
    for org in orgs:
        assert org.table_name.startswith("gcp_billing_export_resource_v1_" if org.is_detailed else "gcp_billing_export_v1_")
        columns = asked(server, org, "SELECT column_name, data_type FROM INFORMATION_SCHEMA.COLUMNS ORDER BY ordinal_position")
        types = dict(columns)
        assert [name for name, _ in columns] == [field["name"] for field in org.fields]
        assert types["credits"] == "ARRAY<STRUCT<name STRING, amount FLOAT64, full_name STRING, id STRING, type STRING>>"
        assert ("resource" in types, "price" in types) == (org.is_detailed, org.is_detailed)
        partitions = asked(server, org, f"SELECT DISTINCT CAST(DATE(_PARTITIONTIME) AS STRING) FROM {org.table_name}")
        assert {day for day, in partitions} == {str(arrival.day) for delivery in org.truth.deliveries for arrival in delivery}


def test_the_same_seed_gives_the_same():
    def everything(seed):
        return [(org.table, first_delivery(org), next_delivery(org, 1), next_delivery(org, 2)) for org in organisations(3, seed, TODAY)]

    assert everything(5) == everything(5)
    assert everything(5) != everything(6)
    alone = organisations(3, 5, TODAY)[2]
    assert next_delivery(alone, 2) == everything(5)[2][3], "a delivery depends on those before it"


@pytest.mark.parametrize("number", [0, 2])  # standard, detailed
def test_many_rows_are_counted_and_summed(server, number):
    org = organisations(3, 13, TODAY)[number]
    org.dataset_name = "many"
    google_billing.create(server, org)
    truth = google_billing.load_many(server, org, 4000, days=2)
    assert list(truth) == [TODAY - datetime.timedelta(days=2), TODAY - datetime.timedelta(days=1)]
    for day, (rows, cost) in truth.items():
        where = f"WHERE DATE(export_time) = DATE '{day}' AND DATE(_PARTITIONTIME) = DATE '{day}'"
        cells = asked(server, org, f"SELECT cost FROM {org.table_name} {where}")
        assert len(cells) == rows == 2000
        assert google_billing.sum_of(float(cell) for cell, in cells) == cost
    assert len(google_billing.rows_in(server, org.table, org.fields)) == 4000
