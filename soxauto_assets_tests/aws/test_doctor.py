"""The doctor and discovery against the local AWS: what is green, and what each fault looks like."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from soxauto_assets_tests.aws.cloud import Cloud, configure_workgroup, make_cloud, soxauto
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.endpoint.athena.settings import WorkGroup
from soxauto_assets_tests.conftest import HAND_MADE
from soxauto_assets_tests.lakes import write_lake

ITEMS = ("--item", "IPE_09", "--item", "CR_05")
DOCTOR = ("doctor", "--period", "2025-09", *ITEMS)


@pytest.fixture(scope="module")
def cloud(aws: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    base = tmp_path_factory.mktemp("doctor")
    configure_workgroup(aws)
    return make_cloud(aws, "doctor", write_lake(base / "lake", HAND_MADE), base / "bindings")


@pytest.fixture
def variables(cloud: Cloud, endpoint: Endpoint, tmp_path: Path) -> Iterator[dict[str, str]]:
    configure_workgroup(endpoint, scan_limit=200_000_000_000)
    yield cloud.variables(tmp_path / "home")


def lines(text: str) -> list[str]:
    """Return the lines of a visit, with single blanks."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_everything_is_green(variables, cloud: Cloud, endpoint: Endpoint):
    done = soxauto(variables, *DOCTOR)
    assert done.returncode == 0, done.stdout + done.stderr
    found = lines(done.stdout)
    assert found[0] == "What a close of 2025-09 needs, environment aws"
    identity = f"arn:aws:iam::{endpoint.account}:user/tester (profile of the environment, eu-west-1)"
    assert found[1:] == [
        f"✓ identity {endpoint.account}: {identity}",
        found[2],
        "✓ workgroup sox-automation: enabled, Athena engine version 3",
        "✓ workgroup output location: s3://sox-athena-results/results/",
        "✓ workgroup scan limit: workgroup 200 GB, none of ours",
        "✓ bucket sox-doctor-data: exists in eu-west-1",
        "✓ bucket sox-doctor-data: versioning: enabled",
        f"✓ bucket sox-doctor-data: encryption: KMS, key {cloud.key}",
        "✓ bucket sox-doctor-evidence: exists in eu-west-1",
        "✓ bucket sox-doctor-evidence: versioning: enabled",
        f"✓ bucket sox-doctor-evidence: encryption: KMS, key {cloud.key}",
        "✓ bucket sox-doctor-evidence: object lock: enabled; evidence is locked as COMPLIANCE, 8 years from fiscal-year end",
        found[13],
        found[14],
        "✓ source bob_sales_order: AwsDataCatalog.exports.bob_sales_order: 5 columns fit, 1 file, 0.0 MB",
        "✓ fidelity bob_sales_order: 1 of 1 files are read as they are stored",
        "✓ source dim_company: AwsDataCatalog.exports.dim_company: 6 columns fit, 1 file, 0.0 MB",
        "✓ fidelity dim_company: 1 of 1 files are read as they are stored",
        "✓ source dim_country: AwsDataCatalog.exports.dim_country: 2 columns fit, 1 file, 0.0 MB",
        "✓ fidelity dim_country: 1 of 1 files are read as they are stored",
        "✓ source rpt_fx_rates: AwsDataCatalog.exports.rpt_fx_rates: 7 columns fit, 1 file, 0.0 MB",
        "✓ fidelity rpt_fx_rates: 1 of 1 files are read as they are stored",
        "✓ query IPE_09: extract and control_totals are accepted by athena",
        found[24],
        "✓ query CR_05: extract and control_totals are accepted by athena",
        found[26],
        "26 good",
    ]
    assert found[2].startswith("✓ clock this machine: differs from AWS's by ")
    assert found[13].startswith(f"✓ key {cloud.key}: enabled (arn:aws:kms:")
    assert found[14].startswith(f"✓ signing key {cloud.signing_key}: P-256, id ")
    assert found[24].startswith("✓ freshness IPE_09: loaded for 2025-09: the newest value is 2025-10-")
    assert endpoint.count("s3:PutObject") == 0, "looking changes nothing"


def test_a_wrong_region_shows_as_a_workgroup_that_is_not_there(variables):
    done = soxauto({**variables, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}, *DOCTOR)
    found = lines(done.stdout)
    assert done.returncode == 1
    assert "✓ identity" in found[1] and "us-east-1" in found[1]
    (fault,) = [number for number, line in enumerate(found) if line.startswith("✗ workgroup")]
    assert found[fault] == (
        "✗ workgroup sox-automation: AWS refused to look at workgroup sox-automation in us-east-1 "
        "(InvalidRequestException: WorkGroup is not found)"
    )
    assert found[fault + 1] == "Next: correct what AWS names, then start again"
    assert [line for line in found if line.startswith("✗ bucket")]
    assert found[-2] == "– everything else sources and queries: the workgroup cannot be used"


