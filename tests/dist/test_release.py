"""The release tarball: what is in it, and that it runs where nothing is installed."""
import contextlib
import csv
import decimal
import http.server
import json
import pathlib
import shutil
import ssl
import subprocess
import tarfile
import threading

import fault_proxy
import servers
from mysql_login import WELCOME, log_in
from release import ROOT, make_release, sha256

D = decimal.Decimal


def check_portable(tree, *options):
    done = subprocess.run([ROOT / "tools/dist/check_portable.py", tree, *options], capture_output=True, text=True)
    return done.returncode, done.stderr


def test_two_builds_are_the_same_bytes_and_the_checksum_is_theirs(tarball):
    before = sha256(tarball)
    assert (tarball.parent / (tarball.name + ".sha256")).read_text() == f"{before}  {tarball.name}\n"
    tarball.unlink()
    assert sha256(make_release()) == before


def test_the_archive_says_nothing_of_who_made_it_when(tarball):
    with tarfile.open(tarball) as archive:
        members = archive.getmembers()
    names = [member.name for member in members]
    top = tarball.name.removesuffix(".tar.gz")
    assert names[0] == top and all(name == top or name.startswith(top + "/") for name in names)
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    assert len({member.mtime for member in members}) == 1
    assert all(member.isfile() or member.isdir() for member in members)
    assert all(member.mode & 0o022 == 0 and member.mode & 0o444 == 0o444 for member in members)


def test_no_file_names_the_checkout(release):
    needle = str(ROOT).encode() + b"/"
    assert [file for file in release.rglob("*") if file.is_file() and needle in file.read_bytes()] == []


def test_what_a_user_needs_is_there(release):
    for name in ("INSTALL.md", "README.md", "LICENSE", "CHANGELOG.md", "docs/deployment.md", "docs/commands.md",
                 "deploy/systemd/finops.service", "deploy/docker/Dockerfile", "deploy/aws/policies/read-bills.json"):
        assert (release / name).is_file(), name
    readme = (release / "README.md").read_text()
    assert "## With your own bills" in readme and "make demo" not in readme and "ARCHITECTURE.md" not in readme


def test_every_library_has_a_version_and_a_licence(release):
    with (release / "licenses/THIRD-PARTY.tsv").open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    listed = {row["file"]: row for row in rows if row["file"].startswith("lib/")}
    libraries = {file.relative_to(release).as_posix() for file in (release / "lib").rglob("*") if file.is_file()}
    assert libraries and listed.keys() == libraries
    own = {"Apache Arrow": "arrow", "DuckDB": "duckdb", "DuckDB extension httpfs": "duckdb"}
    for row in rows:
        assert row["version"], row
        licence = release / f"licenses/{own.get(row['package'], row['package'])}.txt"
        assert len(licence.read_text(errors="replace")) > 200, row
    texts = "".join(file.read_text(errors="replace") for file in (release / "licenses").glob("*.txt"))
    assert "/usr/share/common-licenses/LGPL-2.1" in texts and (release / "licenses/common-licenses/LGPL-2.1").is_file()


def test_the_check_of_what_is_needed_finds_each_fault(release, tmp_path):
    assert check_portable(release) == (0, "")
    code, said = check_portable(release, "--limit", "GLIBC=2.17", "--limit", "GLIBCXX=3.4.20")
    assert code == 1 and "bin/finops: needs GLIBC_2." in said and "needs GLIBCXX_3.4." in said and "build on Debian 12" in said

    tree = tmp_path / "tree"
    shutil.copytree(release / "bin", tree / "bin")
    shutil.copytree(release / "lib", tree / "lib")
    (tree / "lib/libnghttp2.so.14").unlink()
    code, said = check_portable(tree)
    assert code == 1 and "lib/libcurl.so.4: needs libnghttp2.so.14, which is neither in lib/ nor on every system" in said

    shutil.copyfile("/usr/bin/env", tree / "bin/stranger")
    assert "bin/stranger: its search path is []" in check_portable(tree)[1]


def test_it_says_its_version(place, tarball):
    assert place.run("--version").out.split()[:2] == ["finops", tarball.name.split("-")[1]]


def test_bills_of_known_truth_are_made_loaded_and_queried(place):
    at = place.shown
    config = f"{at}/bill/config.toml"
    place.run("demo", "generate", "--out", f"{at}/bill", "--rows", 300)
    truth = json.loads((place.seen / "bill/truth.json").read_text())
    environment = {"CONFIG_PATH": config, "FINOPS_DATA_DIR": f"{at}/data"}
    place.run("aws", "run-pipeline", **environment)
    rows = json.loads(place.run(
        "query", "SELECT billing_period AS period, line_item_currency_code AS currency, count(*) AS n, "
        "sum(line_item_unblended_cost) AS cost FROM aws_billing_data GROUP BY ALL", "--format", "json", **environment).out)
    expected = {(period, currency): (totals["rows"], D(totals["unblended_cost"]))
                for period, currencies in truth["totals"]["by_period"].items() for currency, totals in currencies.items()}
    assert {(row["period"], row["currency"]): (int(row["n"]), D(row["cost"])) for row in rows} == expected
    assert "agrees" in place.run("receipt", "verify", **environment).out
    doctor = json.loads(place.run("doctor", "--json", **environment).out)
    assert doctor["good"], doctor
    exported = json.loads(place.run("aws", "export-parquet", "--json", **environment).out)
    assert exported["changed"], exported
    assert json.loads(place.run("aws", "run-pipeline", "--json", **environment).out)["changed"] is False


