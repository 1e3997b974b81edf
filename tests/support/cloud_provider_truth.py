"""What the datasets of a cloud provider (`finops demo generate --profile cloud-provider`) come to under the rules, worked
out a second time with Python's csv, json, decimal and fractions only. Nothing here knows of finops.

    truth = Truth(folder / "landing", semantics="corrected")   # or "reference"
    truth.silver["usage_events"]       valid rows, with "flags", in the order of file name and line
    truth.quarantine["usage_events"]   the other rows as they were delivered, with "reasons"
    truth.anomalies                    statistics, scores and flags of each event, see anomaly_rows()
    truth.gold["org_daily_usage_by_service"]   and four more, sorted by their keys

Rows are dicts of Decimal, str, int, bool and None; each has "source_file" (below the landing folder) and "line" (of the
file, from 1; of a CSV record its first). Flags and reasons are sorted lists. Dates are "YYYY-MM-DD", times
"YYYY-MM-DDTHH:MM:SSZ". Every product, quotient, mean and percentile is rounded half-even to 18 decimals where it arises,
and the sample standard deviation is the correctly rounded one.

Decisions where the rules are silent:

- Blanks are spaces and tabs. Keys are compared after trimming, in the case they have.
- A number is [+-]digits[.digits][e[+-]digits] below 10^20, with a digit before or behind the point; True and False are read in any case; a time is a date with
  "T" or a blank, hours, minutes, seconds, any fraction of six digits, and "Z" or nothing, or a date alone (midnight).
- A required cell that is there and cannot be read gives the reason `<column>_unreadable`, not `<column>_missing`.
- A row has all reasons that apply; `duplicate_key` is given also to a row that is invalid for another reason.
- NULL where one of some words is demanded is unknown (`severity_unknown`), except for a required column (`email_missing`).
- A dollar invoice without a rate has the rate 1 and no flag; an unreadable one has the flag of unreadable cells. Of
  another currency both are `exchange_rate_missing` and nothing else.
- "exchange_rate" is the rate that was used, "exchange_rate_to_usd" the one that was delivered.
- A line of JSON that is no object is quarantined as `line_unreadable`, a CSV record with another number of cells than
  the header as `record_unreadable`. Numbers may be quoted in any number field of an event.
- An organisation or resource exists when it is in silver: quarantined rows do not count. The same holds for the names
  that are joined to events and invoices; of a key that is there twice (reference) the first row counts.
- Both tails are anomalous: |z| > 3, |MAD score| > 4, below the 1st or above the 99th percentile. A score or flag
  without a population is None or False.
- An SLA that is neither True nor False is not breached; the rate is of all tickets.
- `reference`: the standard columns are read as in `corrected`, with its flags where they tell what was done, also
  `timestamp_unreadable`; an event is not quarantined for its timestamp, organisation or resource, and its date is then
  None. A subtotal that is NULL is `subtotal_missing` or `subtotal_unreadable`. The currency becomes USD. Negative
  resolution times stay. "statistics exact" is read as: with the definitions of `corrected`, without approximation.
"""
import collections
import csv
import datetime
import decimal
import fractions
import json
import math
import pathlib
import re

EXACT = decimal.Context(prec=120, rounding=decimal.ROUND_HALF_EVEN)
ATTO = decimal.Decimal(1).scaleb(-18)
LARGEST = decimal.Decimal("99999999999999999999.999999999999999999")
ZERO, ONE = decimal.Decimal(0), decimal.Decimal(1)
BLANKS = " \t"
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(\.\d{1,6})?Z?)?")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
EMAIL = re.compile(r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}")

SERVICES = {"compute", "storage", "database", "networking", "analytics", "genai"}
SEVERITIES = {"low", "medium", "high", "critical"}
FEWEST_OF_POPULATION = 10
UNREADABLE = object()


def rounded(value):
    """A Decimal or Fraction with 18 decimals, half-even."""
    if isinstance(value, fractions.Fraction):
        scaled = value * 10**18
        return EXACT.scaleb(decimal.Decimal(round(scaled)), -18)  # round() is half-even and exact
    return value.quantize(ATTO, context=EXACT)


def product(a, b):
    return rounded(EXACT.multiply(a, b))


def quotient(a, b):
    """None where there is nothing to divide by. Two roundings are as good as one: with less than 60 digits above and
    below, a quotient that is not halfway between two results differs from that within the first 120 digits."""
    a, b = decimal.Decimal(a), decimal.Decimal(b)
    if b == 0:
        return None
    return rounded(EXACT.divide(a, b))