def test_without_credentials_one_line_says_what_to_do(variables):
    none = {name: "" for name in variables if name.startswith("AWS_") and "KEY" in name}
    done = soxauto({**variables, **none}, *DOCTOR)
    assert done.returncode == 1
    assert lines(done.stdout)[1:] == [
        "✗ identity environment: the environment gives no AWS credentials",
        "Next: export new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or set AWS_PROFILE, then start again",
        "– everything else AWS: there are no usable credentials",
        "1 fault, 1 not looked at",
    ]


def test_a_missing_table_and_a_missing_column_are_named(variables, cloud: Cloud, tmp_path: Path):
    bindings = cloud.edit_bindings(
        tmp_path / "b", bob_sales_order={"table": "sales_order"}, rpt_fx_rates={"columns": {"fx_rate": "closing_rate"}}
    )
    done = soxauto({**variables, "SOXAUTO_BINDINGS": str(bindings)}, *DOCTOR)
    found = lines(done.stdout)
    assert done.returncode == 1, done.stdout + done.stderr
    assert (
        "✗ source bob_sales_order: table AwsDataCatalog.exports.sales_order (logical source bob_sales_order) does not exist"
        in found
    )
    assert "– query IPE_09: its source bob_sales_order has a fault above" in found
    assert [line for line in found if line.startswith("✗ source rpt_fx_rates") and "has no column closing_rate" in line]


def test_an_unconfirmed_binding_is_named_with_the_command(variables, cloud: Cloud, tmp_path: Path):
    bindings = cloud.edit_bindings(tmp_path / "b", bob_sales_order={"status": "proposed"})
    found = lines(soxauto({**variables, "SOXAUTO_BINDINGS": str(bindings)}, *DOCTOR).stdout)
    (number,) = [n for n, line in enumerate(found) if line.startswith("✗ source bob_sales_order")]
    assert found[number].endswith("is proposed, not confirmed")
    assert "soxauto bindings confirm bob_sales_order" in found[number + 1]


def test_faults_of_buckets_workgroup_and_key(variables, cloud: Cloud, endpoint: Endpoint):
    s3, where = cloud.s3(), {"LocationConstraint": endpoint.region}
    s3.create_bucket(Bucket="sox-plain", CreateBucketConfiguration=where)
    disabled = WorkGroup("sox-automation", output="s3://sox-athena-results/results/", enforced=True, enabled=False)
    endpoint.athena.workgroup(endpoint.account, endpoint.region, disabled)
    kms = endpoint.upstream.client("kms", endpoint.account, endpoint.region)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    changed = {"S3_BUCKET_EVIDENCE": "sox-plain", "S3_BUCKET_DATA": "sox-nowhere", "SOXAUTO_KMS_KEY": key}
    done = soxauto({**variables, **changed}, *DOCTOR)
    found = lines(done.stdout)
    assert done.returncode == 1
    assert "✗ workgroup sox-automation: it is disabled" in found
    assert [line for line in found if line.startswith("✗ bucket") and "sox-nowhere" in line]
    assert "✗ bucket sox-plain: versioning: not enabled" in found
    assert "✗ bucket sox-plain: object lock: not enabled, so evidence cannot be locked" in found
    assert [line for line in found if line.startswith(f"✗ key {key}: Disabled")]


def test_a_clock_that_is_wrong_is_named(variables, endpoint: Endpoint):
    endpoint.fail("sts:GetCallerIdentity", times=None, code="RequestTimeTooSkewed")
    found = lines(soxauto(variables, *DOCTOR).stdout)
    assert (
        found[1].endswith("this machine's clock differs by more than 15 minutes")
        and found[2] == "Next: set the clock (NTP)"
    )


def test_discovery_finds_each_source_in_glue_and_writes_proposals(variables, cloud: Cloud, tmp_path: Path):
    bindings = cloud.edit_bindings(tmp_path / "b", bob_sales_order={"status": "unknown", "table": "to_be_found"})
    given = {**variables, "SOXAUTO_BINDINGS": str(bindings)}
    done = soxauto(given, "discover", "bob_sales_order", "--database", "exports", "--write")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "exports.bob_sales_order" in done.stdout and "could not be read" not in done.stdout
    assert "9999-99-99 99:99:99" in done.stdout, "an instant is shown by its shape alone"
    written = (bindings / "aws.yaml").read_text("utf-8")
    entry = written[written.index("bob_sales_order:") :][:300]
    assert "table: bob_sales_order" in entry and "status: proposed" in entry
    listed = soxauto(given, "bindings", "confirm", "bob_sales_order", "--by", "Data team")
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert soxauto(given, *DOCTOR).returncode == 0


@pytest.mark.parametrize("fault", ["region", "credentials"])
def test_discovery_with_a_wrong_region_or_without_credentials(variables, fault: str):
    changed = {
        "region": {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"},
        "credentials": {name: "" for name in variables if name.startswith("AWS_") and "KEY" in name},
    }[fault]
    done = soxauto({**variables, **changed}, "discover", "gl_entries")
    assert done.returncode in (1, 2)
    if fault == "credentials":
        assert "gives no AWS credentials. Next: export new AWS_ACCESS_KEY_ID" in done.stderr
    else:
        assert "no table" in done.stdout + done.stderr
