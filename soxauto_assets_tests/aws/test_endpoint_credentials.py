"""Whom the endpoint lets in: signatures, tokens, expiry, denied actions, roles, regions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from botocore.session import get_session

from soxauto_assets_tests.aws.endpoint import Credential, Endpoint
from soxauto_assets_tests.aws.ministack import ACCOUNT, REGION

SERVICES = ("athena", "glue", "kms", "s3", "sts", "cloudformation")
OTHER_REGION = "us-east-1"


def call(client: Any) -> Any:
    """Make one harmless call of a service."""
    calls = {
        "athena": lambda: client.list_work_groups(),
        "glue": lambda: client.get_databases(),
        "kms": lambda: client.list_keys(),
        "s3": lambda: client.list_objects_v2(Bucket="sox-data"),
        "sts": lambda: client.get_caller_identity(),
        "cloudformation": lambda: client.list_stacks(),
    }
    return calls[client.meta.service_model.service_name]()


def refused(client: Any) -> tuple[str, int]:
    """Return code and HTTP status of the refusal."""
    with pytest.raises(ClientError) as caught:
        call(client)
    error = caught.value.response
    return str(error["Error"]["Code"]), int(error["ResponseMetadata"]["HTTPStatusCode"])


def family(service: str) -> str:
    return "s3" if service == "s3" else "json" if service in ("athena", "glue", "kms") else "query"


@pytest.fixture
def temporary(endpoint: Endpoint) -> Credential:
    return endpoint.credentials.register(name="session", expires=endpoint.now() + timedelta(hours=1))


@pytest.fixture
def session() -> Iterator[URLLib3Session]:
    found = URLLib3Session()
    yield found
    found.close()


@pytest.mark.parametrize("service", SERVICES)
class TestEveryService:
    def test_lets_a_registered_key_in(self, endpoint: Endpoint, service: str, temporary: Credential):
        assert call(endpoint.client(service))
        assert call(endpoint.client(service, temporary))

    def test_refuses_an_unsigned_request(self, endpoint: Endpoint, service: str):
        client = get_session().create_client(
            service, region_name=REGION, endpoint_url=endpoint.url, config=Config(signature_version=UNSIGNED)
        )
        assert refused(client) == {
            "s3": ("AccessDenied", 403),
            "json": ("MissingAuthenticationTokenException", 400),
            "query": ("MissingAuthenticationToken", 403),
        }[family(service)]  # fmt: skip
        client.close()

    def test_refuses_an_unknown_key(self, endpoint: Endpoint, service: str):
        unknown = replace(endpoint.tester, key_id="AKIA0000000000000000")
        assert refused(endpoint.client(service, unknown)) == {
            "s3": ("InvalidAccessKeyId", 403),
            "json": ("UnrecognizedClientException", 400),
            "query": ("InvalidClientTokenId", 403),
        }[family(service)]  # fmt: skip

    def test_refuses_a_wrong_secret(self, endpoint: Endpoint, service: str):
        key = endpoint.credentials.register(name="wrong")
        assert refused(endpoint.client(service, replace(key, secret="x" * 40))) == {
            "s3": ("SignatureDoesNotMatch", 403),
            "json": ("InvalidSignatureException", 400),
            "query": ("SignatureDoesNotMatch", 403),
        }[family(service)]  # fmt: skip

    def test_refuses_a_wrong_session_token(self, endpoint: Endpoint, service: str, temporary: Credential):
        assert refused(endpoint.client(service, replace(temporary, token="x"))) == {
            "s3": ("InvalidToken", 400),
            "json": ("UnrecognizedClientException", 400),
            "query": ("InvalidClientTokenId", 403),
        }[family(service)]  # fmt: skip

    def test_refuses_a_missing_session_token(self, endpoint: Endpoint, service: str, temporary: Credential):
        code, _ = refused(endpoint.client(service, replace(temporary, token="")))
        assert code in ("InvalidToken", "UnrecognizedClientException", "InvalidClientTokenId")

    def test_refuses_an_expired_key(self, endpoint: Endpoint, service: str):
        expired = endpoint.credentials.register(name="expired", expires=endpoint.now() - timedelta(seconds=1))
        assert refused(endpoint.client(service, expired)) == {
            "s3": ("ExpiredToken", 400),
            "json": ("ExpiredTokenException", 400),
            "query": ("ExpiredToken", 403),
        }[family(service)]  # fmt: skip

    def test_refuses_a_key_that_expires_in_mid_run(self, endpoint: Endpoint, service: str):
        short = endpoint.credentials.register(name="short", calls_left=2)
        client = endpoint.client(service, short)
        call(client)
        call(client)
        assert refused(client)[0].startswith("ExpiredToken")
        assert [found.outcome[:12] for found in endpoint.calls(f"{service}:*")] == [
            "carried out",
            "carried out",
            "ExpiredToken",
        ]

    def test_refuses_a_clock_that_is_wrong(self, endpoint: Endpoint, service: str):
        endpoint.credentials.clock_offset = timedelta(minutes=16)
        code, _ = refused(endpoint.client(service))
        assert code == {
            "s3": "RequestTimeTooSkewed",
            "json": "InvalidSignatureException",
            "query": "SignatureDoesNotMatch",
        }[family(service)]  # fmt: skip

    def test_refuses_a_denied_action(self, endpoint: Endpoint, service: str):
        denied = endpoint.credentials.register(name="denied", deny=[f"{service}:*"])
        code, _ = refused(endpoint.client(service, denied))
        assert code == ("AccessDeniedException" if family(service) == "json" else "AccessDenied")


class TestSignature:
    def signed(self, endpoint: Endpoint, body: bytes, **headers: str) -> AWSRequest:
        request = AWSRequest(
            "POST", f"{endpoint.url}/", {"X-Amz-Target": "AmazonAthena.ListWorkGroups", **headers}, body
        )
        SigV4Auth(Credentials(endpoint.tester.key_id, endpoint.tester.secret), "athena", REGION).add_auth(request)
        return request

    def test_covers_the_body(self, endpoint: Endpoint, session: URLLib3Session):
        request = self.signed(endpoint, b"{}").prepare()
        assert session.send(request).status_code == 200
        request = self.signed(endpoint, b"{}").prepare()
        request.body = b'{"MaxResults": 1}'
        request.headers["Content-Length"] = "17"
        answer = session.send(request)
        assert (answer.status_code, "InvalidSignatureException" in answer.text) == (400, True)

    def test_covers_the_action(self, endpoint: Endpoint, session: URLLib3Session):
        request = self.signed(endpoint, b"{}").prepare()
        request.headers["X-Amz-Target"] = "AmazonAthena.StopQueryExecution"
        assert "InvalidSignatureException" in session.send(request).text

    def test_covers_the_bytes_of_an_object(self, endpoint: Endpoint, session: URLLib3Session):
        request = AWSRequest("PUT", f"{endpoint.url}/sox-data/signed/a", {}, b"hello")
        S3SigV4Auth(Credentials(endpoint.tester.key_id, endpoint.tester.secret), "s3", REGION).add_auth(request)
        prepared = request.prepare()
        prepared.body = b"jello"
        assert "XAmzContentSHA256Mismatch" in session.send(prepared).text

    @pytest.mark.parametrize("key", ["a b", "ä/ö?=&", "a+b", "x%20y", "a//b", "dots/../x", "tilde~", "star*"])
    def test_holds_for_any_key_of_an_object(self, endpoint: Endpoint, key: str):
        s3 = endpoint.client("s3")
        s3.put_object(Bucket="sox-data", Key=f"keys/{key}", Body=key.encode())
        with s3.get_object(Bucket="sox-data", Key=f"keys/{key}")["Body"] as body:
            assert body.read() == key.encode()
        assert f"keys/{key}" in [
            item["Key"] for item in s3.list_objects_v2(Bucket="sox-data", Prefix=f"keys/{key}")["Contents"]
        ]

    def test_of_a_link_expires(self, endpoint: Endpoint, session: URLLib3Session):
        s3 = get_session().create_client(
            "s3",
            region_name=REGION,
            endpoint_url=endpoint.url,
            aws_access_key_id=endpoint.tester.key_id,
            aws_secret_access_key=endpoint.tester.secret,
            config=Config(signature_version="s3v4"),
        )
        s3.put_object(Bucket="sox-data", Key="link", Body=b"linked")
        link = s3.generate_presigned_url("get_object", Params={"Bucket": "sox-data", "Key": "link"}, ExpiresIn=60)
        s3.close()
        assert session.send(AWSRequest("GET", link).prepare()).content == b"linked"
        assert session.send(AWSRequest("GET", link.replace("link?", "other?")).prepare()).status_code == 403
        endpoint.credentials.clock_offset = timedelta(seconds=61)
        assert "Request has expired" in session.send(AWSRequest("GET", link).prepare()).text


class TestIdentity:
    def test_is_that_of_the_key(self, endpoint: Endpoint):
        arn = "arn:aws:sts::210987654321:assumed-role/sox/someone@example.com"
        key = endpoint.credentials.register(account="210987654321", arn=arn, temporary=True)
        found = endpoint.client("sts", key).get_caller_identity()
        assert (found["Account"], found["Arn"], found["UserId"]) == ("210987654321", arn, key.user_id)

    def test_decides_which_account_is_seen(self, endpoint: Endpoint, entries: str):
        stranger = endpoint.credentials.register(account="210987654321")
        assert endpoint.client("glue").get_table(DatabaseName="nav", Name="entries")
        with pytest.raises(ClientError, match="EntityNotFoundException"):
            endpoint.client("glue", stranger).get_table(DatabaseName="nav", Name="entries")
        with pytest.raises(ClientError, match=r"WorkGroup is not found\."):
            endpoint.client("athena", stranger).get_work_group(WorkGroup="sox-automation")

    def test_is_denied_single_objects(self, endpoint: Endpoint):
        s3 = endpoint.client("s3")
        s3.put_object(Bucket="sox-data", Key="open/a", Body=b"a")
        s3.put_object(Bucket="sox-data", Key="closed/a", Body=b"a")
        reader = endpoint.credentials.register(name="partly", deny=[("s3:GetObject", "arn:aws:s3:::sox-data/closed/*")])
        s3 = endpoint.client("s3", reader)
        s3.get_object(Bucket="sox-data", Key="open/a")["Body"].close()
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.get_object(Bucket="sox-data", Key="closed/a")
        with pytest.raises(ClientError, match="403"):
            s3.head_object(Bucket="sox-data", Key="closed/a")

    def test_that_may_not_write_may_not_write_in_parts(self, endpoint: Endpoint):
        reader = endpoint.credentials.register(name="reading", deny=["s3:PutObject"])
        s3 = endpoint.client("s3", reader)
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.create_multipart_upload(Bucket="sox-data", Key="x")
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.copy_object(Bucket="sox-data", Key="y", CopySource="sox-data/open/a")


class TestRole:
    ROLE = f"arn:aws:iam::{ACCOUNT}:role/sox-extraction"

    def assume(self, endpoint: Endpoint, arn: str, **values: Any) -> dict[str, Any]:
        return endpoint.client("sts").assume_role(RoleArn=arn, RoleSessionName="close-2025-09", **values)

    def test_that_is_not_registered_is_refused(self, endpoint: Endpoint):
        with pytest.raises(ClientError, match=r"AccessDenied.*not authorized to perform: sts:AssumeRole"):
            self.assume(endpoint, f"arn:aws:iam::{ACCOUNT}:role/unknown")

    def test_needs_its_external_id(self, endpoint: Endpoint):
        arn = f"{self.ROLE}-external"
        endpoint.credentials.register_role(arn, external_id="sox-2025")
        with pytest.raises(ClientError, match="AccessDenied"):
            self.assume(endpoint, arn)
        assert self.assume(endpoint, arn, ExternalId="sox-2025")

    def test_lasts_900_to_43200_seconds(self, endpoint: Endpoint):
        endpoint.credentials.register_role(self.ROLE)
        with pytest.raises(ClientError, match="value between 900 and 43200"):
            self.assume(endpoint, self.ROLE, DurationSeconds=43201)

    def test_gives_a_key_of_its_own_that_expires(self, endpoint: Endpoint):
        endpoint.credentials.register_role(self.ROLE, deny=["s3:DeleteObject"])
        found = self.assume(endpoint, self.ROLE, DurationSeconds=900)
        given = found["Credentials"]
        key = replace(
            endpoint.tester,
            key_id=given["AccessKeyId"],
            secret=given["SecretAccessKey"],
            token=given["SessionToken"],
        )
        identity = endpoint.client("sts", key).get_caller_identity()
        assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/sox-extraction/close-2025-09"
        assert call(endpoint.client("s3", key))
        with pytest.raises(ClientError, match="AccessDenied"):
            endpoint.client("s3", key).delete_object(Bucket="sox-data", Key="x")
        assert timedelta(seconds=890) < given["Expiration"] - endpoint.now() <= timedelta(seconds=900)

    def test_may_end_earlier_than_asked_for(self, endpoint: Endpoint):
        arn = f"{self.ROLE}-short"
        endpoint.credentials.register_role(arn, lifetime=timedelta(seconds=0))
        given = self.assume(endpoint, arn)["Credentials"]
        key = replace(
            endpoint.tester, key_id=given["AccessKeyId"], secret=given["SecretAccessKey"], token=given["SessionToken"]
        )
        assert refused(endpoint.client("athena", key)) == ("ExpiredTokenException", 400)


class TestOtherRegion:
    def test_has_no_workgroup(self, endpoint: Endpoint):
        athena = endpoint.client("athena", region=OTHER_REGION)
        with pytest.raises(ClientError, match=r"InvalidRequestException.*WorkGroup is not found\."):
            athena.get_work_group(WorkGroup="sox-automation")
        with pytest.raises(ClientError, match=r"WorkGroup is not found\."):
            athena.start_query_execution(QueryString="select 1", WorkGroup="sox-automation")

    def test_has_no_database(self, endpoint: Endpoint, entries: str):
        with pytest.raises(ClientError, match="EntityNotFoundException"):
            endpoint.client("glue", region=OTHER_REGION).get_database(Name="nav")

    def test_is_told_where_the_bucket_is(self, endpoint: Endpoint, session: URLLib3Session):
        request = AWSRequest("GET", f"{endpoint.url}/sox-data?list-type=2")
        S3SigV4Auth(Credentials(endpoint.tester.key_id, endpoint.tester.secret), "s3", OTHER_REGION).add_auth(request)
        answer = session.send(request.prepare())
        assert (answer.status_code, "PermanentRedirect" in answer.text) == (301, True)
        assert answer.headers["x-amz-bucket-region"] == REGION
