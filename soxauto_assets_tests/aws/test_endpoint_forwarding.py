"""What the gateway passes on to S3, KMS, Glue and CloudFormation, and that nothing is lost on the way."""

import hashlib
import http.client
import json
import os
import tracemalloc
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.ministack import REGION

BUCKET = "sox-data"


class TestObjects:
    def test_come_back_as_they_went(self, endpoint: Endpoint):
        s3 = endpoint.client("s3")
        body = os.urandom(1 << 20)
        metadata = {"run": "2025-09", "note": "ünïcode".encode().hex()}
        s3.put_object(Bucket=BUCKET, Key="forward/a", Body=body, Metadata=metadata, ContentType="application/x-parquet")
        found = s3.get_object(Bucket=BUCKET, Key="forward/a")
        with found["Body"] as stream:
            assert stream.read() == body
        assert (found["Metadata"], found["ContentType"], found["ContentLength"]) == (
            metadata,
            "application/x-parquet",
            1 << 20,
        )
        assert s3.head_object(Bucket=BUCKET, Key="forward/a")["ETag"] == found["ETag"]

    def test_are_read_in_ranges(self, endpoint: Endpoint):
        s3 = endpoint.client("s3")
        s3.put_object(Bucket=BUCKET, Key="forward/range", Body=b"0123456789")
        found = s3.get_object(Bucket=BUCKET, Key="forward/range", Range="bytes=2-4")
        with found["Body"] as stream:
            assert stream.read() == b"234"
        assert (found["ContentRange"], found["ResponseMetadata"]["HTTPStatusCode"]) == ("bytes 2-4/10", 206)
        with pytest.raises(ClientError, match="InvalidRange"):
            s3.get_object(Bucket=BUCKET, Key="forward/range", Range="bytes=99-")

    def test_may_be_empty(self, endpoint: Endpoint):
        s3 = endpoint.client("s3")
        s3.put_object(Bucket=BUCKET, Key="forward/empty", Body=b"")
        with s3.get_object(Bucket=BUCKET, Key="forward/empty")["Body"] as stream:
            assert stream.read() == b""

    def test_that_are_missing_are_missing(self, endpoint: Endpoint):
        s3 = endpoint.client("s3")
        with pytest.raises(ClientError, match="NoSuchKey"):
            s3.get_object(Bucket=BUCKET, Key="forward/missing")
        with pytest.raises(ClientError, match="404"):
            s3.head_object(Bucket=BUCKET, Key="forward/missing")

    def test_are_verified_by_their_checksum(self, endpoint: Endpoint):
        s3 = endpoint.client("s3")
        right = b64encode(hashlib.sha256(b"x").digest()).decode()
        s3.put_object(Bucket=BUCKET, Key="forward/sum", Body=b"x", ChecksumSHA256=right)
        with pytest.raises(ClientError, match=r"BadDigest|InvalidRequest"):
            s3.put_object(Bucket=BUCKET, Key="forward/sum", Body=b"y", ChecksumSHA256=right)

    def test_are_created_once(self, endpoint: Endpoint):
        s3 = endpoint.client("s3")
        s3.delete_object(Bucket=BUCKET, Key="forward/once")
        s3.put_object(Bucket=BUCKET, Key="forward/once", Body=b"x", IfNoneMatch="*")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.put_object(Bucket=BUCKET, Key="forward/once", Body=b"y", IfNoneMatch="*")

    def test_are_uploaded_in_parts(self, endpoint: Endpoint, tmp_path: Path):
        path = tmp_path / "large"
        path.write_bytes(os.urandom(17 << 20))
        endpoint.client("s3").upload_file(str(path), BUCKET, "forward/large")
        assert endpoint.count("s3:UploadPart") == 3
        endpoint.client("s3").download_file(BUCKET, "forward/large", str(tmp_path / "back"))
        assert (tmp_path / "back").read_bytes() == path.read_bytes()

    def test_do_not_lie_in_memory_on_the_way(self, endpoint: Endpoint, tmp_path: Path):
        path = tmp_path / "larger"
        with path.open("wb") as file:
            file.truncate(96 << 20)
        tracemalloc.start()
        try:
            with path.open("rb") as file:
                endpoint.client("s3").put_object(Bucket=BUCKET, Key="forward/larger", Body=file)
            body = endpoint.client("s3").get_object(Bucket=BUCKET, Key="forward/larger")["Body"]
            assert sum(len(block) for block in body.iter_chunks(1 << 20)) == 96 << 20
            body.close()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        endpoint.client("s3").delete_object(Bucket=BUCKET, Key="forward/larger")
        assert peak < 48 << 20


