"""Trust files: read strictly, and whose signatures count."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from soxauto_assets.errors import SettingsError
from soxauto_assets.evidence import trust as trust_module
from soxauto_assets.evidence.envelope import key_id_of
from soxauto_assets.evidence.form import Fault
from soxauto_assets.evidence.trust import parse_trust, read_trust
from soxauto_assets.evidence.trust_edit import (
    add_key,
    end_key,
    new_trust,
    open_trust,
    revoke_key,
    trust_text,
    write_trust,
)
from soxauto_assets_tests.evidence.signed import (
    NOVEMBER,
    SEALED_AT,
    SEPTEMBER,
    signer,
    statement,
    trust_of,
    trusted_key,
)

ONE, TWO, THREE = (trusted_key(signer(number)) for number in (1, 2, 3))
PREPARER, REVIEWER = trusted_key(signer(4), ["preparer"]), trusted_key(signer(5), ["reviewer"])
PREDICATE = statement()["predicate"]


def code(trust, *keys, proven: datetime | None = None, **changes) -> str:
    """Return the reason code with which signatures by these keys are refused, or ``ok``."""
    try:
        trust.judge("package", {**PREDICATE, **changes}, [key.id for key in keys], proven)
    except Fault as fault:
        assert fault.layer == "trust"
        return fault.code
    return "ok"


# Whose signatures count.


def test_a_signature_by_a_trusted_key_counts_and_says_whose_it_is():
    assert trust_of(ONE).judge("package", PREDICATE, [ONE.id]) == "signed by key 1 (extractor)"


def test_no_signature_and_one_of_an_unknown_key_do_not_count():
    assert code(trust_of(ONE)) == "unsigned"
    assert code(trust_of(ONE), TWO) == "unknown-key"
    assert code(trust_of(ONE), ONE, TWO) == "ok", "what nobody knows is ignored where enough others count"


def test_a_key_counts_in_its_roles_alone():
    assert code(trust_of(REVIEWER), REVIEWER) == "role"
    assert code(trust_of(ONE, REVIEWER, extractor=1, reviewer=1), ONE) == "role"
    assert code(trust_of(ONE, REVIEWER, extractor=1, reviewer=1), ONE, REVIEWER) == "ok"


@pytest.mark.parametrize(
    ("sealed_at", "expected"),
    [
        ("2025-08-31T23:59:59.999Z", "not-yet-valid"),
        ("2025-09-01T00:00:00.000Z", "ok"),
        ("2025-10-31T23:59:59.999Z", "ok"),
        ("2025-11-01T00:00:00.000Z", "expired"),
        ("2025-11-01T00:00:00Z", "expired"),
        ("2025-10-08T06:00:00.000+00:00", "no-time"),
        ("2025-10-08", "no-time"),
        ("2025-13-08T06:00:00.000Z", "no-time"),
        (1, "no-time"),
        (None, "no-time"),
    ],
)
def test_a_key_counts_for_what_was_sealed_within_its_validity(sealed_at, expected):
    key = trusted_key(signer(1), not_before=SEPTEMBER, not_after=NOVEMBER)
    assert code(trust_of(key), key, sealed_at=sealed_at) == expected


def test_a_revoked_key_counts_only_where_a_trusted_time_is_older():
    """``sealed_at`` is the signer's own word: whoever has stolen the key writes whatever date he likes."""
    key = trusted_key(signer(1), revoked_at=NOVEMBER, revoked_reason="stolen")
    assert code(trust_of(key), key) == "revoked"
    assert code(trust_of(key), key, proven=NOVEMBER) == "revoked"
    assert code(trust_of(key), key, proven=NOVEMBER - timedelta(seconds=1)) == "ok"
    assert code(trust_of(key, TWO), key, TWO) == "ok", "another key that counts is enough"


@pytest.mark.parametrize("environment", ["demo", "lake"])
def test_a_trust_file_of_production_refuses_demo_and_lake(environment):
    key = trusted_key(signer(1), environments=("demo", "lake", "aws"))
    assert code(trust_of(key, production=False), key, environment=environment) == "ok"
    assert code(trust_of(key), key, environment=environment) == "environment"
    assert code(trust_of(production=True, extractor=0), environment=environment) == "environment"


