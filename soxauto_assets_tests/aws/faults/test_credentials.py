"""Credentials that are missing, expire, or are not those that were asked for."""

import re
from datetime import timedelta
from pathlib import Path

from soxauto_assets.catalog import get_item
from soxauto_assets.period import Period
from soxauto_assets_tests.aws.cloud import Cloud
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.faults.running import (
    PERIOD,
    executions,
    message_of,
    passed,
    sealed,
)

# Credentials


def test_credentials_that_expire_in_mid_run_stop_the_item_and_a_new_key_goes_on(
    open_runtime, endpoint: Endpoint, cloud: Cloud
):
    short = endpoint.credentials.register(name="short", temporary=True)
    short.calls_left = 12
    runtime = open_runtime("expiring", **endpoint.environment(short))
    assert re.fullmatch(
        r"IPE_07 2025-09: could not .*: the AWS credentials have expired\. Next: export new AWS_ACCESS_KEY_ID, "
        r"AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or set AWS_PROFILE, then start again\.",
        message_of(runtime, "IPE_07"),
    )
    renewed = open_runtime("expiring", AWS_SESSION_TOKEN="")
    assert passed(sealed(renewed, "IPE_07"))
    assert "RUNNING" not in {e.state for e in executions(endpoint)}


def test_without_credentials_nothing_is_asked(open_runtime, endpoint: Endpoint):
    none = {name: "" for name in endpoint.environment() if "KEY" in name}
    runtime = open_runtime(**none)
    assert message_of(runtime) == (
        "IPE_09 2025-09: the environment gives no AWS credentials. Next: export new AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or set AWS_PROFILE, then start again."
    )
    assert endpoint.calls() == []


def test_a_profile_is_never_replaced_by_keys_of_the_environment(
    open_runtime, endpoint: Endpoint, tmp_path: Path, monkeypatch
):
    config = tmp_path / "aws-config"
    config.write_text("[profile close]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert "gives no" in message_of(open_runtime(AWS_PROFILE="close"))
    assert endpoint.calls() == []


def test_a_profile_with_a_credential_process_is_used(open_runtime, endpoint: Endpoint, tmp_path: Path, monkeypatch):
    """Okta's tool is named as ``credential_process``; it prints temporary credentials."""
    key = endpoint.credentials.register(name="okta", temporary=True)
    answer = tmp_path / "credentials.json"
    answer.write_text(
        f'{{"Version":1,"AccessKeyId":"{key.key_id}","SecretAccessKey":"{key.secret}","SessionToken":"{key.token}",'
        '"Expiration":"2099-01-01T00:00:00Z"}'
    )
    config = tmp_path / "aws-config"
    config.write_text(f"[profile close]\nregion = eu-west-1\ncredential_process = cat {answer}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    runtime = open_runtime(AWS_PROFILE="close", USE_OKTA_AUTH="true", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert passed(sealed(runtime, "CR_05"))
    assert {call.key_id for call in endpoint.calls()} == {key.key_id}
    key.calls_left = 0
    message = message_of(open_runtime("other", AWS_PROFILE="close"))
    assert "credentials have expired" in message and "sign in to Okta again" in message


def test_an_assumed_role_is_renewed_before_it_expires(open_runtime, endpoint: Endpoint, monkeypatch):
    arn = f"arn:aws:iam::{endpoint.account}:role/close"
    # botocore renews what ends within ten minutes, so each use of this role's session renews it.
    endpoint.credentials.register_role(arn, lifetime=timedelta(minutes=5))
    runtime = open_runtime(SOXAUTO_AWS_ROLE_ARN=arn)
    assert passed(sealed(runtime, "CR_05"))
    assert endpoint.count("sts:AssumeRole") > 1
    record, _ = runtime.extractor.newest(get_item("CR_05"), Period.parse(PERIOD))
    assert ":assumed-role/close/" in record.performed_by["aws_arn"]
