"""Projects whose bills lie in buckets of real S3 servers."""
import hashlib
import itertools

import pytest
import servers
from fault_proxy import fault_proxy
from project import Project

NUMBERS = itertools.count(1)


class S3Project(Project):
    """Tests write deliveries to folders as everywhere; each run of finops finds them in buckets, one for each folder."""

    def __init__(self, folder, server):
        super().__init__(folder)
        self.server, self.client, self.buckets, self.extra = server, server.client(), {}, []
        self.lake = None  # (bucket, prefix) of a lake on S3

    def put_lake_on_s3(self, prefix="lake"):
        """The lake goes into a bucket of its own, too."""
        self.lake, self.s3 = (f"lake-{next(NUMBERS)}", prefix), self.server
        self.client.create_bucket(Bucket=self.lake[0])
        self.write_config()

    def write_config(self, extra=""):
        if self.lake:
            extra = (f'lake_dir = "s3://{"/".join(filter(None, self.lake))}"\n'
                     f'lake.endpoint_url = "{self.server.endpoint}"\n{extra}')
        super().write_config(extra)

    def lake_objects(self):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.lake[0], Prefix=self.lake[1])
        return {item["Key"]: item for page in pages for item in page.get("Contents", [])}

    def place_of(self, bucket):
        if bucket not in self.buckets:
            name = f"bills-{next(NUMBERS)}"
            self.client.create_bucket(Bucket=name)
            self.buckets[bucket] = (name, {})
        return [f'bucket = "{self.buckets[bucket][0]}"', f'endpoint_url = "{self.server.endpoint}"', *self.extra]

    def run(self, *arguments, env=None, **options):
        self.upload()
        result = super().run(*arguments, env=env, **options)
        assert self.server.secret not in result.out + result.err, "a secret is told"
        return result

    def environment(self, env=None):
        keys = {"AWS_ACCESS_KEY_ID": self.server.key, "AWS_SECRET_ACCESS_KEY": self.server.secret}
        return super().environment(keys | (env or {}))

    def upload(self):
        """Makes each bucket hold what its folder holds; what did not change keeps its object."""
        for folder, (name, known) in self.buckets.items():
            files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
            for key in known.keys() - files.keys():
                self.client.delete_object(Bucket=name, Key=key)
                del known[key]
            for key, file in files.items():
                content = file.read_bytes()
                digest = hashlib.sha256(content).digest(), file.stat().st_mtime_ns
                if known.get(key) != digest:
                    self.client.put_object(Bucket=name, Key=key, Body=content)
                    known[key] = digest


@pytest.fixture(scope="session")
def versitygw(tmp_path_factory):
    with servers.versitygw(tmp_path_factory.mktemp("versitygw")) as server:
        yield server


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    with servers.moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory):
    with servers.mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture(scope="session")
def toxiproxy(tmp_path_factory):
    with servers.toxiproxy(tmp_path_factory.mktemp("toxiproxy")) as proxy:
        yield proxy


@pytest.fixture(params=["versitygw", "moto"])
def server(request):
    """Each in turn; a test may ask for one by indirect parametrisation."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def proxy(server):
    """In front of the server; see tests/support/fault_proxy.py."""
    with fault_proxy(server.endpoint) as proxy:
        yield proxy


@pytest.fixture
def project(tmp_path, server):
    return S3Project(tmp_path, server)
