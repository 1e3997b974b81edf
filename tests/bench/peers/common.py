"""Every peer of `--only load` is called as: PEER.py OUT FILE... and does what a careful user would: every column typed, money as exact
decimals(38,18), times as timestamps, the rest as text, one zstd Parquet file. Files are all csv.gz, or all Parquet, whose types it keeps."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import bill  # noqa: E402


def arguments():
    """(output, files, header, which is None for Parquet)"""
    output, *files = [word for word in sys.argv[1:] if not word.startswith("--")]
    return output, files, bill.header_of(files[0]) if files[0].endswith(".csv.gz") else None
