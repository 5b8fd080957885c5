"""Time tokens: what an authority confirms counts, where it is trusted; none is said, never implied."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from soxauto_assets.errors import SettingsError, SigningError
from soxauto_assets.evidence import form
from soxauto_assets.evidence.explain import commands
from soxauto_assets.evidence.form import Fault
from soxauto_assets.evidence.signing import Signing
from soxauto_assets.evidence.store import LocalEvidenceStore
from soxauto_assets.evidence.time_authority import TimeAuthority
from soxauto_assets.evidence.times import read_token, require_authority
from soxauto_assets.evidence.trust import Trust, instant_text
from soxauto_assets.evidence.trust_edit import add_authorities, open_trust
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets.settings import Settings
from soxauto_assets_tests.evidence.authority import Authority
from soxauto_assets_tests.evidence.signed import (
    ITEM,
    PAYLOAD,
    PERIOD,
    fault,
    refit_tags,
    rewrite,
    signer,
    statement,
    trust_of,
    trusted_key,
)

ONE, MESSAGE = signer(1), b"what is confirmed"


@pytest.fixture
def make_authority(tmp_path: Path) -> Iterator[Callable[..., Authority]]:
    made: list[Authority] = []

    def make(**arguments) -> Authority:
        made.append(Authority(tmp_path / f"authority-{len(made)}", **arguments))
        return made[-1]

    yield make
    for authority in made:
        authority.close()


@pytest.fixture
def authority(make_authority) -> Authority:
    return make_authority()


def opened(authority: Authority) -> TimeAuthority:
    return TimeAuthority.open(authority.url, authority.root_file)


def seal(root: Path, authority: Authority | None, sealed_at: datetime | None = None) -> Path:
    """Seal a small package now, signed, and confirmed by the authority."""
    store = LocalEvidenceStore(root)
    said = statement(sealed_at=instant_text(sealed_at or datetime.now(UTC)))
    info = {"External-Identifier": f"{ITEM}/{PERIOD}/attempt-0001"}
    sign = Signing((ONE,), opened(authority) if authority else None)
    return store.folder(store.write(ITEM, PERIOD, 1, PAYLOAD, said, info, sign))


def trusting(*authorities: Authority, required: bool = False, **key) -> Trust:
    roots = [authority.root for authority in authorities]
    return add_authorities(trust_of(trusted_key(ONE, **key)), roots, required)


def layer(package: Path, trust: Trust | None) -> tuple[str, str]:
    (found,) = [layer for layer in verify_package(package, trust).layers if layer.name == "time"]
    return found.status, found.code


def code(data: bytes, message: bytes = MESSAGE, *roots) -> str:
    try:
        require_authority(read_token(data, message, roots), roots)
    except Fault as refused:
        assert refused.layer == "time"
        return refused.code
    return "ok"


# What an authority confirms.


def test_a_token_is_stored_beside_the_signature_and_confirms_when_it_existed(tmp_path, authority):
    package = seal(tmp_path / "evidence", authority)
    report = verify_package(package, trusting(authority))
    assert report.verified and layer(package, trusting(authority)) == ("pass", "ok")
    (said,) = [layer.text for layer in report.layers if layer.name == "time"]
    assert said.startswith(f"CN=Clock says {datetime.now(UTC):%Y-%m-%dT%H}")
    assert f"  {form.TOKEN}\n" in (package / form.TAGMANIFEST).read_text()


def test_openssl_says_the_same_by_the_printed_command(tmp_path, authority):
    package = seal(tmp_path / "evidence", authority)
    (command,) = [line for line in commands(package).splitlines() if line.startswith("openssl ts")]
    environment = {"PATH": "/usr/bin:/bin", "TSA_CA": str(authority.root_file)}
    run = ["sh", "-e", "-c", command]
    done = subprocess.run(run, cwd=package, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "Verification: OK"), done.stderr
    rewrite(package / form.SIGNATURE, (package / form.SIGNATURE).read_bytes() + b" ")
    again = subprocess.run(run, cwd=package, env=environment, capture_output=True, check=False)
    assert again.returncode != 0


def test_where_no_authority_is_configured_the_report_says_so(tmp_path, authority):
    package = seal(tmp_path / "evidence", None)
    assert layer(package, None) == layer(package, trusting(authority)) == ("not present", "no-token")
    assert fault(package, trusting(authority, required=True)) == ("time", "no-token")


def test_a_token_whose_authority_the_reader_does_not_name_confirms_nothing(tmp_path, make_authority):
    known, other = make_authority(), make_authority()
    package = seal(tmp_path / "evidence", known)
    assert layer(package, None) == ("not present", "no-authority")
    assert layer(package, trusting()) == ("not present", "no-authority")
    assert fault(package, trusting(other)) == ("time", "untrusted-authority")
    assert fault(package, trusting(other, known)) is None


@pytest.mark.parametrize(
    "arguments",
    [{"kind": "rsa"}, {"digest": "sha384"}, {"digest": "sha512", "kind": "rsa"}, {"below": True}, {"named": True}],
    ids=str,
)
def test_authorities_of_every_usual_kind_are_understood(make_authority, arguments):
    authority = make_authority(**arguments)
    token = opened(authority).token(MESSAGE)
    assert code(token, MESSAGE, authority.root) == "ok"


# Whatever is changed.


def test_every_bit_of_a_token_is_covered_even_when_manifests_and_seal_are_made_to_fit(tmp_path, authority):
    """What a token leaves unsigned has one accepted value, so that nothing is left to flip."""
    token = opened(authority).token(MESSAGE)
    assert code(token, MESSAGE, authority.root) == "ok"
    accepted = []
    for position in range(len(token) * 8):
        changed = bytearray(token)
        changed[position // 8] ^= 1 << position % 8
        if code(bytes(changed), MESSAGE, authority.root) == "ok":
            accepted.append(position)
    assert accepted == []


def test_a_changed_or_foreign_token_in_a_package_that_was_made_to_fit_is_found(tmp_path, authority):
    package, trust = seal(tmp_path / "evidence", authority), trusting(authority)
    original = (package / form.TOKEN).read_bytes()
    for content, expected in (
        (opened(authority).token(b"another signature"), ("time", "other-message")),
        (original[:-1] + bytes([original[-1] ^ 1]), ("time", "token")),
        (original + b"\0", ("time", "token")),
        (b"", ("time", "token")),
        (b"x" * (1 << 19), ("time", "token")),
    ):
        rewrite(package / form.TOKEN, content)
        assert fault(package, trust) == ("fixity", "changed-file")
        refit_tags(package)
        assert fault(package, trust) == fault(package, None) == expected
    (package / form.SIGNATURE).unlink()
    rewrite(package / form.TOKEN, original)
    refit_tags(package)
    assert fault(package, trust) == ("time", "token"), "a token without a signature confirms nothing"


def test_a_token_that_was_taken_away_is_found_by_whoever_requires_one(tmp_path, authority):
    package = seal(tmp_path / "evidence", authority)
    (package / form.TOKEN).unlink()
    refit_tags(package)
    assert layer(package, trusting(authority)) == ("not present", "no-token")
    assert fault(package, trusting(authority, required=True)) == ("time", "no-token")


# The confirmed time is what counts.


def test_what_a_revoked_key_signed_before_counts_with_a_token_and_not_without(tmp_path, authority):
    revoked = {"revoked_at": datetime.now(UTC) + timedelta(days=1), "revoked_reason": "stolen"}
    confirmed, claimed = seal(tmp_path / "confirmed", authority), seal(tmp_path / "claimed", None)
    assert fault(confirmed, trusting(authority, **revoked)) is None
    assert fault(claimed, trusting(authority, **revoked)) == ("trust", "revoked")
    assert fault(confirmed, trusting(**revoked)) == ("trust", "revoked"), "an authority that nobody named"
    before = {**revoked, "revoked_at": datetime.now(UTC) - timedelta(hours=1)}
    assert fault(confirmed, trusting(authority, **before)) == ("trust", "revoked")


def test_a_statement_that_claims_another_day_than_the_authority_is_refused(tmp_path, authority):
    now = datetime.now(UTC)
    for hours, expected in ((-25, ("time", "clock")), (-23, None), (23, None), (25, ("time", "clock"))):
        package = seal(tmp_path / f"by{hours}", authority, now + timedelta(hours=hours))
        assert fault(package, trusting(authority)) == expected, hours


def test_a_keys_validity_is_held_against_the_confirmed_time(tmp_path, authority):
    """An hour after its end a key signs, and claims an hour before."""
    now = datetime.now(UTC)
    package = seal(tmp_path / "evidence", authority, now - timedelta(hours=2))
    ended = {"not_after": now - timedelta(hours=1)}
    assert fault(package, trusting(**ended)) is None
    assert fault(package, trusting(authority, **ended)) == ("trust", "expired")


# Authorities that must not be believed.


@pytest.mark.parametrize(
    "arguments",
    [
        {"usages": ()},
        {"usages": (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)},
        {"usages": (ExtendedKeyUsageOID.CODE_SIGNING,)},
        {"critical": False},
        {"days": (-10, -1)},
        {"days": (1, 10)},
    ],
    ids=str,
)
def test_a_certificate_that_is_not_for_time_stamps_or_not_valid_then_is_refused(make_authority, arguments):
    """By ``openssl ts`` itself, which then answers with an error, or by us."""
    with pytest.raises(SigningError):
        opened(make_authority(**arguments)).token(MESSAGE)


def test_an_authority_below_a_certificate_that_is_no_authority_is_refused(make_authority):
    """The signer's own certificate as a root of another one: it issues nothing."""
    authority = make_authority()
    token = read_token(opened(authority).token(MESSAGE), MESSAGE, [authority.root])
    with pytest.raises(Fault, match="no trusted authority issued CN=Clock"):
        require_authority(replace(token, others=()), [make_authority().root])


