"""Signed packages: whatever is changed, by whomever without the key, is rejected, and the layer that finds it is named."""

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from soxauto_assets.evidence import form
from soxauto_assets.evidence.envelope import key_id_of
from soxauto_assets.evidence.signing import sign_statement
from soxauto_assets.evidence.verify import Report, verify_package
from soxauto_assets_tests.evidence.signed import (
    ITEM,
    NOVEMBER,
    PERIOD,
    fault,
    fault_of,
    files,
    refit_tags,
    rewrite,
    seal,
    seal_again,
    signer,
    statement,
    trust_of,
    trusted_key,
)

ONE, FORGER = signer(1), signer(666)
TRUST = trust_of(trusted_key(ONE))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return seal(tmp_path / "evidence", ONE)


def statuses(report: Report) -> dict[str, tuple[str, str]]:
    return {layer.name: (layer.status, layer.code) for layer in report.layers}


def test_a_signed_package_verifies_layer_by_layer(package):
    report = verify_package(package, TRUST)
    assert statuses(report) == {
        "fixity": ("pass", "ok"),
        "seal": ("pass", "ok"),
        "statement": ("pass", "ok"),
        "signature": ("pass", "ok"),
        "time": ("not present", "no-token"),
        "trust": ("pass", "ok"),
    }
    assert report.verified and report.signers == (key_id_of(ONE.public_key),)


def test_without_a_trust_file_the_report_says_that_nobody_is_trusted(package):
    report = verify_package(package)
    assert report.verified and statuses(report)["trust"] == ("not present", "no-trust-file")


def test_an_unsigned_package_fails_only_where_the_reader_requires_a_signature(tmp_path):
    package = seal(tmp_path / "evidence")
    assert statuses(verify_package(package))["signature"] == ("not present", "unsigned")
    assert fault(package) is None
    assert fault(package, TRUST) == ("trust", "unsigned")
    assert fault(package, trust_of(extractor=0)) is None


def test_the_signature_is_covered_by_the_tag_manifest_and_the_seal(package):
    named = f"{form.file_fact(package / form.SIGNATURE).sha256}  {form.SIGNATURE}\n"
    assert named in (package / form.TAGMANIFEST).read_text()
    sealed = json.loads((package / form.SEAL).read_bytes())["files"]
    assert form.SIGNATURE in {entry["path"] for entry in sealed}


# Every bit.


