"""BigQuery's functions that DuckDB does not have."""
import decimal

import pyarrow as pa
from farmhash import Fingerprint64

EXACT = decimal.Context(prec=200, traps=[decimal.Inexact, decimal.InvalidOperation])


def farm_fingerprint(values):
    """FARM_FINGERPRINT: farmhash's Fingerprint64 as a signed number."""
    def signed(text):
        number = Fingerprint64(text.encode())
        return number - (1 << 64) if number >> 63 else number

    return pa.array([None if text is None else signed(text) for text in values.to_pylist()], pa.int64())


def wide_sum(wholes, fractions):
    """The two halves of a sum of DECIMAL(38, n) as one text: SUM over BIGNUMERIC has more digits than DuckDB's decimals."""
    def total(whole, fraction):
        return None if whole is None else str(EXACT.add(decimal.Decimal(whole), decimal.Decimal(fraction)))

    return pa.array([total(*pair) for pair in zip(wholes.to_pylist(), fractions.to_pylist())], pa.string())


def plain_number(texts):
    """CAST(x AS STRING) of a number, without zeros that say nothing."""
    def plain(text):
        if text is None or "e" in text or "." not in text:
            return text
        text = text.rstrip("0").rstrip(".")
        return "0" if text in ("-0", "") else text

    return pa.array([plain(text) for text in texts.to_pylist()], pa.string())


def register_functions(connection):
    for name, function, takes, gives in (
            ("farm_fingerprint", farm_fingerprint, ["VARCHAR"], "BIGINT"),
            ("bq_wide_sum", wide_sum, ["VARCHAR", "VARCHAR"], "VARCHAR"),
            ("bq_plain_number", plain_number, ["VARCHAR"], "VARCHAR")):
        connection.create_function(name, function, takes, gives, type="arrow", null_handling="special")
