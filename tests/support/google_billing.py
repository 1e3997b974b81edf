"""Google's billing exports with known truth: what Cloud Billing writes into a client's BigQuery, day by day, and late.

    org, = organisations(1, seed=7)
    create(server, org)                             # dataset and table, partitioned by arrival
    load(server, org.table, first_delivery(org))    # rows of the days before the last ones, some arrived a day after their export
    load(server, org.table, next_delivery(org, 1))  # rows of one more day, of today, and late ones: old export_time, arrived today
    org.truth.before(org.today)                     # a Day of everything that was exported before today; also org.truth.days[date]
    rows_in(server, org.table, org.fields)          # the rows of any table as a Counter, to be compared with Day.content

Everything follows from the seed and `today`. A delivery is a list of Arrival. Rows are what a load of JSON lines takes: times are
texts in UTC, NUMERIC is a text, FLOAT64 a float, REPEATED always a list. For a million rows there is load_many().

The fields are those that Google documents for the standard and the detailed export. Google declares none of them as REQUIRED.
"""
import collections
import dataclasses
import datetime
import decimal
import json
import random

EXACT = decimal.Context(prec=2000, traps=[decimal.Inexact, decimal.InvalidOperation])
UTC = datetime.timezone.utc
FIRST_DAYS = 10  # days of the first delivery
RUNS = 3  # deliveries that may follow, each with one more day
LATEST = 8  # days by which rows may be late
CURRENCIES = ("EUR", "USD", "JPY")


# ---- fields

def field(name, kind="STRING", mode="NULLABLE", *parts):
    return {"name": name, "type": kind, "mode": mode} | ({"fields": list(parts)} if parts else {})


def record(name, *parts, mode="NULLABLE"):
    """Parts that are only named are texts."""
    return field(name, "RECORD", mode, *(field(part) if isinstance(part, str) else part for part in parts))


def repeated(name, *parts):
    return record(name, *parts, mode="REPEATED")


def floats(*names):
    return [field(name, "FLOAT") for name in names]


LABELS = ("key", "value")
STANDARD = [
    field("billing_account_id"), record("service", "id", "description"), record("sku", "id", "description"),
    field("usage_start_time", "TIMESTAMP"), field("usage_end_time", "TIMESTAMP"),
    record("project", "id", "number", "name", repeated("labels", *LABELS), "ancestry_numbers",
           repeated("ancestors", "resource_name", "display_name")),
    repeated("labels", *LABELS), repeated("system_labels", *LABELS), record("location", "location", "country", "region", "zone"),
    repeated("tags", *LABELS, field("inherited", "BOOLEAN"), "namespace"), field("transaction_type"), field("seller_name"),
    field("export_time", "TIMESTAMP"), *floats("cost"), field("currency"), *floats("currency_conversion_rate"),
    record("usage", *floats("amount"), "unit", *floats("amount_in_pricing_units"), "pricing_unit"),
    repeated("credits", "name", *floats("amount"), "full_name", "id", "type"), record("invoice", "month", "publisher_type"),
    field("cost_type"), record("adjustment_info", "id", "description", "mode", "type"), *floats("cost_at_list"),
    *floats("cost_at_effective_price_default", "cost_at_list_consumption_model"), record("consumption_model", "id", "description"),
    record("subscription", "instance_id")]
PRICES = [field(name, "NUMERIC") for name in ("effective_price", "tier_start_amount", "pricing_unit_quantity", "list_price",
                                              "effective_price_default", "list_price_consumption_model")]
DETAILED = [*STANDARD, record("resource", "name", "global_name"), record("price", *PRICES, "unit")]


# ---- organisations and what is true of them

@dataclasses.dataclass
class Day:
    """What is true of some rows. Sums are of the floats' exact values."""

    rows: int = 0
    cost: dict = dataclasses.field(default_factory=dict)  # {currency: Decimal}
    credits: dict = dataclasses.field(default_factory=dict)
    content: collections.Counter = dataclasses.field(default_factory=collections.Counter)  # of canonical() rows

    def add(self, row, fields):
        self.rows += 1
        add_to(self.cost, row["currency"], [row["cost"]])
        add_to(self.credits, row["currency"], [credit["amount"] for credit in row["credits"]])
        self.content[canonical(row, fields)] += 1


def add_to(sums, currency, values):
    total = sums.get(currency, decimal.Decimal(0))
    for value in values:
        total = EXACT.add(total, decimal.Decimal(value or 0))
    sums[currency] = total


