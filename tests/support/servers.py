"""Real servers for tests: each is started on a free port of this machine, answers, and goes with its `with` block.

    with versitygw(folder) as s3: s3.endpoint, s3.key, s3.secret, s3.client()

As a program: servers.py COMMAND... runs it with all of them up and told by FINOPS_TEST_<NAME>.
"""
import contextlib
import dataclasses
import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from toxiproxy import Toxiproxy
from trino_server import Trino, asked

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPS = ROOT / ".deps"


@dataclasses.dataclass
class S3Server:
    name: str
    endpoint: str
    key: str
    secret: str
    bucket: str = "bills"
    process: subprocess.Popen = None

    def client(self, service="s3", **options):
        """boto3's client, for what finops does not do: buckets, users."""
        import boto3
        import botocore.config
        options = {"aws_access_key_id": self.key, "aws_secret_access_key": self.secret} | options
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", **options,
                            config=botocore.config.Config(signature_version="s3v4" if service == "s3" else None))

    def variable(self):
        """What the C++ tests look for: FINOPS_TEST_<NAME> and its value."""
        return f"FINOPS_TEST_{self.name.upper()}", f"{self.endpoint} {self.key} {self.secret} {self.bucket}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process, log, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start; its log ends: {log.read_text(errors='replace')[-1000:]}")


@contextlib.contextmanager
def started(command, port, folder, seconds=30, **environment):
    """A server process that listens on `port`; ended with the block, killed when it does not end."""
    log = pathlib.Path(folder) / f"{pathlib.Path(command[0]).name}-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=out, cwd=folder,
                                   env=os.environ | environment)
    try:
        wait_for_port(port, process, log, seconds)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def versitygw(folder):
    """A gateway from S3 to a folder; it checks signatures, conditions and checksums."""
    folder, port = pathlib.Path(folder), free_port()
    for name in ("objects", "users"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    # Without --iam-dir an unknown access key is 404 instead of 403.
    command = [DEPS / "bin/versitygw", "--port", f"127.0.0.1:{port}", "--iam-dir", folder / "users",
               "posix", folder / "objects"]
    server = S3Server("versitygw", f"http://127.0.0.1:{port}", "AKVERSITY", "versity+secret/key")
    with started(command, port, folder, ROOT_ACCESS_KEY=server.key, ROOT_SECRET_KEY=server.secret) as server.process:
        server.client().create_bucket(Bucket=server.bucket)
        yield server


@contextlib.contextmanager
def moto(folder):
    """AWS as moto knows it, with signatures and policies on."""
    folder, port = pathlib.Path(folder), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [DEPS / "venv/servers/bin/moto_server", "-H", "127.0.0.1", "-p", port]
    server = S3Server("moto", f"http://127.0.0.1:{port}", "x", "x")
    with started(command, port, folder, INITIAL_NO_AUTH_ACTION_COUNT="1000000000") as server.process:
        iam = server.client("iam")
        iam.create_user(UserName="finops")
        key = iam.create_access_key(UserName="finops")["AccessKey"]
        everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
        iam.put_user_policy(UserName="finops", PolicyName="all", PolicyDocument=everything)
        # From here on keys and policies are checked. moto reads the number from a text/plain body only.
        urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/moto-api/reset-auth", data=b"0",
                                                      method="POST", headers={"Content-Type": "text/plain"}))
        server.key, server.secret = key["AccessKeyId"], key["SecretAccessKey"]
        server.client().create_bucket(Bucket=server.bucket)
        yield server


@contextlib.contextmanager
def toxiproxy(folder):
    """Spoils the connections to other servers as it is told."""
    folder, port = pathlib.Path(folder), free_port()
    command = [DEPS / "bin/toxiproxy", "-host", "127.0.0.1", "-port", port]
    with started(command, port, folder, LOG_LEVEL="warn"):
        yield Toxiproxy(f"http://127.0.0.1:{port}")


