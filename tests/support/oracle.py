#!/usr/bin/env python3
"""What delivered bills (csv.gz) hold, told independently of finops: an oracle for the end-to-end tests.

Records are found by the rule of record borders, cell by cell from the left, with no csv module (which silently accepts
what the rule calls faulty). Decimals are Python's, sums are exact. Nothing here uses finops' code or its output.

    bill = read_bill(["a.csv.gz", "b.csv.gz"])
    bill.totals()    # {"rows": n, "sums": {currency: {column: Decimal}}, "nulls": {column: n}} of the rows that fit
    bill.rejected    # rows that do not fit, with file, line, raw bytes and reasons

As a program it prints the same as JSON: oracle.py FILE... [--types JSON] [--names JSON] [--values]
"""
import argparse
import collections
import dataclasses
import datetime
import decimal
import hashlib
import json
import pathlib
import re
import sys
import zlib

CELL_LIMIT = 1 << 20
HEADER_LIMIT = 1 << 20
RECORD_LIMIT = 16 << 20
JSON_DEPTH = 64
ATTO = decimal.Decimal(1).scaleb(-18)
EXACT = decimal.Context(prec=6000, rounding=decimal.ROUND_HALF_EVEN, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)

# Columns of AWS's dictionaries that are no text, by their names in CUR 2.0 (facts of the Data Exports guide).
DECIMAL_COLUMNS = frozenset("""
    discount_bundled_discount discount_edp_discount discount_private_rate_discount discount_ri_volume_discount
    discount_spp_discount discount_total_discount line_item_blended_cost line_item_blended_rate
    line_item_net_unblended_cost line_item_net_unblended_rate line_item_normalization_factor
    line_item_normalized_usage_amount line_item_unblended_cost line_item_unblended_rate line_item_usage_amount
    pricing_public_on_demand_cost pricing_public_on_demand_rate reservation_amortized_upfront_cost_for_usage
    reservation_amortized_upfront_fee_for_billing_period reservation_effective_cost
    reservation_net_amortized_upfront_cost_for_usage reservation_net_amortized_upfront_fee_for_billing_period
    reservation_net_effective_cost reservation_net_recurring_fee_for_usage
    reservation_net_unused_amortized_upfront_fee_for_billing_period reservation_net_unused_recurring_fee
    reservation_net_upfront_value reservation_recurring_fee_for_usage
    reservation_unused_amortized_upfront_fee_for_billing_period reservation_unused_normalized_unit_quantity
    reservation_unused_quantity reservation_unused_recurring_fee reservation_upfront_value
    savings_plan_amortized_upfront_commitment_for_billing_period
    savings_plan_net_amortized_upfront_commitment_for_billing_period
    savings_plan_net_recurring_commitment_for_billing_period savings_plan_net_savings_plan_effective_cost
    savings_plan_recurring_commitment_for_billing_period savings_plan_savings_plan_effective_cost
    savings_plan_savings_plan_rate savings_plan_total_commitment_to_date savings_plan_used_commitment
    split_line_item_actual_usage split_line_item_net_split_cost split_line_item_net_unused_cost
    split_line_item_public_on_demand_split_cost split_line_item_public_on_demand_unused_cost
    split_line_item_reserved_usage split_line_item_split_cost split_line_item_split_usage
    split_line_item_split_usage_ratio split_line_item_unused_cost""".split())
TIME_COLUMNS = frozenset("""bill_billing_period_end_date bill_billing_period_start_date line_item_usage_end_date
    line_item_usage_start_date""".split())
MAP_COLUMNS = {"product": "map", "resource_tags": "map", "cost_category": "map", "tags": "map",
               "discount": "decimal_map"}


class BadFile(Exception):
    """A file that cannot be decoded at all."""


class DoesNotFit(Exception):
    """A cell whose text is not of its column's type."""


def column_name(exact):
    """AWS's rule: an underscore before each capital, lower case, all else '_', no two in a row, none at the ends; names
    without a '/' only get lower case."""
    if "/" not in exact:
        return exact.lower()
    spread = re.sub(r"([A-Z])", r"_\1", exact).lower()
    return re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", spread)).strip("_")


def type_of(column):
    if column in DECIMAL_COLUMNS:
        return "decimal"
    if column in TIME_COLUMNS:
        return "time"
    return MAP_COLUMNS.get(column, "text")