def test_a_key_counts_in_its_environments_alone():
    key = trusted_key(signer(1), environments=("aws",))
    for environment in ("trino", "AWS", None, 1):
        assert code(trust_of(key), key, environment=environment) == "environment"


# Owners are counted, not names of keys.


def test_two_signatures_need_two_keys():
    trust = trust_of(ONE, TWO, extractor=2)
    assert code(trust, ONE) == code(trust, ONE, ONE) == "role"
    assert code(trust, ONE, TWO) == "ok"


def test_two_keys_of_one_owner_count_once():
    again = trusted_key(signer(2), owner=ONE.owner)
    assert code(trust_of(ONE, again, extractor=2), ONE, again) == "role"


def test_nobody_reviews_what_he_prepared():
    trust = {"extractor": 0, "preparer": 1, "reviewer": 1}
    assert code(trust_of(PREPARER, REVIEWER, **trust), PREPARER, REVIEWER) == "ok"
    same = trusted_key(signer(5), ["reviewer"], owner=PREPARER.owner)
    assert code(trust_of(PREPARER, same, **trust), PREPARER, same) == "self-review"


# The file.


def document(*keys, **changes) -> dict:
    return {**json.loads(trust_text(trust_of(*(keys or (ONE,))))), **changes}


def refused(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    with pytest.raises(Fault, match="the trust file cannot be used") as fault:
        parse_trust(text)
    assert (fault.value.layer, fault.value.code) == ("trust", "trust-file")
    return fault.value.text


def test_what_is_written_is_read_back(tmp_path):
    keys = (
        trusted_key(signer(1), not_after=NOVEMBER),
        trusted_key(signer(2), ["preparer", "period"], revoked_at=SEALED_AT, revoked_reason="lost"),
    )
    trust = trust_of(*keys, production=True, extractor=1, reviewer=2)
    write_trust(tmp_path / "trust.json", trust)
    assert open_trust(tmp_path / "trust.json") == trust


def changed_key(**changes) -> dict:
    return document(keys=[{**document()["keys"][0], **changes}])


def compressed() -> str:
    public = ec.derive_private_key(1001, ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    der = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point
    return f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"


FAULTY = {
    "another format": lambda: document(format="soxauto-trust/v0"),
    "one member more": lambda: document(threshold=1),
    "production is no truth value": lambda: document(production=1),
    "an unknown kind of document": lambda: document(required={"workpaper": {"extractor": 1}}),
    "an unknown role required": lambda: document(required={"package": {"boss": 1}}),
    "a negative number": lambda: document(required={"package": {"extractor": -1}}),
    "a number that is true": lambda: document(required={"package": {"extractor": True}}),
    "a time authority that is none": lambda: document(time_authorities=["x"]),
    "a time that nobody can confirm is required": lambda: document(time_required=True),
    "keys are no list": lambda: document(keys={}),
    "a key that is no object": lambda: document(keys=[1]),
    "a key twice": lambda: document(keys=document()["keys"] * 2),
    "a key under another id": lambda: changed_key(id="0" * 64),
    "a key with one member more": lambda: changed_key(comment="x"),
    "a misspelt role": lambda: changed_key(roles=["extracter"]),
    "no role": lambda: changed_key(roles=[]),
    "a role twice": lambda: changed_key(roles=["extractor", "extractor"]),
    "preparer and reviewer": lambda: changed_key(roles=["preparer", "reviewer"]),
    "an unknown environment": lambda: changed_key(environments=["production"]),
    "demo in a file of production": lambda: changed_key(environments=["aws", "demo"]),
    "no owner": lambda: changed_key(owner=" "),
    "no beginning": lambda: changed_key(not_before=None),
    "a time without zone": lambda: changed_key(not_before="2025-09-01T00:00:00"),
    "an end that is none": lambda: changed_key(not_after="never"),
    "revoked without a reason": lambda: changed_key(revoked_at="2025-09-01T00:00:00Z"),
    "a reason without revocation": lambda: changed_key(revoked_reason="lost"),
    "no PEM": lambda: changed_key(public_key="x"),
    "no text": lambda: changed_key(public_key=None),
    "PEM in another form": lambda: changed_key(public_key=document()["keys"][0]["public_key"] + "\n"),
    "a compressed point": lambda: changed_key(public_key=compressed()),
    "a list": list,
    "no JSON": lambda: b"{",
    "a member twice": lambda: (
        json.dumps(document()).replace('"production"', '"production": false, "production"').encode()
    ),
    "a byte order mark": lambda: b"\xef\xbb\xbf" + json.dumps(document()).encode(),
    "deep": lambda: b"[" * 100_000,
    "no text at all": lambda: b"\xff",
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_file_that_is_not_as_the_format_says_is_refused(fault):
    assert refused(FAULTY[fault]())


def test_one_key_under_two_ids_is_refused_whatever_its_spelling():
    """The id follows from the key, and the key has one spelling: there is no second id for it."""
    entry = document()["keys"][0]
    other = {**entry, "id": key_id_of(b"other"), "owner": "somebody else"}
    assert "the id of a key" in refused(document(keys=[entry, other]))
    # A compressed point is read as the same key, and is refused for its spelling.
    assert "written in another form" in refused(document(keys=[entry, {**other, "public_key": compressed()}]))


def test_a_file_that_is_too_large_or_cannot_be_read_is_refused(tmp_path, monkeypatch):
    with pytest.raises(Fault, match="cannot be read"):
        read_trust(tmp_path / "none.json")
    with pytest.raises(
        SettingsError, match=r"cannot be read .* Next: correct it, or make one with 'soxauto keys init'"
    ):
        open_trust(tmp_path / "none.json")
    write_trust(tmp_path / "trust.json", trust_of(ONE))
    monkeypatch.setattr(trust_module, "MAX_TRUST_BYTES", 10)
    with pytest.raises(Fault, match="longer than 10 bytes"):
        read_trust(tmp_path / "trust.json")


# Keeping it.


def test_keys_are_added_ended_and_revoked_and_never_taken_out():
    public_key = signer(1).public_key
    trust = add_key(new_trust(production=False), public_key, "month-end service", ["extractor"], ["aws"], SEPTEMBER)
    key_id = key_id_of(public_key)
    with pytest.raises(SettingsError, match="stands in the trust file already"):
        add_key(trust, public_key, "again", ["extractor"], ["aws"], SEPTEMBER)
    ended = end_key(trust, key_id[:8], NOVEMBER)
    assert ended.keys[key_id].not_after == NOVEMBER
    with pytest.raises(SettingsError, match="ended already"):
        end_key(ended, key_id, NOVEMBER + timedelta(days=1))
    assert end_key(ended, key_id, SEALED_AT).keys[key_id].not_after == SEALED_AT, "an end may be moved forward in time"
    gone = revoke_key(ended, key_id, SEALED_AT, "lost")
    assert (gone.keys[key_id].revoked_at, gone.keys[key_id].revoked_reason) == (SEALED_AT, "lost")
    with pytest.raises(SettingsError, match="was revoked already"):
        revoke_key(gone, key_id, NOVEMBER, "again")
    for prefix in ("", key_id[:7], "0" * 64):
        with pytest.raises(SettingsError, match="is the beginning of 0 keys"):
            end_key(trust, prefix, NOVEMBER)


def test_what_its_reader_would_refuse_is_not_written(tmp_path):
    path = tmp_path / "trust.json"
    write_trust(path, trust_of(ONE))
    before = path.read_bytes()
    with pytest.raises(SettingsError, match="nothing was written"):
        write_trust(path, trust_of(trusted_key(signer(1), ["preparer", "reviewer"])))
    assert path.read_bytes() == before and [entry.name for entry in tmp_path.iterdir()] == ["trust.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        write_trust(tmp_path / "file" / "trust.json", trust_of(ONE))


def test_instants_keep_their_milliseconds():
    instant = datetime(2025, 10, 8, 6, 0, 0, 123000, tzinfo=UTC)
    assert trust_module.parse_instant(trust_module.instant_text(instant)) == instant
