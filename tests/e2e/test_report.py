"""`finops report` in a real browser: the page shows what the lake holds, asks for nothing, and looks right on any screen."""
import decimal
import json
import re
import subprocess

import pytest
from browser import Browser, find_browser
from datasets import EXAMPLE, NAME, Datasets, rows_of
from project import BINARY, Project
from test_cloud_provider_truth import landing  # noqa: F401: small data with every oddity

pytestmark = pytest.mark.skipif(find_browser() is None, reason="needs browser")

MODELS = sorted(path.stem for path in (EXAMPLE / "models").glob("*.sql"))
DATASETS = sorted(path.stem for path in (EXAMPLE / "datasets").glob("*.toml"))
WIDTHS = [1280, 390]

# Tables as lists of texts, by what a selector finds.
CELLS = """selector => [...document.querySelectorAll(selector)].map(
  row => [...row.children].map(cell => cell.classList.contains('null') ? null : cell.textContent))"""
# What reaches over the right edge of the page, outside of what scrolls within itself.
OVERFLOWING = """(() => [...document.querySelectorAll('body *')].filter(
  one => !one.closest('.scroll') && !one.closest('.plot svg') && one.getBoundingClientRect().right > innerWidth + 0.5)
  .map(one => one.tagName + ' ' + one.className + ' ' + one.textContent.slice(0, 60)))()"""
# Shapes of plots without an area, and texts that their picture cuts off.
FLAT = """(() => [...document.querySelectorAll('svg')].filter(
  svg => { const box = svg.getBoundingClientRect(); return box.width < 100 || box.height < 40 ||
           !svg.querySelector('polygon, polyline, circle, .bar') })
  .map(svg => svg.textContent.slice(0, 60)))()"""
