import duckdb
from common import arguments, bill

output, files, header = arguments()


def kind(name):
    return "DECIMAL(38,16)" if name in bill.DECIMALS else "TIMESTAMP" if name in bill.TIMES else "VARCHAR"


columns = "{" + ", ".join(f"'{name}': '{kind(name)}'" for name in header) + "}"
duckdb.execute(f"COPY (SELECT * FROM read_csv({files!r}, columns={columns}, auto_detect=false, "
               f"delim=',', quote='\"', escape='\"', header=true)) TO '{output}' "
               "(FORMAT parquet, COMPRESSION zstd)")
