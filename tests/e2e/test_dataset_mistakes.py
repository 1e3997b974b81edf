"""Mistakes in a project's files, and what a run that fails leaves: one message with every mistake, its place and what is
allowed there; exit code 2 for what people wrote, 1 for what the data or a test are not; and a lake that is as it was."""
import contextlib
import json
import pathlib
import sqlite3

import duckdb
import pyarrow
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import LongType

FILES = {
    "project.toml": 'name = "shop"\n',
    "datasets/customers.toml": """key = ["id"]
[landing]
path = "customers.csv"
format = "csv"
[columns]
id = "text"
name = "text"
""",
    "datasets/orders.toml": """key = ["id"]
[landing]
path = "orders/*.csv"
format = "csv"
[columns]
id = "text"
customer = "text"
amount = "decimal"
currency = "text"
[[money]]
column = "amount"
currency_column = "currency"
""",
    "rules/orders.toml": """[[join]]
dataset = "customers"
on = { customer = "id" }
columns = { customer_name = "name" }

[[rule]]
code = "refund"
when = "amount < 0"
""",
    "models/totals.sql": """SELECT
  customer,
  CAST(sum(amount) AS DECIMAL(38,18)) AS amount
FROM silver.orders
GROUP BY customer
""",
    "models/totals.toml": """description = "Totals"
[columns]
customer = "Customer"
amount = "Amount"
[[test]]
unique = ["customer"]
""",
    "landing/customers.csv": "id,name\nc1,Ada\n",
    "landing/orders/1.csv": "id,customer,amount,currency\no1,c1,10,EUR\no2,c1,-2,EUR\n",
}
DATASET, RULES, SQL, MODEL = (FILES[name] for name in ("datasets/orders.toml", "rules/orders.toml", "models/totals.sql",
                                                       "models/totals.toml"))
FLOATING = ("is a floating-point number, which is no exact amount; divide with decimal_quotient(), multiply with "
            "decimal_product(), or CAST it to DECIMAL(38,18)")
COLUMNS = "the columns are id, customer, amount, currency, customer_name, source_file, source_line, ingestion_time"


def changed(file, old, new):
    assert old in FILES[file]
    return {file: FILES[file].replace(old, new)}


