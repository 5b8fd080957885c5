"""A deployment on the local AWS: lake, buckets, key, and the settings that name them.

Here belongs making what ``deploy/aws`` describes, on the endpoint, and the environment variables of a close there. What does
not belong here: expectations.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.settings import PROJECT
from soxauto_assets.sources.bindings import find_by_name
from soxauto_assets_tests.aws.endpoint import Credential, Endpoint, upload_lake
from soxauto_assets_tests.aws.endpoint.athena.settings import WorkGroup


@dataclass(frozen=True)
class Cloud:
    """A deployment.

    Attributes:
        endpoint: The local AWS.
        name: Part of the buckets' names.
        bindings: Folder with ``demo.yaml`` and ``aws.yaml``, both confirmed.
        lake: The local folder whose tables were uploaded.
        key: KMS key of the buckets.
        signing_key: KMS key that signs evidence.
    """

    endpoint: Endpoint
    name: str
    bindings: Path
    lake: Path
    key: str
    signing_key: str

    def bucket(self, use: str) -> str:
        """Return the name of a bucket: ``lake``, ``data`` or ``evidence``."""
        return f"sox-{self.name}-{use}"

    def variables(self, home: Path, environment: str = "aws", credential: Credential | None = None) -> dict[str, str]:
        """Return the environment variables of a close; ``environment`` is the only one that differs between engines."""
        return {
            "SOXAUTO_ENV": environment,
            "SOXAUTO_HOME": str(home),
            "SOXAUTO_LAKE": str(self.lake),
            "SOXAUTO_BINDINGS": str(self.bindings),
            # Beside the lake whose rows it knows; a lake without one has no witnesses.
            "SOXAUTO_WITNESSES": str(self.lake.parent / "witnesses.yaml"),
            "ATHENA_WORKGROUP": "sox-automation",
            "S3_BUCKET_DATA": self.bucket("data"),
            "S3_BUCKET_EVIDENCE": self.bucket("evidence"),
            "SOXAUTO_KMS_KEY": self.key,
            "SOXAUTO_SIGNING_KEY": self.signing_key,
            "SOXAUTO_ATHENA_POLL_SECONDS": "0.3",
            **self.endpoint.environment(credential),
        }

    def s3(self) -> Any:
        """Return a client that meets no fault and is not counted."""
        return self.endpoint.upstream.client("s3", self.endpoint.account, self.endpoint.region)

    def edit_bindings(self, folder: Path, **changes: Mapping[str, object]) -> Path:
        """Write bindings into a folder of their own, with some entries changed; return the folder."""
        for environment in ("demo", "aws"):
            content = yaml.safe_load((self.bindings / f"{environment}.yaml").read_text("utf-8"))
            for source, change in changes.items():
                content["sources"][source].update(change)
            _write(folder / f"{environment}.yaml", content)
        return folder


def make_cloud(endpoint: Endpoint, name: str, lake: Path, bindings: Path) -> Cloud:
    """Upload a lake, make the buckets and the key, and write bindings that are confirmed.

    Args:
        endpoint: The local AWS.
        name: Part of the buckets' names.
        lake: A lake folder whose tables are found by name.
        bindings: An empty folder for the bindings.
    """
    kms = endpoint.upstream.client("kms", endpoint.account, endpoint.region)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    cloud = Cloud(endpoint, name, bindings, lake, key, make_signing_key(kms))
    where = {"LocationConstraint": endpoint.region}
    s3 = cloud.s3()
    s3.create_bucket(Bucket=cloud.bucket("lake"), CreateBucketConfiguration=where)
    s3.create_bucket(Bucket=cloud.bucket("data"), CreateBucketConfiguration=where)
    s3.put_bucket_versioning(Bucket=cloud.bucket("data"), VersioningConfiguration={"Status": "Enabled"})
    s3.create_bucket(Bucket=cloud.bucket("evidence"), CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True)
    upload_lake(endpoint, lake, cloud.bucket("lake"))
    engine = DuckDBEngine(lake)
    found = {name: binding.to_json() for name, binding in find_by_name(engine).items()}
    engine.close()
    for environment, catalog in (("demo", None), ("aws", "AwsDataCatalog")):
        sources = {source: {**entry, "catalog": catalog} for source, entry in found.items()}
        _write(bindings / f"{environment}.yaml", {"environment": environment, "sources": sources})
    return cloud


def make_signing_key(kms: Any) -> str:
    """Make a key for signatures as ``deploy/aws/storage.yaml`` does, and return its ARN."""
    made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    return str(made["Arn"])


def configure_workgroup(endpoint: Endpoint, scan_limit: int | None = None) -> None:
    """Configure the workgroup as ``deploy/aws/storage.yaml`` does."""
    output = "s3://sox-athena-results/results/"
    workgroup = WorkGroup("sox-automation", output=output, enforced=True, scan_limit=scan_limit)
    endpoint.athena.workgroup(endpoint.account, endpoint.region, workgroup)


def start_soxauto(variables: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start the command line in a process of its own, as a person does."""
    home = Path(variables["SOXAUTO_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", "from soxauto_assets.cli import main; main()", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(PROJECT), **variables},
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def soxauto(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    process = start_soxauto(variables, *arguments)
    out, err = process.communicate(timeout=900)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def _write(path: Path, content: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), "utf-8")