CUT_OFF = """(() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const of = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(text => { const box = text.getBoundingClientRect();
    return box.left < of.left - 1 || box.right > of.right + 1 || box.bottom > of.bottom + 1 })
  .map(text => text.textContent) }))()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as one:
        yield one


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """The example with generated data, its tables and its page."""
    folder = tmp_path_factory.mktemp("reported")
    subprocess.run([str(BINARY), "demo", "generate", "--profile", "cloud-provider", "--out", str(folder / "demo"), "--events", "6000"],
                   check=True, capture_output=True)
    datasets = Datasets(Project(folder), folder / "demo" / "landing")
    datasets.report = datasets.run()
    datasets.waived = datasets.project.json("quarantine", "waive", "--project", EXAMPLE, "--dataset", "users", "--code", "email_malformed",
                                            "--reason", "old accounts <2020>")["waiver"]
    datasets.page = folder / "report.html"
    answer = datasets.project.json("report", "--project", EXAMPLE, "--html", datasets.page)
    assert answer == {"path": str(datasets.page), "bytes": datasets.page.stat().st_size, "models": len(MODELS)}
    return datasets


def cells(browser, selector):
    return browser.evaluate(f"({CELLS})({json.dumps(selector)})")


def table(browser, selector):
    """Rows as dicts by the heads of the table."""
    [heads] = cells(browser, f"{selector} thead tr")
    return [dict(zip(heads, row)) for row in cells(browser, f"{selector} tbody tr")]


def shown(value):
    """A cell of DuckDB as the page shows it."""
    if value is None or isinstance(value, str):
        return value if value is None or len(value) <= 240 else value[:240] + "…"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, decimal.Decimal):
        return f"{value.normalize():f}" if value else "0"
    return "".join(value) if isinstance(value, list) else str(value)


def in_lake(datasets, sql):
    return [{name: shown(value) for name, value in row.items()} for row in rows_of(datasets.project.database, sql)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_asks_for_nothing_and_fits(browser, reported, width, scheme):
    browser.open(reported.page, width=width, scheme=scheme)
    assert browser.console == []
    assert browser.requests == [reported.page.as_uri()]
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert browser.evaluate(OVERFLOWING) == []
    assert browser.evaluate(FLAT) == []
    assert browser.evaluate(CUT_OFF) == []


def test_light_and_dark_are_what_the_reader_wishes(browser, reported):
    def brightness():
        ground, ink = browser.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
        return [sum(map(int, re.findall(r"\d+", colour)[:3])) / 765 for colour in (ground, ink)]

    browser.open(reported.page, scheme="light")
    ground, ink = brightness()
    assert ground > 0.9 and ink < 0.2
    browser.open(reported.page, scheme="dark")
    ground, ink = brightness()
    assert ground < 0.2 and ink > 0.8


def test_every_dataset_is_shown_with_its_quality(browser, reported):
    browser.open(reported.page)
    by_name = {one["dataset"]: one for one in reported.report["datasets"]}
    rows = cells(browser, "#quality tr[data-dataset]")
    assert sorted(row[0] for row in rows) == DATASETS
    for name, bronze, valid, quarantined, *_ in rows:
        wanted = by_name[name]["rows"]
        assert [bronze, valid, quarantined] == [f"{wanted[one]:,}" for one in ("bronze", "valid", "quarantined")]
    for kind, attribute in (("reasons", "reason"), ("flags", "flag")):
        wanted = sorted([name, code, f"{rows:,}"] for name, one in by_name.items() for code, rows in one[kind].items())
        assert sorted(cells(browser, f"#quality tr[data-{attribute}]")) == wanted and wanted


def test_what_is_accepted_is_shown(browser, reported):
    browser.open(reported.page)
    since = reported.waived["since"][:19].replace("T", " ")
    assert cells(browser, "#waivers tr[data-waiver]") == [
        ["users", "email_malformed", "all", "old accounts <2020>", since, f"{reported.waived['rows']:,}"]]


def test_money_is_proved(browser, reported):
    browser.open(reported.page)
    wanted = [[one["dataset"], *(proof[key] for key in ("column", "currency", "bronze", "silver", "quarantined")), "exact"]
              for one in reported.report["datasets"] for proof in one["money"]]
    assert cells(browser, "#money tbody tr") == wanted and wanted
    for *_, bronze, silver, quarantined, _ in cells(browser, "#money tbody tr"):
        assert decimal.Decimal(bronze) == decimal.Decimal(silver) + decimal.Decimal(quarantined)


def test_quarantined_rows_are_shown_as_they_were_delivered(browser, reported):
    browser.open(reported.page)
    shown_reasons = set()
    for one in reported.report["datasets"]:
        if not one["rows"]["quarantined"]:
            assert not cells(browser, f"[data-quarantine={one['dataset']}] tr")
            continue
        found = table(browser, f"[data-quarantine={one['dataset']}]")
        held = in_lake(reported, f"FROM {NAME}_silver.{one['dataset']}_quarantine")
        assert found
        for row in found:
            assert any(row.items() <= other.items() for other in held), row
            shown_reasons |= {code for code in one["reasons"] if code in row["reasons"]}
    assert shown_reasons == {code for one in reported.report["datasets"] for code in one["reasons"]}


def test_every_model_is_shown_with_its_first_rows(browser, reported):
    browser.open(reported.page)
    assert sorted(browser.evaluate("[...document.querySelectorAll('[data-model]')].map(one => one.dataset.model)")) == MODELS
    rows_by_model = {one["model"]: one["rows"] for one in reported.report["models"]}
    keys = {"tickets_by_date": "ticket_date, severity", "revenue_by_org_month": "org_id, year_month",
            "tickets_by_org_date": "org_id, ticket_date, severity", "usage_cost_anomalies": "source_file, source_line"}
    for model in MODELS:
        order = keys.get(model, "org_id, usage_date, service")
        wanted = in_lake(reported, f"FROM {NAME}_gold.{model} ORDER BY {order} LIMIT 50")
        assert table(browser, f"[data-model={model}] > .scroll") == wanted, model
        caption = browser.evaluate(f"document.querySelector('[data-model={model}] caption').textContent")
        assert f"{rows_by_model[model]:,} row" in caption
        described = dict(row[0:3:2] for row in cells(browser, f"[data-model={model}] details .scroll tbody tr"))
        assert list(described) == list(wanted[0]) and all(described.values())


def test_plots_tell_the_exact_sums(browser, reported):
    browser.open(reported.page)
    titles = browser.evaluate("[...document.querySelectorAll('#gold-org_daily_usage_by_service .band title')].map(one => one.textContent)")
    told = {(date, service): amount for date, *lines in (title.split("\n") for title in titles)
            for service, amount in (line.split(": ") for line in lines)}
    wanted = in_lake(reported, "SELECT usage_date, service, sum(total_cost_usd) AS cost "
                     f"FROM {NAME}_gold.org_daily_usage_by_service GROUP BY ALL")
    assert told == {(row["usage_date"], row["service"]): row["cost"] for row in wanted}
    bars = browser.evaluate("[...document.querySelectorAll('#gold-revenue_by_org_month .bar title')].map(one => one.textContent)")
    wanted = in_lake(reported, "SELECT industry, sum(net_revenue) AS revenue "
                     f"FROM {NAME}_gold.revenue_by_org_month GROUP BY ALL ORDER BY 2 DESC")
    assert bars == [f"{row['industry']}: {row['revenue']}" for row in wanted]


def test_anomalies_are_counted_and_the_largest_shown(browser, reported):
    browser.open(reported.page)
    scores = f"{NAME}_gold.usage_cost_anomalies"
    section = "[data-anomalies=usage_cost_anomalies]"
    [by_severity, by_method] = [
        {row[0]: row[2:] for row in cells(browser, f"{section} .two > div:nth-child({number}) tbody tr")} for number in (1, 2)]
    for severity, least, most in (("critical", 10, 10**9), ("high", 6, 10), ("medium", 0, 6)):
        [wanted] = in_lake(reported, "SELECT count(*) AS n, coalesce(sum(cost_usd_increment), 0) AS cost "
                           f"FROM {scores} WHERE is_anomaly AND abs(mad_score) >= {least} AND abs(mad_score) < {most}")
        assert by_severity[severity] == [f"{int(wanted['n']):,}", wanted["cost"]]
    [wanted] = rows_of(reported.project.database, f"SELECT count(*) FILTER (is_zscore) AS z, count(*) FILTER (is_mad) AS m, "
                       f"count(*) FILTER (is_percentile) AS p FROM {scores}")
    assert [by_method[name] for name in ("z score", "MAD score", "percentiles")] == [[f"{wanted[key]:,}"] for key in "zmp"]
    found = table(browser, f"{section} > .scroll")
    wanted = in_lake(reported, f"SELECT event_id, mad_score, cost_usd_increment FROM {scores} WHERE is_anomaly "
                     "ORDER BY abs(mad_score) DESC, event_id LIMIT 20")
    assert len(found) == len(wanted) and [row["mad_score"] for row in found] == [row["mad_score"] for row in wanted]
    dots = browser.evaluate(f"document.querySelectorAll('{section} svg .dot').length")
    assert [f"{dots:,}"] == in_lake_count(reported, f"FROM {scores} WHERE is_anomaly AND mad_score IS NOT NULL")


def in_lake_count(datasets, rest):
    return [f"{row['n']:,}" for row in rows_of(datasets.project.database, f"SELECT count(*) AS n {rest}")]


def write_shop(folder, bad):
    """A small project and what lands, with `bad` in every text; its folder."""
    cell = '"' + bad.replace('"', '""') + '"'
    files = {
        "landing/sales.csv": f"""day,shop,amount