def flipped(original: bytes, position: int) -> bytes:
    changed = bytearray(original)
    changed[position // 8] ^= 1 << position % 8
    return bytes(changed)


def test_every_single_bit_of_every_file_of_a_small_package_is_covered(package):
    accepted, layers = [], Counter[str]()
    for path in files(package):
        original = path.read_bytes()
        for position in range(len(original) * 8):
            rewrite(path, flipped(original, position))
            found = fault(package, TRUST)
            layers[found[0] if found else "none"] += 1
            if found is None:
                accepted.append((path.name, position))
        rewrite(path, original)
    assert accepted == []
    assert set(layers) == {"fixity", "seal"} and layers.total() > 25_000
    assert verify_package(package, TRUST).verified


def test_five_thousand_random_bits_of_a_larger_package_are_covered(tmp_path):
    generator = random.Random("a larger package")
    rows = {f"rows/part-{number:05d}.parquet": generator.randbytes(10_000) for number in range(20)}
    package = seal(tmp_path / "evidence", ONE, payload=rows)
    every = {path: path.read_bytes() for path in files(package)}
    bits = [(path, position) for path, content in every.items() for position in range(0, len(content) * 8, 8)]
    for path, byte in generator.sample(bits, 5_000):
        rewrite(path, flipped(every[path], byte + generator.randrange(8)))
        assert fault(package, TRUST) is not None, (path.name, byte)
        rewrite(path, every[path])
    assert verify_package(package, TRUST).verified


REFITTED = {
    "data/checks.json": {("statement", "statement")},
    "data/rows/part-00000.parquet": {("statement", "statement")},
    "bag-info.txt": {("statement", "statement"), ("fixity", "bag")},
    "bagit.txt": {("fixity", "bag")},
}


@pytest.mark.parametrize("name", ["data/checks.json", "data/rows/part-00000.parquet", "bag-info.txt", "bagit.txt"])
def test_every_bit_of_a_file_is_covered_by_the_signature_when_all_above_it_is_made_to_fit(package, name):
    """A forger without the key fits manifests and seal to what he changed; the signed statement still names the old."""
    path, original = package / name, (package / name).read_bytes()
    for position in range(len(original) * 8):
        rewrite(path, flipped(original, position))
        seal_again(package)
        assert fault(package, TRUST) in REFITTED[name], position


@pytest.mark.parametrize("name", [form.STATEMENT, form.SIGNATURE])
def test_every_bit_of_statement_and_signature_is_covered_when_manifests_and_seal_are_made_to_fit(package, name):
    path, original = package / name, (package / name).read_bytes()
    layers = Counter[str]()
    for position in range(len(original) * 8):
        rewrite(path, flipped(original, position))
        refit_tags(package)
        found = fault(package, TRUST)
        assert found is not None, position
        layers[found[0]] += 1
    assert layers["signature"] > len(original)
    assert set(layers) <= {"statement", "signature"}


# A file removed, added, renamed, exchanged.


def test_each_file_removed_renamed_or_exchanged_is_found(package, tmp_path):
    every = files(package)
    for path in every:
        path.rename(tmp_path / "aside")
        assert fault(package, TRUST)[0] == "fixity", path
        shutil.copy(tmp_path / "aside", path.with_name("renamed"))
        assert fault(package, TRUST)[0] == "fixity", path
        path.with_name("renamed").unlink()
        (tmp_path / "aside").rename(path)
    for one in every:
        for other in every:
            first, second = one.read_bytes(), other.read_bytes()
            rewrite(one, second)
            rewrite(other, first)
            assert (fault(package, TRUST) is None) == (one == other), (one, other)
            rewrite(one, first)
            rewrite(other, second)


@pytest.mark.parametrize("name", ["data/extra.txt", "extra.txt", "signature.dsse.json.bak", "fetch.txt"])
def test_an_added_file_is_found(package, name):
    (package / name).write_bytes(b"x")
    assert fault(package, TRUST) == ("fixity", "extra-file")
    seal_again(package)
    assert fault(package, TRUST) in {("fixity", "extra-file"), ("statement", "statement")}


def test_the_signature_taken_away_and_all_made_to_fit_is_found_by_whoever_requires_one(package):
    (package / form.SIGNATURE).unlink()
    assert fault(package, TRUST) == ("fixity", "missing-file")
    refit_tags(package)
    assert fault(package, TRUST) == ("trust", "unsigned")
    assert statuses(verify_package(package))["signature"] == ("not present", "unsigned")


def test_a_removed_payload_file_is_found_when_manifests_and_seal_are_made_to_fit(package):
    (package / "data" / "checks.json").unlink()
    seal_again(package)
    assert fault(package, TRUST) == ("statement", "statement")


# Another spelling.

SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "re-encoded": lambda text: json.dumps(json.loads(text), indent=1).encode(),
    "other order of keys": lambda text: json.dumps(
        dict(reversed(json.loads(text).items())), separators=(",", ":")
    ).encode(),
    "CRLF": lambda text: text.replace(b",", b",\r\n"),
    "duplicate key": lambda text: text.replace(b"{", b'{"a":1,"a":1,', 1),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "line end": lambda text: text + b"\n",
    "escaped": lambda text: text.replace(b"a", b"\\u0061", 1),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", [form.STATEMENT, form.SIGNATURE, form.SEAL])
def test_another_spelling_is_refused_even_when_the_rest_is_made_to_fit(package, name, spelling):
    rewrite(package / name, SPELLINGS[spelling]((package / name).read_bytes()))
    assert fault(package, TRUST)[0] == "fixity"
    if name != form.SEAL:
        refit_tags(package)
        layer = "statement" if name == form.STATEMENT else "signature"
        assert fault(package, TRUST) == (layer, "not-canonical")


def test_manifests_with_carriage_returns_are_refused(package):
    rewrite(package / form.MANIFEST, (package / form.MANIFEST).read_bytes().replace(b"\n", b"\r\n"))
    refit_tags(package)
    assert fault(package, TRUST) == ("fixity", "bag")


# The right signature in the wrong place.


def test_an_old_package_under_a_new_month_is_found(package, tmp_path):
    for place in (f"{ITEM}/2025-10/attempt-0001", f"{ITEM}/{PERIOD}/attempt-0002", f"CR_04/{PERIOD}/attempt-0001"):
        shutil.copytree(package, tmp_path / "replayed" / place)
        assert fault(tmp_path / "replayed" / place, TRUST) == ("statement", "other-place")
    shutil.copytree(package, tmp_path / "anywhere")
    assert fault(tmp_path / "anywhere", TRUST) is None, "an auditor may keep a package under any other name"


def test_a_local_copy_under_another_packages_seal_is_found(package, tmp_path):
    seal_sha256 = verify_package(package).seal_sha256
    for name, expected in ((seal_sha256, None), ("0" * 64, ("statement", "other-place"))):
        shutil.copytree(package, tmp_path / "cache" / ITEM / PERIOD / "attempt-0001" / name)
        assert fault(tmp_path / "cache" / ITEM / PERIOD / "attempt-0001" / name, TRUST) == expected


def test_bag_info_of_another_month_is_found(package):
    text = (package / form.INFO).read_bytes().replace(b"2025-09", b"2025-10")
    rewrite(package / form.INFO, text)
    refit_tags(package)
    assert fault(package, TRUST) == ("statement", "statement")


def test_the_signature_of_another_package_is_found(package, tmp_path):
    other = seal(tmp_path / "other", ONE, payload={"checks.json": b'{"a":2}'})
    shutil.copy(other / form.SIGNATURE, tmp_path / "envelope")
    rewrite(package / form.SIGNATURE, (tmp_path / "envelope").read_bytes())
    refit_tags(package)
    assert fault(package, TRUST) == ("signature", "other-statement")


# The wrong keys.


def test_a_forger_with_a_key_of_his_own_is_not_trusted(tmp_path):
    package = seal(tmp_path / "forged", FORGER)
    assert fault(package) is None, "which is why a trust file is needed"
    assert fault(package, TRUST) == ("trust", "unknown-key")


def test_a_signature_that_names_a_trusted_key_and_was_made_by_another_is_found(package):
    """Key and id are those of the trusted one; the signature is the forger's."""
    text = (package / form.STATEMENT).read_bytes()
    trusted, forged = (json.loads(sign_statement(text, (key,))) for key in (ONE, FORGER))
    trusted["signatures"][0]["sig"] = forged["signatures"][0]["sig"]
    rewrite(package / form.SIGNATURE, form.canonical(trusted))
    refit_tags(package)
    assert fault(package, TRUST) == ("signature", "bad-signature")


def test_one_key_under_two_ids_is_found(package):
    value = json.loads((package / form.SIGNATURE).read_bytes())
    value["signatures"].append({**value["signatures"][0], "keyid": "f" * 64})
    rewrite(package / form.SIGNATURE, form.canonical(value))
    refit_tags(package)
    assert fault(package, trust_of(trusted_key(ONE), extractor=2)) == ("signature", "key-id")


def test_a_revoked_key_is_refused(package):
    revoked = trust_of(trusted_key(ONE, revoked_at=NOVEMBER, revoked_reason="stolen"))
    assert fault(package, revoked) == ("trust", "revoked")


def test_a_package_of_the_demo_is_refused_in_production(tmp_path):
    package = seal(tmp_path / "evidence", ONE, said=statement(environment="demo"))
    assert fault(package, TRUST) == ("trust", "environment")
    accepting = trust_of(trusted_key(ONE, environments=("demo",)), production=False)
    assert fault(package, accepting) is None


def test_a_statement_without_a_time_cannot_be_held_to_a_keys_validity(tmp_path):
    package = seal(tmp_path / "evidence", ONE, said=statement(sealed_at=None))
    assert fault(package, TRUST) == ("trust", "no-time")


def test_two_owners_who_both_signed_are_both_named(tmp_path):
    two = signer(2)
    package = seal(tmp_path / "evidence", ONE, two)
    trust = trust_of(trusted_key(ONE), trusted_key(two, ["reviewer"]), extractor=1, reviewer=1)
    assert verify_package(package, trust).layers[-1].text == "signed by key 1 (extractor), key 2 (reviewer)"


# Hostile envelopes cost no more than others.


def test_a_long_envelope_is_refused_without_reading_it(package):
    path = package / form.SIGNATURE
    path.chmod(0o644)
    os.truncate(path, form.MAX_DOCUMENT_BYTES + 1)
    assert fault(package, TRUST) == ("fixity", "too-large")


def test_reading_stops_when_it_takes_too_long(package, monkeypatch):
    monkeypatch.setattr(form, "MAX_SECONDS", -1)
    assert fault(package, TRUST) == ("fixity", "too-slow")


def test_a_report_of_a_fault_says_what_was_not_evaluated(package):
    rewrite(package / form.BAGIT, b"")
    report = verify_package(package, TRUST)
    assert fault_of(report) == ("fixity", "changed-file") and report.seal_sha256 is None
    assert [layer.code for layer in report.layers[1:]] == ["not-evaluated"] * 5
