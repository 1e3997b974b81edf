import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from common import arguments, bill


def batches_of_csv(file, header):
    types = dict.fromkeys(header, pa.string())
    types |= dict.fromkeys(bill.DECIMALS, pa.decimal128(38, 18)) | dict.fromkeys(bill.TIMES, pa.timestamp("s", "UTC"))
    return pc.open_csv(file, read_options=pc.ReadOptions(block_size=16 << 20),
                       convert_options=pc.ConvertOptions(column_types=types, strings_can_be_null=True))


def main():
    output, files, header = arguments()
    writer = None
    for file in files:
        for batch in batches_of_csv(file, header) if header else pq.ParquetFile(file).iter_batches(122880):
            writer = writer or pq.ParquetWriter(output, batch.schema, compression="zstd")
            writer.write_batch(batch, row_group_size=122880)
    writer.close()


if __name__ == "__main__":
    main()
