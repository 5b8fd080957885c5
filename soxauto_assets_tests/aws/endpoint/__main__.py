"""The endpoint as a process of its own: ``python -m soxauto_assets_tests.aws.endpoint [--lake FOLDER]``.

Here belongs starting it by hand and telling how to use it. What does not belong here: anything a fixture does otherwise.

It prints the environment variables that make a client use it, uploads a lake where one is given, and runs until it is
interrupted. A benchmark of a client's memory needs it apart from the client.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from soxauto_assets_tests.aws.endpoint import Endpoint, upload_lake
from soxauto_assets_tests.aws.ministack import ACCOUNT, REGION, MiniStack

WORKGROUP = "sox-automation"
RESULTS_BUCKET = "sox-athena-results"
DATA_BUCKET = "sox-data"
EVIDENCE_BUCKET = "sox-evidence"


def main() -> None:
    """Run the endpoint until it is interrupted."""
    parser = argparse.ArgumentParser(
        description="A local AWS for soxauto_assets: S3, KMS, STS, Glue, CloudFormation, Athena"
    )
    parser.add_argument("--lake", type=Path, help="folder laid out as <database>/<table>/**/*.parquet to upload")
    lake = parser.parse_args().lake
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with tempfile.TemporaryDirectory() as folder:
        ministack = MiniStack(Path(folder))
        endpoint = Endpoint(
            ministack.url, Path(folder) / "endpoint", region=REGION, account=ACCOUNT, trino=os.environ.get("TRINO_URL")
        )
        try:
            make_buckets(endpoint)
            tables = upload_lake(endpoint, lake, DATA_BUCKET) if lake else []
            for name, value in endpoint.environment().items():
                print(f"export {name}={value}")
            key = endpoint.upstream.client("kms", ACCOUNT, REGION).create_key(
                KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY"
            )
            print(f"export SOXAUTO_SIGNING_KEY={key['KeyMetadata']['Arn']}")
            print(f"# workgroup {WORKGROUP}, buckets {DATA_BUCKET}, {EVIDENCE_BUCKET}; {len(tables)} tables")
            sys.stdout.flush()
            ended.wait()
        finally:
            endpoint.stop()
            ministack.stop()


def make_buckets(endpoint: Endpoint) -> None:
    """Make what a close needs: a workgroup, and buckets for results, data and locked evidence."""
    s3 = endpoint.upstream.client("s3", ACCOUNT, REGION)
    place = {"LocationConstraint": REGION}
    for bucket in (RESULTS_BUCKET, DATA_BUCKET):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    s3.create_bucket(Bucket=EVIDENCE_BUCKET, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True)
    endpoint.workgroup(WORKGROUP, output=f"s3://{RESULTS_BUCKET}/results/", enforced=True)


if __name__ == "__main__":
    main()
