import polars as pl
from common import arguments, bill

output, files, header = arguments()
schema = {name: pl.Decimal(38, 16) if name in bill.DECIMALS else pl.String for name in header}
frame = pl.scan_csv(files, schema=schema)
frame = frame.with_columns([pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%SZ") for name in bill.TIMES])
frame.sink_parquet(output, compression="zstd")
