"""What a restatement changed: every list sums exactly to the difference of the bills, which is computed here again from
the delivered rows."""
import collections
import decimal
import json

import pytest
from deliveries import csv_bytes, deliver_v1, deliver_v2, small_bill
from test_demo_loading import DemoProject

D = decimal.Decimal
decimal.getcontext().prec = 80

COLUMNS = {"id": "identity/LineItemId", "payer": "bill/PayerAccountId", "invoice": "bill/InvoiceId", "bill": "bill/BillType",
           "account": "lineItem/UsageAccountId", "type": "lineItem/LineItemType", "start": "lineItem/UsageStartDate",
           "end": "lineItem/UsageEndDate", "service": "lineItem/ProductCode", "usage_type": "lineItem/UsageType",
           "operation": "lineItem/Operation", "resource": "lineItem/ResourceId", "amount": "lineItem/UsageAmount",
           "currency": "lineItem/CurrencyCode", "cost": "lineItem/UnblendedCost", "description": "lineItem/LineItemDescription",
           "region": "product/region", "ri": "reservation/ReservationARN", "team": "resourceTags/user:Team",
           "stage": "resourceTags/user:Stage"}
USUAL = {"payer": "000000000001", "bill": "Anniversary", "account": "111111111111", "type": "Usage", "start": "2026-05-03T00:00:00Z",
         "end": "2026-05-03T01:00:00Z", "service": "AmazonEC2", "usage_type": "BoxUsage:t3.micro", "operation": "RunInstances",
         "resource": "i-1", "amount": "1", "currency": "USD", "cost": "1", "description": "$1 per hour", "region": "us-east-1"}


def line(**cells):
    return USUAL | cells


def bill(lines, version, columns=COLUMNS):
    """AWS gives every line a new id in each delivery."""
    rows = [line | {"id": f"{version}-{i}"} for i, line in enumerate(lines)]
    return csv_bytes(list(columns.values()), [[row.get(name) for name in columns] for row in rows])


def deliver(project, lines, version, source="payer-a", period="2026-05", columns=COLUMNS):
    bucket = project.folder / "buckets" / source
    if not bucket.exists():
        project.add_export(source)
    deliver_v1(bucket, period, [bill(lines, version, columns)], version)


@pytest.fixture
def restated(project):
    """Loads two deliveries and returns what diff says of them."""
    def load(before, after, *options, **delivery):
        deliver(project, before, "v1", **delivery)
        project.run("aws", "run-pipeline")
        deliver(project, after, "v2", **delivery)
        project.run("aws", "run-pipeline")
        document = project.json("diff", "--period", delivery.get("period", "2026-05"), *options)
        assert document["changed"] is True
        [comparison] = document["comparisons"]
        return comparison
    return load


def sums(lines, currency, key):
    result = collections.defaultdict(lambda: [0, D(0)])
    for one in lines:
        if one["currency"] == currency:
            value = result[one.get(key) if key else None]
            value[0] += 1
            value[1] += D(one["cost"])
    return result


def listed(document, key="value"):
    return {one[key]: (one["rows_before"], one["rows_after"], D(one["before"]), D(one["after"]), D(one["difference"]))
            for one in document["largest"]}


def total_of(document):
    others = D(document["others"]["difference"]) if document["others"] else D(0)
    return sum((D(one["difference"]) for one in document["largest"]), others)


def assert_list(document, before, after, currency, key):
    """Each value with exactly its rows and money, and none that did not change."""
    old, new = sums(before, currency, key), sums(after, currency, key)
    expected = {value: (old[value][0], new[value][0], old[value][1], new[value][1], new[value][1] - old[value][1])
                for value in list(old) + list(new) if old[value] != new[value]}
    assert listed(document) == expected, key


