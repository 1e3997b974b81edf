"""Models as `finops dataset sql --dialect trino` prints them, asked of Trino over the lake that finops made: the rows are those
of gold, to the last digit."""
import datetime
import decimal
import fractions
import json
import pathlib
import random
import re
import subprocess
import sys

import duckdb
import pytest
import servers
from project import BINARY, Project

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from datasets import EXAMPLE, Datasets  # noqa: E402

FOLDER = {"fs.hadoop.enabled": "true"}  # the lake is a folder of this machine
UNIT = decimal.Decimal("1e-18")
SCORES = {"z_score", "mad_score", "is_zscore", "is_mad", "is_percentile", "is_anomaly", "votes", "population_rows", "mean", "stddev",
          "median", "mad", "lower_percentile", "upper_percentile"}


@pytest.fixture(scope="module")
def trino(tmp_path_factory):
    if not (servers.DEPS / "trino").exists():
        pytest.skip("needs trino: ENGINES=trino tools/setup.sh engines")
    with servers.trino(tmp_path_factory.mktemp("trino")) as server:
        yield server


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def cell(value):
    """As Trino writes it."""
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "microseconds") + " UTC"
    return value.isoformat() if isinstance(value, datetime.date) else value


def gold(project, table, names):
    with duckdb.connect(str(project.database), read_only=True) as connection:
        rows = connection.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()
    return sorted(repr(dict(zip(names, map(cell, row), strict=True))) for row in rows)


def models(project, folder, catalog, *more):
    document = json.loads(project.run("dataset", "sql", "--project", folder, "--dialect", "trino", "--catalog", catalog, *more,
                                      "--json").out)
    assert document["dialect"] == "trino"
    return document["models"]


def assert_gold_is_what_trino_finds(project, lake, folder, *more):
    """Returns rows by model."""
    counts = {}
    for model in models(project, folder, lake.name, *more):
        found = lake.ask(model["sql"])
        names = list(found[0])
        assert sorted(map(repr, found)) == gold(project, model["table"], names), model["model"]
        with duckdb.connect(str(project.database), read_only=True) as connection:
            columns = {row[0] for row in connection.execute(f"DESCRIBE {model['table']}").fetchall()}
        assert columns - set(names) == (SCORES if model["scored"] else set())
        counts[model["model"]] = len(found)
    return counts


def test_the_examples_models(trino, project):
    subprocess.run([BINARY, "demo", "generate", "--profile", "cloud-provider", "--out", project.folder / "demo"], check=True,
                   capture_output=True)
    datasets = Datasets(project, project.folder / "demo/landing")
    with trino.catalog(project.catalog, "finops", FOLDER) as lake:
        for semantics in ("corrected", "reference"):
            datasets.run("--semantics", semantics)
            counts = assert_gold_is_what_trino_finds(project, lake, EXAMPLE, "--semantics", semantics)
            assert set(counts) == {path.stem for path in (EXAMPLE / "models").glob("*.sql")}
            assert counts["usage_cost_anomalies"] > 40_000 and min(counts.values()) > 100
        assert project.run("dataset", "check", "--project", EXAMPLE, "--dialect", "trino").code == 0


def half_even(value):
    """Of a fraction, in units of the 18th decimal."""
    return round(value * 10**18)  # Python rounds fractions half-even


def plain(unscaled):
    return format(decimal.Decimal(unscaled).scaleb(-18), "f")


def random_amount(chance):
    digits = chance.choice([38, chance.randrange(1, 38), chance.randrange(1, 24)])
    return chance.choice([chance.randrange(10**digits), chance.randrange(1, 1000) * 10**18,
                          chance.randrange(1, 40) * 5 * 10**chance.randrange(30)]) * chance.choice([1, -1])


def pairs_of_amounts():
    """Amounts whose product and quotient fit, many of these at a tie."""
    chance, pairs = random.Random(20260501), []
    decimal.getcontext().prec = 100
    while len(pairs) < 4000:
        a, b = random_amount(chance), random_amount(chance)
        if len(pairs) % 4 == 1:
            b = chance.randrange(1, 10**6) * 2 * 10**18 * chance.choice([1, -1])
            a = b * (2 * chance.randrange(10**chance.randrange(1, 15)) + 1) // (2 * 10**18)
        if len(pairs) % 4 == 2:
            a = 2 * chance.randrange(10**12) + 1
            b = 5 * 10**17 * (2 * chance.randrange(10) + 1) * chance.choice([1, -1])
        limit = 10**38 - 1
        if b and abs(a) < limit and max(abs(half_even(fractions.Fraction(a, b))), abs(half_even(fractions.Fraction(a * b, 10**36)))) < limit:
            pairs.append((a, b))
    return pairs


