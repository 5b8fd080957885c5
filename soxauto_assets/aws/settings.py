"""Settings of AWS: who reads, where Athena runs, where S3 keeps.

Here belongs reading the environment variables of domain section 8, once, and their rules. What does not belong here: clients
(``aws.session``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from soxauto_assets.errors import SettingsError
from soxauto_assets.period import Period
from soxauto_assets.variables import read, refused, written

LockMode = Literal["COMPLIANCE", "GOVERNANCE", "NONE"]
_LOCK_MODES = ("COMPLIANCE", "GOVERNANCE", "NONE")
_S3_URI = re.compile(r"^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/[A-Za-z0-9!_.*'()=/-]*)?$")

# Field name -> environment variable, in the order in which people fill them in.
VARIABLES = {
    "region": "AWS_REGION",
    "profile": "AWS_PROFILE",
    "use_okta_auth": "USE_OKTA_AUTH",
    "sso_start_url": "AWS_SSO_START_URL",
    "sso_region": "AWS_SSO_REGION",
    "sso_account_id": "AWS_SSO_ACCOUNT_ID",
    "sso_role_name": "AWS_SSO_ROLE_NAME",
    "role_arn": "SOXAUTO_AWS_ROLE_ARN",
    "workgroup": "ATHENA_WORKGROUP",
    "catalog": "ATHENA_CATALOG",
    "database": "ATHENA_DATABASE",
    "output_location": "ATHENA_S3_OUTPUT",
    "results_bucket": "S3_RESULTS_BUCKET",
    "data_bucket": "S3_BUCKET_DATA",
    "evidence_bucket": "S3_BUCKET_EVIDENCE",
    "data_bucket_owner": "SOXAUTO_DATA_BUCKET_OWNER",
    "evidence_bucket_owner": "SOXAUTO_EVIDENCE_BUCKET_OWNER",
    "kms_key": "SOXAUTO_KMS_KEY",
    "lock_mode": "SOXAUTO_LOCK_MODE",
    "retention_years": "SOXAUTO_RETENTION_YEARS",
    "fiscal_year_end_month": "SOXAUTO_FISCAL_YEAR_END_MONTH",
    "unload": "SOXAUTO_ATHENA_UNLOAD",
    "poll_seconds": "SOXAUTO_ATHENA_POLL_SECONDS",
    "timeout_seconds": "SOXAUTO_ATHENA_TIMEOUT_SECONDS",
    "scan_limit_gb": "SOXAUTO_ATHENA_SCAN_LIMIT_GB",
    "price_per_tb": "SOXAUTO_ATHENA_PRICE_PER_TB",
    "endpoint_url": "AWS_ENDPOINT_URL",
    "athena_endpoint_url": "AWS_ENDPOINT_URL_ATHENA",
}


@dataclass(frozen=True)
class AwsSettings:
    """What the AWS environment needs to know.

    Attributes:
        region: Region of Athena, Glue and the buckets.
        profile: Named profile; None = the environment's credentials, or the task's role.
        use_okta_auth: A person's run: keys in environment variables are refused.
        sso_start_url: IAM Identity Center, where no profile is named.
        sso_region: Its region.
        sso_account_id: Account to sign in to.
        sso_role_name: Role to sign in with.
        role_arn: Role that is assumed on top, refreshed before it expires.
        workgroup: Athena workgroup.
        catalog: Athena data catalog.
        database: Database of statements that name none.
        output_location: Where Athena writes results and manifests, as ``s3://bucket/prefix/``.
        results_bucket: Bucket of the results where no output location is given.
        data_bucket: Bucket of datasets and extraction records.
        evidence_bucket: Bucket of evidence packages.
        data_bucket_owner: Account that must own the data bucket; None = not asked.
        evidence_bucket_owner: Account that must own the evidence bucket; None = not asked.
        kms_key: KMS key id, alias or ARN of both buckets; None = the buckets' own default.
        lock_mode: Object Lock mode of evidence; ``NONE`` only where nothing has to be kept.
        retention_years: Years that evidence is locked after the end of its fiscal year (evidence section 2.5).
        fiscal_year_end_month: Last month of the fiscal year.
        unload: Whether the role may UNLOAD; False = results are read as CSV (the documented fallback).
        poll_seconds: Longest pause between two looks at a query.
        timeout_seconds: When a query is stopped, counted from its start.
        scan_limit_gb: Scanned bytes that a query may not exceed, in GB (10^9); None = the workgroup's limit alone.
        price_per_tb: Price of a scanned TB (10^12), USD, for the record's cost.
        endpoint_url: Endpoint of all services; None = AWS's own.
        athena_endpoint_url: Endpoint of Athena alone.
    """

    region: str = "eu-west-1"
    profile: str | None = None
    use_okta_auth: bool = False
    sso_start_url: str | None = None
    sso_region: str | None = None
    sso_account_id: str | None = None
    sso_role_name: str | None = None
    role_arn: str | None = None
    workgroup: str = "sox-automation"
    catalog: str = "AwsDataCatalog"
    database: str | None = None
    output_location: str | None = None
    results_bucket: str | None = None
    data_bucket: str | None = None
    evidence_bucket: str | None = None
    data_bucket_owner: str | None = None
    evidence_bucket_owner: str | None = None
    kms_key: str | None = None
    lock_mode: LockMode = "COMPLIANCE"
    retention_years: int = 8
    fiscal_year_end_month: int = 12
    unload: bool = True
    poll_seconds: float = 5.0
    timeout_seconds: int = 1800
    scan_limit_gb: Decimal | None = None
    price_per_tb: Decimal = Decimal("5")
    endpoint_url: str | None = None
    athena_endpoint_url: str | None = None

    def __post_init__(self) -> None:
        if self.lock_mode not in _LOCK_MODES:
            raise _refuse("lock_mode", self.lock_mode, f"one of {', '.join(_LOCK_MODES)}")
        if self.output_location and not _S3_URI.match(self.output_location):
            raise _refuse("output_location", self.output_location, "s3://bucket/prefix/")
        for name in ("poll_seconds", "timeout_seconds", "retention_years"):
            if getattr(self, name) <= 0:
                raise _refuse(name, getattr(self, name), "a positive number")
        if not 1 <= self.fiscal_year_end_month <= 12:
            raise _refuse("fiscal_year_end_month", self.fiscal_year_end_month, "a month, 1 to 12")

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> "AwsSettings":
        """Read the settings from environment variables; empty ones count as absent.

        Raises:
            SettingsError: A variable has no usable value.
        """
        kinds = {field.name: field.type for field in fields(cls)}
        given = {name: variables[variable] for name, variable in VARIABLES.items() if variables.get(variable)}
        return cls(**{name: read(VARIABLES[name], kinds[name], text) for name, text in given.items()})

    def variables(self) -> dict[str, str]:
        """Return the environment variables that give these settings to a child process."""
        values = {variable: getattr(self, name) for name, variable in VARIABLES.items()}
        return {v: written(value) for v, value in values.items() if value is not None}

    @property
    def results(self) -> str | None:
        """Where Athena writes results, with a slash at the end; None = the workgroup decides."""
        location = self.output_location or (f"s3://{self.results_bucket}/" if self.results_bucket else None)
        return location if location is None or location.endswith("/") else f"{location}/"

    def require(self, name: str) -> str:
        """Return a setting that has no default.

        Raises:
            SettingsError: It is not given.
        """
        value = getattr(self, name)
        if not value:
            raise SettingsError(
                f"{VARIABLES[name]} is not set, and environment 'aws' needs it", action=f"set {VARIABLES[name]} in .env"
            )
        return str(value)

    def retain_until(self, period: Period) -> datetime:
        """Return when the lock of a period's evidence ends: the end of its fiscal year and the retention years after it."""
        year = period.year + (period.month > self.fiscal_year_end_month)
        end = Period(year, self.fiscal_year_end_month).period_end
        return datetime(end.year + self.retention_years, end.month, 1, tzinfo=UTC)


def _refuse(name: str, value: Any, wanted: str) -> SettingsError:
    return refused(VARIABLES[name], value, wanted)