def assert_exact(comparison, before, after):
    for currency in {one["currency"] for one in before + after}:
        told = comparison["currencies"][currency]
        difference = sums(after, currency, None)[None][1] - sums(before, currency, None)[None][1]
        assert D(told["total"]["difference"]["loaded"]) == difference
        for name in ("type", "service", "account", "region"):
            assert_list(told["by"][name], before, after, currency, name)
        days = [[one | {"day": one["start"][:10]} for one in lines] for lines in (before, after)]
        assert_list(told["by"]["day"], *days, currency, "day")
        assert_sums(told, difference)


def assert_sums(told, difference):
    """Everything that diff lists sums to the difference."""
    for name, document in [*told["by"].items(), *told["tags"].items(), ("lines", told["lines"])]:
        assert total_of(document) == difference, name
    assert sum(D(one["difference"]) for one in told["causes"].values()) == difference
    for cause in told["causes"].values():
        assert sum(D(cause[kind]["difference"]) for kind in ("new", "gone", "changed")) == D(cause["difference"])
    assert sum(D(told["lines"][kind]["difference"]) for kind in ("new", "gone", "changed")) == difference


BEFORE = [
    line(resource="i-same", cost="3.3"),
    line(resource="i-late", amount="2", cost="1.25"),
    line(resource="i-gone", cost="0.5"),
    line(resource="i-rated", amount="10", cost="10", description="$1.00 per hour"),
    line(type="Tax", resource=None, service="AmazonEC2", cost="5", description="Tax for product code AmazonEC2", amount="1"),
    line(type="RIFee", resource=None, ri="arn:ri", cost="7", amount="720"),
    line(currency="EUR", resource="i-eur", cost="2", amount="2"),
]
AFTER = [
    line(resource="i-same", cost="3.3"),
    line(resource="i-late", amount="3", cost="1.875"),
    line(resource="i-new", cost="4", account="222222222222", start="2026-05-31T23:00:00Z", region="eu-west-1"),
    line(resource="i-rated", amount="10", cost="9.000000000000000001", description="$0.90 per hour"),
    line(type="Tax", resource=None, service="AmazonEC2", cost="6.1", description="Tax for product code AmazonEC2", amount="1"),
    line(type="RIFee", resource=None, ri="arn:ri", cost="7.5", amount="720"),
    line(type="Credit", resource=None, cost="-20.5", description="Promotional credit"),
    line(type="Refund", resource=None, cost="-3", description="Refund for S3", service="AmazonS3", bill="Refund"),
    line(type="Fee", resource=None, cost="100", service="AWSSupportBusiness", description="AWS Support (Business)", start="2026-05-01T00:00:00Z"),
    line(type="EdpDiscount", resource=None, cost="-2.25", description="Enterprise discount"),
    line(type="Fee", resource=None, cost="1", service="8x9y", description="A marketplace product"),
    line(currency="EUR", resource="i-eur", cost="3", amount="3"),
]
CAUSES = {"late_usage": D("4.625"), "withdrawn_usage": D("-0.5"), "re_rating": D("-0.999999999999999999"), "tax": D("1.1"),
          "commitment": D("0.5"), "credit": D("-20.5"), "refund": D("-3"), "support_fee": D("100"), "discount": D("-2.25"),
          "other": D("1")}


def test_every_cause_is_named_with_its_exact_amount(restated):
    told = restated(BEFORE, AFTER)
    usd, eur = told["currencies"]["USD"], told["currencies"]["EUR"]
    assert {cause: D(one["difference"]) for cause, one in usd["causes"].items()} == CAUSES
    assert {cause: D(one["difference"]) for cause, one in eur["causes"].items()} == {"late_usage": D(1)}
    late = usd["causes"]["late_usage"]
    assert (late["new"]["groups"], late["changed"]["groups"], late["gone"]["groups"]) == (1, 1, 0)
    assert D(late["new"]["difference"]) == 4 and D(late["changed"]["difference"]) == D("0.625")
    lines = usd["lines"]
    assert (lines["new"]["groups"], lines["gone"]["groups"], lines["changed"]["groups"]) == (6, 1, 4)
    assert_exact(told, BEFORE, AFTER)