# Asking.


def test_an_authority_that_is_down_or_refuses_stops_the_sealing(tmp_path, authority):
    answers = {
        "HTTP status 403": lambda request: (_ for _ in ()).throw(RuntimeError("403")),
        "HTTP status 503": lambda request: (_ for _ in ()).throw(RuntimeError("503")),
        "the time token does not hold": lambda request: b"<html>",
        "it is too long": lambda request: b"x" * (1 << 19),
    }
    for reason, answer in answers.items():
        authority.misbehave, authority.asked = answer, 0
        with pytest.raises(SigningError, match=rf"gave no token: .*{reason}.* Next: see whether it can be reached"):
            seal(tmp_path / "evidence", authority)
        assert authority.asked == (3 if "503" in reason else 1)
    assert [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == []


def test_an_authority_that_recovers_is_asked_again(authority):
    def sometimes(request: bytes) -> bytes:
        if authority.asked < 3:
            raise RuntimeError("503")
        return authority.reply(request)

    authority.misbehave = sometimes
    assert code(opened(authority).token(MESSAGE), MESSAGE, authority.root) == "ok"


def test_an_old_answer_is_not_taken_for_a_new_one(authority):
    """Same message, earlier nonce: otherwise a man in the middle could date a signature back."""
    first = opened(authority).token(MESSAGE)
    authority.misbehave = lambda request: first
    with pytest.raises(SigningError, match="its answer is to another request"):
        opened(authority).token(MESSAGE)


def test_an_authority_that_cannot_be_reached_is_named(authority):
    authority.close()
    with pytest.raises(SigningError, match=r"http://127.0.0.1:\d+/ gave no token: .*refused"):
        opened(authority).token(MESSAGE)


# Settings.


def test_an_authority_and_its_root_are_named_together(tmp_path):
    (tmp_path / "none.pem").write_text("x")
    with pytest.raises(SettingsError, match="of SOXAUTO_TSA_URL and SOXAUTO_TSA_CA only one is set"):
        Settings.from_environment({"SOXAUTO_TSA_URL": "https://time.example/"})
    for url, file, message in (
        ("ftp://time.example/", "none.pem", "SOXAUTO_TSA_URL is 'ftp://time.example/'"),
        ("https://time.example/", "none.pem", "holds no certificate in PEM"),
        ("https://time.example/", "nothing.pem", "cannot be read"),
    ):
        with pytest.raises(SettingsError, match=message):
            TimeAuthority.open(url, tmp_path / file)


def test_a_close_asks_the_authority_that_the_settings_name(soxauto, tmp_path, monkeypatch, authority):
    monkeypatch.setenv("SOXAUTO_TSA_URL", authority.url)
    monkeypatch.setenv("SOXAUTO_TSA_CA", str(authority.root_file))
    assert soxauto("keys", "init", "--owner", "month-end service").exit_code == 0
    named = soxauto("keys", "authority", str(authority.root_file), "--required")
    assert named.exit_code == 0 and "Time tokens that lead to CN=Root count" in named.output
    assert soxauto("close", "2025-09", "--item", "IPE_09").exit_code == 0
    trust = str(tmp_path / "home" / "keys" / "trust.json")
    verified = soxauto("verify", str(tmp_path / "home" / "evidence"), "--trust", trust)
    assert verified.exit_code == 0 and "time: pass (ok). CN=Clock says" in verified.output
    assert open_trust(Path(trust)).roots == [authority.root] and open_trust(Path(trust)).time_required
