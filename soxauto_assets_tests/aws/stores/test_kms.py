"""Signing with a key of AWS KMS: any length of statement, one spelling of the signature, and every refusal named."""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from soxauto_assets.aws.session import AwsSession
from soxauto_assets.errors import SigningError
from soxauto_assets.evidence.envelope import P256_ORDER, key_id_of, parse_envelope
from soxauto_assets.evidence.signing import KmsSigner, describe, is_kms, sign_statement
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets_tests.aws.cloud import make_signing_key
from soxauto_assets_tests.evidence.signed import seal, trust_of, trusted_key


@pytest.fixture(scope="module")
def kms(session: AwsSession):
    return session.client("kms")


@pytest.fixture(scope="module")
def signer(session: AwsSession, kms) -> KmsSigner:
    return KmsSigner(session, make_signing_key(kms))


@pytest.mark.parametrize("length", [0, 4096, 100_000])
def test_a_statement_of_any_length_is_signed(signer, length):
    """KMS takes 4,096 bytes of a message; a digest has 32."""
    statement = b"x" * length
    payload, (signature,) = parse_envelope(sign_statement(statement, (signer,)))
    assert payload == statement and signature.key_id == key_id_of(signer.public_key)


def test_every_signature_has_its_s_in_the_lower_half(signer):
    """KMS gives either; of 16, both halves occur but once in 32,768 runs."""
    for number in range(16):
        _, (signature,) = parse_envelope(sign_statement(b"%d" % number, (signer,)))
        assert decode_dss_signature(signature.der)[1] <= P256_ORDER // 2


def test_a_package_signed_by_kms_verifies(signer, tmp_path):
    package = seal(tmp_path / "evidence", signer)
    report = verify_package(package, trust_of(trusted_key(signer, owner="month-end service")))
    assert report.verified and report.layers[-1].text == "signed by month-end service (extractor)"


def test_an_alias_names_a_key_and_its_id_says_which(session, kms, signer):
    kms.create_alias(AliasName="alias/soxauto-test", TargetKeyId=signer.place.rpartition("/")[2])
    named = KmsSigner(session, "alias/soxauto-test")
    assert is_kms(named.place) and is_kms(signer.place) and not is_kms("keys/arn.pem")
    assert named.public_key == signer.public_key
    assert describe(named) == f"{key_id_of(signer.public_key)} (alias/soxauto-test)"


def test_an_alias_that_is_moved_between_two_calls_is_found(session, kms):
    """Otherwise a package would be stored whose key id is not the key's."""
    first, second = (make_signing_key(kms).rpartition("/")[2] for _ in range(2))
    kms.create_alias(AliasName="alias/soxauto-moved", TargetKeyId=first)
    signer = KmsSigner(session, "alias/soxauto-moved")
    assert signer.public_key
    kms.update_alias(AliasName="alias/soxauto-moved", TargetKeyId=second)
    with pytest.raises(
        SigningError, match=r"alias/soxauto-moved made does not verify\. Next: look whether its alias was"
    ):
        sign_statement(b"{}", (signer,))


@pytest.mark.parametrize(
    "kind",
    [
        {"KeySpec": "ECC_NIST_P384", "KeyUsage": "SIGN_VERIFY"},
        {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
        {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"},
    ],
    ids=str,
)
def test_a_key_of_another_kind_is_refused(session, kms, kind):
    key = kms.create_key(**kind)["KeyMetadata"]["Arn"]
    with pytest.raises(SigningError, match=r"is no P-256 key for signatures .* Next: name a key of kind ECC_NIST_P256"):
        _ = KmsSigner(session, key).public_key


def test_a_key_that_is_not_there_or_disabled_is_named(session, kms):
    with pytest.raises(SigningError, match="read the public key of KMS key alias/none"):
        _ = KmsSigner(session, "alias/none").public_key
    key = make_signing_key(kms)
    signer = KmsSigner(session, key)
    assert signer.public_key
    kms.disable_key(KeyId=key)
    with pytest.raises(SigningError, match="sign with KMS key"):
        sign_statement(b"{}", (signer,))
