import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from common import arguments, bill

output, files, header = arguments()
types = {name: pa.string() for name in header}
types |= {name: pa.decimal128(38, 16) for name in bill.DECIMALS}
types |= {name: pa.timestamp("s", "UTC") for name in bill.TIMES}
writer = None
for file in files:
    reader = pc.open_csv(file, read_options=pc.ReadOptions(block_size=16 << 20),
                         convert_options=pc.ConvertOptions(column_types=types, strings_can_be_null=True))
    for batch in reader:
        writer = writer or pq.ParquetWriter(output, batch.schema, compression="zstd")
        writer.write_batch(batch, row_group_size=122880)
writer.close()
