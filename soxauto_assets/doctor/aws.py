"""AWS: identity, clock, workgroup, buckets, key.

Here belongs what only the AWS environment has. What does not belong here: tables and queries (``doctor.sources``).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from soxauto_assets.aws.refusals import code_of
from soxauto_assets.aws.session import AwsSession
from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.doctor.model import Finding, looked
from soxauto_assets.engines.athena.engine import ENGINE_VERSION, AthenaEngine
from soxauto_assets.engines.athena.queries import GIGABYTE

# AWS refuses requests whose clock differs by 15 minutes; evidence calls it a fault earlier.
_SKEW_WARNING, _SKEW_FAULT = 30, 300


def examine_identity(session: AwsSession) -> Iterator[Finding]:
    """Look at who the credentials are, and whether this machine's clock agrees with AWS's."""
    settings = session.settings

    def look() -> Iterator[Finding]:
        identity = session.identity
        how = (
            f"role {settings.role_arn}" if settings.role_arn else f"profile {settings.profile or 'of the environment'}"
        )
        yield Finding("identity", identity["aws_account"], "good", f"{identity['aws_arn']} ({how}, {settings.region})")
        yield _clock(session)

    yield from looked("identity", settings.profile or "environment", look)


def _clock(session: AwsSession) -> Finding:
    before = datetime.now(UTC)
    with session.asking("compare the clocks"):
        answer = session.client("sts").get_caller_identity()
    theirs = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if not theirs:
        return Finding("clock", "this machine", "not looked at", "AWS's answer carries no date")
    skew = abs((parsedate_to_datetime(theirs) - before).total_seconds())
    text = f"differs from AWS's by {skew:.0f} s"
    if skew <= _SKEW_WARNING:
        return Finding("clock", "this machine", "good", text)
    return Finding(
        "clock", "this machine", "fault" if skew > _SKEW_FAULT else "warning", text, "set the clock (NTP)"
    )  # fmt: skip


def examine_workgroup(engine: AthenaEngine) -> Iterator[Finding]:
    """Look at the workgroup: state, engine, output location, scan limit, reuse of settings."""
    settings = engine.settings
    name = settings.workgroup

    def look() -> Iterator[Finding]:
        workgroup = engine.workgroup()
        configuration = workgroup.get("Configuration") or {}
        version = (configuration.get("EngineVersion") or {}).get("EffectiveEngineVersion")
        if workgroup.get("State") == "DISABLED":
            yield Finding("workgroup", name, "fault", "it is disabled", "have it enabled, or set ATHENA_WORKGROUP")
        if version != ENGINE_VERSION:
            yield Finding(
                "workgroup", name, "fault", f"it runs {version or 'an unknown engine'}",
                f"have it moved to {ENGINE_VERSION}",
            )  # fmt: skip
        else:
            yield Finding("workgroup", name, "good", f"{workgroup.get('State', 'ENABLED').lower()}, {version}")
        yield _output(settings, configuration)
        yield _limit(settings, configuration)

    yield from looked("workgroup", name, look)


def _output(settings: AwsSettings, configuration: dict[str, Any]) -> Finding:
    theirs = (configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    enforced = bool(configuration.get("EnforceWorkGroupConfiguration"))
    if not theirs and not settings.results:
        return Finding(
            "workgroup", "output location", "fault", "neither the workgroup nor the settings name one",
            "set ATHENA_S3_OUTPUT=s3://bucket/prefix/",
        )  # fmt: skip
    if enforced and settings.results and theirs != settings.results:
        return Finding(
            "workgroup", "output location", "warning",
            f"the workgroup enforces {theirs}; ATHENA_S3_OUTPUT {settings.results} is not used",
            "leave ATHENA_S3_OUTPUT empty, or have the workgroup's location changed",
        )  # fmt: skip
    return Finding("workgroup", "output location", "good", str(theirs if enforced else settings.results or theirs))


def _limit(settings: AwsSettings, configuration: dict[str, Any]) -> Finding:
    cutoff = configuration.get("BytesScannedCutoffPerQuery")
    ours = settings.scan_limit_gb
    if cutoff is None and ours is None:
        return Finding(
            "workgroup", "scan limit", "warning", "no query is limited in what it may scan",
            "set SOXAUTO_ATHENA_SCAN_LIMIT_GB, and have the workgroup's own limit set",
        )  # fmt: skip
    parts = [
        f"workgroup {cutoff / GIGABYTE:,.0f} GB" if cutoff else "none in the workgroup",
        f"ours {ours} GB" if ours else "none of ours",
    ]
    return Finding("workgroup", "scan limit", "good", ", ".join(parts))


def examine_buckets(session: AwsSession) -> Iterator[Finding]:
    """Look at the buckets of data, evidence and results, and at the key."""
    settings = session.settings
    for variable, evidence in (("data_bucket", False), ("evidence_bucket", True)):
        yield from looked("bucket", variable, partial(_kept, session, variable, evidence))
    if settings.kms_key:
        yield from looked("key", settings.kms_key, lambda: _key(session, str(settings.kms_key)))


def _kept(session: AwsSession, variable: str, evidence: bool) -> Iterator[Finding]:
    s3, settings = session.client("s3"), session.settings
    bucket = settings.require(variable)
    with session.asking(f"look at bucket {bucket}"):
        region = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
        versioning = s3.get_bucket_versioning(Bucket=bucket).get("Status")
        lock = _absent(lambda: s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"])
        encryption = _absent(lambda: s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"])
    if region and region != settings.region:
        yield Finding(
            "bucket", bucket, "fault", f"it is in {region}, the settings say {settings.region}", "correct AWS_REGION"
        )  # fmt: skip
        return
    yield Finding("bucket", bucket, "good", f"exists{f' in {region}' if region else ''}")
    if versioning == "Enabled":
        yield Finding("bucket", f"{bucket}: versioning", "good", "enabled")
    else:
        yield Finding(
            "bucket", f"{bucket}: versioning", "fault" if evidence else "warning", "not enabled",
            "have versioning enabled: evidence is read by version",
        )  # fmt: skip
    yield _encrypted(bucket, encryption, settings)
    if evidence:
        yield _locked(bucket, lock, settings)


def _encrypted(bucket: str, encryption: dict[str, Any] | None, settings: AwsSettings) -> Finding:
    rules = (encryption or {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault") or {}
    algorithm = default.get("SSEAlgorithm")
    if algorithm == "aws:kms" or settings.kms_key:
        return Finding("bucket", f"{bucket}: encryption", "good", f"KMS, key {settings.kms_key or 'of the bucket'}")
    return Finding(
        "bucket", f"{bucket}: encryption", "warning", f"{algorithm or 'none by default'}, not KMS",
        "set SOXAUTO_KMS_KEY, or have the bucket encrypt with a KMS key",
    )  # fmt: skip


def _locked(bucket: str, lock: dict[str, Any] | None, settings: AwsSettings) -> Finding:
    subject = f"{bucket}: object lock"
    if settings.lock_mode == "NONE":
        return Finding(
            "bucket", subject, "warning", "SOXAUTO_LOCK_MODE is NONE: evidence can be deleted",
            "set SOXAUTO_LOCK_MODE=COMPLIANCE in production",
        )  # fmt: skip
    if (lock or {}).get("ObjectLockEnabled") != "Enabled":
        return Finding(
            "bucket", subject, "fault", "not enabled, so evidence cannot be locked",
            "create the evidence bucket with Object Lock (deploy/aws/storage.yaml), and set S3_BUCKET_EVIDENCE to it",
        )  # fmt: skip
    years = settings.retention_years
    return Finding(
        "bucket", subject, "good", f"enabled; evidence is locked as {settings.lock_mode}, {years} years from fiscal-year end"
    )  # fmt: skip


def _key(session: AwsSession, key: str) -> Iterator[Finding]:
    with session.asking(f"look at KMS key {key}"):
        found = session.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    if found.get("KeyState") != "Enabled" or found.get("KeyUsage", "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT":
        yield Finding(
            "key", key, "fault", f"{found.get('KeyState')}, for {found.get('KeyUsage')}",
            "name an enabled key for encryption in SOXAUTO_KMS_KEY",
        )  # fmt: skip
    else:
        yield Finding("key", key, "good", f"enabled ({found['Arn']})")


def _absent(ask: Any) -> dict[str, Any] | None:
    """Return what is configured, or None where AWS says that nothing is."""
    from botocore.exceptions import ClientError

    try:
        answer: dict[str, Any] = ask()
        return answer
    except ClientError as error:
        if code_of(error) in {"ObjectLockConfigurationNotFoundError", "ServerSideEncryptionConfigurationNotFoundError"}:
            return None
        raise