def test_lines_are_told_by_a_key_that_survives_a_refresh(restated):
    told = restated(BEFORE, AFTER, "--limit", "0")["currencies"]["USD"]["lines"]
    assert told["others"] is None
    by_resource = {one["key"].get("resource"): one for one in told["largest"] if "resource" in one["key"]}
    assert by_resource.keys() == {"i-late", "i-new", "i-gone", "i-rated"}, "i-same has another LineItemId and is the same"
    rated = by_resource["i-rated"]
    assert (rated["change"], rated["cause"]) == ("changed", "re_rating")
    assert (rated["before"], rated["after"], rated["amount_before"], rated["amount_after"]) == ("10", "9.000000000000000001", "10", "10")
    assert by_resource["i-gone"]["change"] == "gone" and D(by_resource["i-gone"]["difference"]) == D("-0.5")
    new = by_resource["i-new"]["key"]
    assert new["account"] == "222222222222" and new["usage_type"] == "BoxUsage:t3.micro" and new["start"] == "2026-05-31 23:00:00"
    sizes = [abs(D(one["difference"])) for one in told["largest"]]
    assert sizes == sorted(sizes, reverse=True)


def test_lines_that_are_not_unique_are_compared_as_groups(restated):
    twin = dict(resource="i-twin", cost="1.1", amount="1")
    before = [line(**twin)] * 3 + [line(resource="i-split", cost="4", amount="2")]
    after = [line(**twin)] * 5 + [line(resource="i-split", cost="2", amount="1")] * 2
    told = restated(before, after)["currencies"]["USD"]
    [twins, split] = told["lines"]["largest"]
    assert (twins["rows_before"], twins["rows_after"], D(twins["difference"]), twins["cause"]) == (3, 5, D("2.2"), "late_usage")
    assert (split["rows_before"], split["rows_after"], D(split["difference"]), split["cause"]) == (1, 2, D(0), "other")


def many_lines(version):
    """Some 600 lines of which some differ from the other version's; costs have all 18 decimals."""
    lines = []
    for i in range(600):
        if (i % 7 == 3 and version == 1) or (i % 11 == 5 and version == 2):
            continue
        cost = D(i * 37 % 101) + D(i) / D(10) ** 18 + (D(version) / 8 if i % 5 == 0 else 0)
        lines.append(line(resource=f"i-{i}", cost=format(cost, "f"), account=f"{i % 40:012d}", service=f"Amazon{i % 13}",
                          region=f"region-{i % 6}" if i % 6 else None, type=["Usage", "Tax", "Credit"][i % 3],
                          start=f"2026-05-{1 + i % 31:02d}T00:00:00Z", currency="EUR" if i % 4 == 0 else "USD",
                          team=f"team-{i % 25 + version % 2}" if i % 3 else None, stage="prod" if i % 5 else None))
    return lines


def test_every_dimension_sums_exactly_whatever_the_limit(project, restated):
    before, after = many_lines(1), many_lines(2)
    everything = restated(before, after, "--limit", "0")
    assert_exact(everything, before, after)
    for currency, told in everything["currencies"].items():
        assert_list(told["tags"]["user_team"], before, after, currency, "team")
        assert_list(told["tags"]["user_stage"], before, after, currency, "stage")
    for limit in ("1", "3", "10"):
        [told] = project.json("diff", "--period", "2026-05", "--limit", limit)["comparisons"]
        for currency, one in told["currencies"].items():
            assert_sums(one, D(one["total"]["difference"]["loaded"]))
            whole = everything["currencies"][currency]
            for name, document in one["by"].items():
                count = min(int(limit), len(whole["by"][name]["largest"]))
                assert document["largest"] == whole["by"][name]["largest"][:count]
                hidden = len(whole["by"][name]["largest"]) - count
                assert (document["others"]["items"] if document["others"] else 0) == hidden


