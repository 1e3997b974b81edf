#!/usr/bin/env python3
"""Writes the fixtures of this folder: bills that went wrong somewhere, and beside each what must come of it.

    make_fixtures.py [FOLDER]      all fixtures, into this folder unless another is named

A fixture is a folder:

    <name>/expected.json           what must come of it, written by hand below
    <name>/<run>/<source>/...      what the bucket of <source> has got before the run of that number, beside what it had

Fixtures that are large have no buckets here: tests write them when they run. Python's standard library only, and nothing of finops.
"""
import json
import pathlib
import shutil
import struct
import sys
import zlib

FIXTURES = {}  # name: (function, is_large)


class Raw(bytes):
    """A file as it stands, which is not compressed any more."""


# ---- Bytes

def gz(text, flags=0, extra=b""):
    """One gzip member; the header's bytes are fixed, so that every Python writes the same."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(text) + packer.flush()
    return b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\x02\xff" + extra + body + struct.pack("<II", zlib.crc32(text), len(text))


def cell(value):
    """A cell of CSV, in quotes where it needs them."""
    return '"' + value.replace('"', '""') + '"' if set(value) & set(',"\r\n') else value


def text(header, *rows, line_end="\n", last_line_end=True):
    """CSV of a header and rows; a row of bytes is written as it is."""
    lines = [row if isinstance(row, bytes) else ",".join(map(cell, row)).encode() for row in [header, *rows]]
    return line_end.encode().join(lines) + (line_end.encode() if last_line_end else b"")


def next_month(period):
    year, month = map(int, period.split("-"))
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"


def v1_folder(period):
    return f"cur/report/{period.replace('-', '')}01-{next_month(period).replace('-', '')}01"


def v1(version, *parts, period="2026-05", overwrite=False, columns=(), **fields):
    """The objects of one CUR v1 delivery, the manifest last as AWS writes it: {key: bytes}."""
    folder = v1_folder(period)
    data = folder if overwrite else f"{folder}/{version}"
    objects = {}
    for number, part in enumerate(parts, 1):
        objects[f"{data}/report-{number:05d}.csv.gz"] = part if isinstance(part, Raw) else gz(part)
    manifest = {
        "assemblyId": version, "account": "000000000001", "bucket": "bucket", "reportName": "report", "charset": "UTF-8",
        "compression": "GZIP", "contentType": "text/csv",
        "columns": [dict(zip(("category", "name"), name.split("/", 1))) for name in columns],
        "billingPeriod": {"start": period.replace("-", "") + "01T000000.000Z",
                          "end": next_month(period).replace("-", "") + "01T000000.000Z"},
        "reportKeys": list(objects), "additionalArtifactKeys": []} | fields
    body = json.dumps(manifest, indent=1).encode()
    if not overwrite:
        objects[f"{folder}/{version}/report-Manifest.json"] = body
    objects[f"{folder}/report-Manifest.json"] = body
    return objects


def v2(version, *parts, period="2026-05", partition=None, folder=None, **fields):
    """The objects of one CUR 2.0 delivery; a field of None is left out of the manifest."""
    partition = partition or f"BILLING_PERIOD={period}"
    data = f"cur/report/data/{partition}/{folder or version}"
    objects = {}
    for number, part in enumerate(parts, 1):
        objects[f"{data}/report-{number:05d}.csv.gz"] = part if isinstance(part, Raw) else gz(part)
    manifest = {"executionId": version, "exportArn": "arn:aws:bcm-data-exports:us-east-1:000000000001:export/x",
                "dataFiles": [f"s3://bucket/{key}" for key in objects], "columns": []} | fields
    body = json.dumps({name: value for name, value in manifest.items() if value is not None}, indent=1).encode()
    objects[f"cur/report/metadata/{partition}/report-Manifest.json"] = body
    return objects


HEADER = ["identity/LineItemId", "lineItem/LineItemType", "lineItem/UsageStartDate", "lineItem/UsageAccountId",
          "lineItem/CurrencyCode", "lineItem/UnblendedCost", "lineItem/LineItemDescription"]


def line(name, cost, *more, kind="Usage", start="2026-05-03T00:00:00Z", account="012345678901", currency="USD", said=""):
    return [name, kind, start, account, currency, cost, said, *more]


HEADER2 = ["identity_line_item_id", "line_item_usage_account_id", "line_item_currency_code", "line_item_unblended_cost"]


def line2(name, cost, *more, account="012345678901", currency="USD"):
    return [name, account, currency, cost, *more]


# ---- Expectations

def fixture(pitfall, large=False):
    """The function's name is the fixture's, its docstring says what it is about."""
    def register(function):
        FIXTURES[function.__name__] = (function, pitfall, large)
        return function
    return register


def expect(*runs, **more):
    return {"runs": list(runs)} | more


def run(exit, deliveries, lake, **more):
    """One run: its exit code, what it says of each delivery, and what the lake holds afterwards, by currency."""
    return {"exit": exit, "deliveries": deliveries, "lake": lake} | more


def came(outcome, version, source_rows, loaded, quarantined=0, source="payer-a", period="2026-05", **more):
    return {"source": source, "period": period, "id": version, "outcome": outcome,
            "rows": [source_rows, loaded, quarantined]} | more


def failed(*says, source="payer-a", period="2026-05", kind="invalid_data"):
    return {"source": source, "period": period, "outcome": "failed", "error_kind": kind, "says": list(says)}


def held(version, rows, cost, currency="USD", source="payer-a", period="2026-05"):
    """What the lake holds of one currency of one delivery."""
    return {"source": source, "period": period, "id": version, "currency": currency, "rows": rows, "cost": cost}


def aside(row_line, raw, *reasons, currency="USD"):
    """A row in quarantine: its physical line, its bytes (or text), a part of each reason."""
    raw = raw if isinstance(raw, bytes) else raw.encode()
    try:
        shown = {"raw": raw.decode()}
    except UnicodeDecodeError:
        shown = {"raw_hex": raw.hex()}
    return {"line": row_line, "currency": currency, "reasons": list(reasons)} | shown


def query(sql, *rows):
    return {"sql": sql, "rows": [list(row) for row in rows]}


def cells(columns, *rows):
    return query(f"SELECT {columns} FROM aws_billing_data ORDER BY identity_line_item_id", *rows)


# ---- Deliveries

@fixture("1")
def opaque_ids():
    """Ids that sort the wrong way round, and a newer-looking version that no manifest points at: the pointer manifest decides."""
    stray = v1("zzz-stray", text(HEADER, line("a", "999")))
    stray = {key: body for key, body in stray.items() if "zzz-stray" in key}
    steps = [
        {"payer-a": v1("zz-first", text(HEADER, line("a", "10"))) | stray,
         "payer-b": v2("ffff", text(HEADER2, line2("a", "20")), folder="2026-06-02T01:00:00.000Z-ffff")},
        {"payer-a": v1("00-second", text(HEADER, line("a", "11"), line("b", "2"))),
         "payer-b": v2("0000", text(HEADER2, line2("a", "21")), folder="2026-06-01T01:00:00.000Z-0000")}]
    return steps, expect(
        run(0, [came("loaded", "zz-first", 1, 1), came("loaded", "ffff", 1, 1, source="payer-b")],
            [held("zz-first", 1, "10"), held("ffff", 1, "20", source="payer-b")]),
        run(0, [came("replaced", "00-second", 2, 2), came("replaced", "0000", 1, 1, source="payer-b")],
            [held("00-second", 2, "13"), held("0000", 1, "21", source="payer-b")]))


@fixture("2")
def overwrite_mid_refresh():
    """Overwrite mode: one of two files is replaced before the manifest is. The month stays as it was until the manifest comes."""
    first = v1("20260601T000000Z", text(HEADER, line("a", "10")), text(HEADER, line("b", "5")), overwrite=True)
    new = v1("20260602T000000Z", text(HEADER, line("a", "100")), text(HEADER, line("b", "7"), line("c", "0.5")), overwrite=True)
    one = {key: body for key, body in new.items() if key.endswith("00001.csv.gz")}
    rest = {key: body for key, body in new.items() if key not in one}
    as_first = [held("20260601T000000Z", 2, "15")]
    return [{"payer-a": first}, {"payer-a": one}, {"payer-a": rest}], expect(
        run(0, [came("loaded", "20260601T000000Z", 2, 2)], as_first, verdicts=["agrees"]),
        run(0, [came("unchanged", "20260601T000000Z", 0, 0)], as_first, verdicts=["cannot_be_verified"]),
        run(0, [came("replaced", "20260602T000000Z", 3, 3)], [held("20260602T000000Z", 3, "107.5")]))


@fixture("3", large=True)
def more_than_1000_objects():
    """1,100 files of other versions beside the delivery's, and a delivery of 1,005 files that its manifest does not list."""
    def steps():
        stray = {f"{v1_folder('2026-05')}/old-{number:05d}.csv.gz": b"no bill" for number in range(1100)}
        listed = v1("v1", *[text(HEADER, line(name, "1")) for name in "abc"], overwrite=True)
        many = v2("v2", *[text(HEADER2, line2(f"{number:04d}", "0.01")) for number in range(1005)], dataFiles=None)
        return [{"payer-a": stray | listed, "payer-b": many}]
    return steps, expect(
        run(0, [came("loaded", "v1", 3, 3), came("loaded", "v2", 1005, 1005, source="payer-b")],
            [held("v1", 3, "3"), held("v2", 1005, "10.05", source="payer-b")]),
        queries=[query("SELECT source, count(DISTINCT source_file) AS n FROM aws_billing_data GROUP BY 1 ORDER BY 1",
                       ["payer-a", "3"], ["payer-b", "1005"])])