2026-05-01,{cell},12.500
2026-05-02,{cell},-3
2026-05-02,other,99999999999999999999.000000000000000001
{cell},{cell},1
""",
        "shop/project.toml": f"""name = "shop"
description = '''{bad}'''
""",
        "shop/datasets/sales.toml": f"""description = '''{bad}'''
[landing]
path = "sales.csv"
format = "csv"
[columns]
day = {{ type = "date", description = "Day" }}
shop = {{ type = "text", description = "Shop" }}
amount = {{ type = "decimal", description = "Amount" }}
""",
        "shop/rules/sales.toml": """[columns.day]
required = true
""",
        "shop/models/by_day.sql": "SELECT day, shop, amount FROM silver.sales",
        "shop/models/by_day.toml": f"""description = '''{bad}'''
[columns]
day = '''{bad}'''
shop = "Shop"
amount = "Amount"
""",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "shop"


def test_cells_are_never_markup(browser, tmp_path):
    """Whatever a provider delivers, and whatever a project's file says, is text."""
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover='alert(3)'"
    folder = write_shop(tmp_path, bad)
    project = Project(tmp_path)
    project.write_config()
    project.run("dataset", "run", "--project", folder, "--landing", tmp_path / "landing", expect=3)
    page = tmp_path / "report.html"
    project.run("report", "--project", folder, "--html", page)
    browser.open(page)
    assert browser.console == [] and browser.requests == [page.as_uri()]
    assert browser.evaluate("document.querySelectorAll('script, img, [onmouseover], [onerror]').length") == 0
    rows = table(browser, "[data-model=by_day] > .scroll")
    assert [row["amount"] for row in rows] == ["12.5", "-3", "99999999999999999999.000000000000000001"]
    assert rows[0]["shop"] == bad
    assert table(browser, "[data-quarantine=sales]")[0]["day"] == bad
    legend = browser.evaluate("[...document.querySelectorAll('[data-model=by_day] .legend li')].map(one => one.textContent)")
    assert sorted(legend) == sorted([bad[:60] + ("…" if len(bad) > 60 else ""), "other"])
    browser.open(page, width=390)
    assert browser.evaluate("document.documentElement.scrollWidth") == 390
    assert browser.evaluate(OVERFLOWING) == []


