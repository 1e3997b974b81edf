"""The local S3 server that `make bench-s3` starts, as FINOPS_TEST_VERSITYGW tells of it (tests/support/servers.py)."""
import os


class S3Server:
    def __init__(self):
        self.endpoint, self.key, self.secret, _ = os.environ["FINOPS_TEST_VERSITYGW"].split()

    def upload(self, folder, bucket):
        """Puts all that is in `folder` into a new bucket."""
        import pyarrow.fs
        scheme, _, host = self.endpoint.partition("://")
        s3 = pyarrow.fs.S3FileSystem(access_key=self.key, secret_key=self.secret, endpoint_override=host, scheme=scheme,
                                     region="us-east-1", allow_bucket_creation=True)
        s3.create_dir(bucket)
        pyarrow.fs.copy_files(str(folder), bucket, destination_filesystem=s3)

    def lines(self):
        """What an export of such a bucket has in the configuration."""
        return f'endpoint_url = "{self.endpoint}"\nkeep_staging = false\n'

    def env(self):
        return {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}
