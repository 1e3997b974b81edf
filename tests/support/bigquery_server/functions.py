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


# CAST(x AS STRING) of a number, without zeros that say nothing. Not in Python: what one function makes, another must not read.
PLAIN_NUMBER = """CREATE OR REPLACE MACRO bq_plain_number(t) AS CASE WHEN contains(t, 'e') OR NOT contains(t, '.') THEN t
    WHEN rtrim(rtrim(t, '0'), '.') IN ('-0', '') THEN '0' ELSE rtrim(rtrim(t, '0'), '.') END"""


def register_functions(connection):
    for name, function, takes, gives in (
            ("farm_fingerprint", farm_fingerprint, ["VARCHAR"], "BIGINT"),
            ("bq_wide_sum", wide_sum, ["VARCHAR", "VARCHAR"], "VARCHAR")):
        connection.create_function(name, function, takes, gives, type="arrow", null_handling="special")
    connection.execute(PLAIN_NUMBER)