@fixture("4")
def empty_report_keys():
    """A month without any file yet is a delivery, and a known one."""
    steps = [{"payer-a": v1("april", text(HEADER, line("a", "1.5")), period="2026-04") | v1("may")}]
    return steps, expect(
        run(0, [came("loaded", "april", 1, 1, period="2026-04"), came("loaded", "may", 0, 0)],
            [held("april", 1, "1.5", period="2026-04")]))


@fixture("4")
def empty_parts():
    """A file of zero bytes, the gzip of nothing, a header alone with and without line end: all legal, none a row."""
    header_only = text(HEADER)
    parts = [text(HEADER, line("a", "1")), Raw(b""), b"", header_only, header_only[:-1], b"\xef\xbb\xbf" + header_only,
             text(HEADER, line("b", "2"))]
    return [{"payer-a": v1("v1", *parts)}], expect(run(0, [came("loaded", "v1", 2, 2)], [held("v1", 2, "3")]))


@fixture("4")
def empty_after_a_full_one():
    """A delivery without rows never takes away a month that had some, unasked."""
    steps = [{"payer-a": v1("full", text(HEADER, line("a", "1"), line("b", "2")))}, {"payer-a": v1("empty", text(HEADER))}]
    return steps, expect(
        run(0, [came("loaded", "full", 2, 2)], [held("full", 2, "3")]),
        run(3, [came("empty_withheld", "empty", 0, 0, says=["has no rows", "--overwrite"])], [held("full", 2, "3")]))


@fixture("5")
def gzip_of_several_members():
    """Members that end in the middle of a line, an empty one, one with name and comment; the last length is not the text's."""
    body = text(HEADER, line("a", "1"), line("b", "2"), line("c", "4"))
    cut = [0, 11, len(body) - 9, len(body)]
    members = [body[cut[0]:cut[1]], b"", body[cut[1]:cut[2]], body[cut[2]:cut[3]]]
    packed = [gz(members[0], 8 + 16, b"name.csv\0a comment\0"), gz(members[1]), gz(members[2], 4, b"\x03\0abc"), gz(members[3])]
    return [{"payer-a": v1("v1", Raw(b"".join(packed)))}], expect(run(0, [came("loaded", "v1", 3, 3)], [held("v1", 3, "7")]))


@fixture("6")
def columns_come_and_go():
    """Other columns in another order, between months and between the files of one month; the manifest tells of one that no file has."""
    tag, plan = "resourceTags/user:New", "savingsPlan/SavingsPlanEffectiveCost"
    april = text(HEADER, line("a", "1", said="april"))
    may_1 = text([plan, "lineItem/UnblendedCost", tag, "identity/LineItemId", "lineItem/CurrencyCode"], ["0.25", "2", "web", "b", "CNY"])
    may_2 = text(["lineItem/CurrencyCode", "lineItem/UnblendedCost", "identity/LineItemId", "lineItem/UsageStartDate"],
                 ["CNY", "3", "c", "2026-05-31T23:00:00Z"])
    steps = [{"payer-a": v1("april", april, period="2026-04") | v1("may", may_1, may_2, columns=["bill/InvoiceId", plan])}]
    return steps, expect(
        run(0, [came("loaded", "april", 1, 1, period="2026-04"), came("loaded", "may", 2, 2)],
            [held("april", 1, "1", period="2026-04"), held("may", 2, "5", "CNY")]),
        queries=[
            cells("identity_line_item_id, line_item_usage_start_date, line_item_line_item_description, resource_tags_user_new, "
                  "savings_plan_savings_plan_effective_cost",
                  ["a", "2026-05-03 00:00:00", "april", None, None], ["b", None, None, "web", "0.25"],
                  ["c", "2026-05-31 23:00:00", None, None, None]),
            query("SELECT column_type FROM (DESCRIBE SELECT * FROM aws_billing_data) "
                  "WHERE column_name = 'savings_plan_savings_plan_effective_cost'", ["DECIMAL(38,18)"])])


@fixture("7")
def two_name_styles():
    """v1's slashes, CUR 2.0's snake case and its capitals are the same columns; ARN becomes a_r_n."""
    v1_names = HEADER + ["reservation/ReservationARN", "savingsPlan/SavingsPlanARN", "product/instancesku"]
    v2_names = HEADER2 + ["reservation_reservation_a_r_n", "savings_plan_savings_plan_a_r_n", "product_instanceSKU"]
    steps = [{"payer-a": v1("v1", text(v1_names, line("a", "1", "arn:r1", "arn:s1", "SKU1"))),
              "payer-b": v2("v2", text(v2_names, line2("b", "2", "arn:r2", "arn:s2", "SKU2"))),
              "payer-c": v2("v3", text([name.upper() for name in v2_names], line2("c", "4", "arn:r3", "arn:s3", "SKU3")))}]
    return steps, expect(
        run(0, [came("loaded", "v1", 1, 1), came("loaded", "v2", 1, 1, source="payer-b"), came("loaded", "v3", 1, 1, source="payer-c")],
            [held("v1", 1, "1"), held("v2", 1, "2", source="payer-b"), held("v3", 1, "4", source="payer-c")]),
        queries=[
            cells("identity_line_item_id, line_item_usage_account_id, reservation_reservation_a_r_n, savings_plan_savings_plan_a_r_n, "
                  "product_instancesku", ["a", "012345678901", "arn:r1", "arn:s1", "SKU1"],
                  ["b", "012345678901", "arn:r2", "arn:s2", "SKU2"], ["c", "012345678901", "arn:r3", "arn:s3", "SKU3"]),
            query("SELECT count(*) AS n FROM (DESCRIBE SELECT * FROM aws_billing_data)", ["15"])])  # 10 of v1 and 5 of ours


# ---- Names

@fixture("8")
def tags_that_differ_in_case():
    """user:Name and user:name are two columns, the same ones each month, whatever their order and whichever of them is there."""
    upper, lower, capitals = "resourceTags/user:Name", "resourceTags/user:name", "resourceTags/user:NAME"
    steps = [{"payer-a":
              v1("april", text(HEADER + [lower, upper], line("a", "1", "lower", "Upper")), period="2026-04") |
              v1("may", text(HEADER + [capitals, upper, lower], line("b", "2", "CAPITALS", "Upper", "lower"))) |
              v1("june", text(HEADER + [lower], line("c", "4", "lower")), period="2026-06")}]
    return steps, expect(
        run(0, [came("loaded", "april", 1, 1, period="2026-04"), came("loaded", "may", 1, 1),
                came("loaded", "june", 1, 1, period="2026-06")],
            [held("april", 1, "1", period="2026-04"), held("may", 1, "2"), held("june", 1, "4", period="2026-06")]),
        columns={upper: "resource_tags_user_name", lower: "resource_tags_user_name_04f56d9c", capitals: "resource_tags_user_n_a_m_e"},
        queries=[cells("resource_tags_user_name, resource_tags_user_name_04f56d9c, resource_tags_user_n_a_m_e",
                       ["Upper", "lower", None], ["Upper", "lower", "CAPITALS"], [None, "lower", None])])