# What is wrong: what the files become, and what is said of it: everything.
MISTAKES = {
    "unknown key": (changed("rules/orders.toml", "when", "wen"), """\
the project has 2 mistakes:
  shop/rules/orders.toml:6:1: 'when' is missing in a [[rule]]
  shop/rules/orders.toml:8:1: unknown key 'wen' in a [[rule]]; did you mean 'when'? The keys here are code, when, action, set"""),
    "wrong type": (changed("datasets/orders.toml", '["id"]', '"id"'),
                   "shop/datasets/orders.toml:1:7: 'key' must be an array, [\"…\"], not text"),
    "no TOML": ({"rules/orders.toml": "[[rule\n"},
                "shop/rules/orders.toml:1:7: this is not TOML: Error while parsing table header: expected ']', saw '\\n'"),
    "unknown column in a rule": (changed("rules/orders.toml", "amount < 0", "amuont < 0"),
                                 "shop/rules/orders.toml:8:9: rule refund: there is no column 'amuont'; did you mean 'amount'?"),
    "unknown column in a rule of several lines": (
        changed("rules/orders.toml", '"amount < 0"', '"""\n  amount < 0\n  AND nix = 1\n"""'),
        f"shop/rules/orders.toml:10:7: rule refund: there is no column 'nix'; {COLUMNS}"),
    "a later derived column": (
        {"rules/orders.toml": RULES + """[[derive]]
column = "first"
type = "text"
sql = "upper(second)"
[[derive]]
column = "second"
type = "text"
sql = "id"
"""},
        f"shop/rules/orders.toml:12:14: derived column first: there is no column 'second'; {COLUMNS}"),
    "syntax error in a rule": (changed("rules/orders.toml", "amount < 0", "amount < 0 AND AND true"),
                               'shop/rules/orders.toml:8:24: rule refund: Parser Error: syntax error at or near "AND"'),
    "rule that reads a table": (changed("rules/orders.toml", "amount < 0", "EXISTS (SELECT 1 FROM silver.customers)"),
                                "shop/rules/orders.toml:8:31: rule refund reads silver.customers, but sees the row of orders only; "
                                "write a [[join]]"),
    "floating point in a derived column": (
        {"rules/orders.toml": RULES + '[[derive]]\ncolumn = "third"\ntype = "decimal"\nsql = "amount / 3"\n'},
        f"shop/rules/orders.toml:12:8: derived column third: the column 'third' {FLOATING}"),
    "floating point in a set": ({"rules/orders.toml": RULES + 'set = { amount = "amount / 3" }\n'},
                                f"shop/rules/orders.toml:9:19: rule refund, new amount: the column 'amount' {FLOATING}"),
    "no regular expression": ({"rules/orders.toml": RULES + '[columns.currency]\npattern = "["\n'},
                              "shop/rules/orders.toml:9:10: the 'pattern' of 'currency' is no regular expression of RE2: "
                              "Invalid Input Error: missing ]: ["),
    "unknown table in a model": (changed("models/totals.sql", "silver.orders", "silver.order"),
                                 "shop/models/totals.sql:4:6: the model reads silver.order, which the project does not have; did you "
                                 "mean silver.orders?"),
    "table without its layer": (changed("models/totals.sql", "silver.orders", "orders"),
                                "shop/models/totals.sql:4:6: Catalog Error: Table with name orders does not exist! Did you mean "
                                '"bronze.orders or silver.orders"?'),
    "unknown column in a model": (changed("models/totals.sql", "sum(amount)", "sum(amonut)"),
                                  'shop/models/totals.sql:3:12: Binder Error: Referenced column "amonut" not found in FROM clause! '
                                  'Candidate bindings: "amount", "customer", "source_file", "source_line"'),
    "syntax error in line 4": (changed("models/totals.sql", "FROM", "FORM"),
                               'shop/models/totals.sql:4:1: Parser Error: syntax error at or near "FORM"'),
    "floating point in a model": (changed("models/totals.sql", "CAST(sum(amount) AS DECIMAL(38,18))", "avg(amount)"),
                                  f"shop/models/totals.sql:3:18: the column 'amount' {FLOATING}"),
    "floating point without a name": ({"models/totals.sql": "SELECT customer,\n  random() FROM silver.orders\n"},
                                      f"shop/models/totals.sql:2:3: the column 'random()' {FLOATING}"),
    "model that is no query": ({"models/totals.sql": "DROP TABLE silver.orders\n"},
                               "shop/models/totals.sql:1:1: only statements that read are allowed: SELECT, WITH, FROM, VALUES, DESCRIBE, "
                               "SHOW, SUMMARIZE, and EXPLAIN of one of them"),
    "model of two statements": ({"models/totals.sql": "SELECT 1 AS customer; SELECT 2 AS amount\n"},
                                "shop/models/totals.sql:1:1: give one SQL statement; this text has 2"),
    "model that reads a file": ({"models/totals.sql": "SELECT * FROM read_csv('/etc/passwd')\n"},
                                'shop/models/totals.sql:1:15: Permission Error: Cannot access file "/etc/passwd" - file system '
                                "operations are disabled by configuration"),
    "join circle": ({"rules/customers.toml": '[[join]]\ndataset = "orders"\non = { id = "customer" }\ncolumns = { paid = "amount" }\n'},
                    "shop/rules/customers.toml:1:1: joins go in a circle: customers -> orders -> customers"),
    "model circle": ({"models/a.sql": "SELECT customer FROM gold.b\n", "models/b.sql": "SELECT customer FROM gold.a\n"},
                     "shop/models/a.sql:1:1: the models, with their tests, read each other in a circle: a -> b -> a"),
    "circle by a test": (
        {"models/a.sql": "SELECT customer FROM gold.totals\n",
         "models/totals.toml": MODEL + '[[test]]\nrelation = { column = "customer", to = "gold.a.customer" }\n'},
        "shop/models/a.sql:1:1: the models, with their tests, read each other in a circle: a -> totals -> a"),
    "code that is there": ({"rules/orders.toml": RULES + '[[rule]]\ncode = "refund"\nwhen = "amount = 0"\n'},
                           "shop/rules/orders.toml:10:8: the code 'refund' is there already"),
    "code of finops' own": (changed("rules/orders.toml", '"refund"', '"duplicate_key"'),
                            "shop/rules/orders.toml:7:8: the code 'duplicate_key' is one that finops gives by itself here; choose another"),
    "test on an unknown column": (changed("models/totals.toml", '["customer"]', '["custmer"]'),
                                  "shop/models/totals.toml:6:11: 'unique' names a column that [columns] does not: 'custmer'; did you mean "
                                  "'customer'?"),
    "test on an unknown column, nothing described": (
        {"models/totals.toml": 'description = "Totals"\n[[test]]\nunique = ["custmer"]\n'},
        "shop/models/totals.toml:2:1: 'custmer' is no column of the model's SQL; did you mean 'customer'?"),
    "described column that is not there": (changed("models/totals.toml", 'amount = "', 'amont = "'),
                                           "shop/models/totals.toml:4:1: 'amont' is no column of the model's SQL; did you mean 'amount'?"),
    "syntax error in a test": (changed("models/totals.toml", 'unique = ["customer"]', 'no_rows = "SELECT * FORM gold.totals"'),
                               'shop/models/totals.toml:6:26: Parser Error: syntax error at or near "gold"'),
    "unknown table in a test": (changed("models/totals.toml", 'unique = ["customer"]', 'no_rows = "SELECT * FROM gold.totls"'),
                                "shop/models/totals.toml:6:26: the model reads gold.totls, which the project does not have; did you mean "
                                "gold.totals?"),
    "unknown column in a test": (
        changed("models/totals.toml", 'unique = ["customer"]',
                'sum_equals = { column = "amount", source = "silver.orders.amount", where = "amonut > 0" }'),
        "shop/models/totals.toml:6:77: sum_equals(amount = silver.orders.amount): Binder Error: Referenced column \"amonut\" not found in "
        'FROM clause! Candidate bindings: "amount", "customer", "source_file", "source_line"'),
    "syntax error in a test's condition": (
        changed("models/totals.toml", 'unique = ["customer"]',
                'sum_equals = { column = "amount", source = "silver.orders.amount", where = "amount > AND" }'),
        'shop/models/totals.toml:6:86: Parser Error: syntax error at or near "AND"'),
    "range that ends before it begins": ({"rules/orders.toml": RULES + "[columns.amount]\nrange = [5, 1]\n"},
                                         "shop/rules/orders.toml:10:9: 'range' begins with the greater number; write [1, 5]"),
    "range of a text": ({"rules/orders.toml": RULES + "[columns.currency]\nrange = [1, 5]\n"},
                        "shop/rules/orders.toml:10:9: 'range' is for columns of the type decimal; 'currency' is text"),
    "anomalies of a text": ({"models/totals.toml": MODEL + '[anomaly]\namount = "customer"\n'},
                            "shop/models/totals.toml:7:1: amount = 'customer' is no decimal column of the model's SQL"),
    "name of finops' own table": ({"datasets/landing_files.toml": FILES["datasets/customers.toml"].replace("customers.csv", "x.csv")},
                                  "shop/datasets/landing_files.toml:1:1: a dataset cannot be named 'landing_files': that is the table of "
                                  "the files that have landed"),
    "everything in the files at once": (
        changed("project.toml", "name", "nme") | changed("rules/orders.toml", "when", "wen")
        | {"datasets/orders.toml": DATASET.replace('["id"]', '"id"').replace('"csv"', '"cvs"')}
        | changed("models/totals.toml", "description", "descripton"), """\
the project has 8 mistakes:
  shop/datasets/orders.toml:1:7: 'key' must be an array, ["…"], not text
  shop/datasets/orders.toml:4:10: 'format' must be one of csv, json_lines, parquet, not 'cvs'
  shop/models/totals.toml:1:1: 'description' is missing in a model's file
  shop/models/totals.toml:1:1: unknown key 'descripton' in a model's file; did you mean 'description'? The keys here are KEYS
  shop/project.toml:1:1: 'name' is missing in project.toml
  shop/project.toml:1:1: unknown key 'nme' in project.toml; did you mean 'name'? The keys here are name, description, semantics
  shop/rules/orders.toml:6:1: 'when' is missing in a [[rule]]
  shop/rules/orders.toml:8:1: unknown key 'wen' in a [[rule]]; did you mean 'when'? The keys here are code, when, action, set"""),
    "everything in SQL at once": (
        {"rules/orders.toml": RULES.replace("amount < 0", "amuont < 0") + '[[rule]]\ncode = "b"\nwhen = "currancy = 1"\n[columns.id]\npattern = "["\n',
         "models/totals.sql": SQL.replace("silver.orders", "silver.order"), "models/b.sql": "SELECT nix FROM silver.customers\n"}, """\
the project has 5 mistakes:
  shop/models/b.sql:1:8: Binder Error: Referenced column "nix" not found in FROM clause! Candidate bindings: "name"
  shop/models/totals.sql:4:6: the model reads silver.order, which the project does not have; did you mean silver.orders?
  shop/rules/orders.toml:8:9: rule refund: there is no column 'amuont'; did you mean 'amount'?
  shop/rules/orders.toml:11:9: rule b: there is no column 'currancy'; did you mean 'currency'?
  shop/rules/orders.toml:12:10: the 'pattern' of 'id' is no regular expression of RE2: Invalid Input Error: missing ]: ["""),
}

