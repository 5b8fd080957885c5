"""The policies of ``deploy/aws``: they can be created, allow what a close does and nothing that nobody uses."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.settings import PROJECT
from soxauto_assets_tests.aws.cloud import Cloud, configure_workgroup, make_cloud, soxauto
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.conftest import HAND_MADE
from soxauto_assets_tests.lakes import write_lake

POLICIES = PROJECT / "deploy" / "aws" / "policies.yaml"
PERIOD = "2025-09"
# What AWS does with the caller's rights while a query runs; no call of ours shows it.
ON_BEHALF = {
    "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "s3:GetBucketLocation", "s3:ListMultipartUploadParts",
    "kms:GenerateDataKey", "kms:Decrypt",
}  # fmt: skip
# What only happens in a case that this close does not meet, each with a test of its own.
ON_OCCASION = {
    "athena:GetTableMetadata",  # a federated catalog
    "athena:StopQueryExecution",  # test_interrupted_close
    "s3:DeleteObject",  # faults: what a failed UNLOAD has left
    "s3:AbortMultipartUpload",  # stores/test_crash: rows of more than one part
}


@pytest.fixture(scope="module")
def stacks(aws: Endpoint) -> dict[str, dict[str, Any]]:
    """Create both stacks on the local CloudFormation; return each policy's document by its logical name."""
    cloudformation = aws.upstream.client("cloudformation", aws.account, aws.region)
    names = {"DataBucketName": "sox-stack-data", "EvidenceBucketName": "sox-stack-evidence"}
    given = {
        "storage": names,
        "policies": {
            **names,
            "ResultsBucketName": "sox-stack-data",
            "SourceBucketNames": "arn:aws:s3:::sox-stack-lake,arn:aws:s3:::sox-stack-lake/*",
            "KeyArn": f"arn:aws:kms:{aws.region}:{aws.account}:key/k",
            "SigningKeyArn": f"arn:aws:kms:{aws.region}:{aws.account}:key/s",
        },
    }
    for name, parameters in given.items():
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=(POLICIES.parent / f"{name}.yaml").read_text("utf-8"),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    iam = aws.upstream.client("iam", aws.account, aws.region)
    documents = {}
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        document = version["PolicyVersion"]["Document"]
        documents[policy["PolicyName"].split("-")[1]] = document if isinstance(document, dict) else json.loads(document)
    return documents


def actions(document: dict[str, Any]) -> set[str]:
    """Return the actions that a policy allows."""
    return {
        action
        for statement in document["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


@pytest.fixture(scope="module")
def used(aws: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Close, look and discover; return every permission that was needed."""
    base = tmp_path_factory.mktemp("policies")
    aws.reset()
    configure_workgroup(aws)
    cloud: Cloud = make_cloud(aws, "policies", write_lake(base / "lake", HAND_MADE), base / "bindings")
    variables = cloud.variables(base / "home")
    closing = ("close", PERIOD, "--item", "CR_05", "--item", "IPE_07")
    for command in (closing, closing, ("doctor", "--period", PERIOD, *closing[2:]), ("discover", "gl_entries")):
        done = soxauto(variables, *command)
        assert done.returncode in (0, 1), done.stdout + done.stderr
    return {permission for call in aws.calls() for permission in call.needed}


def test_a_close_needs_nothing_that_the_policies_do_not_allow(stacks, used: set[str]):
    allowed = actions(stacks["ExtractionPolicy"]) | actions(stacks["EvidenceWriterPolicy"])
    assert used - allowed - {"sts:GetCallerIdentity"} == set()


def test_the_policies_allow_nothing_that_nobody_uses(stacks, used: set[str]):
    allowed = actions(stacks["ExtractionPolicy"]) | actions(stacks["EvidenceWriterPolicy"])
    assert allowed - used == ON_BEHALF | ON_OCCASION


def test_only_the_leavings_of_unloads_may_be_deleted_and_evidence_never(stacks):
    deleting = [
        (name, statement["Resource"])
        for name, document in stacks.items()
        for statement in document["Statement"]
        if any("Delete" in action for action in statement["Action"])
    ]
    assert deleting == [("ExtractionPolicy", "arn:aws:s3:::sox-stack-data/unload/*")]
    assert not {a for a in actions(stacks["EvidenceWriterPolicy"]) if "Bypass" in a or "LegalHold" in a}


def test_whoever_decides_or_audits_may_not_sign_for_the_extractor(stacks):
    signing = {name for name, document in stacks.items() if "kms:Sign" in actions(document)}
    assert signing == {"EvidenceWriterPolicy"}


def test_the_auditor_writes_nothing(stacks):
    verbs = {re.match(r"\w+:([A-Z][a-z]+)", action).group(1) for action in actions(stacks["AuditorPolicy"])}  # type: ignore[union-attr]
    assert verbs == {"Get", "List", "Decrypt"}


def test_each_action_says_why_it_is_there():
    lines = [line for line in POLICIES.read_text("utf-8").splitlines() if re.match(r"\s+- (athena|glue|s3|kms):", line)]
    assert len(lines) > 40
    assert [line for line in lines if not re.search(r"# (likewise|\w.{8,})", line)] == []


def test_a_package_is_verified_with_the_auditors_rights_alone(stacks, used, aws: Endpoint, tmp_path: Path):
    allowed = actions(stacks["AuditorPolicy"])
    denied = sorted(used - allowed - {"sts:GetCallerIdentity"})
    assert "s3:PutObject" in denied and "athena:StartQueryExecution" in denied
    auditor = aws.credentials.register(name="auditor", deny=denied)
    variables = {**aws.environment(auditor), "SOXAUTO_ENV": "aws", "SOXAUTO_HOME": str(tmp_path)}
    package = f"s3://sox-policies-evidence/evidence/IPE_07/{PERIOD}/attempt-0001.json"
    done = soxauto(variables, "verify", package)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("VERIFIED")