@fixture("9")
def tag_keys_that_collide():
    """Five keys that AWS merges into one column are five columns; the first in byte order has the plain name."""
    names = ["resourceTags/user:" + key for key in ("costCenter", "cost_center", "CostCenter", "cost-center", "cost center")]
    row = line("a", "1", "costCenter", "cost_center", "CostCenter", "cost-center", "cost center")
    return [{"payer-a": v1("v1", text(HEADER + names, row))}], expect(
        run(0, [came("loaded", "v1", 1, 1)], [held("v1", 1, "1")]),
        columns={"resourceTags/user:CostCenter": "resource_tags_user_cost_center",
                 "resourceTags/user:cost center": "resource_tags_user_cost_center_a98368d1",
                 "resourceTags/user:cost-center": "resource_tags_user_cost_center_3f86b7a3",
                 "resourceTags/user:costCenter": "resource_tags_user_cost_center_69ca6a05",
                 "resourceTags/user:cost_center": "resource_tags_user_cost_center_8966c045"},
        values={"a": {name: name[18:] for name in names}})


@fixture("9")
def tag_keys_long_and_reserved():
    """Keys of 300 characters, of other scripts, that begin with digits, that are words of SQL; names that finops adds itself."""
    long = "resourceTags/user:" + "k" * 300
    names = [long, "resourceTags/user:Ä", "resourceTags/user:名前", "resourceTags/名", "resourceTags/user:1st", "resourceTags/select",
             "resourceTags/user:a.b/c:d"]
    values = ["long", "umlaut", "two", "one", "first", "word", "dots"]
    own = HEADER2 + ["source", "billing_period", "order", "1st"]
    steps = [{"payer-a": v1("v1", text(HEADER + names, line("a", "1", *values))),
              "payer-b": v2("v2", text(own, line2("b", "2", "mine", "May", "third", "number")))}]
    return steps, expect(
        run(0, [came("loaded", "v1", 1, 1), came("loaded", "v2", 1, 1, source="payer-b")],
            [held("v1", 1, "1"), held("v2", 1, "2", source="payer-b")]),
        columns={long: "resource_tags_user_" + "k" * 227 + "_0211fd0a",  # 255 bytes, as many as Glue takes
                 "resourceTags/user:Ä": "resource_tags_user", "resourceTags/user:名前": "resource_tags_user_54b3d349",
                 "resourceTags/名": "resource_tags_c58c5cb4", "resourceTags/user:1st": "resource_tags_user_1st",
                 "resourceTags/select": "resource_tags_select", "resourceTags/user:a.b/c:d": "resource_tags_user_a_b_c_d",
                 "source": "source_41cf6794", "billing_period": "billing_period_8139e6af", "order": "order", "1st": "1st"},
        values={"a": dict(zip(names, values)), "b": {"source": "mine", "billing_period": "May", "order": "third", "1st": "number"}})


ODD = [c for c in map(chr, range(0x21, 0x7f)) if not c.isalnum()] + [
    " ", "\t", "\n", "\r", "\x01", "é", "名", "\u00a0", "\u200b", "🎉", "👩‍💻", "ß"]


@fixture("hostile bytes")
def tags_with_odd_characters():
    """Every ASCII punctuation mark, blanks, line ends and emoji in tag keys: as columns, as names of a query, in a map."""
    names = [f"resourceTags/user:k{c}" for c in ODD]
    own = HEADER2 + [f"k{c}" for c in ODD] + ["resource_tags"]
    tags = json.dumps({f"k{c}": f"v{c}" for c in ODD})
    steps = [{"payer-a": v1("v1", text(HEADER + names, line("a", "1", *[f"v{c}" for c in ODD]))),
              "payer-b": v2("v2", text(own, line2("b", "2", *[f"w{c}" for c in ODD], tags)))}]
    return steps, expect(
        run(0, [came("loaded", "v1", 1, 1), came("loaded", "v2", 1, 1, source="payer-b")],
            [held("v1", 1, "1"), held("v2", 1, "2", source="payer-b")]),
        values={"a": {f"resourceTags/user:k{c}": f"v{c}" for c in ODD}, "b": {f"k{c}": f"w{c}" for c in ODD}},
        queries=[query("SELECT e.key AS k, e.value AS v FROM (SELECT unnest(map_entries(resource_tags)) AS e FROM aws_billing_data "
                       "WHERE source = 'payer-b')", *[[f"k{c}", f"v{c}"] for c in ODD])])


@fixture("hostile bytes")
def tags_that_differ_in_normalisation():
    """é as one character and as two, and Å in two characters that look the same: different tags stay different, byte for byte."""
    composed, decomposed, ring, angstrom = "caf\u00e9", "cafe\u0301", "\u00c5", "\u212b"
    names = ["resourceTags/user:" + key for key in (composed, decomposed, ring, angstrom)]
    tags = '{"%s": "one", "%s": "two", "x": "%s"}' % (composed, decomposed, decomposed)
    steps = [{"payer-a": v1("v1", text(HEADER + names, line("a", "1", composed, decomposed, ring, angstrom))),
              "payer-b": v2("v2", text(HEADER2 + ["resource_tags"], line2("b", "2", tags)))}]
    return steps, expect(
        run(0, [came("loaded", "v1", 1, 1), came("loaded", "v2", 1, 1, source="payer-b")],
            [held("v1", 1, "1"), held("v2", 1, "2", source="payer-b")]),
        columns={names[0]: "resource_tags_user_caf", names[1]: "resource_tags_user_cafe", names[2]: "resource_tags_user",
                 names[3]: "resource_tags_user_29183397"},
        values={"a": dict(zip(names, (composed, decomposed, ring, angstrom)))},
        queries=[query(f"SELECT resource_tags['{composed}'] AS a, resource_tags['{decomposed}'] AS b, resource_tags['x'] AS x "
                       "FROM aws_billing_data WHERE source = 'payer-b'", ["one", "two", decomposed])])


@fixture("9")
def category_of_another_script():
    """A cost category named in letters of another script is a column of its own, not CUR 2.0's map cost_category."""
    name = "costCategory/部門"
    steps = [{"payer-a": v2("v2", text(HEADER2 + ["cost_category"], line2("a", "1", '{"部門": "営業"}')))},
             {"payer-a": v1("v1", text(HEADER + [name], line("b", "2", "営業")), period="2026-06")}]
    of_v2 = held("v2", 1, "1")
    return steps, expect(
        run(0, [came("loaded", "v2", 1, 1)], [of_v2]),
        run(0, [came("unchanged", "v2", 0, 0), came("loaded", "v1", 1, 1, period="2026-06")],
            [of_v2, held("v1", 1, "2", period="2026-06")]),
        columns={"cost_category": "cost_category"}, values={"b": {name: "営業"}})


@fixture("hostile bytes", large=True)
def tags_in_2000_columns():
    """A bill with 2,000 tag columns, of which each row has one."""
    names = [f"resourceTags/user:Team {number:04d}" for number in range(2000)]

    def steps():
        rows = [line(f"{chosen:04d}", "0.5", *["on" if number == chosen else "" for number in range(2000)]) for chosen in (0, 999, 1999)]
        return [{"payer-a": v1("v1", text(HEADER + names, *rows), columns=HEADER + names)}]
    return steps, expect(
        run(0, [came("loaded", "v1", 3, 3)], [held("v1", 3, "1.5")]),
        columns={names[0]: "resource_tags_user_team_0000", names[1999]: "resource_tags_user_team_1999"},
        values={"0000": {names[0]: "on", names[999]: None}, "0999": {names[999]: "on"}, "1999": {names[1999]: "on", names[1998]: None}},
        queries=[query("SELECT count(*) AS n FROM (DESCRIBE SELECT * FROM aws_billing_data)", ["2012"])])  # 7, 2,000 and 5 of ours


# ---- Numbers and ids

@fixture("10")
def costs_below_a_cent():
    """Costs down to the eighteenth decimal, and sums that a double would get wrong, are exact."""
    rows = [line("a", "0.005"), line("b", "0.0000004"), line("c", "0.0000000021"), line("d", "0.000000000001"),
            line("e", "0.000000000000000001"),
            line("f", "10000000000000000.01", currency="EUR"), line("g", "-10000000000000000", currency="EUR"),
            line("h", "0.1", currency="EUR"), line("i", "0.1", currency="EUR"), line("j", "0.1", currency="EUR")]
    return [{"payer-a": v1("v1", text(HEADER, *rows))}], expect(
        run(0, [came("loaded", "v1", 10, 10)], [held("v1", 5, "0.31", "EUR"), held("v1", 5, "0.005000402101000001")]),
        queries=[cells("line_item_unblended_cost", ["0.005"], ["0.0000004"], ["0.0000000021"], ["0.000000000001"],
                       ["0.000000000000000001"], ["10000000000000000.01"], ["-10000000000000000"], ["0.1"], ["0.1"], ["0.1"])])


