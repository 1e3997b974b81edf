"""The judge is judged: what tests/support/oracle.py says of bills whose content is written here."""
import gzip
from decimal import Decimal as D

import oracle
import pytest

TYPES = {"text": "text", "amount": "decimal", "time": "time", "tags": "map", "discount": "decimal_map"}


def records(text, cell_limit=100):
    return [(r.line, r.raw, r.cells) for r in oracle.split_records(text, cell_limit)]


def bill(*texts, **options):
    parts = [(f"part{i}", gzip.compress(text)) for i, text in enumerate(texts)]
    return oracle.read_bill(parts, types=TYPES, currency_column="currency", **options)


@pytest.mark.parametrize("text, cells", [
    (b"a,b\n", [[b"a", b"b"]]), (b"a,b", [[b"a", b"b"]]), (b"a,\r\n", [[b"a", b""]]), (b"a\rb\r\r\n", [[b"a\rb\r"]]),
    (b'"a,b"\n', [[b"a,b"]]), (b'"a\r\nb",c\n', [[b"a\r\nb", b"c"]]), (b'"a""b"\n', [[b'a"b']]),
    (b'a"b,c""d\n', [[b'a"b', b'c""d']]), (b' "a"\n', [[b' "a"']]), (b'"a"\r\n', [[b"a"]]), (b'"a"\r', [[b"a"]]),
    (b"a\n\nb\n\n", [[b"a"], [b""], [b"b"]]), (b"a\n\n\n", [[b"a"], [b""]]), (b'a\n""\n', [[b"a"], [b""]]),
    (b"\xef\xbb\xbfa\n", [[b"a"]]), (b"\n", [[b""]]), (b"", []),
    (b'"a"b,"\nc\n', [None, [b"c"]]), (b'"a"\r,b\n', [None]), (b'x\n"a\nb\n', [[b"x"], None, [b"b"]]),
])
def test_records_end_where_the_rule_says(text, cells):
    assert [c for _, _, c in records(text)] == cells


def test_an_unclosed_cell_ends_with_its_first_line_also_when_it_is_only_too_long():
    text = b'h\n"' + b"x" * 50 + b"\n" + b"y" * 60 + b'"\n"' + b"z" * 100 + b'"\n'
    assert records(text) == [(1, b"h", [b"h"]), (2, b'"' + b"x" * 50, None), (3, b"y" * 60 + b'"', [b"y" * 60 + b'"']),
                             (4, b'"' + b"z" * 100 + b'"', [b"z" * 100])]


def test_lines_are_physical_lines():
    assert [(line, raw) for line, raw, _ in records(b'"a\n\nb"\r\nc\n"d"e\nf\n')] == [
        (1, b'"a\n\nb"'), (4, b"c"), (5, b'"d"e'), (6, b"f")]