def test_its_curl_knows_how_to_mail(place):
    at = place.shown
    place.run("demo", "generate", "--out", f"{at}/mail", "--rows", 10)
    # A catalog that this version does not have: the run fails and has something to tell.
    environment = {"CONFIG_PATH": f"{at}/mail/config.toml", "FINOPS_DATA_DIR": f"{at}/data", "FINOPS__CATALOG__TYPE": "glue",
                   "FINOPS__CATALOG__URI": "x", "FINOPS__NOTIFY__EMAIL_FROM": "finops@mail.example",
                   "FINOPS__NOTIFY__EMAIL_TO": "a@mail.example"}
    for scheme in ("smtp", "smtps"):
        told = place.run("aws", "run-pipeline", expect=1, FINOPS__NOTIFY__EMAIL_SMTP_URL=f"{scheme}://127.0.0.1:1", **environment).err
        assert "mail a@mail.example by 127.0.0.1:1: Failed to connect" in told, "not even tried: the protocol is unknown"


def test_it_logs_in_to_mysql_8_by_what_it_brings(place):
    told, log_ins = log_in(lambda variables: place.run("journal", "migrate", expect=1, FINOPS_DATA_DIR=f"{place.shown}/data", **variables))
    assert WELCOME in told and log_ins > 0


@contextlib.contextmanager
def behind_tls(upstream, folder):
    """A server in front of another one that speaks TLS, with a certificate of an authority of its own: (endpoint, certificate)."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=finops test",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), fault_proxy.handler_of(fault_proxy.Proxy(upstream)))
    server.daemon_threads = True
    server.handle_error = lambda *arguments: None  # clients that do not trust it go away
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", certificate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_lake_on_s3_behind_tls_needs_only_the_authorities_where_debian_and_ubuntu_keep_them(bare, tmp_path):
    """libcurl for the lake's files, DuckDB's httpfs from lib/ for the query."""
    bare.run("demo", "generate", "--out", "/app/bill", "--rows", 100, "--months", 1)
    truth = json.loads((bare.seen / "bill/truth.json").read_text())["totals"]["by_period"]
    rows = str(sum(totals["rows"] for currencies in truth.values() for totals in currencies.values()))
    with servers.versitygw(tmp_path) as s3, behind_tls(s3.endpoint, tmp_path) as (endpoint, certificate):
        s3.client().create_bucket(Bucket="lake")
        environment = {"AWS_ACCESS_KEY_ID": s3.key, "AWS_SECRET_ACCESS_KEY": s3.secret, "FINOPS__LAKE__ENDPOINT_URL": endpoint,
                       "CONFIG_PATH": "/app/bill/config.toml", "FINOPS_DATA_DIR": "/app/data", "FINOPS__LAKE_DIR": "s3://lake/finops"}
        count = ("query", "SELECT count(*) AS n FROM aws_billing_data", "--format", "csv")
        untrusted = bare.run("aws", "run-pipeline", expect=1, **environment)
        assert "certificate" in (untrusted.out + untrusted.err).lower(), untrusted.out + untrusted.err
        bundle = bare.seen.parent / "etc/ssl/certs/ca-certificates.crt"
        bundle.parent.mkdir(parents=True)
        shutil.copyfile(certificate, bundle)
        bare.run("aws", "run-pipeline", **environment)
        assert bare.run(*count, **environment).out.split() == ["n", rows]
        bundle.rename(bare.seen.parent / "elsewhere.pem")
        assert bare.run(*count, AWS_CA_BUNDLE="/elsewhere.pem", **environment).out.split() == ["n", rows]
        bare.run(*count, expect=1, **environment)


def test_nothing_outside_of_lib_is_loaded(release):
    """The dynamic linker's own list of what it loaded: the release's lib/ and the system's C and C++ runtime."""
    done = subprocess.run([release / "bin/finops", "--version"], env={"LD_TRACE_LOADED_OBJECTS": "1"},
                          capture_output=True, text=True, check=True)
    paths = [pathlib.Path(line.split(" => ")[1].split(" (")[0]) for line in done.stdout.splitlines() if " => " in line]
    outside = {path.name for path in paths if not path.resolve().is_relative_to(release.resolve())}
    assert outside <= {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2",
                       "libstdc++.so.6", "libgcc_s.so.1"}
    assert len(paths) > len(outside) > 0