@fixture("11")
def numbers_in_every_notation():
    """E-notation, 0E-10, -0, a plus sign, points at either end, zeros in front: the same numbers; zero has no sign."""
    costs = ["1E-7", "1.5e3", "0E-10", "-0", "-0.00", "+5", ".5", "5.", "007", "0e99", "1e-0000000000000002", "-2.5E+1"]
    rows = [line(chr(97 + number), cost) for number, cost in enumerate(costs)]
    return [{"payer-a": v1("v1", text(HEADER, *rows))}], expect(
        run(0, [came("loaded", "v1", 12, 12)], [held("v1", 12, "1492.5100001")]),
        queries=[cells("line_item_unblended_cost", ["0.0000001"], ["1500"], ["0"], ["0"], ["0"], ["5"], ["0.5"], ["5"], ["7"], ["0"],
                       ["0.01"], ["-25"])])


@fixture("11")
def numbers_of_40_digits():
    """20 digits before the point fit, 21 and 40 do not; more than 18 decimals are rounded half-even, and the receipt tells by how much."""
    good = [line("a", "99999999999999999999.999999999999999999", currency="EUR"),
            line("b", "0.1234567890123456789012345678901234567890"),
            line("c", "0" * 40 + "1.5"), line("d", "2." + "0" * 40), line("e", "0.0000000000000000005"), line("f", "0.0000000000000000015")]
    bad = ["1234567890123456789012345678901234567890", "100000000000000000000", "99999999999999999999.9999999999999999995", "1e20",
           "1e99999999999"]
    rows = [line(f"x{number}", cost) for number, cost in enumerate(bad)]
    return [{"payer-a": v1("v1", text(HEADER, *good, *rows))}], expect(
        run(3, [came("loaded", "v1", 11, 6, 5)],
            [held("v1", 1, "99999999999999999999.999999999999999999", "EUR"), held("v1", 5, "3.623456789012345681")]),
        quarantine=[aside(8 + number, f"x{number},Usage,2026-05-03T00:00:00Z,012345678901,USD,{cost},",
                          f"lineItem/UnblendedCost: does not fit decimal(38,18): '{cost}'") for number, cost in enumerate(bad)],
        sums=[{"currency": "USD", "column": "line_item_unblended_cost", "source": "3.623456789012345681",
               "loaded": "3.623456789012345681", "quarantined": "0", "unreadable_cells": 5, "rounded_cells": 3,
               "rounding_residual": "-0.000000000000000000098765432109876543211"},
              {"currency": "EUR", "column": "line_item_unblended_cost", "loaded": "99999999999999999999.999999999999999999",
               "rounded_cells": 0}],
        queries=[cells("line_item_unblended_cost", ["99999999999999999999.999999999999999999"], ["0.123456789012345679"], ["1.5"],
                       ["2"], ["0"], ["0.000000000000000002"])])


@fixture("11")
def numbers_that_are_none():
    """Texts that other programs take for numbers, or for nothing, go to quarantine whole."""
    bad = ["1,5", "1 000", " 1", "NaN", "0x1F", "１", "1e", "--1", "$5"]
    rows = [line(f"x{number}", cost) for number, cost in enumerate(bad)]
    raw = [f'x{number},Usage,2026-05-03T00:00:00Z,012345678901,USD,{cost},' for number, cost in enumerate(bad)]
    raw[0] = 'x0,Usage,2026-05-03T00:00:00Z,012345678901,USD,"1,5",'
    return [{"payer-a": v1("v1", text(HEADER, *rows, line("a", "1")))}], expect(
        run(3, [came("loaded", "v1", 10, 1, 9)], [held("v1", 1, "1")]),
        quarantine=[aside(2 + number, raw[number], f"lineItem/UnblendedCost: not a decimal number: '{cost}'")
                    for number, cost in enumerate(bad)],
        sums=[{"currency": "USD", "column": "line_item_unblended_cost", "source": "1", "loaded": "1", "quarantined": "0",
               "unreadable_cells": 9}])


@fixture("11")
def empty_is_null():
    """An empty cell, quoted or not, is NULL, also of numbers and times; the words null and None, and 0, are what they are."""
    tag = "resourceTags/user:Name"
    rows = [line("a", ""), b'b,Usage,"",012345678901,USD,"","",""', line("c", "0", "null", said="None"), line("d", "1", " ", said="NULL")]
    rows[0] = ["a", "Usage", "", "012345678901", "USD", "", "", ""]
    return [{"payer-a": v1("v1", text(HEADER + [tag], *rows))}], expect(
        run(0, [came("loaded", "v1", 4, 4)], [held("v1", 4, "1")]),
        queries=[cells("line_item_usage_start_date, line_item_unblended_cost, line_item_line_item_description, resource_tags_user_name",
                       [None, None, None, None], [None, None, None, None], ["2026-05-03 00:00:00", "0", "None", "null"],
                       ["2026-05-03 00:00:00", "1", "NULL", " "])])


@fixture("11")
def ids_that_look_like_numbers():
    """012345678901, 1E5, 0x10, NaN and a date stay the texts that they are; a quantity above 2^53 stays exact."""
    more = ["product/sku", "resourceTags/user:Name", "lineItem/UsageAmount"]
    rows = [line("a", "1", "1E5", "012345678901", "9007199254740993", account="012345678901"),
            line("b", "1", "1e400", "NaN", "36893488147419103233", account="000000000000"),
            line("c", "1", "0x10", "2026-05-01", "1", account="1E5"), line("d", "1", "-0", "TRUE", "1", account="12345678901.0")]
    return [{"payer-a": v1("v1", text(HEADER + more, *rows))}], expect(
        run(0, [came("loaded", "v1", 4, 4)], [held("v1", 4, "4")]),
        queries=[cells("line_item_usage_account_id, product_sku, resource_tags_user_name, line_item_usage_amount",
                       ["012345678901", "1E5", "012345678901", "9007199254740993"],
                       ["000000000000", "1e400", "NaN", "36893488147419103233"],
                       ["1E5", "0x10", "2026-05-01", "1"], ["12345678901.0", "-0", "TRUE", "1"])])


# ---- Rows and months

@fixture("12")
def line_items_that_are_not_unique():
    """Equal ids and wholly equal rows are all kept, and ids that change between deliveries double nothing."""
    steps = [{"payer-a": v1("first", text(HEADER, line("a", "1"), line("a", "1"), line("a", "2")), text(HEADER, line("a", "1")))},
             {"payer-a": v1("second", text(HEADER, line("x", "1"), line("y", "1"), line("y", "2"), line("y", "1")))}]
    return steps, expect(run(0, [came("loaded", "first", 4, 4)], [held("first", 4, "5")]),
                         run(0, [came("replaced", "second", 4, 4)], [held("second", 4, "5")]))


@fixture("13")
def dates_outside_the_period():
    """Fees with dates years away, corrections of the month before: they belong to the bill's month and are replaced with it."""
    rows = [line("a", "1", start="2023-05-01T00:00:00Z", kind="Fee"), line("b", "2", start="2029-04-30T23:59:59Z", kind="Fee"),
            line("c", "4", start="2026-04-30T23:00:00Z"), line("d", "8", start="2026-06-01T00:00:00Z"),
            line("e", "16", start="0001-01-01T00:00:00Z"), line("f", "32", start="9999-12-31T23:59:59Z")]
    steps = [{"payer-a": v1("april", text(HEADER, line("z", "64")), period="2026-04") | v1("first", text(HEADER, *rows))},
             {"payer-a": v1("second", text(HEADER, rows[1]))}]
    april = held("april", 1, "64", period="2026-04")
    return steps, expect(
        run(0, [came("loaded", "april", 1, 1, period="2026-04"), came("loaded", "first", 6, 6)], [april, held("first", 6, "63")]),
        run(0, [came("unchanged", "april", 0, 0, period="2026-04"), came("replaced", "second", 1, 1)], [april, held("second", 1, "2")]),
        queries=[cells("billing_period, line_item_usage_start_date",
                       ["2026-05", "2029-04-30 23:59:59"], ["2026-04", "2026-05-03 00:00:00"])])