class Truth:
    """What was delivered so far, by the day of export_time."""

    def __init__(self, fields):
        self.fields, self.days, self.deliveries = fields, {}, []

    def add(self, delivery):
        self.deliveries.append(delivery)
        for arrival in delivery:
            self.days.setdefault(day_of(arrival.row), Day()).add(arrival.row, self.fields)

    def before(self, day):
        """A Day of all rows whose export_time is before `day`."""
        result = Day()
        for date, part in self.days.items():
            if date < day:
                result.rows += part.rows
                result.content += part.content
                for mine, theirs in ((result.cost, part.cost), (result.credits, part.credits)):
                    for currency, value in theirs.items():
                        add_to(mine, currency, [value])
        return result


@dataclasses.dataclass(frozen=True)
class Arrival:
    """A row and the day of its _PARTITIONTIME."""

    day: datetime.date
    row: dict


@dataclasses.dataclass
class Organisation:
    """A client: its billing account, where its export is, and who may read it."""

    number: int
    seed: int
    today: datetime.date
    is_detailed: bool
    account: str
    currencies: tuple
    location: str

    def __post_init__(self):
        self.fields = DETAILED if self.is_detailed else STANDARD
        self.truth = Truth(self.fields)
        self.project, self.dataset_name = f"client-{self.number}", "billing_export"
        self.reader = f"billing-reader@{self.project}.iam.gserviceaccount.com"

    @property
    def dataset(self):
        return f"{self.project}.{self.dataset_name}"

    @property
    def table_name(self):
        return f"gcp_billing_export_{'resource_' if self.is_detailed else ''}v1_{self.account.replace('-', '_')}"

    @property
    def table(self):
        return f"{self.dataset}.{self.table_name}"

    def random(self, what):
        return random.Random(f"{self.seed}/{self.number}/{what}")


def organisations(n, seed, today=None):
    """`n` of them, numbered from 1; every third has the detailed export (in US or EU, as Google wants it), every fifth two currencies."""
    today = today or datetime.datetime.now(UTC).date()
    result = []
    for number in range(1, n + 1):
        chance = random.Random(f"{seed}/{number}")
        account = "-".join(f"{chance.getrandbits(24):06X}" for _ in range(3))
        currencies = tuple((CURRENCIES * 2)[number % 3:][:2 if number % 5 == 0 else 1])
        is_detailed = number % 3 == 0
        location = chance.choice(("US", "EU") if is_detailed else ("US", "EU", "europe-west1"))
        result.append(Organisation(number, seed, today, is_detailed, account, currencies, location))
    return result


def first_delivery(org, rows_per_day=20):
    """Rows of FIRST_DAYS days, the last of them RUNS + 1 days before today; a few arrived on the day after their export."""
    chance, result = org.random("first"), []
    last = org.today - datetime.timedelta(days=RUNS + 1)
    for back in reversed(range(FIRST_DAYS)):
        day = last - datetime.timedelta(days=back)
        for _ in range(chance.randint(1, 2 * rows_per_day - 1)):
            arrived = day + datetime.timedelta(days=chance.random() < 0.05)
            result.append(Arrival(arrived, made_row(org, chance, day)))
    return told(org, result)


def next_delivery(org, run, rows_per_day=20):
    """Of run 1 to RUNS: rows of the next whole day and of today, and late ones; all but the first arrive today."""
    if not 1 <= run <= RUNS:
        raise ValueError(f"run {run} is none of 1 to {RUNS}")
    chance, today = org.random(f"run {run}"), org.today
    new = today - datetime.timedelta(days=RUNS + 1 - run)
    result = [Arrival(new, made_row(org, chance, new)) for _ in range(chance.randint(1, 2 * rows_per_day - 1))]
    result += [Arrival(today, made_row(org, chance, today)) for _ in range(chance.randint(1, rows_per_day))]
    for _ in range(chance.randint(1, rows_per_day)):
        late = today - datetime.timedelta(days=chance.randint(RUNS + 1, LATEST))
        result.append(Arrival(today, made_row(org, chance, late)))
    # Nothing tells rows apart that are alike: a copy may neither drop nor add one of them.
    result += [chance.choice(result) for _ in range(2)]
    chance.shuffle(result)
    return told(org, result)


def told(org, delivery):
    org.truth.add(delivery)
    return delivery


# ---- rows