# Sound files, and data or rules that a run finds not to be: what it says, with exit code 1.
FAILURES = {
    "failing test": (
        {"models/totals.toml": MODEL + '[[test]]\nno_rows = "SELECT * FROM gold.totals"\n[[test]]\nnot_null = ["amount"]\n'}, """\
make gold.totals: tests of the model totals fail, so nothing is published:
shop/models/totals.toml:7:1: no_rows does not hold: 1 times not"""),
    "money that a rule changes": ({"rules/orders.toml": RULES + 'set = { amount = "CAST(0 AS DECIMAL(38,18))" }\n'}, """\
make silver.orders: the money of orders.amount in 'EUR' does not balance, so nothing is published: bronze has 9, silver 11, \
quarantine 0; shop/rules/orders.toml:9:19 sets amount (rule refund)"""),
    "currency that a rule changes": ({"rules/orders.toml": RULES + '[[rule]]\nwhen = "amount > 0"\nset = { currency = "\'USD\'" }\n'}, """\
make silver.orders: the money of orders.amount in 'EUR' does not balance, so nothing is published: bronze has 9, silver -2, \
quarantine 0; shop/rules/orders.toml:11:21 sets currency"""),
    "sums that are not the same": (
        {"models/totals.toml": MODEL + '[[test]]\nsum_equals = { column = "amount", source = "silver.orders.amount" }\n'
                                       '[[test]]\nsum_equals = { column = "amount", source = "silver.orders.amount", where = "amount < 0" }\n'}
        | changed("models/totals.sql", "sum(amount)", "sum(amount) / 4 + 0.5"), """\
make gold.totals: tests of the model totals fail, so nothing is published:
shop/models/totals.toml:7:1: sum_equals(amount = silver.orders.amount) does not hold: the sum of amount is 2.75, that of silver.orders.amount \
is 9
shop/models/totals.toml:9:1: sum_equals(amount = silver.orders.amount) does not hold: the sum of amount is 2.75, that of silver.orders.amount \
where amount < 0 is -2"""),
    "rule that fails on a value": (
        {"rules/orders.toml": RULES + '[[derive]]\ncolumn = "number"\ntype = "decimal"\nsql = "CAST(customer AS DECIMAL(38,18))"\n'}, """\
make silver.orders: Conversion Error: Could not convert string "c1" to DECIMAL(38,18) when casting from source column customer"""),
    "model that fails on a value": (
        changed("models/totals.sql", "GROUP BY", "WHERE CAST(customer AS INTEGER) > 0\nGROUP BY"), """\
make gold.totals: Conversion Error: Could not convert string 'c1' to INT32 when casting from source column customer"""),
    "model whose column gets another type": (
        changed("models/totals.sql", "CAST(sum(amount) AS DECIMAL(38,18))", "count(*)"), """\
make gold.totals: shop/models/totals.sql:3:15: the column 'amount' of shop_gold.totals is decimal(38,18) and would become long; tables of the lake keep the types of \
their columns: give it another name"""),
    "delivered column that gets another type": (
        changed("datasets/customers.toml", 'name = "text"', 'name = { type = "decimal" }'), """\
make silver.customers: shop/datasets/customers.toml:7:1: the column 'name' of shop_silver.customers is string and would become decimal(38,18); \
tables of the lake keep the types of their columns: give it another name"""),
    "derived column that gets the type of a joined one": (
        {"rules/orders.toml": RULES.replace('columns = { customer_name = "name" }', 'missing_flag = "nobody"')
           + '[[derive]]\ncolumn = "customer_name"\ntype = "date"\nsql = "NULL"\n'}, """\
make silver.orders: shop/rules/orders.toml:11:8: the column 'customer_name' of shop_silver.orders is string and would become date; \
tables of the lake keep the types of their columns: give it another name"""),
    "joined column of another type": (
        {"rules/orders.toml": RULES.replace('"name" }', '"since" }'),
         "datasets/customers.toml": FILES["datasets/customers.toml"] + 'since = "date"\n'}, """\
make silver.orders: shop/rules/orders.toml:1:1: the column 'customer_name' of shop_silver.orders is string and would become date; \
tables of the lake keep the types of their columns: give it another name"""),
    "landing file that cannot be read": ({"landing/orders/2.csv": "id,id\n1,2\n"},
                                         "cannot read 'orders/2.csv': its header has the column 'id' twice"),
    "dataset without a landing file": (
        {"datasets/shops.toml": '[landing]\npath = "shops.csv"\nformat = "csv"\n[columns]\nid = "text"\n'}, """\
see whether the landing folder is the right one; nothing was made:
shop/datasets/shops.toml:2:8: no file 'shops.csv' has landed for the dataset shops"""),
}


