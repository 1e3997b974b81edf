import chdb
from common import arguments, bill

output, files, header = arguments()


def kind(name):
    return "Nullable(Decimal(38, 18))" if name in bill.DECIMALS else "DateTime" if name in bill.TIMES else "String"


folder, names = files[0].rpartition("/")[0], ",".join(file.rpartition("/")[2] for file in files)
path = f"{folder}/{{{names}}}" if len(files) > 1 else files[0]
structure = ", ".join(f"`{name}` {kind(name)}" for name in header or ())
source = f"file('{path}', 'CSVWithNames', '{structure}')" if header else f"file('{path}', 'Parquet')"
chdb.query(f"INSERT INTO FUNCTION file('{output}', 'Parquet') SELECT * FROM {source} "
           "SETTINGS date_time_input_format='best_effort', output_format_parquet_compression_method='zstd', "
           "engine_file_truncate_on_insert=1")