SERVICES = [("6F81-5844-456A", "Compute Engine", "hour", "3600 x second"), ("95FF-2EF5-5EA1", "Cloud Storage", "gibibyte month", "byte-seconds"),
            ("24E6-581D-38E5", "BigQuery", "tebibyte", "bytes"), ("E505-1604-58F8", "Networking", "gibibyte", "bytes")]
CREDITS = ["COMMITTED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", "SUSTAINED_USAGE_DISCOUNT", "PROMOTION", "FREE_TIER",
           "RESELLER_MARGIN", "DISCOUNT", "SUBSCRIPTION_BENEFIT", "FEE_UTILIZATION_OFFSET"]
ODD_TEXTS = ["", " ", "NULL", "null", "0", "007", "1e5", "NaN", "true", '"quoted"', "it's", "a,b;c\td", "line\nbreak", "line\r\nbreak", "back\\slash",
             "\\n", "Größe ß ﬁ", "日本語の請求", "🧾💶 émoji 👩‍👩‍👧", "e\u0301 \u00e9", "\u202eright to left", "\u2028\u2029\u0085", "\ufeffmark", "a\u0001b",
             "' OR 1=1 --", "`d`.`t`", "$20250601", "{\"key\": [1]}", "long " * 2000]
COSTS = [0.1, 0.2, 0.30000000000000004, 1e-7, 1.2345678901234567e-12, 0.0, 33.333333333333336, 123456789.12345679, 2.5e-9, 1 / 3]
RATES = {"EUR": 0.9213, "USD": 1.0, "JPY": 149.87}


def made_row(org, chance, day):
    """A row that was exported on `day`."""
    exported = moment(chance, day)
    began = exported - datetime.timedelta(hours=chance.randint(2, 40))
    began = began.replace(minute=0, second=0, microsecond=0)
    currency = chance.choice(org.currencies)
    kind = chance.choices(("regular", "tax", "adjustment", "rounding_error"), (90, 4, 4, 2))[0]
    service, description, pricing_unit, unit = chance.choice(SERVICES)
    cost = made_cost(chance, kind)
    amount = chance.uniform(0, 1e6)
    row = {
        "billing_account_id": org.account, "service": {"id": service, "description": description},
        "sku": {"id": "-".join(f"{chance.getrandbits(16):04X}" for _ in range(3)), "description": text(chance, "a SKU")},
        "usage_start_time": written(began), "usage_end_time": written(began + datetime.timedelta(hours=1)),
        "project": None if kind != "regular" else made_project(org, chance), "labels": pairs(chance), "system_labels": system_labels(chance),
        "location": {"location": "europe-west1", "country": "BE", "region": "europe-west1", "zone": maybe(chance, "europe-west1-b")},
        "tags": [{**pair, "inherited": maybe(chance, chance.random() < 0.5), "namespace": f"organizations/{org.number}"} for pair in pairs(chance)],
        "transaction_type": chance.choice(("GOOGLE", "THIRD_PARTY_RESELLER", "THIRD_PARTY_AGENCY", None)), "seller_name": text(chance, "Google"),
        "export_time": written(exported), "cost": cost, "currency": currency, "currency_conversion_rate": RATES[currency],
        "usage": {"amount": amount, "unit": unit, "amount_in_pricing_units": amount / 3600, "pricing_unit": pricing_unit},
        "credits": made_credits(chance, cost) if kind == "regular" else [],
        "invoice": {"month": began.strftime("%Y%m"), "publisher_type": chance.choice(("GOOGLE", "PARTNER", None))}, "cost_type": kind,
        "adjustment_info": made_adjustment(chance) if kind == "adjustment" else None, "cost_at_list": maybe(chance, cost * 1.25),
        "cost_at_effective_price_default": maybe(chance, cost * 1.1), "cost_at_list_consumption_model": maybe(chance, cost * 1.2),
        "consumption_model": maybe(chance, {"id": "7754-699E-0EBF", "description": "Default"}),
        "subscription": maybe(chance, {"instance_id": f"{chance.getrandbits(64):016x}"})}
    if org.is_detailed:
        name = f"instance-{chance.randint(1, 50)}"
        row["resource"] = maybe(chance, {"name": text(chance, name), "global_name": f"//compute.googleapis.com/projects/p/zones/z/instances/{name}"})
        row["price"] = maybe(chance, made_price(chance))
    return row


def moment(chance, day):
    """A time of the day, sometimes its first or its last."""
    midnight = datetime.datetime.combine(day, datetime.time(), UTC)
    last = 24 * 3600 * 10**6 - 1
    return midnight + datetime.timedelta(microseconds=chance.choice((0, last, *(chance.randint(0, last) for _ in range(30)))))


