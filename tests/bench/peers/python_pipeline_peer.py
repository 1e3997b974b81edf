"""How Python pipelines for CUR take a period from its delivery to tables and Parquet: files are staged, the period's rows deleted, then each
file is inserted for itself, with money of two digits; the period is exported, in order of time, account and product. OUT is a folder with staging,
finops.duckdb and the export."""
import pathlib
import re
import shutil

import duckdb
from common import arguments, bill

TYPES = {"BigDecimal": "DECIMAL(18,2)", "DateTime": "TIMESTAMP", "String": "VARCHAR"}


def column_name(name):
    """Lower case with an underscore before each capital that follows a small letter."""
    return re.sub("[^a-z0-9]+", "_", re.sub("([a-z0-9])([A-Z])", r"\1_\2", name).lower()).strip("_")


def main():
    output, files, header = arguments()
    staging = pathlib.Path(output) / "staging"
    staging.mkdir(parents=True)
    staged = [shutil.copy(file, staging) for file in files]
    types = {column_name(f"{one['category']}/{one['name']}"): TYPES[one["type"]] for one in bill.manifest_columns(header)}
    declared = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    names = ", ".join(f'"{name}"' for name in types)
    with duckdb.connect(f"{output}/finops.duckdb") as connection:
        connection.execute(f"CREATE TABLE bill (execution_id VARCHAR, {declared})")
        connection.execute(f"DELETE FROM bill WHERE strftime(bill_billing_period_start_date, '%Y-%m') = '{bill.PERIOD}'")
        for file in sorted(staged):
            connection.execute(f"INSERT INTO bill (execution_id, {names}) SELECT '{bill.VERSION}', * FROM read_csv('{file}', "
                               f"columns={types!r}, header=true, delim=',', compression='gzip')")
        connection.execute(f"COPY (SELECT * FROM bill WHERE strftime(bill_billing_period_start_date, '%Y-%m') = '{bill.PERIOD}' ORDER BY "
                           "line_item_usage_start_date, line_item_usage_account_id, line_item_product_code) "
                           f"TO '{output}/{bill.PERIOD}_aws_billing.parquet' (FORMAT parquet, COMPRESSION snappy)")


if __name__ == "__main__":
    main()