def column_names(exact_names):
    """{exact name: column} of one delivery: of several that give the same column, the first in byte order has the plain
    name, the others `_` and 8 digits of their exact name's SHA-256."""
    names, taken = {}, set()
    for exact in sorted(set(exact_names), key=str.encode):
        column = column_name(exact)
        if column in taken:
            column += "_" + hashlib.sha256(exact.encode()).hexdigest()[:8]
        taken.add(column)
        names[exact] = column
    return names


TOLD = {"bigdecimal": "decimal", "decimal": "decimal", "double": "decimal", "datetime": "time", "timestamp": "time"}
FREE_TEXT = ("product", "resourceTags", "costCategory", "identity")


def types_of_manifest(manifest):
    """{exact name: type} that a v1 manifest tells where AWS's dictionaries do not; what customers name is text."""
    types = {}
    for column in manifest.get("columns", []):
        if isinstance(column, dict) and "type" in column and column.get("category") not in FREE_TEXT:
            exact = f"{column['category']}/{column['name']}" if column.get("category") else column["name"]
            kind = TOLD.get(column["type"].lower().removeprefix("optional"))
            if kind and type_of(column_name(exact)) == "text" and not exact.lower().endswith("accountid"):
                types[exact] = kind
    return types


# ---- bytes to records


def inflate(compressed):
    """All members of a gzip file; zeros may follow a member. zlib checks each one's CRC-32 and length."""
    text, rest, is_first = [], compressed, True
    while rest:
        inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            text.append(inflater.decompress(rest))
        except zlib.error as error:
            raise BadFile(str(error)) from error
        if not inflater.eof:
            raise BadFile("truncated")
        rest = inflater.unused_data.lstrip(b"\0")
    return b"".join(text)


@dataclasses.dataclass
class Record:
    line: int
    raw: bytes
    cells: list | None  # None: the row is faulty
    fault: str = ""


UNQUOTED_END = re.compile(rb"[,\n]")


def without_line_end(row):
    """`row` without its line feed, and a carriage return before that."""
    row = row[:-1]
    return row[:-1] if row.endswith(b"\r") else row


def scan_record(text, begin, cell_limit):
    """(cells or None, fault, end) of the record that begins at `begin`; `text` ends in a line feed."""
    cells, at = [], begin
    while True:
        if text[at:at + 1] != b'"':
            end = UNQUOTED_END.search(text, at).start()
            value = text[at:end]
            if text[end:end + 1] == b"\n" and value.endswith(b"\r"):
                value = value[:-1]
            cells.append(value)
            at = end
        else:
            content = at = at + 1
            while True:
                quote = text.find(b'"', at)
                if quote < 0 or quote - content > cell_limit:
                    return None, "unclosed quote", text.index(b"\n", begin) + 1
                if text[quote + 1:quote + 2] != b'"':
                    break
                at = quote + 2
            cells.append(text[content:quote].replace(b'""', b'"'))
            at = quote + 1
            if text[at:at + 2] == b"\r\n":
                at += 1
            if text[at:at + 1] not in (b",", b"\n"):
                return None, "text after a closing quote", text.index(b"\n", at) + 1
        at += 1
        if text[at - 1:at] == b"\n":
            return cells, "", at


def split_records(text, cell_limit=CELL_LIMIT):
    """The records of a text, the first of them the header, whose cells may be as long as headers may be."""
    if text.startswith(b"\xef\xbb\xbf"):
        text = text[3:]
    if text and not text.endswith(b"\n"):
        text += b"\n"
    begin, line = 0, 1
    while begin < len(text):
        cells, fault, end = scan_record(text, begin, cell_limit if begin else HEADER_LIMIT)
        row = text[begin:end]
        if len(row) > (RECORD_LIMIT if begin else HEADER_LIMIT):
            raise BadFile(f"the record on line {line} is too long")
        is_empty_last_line = without_line_end(row) == b"" and end == len(text) and begin > 0
        if not is_empty_last_line:
            yield Record(line, without_line_end(row), cells, fault)
        line += row.count(b"\n")
        begin = end


# ---- cells to values

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE]([+-]?\d+))?", re.ASCII)


