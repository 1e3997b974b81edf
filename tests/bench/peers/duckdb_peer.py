"""duckdb_peer.py [--double] [--table] OUT FILE...: --table makes OUT a database with the table bill, --double takes money of CSV as doubles."""
import sys

import duckdb
from common import arguments, bill

output, files, header = arguments()
money = "DOUBLE" if "--double" in sys.argv else "DECIMAL(38,18)"


def kind(name):
    return money if name in bill.DECIMALS else "TIMESTAMP" if name in bill.TIMES else "VARCHAR"


if header:
    columns = "{" + ", ".join(f"'{name}': '{kind(name)}'" for name in header) + "}"
    source = f"read_csv({files!r}, columns={columns}, auto_detect=false, delim=',', quote='\"', escape='\"', header=true)"
else:
    source = f"read_parquet({files!r})"
if "--table" in sys.argv:
    with duckdb.connect(output) as connection:
        connection.execute(f"CREATE TABLE bill AS SELECT * FROM {source}")
else:
    duckdb.execute(f"COPY (SELECT * FROM {source}) TO '{output}' (FORMAT parquet, COMPRESSION zstd)")