@fixture("14")
def two_payers_share_a_month():
    """A new delivery replaces its own payer's month, and neither the other payer's nor the other month."""
    def bill(version, period, cost):
        return v1(version, text(HEADER, line("a", cost)), period=period)
    steps = [{"payer-a": bill("a4", "2026-04", "1") | bill("a5", "2026-05", "2"),
              "payer-b": bill("b4", "2026-04", "4") | bill("b5", "2026-05", "8")},
             {"payer-b": bill("b5-again", "2026-05", "16")}]
    others = [held("a4", 1, "1", period="2026-04"), held("a5", 1, "2"), held("b4", 1, "4", source="payer-b", period="2026-04")]
    return steps, expect(
        run(0, [came("loaded", "a4", 1, 1, period="2026-04"), came("loaded", "a5", 1, 1),
                came("loaded", "b4", 1, 1, source="payer-b", period="2026-04"), came("loaded", "b5", 1, 1, source="payer-b")],
            others + [held("b5", 1, "8", source="payer-b")]),
        run(0, [came("unchanged", "a4", 0, 0, period="2026-04"), came("unchanged", "a5", 0, 0),
                came("unchanged", "b4", 0, 0, source="payer-b", period="2026-04"), came("replaced", "b5-again", 1, 1, source="payer-b")],
            others + [held("b5-again", 1, "16", source="payer-b")]))


@fixture("16")
def split_costs_and_commitments():
    """Split-cost rows, negations, a recurring fee of a day to come and a fee of 0: each is loaded as delivered, once."""
    more = ["lineItem/Operation", "splitLineItem/SplitCost", "savingsPlan/SavingsPlanEffectiveCost"]
    rows = [line("a", "0.5", "RunInstances", "", ""), line("b", "", "EKSPod-EC2", "0.12345678901234567849", ""),
            line("c", "0", "ECSTask-EC2", "0.25", ""), line("d", "0.4", "RunInstances", "", "0.3", kind="SavingsPlanCoveredUsage"),
            line("e", "-0.4", "RunInstances", "", "", kind="SavingsPlanNegation"),
            line("f", "0.3", "", "", "", kind="SavingsPlanRecurringFee", start="2026-05-31T23:00:00Z"),
            line("g", "0", "", "", "", kind="RIFee")]
    return [{"payer-a": v1("v1", text(HEADER + more, *rows))}], expect(
        run(0, [came("loaded", "v1", 7, 7)], [held("v1", 7, "0.8")]),
        sums=[{"currency": "USD", "column": "split_line_item_split_cost", "source": "0.373456789012345678",
               "loaded": "0.373456789012345678", "rounded_cells": 1, "rounding_residual": "0.00000000000000000049"},
              {"currency": "USD", "column": "savings_plan_savings_plan_effective_cost", "source": "0.3", "loaded": "0.3"}],
        queries=[cells("line_item_line_item_type, line_item_operation, line_item_unblended_cost, split_line_item_split_cost",
                       ["Usage", "RunInstances", "0.5", None], ["Usage", "EKSPod-EC2", None, "0.123456789012345678"],
                       ["Usage", "ECSTask-EC2", "0", "0.25"], ["SavingsPlanCoveredUsage", "RunInstances", "0.4", None],
                       ["SavingsPlanNegation", "RunInstances", "-0.4", None], ["SavingsPlanRecurringFee", None, "0.3", None],
                       ["RIFee", None, "0", None])])


@fixture("17, 18, 19")
def discounts_taxes_and_marketplace():
    """Discounts as lines and as net columns, taxes, lines of several invoices and of the marketplace: as delivered, nothing netted."""
    more = ["bill/InvoiceId", "bill/BillingEntity", "lineItem/NetUnblendedCost", "lineItem/TaxType", "discount/EdpDiscount"]
    rows = [line("a", "100", "1", "AWS", "90", "", "-10"), line("b", "-10", "1", "AWS", "", "", "", kind="EdpDiscount"),
            line("c", "19", "2", "AWS", "19", "VAT", "", kind="Tax"), line("d", "7", "3", "AWS Marketplace", "7", "", ""),
            line("e", "50", "", "AWS", "45", "", "-5")]
    return [{"payer-a": v1("v1", text(HEADER + more, *rows))}], expect(
        run(0, [came("loaded", "v1", 5, 5)], [held("v1", 5, "166")]),
        sums=[{"currency": "USD", "column": "line_item_net_unblended_cost", "source": "161", "loaded": "161"},
              {"currency": "USD", "column": "discount_edp_discount", "source": "-15", "loaded": "-15"}],
        queries=[query("SELECT bill_invoice_id AS i, bill_billing_entity AS e, sum(line_item_unblended_cost) AS c FROM aws_billing_data "
                       "GROUP BY ALL ORDER BY ALL", ["1", "AWS", "90"], ["2", "AWS", "19"], ["3", "AWS Marketplace", "7"],
                       [None, "AWS", "50"])])


@fixture("20")
def a_closed_month_is_restated():
    """Lines become final one by one, support and a refund come later: each delivery is the whole month, and the old one stays known."""
    header = HEADER + ["bill/InvoiceId"]
    steps = [{"payer-a": v1("open", text(header, line("a", "100", ""), line("b", "50", "")))},
             {"payer-a": v1("closed", text(header, line("a", "100", "77"), line("b", "50", "77"),
                                           line("c", "12.5", "78", said="Support")))},
             {"payer-a": v1("refunded", text(header, line("a", "100", "77"), line("b", "50", "77"), line("c", "12.5", "78"),
                                             line("d", "-20", "79", kind="Refund")))}]
    return steps, expect(
        run(0, [came("loaded", "open", 2, 2)], [held("open", 2, "150")]),
        run(0, [came("replaced", "closed", 3, 3)], [held("closed", 3, "162.5")]),
        run(0, [came("replaced", "refunded", 4, 4)], [held("refunded", 4, "142.5")]),
        history=[["open", "superseded"], ["closed", "superseded"], ["refunded", "current"]],
        queries=[cells("bill_invoice_id", ["77"], ["77"], ["78"], ["79"])])


@fixture("21")
def account_names_change():
    """An account with two names in one month, and two accounts with one name: ids count, names are as delivered."""
    header = HEADER2 + ["line_item_usage_account_name"]
    rows = [line2("a", "1", "web", account="000000000001"), line2("b", "2", "web-old", account="000000000001"),
            line2("c", "4", "web", account="000000000002"), line2("d", "8", "", account="000000000002")]
    return [{"payer-a": v2("v1", text(header, *rows))}], expect(
        run(0, [came("loaded", "v1", 4, 4)], [held("v1", 4, "15")]),
        queries=[query("SELECT line_item_usage_account_id AS a, line_item_usage_account_name AS n, line_item_unblended_cost AS c "
                       "FROM aws_billing_data ORDER BY c", ["000000000001", "web", "1"], ["000000000001", "web-old", "2"],
                       ["000000000002", "web", "4"], ["000000000002", None, "8"])])


@fixture("22")
def currencies_are_never_added():
    """USD, CNY, INR, a currency in small letters and none at all: each has sums of its own, also in quarantine."""
    rows = [line("a", "1.1"), line("b", "7.25", currency="CNY"), line("c", "83.1", currency="INR"), line("d", "0.9"),
            line("e", "5", currency=""), line("f", "-7", currency="CNY"), line("g", "3", currency="usd"),
            line("h", "0.001", currency="INR", start="tomorrow")]
    return [{"payer-a": v1("v1", text(HEADER, *rows))}], expect(
        run(3, [came("loaded", "v1", 8, 7, 1)],
            [held("v1", 1, "5", ""), held("v1", 2, "0.25", "CNY"), held("v1", 1, "83.1", "INR"), held("v1", 2, "2"),
             held("v1", 1, "3", "usd")]),
        quarantine=[aside(9, "h,Usage,tomorrow,012345678901,INR,0.001,", "lineItem/UsageStartDate: not a time: 'tomorrow'",
                          currency="INR")],
        sums=[{"currency": "INR", "column": "line_item_unblended_cost", "source": "83.101", "loaded": "83.1", "quarantined": "0.001"},
              {"currency": "CNY", "column": "line_item_unblended_cost", "source": "0.25", "loaded": "0.25", "quarantined": "0"}])


# ---- Text

@fixture("23")
def byte_order_marks():
    """A mark at the beginning of a file is no part of the first name, quoted or not; anywhere else it is data."""
    mark = b"\xef\xbb\xbf"
    quoted = text(HEADER, line("b", "2", said="\ufeffmarked")).replace(b"identity/LineItemId", b'"identity/LineItemId"', 1)
    return [{"payer-a": v1("v1", mark + text(HEADER, line("a", "1")), mark + quoted)}], expect(
        run(0, [came("loaded", "v1", 2, 2)], [held("v1", 2, "3")]),
        columns={"identity/LineItemId": "identity_line_item_id"},
        queries=[cells("identity_line_item_id, line_item_line_item_description", ["a", None], ["b", "\ufeffmarked"]),
                 query("SELECT count(*) AS n FROM (DESCRIBE SELECT * FROM aws_billing_data)", ["12"])])