def to_decimal(text):
    """(value rounded to 18 decimals, exact value minus it)."""
    match = NUMBER.fullmatch(text)
    if not match:
        raise DoesNotFit("not a decimal number")
    digits = match[1].replace(".", "")
    if not digits.strip("0"):
        return decimal.Decimal(0), decimal.Decimal(0)
    size = (match[3] or "").lstrip("+-").lstrip("0")
    exponent = int(size or 0) if len(size) < 10 else 10 ** 10  # as good as infinite
    if (match[3] or "").startswith("-"):
        exponent = -exponent
    point = match[1].find(".")
    decimals = (len(match[1]) - point - 1 if point >= 0 else 0) - exponent
    decimals -= len(digits) - len(digits.rstrip("0"))  # zeros at the end are no decimals
    significant = len(digits.strip("0"))
    if significant - decimals > 20:
        raise DoesNotFit("too large")
    if decimals > 2000:
        raise DoesNotFit("too many decimals")
    sign = "-" if text.startswith("-") else ""
    exact = EXACT.scaleb(EXACT.create_decimal(sign + digits.strip("0")), -decimals)
    rounded = EXACT.quantize(exact, ATTO)
    if rounded.copy_abs() >= 10 ** 20:
        raise DoesNotFit("too large")
    return rounded, EXACT.subtract(exact, rounded)


DASHED = r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?:[T ](?P<H>\d\d):(?P<M>\d\d)(?::(?P<S>\d\d)(?:\.(?P<f>\d+))?)?"
COMPACT = r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?:[T ](?P<H>\d\d)(?P<M>\d\d)(?:(?P<S>\d\d)(?:\.(?P<f>\d+))?)?"
MIXED = DASHED.replace("-", "", 2)
ZONE = r"(?P<z>Z|[+-]\d\d(?::?\d\d)?)?)?"
TIMES = [re.compile(form + ZONE, re.ASCII) for form in (DASHED, COMPACT, MIXED)]
EPOCH = datetime.datetime(1970, 1, 1)


def to_micros(text):
    """Microseconds since 1970 in UTC, an int: an offset may lead out of Python's years."""
    match = next((m for m in (form.fullmatch(text) for form in TIMES) if m), None)
    if not match:
        raise DoesNotFit("not a time")
    fraction = (match["f"] or "").ljust(6, "0")
    if fraction[6:].strip("0"):
        raise DoesNotFit("finer than a microsecond")
    zone = match["z"] or "Z"
    minutes = 0 if zone == "Z" else int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
    if zone != "Z" and (int(zone[1:3]) > 23 or int(zone[3:].lstrip(":") or 0) > 59):
        raise DoesNotFit("not a time")
    try:
        time = datetime.datetime(int(match["y"]), int(match["m"]), int(match["d"]), int(match["H"] or 0),
                                 int(match["M"] or 0), int(match["S"] or 0), int(fraction[:6]))
    except ValueError as error:
        raise DoesNotFit("not a time") from error
    since = time - EPOCH
    micros = (since.days * 86400 + since.seconds) * 10 ** 6 + since.microseconds
    return micros - (-1 if zone.startswith("-") else 1) * minutes * 60 * 10 ** 6


def refuse_constant(name):
    raise DoesNotFit(f"{name} is not JSON")


DECODER = json.JSONDecoder(parse_constant=refuse_constant, parse_float=str, parse_int=str, object_pairs_hook=list)
BLANKS = re.compile(r"[ \t\n\r]*")


def skip_blanks(text, at):
    return BLANKS.match(text, at).end()


def check_nesting(value, depth):
    """`depth`: in how many objects and arrays `value` is. Objects are lists of pairs here."""
    if depth > JSON_DEPTH:
        raise DoesNotFit("nested too deeply")
    if isinstance(value, str):
        if any(0xD800 <= ord(c) <= 0xDFFF for c in value):
            raise DoesNotFit("a lone surrogate")
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, tuple):
                check_nesting(item[0], 1)
                check_nesting(item[1], depth + 1)
            else:
                check_nesting(item, depth + 1)