TIMES = """2026-05-01|2026-05-01T08:15|2026-05-01T08:15:30|2026-05-01T08:15:30.5|2026-05-01T08:15:30.123456|2026-05-01 08:15|20260501
20260501T081530|20260501 08:15:30Z|20260501T0815|20260501T0815+0230|20260501T081530.25-03|20260501T08:1530|2026-05-01T08:15Z
2026-05-01T08:15+02:00|2026-05-01T23:59:59.999999-2359|2026-05-01T08:15+02|2026-05-01T08:15+02:|2026-05-01T08:15+2|2026-05-01T24:00
2026-05-01T08:60|2026-05-01T08:15:60|2026-05-01T08:15:30.1234560|2026-05-01T08:15:30.1234567|2026-05-01T08:15:30.|2026-05-01T08
2026-02-29|2024-02-29|2026-13-01|0000-01-01|0001-01-01|9999-12-31T23:59:59.999999|2026-5-1|2026-05-01T|2026-05-01t08:15|2026-0501
202605-01|2026-05-01T08:15z|1969-12-31T23:59:59.000001|2026-05-01T0815|2026-05-01Z|2026-05-01  08:15|2026-05-01T08:15+24:00"""
NUMBERS = """0|-0|+1|1.|.5|.|-|1e3|1E-3|1e+3|1e|e3|1.5e20|1e20|9.9e19|99999999999999999999.999999999999999999|1,5|0x1|1_0|١|1e-18|5e-19|1.5e-18
99999999999999999999.9999999999999999994|99999999999999999999.9999999999999999995|0.0000000000000000005|0.0000000000000000015
0.00000000000000000050000000000001|-0.0000000000000000025|-0.0000000000000000035|1e-1000|1e-2001|1e-99999999999|1e99999999999|0e99999999999
000000000000000000000000000000000001.50|1.500000000000000000000000000000000000000|123456789012345678901|12345678901234567890.5|0.1e1|00.1e-0001
4.9e-19|5.1e-19|49e-20|1..5|1.5.|--1|+-1|1e1.5|0.00000000000000000149999999999999999999|infinity|nan""".replace("\n", "|").split("|")
WORDS = ["true", "TRUE", "False", "t", "yes", "", " padded\t", "\t \t", "ÄÖÜ", "äöü", "ß", "naïve", "b", "B", "a'b", "x\u00a0", "\u65e5\u672c"]

MODELS = {
    "amounts": """SELECT id, decimal_product(a, b) AS product, decimal_quotient(a, b) AS quotient, abs(a) AS size,
                         decimal_quotient(a, CAST(0 AS DECIMAL(38,18))) AS nothing, -a AS negative, CAST(a AS DECIMAL(38,2)) AS cents,
                         CAST(CAST(a AS DECIMAL(38,2)) AS VARCHAR) AS written
                  FROM silver.amounts""",
    "texts": """SELECT id, read_text(text) AS text, read_decimal(text) AS amount, read_timestamp(text) AS moment, read_date(text) AS day,
                       read_boolean(text) AS yes, lower(text) AS low, upper(text) AS high, length(text) AS length,
                       starts_with(text, '2026') AS is_now, contains(text, ':') AS has_colon, text LIKE '2026-__-01%' AS is_first,
                       nullif(text, 'b') AS no_b, text || '!' AS loud, finops_month(read_timestamp(text)) AS month,
                       finops_month_text(read_timestamp(text)) AS month_text,
                       finops_days_between(DATE '2026-04-30', CAST(read_timestamp(text) AS DATE)) AS days,
                       year(read_timestamp(text)) AS year, month(read_date(text)) AS month_number, day(read_date(text)) AS day_number,
                       CASE WHEN read_timestamp(text) >= CAST(DATE '2026-05-01' AS TIMESTAMP) THEN 'late'
                            WHEN read_timestamp(text) < TIMESTAMP '2024-03-01' THEN 'old' ELSE 'early' END AS is_late
                FROM silver.texts""",
    "grouped": """SELECT length(id) AS size, count(*) AS n, count(DISTINCT id) AS ids, CAST(sum(length(a_text)) AS BIGINT) AS letters,
                         min(id) AS first, max(id) AS last, bool_and(a > 0) AS all_above, bool_or(a > 0) AS some_above,
                         finops_percentile(array_agg(a), 0.95) AS p95, finops_percentile(array_agg(a) FILTER (WHERE a > 0), 0.5) AS middle,
                         finops_text_list(array_agg(substr) FILTER (WHERE number < 20), ';') AS list
                  FROM (SELECT id, a, CAST(CAST(a AS DECIMAL(38,2)) AS VARCHAR) AS a_text, nullif(id, 'i7') AS substr,
                               row_number() OVER (ORDER BY id) AS number FROM silver.amounts) AS numbered
                  GROUP BY length(id)
                  HAVING count(*) > 1""",
    "joined": """WITH ranked AS (
                   SELECT id, a, rank() OVER (ORDER BY a DESC) AS place, dense_rank() OVER (ORDER BY length(id)) AS dense,
                          count(*) OVER (PARTITION BY length(id)) AS alike FROM silver.amounts)
                 SELECT ranked.*, t.text FROM ranked LEFT JOIN silver.texts AS t ON t.id = ranked.id
                 WHERE ranked.place BETWEEN 1 AND 50 AND (t.id IS NULL OR t.id IN ('i1', 'i2', 'i3')) AND t.ingestion_time IS DISTINCT FROM NULL
                    OR EXISTS (SELECT 1 FROM silver.texts AS o WHERE o.id = ranked.id AND o.text = 'b')
                 UNION ALL SELECT id, coalesce(max(a), 0), 0, 0, (SELECT count(*) FROM silver.texts), 'x' FROM silver.amounts GROUP BY 1""",
}