@pytest.fixture
def shop(project):
    """A project of datasets that was run once, beside the configuration."""
    project.write_config()
    write(project, FILES)
    project.run("dataset", "run", "--project", "shop")
    return project


def write(project, files):
    for name, text in files.items():
        path = project.folder / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def lake(project):
    """Every table with its snapshots, and its rows."""
    with contextlib.closing(sqlite3.connect(project.catalog)) as catalog:
        tables = catalog.execute("SELECT table_namespace, table_name, metadata_location FROM iceberg_tables ORDER BY 1, 2").fetchall()
    metadata = {f"{space}.{name}": json.loads(pathlib.Path(uri.removeprefix("file://")).read_text()) for space, name, uri in tables}
    snapshots = {name: [one["snapshot-id"] for one in table.get("snapshots", [])] for name, table in metadata.items()}
    with duckdb.connect(str(project.database), read_only=True) as database:
        rows = {f"{space}.{name}": sorted(map(repr, database.execute(f"FROM {space}.{name}").fetchall())) for space, name, _ in tables}
    return snapshots, rows


def told(done):
    return done.err.removeprefix("finops: error: ").rstrip("\n")


def known_keys(project):
    """Of a model's file, as another message has them: this page is not about which there are."""
    write(project, {"models/totals.toml": MODEL.replace("description", "qqqqqqqqqqqqq")})
    message = project.run("dataset", "check", "--project", "shop", expect=2).err
    return message.split("the keys here are ")[1].splitlines()[0]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_changes_nothing(shop, mistake):
    files, message = MISTAKES[mistake]
    before = lake(shop)
    if "KEYS" in message:
        message = message.replace("KEYS", known_keys(shop))
    write(shop, files | {"landing/orders/2.csv": "id,customer,amount,currency\no3,c1,1,EUR\n"})
    assert told(shop.run("dataset", "check", "--project", "shop", expect=2)) == message
    document = shop.json("dataset", "run", "--project", "shop", expect=2)
    assert document == {"error": {"kind": "invalid_config", "message": message}}
    assert lake(shop) == before