def json_members(text):
    """(key, value, its text as it stands) of the outermost object."""
    at = skip_blanks(text, 0)
    if text[at:at + 1] != "{":
        raise DoesNotFit("not a JSON object")
    at = skip_blanks(text, at + 1)
    members = []
    if text[at:at + 1] == "}":
        end = at + 1
    else:
        while True:
            if text[at:at + 1] != '"':
                raise DoesNotFit("not a JSON object")
            key, at = DECODER.raw_decode(text, at)
            at = skip_blanks(text, at)
            if text[at:at + 1] != ":":
                raise DoesNotFit("not a JSON object")
            begin = skip_blanks(text, at + 1)
            value, at = DECODER.raw_decode(text, begin)
            members.append((key, value, text[begin:at]))
            at = skip_blanks(text, at)
            end = at + 1
            if text[at:end] == "}":
                break
            if text[at:end] != ",":
                raise DoesNotFit("not a JSON object")
            at = skip_blanks(text, end)
    if skip_blanks(text, end) != len(text):
        raise DoesNotFit("not a JSON object")
    return members


def to_map(text, has_decimals):
    try:
        members = json_members(text)
    except (json.JSONDecodeError, StopIteration, RecursionError) as error:
        raise DoesNotFit("not JSON") from error
    entries = {}
    for key, value, as_it_stands in members:
        check_nesting(key, 1)
        check_nesting(value, 1)
        if key in entries:
            raise DoesNotFit("a key given twice")
        is_string, is_number = as_it_stands[0] == '"', as_it_stands[0] in "-0123456789"
        if as_it_stands == "null" or (has_decimals and is_string and value == ""):
            entries[key] = None
        elif not has_decimals:
            entries[key] = value if is_string else as_it_stands
        elif is_string or is_number:
            entries[key] = to_decimal(value)[0]
        else:
            raise DoesNotFit("not a decimal number")
    return entries