def v2_part(lines):
    names = ["line_item_usage_account_id", "line_item_line_item_type", "line_item_usage_start_date", "line_item_product_code",
             "line_item_resource_id", "line_item_usage_amount", "line_item_currency_code", "line_item_unblended_cost", "product",
             "resource_tags"]
    rows = [[one["account"], one["type"], one["start"].replace("Z", ".000Z"), one["service"], one["resource"], one["amount"],
             one["currency"], one["cost"], json.dumps({"region": one["region"]}),
             json.dumps({f"user_{k}": one[k] for k in ("team", "stage") if one.get(k)})] for one in lines]
    return csv_bytes(names, rows)


TAGGED = [line(resource="i-1", team="red", cost="1"), line(resource="i-2", team="blue", stage="prod", cost="2"),
          line(resource="i-3", cost="4")]
RETAGGED = [line(resource="i-1", team="blue", cost="1"), line(resource="i-2", team="blue", stage="prod", cost="2.5"),
            line(resource="i-3", cost="4")]


def assert_retagged(told):
    assert {key: {value: one[-1] for value, one in listed(document).items()} for key, document in told["tags"].items()} == {
        "user_team": {"red": D(-1), "blue": D("1.5")}, "user_stage": {"prod": D("0.5")}}


def test_tags_of_columns(restated):
    told = restated(TAGGED, RETAGGED)["currencies"]["USD"]
    assert_retagged(told)
    assert told["tags"]["user_team"]["others"] is None


def test_tags_and_regions_of_maps(project):
    bucket = project.add_export("payer-a")
    for version, lines in (("id-1", TAGGED), ("id-2", RETAGGED)):
        deliver_v2(bucket, "2026-05", [v2_part(lines)], version)
        project.run("aws", "run-pipeline")
    [comparison] = project.json("diff", "--period", "2026-05")["comparisons"]
    assert_retagged(comparison["currencies"]["USD"])
    assert_exact(comparison, TAGGED, RETAGGED)
    assert listed(comparison["currencies"]["USD"]["by"]["region"]) == {"us-east-1": (3, 3, D(7), D("7.5"), D("0.5"))}


def test_a_tag_is_one_key_in_a_column_and_in_a_map(project):
    """The export went from CUR 1.0 to CUR 2.0 within the month."""
    import shutil
    deliver(project, TAGGED, "v1")
    project.run("aws", "run-pipeline")
    shutil.rmtree(project.folder / "buckets/payer-a")
    deliver_v2(project.folder / "buckets/payer-a", "2026-05", [v2_part(RETAGGED)], "id-2")
    project.run("aws", "run-pipeline")
    [comparison] = project.json("diff", "--period", "2026-05")["comparisons"]
    assert_retagged(comparison["currencies"]["USD"])
    assert_exact(comparison, TAGGED, RETAGGED)


FOCUS = ["BilledCost", "BillingCurrency", "SubAccountId", "ChargeCategory", "ChargeClass", "ServiceName", "RegionId", "ChargePeriodStart",
         "ChargePeriodEnd", "ConsumedQuantity", "ResourceId", "CommitmentDiscountId", "ChargeDescription", "Tags"]


def focus_line(cost, resource, category="Usage", charge_class=None, service="Amazon EC2", amount="1", tag=None, commitment=None):
    return [cost, "USD", "111111111111", category, charge_class, service, "us-east-1", "2026-05-03T00:00:00Z", "2026-05-03T01:00:00Z",
            amount, resource, commitment, None, json.dumps({"user_team": tag} if tag else {})]