def written(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def maybe(chance, value):
    return value if chance.random() < 0.7 else None


def text(chance, usual):
    return chance.choices((usual, None, chance.choice(ODD_TEXTS)), (80, 10, 10))[0]


def pairs(chance):
    count = chance.choice((0, 0, 1, 2, 5))
    return [{"key": text(chance, f"key-{n}"), "value": text(chance, chance.choice(("web", "data", "prod")))} for n in range(count)]


def system_labels(chance):
    return [{"key": "compute.googleapis.com/machine_spec", "value": "n2-standard-4"}] if chance.random() < 0.3 else []


def made_cost(chance, kind):
    cost = chance.choice((chance.choice(COSTS), round(chance.uniform(0, 100), 6), chance.uniform(0, 1e-3), chance.expovariate(0.01)))
    if kind == "rounding_error":
        return chance.uniform(-0.005, 0.005)
    return -cost if kind == "adjustment" and cost else cost


def made_credits(chance, cost):
    return [{"name": text(chance, kind.replace("_", " ").lower()), "amount": -cost * chance.uniform(0, 0.5), "full_name": maybe(chance, kind.title()),
             "id": text(chance, f"credit-{kind.lower()}"), "type": kind} for kind in chance.sample(CREDITS, chance.choice((0, 0, 1, 1, 2, 3)))]


def made_project(org, chance):
    name = f"{org.project}-{chance.randint(1, 5)}"
    return {"id": name, "number": str(chance.randint(10**11, 10**12)), "name": text(chance, name), "labels": pairs(chance),
            "ancestry_numbers": maybe(chance, f"/{chance.randint(1, 9)}/{chance.randint(1, 9)}/"),
            "ancestors": [{"resource_name": f"projects/{name}", "display_name": text(chance, name)},
                          {"resource_name": "organizations/1", "display_name": None}]}


def made_adjustment(chance):
    return {"id": f"{chance.getrandbits(32):x}", "description": text(chance, "a correction"),
            "mode": chance.choice(("PARTIAL_CORRECTION", "COMPLETE_NEGATION", "MANUAL_ADJUSTMENT")),
            "type": chance.choice(("USAGE_CORRECTION", "PRICE_CORRECTION", "GOODWILL", "SALES_TAX"))}


def made_price(chance):
    return {name["name"]: maybe(chance, f"{chance.randint(0, 10**12)}e-9") for name in PRICES} | {"unit": "hour"}


# ---- rows that can be compared

def day_of(row):
    return datetime.date.fromisoformat(row["export_time"][:10])


def canonical(row, fields):
    """One text for each value that a row can have, whoever wrote it."""
    return json.dumps(plain(row, record("row", *fields)), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def plain(value, kind):
    if kind["mode"] == "REPEATED":
        return [plain(item, kind | {"mode": "NULLABLE"}) for item in value or []]
    if value is None:
        return None
    if kind["type"] == "RECORD":
        unknown = value.keys() - {part["name"] for part in kind["fields"]}
        if unknown:
            raise ValueError(f"{kind['name']} has no {sorted(unknown)}")
        return {part["name"]: plain(value.get(part["name"]), part) for part in kind["fields"]}
    if kind["type"] == "TIMESTAMP":
        return written(datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC))
    if kind["type"] == "NUMERIC":
        return format(decimal.Decimal(str(value)).quantize(decimal.Decimal("1e-9"), context=EXACT), "f")
    return float(value) + 0.0 if kind["type"] == "FLOAT" else value  # -0.0 is 0.0


# ---- in a server

def create(server, org):
    """The organisation's dataset and its empty table, as Google makes them."""
    server.control.create_dataset(dataset=org.dataset, location=org.location)
    server.control.create_table(table=org.table, fields=org.fields, partitioning={"type": "DAY"})


def load(server, table, delivery):
    """Appends the rows to the partitions of the days on which they arrived."""
    lines = collections.defaultdict(list)
    for arrival in delivery:
        lines[arrival.day].append(json.dumps(arrival.row))
    server.control.load_lines(table=table, partitions={f"{day:%Y%m%d}": "\n".join(texts) for day, texts in sorted(lines.items())})


def rows_in(server, table, fields, where="TRUE"):
    """The rows of "p.d.t" as a Counter of canonical texts; `where` is GoogleSQL."""
    dataset, name = table.rsplit(".", 1)
    answer = server.control.rows(sql=f"SELECT TO_JSON_STRING(t) FROM `{name}` AS t WHERE {where}", dataset=dataset)
    return collections.Counter(canonical(json.loads(text), fields) for text, in answer)


def load_many(server, org, rows, days=1, last=None):
    """Appends `rows` rows, made within the server: as many on each of the `days` days up to `last`, by default yesterday.

    They have every column, but not much in it, and are no part of org.truth, since a Counter of a million rows is slow: the result is
    {day: (rows, sum of cost)}. The currency is the organisation's first.
    """
    last, per_day = last or org.today - datetime.timedelta(days=1), rows // days
    if per_day * days != rows:
        raise ValueError(f"{rows} rows are not as many on each of {days} days")
    dataset, truth = org.dataset, {}
    for number in range(days):
        day = last - datetime.timedelta(days=days - 1 - number)
        first = number * per_day
        server.control.rows(sql=many_rows(org, day, first, first + per_day - 1), dataset=dataset)
        # A float's shortest text is not needed here: the product of two floats is the same in every program.
        truth[day] = per_day, sum_of(float(n) * 0.0001234567 for n in range(first, first + per_day))
    return truth


def sum_of(values):
    """The exact sum of floats, by whole multiples of 2^-1074, which is faster than with decimals."""
    total = 0
    for value in values:
        above, below = value.as_integer_ratio()
        total += above << (1074 - below.bit_length() + 1)
    return EXACT.divide(decimal.Decimal(total), decimal.Decimal(2**1074))


def many_rows(org, day, first, last):
    """SQL of rows that are numbered from `first` to `last`."""
    resource = {"resource": "STRUCT(CONCAT('instance-', CAST(MOD(n, 997) AS STRING)) AS name, '//global' AS global_name)",
                "price": "STRUCT(" + ", ".join(f"CAST(MOD(n, 1000) AS NUMERIC) AS {part['name']}" for part in PRICES) + ", 'hour' AS unit)"}
    values = {
        "_PARTITIONTIME": f"TIMESTAMP '{day}'", "billing_account_id": f"'{org.account}'",
        "service": "STRUCT('6F81-5844-456A' AS id, 'Compute Engine' AS description)",
        "sku": "STRUCT(CONCAT('SKU-', CAST(MOD(n, 1009) AS STRING)) AS id, 'a SKU' AS description)",
        "usage_start_time": f"TIMESTAMP '{day}'", "usage_end_time": f"TIMESTAMP '{day} 01:00:00'",
        "project": f"STRUCT('{org.project}' AS id, '1' AS number, '{org.project}' AS name, {LABEL} AS labels, '/1/' AS ancestry_numbers, "
                   f"[STRUCT('projects/1' AS resource_name, '{org.project}' AS display_name)] AS ancestors)",
        "labels": "[STRUCT('row' AS key, CAST(n AS STRING) AS value)]", "system_labels": LABEL,
        "location": "STRUCT('europe-west1' AS location, 'BE' AS country, 'europe-west1' AS region, 'europe-west1-b' AS zone)",
        "tags": "[STRUCT('env' AS key, 'prod' AS value, TRUE AS inherited, 'organizations/1' AS namespace)]",
        "transaction_type": "'GOOGLE'", "seller_name": "'Google'",
        "export_time": f"TIMESTAMP_ADD(TIMESTAMP '{day}', INTERVAL MOD(n, 86400) SECOND)", "cost": "CAST(n AS FLOAT64) * 0.0001234567",
        "currency": f"'{org.currencies[0]}'", "currency_conversion_rate": f"{RATES[org.currencies[0]]}",
        "usage": "STRUCT(CAST(n AS FLOAT64) AS amount, 'seconds' AS unit, 1.5 AS amount_in_pricing_units, 'hour' AS pricing_unit)",
        "credits": "[STRUCT('promotion' AS name, CAST(n AS FLOAT64) * -0.00001 AS amount, 'Promotion' AS full_name, 'c' AS id, 'PROMOTION' AS type)]",
        "invoice": f"STRUCT('{day:%Y%m}' AS month, 'GOOGLE' AS publisher_type)", "cost_type": "'regular'",
        "cost_at_list": "CAST(n AS FLOAT64) * 0.0002", **(resource if org.is_detailed else {})}
    return (f"INSERT INTO `{org.table_name}` ({', '.join(values)}) SELECT {', '.join(values.values())} "
            f"FROM UNNEST(GENERATE_ARRAY({first}, {last})) AS n")


LABEL = "[STRUCT('team' AS key, 'web' AS value)]"