def test_every_portable_function_gives_the_same(trino, project):
    """The functions are all those that a message about another one names."""
    project.write_config()
    folder = project.folder / "p"
    texts = TIMES.replace("\n", "|").split("|") + NUMBERS + WORDS
    pairs = pairs_of_amounts()
    files = {
        "project.toml": 'name = "p"\n',
        "datasets/amounts.toml": '[landing]\npath = "amounts.jsonl"\nformat = "json_lines"\n[columns]\nid = "text"\na = "decimal"\nb = "decimal"\n',
        "datasets/texts.toml": '[landing]\npath = "texts.jsonl"\nformat = "json_lines"\n[columns]\nid = "text"\ntext = "text"\n',
        "landing/amounts.jsonl": "".join(json.dumps({"id": f"i{i}", "a": plain(a), "b": plain(b)}) + "\n" for i, (a, b) in enumerate(pairs)),
        "landing/texts.jsonl": "".join(json.dumps({"id": f"i{i}", "text": text}) + "\n" for i, text in enumerate(texts)),
    }
    for name, sql in MODELS.items():
        files |= {f"models/{name}.sql": sql, f"models/{name}.toml": 'description = "x"\n'}
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "models/grouped.sql").write_text("SELECT trim(id) AS id FROM silver.amounts")
    told = project.run("dataset", "check", "--project", folder, "--dialect", "trino", expect=2).err
    assert "p/models/grouped.sql:1:8: not portable to Trino: the function trim(); functions are " in told
    named = set(re.search("functions are (.*)$", told, re.M)[1].split(", "))
    assert named == set(re.findall(r"\b[a-z_]+(?=\()", " ".join(MODELS.values()))) & named and len(named) > 25
    (folder / "models/grouped.sql").write_text(MODELS["grouped"])
    project.run("dataset", "run", "--project", folder)
    with trino.catalog(project.catalog, "finops", FOLDER) as lake:
        counts = assert_gold_is_what_trino_finds(project, lake, folder)
        assert counts["amounts"] == len(pairs) and counts["texts"] == len(texts)
        assert counts["grouped"] >= 4 and counts["joined"] >= 50
        # Gold is right too: Python's fractions say so.
        found = {row["id"]: row for row in lake.ask("SELECT id, product, quotient FROM p_gold.amounts")}
        for i, (a, b) in enumerate(pairs):
            assert found[f"i{i}"]["quotient"] == plain(half_even(fractions.Fraction(a, b)))
            assert found[f"i{i}"]["product"] == plain(half_even(fractions.Fraction(a * b, 10**36)))


def test_a_quotient_that_does_not_fit_ends_the_query(trino, project):
    """Rather than that another number comes out."""
    project.write_config()
    folder = project.folder / "p"
    for name, content in {
        "project.toml": 'name = "p"\n',
        "datasets/amounts.toml": '[landing]\npath = "a.csv"\nformat = "csv"\n[columns]\na = "decimal"\nb = "decimal"\n',
        "landing/a.csv": "a,b\n1,1\n",
        "models/m.sql": "SELECT decimal_quotient(a, b) AS q, decimal_product(a, b) AS p FROM silver.amounts",
        "models/m.toml": 'description = "x"\n'}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    project.run("dataset", "run", "--project", folder)
    with trino.catalog(project.catalog, "finops", FOLDER) as lake:
        [model] = models(project, folder, lake.name)
        for a, b, in (("10000000000", "0.000000000000000001"), ("10000000000", "10000000000")):
            (folder / "landing/a.csv").write_text(f"a,b\n{a},{b}\n")
            failed = project.run("dataset", "run", "--project", folder, expect=1)
            assert "38" in failed.err or "fit" in failed.err
            values = f"(SELECT CAST('{a}' AS decimal(38, 18)) AS a, CAST('{b}' AS decimal(38, 18)) AS b)"
            with pytest.raises(RuntimeError, match="(?i)overflow"):
                lake.ask(model["sql"].replace(f'"{lake.name}"."p_silver"."amounts"', values))