def test_a_bill_of_focus(project):
    bucket = project.add_export("focus")
    before = [focus_line("1", "r-1", tag="red"), focus_line("2", "r-2"), focus_line("8", "r-3", amount="8")]
    after = [focus_line("1.5", "r-1", tag="red"), focus_line("2", "r-2"), focus_line("10", "r-3", amount="10"),
             focus_line("-0.25", "r-2", charge_class="Correction", amount="0"), focus_line("0.3", None, "Tax"),
             focus_line("-4", None, "Credit"), focus_line("12", None, "Purchase", commitment="arn:sp"),
             focus_line("29", None, "Usage", service="AWS Support (Developer)")]
    for version, rows in (("id-1", before), ("id-2", after)):
        deliver_v2(bucket, "2026-05", [csv_bytes(FOCUS, rows)], version, tableName="FOCUS_1_2_AWS")
        project.run("aws", "run-pipeline")
    [comparison] = project.json("diff", "--period", "2026-05")["comparisons"]
    assert comparison["table"] == "focus_aws"
    told = comparison["currencies"]["USD"]
    assert {cause: D(one["difference"]) for cause, one in told["causes"].items()} == {
        "re_rating": D("0.5"), "late_usage": D(2), "refund": D("-0.25"), "tax": D("0.3"), "credit": D(-4), "commitment": D(12),
        "support_fee": D(29)}
    assert_sums(told, D("39.55"))
    assert listed(told["by"]["account"])["111111111111"][-1] == D("39.55") == listed(told["by"]["day"])["2026-05-03"][-1]
    assert {value: one[-1] for value, one in listed(told["by"]["type"]).items()} == {
        "Usage": D("31.25"), "Tax": D("0.3"), "Credit": D(-4), "Purchase": D(12)}
    assert {value: one[-1] for value, one in listed(told["by"]["service"]).items()} == {
        "Amazon EC2": D("10.55"), "AWS Support (Developer)": D(29)}
    assert {value: one[-1] for value, one in listed(told["tags"]["user_team"]).items()} == {"red": D("0.5"), None: D("39.05")}


def test_columns_that_a_delivery_lacks_are_none(project):
    bare = {name: COLUMNS[name] for name in ("id", "currency", "cost", "type")}
    deliver(project, [line(cost="1"), line(cost="2", type="Tax")], "v1", columns=bare)
    project.run("aws", "run-pipeline")
    deliver(project, [line(cost="1.5"), line(cost="2", type="Tax")], "v2")
    project.run("aws", "run-pipeline")
    deliver(project, [line(cost="1.5"), line(cost="2.5", type="Tax")], "v3", columns=bare)
    project.run("aws", "run-pipeline")
    [first] = project.json("diff", "--period", "2026-05", "--to", "v2")["comparisons"]
    told = first["currencies"]["USD"]
    assert_sums(told, D("0.5"))
    assert listed(told["by"]["account"]) == {None: (2, 0, D(3), D(0), D(-3)), "111111111111": (0, 2, D(0), D("3.5"), D("3.5"))}
    [both] = project.json("diff", "--period", "2026-05", "--from", "v1")["comparisons"]
    told = both["currencies"]["USD"]
    assert_sums(told, D(1))
    assert listed(told["by"]["account"]) == {None: (2, 2, D(3), D(4), D(1))} and told["tags"] == {}


def test_versions_are_named_by_their_beginnings(project):
    for version, cost in (("aa-1", "1"), ("ab-2", "2"), ("c-3", "4")):
        deliver(project, [line(cost=cost)], version)
        project.run("aws", "run-pipeline")

    def versions(*options):
        [one] = project.json("diff", "--period", "2026-05", *options)["comparisons"]
        return one["from"]["execution_id"], one["to"]["execution_id"], D(one["currencies"]["USD"]["total"]["difference"]["loaded"])
    assert versions() == ("ab-2", "c-3", D(2))
    assert versions("--from", "aa") == ("aa-1", "c-3", D(3))
    assert versions("--to", "ab") == ("aa-1", "ab-2", D(1))
    assert versions("--from", "c", "--to", "aa") == ("c-3", "aa-1", D(-3))
    assert "begins both" in project.run("diff", "--period", "2026-05", "--from", "a", expect=2).err
    assert "no delivery is called 'x'; there are aa-1, ab-2, c-3" in project.run("diff", "--period", "2026-05", "--to", "x", expect=1).err
    assert "compared with itself" in project.run("diff", "--period", "2026-05", "--from", "c", expect=2).err
    project.run("rollback", "--period", "2026-05", "--source", "payer-a", "--to", "aa")
    assert versions() == ("c-3", "aa-1", D(-3)), "what was current before"
    project.run("diff", "--period", "2026-5", expect=2)
    project.run("diff", expect=2)


