"""Settings of AWS: every one from the environment, none forgotten on the way to Dagster."""

import re
from dataclasses import fields
from decimal import Decimal

import pytest
from pydantic import ValidationError

from soxauto_assets.aws.settings import VARIABLES, AwsSettings
from soxauto_assets.defs.aws_resources import AthenaResource, S3StoresResource
from soxauto_assets.defs.resources import platform_resource
from soxauto_assets.errors import SettingsError
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT, Settings

GIVEN = {
    "AWS_REGION": "eu-central-1",
    "AWS_PROFILE": "jumia-sox-dev",
    "USE_OKTA_AUTH": "true",
    "ATHENA_WORKGROUP": "close",
    "ATHENA_S3_OUTPUT": "s3://results/close",
    "S3_BUCKET_DATA": "data",
    "S3_BUCKET_EVIDENCE": "evidence",
    "SOXAUTO_SIGNING_KEY": "alias/soxauto-evidence",
    "SOXAUTO_TRUST": "/etc/soxauto/trust.json",
    "SOXAUTO_LOCK_MODE": "GOVERNANCE",
    "SOXAUTO_RETENTION_YEARS": "9",
    "SOXAUTO_ATHENA_UNLOAD": "false",
    "SOXAUTO_ATHENA_SCAN_LIMIT_GB": "2.5",
    "SOXAUTO_ATHENA_TIMEOUT_SECONDS": "60",
}


def test_each_setting_has_a_variable_and_is_told_in_the_example():
    example = (PROJECT / ".env.example").read_text("utf-8")
    assert set(VARIABLES) == {field.name for field in fields(AwsSettings)}
    assert [name for name in VARIABLES.values() if not re.search(rf"^# {name}=", example, re.MULTILINE)] == []


def test_values_are_read_in_their_types_and_written_back_as_they_came():
    settings = AwsSettings.from_environment(GIVEN)
    assert (settings.unload, settings.use_okta_auth, settings.scan_limit_gb) == (False, True, Decimal("2.5"))
    assert settings.results == "s3://results/close/"
    assert AwsSettings.from_environment(settings.variables()) == settings
    assert AwsSettings.from_environment({"AWS_REGION": ""}) == AwsSettings()
    assert AwsSettings(results_bucket="results").results == "s3://results/"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SOXAUTO_LOCK_MODE", "MAYBE", "'MAYBE'. Next: set it to one of COMPLIANCE, GOVERNANCE, NONE."),
        ("ATHENA_S3_OUTPUT", "results/", "'results/'. Next: set it to s3://bucket/prefix/."),
        ("SOXAUTO_ATHENA_UNLOAD", "perhaps", "'perhaps'. Next: set it to true or false."),
        ("SOXAUTO_ATHENA_TIMEOUT_SECONDS", "soon", "'soon'. Next: set it to a number."),
        ("SOXAUTO_ATHENA_TIMEOUT_SECONDS", "0", "0. Next: set it to a positive number."),
        ("SOXAUTO_ATHENA_SCAN_LIMIT_GB", "much", "'much'. Next: set it to a number."),
        ("SOXAUTO_FISCAL_YEAR_END_MONTH", "13", "13. Next: set it to a month, 1 to 12."),
    ],
)
def test_a_value_that_cannot_be_used_is_named(variable: str, value: str, message: str):
    with pytest.raises(SettingsError) as caught:
        AwsSettings.from_environment({variable: value})
    assert str(caught.value) == f"{variable} is {message}"


@pytest.mark.parametrize(
    ("period", "month", "until"),
    [
        (Period(2025, 1), 12, "2034-01-01"),
        (Period(2025, 12), 12, "2034-01-01"),
        (Period(2026, 1), 12, "2035-01-01"),
        (Period(2025, 6), 6, "2033-07-01"),
        (Period(2025, 7), 6, "2034-07-01"),
        (Period(2024, 2), 2, "2032-03-01"),
    ],
)
def test_evidence_is_locked_until_the_end_of_its_fiscal_year_and_eight_years(period: Period, month: int, until: str):
    settings = AwsSettings(fiscal_year_end_month=month)
    assert settings.retain_until(period).date().isoformat() == until


def test_the_resources_carry_every_setting():
    """The sign-in by AWS_SSO_ variables is for people at a command line; a deployment names a profile or a role."""
    carried = set(AthenaResource.model_fields) | set(S3StoresResource.model_fields)
    sso = {name for name in VARIABLES if name.startswith("sso_")}
    assert set(VARIABLES) - carried == sso


def test_the_environment_reaches_dagster_and_comes_back_the_same(tmp_path):
    settings = Settings.from_environment({**GIVEN, "SOXAUTO_ENV": "aws", "SOXAUTO_HOME": str(tmp_path)})
    platform = platform_resource(settings)
    assert AwsSettings(**{**platform.engine.aws(), **platform.stores.aws()}) == settings.aws
    assert (platform.signing_key, platform.trust) == ("alias/soxauto-evidence", "/etc/soxauto/trust.json")
    carried = platform.runtime.settings
    assert (carried.signing_key, carried.trust) == (settings.signing_key, settings.trust)


@pytest.mark.parametrize("resource", [AthenaResource, S3StoresResource])
def test_an_unknown_field_is_refused(resource):
    buckets = {"home": "x", "data_bucket": "d", "evidence_bucket": "e"} if resource is S3StoresResource else {}
    with pytest.raises(ValidationError, match="workgrupp"):
        resource(**buckets, workgrupp="x")


def test_an_environment_without_buckets_says_which_variable_is_missing(tmp_path):
    settings = Settings.from_environment({"SOXAUTO_ENV": "aws", "SOXAUTO_HOME": str(tmp_path)})
    with pytest.raises(SettingsError, match="S3_BUCKET_DATA is not set, and environment 'aws' needs it"):
        platform_resource(settings)


def test_an_environment_without_a_signing_key_says_which_variable_is_missing(tmp_path):
    """In AWS nobody's evidence is unsigned, or signed with a key that lies beside it."""
    given = {**GIVEN, "SOXAUTO_ENV": "aws", "SOXAUTO_HOME": str(tmp_path), "SOXAUTO_SIGNING_KEY": ""}
    with pytest.raises(SettingsError, match="SOXAUTO_SIGNING_KEY is not set, and environment 'aws' needs it"):
        platform_resource(Settings.from_environment(given))
    with pytest.raises(SettingsError, match="SOXAUTO_SIGNING_KEY is not set, and environment 'aws' needs it"):
        Runtime(Settings.from_environment(given)).require_signer()


def test_a_folder_of_bindings_holds_one_file_for_each_environment(tmp_path):
    for environment, file in (("aws", "aws.yaml"), ("demo", "demo.yaml")):
        given = {"SOXAUTO_ENV": environment, "SOXAUTO_HOME": str(tmp_path), "SOXAUTO_BINDINGS": str(tmp_path)}
        assert Settings.from_environment(given).bindings == tmp_path / file
