import polars as pl
from common import arguments, bill

output, files, header = arguments()
if header:
    frame = pl.scan_csv(files, schema={name: pl.Decimal(38, 18) if name in bill.DECIMALS else pl.String for name in header})
    frame = frame.with_columns([pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%SZ") for name in bill.TIMES])
else:
    frame = pl.scan_parquet(files)
frame.sink_parquet(output, compression="zstd")