def test_without_two_deliveries_there_is_nothing_to_compare(project):
    deliver(project, [line()], "v1")
    project.run("aws", "run-pipeline")
    document = project.json("diff", "--period", "2026-05")
    assert document == {"changed": False, "billing_period": "2026-05", "comparisons": []}
    assert "no two deliveries of 2026-05" in project.run("diff", "--period", "2026-05").out
    assert project.json("diff", "--period", "2026-01")["comparisons"] == []
    assert "the ledger has no delivery of payer-x" in project.run("diff", "--period", "2026-05", "--source", "payer-x", expect=1).err


def test_the_same_bill_again_has_no_changes(project):
    for version in ("v1", "v2"):
        deliver(project, BEFORE, version)
        project.run("aws", "run-pipeline")
    document = project.json("diff", "--period", "2026-05")
    assert document["changed"] is False
    told = document["comparisons"][0]["currencies"]["USD"]
    assert told["causes"] == {} and all(one["largest"] == [] for one in told["by"].values())
    assert "the same rows and the same money" in project.run("diff", "--period", "2026-05").out


def test_all_sources_with_two_deliveries_are_compared_each_by_itself(project):
    for source in ("payer-a", "payer-b", "payer-c"):
        deliver(project, [line(cost="1")], f"{source}-old", source=source)
    project.run("aws", "run-pipeline")
    for source in ("payer-a", "payer-b"):
        deliver(project, [line(cost="2")], f"{source}-new", source=source)
    project.run("aws", "run-pipeline")
    document = project.json("diff", "--period", "2026-05")
    assert [one["source"] for one in document["comparisons"]] == ["payer-a", "payer-b"]
    assert [one["source"] for one in project.json("diff", "--period", "2026-05", "--source", "payer-b")["comparisons"]] == ["payer-b"]
    assert [one["source"] for one in project.json("diff", "--period", "2026-05", "--from", "payer-a-o")["comparisons"]] == ["payer-a"]


def test_what_went_to_quarantine_is_shown_beside_what_was_loaded(project):
    project.write_config("[quarantine]\nthreshold_cost = 1\nthreshold_rows = 1\n")
    project.add_export("payer-a")
    project.write_config("[quarantine]\nthreshold_cost = 1\nthreshold_rows = 1\n")
    deliver(project, [line(cost="1"), line(resource="i-2", cost="10", amount="not a number")], "v1")
    project.run("aws", "run-pipeline", expect=3)
    deliver(project, [line(cost="2"), line(resource="i-2", cost="10.5")], "v2")
    project.run("aws", "run-pipeline")
    [told] = project.json("diff", "--period", "2026-05")["comparisons"]
    assert told["from"]["rows"] == {"source": 2, "loaded": 1, "quarantined": 1}
    total = told["currencies"]["USD"]["total"]
    assert {side: {k: D(v) for k, v in sums.items()} for side, sums in total.items()} == {
        "before": {"source": D(11), "loaded": D(1), "quarantined": D(10)},
        "after": {"source": D("12.5"), "loaded": D("12.5"), "quarantined": D(0)},
        "difference": {"source": D("1.5"), "loaded": D("11.5"), "quarantined": D(-10)}}
    assert_sums(told["currencies"]["USD"], D("11.5"))
    text = project.run("diff", "--period", "2026-05").out
    assert "in quarantine" in text and "+1.5" in text