def total(values):
    result = ZERO
    for value in values:
        result = EXACT.add(result, value)
    return result


def standard_deviation(values, mean):
    """Of a sample, about a mean that may itself be rounded; None for fewer than two."""
    if len(values) < 2:
        return None
    squares = total(EXACT.multiply(d, d) for d in (EXACT.subtract(value, mean) for value in values))
    attos, degrees = int(EXACT.scaleb(squares, 36)), len(values) - 1
    root = math.isqrt(attos // degrees)  # the square root, in units of 10^-18, rounded down
    half = attos * 4 - (2 * root + 1) ** 2 * degrees
    if half > 0 or (half == 0 and root % 2):
        root += 1
    return EXACT.scaleb(decimal.Decimal(root), -18)


def median(ordered):
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return quotient(EXACT.add(ordered[middle - 1], ordered[middle]), 2)


def percentile(ordered, percent):
    """Linear interpolation at percent/100 * (n-1)."""
    place = fractions.Fraction(percent * (len(ordered) - 1), 100)
    below = place.numerator // place.denominator
    if place == below:
        return rounded(ordered[below])
    low, high = fractions.Fraction(ordered[below]), fractions.Fraction(ordered[below + 1])
    return rounded(low + (high - low) * (place - below))


def read_text(text):
    return text


def read_number(text):
    if not NUMBER.fullmatch(text):
        return UNREADABLE
    value = decimal.Decimal(text)
    if abs(value) >= 10**20:
        return UNREADABLE
    return rounded(value)


def read_truth(text):
    return {"true": True, "false": False}.get(text.lower(), UNREADABLE)


def read_date(text):
    if not DATE.fullmatch(text):
        return UNREADABLE
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        return UNREADABLE


def read_time(text):
    found = TIME.fullmatch(text)
    if not found:
        return UNREADABLE
    try:
        datetime.datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00:00'}")
    except ValueError:
        return UNREADABLE
    fraction = (found[3] or "").rstrip("0.")
    return f"{found[1]}T{found[2] or '00:00:00'}{fraction}Z"


def seconds(text):
    """Of a time that was read, since 1970, as Decimal."""
    moment = datetime.datetime.fromisoformat(text[:19] + "+00:00")
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return decimal.Decimal(since.days * 86400 + since.seconds) + decimal.Decimal("0" + text[19:-1])


def score_of(a, b):
    """A quotient within what decimal(38,18) holds."""
    score = quotient(a, b)
    return None if score is None else max(-LARGEST, min(LARGEST, score))


class Row:
    """A delivered row on its way: what is read of it, and what is to be said of it."""

    def __init__(self, file, line, delivered):
        self.file, self.line, self.delivered = file, line, delivered
        self.cells, self.flags, self.reasons = {}, set(), set()

    def read(self, column, reader=read_text, required=False, lower=False):
        """Keeps and returns the value of a column; None for what is missing or cannot be read."""
        value = self.value(self.delivered.get(column), reader)
        if value is UNREADABLE:
            (self.reasons if required else self.flags).add(f"{column}_unreadable")
            value = None
        elif value is None and required:
            self.reasons.add(f"{column}_missing")
        elif lower and value is not None:
            value = value.lower()
        self.cells[column] = value
        return value

    @staticmethod
    def value(raw, reader):
        if raw is None:
            return None
        if not isinstance(raw, str):  # of JSON
            if isinstance(raw, (dict, list)) or (isinstance(raw, bool) and reader is read_number):
                return UNREADABLE
            raw = str(raw)
        raw = raw.strip(BLANKS)
        return reader(raw) if raw else None

    def null_outside(self, column, least, most):
        value = self.cells[column]
        if value is not None and not least <= value <= most:
            self.cells[column] = None
            self.flags.add(f"{column}_out_of_range")

    def valid(self):
        return self.cells | {"flags": sorted(self.flags), "source_file": self.file, "line": self.line}

    def quarantined(self):
        return self.delivered | {"reasons": sorted(self.reasons), "source_file": self.file, "line": self.line}


class Truth:
    def __init__(self, landing, semantics="corrected"):
        assert semantics in ("corrected", "reference"), semantics
        self.landing, self.corrected = pathlib.Path(landing), semantics == "corrected"
        self.silver, self.quarantine, self.gold = {}, {}, {}
        self.all_events = []  # Row of each line that is an object
        for name, key, rule in (("customers_orgs", "org_id", self.customer), ("users", "user_id", self.user),
                                ("resources", "resource_id", self.resource),
                                ("billing_monthly", "invoice_id", self.invoice),
                                ("support_tickets", "ticket_id", self.ticket),
                                ("marketing_touches", "touch_id", self.touch), ("nps_surveys", None, self.survey)):
            self.judge(name, key, rule, self.csv_rows(name))
        self.orgs = self.first_by("customers_orgs", "org_id")
        self.resources = self.first_by("resources", "resource_id")
        self.judge("usage_events", "event_id", self.event, self.event_rows())
        self.anomalies = self.anomaly_rows()
        self.gold = {"org_daily_usage_by_service": self.daily_usage(), "revenue_by_org_month": self.revenue(),
                     "tickets_by_org_date": self.tickets(), "genai_tokens_by_org_date": self.genai_tokens(),
                     "cost_anomaly_mart": self.anomaly_mart()}

    # Reading

    def csv_rows(self, name):
        with (self.landing / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            records = csv.reader(file, strict=True)
            header = next(records)
            line = records.line_num + 1
            for record in records:
                row = Row(f"{name}.csv", line, dict(zip(header, record)))
                line = records.line_num + 1
                if not record:
                    continue
                if len(record) != len(header):
                    row.reasons.add("record_unreadable")
                yield row

    def event_rows(self):
        decoder = json.JSONDecoder(parse_float=decimal.Decimal, parse_int=decimal.Decimal)
        for path in sorted((self.landing / "usage_events_stream").glob("*.jsonl"), key=lambda path: path.name):
            name = f"usage_events_stream/{path.name}"
            with path.open(encoding="utf-8", newline="\n") as file:
                for number, line in enumerate(file, 1):
                    if not line.strip():
                        continue
                    try:
                        delivered = decoder.decode(line.strip())
                    except ValueError:
                        delivered = None
                    row = Row(name, number, delivered if isinstance(delivered, dict) else {"line_text": line})
                    if not isinstance(delivered, dict):
                        row.reasons.add("line_unreadable")
                    yield row

    def judge(self, name, key, rule, rows):
        """Sorts rows into silver and quarantine."""
        valid, invalid, keys = [], [], set()
        for row in rows:
            if not row.reasons:
                if name == "usage_events":
                    self.all_events.append(row)
                value = row.read(key, required=True) if key else None
                rule(row)
                if self.corrected and value is not None and value in keys:
                    row.reasons.add("duplicate_key")
                if not row.reasons and key:
                    keys.add(value)
            if row.reasons:
                invalid.append(row.quarantined())
            else:
                valid.append(row.valid())
        self.silver[name], self.quarantine[name] = valid, invalid

    def first_by(self, name, key):
        found = {}
        for row in self.silver[name]:
            found.setdefault(row[key], row)
        return found

    # Silver

    def customer(self, row):
        row.read("org_name", required=True)
        for column in ("industry", "hq_region", "plan_tier"):
            row.read(column, lower=True)
        for column in ("lifecycle_stage", "marketing_source"):
            row.read(column, lower=self.corrected)
        row.read("is_enterprise", read_truth)
        row.read("signup_date", read_date)
        row.read("sales_rep")
        self.nps(row)

    def nps(self, row):
        row.read("nps_score", read_number)
        row.null_outside("nps_score", *((-100, 100) if self.corrected else (0, 10)))

    def user(self, row):
        row.read("org_id", required=True)
        email = row.read("email", required=True, lower=True)
        if email is not None and not EMAIL.fullmatch(email):
            row.reasons.add("email_malformed")
        row.read("role", lower=True)
        row.read("active", read_truth)
        row.read("created_at", read_date)
        row.read("last_login", read_time)

    def resource(self, row):
        row.read("org_id", required=True)
        if row.read("service", lower=True) not in SERVICES:
            row.reasons.add("service_unknown")
        row.read("region", lower=True)
        row.read("created_at", read_date)
        row.read("state", lower=True)
        row.read("tags_json")

    def invoice(self, row):
        row.read("org_id", required=True)
        month = row.read("month", read_date)
        row.cells["year_month"] = month and (month[:7] if self.corrected else month)
        subtotal = row.read("subtotal", read_number, required=True)
        for column in ("credits", "taxes"):
            row.cells[column] = row.read(column, read_number) or ZERO
        currency = row.read("currency")
        row.cells["currency"] = currency and currency.upper()
        rate = self.rate(row)
        row.cells["exchange_rate"] = rate
        if subtotal is None or rate is None:
            return
        amount, credits, taxes = (product(value, rate) for value in (subtotal, row.cells["credits"], row.cells["taxes"]))
        row.cells |= {"amount_usd": amount, "credits_usd": credits, "taxes_usd": taxes,
                      "net_amount_usd": EXACT.add(EXACT.subtract(amount, credits), taxes)}
        if not self.corrected:
            row.cells["currency"] = "USD"
            if amount < 0:
                row.reasons.add("amount_negative")
        elif subtotal < 0:
            row.flags.add("credit_note")

    def rate(self, row):
        delivered = row.read("exchange_rate_to_usd", read_number)
        if not self.corrected:
            return ONE if delivered is None else delivered
        if row.cells["currency"] == "USD":
            if delivered is not None and delivered != 1:
                row.flags.add("usd_rate_ignored")
            return ONE
        if delivered is None or delivered <= 0:
            row.flags.discard("exchange_rate_to_usd_unreadable")
            row.reasons.add("exchange_rate_missing")
            return None
        return delivered

    def ticket(self, row):
        row.read("org_id", required=True)
        row.read("category", lower=True)
        if row.read("severity", lower=True) not in SEVERITIES:
            row.reasons.add("severity_unknown")
        created, resolved = row.read("created_at", read_time), row.read("resolved_at", read_time)
        hours = None
        if created is not None and resolved is not None:
            hours = quotient(seconds(resolved) - seconds(created), 3600)
            if hours < 0 and self.corrected:
                hours = None
                row.flags.add("resolved_before_created")
        row.cells["resolution_hours"] = hours
        row.read("csat", read_number)
        row.null_outside("csat", 1, 5)
        row.read("sla_breached", read_truth)

    def touch(self, row):
        row.read("org_id", required=True)
        row.read("campaign", lower=True)
        row.read("channel", lower=True)
        row.read("timestamp", read_time)
        row.read("clicked", read_truth)
        row.read("converted", read_truth)

    def survey(self, row):
        row.read("org_id", required=True)
        row.read("survey_date", read_date, required=self.corrected)
        self.nps(row)
        row.read("comment")
        if not self.corrected and row.cells["nps_score"] is None:
            row.reasons.add("nps_score_missing")

    def event(self, row):
        org = self.orgs.get(row.read("org_id", required=self.corrected), {})
        resource = self.resources.get(row.read("resource_id", required=self.corrected), {})
        time = row.read("timestamp", read_time, required=self.corrected)
        row.cells["usage_date"] = time and time[:10]
        row.cells["usage_month"] = time[:7] if time else "unknown"
        for column in ("service", "region", "metric"):
            row.read(column, lower=True)
        self.event_value(row)
        cost = row.read("cost_usd_increment", read_number, required=True)
        if cost is not None and cost < 0:
            row.flags.add("negative_cost")
            if not self.corrected and cost < decimal.Decimal("-0.01"):
                row.reasons.add("cost_negative")
        version = row.read("schema_version", read_number)
        if version not in (1, 2):
            row.reasons.add("schema_version_unknown")
        for column in ("carbon_kg", "genai_tokens"):
            row.read(column, read_number)
            if version == 1:
                row.cells[column] = None
                row.flags.discard(f"{column}_unreadable")
        if row.cells["resource_id"] is not None and not resource:
            row.flags.add("unknown_resource")
        if row.cells["org_id"] is not None and not org:
            row.flags.add("unknown_org")
        row.cells |= {"org_name": org.get("org_name"), "plan_tier": org.get("plan_tier"),
                      "industry": org.get("industry"), "resource_state": resource.get("state")}

    @staticmethod
    def event_value(row):
        raw = row.delivered.get("value")
        is_null_text = isinstance(raw, str) and raw.strip(BLANKS) in ("null", "NaN", "")
        # Python's JSON reads a bare NaN or Infinity as float.
        value = None if is_null_text or raw != raw else Row.value(raw, read_number)
        if value is UNREADABLE:
            row.flags.add("value_unreadable")
            value = None
        row.cells["value"] = value
        if row.read("unit", lower=True) is None and value is not None:
            row.cells["unit"] = "unknown"
            row.flags.add("unit_imputed")

    # Anomalies

    def anomaly_rows(self):
        """One row for each event that is judged: in `corrected` the valid ones, in `reference` all with a cost. "z_score"
        and "mad_score" have a sign; "is_zscore", "is_mad", "is_percentile" are what the methods say; "count", "mean",
        "stddev", "median", "mad", "percentile_1", "percentile_99" are of the population (None without one)."""
        if self.corrected:
            events = self.silver["usage_events"]
        else:
            events = [row.valid() for row in self.all_events if row.cells.get("cost_usd_increment") is not None]
        populations = collections.defaultdict(list)
        for event in events:
            if not self.corrected or event["cost_usd_increment"] >= 0:
                populations[self.population_of(event)].append(event["cost_usd_increment"])
        statistics = {key: self.statistics(costs) for key, costs in populations.items()
                      if not self.corrected or len(costs) >= FEWEST_OF_POPULATION}
        nothing = dict.fromkeys(("count", "mean", "stddev", "median", "mad", "percentile_1", "percentile_99"))
        rows = []
        for event in events:
            cost = event["cost_usd_increment"]
            known = None
            if not self.corrected or cost >= 0:
                known = statistics.get(self.population_of(event))
            row = {name: event[name] for name in ("event_id", "service", "metric", "cost_usd_increment", "source_file",
                                                  "line")}
            rows.append(row | self.scores(cost, known) | {name: (known or nothing)[name] for name in nothing})
        return rows

    def population_of(self, event):
        return (event["service"], event["metric"]) if self.corrected else None

    @staticmethod
    def statistics(costs):
        ordered = sorted(costs)
        mean = quotient(total(ordered), len(ordered))
        middle = median(ordered)
        deviations = sorted(abs(EXACT.subtract(cost, middle)) for cost in ordered)
        return {"count": len(ordered), "mean": mean, "stddev": standard_deviation(ordered, mean), "median": middle,
                "mad": median(deviations), "mean_deviation": quotient(total(deviations), len(deviations)),
                "percentile_1": percentile(ordered, 1), "percentile_99": percentile(ordered, 99)}

    def scores(self, cost, known):
        if known is None:
            return {"z_score": None, "mad_score": None, "is_zscore": False, "is_mad": False, "is_percentile": False,
                    "is_anomaly": False}
        z = None
        if known["stddev"]:
            z = score_of(EXACT.subtract(cost, known["mean"]), known["stddev"])
        distance = EXACT.subtract(cost, known["median"])
        mad = known["mad"]
        if mad == 0 and self.corrected:
            score = score_of(distance, product(decimal.Decimal("1.253314"), known["mean_deviation"]))
        else:
            score = score_of(product(decimal.Decimal("0.6745"), distance), mad or decimal.Decimal("0.000001"))
        is_zscore = z is not None and abs(z) > 3
        is_mad = score is not None and abs(score) > (4 if self.corrected else 3)
        is_percentile = cost < known["percentile_1"] or cost > known["percentile_99"]
        is_anomaly = is_mad if self.corrected else is_zscore or is_mad or is_percentile
        return {"z_score": z, "mad_score": score, "is_zscore": is_zscore, "is_mad": is_mad,
                "is_percentile": is_percentile, "is_anomaly": is_anomaly}

    # Gold

    @staticmethod
    def grouped(rows, *keys):
        """(key columns, rows) of each group, sorted, NULL first."""
        groups = collections.defaultdict(list)
        for row in rows:
            groups[tuple(row[key] for key in keys)].append(row)
        for values in sorted(groups, key=lambda values: [(value is not None, value or "") for value in values]):
            yield dict(zip(keys, values)), groups[values]

    @staticmethod
    def sum_of(rows, column):
        return total(row[column] for row in rows if row[column] is not None)

    def daily_usage(self):
        result = []
        for keys, rows in self.grouped(self.silver["usage_events"], "org_id", "usage_date", "service"):
            of = collections.defaultdict(list)
            for row in rows:
                of[row["metric"]].append(row)
            requests = self.sum_of(of["requests"], "value") if self.corrected else len(of["requests"])
            result.append(keys | {
                "total_events": len(rows), "total_cost_usd": self.sum_of(rows, "cost_usd_increment"),
                "total_requests": requests,
                "cpu_hours": self.sum_of(of["cpu_hours" if self.corrected else "cpu_utilization"], "value"),
                "storage_gb_hours": self.sum_of(of["storage_gb_hours" if self.corrected else "storage"], "value"),
                "carbon_kg_total": self.sum_of(rows, "carbon_kg"),
                "genai_tokens_total": self.sum_of(rows, "genai_tokens")})
        return result

    def revenue(self):
        result = []
        for keys, rows in self.grouped(self.silver["billing_monthly"], "org_id", "year_month"):
            org = self.orgs.get(keys["org_id"], {})
            result.append(keys | {
                "total_billed_usd": self.sum_of(rows, "amount_usd"), "total_credits_usd": self.sum_of(rows, "credits_usd"),
                "total_taxes_usd": self.sum_of(rows, "taxes_usd"), "net_revenue": self.sum_of(rows, "net_amount_usd"),
                "invoice_count": len(rows)}
                | {column: org.get(column) for column in ("org_name", "industry", "plan_tier", "hq_region")})
        return result

    def ticket_kind(self, category):
        if not self.corrected:
            return category
        kinds = {"billing": "billing", "availability": "technical", "integration": "technical",
                 "performance": "technical", "security": "access"}
        return kinds.get(category, "other")

    def tickets(self):
        result = []
        dated = [row | {"ticket_date": row["created_at"] and row["created_at"][:10]} for row in self.silver["support_tickets"]]
        for keys, rows in self.grouped(dated, "org_id", "ticket_date", "severity"):
            hours = [row["resolution_hours"] for row in rows if row["resolution_hours"] is not None]
            ratings = [row["csat"] for row in rows if row["csat"] is not None]
            breached = sum(row["sla_breached"] is True for row in rows)
            kinds = collections.Counter(self.ticket_kind(row["category"]) for row in rows)
            result.append(keys | {
                "total_tickets": len(rows), "resolved_tickets": sum(row["resolved_at"] is not None for row in rows),
                "avg_resolution_hours": quotient(total(hours), len(hours)), "sla_breach_count": breached,
                "sla_breach_rate": quotient(breached, len(rows)), "csat_avg": quotient(total(ratings), len(ratings))}
                | {f"{kind}_tickets": kinds[kind] for kind in ("billing", "technical", "access", "other")})
        return result

    def genai_tokens(self):
        result = []
        wanted = [row for row in self.silver["usage_events"]
                  if row["schema_version"] == 2 and row["genai_tokens"] is not None and row["genai_tokens"] > 0]
        for keys, rows in self.grouped(wanted, "org_id", "usage_date", "service"):
            tokens, cost = self.sum_of(rows, "genai_tokens"), self.sum_of(rows, "cost_usd_increment")
            result.append(keys | {
                "total_genai_tokens": tokens, "total_cost_usd": cost, "event_count": len(rows),
                "avg_tokens_per_event": quotient(tokens, len(rows)),
                "cost_per_million_tokens": quotient(EXACT.multiply(cost, decimal.Decimal(1000000)), tokens)})
        return result

    def anomaly_mart(self):
        judged = {(row["source_file"], row["line"]): row for row in self.anomalies}
        wanted = [event | {"judged": judged[event["source_file"], event["line"]]} for event in self.silver["usage_events"]
                  if judged[event["source_file"], event["line"]]["is_anomaly"]]
        result = []
        for keys, rows in self.grouped(wanted, "org_id", "usage_date", "service"):
            costs = [row["cost_usd_increment"] for row in rows]
            flags = [[row["judged"][name] for name in ("is_zscore", "is_mad", "is_percentile")] for row in rows]
            largest = max((abs(row["judged"]["mad_score"]) for row in rows if row["judged"]["mad_score"] is not None),
                          default=None)
            result.append(keys | {
                "anomaly_count": len(rows), "total_anomalous_cost": total(costs),
                "avg_anomalous_cost": quotient(total(costs), len(costs)), "max_cost_spike": max(costs),
                "min_cost": min(costs), "zscore_detections": sum(z for z, _, _ in flags),
                "mad_detections": sum(mad for _, mad, _ in flags), "percentile_detections": sum(p for _, _, p in flags),
                "high_confidence": sum(sum(one) >= 2 for one in flags), "confirmed": sum(all(one) for one in flags),
                "max_score": largest, "severity": self.severity(largest)})
        return result

    @staticmethod
    def severity(score):
        if score is None or score < 6:
            return "medium"
        return "critical" if score >= 10 else "high"