@fixture("23")
def carriage_returns():
    """CRLF and LF end a line, also mixed and with none after the last; a carriage return elsewhere is data."""
    mixed = text(HEADER) + b"b,Usage,,012345678901,USD,2,x\r\nc,Usage,,012345678901,USD,4,a\rb\nd,Usage,,012345678901,USD,8,"
    return [{"payer-a": v1("v1", text(HEADER, line("a", "1"), line_end="\r\n"), mixed)}], expect(
        run(0, [came("loaded", "v1", 4, 4)], [held("v1", 4, "15")]),
        queries=[cells("line_item_line_item_description, source_line", [None, "2"], ["x", "2"], ["a\rb", "3"], [None, "4"])])


@fixture("23")
def line_ends_and_quotes_in_cells():
    """Line ends, commas and quotes within quotes are data, and so is a quote that is not a cell's first byte; lines are physical."""
    tag = "resourceTags/user:Name"
    rows = [line("a", "1", "two\nlines", said='say "hi", you'), line("b", "2", '""', said="crlf\r\nand lf\n\nend"),
            b'c,Usage,,012345678901,USD,4,5" disk,a"b""c', line("d", "8", "plain")]
    return [{"payer-a": v1("v1", text(HEADER + [tag], *rows))}], expect(
        run(0, [came("loaded", "v1", 4, 4)], [held("v1", 4, "15")]),
        queries=[cells("line_item_line_item_description, resource_tags_user_name, source_line",
                       ['say "hi", you', "two\nlines", "2"], ["crlf\r\nand lf\n\nend", '""', "4"], ['5" disk', 'a"b""c', "8"],
                       [None, "plain", "9"])])


@fixture("23")
def broken_quotes_and_field_counts():
    """Rows with broken quotes, too few or too many cells go to quarantine with their bytes; the rows after them are right."""
    bad = [b'a,"un"closed,x', b"short,row", b"a,b,c,d,e,f,g,h", b"", b'never,"closed,USD,1']
    rows = [line("a", "1"), bad[0], line("b", "2"), bad[1], bad[2], line("c", "4"), bad[3], line("d", "8"), bad[4], line("e", "16")]
    return [{"payer-a": v1("v1", text(HEADER, *rows))}], expect(
        run(3, [came("loaded", "v1", 10, 5, 5)], [held("v1", 5, "31")]),
        quarantine=[aside(3, bad[0], "broken quoting: a closing quote is followed", currency="?"),
                    aside(5, bad[1], "2 fields instead of 7", currency="?"), aside(6, bad[2], "8 fields instead of 7", currency="?"),
                    aside(8, bad[3], "1 field instead of 7", currency="?"),
                    aside(10, bad[4], "broken quoting: a quoted cell is not closed", currency="?")],
        queries=[cells("identity_line_item_id, source_line", ["a", "2"], ["b", "4"], ["c", "7"], ["d", "9"], ["e", "11"])])