@dataclasses.dataclass
class MariaDb:
    """Its user may do everything."""
    host: str
    port: int
    user: str
    password: str
    ca: pathlib.Path  # of the server's certificate, which is for localhost and 127.0.0.1

    def sql(self, statements):
        """What the server's own client prints: a line per row, without heads."""
        command = [system_program("mariadb"), "--no-defaults", f"--host={self.host}", f"--port={self.port}", f"--user={self.user}",
                   "--batch", "--skip-column-names", f"--ssl-ca={self.ca}"]
        return subprocess.run(command, input=statements, env=os.environ | {"MYSQL_PWD": self.password}, check=True,
                              capture_output=True, text=True).stdout

    def variable(self):
        return "FINOPS_TEST_MARIADB", f"{self.host} {self.port} {self.user} {self.password} {self.ca}"


def system_program(name):
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise RuntimeError(f"there is no {name}: run tools/setup.sh test")
    return found


@contextlib.contextmanager
def mariadb(folder):
    """A server of its own, with TLS and one user; nothing of it outlives the block."""
    folder, port, user = pathlib.Path(folder), free_port(), getpass.getuser()
    (folder / "data").mkdir(parents=True, exist_ok=True)
    server = MariaDb("127.0.0.1", port, "finops", "it's\\secret", folder / "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=finops test", "-addext",
                    "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", folder / "key.pem", "-out", server.ca],
                   check=True, capture_output=True)
    subprocess.run([system_program("mariadb-install-db"), "--no-defaults", f"--user={user}", f"--datadir={folder}/data",
                    "--auth-root-authentication-method=normal", "--skip-test-db"], check=True, capture_output=True)
    quoted = server.password.replace("\\", "\\\\").replace("'", "''")
    (folder / "users.sql").write_text(f"CREATE USER '{server.user}'@'%' IDENTIFIED BY '{quoted}';\n"
                                      f"GRANT ALL ON *.* TO '{server.user}'@'%';\n")
    command = [system_program("mariadbd"), "--no-defaults", f"--user={user}", f"--datadir={folder}/data", "--bind-address=127.0.0.1,127.0.0.2",
               f"--port={port}", f"--socket={folder}/socket", f"--pid-file={folder}/pid", f"--init-file={folder}/users.sql",
               f"--ssl-cert={server.ca}", f"--ssl-key={folder}/key.pem", "--innodb-buffer-pool-size=64M", "--skip-log-bin",
               "--skip-name-resolve"]
    with started(command, port, folder):
        yield server


TRINO_CONFIG = """coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
node.internal-address=127.0.0.1
discovery.uri=http://127.0.0.1:{port}
query.max-memory=512MB
query.max-memory-per-node=512MB
catalog.management=dynamic
catalog.store=memory
plugin.dir={installed}/plugin
"""


@contextlib.contextmanager
def trino(folder):
    """A coordinator that is its own worker, in 1 GB; some 20 seconds until it answers."""
    folder, port, installed = pathlib.Path(folder), free_port(), (DEPS / "trino").resolve()
    (folder / "config.properties").write_text(TRINO_CONFIG.format(port=port, installed=installed))
    command = [installed / "java/bin/java", "-Xmx1G", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-XX:TieredStopAtLevel=1",
               "-Djdk.attach.allowAttachSelf=true", "-XX:+EnableDynamicAgentLoading", "-Dfile.encoding=UTF-8",
               f"-Dnode.data-dir={folder}/data", "-Dnode.environment=test", "-Dnode.id=test",
               f"-Dconfig={folder}/config.properties", "-cp", f"{installed}/lib/*", "io.trino.server.TrinoServer"]
    with started(command, port, folder, seconds=180):
        server, deadline = Trino(f"http://127.0.0.1:{port}"), time.monotonic() + 180
        while asked(f"{server.endpoint}/v1/info")["starting"]:
            if time.monotonic() > deadline:
                raise RuntimeError("Trino does not get ready")
            time.sleep(0.5)
        yield server


def main(command):
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="finops-servers-")))
        servers = [stack.enter_context(start(folder / start.__name__)) for start in (versitygw, moto, mariadb)]
        from bigquery import bigquery_server
        servers.append(stack.enter_context(bigquery_server(folder)))
        return subprocess.run(command, env=os.environ | dict(server.variable() for server in servers)).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