class TestWire:
    def connection(self, endpoint: Endpoint) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=10)

    def headers(self, endpoint: Endpoint, url: str, body: bytes, **headers: str) -> dict[str, str]:
        request = AWSRequest("PUT", f"{endpoint.url}{url}", headers, body)
        S3SigV4Auth(Credentials(endpoint.tester.key_id, endpoint.tester.secret), "s3", REGION).add_auth(request)
        return dict(request.prepare().headers)

    def test_waits_to_be_told_to_continue(self, endpoint: Endpoint):
        connection = self.connection(endpoint)
        headers = self.headers(endpoint, f"/{BUCKET}/wire/expect", b"hello")
        connection.connect()
        lines = [
            f"PUT /{BUCKET}/wire/expect HTTP/1.1",
            f"Host: {urlsplit(endpoint.url).netloc}",
            "Expect: 100-continue",
        ]
        lines += [
            f"{name}: {value}" for name, value in headers.items() if name.lower() not in ("host", "content-length")
        ]
        connection.sock.sendall("\r\n".join([*lines, "Content-Length: 5", "", ""]).encode())
        assert connection.sock.recv(1024).startswith(b"HTTP/1.1 100 Continue")
        connection.sock.sendall(b"hello")
        assert connection.sock.recv(1024).startswith(b"HTTP/1.1 200")
        connection.close()

    def test_takes_a_body_in_chunks(self, endpoint: Endpoint):
        connection = self.connection(endpoint)
        headers = self.headers(endpoint, f"/{BUCKET}/wire/chunked", b"hello world")
        headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
        connection.request("PUT", f"/{BUCKET}/wire/chunked", iter([b"hello ", b"world"]), headers, encode_chunked=True)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        with endpoint.client("s3").get_object(Bucket=BUCKET, Key="wire/chunked")["Body"] as stream:
            assert stream.read() == b"hello world"
        connection.close()

    def test_takes_aws_chunks_with_a_checksum_behind_them(self, endpoint: Endpoint):
        checksum = b64encode(hashlib.sha256(b"hello world").digest()).decode()
        body = f"b\r\nhello world\r\n0\r\nx-amz-checksum-sha256:{checksum}\r\n\r\n".encode()
        stated = {
            "Content-Encoding": "aws-chunked",
            "X-Amz-Decoded-Content-Length": "11",
            "X-Amz-Trailer": "x-amz-checksum-sha256",
        }
        request = AWSRequest("PUT", f"{endpoint.url}/{BUCKET}/wire/trailer", stated, body)
        request.context["client_config"] = None
        signer = S3SigV4Auth(Credentials(endpoint.tester.key_id, endpoint.tester.secret), "s3", REGION)
        signer.payload = lambda _: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        request.headers["X-Amz-Content-SHA256"] = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        signer.add_auth(request)
        connection = self.connection(endpoint)
        connection.request("PUT", f"/{BUCKET}/wire/trailer", body, dict(request.headers.items()))
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        with endpoint.client("s3").get_object(Bucket=BUCKET, Key="wire/trailer")["Body"] as stream:
            assert stream.read() == b"hello world"
        connection.close()

    def test_keeps_a_connection(self, endpoint: Endpoint):
        connection = self.connection(endpoint)
        for _ in range(3):
            headers = self.headers(endpoint, f"/{BUCKET}/wire/kept", b"x")
            connection.request("PUT", f"/{BUCKET}/wire/kept", b"x", headers)
            answer = connection.getresponse()
            answer.read()
            assert (answer.status, answer.will_close) == (200, False)
        connection.close()


class TestStricterThanMinistack:
    def test_a_locked_bucket_stays_versioned(self, endpoint: Endpoint):
        s3 = endpoint.client("s3")
        s3.create_bucket(
            Bucket="sox-versioned",
            ObjectLockEnabledForBucket=True,
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )
        with pytest.raises(ClientError, match="InvalidBucketState"):
            s3.put_bucket_versioning(Bucket="sox-versioned", VersioningConfiguration={"Status": "Suspended"})
        assert s3.get_bucket_versioning(Bucket="sox-versioned")["Status"] == "Enabled"

    def test_a_message_to_sign_has_4096_bytes_at_most(self, endpoint: Endpoint):
        kms = endpoint.client("kms")
        key = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
        given = {"KeyId": key, "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256"}
        assert kms.sign(Message=b"x" * 4096, **given)["Signature"]
        with pytest.raises(ClientError, match="ValidationException"):
            kms.sign(Message=b"x" * 4097, **given)

    def test_an_object_with_a_lock_needs_a_checksum(self, endpoint: Endpoint):
        url = f"{endpoint.url}/sox-versioned/locked"
        lock = {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "2099-01-01T00:00:00Z"}
        request = AWSRequest("PUT", url, lock, b"x")
        S3SigV4Auth(Credentials(endpoint.tester.key_id, endpoint.tester.secret), "s3", REGION).add_auth(request)
        session = URLLib3Session()
        answer = session.send(request.prepare())
        session.close()
        assert (answer.status_code, "InvalidRequest" in answer.text) == (400, True)


class TestOtherServices:
    def test_lock_objects(self, endpoint: Endpoint):
        s3 = endpoint.client("s3")
        s3.create_bucket(
            Bucket="sox-locked",
            ObjectLockEnabledForBucket=True,
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )
        lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}}
        s3.put_object_lock_configuration(Bucket="sox-locked", ObjectLockConfiguration=lock)
        version = s3.put_object(Bucket="sox-locked", Key="seal", Body=b"x", ChecksumAlgorithm="SHA256")["VersionId"]
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket="sox-locked", Key="seal", VersionId=version)

    def test_sign(self, endpoint: Endpoint):
        kms = endpoint.client("kms")
        key = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
        parameters = {"KeyId": key, "Message": b"m", "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256"}
        signature = kms.sign(**parameters)["Signature"]
        assert kms.verify(**parameters, Signature=signature)["SignatureValid"] is True

    def test_make_stacks(self, endpoint: Endpoint):
        template = {
            "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "sox-from-stack"}}}
        }
        stacks = endpoint.client("cloudformation")
        stacks.create_stack(StackName="sox", TemplateBody=json.dumps(template))
        stacks.get_waiter("stack_create_complete").wait(StackName="sox", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        assert endpoint.client("s3").head_bucket(Bucket="sox-from-stack")["ResponseMetadata"]["HTTPStatusCode"] == 200