def to_value(raw, kind):
    """(value, rounding residual or None) of a cell that is not empty."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DoesNotFit("not UTF-8") from error
    if kind == "decimal":
        return to_decimal(text)
    if kind == "time":
        return to_micros(text), None
    if kind in ("map", "decimal_map"):
        return to_map(text, kind == "decimal_map"), None
    return text, None


# ---- records to a bill


@dataclasses.dataclass
class Rejected:
    file: str
    line: int
    raw: bytes
    currency: str
    reasons: list
    decimals: dict  # of the cells that could be read


@dataclasses.dataclass
class Money:
    sum: decimal.Decimal = decimal.Decimal(0)
    cells: int = 0
    unreadable: int = 0
    rounded: int = 0
    residual: decimal.Decimal = decimal.Decimal(0)

    def add(self, value, residual):
        self.sum = EXACT.add(self.sum, value)
        self.cells += 1
        if residual:
            self.rounded += 1
            self.residual = EXACT.add(self.residual, residual)


def by_currency():
    return collections.defaultdict(lambda: collections.defaultdict(Money))


class Bill:
    """The rows of one delivery. `loaded`, `quarantined`: {currency: {column: Money}}."""

    def __init__(self):
        self.rows = 0  # that fit
        self.rejected = []
        self.loaded, self.quarantined = by_currency(), by_currency()
        self.nulls = collections.Counter()
        self.columns = {}  # name: type
        self.values = []   # a dict per row that fits, NULLs left out; only when asked for
        self.parts = []    # file, bytes, sha256, rows, rejected

    @property
    def source_rows(self):
        return self.rows + len(self.rejected)

    def totals(self):
        """Of the rows that fit, in the shape of engine_sums.py. A column that a file lacks is NULL there."""
        sums = {currency: {name: money.sum for name, money in columns.items() if money.cells}
                for currency, columns in self.loaded.items()}
        return {"rows": self.rows, "sums": {c: s for c, s in sums.items() if s},
                "nulls": {name: self.nulls[name] for name in self.columns}}

    def source_sums(self):
        """Of all rows whose cells can be read."""
        sums = collections.defaultdict(lambda: collections.defaultdict(decimal.Decimal))
        for totals in (self.loaded, self.quarantined):
            for currency, columns in totals.items():
                for name, money in columns.items():
                    sums[currency][name] = EXACT.add(sums[currency][name], money.sum)
        return {currency: dict(columns) for currency, columns in sums.items()}


def read_header(record):
    if record.cells is None:
        raise BadFile("its header has broken quotes")
    return [cell.decode("utf-8") for cell in record.cells]


def read_part(bill, key, compressed, types, names, currency_column, cell_limit, keep_values):
    records = split_records(inflate(compressed), cell_limit)
    header_record = next(records, None)
    part = {"file": key, "bytes": len(compressed), "sha256": hashlib.sha256(compressed).hexdigest(), "rows": 0,
            "rejected": 0}
    bill.parts.append(part)
    if header_record is None:
        return
    header = read_header(header_record)
    columns = [names[name] for name in header]
    if len(set(columns)) != len(columns):
        raise BadFile("two columns have one name")
    kinds = [types.get(name) or types.get(column) or type_of(column) for name, column in zip(header, columns)]
    for column, kind in zip(columns, kinds):
        if bill.columns.setdefault(column, kind) != kind:
            raise BadFile(f"column {column} has two types")
    for record in records:
        part["rows"] += 1
        if not read_row(bill, key, record, columns, kinds, currency_column, keep_values):
            part["rejected"] += 1


def read_row(bill, key, record, columns, kinds, currency_column, keep_values):
    """Whether the row fits."""
    if record.cells is None or len(record.cells) != len(columns):
        fault = record.fault or f"{len(record.cells)} cells, the header has {len(columns)}"
        bill.rejected.append(Rejected(key, record.line, record.raw, "?", [fault], {}))
        return False
    values, residuals, reasons, unreadable, currency = {}, {}, [], [], ""
    for column, kind, raw in zip(columns, kinds, record.cells):
        if raw == b"":
            continue
        try:
            values[column], residuals[column] = to_value(raw, kind)
        except DoesNotFit as error:
            reasons.append(f"{column}: {error}")
            if kind == "decimal":
                unreadable.append(column)
        if column == currency_column:
            currency = values.get(column, "?")
    money = bill.quarantined if reasons else bill.loaded
    decimals = {name: value for name, value in values.items() if bill.columns[name] == "decimal"}
    for name, value in decimals.items():
        money[currency][name].add(value, residuals[name])
    for name in unreadable:
        money[currency][name].unreadable += 1
    if reasons:
        bill.rejected.append(Rejected(key, record.line, record.raw, currency, reasons, decimals))
        return False
    bill.rows += 1
    bill.nulls.update({"": 1, **{name: -1 for name in values}})  # "": the rows; see read_bill
    if keep_values:
        bill.values.append(values)
    return True


def read_bill(files, types=None, names=None, currency_column="line_item_currency_code", cell_limit=CELL_LIMIT,
              keep_values=False):
    """One delivery. `files`: paths of csv.gz, or (key, bytes) pairs. `types`: {column or exact name: decimal|time|map|
    decimal_map|text}, before what is known of AWS's columns. `names`: {exact name: column}, before AWS's rule."""
    bill, parts = Bill(), []
    for file in files:
        parts.append(file if isinstance(file, tuple) else (str(file), pathlib.Path(file).read_bytes()))
    first_records = [next(split_records(inflate(compressed)), None) for _, compressed in parts]
    all_names = column_names(name for record in first_records if record for name in read_header(record)) | (names or {})
    for key, compressed in parts:
        read_part(bill, key, compressed, types or {}, all_names, currency_column, cell_limit, keep_values)
    rows = bill.nulls.pop("", 0)
    bill.nulls = collections.Counter({name: rows + bill.nulls[name] for name in bill.columns})
    return bill


def jsonable(value):
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if dataclasses.is_dataclass(value):
        return vars(value)
    raise TypeError(type(value))


def main(arguments):
    parser = argparse.ArgumentParser(description="What csv.gz bills hold, told independently of finops.")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--types", type=json.loads, default={}, help="JSON: {column: decimal|time|map|decimal_map|text}")
    parser.add_argument("--names", type=json.loads, default={}, help="JSON: {exact name: column}")
    parser.add_argument("--currency", default="line_item_currency_code", help="the currency's column")
    parser.add_argument("--values", action="store_true", help="every row, too")
    options = parser.parse_args(arguments)
    bill = read_bill(options.files, options.types, options.names, options.currency, keep_values=options.values)
    told = bill.totals() | {"source_rows": bill.source_rows, "source_sums": bill.source_sums(),
                            "loaded": bill.loaded, "quarantined": bill.quarantined, "rejected": bill.rejected,
                            "columns": bill.columns, "parts": bill.parts}
    if options.values:
        told["values"] = bill.values
    json.dump(told, sys.stdout, default=jsonable, indent=1)
    print()


if __name__ == "__main__":
    main(sys.argv[1:])
