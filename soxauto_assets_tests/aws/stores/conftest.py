"""Fixtures of the S3 stores: a session on the local AWS, and buckets of each kind."""

import itertools
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.session import AwsSession
from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.aws.versions import Lock
from soxauto_assets_tests.aws.ministack import REGION, MiniStack

LOCK = Lock("COMPLIANCE", datetime(2034, 1, 1, tzinfo=UTC))
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_SESSION_TOKEN": "testing"}
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def session(ministack: MiniStack) -> Iterator[AwsSession]:
    """A session on the local AWS, with credentials from nowhere else."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in {**CREDENTIALS, "AWS_CONFIG_FILE": os.devnull}.items():
            patch.setenv(name, value)
        opened = AwsSession(AwsSettings(region=REGION, endpoint_url=ministack.url))
        for service in ("s3", "kms"):
            opened.client(service)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def s3(session: AwsSession):
    """The S3 client."""
    return session.client("s3")


@pytest.fixture(scope="session")
def make_bucket(session: AwsSession) -> Callable[..., str]:
    """A factory of buckets: with lock (and so versioning), versioned, or plain."""

    def make(lock: bool = True, versioned: bool = True) -> str:
        name, s3 = f"bucket-{next(_numbers)}", session.client("s3")
        s3.create_bucket(
            Bucket=name,
            ObjectLockEnabledForBucket=lock,
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )
        if versioned and not lock:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    return make


@pytest.fixture
def vault(session: AwsSession, make_bucket: Callable[..., str]) -> Bucket:
    """A fresh bucket with Object Lock."""
    return Bucket(session, make_bucket())


@pytest.fixture
def data(session: AwsSession, make_bucket: Callable[..., str]) -> Bucket:
    """A fresh versioned bucket without Object Lock."""
    return Bucket(session, make_bucket(lock=False))
