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


def wide_sum(whole, fraction):
    """The two halves of a sum of DECIMAL(38, n) as one text: SUM over BIGNUMERIC has more digits than DuckDB's decimals."""
    return None if whole is None else str(EXACT.add(decimal.Decimal(whole), decimal.Decimal(fraction)))


# CAST(x AS STRING) of a number, without zeros that say nothing.
PLAIN_NUMBER = """CREATE OR REPLACE MACRO bq_plain_number(number) AS CASE
    WHEN contains(number, 'e') OR NOT contains(number, '.') THEN number
    WHEN rtrim(rtrim(number, '0'), '.') IN ('-0', '') THEN '0'
    ELSE rtrim(rtrim(number, '0'), '.') END"""


def register_functions(connection):
    # No text comes from a function of type "arrow": where it stands within an expression, DuckDB reads its buffer after it is gone.
    connection.create_function("farm_fingerprint", farm_fingerprint, ["VARCHAR"], "BIGINT", type="arrow", null_handling="special")
    connection.create_function("bq_wide_sum", wide_sum, ["VARCHAR", "VARCHAR"], "VARCHAR", null_handling="special")
    connection.execute(PLAIN_NUMBER)
