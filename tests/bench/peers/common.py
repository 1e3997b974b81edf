"""Every peer is called as: PEER.py OUT.parquet FILE.csv.gz... and does what a careful user would: every column typed,
money as exact decimals (38,16), times as timestamps, the rest as text, one zstd Parquet file."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import bill  # noqa: E402


def arguments():
    """(output, files, header)"""
    output, files = sys.argv[1], sys.argv[2:]
    return output, files, bill.header_of(files[0])