@pytest.mark.parametrize("command", [["status"], ["run", "--dry-run"], ["lineage"], ["docs"],
                                     ["sql", "--dialect", "trino"]])
def test_all_commands_tell_mistakes(shop, command):
    files, message = MISTAKES["everything in SQL at once"]
    write(shop, files)
    assert told(shop.run("dataset", *command, "--project", "shop", expect=2)) == message


NOT_PORTABLE = {
    "models/totals.sql": """-- Not for Trino.
SELECT
  trim(customer) AS customer,
  CAST(sum(amount) / count(*) AS DECIMAL(38,18)) AS amount
FROM silver.orders
GROUP BY trim(customer)
QUALIFY rank() OVER (ORDER BY trim(customer)) < 3
"""}


def test_what_is_not_portable_is_a_mistake_only_for_who_asks(shop):
    write(shop, NOT_PORTABLE)
    assert shop.run("dataset", "check", "--project", "shop").code == 0
    check = told(shop.run("dataset", "check", "--project", "shop", "--dialect", "trino", expect=2))
    assert told(shop.run("dataset", "sql", "--project", "shop", "--dialect", "trino", expect=2)) == check
    lines = check.splitlines()
    assert lines[0] == "the project has 5 mistakes:"
    assert [line.split(" not portable to Trino: ")[0] for line in lines[1:]] == \
        [f"  shop/models/totals.sql:{place}:" for place in ("3:3", "4:20", "6:10", "7:31", "7:47")]
    for line, what in zip(lines[1:], ("the function trim(); functions are abs, ", "the operator '/'; divide with decimal_quotient",
                                      "the function trim()", "the function trim()", "QUALIFY; write"), strict=True):
        assert what in line


