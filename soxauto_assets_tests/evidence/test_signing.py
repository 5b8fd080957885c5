"""Signing keys in files: who may read them, where they may lie, and that what they make is verified."""

import multiprocessing
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from soxauto_assets.errors import SigningError
from soxauto_assets.evidence.signing import LocalSigner, keep_out_of_git, sign_statement
from soxauto_assets_tests.evidence.signed import signer

STATEMENT = b'{"a":1}'


def pem(key, encryption=None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def write_key(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key(tmp_path / "key.pem", pem(ec.generate_private_key(ec.SECP256R1())))


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    path = tmp_path / "keys" / "signing-key.pem"
    first, again = LocalSigner.create(path), LocalSigner.create(path)
    assert first.public_key == again.public_key == LocalSigner.open(path).public_key
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["signing-key.pem"]


def test_equal_statements_get_equal_signatures(key):
    opened = LocalSigner.open(key)
    assert sign_statement(STATEMENT, (opened,)) == sign_statement(STATEMENT, (LocalSigner.open(key),))


def test_processes_that_make_a_key_at_once_agree_on_one(tmp_path):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        keys = pool.map(made_key, [tmp_path / "key.pem"] * 6)
    assert len(set(keys)) == 1


def made_key(path: Path) -> bytes:
    return LocalSigner.create(path).public_key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o777])
def test_a_key_that_others_can_read_is_refused(key, mode):
    key.chmod(mode)
    with pytest.raises(SigningError, match=r"can be read by others than its owner\. Next: .*chmod 600"):
        LocalSigner.open(key)


def test_a_link_to_a_key_and_no_key_are_refused(key, tmp_path):
    (tmp_path / "link.pem").symlink_to(key)
    for path in (tmp_path / "link.pem", tmp_path / "nothing.pem"):
        with pytest.raises(SigningError, match="cannot be read"):
            LocalSigner.open(path)
    with pytest.raises(SigningError, match=r"can be read by others|cannot be read"):
        LocalSigner.open(tmp_path)


def test_a_dangling_link_is_not_written_through(tmp_path):
    (tmp_path / "key.pem").symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(SigningError):
        LocalSigner.create(tmp_path / "key.pem")
    assert not (tmp_path / "elsewhere.pem").exists()


OTHER_KEYS = {
    "another curve": lambda: pem(ec.generate_private_key(ec.SECP384R1())),
    "RSA": lambda: pem(rsa.generate_private_key(65537, 2048)),
    "with a passphrase": lambda: pem(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"secret")),
    "no PEM": lambda: b"secret text",
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("kind", OTHER_KEYS)
def test_another_kind_of_key_is_refused_and_not_quoted(tmp_path, kind):
    path = write_key(tmp_path / "key.pem", OTHER_KEYS[kind]())
    with pytest.raises(SigningError, match="is no P-256 key in PEM, without a passphrase") as refused:
        LocalSigner.open(path)
    assert "secret text" not in str(refused.value)


@pytest.mark.parametrize("below", ["key.pem", "deep/er/key.pem"])
@pytest.mark.parametrize("git", ["folder", "worktree"])
def test_a_key_in_a_git_checkout_is_refused(tmp_path, key, below, git):
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    if git == "folder":
        subprocess.run(["git", "init", "--quiet", str(checkout)], check=True)
    else:
        (checkout / ".git").write_text("gitdir: elsewhere\n")
    path = checkout / below
    path.parent.mkdir(parents=True, exist_ok=True)
    with pytest.raises(SigningError, match="lies in the git checkout"):
        LocalSigner.create(path)
    assert not path.exists()
    key.rename(path)
    with pytest.raises(SigningError, match="lies in the git checkout"):
        LocalSigner.open(path)


def test_the_folder_that_the_product_makes_is_one_that_git_passes_over(tmp_path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    folder = tmp_path / "home" / "keys"
    keep_out_of_git(folder)
    LocalSigner.create(folder / "signing-key.pem")
    shown = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout == ""


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SigningError, match=r"cannot be (written|made) \(.*\)\. Next: correct the permissions"):
        LocalSigner.create(tmp_path / "file" / "key.pem")
    with pytest.raises(SigningError, match="correct the permissions, or set SOXAUTO_SIGNING_KEY"):
        keep_out_of_git(tmp_path / "file" / "keys")


class Lying:
    """A key that signs with another one than it says."""

    place = "alias/moved"
    public_key = signer(1).public_key

    def sign(self, message: bytes) -> bytes:
        return signer(2).sign(message)


class Broken(Lying):
    def sign(self, message: bytes) -> bytes:
        return b"no signature"


@pytest.mark.parametrize("key", [Lying(), Broken()])
def test_what_a_key_made_is_verified_before_it_is_stored(key):
    with pytest.raises(SigningError, match="what signing key alias/moved made does not verify"):
        sign_statement(STATEMENT, (signer(3), key))


def test_the_private_key_is_readable_by_openssl_and_by_nobody_else(key):
    """What is on the disk is plain PKCS #8, so that it can be moved into an HSM."""
    assert isinstance(load_pem_private_key(key.read_bytes(), None), ec.EllipticCurvePrivateKey)
    subprocess.run(["openssl", "pkey", "-in", str(key), "-noout"], check=True)