@pytest.mark.parametrize("text, value, residual", [
    ("1", "1", "0"), ("-1.50", "-1.5", "0"), ("+.5", "0.5", "0"), ("5.", "5", "0"), ("1e3", "1000", "0"),
    ("1E-18", "1E-18", "0"), ("0.0000000000000000005", "0", "5E-19"), ("0.0000000000000000015", "2E-18", "-5E-19"),
    ("-0.0000000000000000025", "-2E-18", "-5E-19"), ("0e99999999999999", "0", "0"), ("1e-0000000000000002", "0.01", "0"),
    ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999", "0"), ("1e-2000", "0", "1e-2000")])
def test_decimals_are_read_and_rounded_half_even(text, value, residual):
    assert oracle.to_decimal(text) == (D(value), D(residual))


@pytest.mark.parametrize("text", ["", ".", "-", "e5", "1e", "1,5", " 1", "0x1", "NaN", "1_0", "١", "1e20", "1e99999999999",
                                  "100000000000000000000", "99999999999999999999.9999999999999999995", "1e-2001"])
def test_what_is_no_decimal_does_not_fit(text):
    with pytest.raises(oracle.DoesNotFit):
        oracle.to_decimal(text)


@pytest.mark.parametrize("text, micros", [
    ("1970-01-01", 0), ("19700102", 86_400_000_000), ("1970-01-01T00:00:01Z", 1_000_000),
    ("1970-01-01 00:00:00.5", 500_000), ("19700101T000001.000001Z", 1_000_001), ("19700101T00:01", 60_000_000),
    ("1970-01-01T01:00+01", 0), ("1970-01-01T00:00-0130", 5_400_000_000), ("1969-12-31T23:59:59.9999990Z", -1)])
def test_times_are_microseconds_in_utc(text, micros):
    assert oracle.to_micros(text) == micros


@pytest.mark.parametrize("text", ["", "1970", "1970-1-1", "1970-02-30", "0000-01-01", "1970-01-01T", "1970-01-01Z",
                                  "1970-01-01T24:00", "1970-01-01T0000", "1970-01-01T00:00:00.", "1970-01-01T00:00+1",
                                  "1970-01-01T00:00:00.0000001", "1970-01-01T00:00+24", "1970-01-01t00:00"])
def test_what_is_no_time_does_not_fit(text):
    with pytest.raises(oracle.DoesNotFit):
        oracle.to_micros(text)


def test_maps_keep_texts_and_the_text_of_everything_else():
    assert oracle.to_map(' {"a": "\\u00e4", "b": null, "c": -1.50, "d": [1, {"e": ""}], "f": ""} ', False) == {
        "a": "ä", "b": None, "c": "-1.50", "d": '[1, {"e": ""}]', "f": ""}
    assert oracle.to_map('{"a": "", "b": null, "c": 0.10, "d": "2e1"}', True) == {"a": None, "b": None, "c": D("0.1"),
                                                                                  "d": D(20)}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a"}', '{"a":1,}', '{"a":1}x', '{"a":1,"a":1}', '{"a":"\\ud83d"}',
                                  '{"a":01}', '{"a":NaN}', '{"a":"\n"}', '{a:1}', '{"a":' + "[" * 64 + "1" + "]" * 64 + "}"])
def test_what_is_no_json_object_does_not_fit(text):
    with pytest.raises(oracle.DoesNotFit):
        oracle.to_map(text, False)


def test_sums_nulls_and_rejected_money_by_currency():
    found = bill(b"text,amount,currency\na,1.5,USD\nb,2,EUR\n,,USD\nc,x,USD\n\xff,4,USD\nd,8,\xff\ne,16\n",
                 b"amount,currency\n0.1,USD\n3,\n")
    assert found.totals() == {"rows": 5, "sums": {"USD": {"amount": D("1.6")}, "EUR": {"amount": D(2)}, "": {"amount": D(3)}},
                              "nulls": {"text": 3, "amount": 1, "currency": 1}}
    assert [(r.file, r.line, r.currency, r.decimals) for r in found.rejected] == [
        ("part0", 5, "USD", {}), ("part0", 6, "USD", {"amount": D(4)}), ("part0", 7, "?", {"amount": D(8)}), ("part0", 8, "?", {})]
    assert found.quarantined["USD"]["amount"].unreadable == 1
    assert found.source_sums()["USD"]["amount"] == D("5.6")
    assert found.source_rows == 9


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b"text\na\n")[:-1], gzip.compress(b"text\n") + b"x",
                                     gzip.compress(b'"text\n'), gzip.compress(b'"text"x\n')])
def test_what_cannot_be_decoded_is_refused(content):
    with pytest.raises(oracle.BadFile):
        oracle.read_bill([("part", content)])


def test_columns_are_named_by_the_rule_of_aws():
    assert [oracle.column_name(name) for name in (
        "lineItem/UnblendedCost", "reservation/ReservationARN", "resourceTags/user:Name", "product_instanceSKU",
        "costCategory/Team--A ")] == ["line_item_unblended_cost", "reservation_reservation_a_r_n", "resource_tags_user_name",
                                      "product_instancesku", "cost_category_team_a"]
    names = oracle.column_names(["resourceTags/user:name", "resourceTags/user:Name"])
    assert names["resourceTags/user:Name"] == "resource_tags_user_name"
    assert names["resourceTags/user:name"].startswith("resource_tags_user_name_")