def test_sql_of_one_model_and_of_none(shop):
    text = shop.run("dataset", "sql", "--project", "shop", "--dialect", "trino", "--catalog", "lake").out
    assert text.startswith("-- shop_gold.totals\nWITH\n") and text.endswith(";\n") and '"lake"."shop_silver"."orders"' in text
    [model] = shop.json("dataset", "sql", "--project", "shop", "--dialect", "trino", "--model", "totals")["models"]
    assert (model["model"], model["table"], model["scored"]) == ("totals", "shop_gold.totals", False)
    assert '"finops"."shop_silver"."orders"' in model["sql"] and not model["sql"].rstrip().endswith(";")
    done = shop.run("dataset", "sql", "--project", "shop", "--dialect", "trino", "--model", "total", expect=2)
    assert told(done) == "the project has no model 'total'; did you mean 'totals'?"
    assert shop.run("dataset", "sql", "--project", "shop", expect=2).code == 2
    assert shop.run("dataset", "sql", "--project", "shop", "--dialect", "spark", expect=2).code == 2


@pytest.mark.parametrize("failure", FAILURES)
def test_a_run_that_fails_changes_nothing_and_goes_on_when_it_is_mended(shop, failure):
    files, message = FAILURES[failure]
    before = lake(shop)
    write(shop, {"landing/orders/3.csv": "id,customer,amount,currency\no3,c1,1,EUR\n"} | files)
    shop.run("dataset", "check", "--project", "shop")
    assert told(shop.run("dataset", "run", "--project", "shop", expect=1)) == message
    assert lake(shop) == before
    for name in set(files) - set(FILES):
        (shop.folder / "shop" / name).unlink()
    write(shop, {name: FILES[name] for name in files if name in FILES})
    report = shop.json("dataset", "run", "--project", "shop")
    orders = next(one for one in report["datasets"] if one["dataset"] == "orders")
    assert orders["rows"]["valid"] == 3 and orders["money"][0]["silver"] == "9"


def test_a_first_run_that_fails_leaves_no_rows(project):
    project.write_config()
    write(project, FILES | FAILURES["failing test"][0])
    project.run("dataset", "run", "--project", "shop", expect=1)
    assert not project.database.exists()  # nothing was published
    write(project, FILES)
    assert project.json("dataset", "run", "--project", "shop")["changed"]


def test_semantics_that_there_are_not(shop):
    before = lake(shop)
    done = shop.run("dataset", "run", "--project", "shop", "--semantics", "refrence", expect=2)
    assert told(done).startswith("read the project 'shop': it has no semantics 'refrence'; the semantics are standard")
    write(shop, changed("project.toml", "\n", '\nsemantics = ["corrected", "reference"]\n'))
    done = shop.run("dataset", "run", "--project", "shop", "--semantics", "refrence", expect=2)
    assert told(done).startswith("read the project 'shop': it has no semantics 'refrence'; did you mean 'reference'?")
    write(shop, {"rules/refrence/orders.toml": RULES})
    assert told(shop.run("dataset", "check", "--project", "shop", expect=2)) == (
        "shop/rules/refrence: 'refrence' is none of the semantics in project.toml; did you mean 'reference'?")
    assert lake(shop) == before


