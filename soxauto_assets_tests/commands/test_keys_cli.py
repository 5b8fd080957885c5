"""``soxauto keys``: making the signing key, letting it count, replacing and revoking it."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from soxauto_assets.evidence.trust import pem_of
from soxauto_assets.evidence.trust_edit import open_trust
from soxauto_assets_tests.evidence.signed import signer

INIT = ("keys", "init", "--owner", "month-end service")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SOXAUTO_SIGNING_KEY", "SOXAUTO_TRUST"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def said(result) -> str:
    return " ".join(result.output.split())


def ids(home: Path) -> list[str]:
    return [key["id"] for key in json.loads((home / "keys" / "trust.json").read_text())["keys"]]


def test_a_first_hour_signs_trusts_and_verifies(soxauto, home):
    made = soxauto(*INIT)
    assert made.exit_code == 0, made.output
    (key,) = ids(home)
    assert key in made.output and "counts as extractor, period of month-end service from" in said(made)
    assert soxauto("close", "2025-09", "--item", "IPE_09").exit_code == 0
    package = str(home / "evidence" / "IPE_09" / "2025-09" / "attempt-0001")
    verified = soxauto("verify", package, "--trust", str(home / "keys" / "trust.json"))
    assert verified.exit_code == 0, verified.output
    assert "signature: pass" in verified.output and "signed by month-end service (extractor)" in verified.output
    assert key in verified.output
    listed = soxauto("keys", "list")
    assert listed.exit_code == 0 and key in listed.output and "1 extractor per package" in said(listed)


def test_a_close_needs_no_command_before_it(soxauto, home):
    assert soxauto("close", "2025-09", "--item", "IPE_09").exit_code == 0
    verified = soxauto("verify", str(home / "evidence"))
    assert verified.exit_code == 0 and "no trust file was given" in verified.output
    # Whoever lets the key count afterwards trusts what it has signed since it was made.
    assert soxauto(*INIT).exit_code == 0
    trusted = soxauto("verify", str(home / "evidence"), "--trust", str(home / "keys" / "trust.json"))
    assert trusted.exit_code == 0, trusted.output
    assert (home / "keys" / "signing-key.pem").stat().st_mode & 0o777 == 0o600


def test_a_key_counts_from_the_instant_that_is_given(soxauto, home):
    assert soxauto("close", "2025-09", "--item", "IPE_09").exit_code == 0
    assert soxauto(*INIT, "--since", "2100-01-01T00:00:00Z").exit_code == 0
    verified = soxauto("verify", str(home / "evidence"), "--trust", str(home / "keys" / "trust.json"))
    assert verified.exit_code == 1 and "counts from 2100-01-01T00:00:00Z, after it was sealed" in said(verified)
    assert "'soon' is no instant" in said(soxauto(*INIT, "--since", "soon", "--trust", str(home / "other.json")))


def test_a_rotated_key_counts_for_what_it_signed_and_the_new_one_from_then_on(soxauto, home):
    soxauto(*INIT)
    trust = ("--trust", str(home / "keys" / "trust.json"))
    assert soxauto("close", "2025-09", "--item", "IPE_09").exit_code == 0
    rotated = soxauto("keys", "rotate")
    assert rotated.exit_code == 0, rotated.output
    old, new = ids(home)
    assert old in rotated.output or old[:16] in rotated.output
    assert new in rotated.output
    assert sorted(path.name for path in (home / "keys").iterdir()) == [
        ".gitignore", f"retired-{old[:16]}.pem", "signing-key.pem", "trust.json",
    ]  # fmt: skip
    assert soxauto("close", "2025-09", "--item", "CR_05").exit_code == 0
    verified = soxauto("verify", str(home / "evidence"), *trust)
    assert verified.exit_code == 0 and verified.output.count("VERIFIED") == 2
    assert old in verified.output and new in verified.output
    assert open_trust(home / "keys" / "trust.json").keys[old].not_after is not None


def test_what_a_revoked_key_signed_is_refused(soxauto, home):
    soxauto(*INIT)
    trust = ("--trust", str(home / "keys" / "trust.json"))
    soxauto("close", "2025-09", "--item", "IPE_09")
    (key,) = ids(home)
    revoked = soxauto("keys", "revoke", key[:12], "--reason", "laptop lost", "--at", "2030-01-01T00:00:00Z")
    assert revoked.exit_code == 0, revoked.output
    verified = soxauto("verify", str(home / "evidence"), *trust)
    assert verified.exit_code == 1
    assert "was revoked at 2030-01-01T00:00:00Z (laptop lost), and no trusted time shows" in said(verified)
    assert f"{key}  month-end service, revoked: laptop lost" in soxauto("keys", "list").output
    assert soxauto("verify", str(home / "evidence")).exit_code == 0, "without a trust file nobody is refused"


def test_a_reviewers_public_key_is_added_from_pem(soxauto, home, tmp_path):
    soxauto(*INIT)
    (tmp_path / "reviewer.pem").write_text(pem_of(signer(5).public_key))
    added = soxauto("keys", "add", str(tmp_path / "reviewer.pem"), "--owner", "A Reviewer", "--role", "reviewer")
    assert added.exit_code == 0, added.output
    assert {key.owner for key in open_trust(home / "keys" / "trust.json").keys.values()} == {
        "month-end service", "A Reviewer",
    }  # fmt: skip


def test_a_private_key_is_not_taken_for_a_public_one(soxauto, home, tmp_path):
    soxauto(*INIT)
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "private.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for name, message in (("private.pem", "holds no P-256 public key in PEM"), ("none.pem", "cannot be read")):
        refused = soxauto("keys", "add", str(tmp_path / name), "--owner", "A Reviewer", "--role", "reviewer")
        assert refused.exit_code == 2 and message in said(refused)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("keys", "list"), "cannot be read"),
        (("keys", "rotate"), "cannot be read"),
        (("keys", "revoke", "0" * 64, "--reason", "x"), "cannot be read"),
        (("keys", "revoke", "0" * 64, "--reason", "x", "--at", "yesterday"), "'yesterday' is no instant"),
        (("verify", "/nowhere", "--trust", "/nowhere"), "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_next_action(soxauto, home, arguments, message):
    result = soxauto(*arguments)
    assert result.exit_code == 2 and message in said(result) and "Next:" in said(result)


def test_a_key_is_not_let_in_twice(soxauto, home):
    assert soxauto(*INIT).exit_code == 0
    again = soxauto(*INIT)
    assert again.exit_code == 2 and "stands in the trust file already" in said(again)


def test_a_trust_file_of_production_does_not_take_a_key_of_this_environment(soxauto, home):
    refused = soxauto(*INIT, "--production")
    assert refused.exit_code == 2 and "counts in demo or lake, and the file is of production" in said(refused)
    assert not (home / "keys" / "trust.json").exists()


def test_load_and_close_use_the_key_and_the_trust_file_that_the_settings_name(soxauto, home, tmp_path, monkeypatch):
    import soxauto_assets
    from soxauto_assets.errors import NotVerified

    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "elsewhere" / "key.pem"
    path.parent.mkdir()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    monkeypatch.setenv("SOXAUTO_SIGNING_KEY", str(path))
    monkeypatch.setenv("SOXAUTO_TRUST", str(tmp_path / "trust.json"))
    assert soxauto(*INIT).exit_code == 0
    assert soxauto("close", "2025-09", "--item", "IPE_09").exit_code == 0
    assert not (home / "keys").exists()
    assert len(soxauto_assets.load("IPE_09", "2025-09")) > 0
    (entry,) = open_trust(tmp_path / "trust.json").keys
    soxauto("keys", "revoke", entry, "--reason", "lost")
    with pytest.raises(NotVerified, match=r"attempt 1 does not verify: trust: key .* was revoked"):
        soxauto_assets.load("IPE_09", "2025-09")
    path.chmod(0o644)
    refused = soxauto("close", "2025-08", "--item", "IPE_09")
    assert refused.exit_code == 2 and "can be read by others than its owner" in said(refused)


def test_a_key_that_the_settings_name_is_rotated_by_naming_the_next_one(soxauto, home, tmp_path, monkeypatch):
    soxauto(*INIT)
    (old,) = ids(home)
    text = (home / "keys" / "signing-key.pem").read_bytes()
    (tmp_path / "same.pem").write_bytes(text)
    (tmp_path / "same.pem").chmod(0o600)
    monkeypatch.setenv("SOXAUTO_SIGNING_KEY", str(tmp_path / "same.pem"))
    assert "which key is replaced was not said" in said(soxauto("keys", "rotate"))
    assert "stands in the trust file already" in said(soxauto("keys", "rotate", "--old", old))
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "next.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "next.pem").chmod(0o600)
    monkeypatch.setenv("SOXAUTO_SIGNING_KEY", str(tmp_path / "next.pem"))
    rotated = soxauto("keys", "rotate", "--old", old[:16])
    assert rotated.exit_code == 0, rotated.output
    first, second = open_trust(home / "keys" / "trust.json").keys.values()
    assert (first.id, first.not_after, second.owner) == (old, second.not_before, "month-end service")
