#!/usr/bin/env python3
"""Makes the kept inputs of fuzzers whose formats nobody writes by hand. Run it again after adding one:

    .deps/venv/readers/bin/python tests/fuzz/make_corpus.py [FINOPS]

With the path of a program `finops`, also those of table_files_fuzz: the metadata of a small lake.
"""
import decimal
import io
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests/fuzz/corpus"
CSV = b'text,amount,cost,time,tags,discount,currency\na,1.5,-2,2026-05-01T00:00:00Z,"{""k"": ""v""}","{""d"": 0.5}",USD\nb,x,,,,,EUR\n'


def keep(target, name, content):
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    (CORPUS / target / name).write_bytes(content)


def zip_of(*texts, method=zipfile.ZIP_DEFLATED, stream=False, comment=b""):
    out = io.BytesIO()

    class Unseekable(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            return out.write(data)

    with zipfile.ZipFile(Unseekable() if stream else out, "w", method) as archive:
        for number, text in enumerate(texts):
            archive.writestr(zipfile.ZipInfo(f"{number}.csv"), text, method)
        archive.comment = comment
    return out.getvalue()


def zips():
    plain = zip_of(CSV)
    yield "deflated", plain
    yield "stored", zip_of(CSV, method=zipfile.ZIP_STORED)
    yield "descriptor", zip_of(CSV, stream=True)
    yield "comment", zip_of(CSV, comment=b"made by hand")
    yield "two_files", zip_of(CSV, CSV)
    yield "no_file", zip_of()
    yield "empty_file", zip_of(b"")
    yield "truncated", plain[:-10]
    yield "garbage_behind", plain + b"garbage"
    yield "wrong_crc", plain.replace(plain[14:18], b"\0\0\0\0")


def tables():
    money = pa.decimal128(38, 18)
    costs = [decimal.Decimal("-2.5"), None]
    yield "all_types", pa.table({
        "text": ["a", None], "amount": pa.array([1.5, float("nan")]), "cost": pa.array(costs, money),
        "time": pa.array([1777593600000, None], pa.timestamp("ms")),
        "tags": pa.array([[("k", "v"), ("l", None)], None], pa.map_(pa.string(), pa.string())),
        "discount": pa.array([[("d", 0.5)], []], pa.map_(pa.string(), pa.float64())), "currency": ["USD", "EUR"]})
    yield "texts", pa.table({"text": ["a,b\n\"c\"", ""], "cost": ["1e3", "x"], "currency": ["USD", "USD"], "tags": ['{"a":1}', "{"]})
    yield "integers", pa.table({"amount": pa.array([1, None, -3], pa.int32()), "cost": pa.array([2**63 - 1, 0, 1], pa.int64()),
                                "time": pa.array([20000, 1, None], pa.date32())})
    yield "no_rows", pa.table({"text": pa.array([], pa.string()), "cost": pa.array([], pa.float64())})
    yield "lists", pa.table({"text": [[1], [2, 3]]})


def projects():
    """As fuzz_project has them: its files, in its order."""
    source = (ROOT / "tests/fuzz/fuzz_project.cc").read_text()
    files = re.findall(r'^    "(.+)",$', source, re.MULTILINE)
    example = ROOT / "examples/cloud_provider_analytics"
    yield "example", {file: (example / file).read_text() for file in files}, files
    small = {
        "project.toml": 'name = "shop"\ndescription = "A shop"\n',
        "datasets/usage_events.toml": 'key = ["id"]\nversion_column = "version"\npartition_by = ["month", "team"]\n[landing]\npath = "a/*.csv"\n'
                                      'format = "csv"\ndeleted_files = "keep"\n[columns]\nid = "text"\nteam = "text"\nday = "date"\n'
                                      'gift = "boolean"\nat = "timestamp"\nversion = "decimal"\n'
                                      'amount = { type = "decimal", description = "Price", since_version = 2 }\ncurrency = "text"\n'
                                      '[[money]]\ncolumn = "amount"\ncurrency_column = "currency"\n',
        "rules/usage_events.toml": 'duplicates = "keep"\ncurrency_column = "coin"\n[columns.team]\ncase = "upper"\ndefault = "NONE"\n'
                                   'null_texts = ["-", "NULL"]\naliases = { A = "B" }\npattern = "[A-Z]+"\n[columns.currency]\n'
                                   'one_of = ["EUR", "USD"]\nunknown = "null"\n[columns.amount]\nrange = [-1, "100.5"]\n'
                                   'out_of_range = "quarantine"\n[columns.day]\nrequired = true\n[[derive]]\ncolumn = "month"\ntype = "text"\n'
                                   'sql = "finops_month_text(day)"\n[[derive]]\ncolumn = "coin"\ntype = "text"\nsql = "currency"\n'
                                   '[[rule]]\ncode = "refund"\nwhen = "amount < 0"\naction = "flag"\nset = { team = "\'x\'" }\n',
    }
    yield "small", small, files
    yield "mistakes", {**small, "datasets/usage_events.toml": 'key = ["nix"]\n[landing]\npath = "../a"\n[columns]\n"a\\nb" = "x"\n'}, files
    yield "broken", {"project.toml": 'name = "', "datasets/usage_events.toml": "[[[", "rules/resources.toml": "\xff"}, files


def main(finops=None):
    for name, texts, files in projects():
        keep("fuzz_project", name, "\n####\n".join(texts.get(file, "") for file in files).encode("latin-1" if name == "broken" else "utf-8"))
    for name, content in zips():
        keep("fuzz_bill_zip", name, b"\xff" + content)
    for name, table in tables():
        for version, options in {"": {"compression": "none"}, "_snappy_v2": {"data_page_version": "2.0", "use_dictionary": False}}.items():
            out = io.BytesIO()
            pq.write_table(table, out, store_schema=False, write_statistics=False, **options)
            keep("fuzz_bill_parquet", name + version, out.getvalue())
    if finops:
        keep_metadata(pathlib.Path(finops).resolve())


def keep_metadata(finops):
    """Of a lake with two months of one payer, one of them replaced."""
    sys.path.insert(0, str(ROOT / "tests/support"))
    from deliveries import deliver_v1, small_bill
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "bucket").mkdir()
        config = folder / "config.toml"
        config.write_text(f'data_dir = "{folder}/data"\nlake_dir = "{folder}/data/lake"\n[aws]\nbucket = "file://{folder}/bucket"\n'
                          'prefix = "cur"\nexport_name = "report"\n')
        for period, version in [("2026-04", "a"), ("2026-05", "b"), ("2026-05", "c")]:
            deliver_v1(folder / "bucket", period, [small_bill(2, period)], version)
            subprocess.run([finops, "--config", config, "aws", "run-pipeline", "--quiet"], check=True, cwd=folder)
        metadata = folder / "data/lake/billing/aws_billing_data/metadata"
        newest = {kind: sorted(metadata.glob(pattern), key=lambda path: path.stat().st_mtime)[-1]
                  for kind, pattern in {"metadata.json": "*.metadata.json", "manifest_list": "snap-*.avro", "manifest": "*-m*.avro"}.items()}
        target = CORPUS / "table_files_fuzz"
        target.mkdir(parents=True, exist_ok=True)
        for kind, path in newest.items():
            shutil.copy(path, target / kind)


if __name__ == "__main__":
    main(*sys.argv[1:])