def test_sums_that_no_decimal_of_sql_holds_are_shown_exactly(browser, tmp_path):
    most, less = "99999999999999999999.999999999999999999", "-99999999999999999999.7"
    shops = [("a", most, 6), ("b", less, 3), ("c", most, 2), ("d", less, 2), ("d", "0.7", 1), ("e", "0.000000000000000001", 1)]
    amounts = [(shop, amount) for shop, amount, count in shops for _ in range(count)]
    judged = [("f", str(number)) for number in range(20)]
    folder = write_shop(tmp_path, "text")
    (tmp_path / "landing" / "sales.csv").write_text(
        "day,shop,amount\n" + "".join(f"2026-05-0{1 + len(amount) % 2},{shop},{amount}\n" for shop, amount in amounts + judged))
    models = folder / "models"
    (models / "by_shop.sql").write_text("SELECT shop, amount FROM silver.sales")
    (models / "by_shop.toml").write_text('description = "By shop"\n[plot]\nkind = "bar"\nx = "shop"\ny = "amount"\n')
    (models / "scores.sql").write_text("SELECT day, shop, amount FROM silver.sales")
    (models / "scores.toml").write_text('description = "Scores"\n[anomaly]\namount = "amount"\nrefunds = "take"\n')
    project = Project(tmp_path)
    project.write_config()
    project.run("dataset", "run", "--project", folder, "--landing", tmp_path / "landing")
    project.run("report", "--project", folder, "--html", tmp_path / "report.html")
    browser.open(tmp_path / "report.html")

    def exact(values):
        with decimal.localcontext(prec=60):
            return f"{sum(map(decimal.Decimal, values)).normalize():f}"

    bars = browser.evaluate("[...document.querySelectorAll('#gold-by_shop .bar title')].map(one => one.textContent)")
    wanted = {shop: exact(amount for one, amount in amounts + judged if one == shop) for shop in "abcdef"}
    assert wanted["a"] == "599999999999999999999.999999999999999994" and wanted["d"] == "-199999999999999999998.7"
    assert bars == [f"{shop}: {wanted[shop]}" for shop in "abcdfe"]  # by size, whatever the sign
    lines = browser.evaluate("[...document.querySelectorAll('#gold-by_day .band title')].map(one => one.textContent)")
    told = sorted(amount for title in lines for amount in (line.split(": ")[-1] for line in title.split("\n")[1:]))
    by_day = {}
    for shop, amount in amounts + judged:
        by_day.setdefault((len(amount) % 2, shop), []).append(amount)
    assert told == sorted(map(exact, by_day.values()))
    [section] = browser.evaluate("[...document.querySelectorAll('[data-anomalies=scores] .two > div:nth-child(1)')].map(one => one.textContent)")
    assert exact(amount for _, amount in amounts if len(amount) > 20) in section


def test_a_project_without_tables_is_told_what_to_do(project):
    project.write_config()
    page = project.folder / "report.html"
    done = project.run("report", "--project", EXAMPLE, "--html", page, expect=2)
    assert f"finops dataset run --project {EXAMPLE}" in done.err and not page.exists()
    assert project.json("report", "--project", EXAMPLE, "--html", page, expect=2)["error"]["kind"] == "usage"


def test_semantics_have_pages_of_their_own(browser, tmp_path, landing):  # noqa: F811
    datasets = Datasets(Project(tmp_path), landing)
    datasets.run("--semantics", "reference", expect=3)
    page = tmp_path / "report.html"
    done = datasets.project.run("report", "--project", EXAMPLE, "--html", page, expect=2)
    assert "corrected" not in done.err  # the default has no name that has to be written
    datasets.project.run("report", "--project", EXAMPLE, "--semantics", "reference", "--html", page)
    browser.open(page)
    assert browser.console == []
    assert "reference" in browser.evaluate("document.querySelector('.facts').textContent")
    assert browser.evaluate("document.querySelectorAll('[data-model]').length") == len(MODELS)
    found = table(browser, "[data-model=cost_anomaly_mart] > .scroll")
    assert found == in_lake(datasets, f"FROM {NAME}_reference_gold.cost_anomaly_mart ORDER BY org_id, usage_date, service LIMIT 50")