def test_a_mistake_in_semantics_that_nobody_runs_is_told(shop):
    write(shop, changed("project.toml", "\n", '\nsemantics = ["corrected", "reference"]\n')
          | {"rules/reference/orders.toml": RULES.replace("amount < 0", "amuont < 0")})
    message = "shop/rules/reference/orders.toml:8:9: rule refund: there is no column 'amuont'; did you mean 'amount'?"
    assert told(shop.run("dataset", "check", "--project", "shop", expect=2)) == message
    shop.run("dataset", "check", "--project", "shop", "--semantics", "corrected")
    write(shop, changed("rules/orders.toml", "amount < 0", "amout < 0") | changed("models/totals.sql", "FROM", "FORM"))
    assert told(shop.run("dataset", "check", "--project", "shop", expect=2)) == """\
the project has 3 mistakes:
  shop/models/totals.sql:4:1: Parser Error: syntax error at or near "FORM"
  shop/rules/orders.toml:8:9: rule refund: there is no column 'amout'; did you mean 'amount'?
  """ + message


def test_doctor_needs_no_export_where_there_are_datasets(shop):
    [exports] = [one for one in shop.json("doctor")["checks"] if one["subject"] == "exports"]
    assert exports["result"] == "good" and "the lake has datasets" in exports["finding"]


def test_doctor_warns_where_there_is_nothing_to_load(project):
    project.write_config()
    [exports] = [one for one in project.json("doctor")["checks"] if one["subject"] == "exports"]
    assert exports["result"] == "warning" and "bucket and export_name" in exports["advice"]


@pytest.mark.parametrize("command", ["check", "run", "status", "lineage", "docs"])
def test_a_folder_that_is_no_project(shop, command):
    (shop.folder / "empty").mkdir()
    for folder, why in (("empty", "there is no project.toml in it"), ("nowhere", "there is no such folder")):
        done = shop.run("dataset", command, "--project", folder, expect=2)
        assert told(done).splitlines()[0] == f"read the project '{folder}': {why}"


def test_a_landing_folder_that_is_not_there(shop):
    before = lake(shop)
    done = shop.run("dataset", "run", "--project", "shop", "--landing", "nowhere", expect=1)
    assert told(done).startswith("there is no folder ") and told(done).endswith("/nowhere'; check the path")
    assert lake(shop) == before


def test_tests_look_at_what_other_models_become(shop):
    """A test on a table that its model does not read is done after that table is made, and again when it changes."""
    write(shop, {"models/a.sql": "SELECT id FROM silver.customers\n",
                 "models/a.toml": 'description = "Customers"\n[[test]]\nrelation = { column = "id", to = "gold.totals.customer" }\n'})
    shop.run("dataset", "run", "--project", "shop")
    write(shop, {"landing/orders/1.csv": "id,customer,amount,currency\no1,c2,10,EUR\n"})
    done = shop.run("dataset", "run", "--project", "shop", expect=1)
    assert "shop/models/a.toml:2:1: relation(id -> gold.totals.customer) does not hold: 1 times not" in done.err


@pytest.mark.parametrize("change, fault", [
    (lambda table: table.append(pyarrow.table({"layer": ["silver"]})), "a row has no 'name'"),
    (lambda table: table.update_schema().delete_column("logic").commit(), "it has no column 'logic'"),
    (lambda table: table.update_schema().delete_column("report").add_column("report", LongType()).commit(),
     "its column 'report' is long, not string"),
])
def test_a_state_of_another_shape_is_told_and_can_be_dropped(shop, change, fault):
    catalog = SqlCatalog("finops", uri=f"sqlite:///{shop.catalog}")
    table = catalog.load_table("shop_silver.table_states")
    with table.transaction() as transaction:
        transaction.delete("true")
    change(catalog.load_table("shop_silver.table_states"))
    wanted = (f"the lake's table shop_silver.table_states is not as finops made it: {fault}; only finops writes it. Bring back its snapshot from "
              "before the change, or drop this table: the next run makes it, and all of silver and gold, anew")
    for command in (["dataset", "run"], ["dataset", "status"], ["quarantine", "ls"]):
        assert told(shop.run(*command, "--project", "shop", expect=1)) == wanted
    before = lake(shop)[1]
    catalog.drop_table("shop_silver.table_states")
    shop.run("dataset", "run", "--project", "shop")
    after = lake(shop)[1]
    assert len(after.pop("shop_silver.table_states")) == 3 and before.pop("shop_silver.table_states") is not None
    assert after == before
    assert shop.json("dataset", "run", "--project", "shop")["changed"] is False
