"""Resources of the AWS environment: Athena, and the S3 stores.

Here belongs what a deployment on AWS configures, field by field; each has an environment variable (``aws.settings``). What does
not belong here: clients and credentials (``aws.session``).
"""

from decimal import Decimal
from typing import Any

from pydantic import Field

from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.defs.resources import EngineResource, StoresResource
from soxauto_assets.engines.contract import Engine
from soxauto_assets.settings import Settings

_DEFAULT = AwsSettings()


class AthenaResource(EngineResource):
    """Amazon Athena: the production path. Credentials come from the profile, the environment or the task's role."""

    region: str = Field(default=_DEFAULT.region, description="Region of Athena, Glue and the buckets (AWS_REGION).")
    profile: str | None = Field(default=None, description="Named profile (AWS_PROFILE); no other credentials are used.")
    role_arn: str | None = Field(default=None, description="Role that is assumed on top (SOXAUTO_AWS_ROLE_ARN).")
    use_okta_auth: bool = Field(default=False, description="Refuse keys in environment variables (USE_OKTA_AUTH).")
    workgroup: str = Field(default=_DEFAULT.workgroup, description="Athena workgroup (ATHENA_WORKGROUP).")
    catalog: str = Field(default=_DEFAULT.catalog, description="Data catalog (ATHENA_CATALOG).")
    database: str | None = Field(default=None, description="Database of statements that name none (ATHENA_DATABASE).")
    output_location: str | None = Field(
        default=None, description="Where Athena writes results, s3://bucket/prefix/ (ATHENA_S3_OUTPUT)."
    )
    results_bucket: str | None = Field(
        default=None, description="Bucket of the results where no output location is given (S3_RESULTS_BUCKET)."
    )
    unload: bool = Field(default=True, description="Whether the role may UNLOAD (SOXAUTO_ATHENA_UNLOAD).")
    poll_seconds: float = Field(
        default=_DEFAULT.poll_seconds,
        gt=0,
        description="Longest pause between two looks (SOXAUTO_ATHENA_POLL_SECONDS).",
    )
    timeout_seconds: int = Field(
        default=_DEFAULT.timeout_seconds, gt=0, description="When a query is stopped (SOXAUTO_ATHENA_TIMEOUT_SECONDS)."
    )
    scan_limit_gb: str | None = Field(
        default=None, description="GB that a query may not exceed (SOXAUTO_ATHENA_SCAN_LIMIT_GB)."
    )
    price_per_tb: str = Field(
        default=str(_DEFAULT.price_per_tb), description="USD per scanned TB (SOXAUTO_ATHENA_PRICE_PER_TB)."
    )
    endpoint_url: str | None = Field(default=None, description="Endpoint of all services (AWS_ENDPOINT_URL).")
    athena_endpoint_url: str | None = Field(
        default=None, description="Endpoint of Athena alone (AWS_ENDPOINT_URL_ATHENA)."
    )

    def aws(self) -> dict[str, Any]:
        """Return the fields as :class:`aws.settings.AwsSettings` takes them."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        limit = Decimal(self.scan_limit_gb) if self.scan_limit_gb else None
        return {**fields, "scan_limit_gb": limit, "price_per_tb": Decimal(self.price_per_tb)}

    def open(self, settings: Settings) -> Engine:
        """Return the engine; no call is made before the first statement."""
        from soxauto_assets.aws.session import AwsSession
        from soxauto_assets.engines.athena import AthenaEngine

        assert settings.aws is not None
        return AthenaEngine(AwsSession(settings.aws), settings.home / "work" / "athena")


class S3StoresResource(StoresResource):
    """Datasets and records in the data bucket; evidence, under lock, in the evidence bucket."""

    data_bucket: str = Field(description="Bucket of datasets and records (S3_BUCKET_DATA).")
    evidence_bucket: str = Field(description="Bucket of evidence packages (S3_BUCKET_EVIDENCE).")
    data_bucket_owner: str | None = Field(
        default=None, description="Account that must own the data bucket (SOXAUTO_DATA_BUCKET_OWNER)."
    )
    evidence_bucket_owner: str | None = Field(
        default=None, description="Account that must own the evidence bucket (SOXAUTO_EVIDENCE_BUCKET_OWNER)."
    )
    kms_key: str | None = Field(default=None, description="KMS key of what is written (SOXAUTO_KMS_KEY).")
    lock_mode: str = Field(
        default=_DEFAULT.lock_mode, description="COMPLIANCE, GOVERNANCE or NONE (SOXAUTO_LOCK_MODE)."
    )
    retention_years: int = Field(
        default=_DEFAULT.retention_years, gt=0, description="Years after fiscal-year end (SOXAUTO_RETENTION_YEARS)."
    )
    fiscal_year_end_month: int = Field(
        default=_DEFAULT.fiscal_year_end_month, ge=1, le=12, description="(SOXAUTO_FISCAL_YEAR_END_MONTH)."
    )

    def aws(self) -> dict[str, Any]:
        """Return the fields as :class:`aws.settings.AwsSettings` takes them."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "home"}


def athena_resource(settings: AwsSettings) -> AthenaResource:
    """Return the resource that the settings describe."""
    fields = {name: getattr(settings, name) for name in AthenaResource.model_fields if hasattr(settings, name)}
    limit = str(settings.scan_limit_gb) if settings.scan_limit_gb is not None else None
    return AthenaResource(**{**fields, "scan_limit_gb": limit, "price_per_tb": str(settings.price_per_tb)})


def s3_stores_resource(settings: Settings) -> S3StoresResource:
    """Return the resource that the settings of environment ``aws`` describe.

    Raises:
        SettingsError: A bucket is not named.
    """
    aws = settings.aws
    assert aws is not None
    fields = {name: getattr(aws, name) for name in S3StoresResource.model_fields if hasattr(aws, name)}
    buckets = {name: aws.require(name) for name in ("data_bucket", "evidence_bucket")}
    return S3StoresResource(home=str(settings.home), **{**fields, **buckets})