@fixture("23")
def invalid_utf8():
    """Bytes that are no UTF-8, in any form, in any column, send the row to quarantine as it is; rare characters that are fine do not."""
    def row(name, said, cost=b"0"):
        return name + b",Usage,2026-05-03T00:00:00Z,012345678901,USD," + cost + b"," + said
    # No beginning, too long a form, a surrogate, cut short, above U+10FFFF, no beginning.
    bad = [b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80", b"\x80"]
    rows = [row(b"x%d" % number, said) for number, said in enumerate(bad)] + [row(b"x6", b"", b"1\xa0"), b"x7,Usage,,1,US\xc4,0,"]
    good = line("a", "1", said="名 😀 \ufffd \u0080 \U0010ffff")
    shown = ["\\xff\\xfe", "\\xc0\\x80", "\\xed\\xa0\\x80", "\\xe2\\x82", "\\xf4\\x90\\x80\\x80", "\\x80"]
    return [{"payer-a": v1("v1", text(HEADER, *rows, good))}], expect(
        run(3, [came("loaded", "v1", 9, 1, 8)], [held("v1", 1, "1")]),
        quarantine=[aside(2 + number, rows[number], f"lineItem/LineItemDescription: not UTF-8: '{told}'")
                    for number, told in enumerate(shown)] +
                   [aside(8, rows[6], "lineItem/UnblendedCost: not UTF-8: '1\\xa0'"),
                    aside(9, rows[7], "lineItem/CurrencyCode: not UTF-8: 'US\\xc4'", currency="?")],
        sums=[{"currency": "USD", "column": "line_item_unblended_cost", "source": "1", "loaded": "1", "quarantined": "0",
               "unreadable_cells": 1},
              {"currency": "?", "column": "line_item_unblended_cost", "source": "0", "loaded": "0", "quarantined": "0"}],
        queries=[cells("line_item_line_item_description", ["名 😀 \ufffd \u0080 \U0010ffff"])])


@fixture("23")
def currency_that_cannot_be_read():
    """A currency that is no UTF-8 is one of its own, called ?: a row of it with a cost is more than the threshold of that currency."""
    bad = b"x,Usage,,1,US\xc4,0.01,"
    return [{"payer-a": v1("v1", text(HEADER, line("a", "1000"), bad))}], expect(
        run(1, [came("refused", "v1", 2, 0, 1, says=["hold 0.01 of 0.01 ? of unblended cost", "threshold_cost"])], []),
        quarantine=[aside(3, bad, "lineItem/CurrencyCode: not UTF-8: 'US\\xc4'", currency="?")])


@fixture("23")
def nul_bytes():
    """A NUL byte is data in a text, and no part of a number."""
    rows = [b"a,Us\0age,2026-05-03T00:00:00Z,012345678901,USD,1,\0", b'b,Usage,,012345678901,USD,2,"x\0,\0y"',
            b"x,Usage,,012345678901,USD,4\0,", line("c", "8")]
    return [{"payer-a": v1("v1", text(HEADER, *rows))}], expect(
        run(3, [came("loaded", "v1", 4, 3, 1)], [held("v1", 3, "11")]),
        quarantine=[aside(4, b"x,Usage,,012345678901,USD,4\0,", "lineItem/UnblendedCost: not a decimal number: '4\\x00'")],
        queries=[cells("line_item_line_item_type, length(line_item_line_item_description)",
                       ["Us\0age", "1"], ["Usage", "5"], ["Usage", None])])


@fixture("23")
def surrogates_in_maps():
    """In the JSON of maps a lone surrogate sends the row to quarantine; a pair is its character, and an escaped NUL is data."""
    bad = ['{"a": "\\ud800"}', '{"a": "\\udc00x"}', '{"\\udfff": "k"}', '{"a": "\\ud83d\\u0041"}', '{"a": "\\ude00\\ud83d"}']
    rows = [line2(f"x{number}", "0", tags) for number, tags in enumerate(bad)]
    good = line2("a", "1", '{"a": "\\ud83d\\ude00", "b\\u0000": "\\u0000"}')
    return [{"payer-a": v2("v2", text(HEADER2 + ["resource_tags"], *rows, good))}], expect(
        run(3, [came("loaded", "v2", 6, 1, 5)], [held("v2", 1, "1")]),
        quarantine=[aside(2 + number, f"x{number},012345678901,USD,0,{cell(tags)}", f"resource_tags: bad JSON string: '{tags}'")
                    for number, tags in enumerate(bad)],
        queries=[query("SELECT resource_tags['a'] AS a, map_keys(resource_tags)[2] AS k, map_values(resource_tags)[2] AS v "
                       "FROM aws_billing_data",
                       ["😀", "b\0", "\0"])])


@fixture("23")
def maps_of_every_kind():
    """A map's values as texts and as decimals; what is no JSON object, or has a key twice, goes to quarantine."""
    header = HEADER2 + ["resource_tags", "discount"]
    good = [line2("a", "1", '{"s": "x", "n": null, "e": "", "i": 1.50, "o": {"b": [1, "c"]}}',
                  '{"EDP": -1E-1, "text": "0.20", "none": null}'),
            line2("b", "2", "{}", ""), line2("c", "4", ' {"name": "lower", "Name": "upper"} ', "")]
    bad = [('{"a": "1", "a": "2"}', "", "resource_tags: has the key 'a' twice"), ('["a"]', "", "resource_tags: not a JSON object"),
           ('{"a": 1,}', "", "resource_tags: not a JSON object"), ("Name=web", "", "resource_tags: not a JSON object"),
           ("", '{"EDP": "ten"}', "discount: the value of the key 'EDP' is not a decimal number"),
           ("", '{"EDP": 1e20}', "discount: the value of the key 'EDP' does not fit decimal(38,18)"),
           ('{"a": NaN}', "", "resource_tags: not a JSON object"), ("{'a': 'b'}", "", "resource_tags: not a JSON object")]
    rows = [line2(f"x{number}", "0", tags, discount) for number, (tags, discount, _) in enumerate(bad)]
    return [{"payer-a": v2("v2", text(header, *good, *rows))}], expect(
        run(3, [came("loaded", "v2", 11, 3, 8)], [held("v2", 3, "7")]),
        quarantine=[aside(5 + number, f"x{number},012345678901,USD,0,{cell(tags)},{cell(discount)}", reason)
                    for number, (tags, discount, reason) in enumerate(bad)],
        queries=[cells("resource_tags['s'] AS s, resource_tags['n'] AS n, resource_tags['e'] AS e, resource_tags['i'] AS i, "
                       "resource_tags['o'] AS o, resource_tags['name'] AS low, resource_tags['Name'] AS up, discount['EDP'] AS d, "
                       "discount['text'] AS t, discount['none'] AS z, cardinality(resource_tags) AS m",
                       ["x", None, "", "1.50", '{"b": [1, "c"]}', None, None, "-0.1", "0.2", None, "5"],
                       [None] * 10 + ["0"], [None] * 5 + ["lower", "upper", None, None, None, "2"])])


@fixture("23", large=True)
def cells_of_a_mebibyte():
    """A quoted cell of 1 MiB is loaded, one of a byte more is faulty, quotes in it count double; one without quotes may be longer."""
    limit = 1 << 20

    def steps():
        def quoted(name, inner):
            return name + b',Usage,,012345678901,USD,1,"' + inner + b'"'
        rows = [quoted(b"a", b"x" * limit), quoted(b"x1", b"y" * (limit + 1)), quoted(b"b", b'""' * (limit // 2)),
                quoted(b"x2", b'""' * (limit // 2) + b"z"), b"c,Usage,,012345678901,USD,1," + b"q" * (2 * limit), line("d", "1")]
        tags = json.dumps({f"key {number:05d}": "v" * 100 for number in range(4000)})
        return [{"payer-a": v1("v1", text(HEADER, *rows)), "payer-b": v2("v2", text(HEADER2 + ["resource_tags"], line2("e", "1", tags)))}]
    too_long = "broken quoting: a quoted cell is not closed"
    return steps, expect(
        run(3, [came("loaded", "v1", 6, 4, 2), came("loaded", "v2", 1, 1, source="payer-b")],
            [held("v1", 4, "4"), held("v2", 1, "1", source="payer-b")]),
        quarantine=[{"line": 3, "currency": "?", "reasons": [too_long], "raw_bytes": limit + 1 + 31},
                    {"line": 5, "currency": "?", "reasons": [too_long], "raw_bytes": limit + 1 + 31}],
        queries=[cells("identity_line_item_id AS i, length(line_item_line_item_description) AS n, cardinality(resource_tags) AS m, "
                       "source_line",
                       ["a", "1048576", None, "2"], ["b", "524288", None, "4"], ["c", "2097152", None, "6"], ["d", None, None, "7"],
                       ["e", None, "4000", "2"])])


@fixture("24")
def blank_rates_and_costs():
    """BlendedCost and rates are blank on discounts: NULL, not 0. Unknown is text where the column is, and no rate."""
    more = ["lineItem/BlendedCost", "lineItem/BlendedRate", "lineItem/UnblendedRate", "reservation/UnitsPerReservation"]
    rows = [line("a", "-10", "", "", "", "", kind="Discount"), line("b", "5", "5", "0.1", "0.1", "Unknown"),
            line("x", "0", "0", "Unknown", "", "")]
    return [{"payer-a": v1("v1", text(HEADER + more, *rows))}], expect(
        run(3, [came("loaded", "v1", 3, 2, 1)], [held("v1", 2, "-5")]),
        quarantine=[aside(4, "x,Usage,2026-05-03T00:00:00Z,012345678901,USD,0,,0,Unknown,,",
                          "lineItem/BlendedRate: not a decimal number: 'Unknown'")],
        queries=[cells("line_item_blended_cost, line_item_blended_rate, line_item_unblended_rate, reservation_units_per_reservation",
                       [None, None, None, None], ["5", "0.1", "0.1", "Unknown"])])


@fixture("25")
def times_are_utc():
    """Times are UTC whatever the zone of the machine; other offsets are converted, fractions kept, days that do not exist set aside."""
    good = ["2026-05-01T00:00:00Z", "2026-04-30T23:59:59.999Z", "2026-05-01", "2026-05-01 00:00:00", "20260501T000000.000Z",
            "2026-05-01T05:30:00+05:30"]
    bad = ["2026-02-30T00:00:00Z", "2026-05-01T24:00:00Z", "1777593600", "2026-05-01T00:00:00 UTC", "01/05/2026"]
    rows = [line(chr(97 + number), "1", start=start) for number, start in enumerate(good)]
    bad_rows = [line(f"x{number}", "0", start=start) for number, start in enumerate(bad)]
    at = "2026-05-01 00:00:00"
    return [{"payer-a": v1("v1", text(HEADER, *rows, *bad_rows))}], expect(
        run(3, [came("loaded", "v1", 11, 6, 5)], [held("v1", 6, "6")]),
        environment={"TZ": "Asia/Kolkata"},
        quarantine=[aside(8 + number, f"x{number},Usage,{start},012345678901,USD,0,", f"lineItem/UsageStartDate: not a time: '{start}'")
                    for number, start in enumerate(bad)],
        queries=[cells("line_item_usage_start_date::VARCHAR AS t", [at], ["2026-04-30 23:59:59.999"], [at], [at], [at], [at])])


# ---- Manifests

def april_beside(may):
    """A good April beside a May that is not."""
    return [{"payer-a": v1("april", text(HEADER, line("a", "1.5")), period="2026-04") | may}]


def only_april(*says, kind="invalid_data"):
    april = came("loaded", "april", 1, 1, period="2026-04")
    return expect(run(3, [april, failed(*says, kind=kind)], [held("april", 1, "1.5", period="2026-04")]))


MAY = v1_folder("2026-05")
GOOD_MAY = text(HEADER, line("b", "2"))


@fixture("27")
def manifest_lists_itself():
    """A manifest that lists a manifest as data is refused by name; the other month is loaded."""
    keys = [f"{MAY}/v1/report-00001.csv.gz", f"{MAY}/v1/report-Manifest.json"]
    return april_beside(v1("v1", GOOD_MAY, reportKeys=keys)), only_april(f"{MAY}/report-Manifest.json", "lists a manifest as data", keys[1])


@fixture("27")
def manifest_lists_a_missing_file():
    """A file that is listed and not there: nothing of the month is loaded, and the file is named."""
    keys = [f"{MAY}/v1/report-00001.csv.gz", f"{MAY}/v1/report-00002.csv.gz"]
    return (april_beside(v1("v1", GOOD_MAY, reportKeys=keys)),
            only_april("lists 2 files, of which 1 do not exist", keys[1], kind="not_found"))


@fixture("27")
def manifest_lists_a_file_twice():
    """A file that is listed twice would be counted twice."""
    keys = [f"{MAY}/v1/report-00001.csv.gz", f"/{MAY}/v1/report-00001.csv.gz"]
    return april_beside(v1("v1", GOOD_MAY, reportKeys=keys)), only_april("twice", "report-00001.csv.gz")


@fixture("27")
def manifest_of_another_month():
    """A manifest that tells another month than its folder."""
    start = {"start": "20260401T000000.000Z", "end": "20260501T000000.000Z"}
    return april_beside(v1("v1", GOOD_MAY, billingPeriod=start)), only_april("it is about 2026-04 but lies in the folder of 2026-05")


@fixture("27")
def manifest_cut_short():
    """A manifest that was copied in part."""
    objects = v1("v1", GOOD_MAY)
    objects[f"{MAY}/report-Manifest.json"] = objects[f"{MAY}/report-Manifest.json"][:100]
    return april_beside(objects), only_april(f"{MAY}/report-Manifest.json", "not valid JSON")


@fixture("27")
def manifest_is_not_there_yet():
    """Files without their manifest are a delivery that is not finished: nothing of it is loaded, and nothing has failed."""
    objects = {key: body for key, body in v1("v1", GOOD_MAY).items() if not key.endswith("Manifest.json")}
    return april_beside(objects), expect(
        run(0, [came("loaded", "april", 1, 1, period="2026-04")], [held("april", 1, "1.5", period="2026-04")]))


@fixture("27")
def manifest_that_is_awaited():
    """The same, and whoever runs finops is told which month waits for its manifest."""
    steps, expected = manifest_is_not_there_yet()
    return steps, expect(expected["runs"][0] | {"stderr": [f"{MAY}/report-Manifest.json' does not exist"]})


@fixture("27")
def two_manifests_of_one_month():
    """v1 and CUR 2.0 of one month in one export: both would count the costs twice, so neither is loaded."""
    both = v1("v1", GOOD_MAY) | v2("v2", text(HEADER2, line2("b", "2")))
    return april_beside(both), only_april("two manifests are about 2026-05", f"{MAY}/report-Manifest.json",
                                          "metadata/BILLING_PERIOD=2026-05/report-Manifest.json", "Set cur_version")


@fixture("27")
def two_folders_of_one_month():
    """Two folders of dates that begin with the same month."""
    other = {key.replace("20260501-20260601", "20260501-20260531"): body for key, body in v1("v2", GOOD_MAY).items()}
    return (april_beside(v1("v1", GOOD_MAY) | other),
            only_april("two manifests are about 2026-05", "20260501-20260531", "Remove the one that is wrong"))


@fixture("28")
def partition_without_its_zero():
    """BILLING_PERIOD=2025-9 is no partition of AWS's and is left alone: beside 2025-09 it doubles nothing, and alone it is no export."""
    files = text(HEADER2, line2("a", "1"))
    padded, bare = v2("v1", files, period="2025-09"), v2("v1", files, partition="BILLING_PERIOD=2025-9")
    august = v2("v1", files, period="2025-08")
    no_export = ["neither folders of dates", "metadata/BILLING_PERIOD=2025-09"]
    return [{"payer-a": padded | bare, "payer-b": bare, "payer-c": august | bare}], expect(
        run(3, [came("loaded", "v1", 1, 1, period="2025-09"), failed(*no_export, source="payer-b", period=None, kind="not_found"),
                came("loaded", "v1", 1, 1, source="payer-c", period="2025-08")],
            [held("v1", 1, "1", period="2025-09"), held("v1", 1, "1", source="payer-c", period="2025-08")]),
        queries=[query("SELECT billing_period, count(*) AS n FROM aws_billing_data WHERE billing_period = '2025-09' GROUP BY 1",
                       ["2025-09", "1"])])


# ---- gzip

def broken_after_a_good_one(broken, *says):
    """A good first delivery, then one whose second file cannot be decoded: the month stays as it was."""
    steps = [{"payer-a": v1("first", text(HEADER, line("a", "1")))},
             {"payer-a": v1("second", text(HEADER, line("a", "4")), Raw(broken))}]
    stays = [held("first", 1, "1")]
    return steps, expect(run(0, [came("loaded", "first", 1, 1)], stays),
                         run(1, [failed("report-00002.csv.gz", *says)], stays, verdicts=["agrees"]))


PACKED = gz(text(HEADER, *[line(f"{number:03d}", "2") for number in range(200)]))


@fixture("hostile bytes")
def gzip_truncated():
    """The file ends within its data."""
    return broken_after_a_good_one(PACKED[:-200], "truncated")


@fixture("hostile bytes")
def gzip_truncated_in_its_trailer():
    """All data is there, the last three bytes are not."""
    return broken_after_a_good_one(PACKED[:-3], "truncated")


@fixture("hostile bytes")
def gzip_truncated_between_members():
    """A second member of which only the beginning is there."""
    return broken_after_a_good_one(PACKED + gz(b"x\n")[:5], "truncated")


@fixture("hostile bytes")
def gzip_with_a_wrong_crc():
    """One bit of the CRC-32 is wrong."""
    return broken_after_a_good_one(PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:], "wrong CRC-32")


@fixture("hostile bytes")
def gzip_with_a_wrong_length():
    """The data fits its CRC-32, the length in the trailer does not."""
    return broken_after_a_good_one(PACKED[:-4] + struct.pack("<I", struct.unpack("<I", PACKED[-4:])[0] + 1), "length")


@fixture("hostile bytes")
def gzip_with_a_changed_byte():
    """A byte in the middle of the data is another one."""
    middle = len(PACKED) // 2
    return broken_after_a_good_one(PACKED[:middle] + bytes([PACKED[middle] ^ 0x55]) + PACKED[middle + 1:], "damaged")


@fixture("hostile bytes")
def gzip_with_trailing_garbage():
    """Bytes after the last member that are no member."""
    return broken_after_a_good_one(PACKED + b"garbage", "not a gzip file")


@fixture("hostile bytes")
def gzip_with_garbage_after_zeros():
    """Zeros after the member, then something else."""
    return broken_after_a_good_one(PACKED + b"\0\0\0x", "not a gzip file")


@fixture("hostile bytes")
def gzip_that_is_a_zip():
    """A ZIP file under the name of a csv.gz."""
    return broken_after_a_good_one(b"PK\x03\x04\x14\0\0\0\x08\0" + PACKED, "not a gzip file")


@fixture("hostile bytes")
def gzip_that_is_plain_text():
    """Text that was never compressed, under the name of a csv.gz."""
    return broken_after_a_good_one(text(HEADER, line("b", "2")), "not a gzip file")


@fixture("hostile bytes")
def gzip_of_zeros_only():
    """A file of zeros, as a crashed copy leaves it: padding is allowed after a member only."""
    return broken_after_a_good_one(b"\0" * 100, "not a gzip file")


@fixture("hostile bytes")
def gzip_with_zero_padding():
    """Zeros after the last member, as tapes and some tools leave them, are no garbage; nor are they between members."""
    body = text(HEADER, line("a", "1"), line("b", "2"))
    part = Raw(gz(body[:50]) + b"\0" * 5 + gz(body[50:]) + b"\0" * 512)
    return [{"payer-a": v1("v1", part)}], expect(run(0, [came("loaded", "v1", 2, 2)], [held("v1", 2, "3")]))


@fixture("hostile bytes", large=True)
def gzip_bomb_of_one_record():
    """40 MB of one letter in 40 KB: the part is given up after 16 MiB of one record, and the month stays."""
    def steps():
        return broken_after_a_good_one(gz(text(HEADER) + b"x" * 40_000_000))[0]
    return steps, broken_after_a_good_one(b"", "the record on line 2 does not end within 16777216 bytes")[1]


@fixture("hostile bytes", large=True)
def header_without_an_end():
    """A header of more than 1 MiB: the part is given up."""
    def steps():
        return broken_after_a_good_one(gz(b"x" * 2_000_000))[0]
    return steps, broken_after_a_good_one(b"", "its header does not end within 1048576 bytes")[1]


@fixture("hostile bytes")
def header_names_a_column_twice():
    """Which of two columns of one name is which nobody can tell."""
    body = text(HEADER + ["lineItem/UnblendedCost"], line("b", "2", "3"))
    return broken_after_a_good_one(gz(body), "its header has the column 'lineItem/UnblendedCost' twice")


@fixture("hostile bytes")
def header_that_is_not_utf8():
    """A name in Latin-1."""
    return broken_after_a_good_one(gz(text(HEADER)[:-1] + b",resourceTags/user:Gr\xf6\xdfe\n"), "its header is not UTF-8")


@fixture("hostile bytes")
def header_with_broken_quotes():
    """A quoted name with something after its quote."""
    return broken_after_a_good_one(gz(text(HEADER)[:-1] + b',"resourceTags/user:Name"x\n'), "its header has broken quotes")


# ---- Writing

def expected_of(name):
    function, pitfall, large = FIXTURES[name]
    steps, expected = function()
    return steps, {"pitfall": pitfall, "about": function.__doc__} | ({"large": True} if large else {}) | expected


def write_buckets(steps, folder):
    for number, buckets in enumerate(steps() if callable(steps) else steps, 1):
        for source, objects in buckets.items():
            (folder / str(number) / source).mkdir(parents=True, exist_ok=True)
            for key, body in objects.items():
                path = folder / str(number) / source / key
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)


def write_fixture(name, folder, with_large_buckets=False):
    """Writes one fixture into `folder`, which has nothing of it yet."""
    steps, expected = expected_of(name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=True) + "\n")
    if with_large_buckets or not callable(steps):
        write_buckets(steps, folder)


def main():
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent
    for name in FIXTURES:
        shutil.rmtree(target / name, ignore_errors=True)
        write_fixture(name, target / name)


if __name__ == "__main__":
    main()