def test_an_empty_delivery_is_compared_too(project):
    for version, lines in (("v1", [line(cost="3")]), ("v2", [])):
        deliver(project, lines, version)
        project.run("aws", "run-pipeline", "--overwrite")
    [told] = project.json("diff", "--period", "2026-05")["comparisons"]
    assert_sums(told["currencies"]["USD"], D(-3))
    assert told["to"]["rows"]["loaded"] == 0


def test_a_refused_delivery_was_never_in_the_lake(project):
    deliver(project, [line(cost="1")], "v1")
    project.run("aws", "run-pipeline")
    deliver(project, [line(resource=f"i-{i}", amount="not a number") for i in range(30)], "v2")
    project.run("aws", "run-pipeline", expect=1)
    assert "was refused and never in the lake" in project.run("diff", "--period", "2026-05", "--to", "v2", expect=2).err
    assert project.json("diff", "--period", "2026-05")["comparisons"] == []


def test_an_expired_delivery_is_told_with_what_to_do(project):
    for version in ("v1", "v2", "v3"):
        deliver(project, [line(cost=version[1])], version)
        project.run("aws", "run-pipeline")
    project.run("lake", "expire", env={"FINOPS__LAKE__KEEP_DAYS": "0", "FINOPS__LAKE__KEEP_VERSIONS": "2"})
    [told] = project.json("diff", "--period", "2026-05")["comparisons"]
    assert_sums(told["currencies"]["USD"], D(1))
    failed = project.run("diff", "--period", "2026-05", "--from", "v1", expect=1).err
    assert "held the delivery v1 have expired" in failed and "finops aws run-pipeline" in failed


def test_files_that_are_not_what_the_receipt_proved_are_not_compared(project):
    for version in ("v1", "v2"):
        deliver(project, [line(cost=version[1])], version)
        project.run("aws", "run-pipeline")
    files = list((project.folder / "data/lake/billing/aws_billing_data/data").rglob("*.parquet"))
    assert len(files) == 2
    files[0].write_bytes(files[1].read_bytes())
    failed = project.run("diff", "--period", "2026-05", expect=1).err
    assert "receipt" in failed and "lake check --deep" in failed


def test_people_see_causes_and_lists(project, restated):
    restated(BEFORE, AFTER)
    text = project.run("diff", "--period", "2026-05", "--limit", "2").out
    assert "payer-a 2026-05: v1 → v2" in text and "Rows delivered 7 → 12" in text
    assert "late usage" in text and "+4.625" in text and "-0.999999999999999999" in text
    for heading in ("CAUSE", "TYPE", "SERVICE", "ACCOUNT", "REGION", "DAY", "LINES"):
        assert heading in text
    assert "others)" in text and "AWSSupportBusiness" in text


def test_the_restated_month_of_the_demo(tmp_path):
    project = DemoProject(tmp_path, "--months", "2")
    project.run("aws", "run-pipeline")
    before = {(d["source"], d["period"]): d for d in project.current()}
    project.generate("--restate")
    project.run("aws", "run-pipeline")
    after = {(d["source"], d["period"]): d for d in project.current()}
    moved = [key for key in after if after[key]["execution_id"] != before[key]["execution_id"]]
    assert moved
    for source, period in moved:
        [told] = project.json("diff", "--period", period, "--source", source)["comparisons"]
        for currency, columns in after[source, period]["sums"].items():
            expected = D(columns["line_item_unblended_cost"]["sum"]) - \
                D(before[source, period]["sums"][currency]["line_item_unblended_cost"]["sum"])
            assert D(told["currencies"][currency]["total"]["difference"]["source"]) == expected
            assert_sums(told["currencies"][currency], expected)
            assert told["currencies"][currency]["tags"]
