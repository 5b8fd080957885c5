"""Period manifests: what was left out, taken away, put back or put under another month is found from them."""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from soxauto_assets.errors import NotVerified, PeriodError
from soxauto_assets.evidence import form
from soxauto_assets.evidence.period_manifest import MISSING, NOT_APPLICABLE, SEALED, Manifest, read_manifest
from soxauto_assets.evidence.period_store import ManifestStore
from soxauto_assets.evidence.period_verify import PERIOD_LAYERS, PeriodReport, verify_period
from soxauto_assets.evidence.signing import Signing, sign_statement
from soxauto_assets.evidence.store import LocalEvidenceStore
from soxauto_assets.evidence.trust import Trust
from soxauto_assets.numbered import LocalNumberedLog
from soxauto_assets.period import Period
from soxauto_assets_tests.evidence.signed import PAYLOAD, SEALED_AT, signer, statement, trusted_key
from soxauto_assets_tests.evidence.signed import rewrite as rewrite_file

ONE, FORGER = signer(1), signer(666)
AUGUST, SEPTEMBER, OCTOBER = (Period.parse(f"2025-{month}") for month in ("08", "09", "10"))
ITEMS = ("CR_04", "IPE_07", "IPE_09")
REQUIRED = ("CR_04", "IPE_07")
NOW = "2025-10-08T06:00:00.000Z"


def trust(*keys, **members) -> Trust:
    required = {"package": {"extractor": 1}, "period": {"period": 1}}
    known = trusted_key(ONE, ["extractor", "period"], **members)
    return Trust(True, required, {key.id: key for key in (known, *keys)})


class Deployment:
    """Packages and manifests in a folder."""

    def __init__(self, root: Path):
        self.root = root
        self.store = LocalEvidenceStore(root / "evidence")
        self.manifests = ManifestStore(lambda period: LocalNumberedLog(root / "manifests"))
        self.exempt: set[str] = set()

    def seal(self, item: str, period: Period = SEPTEMBER, verdict: str = "passed") -> Path:
        attempt = len(self.store.attempts(item, period.key)) + 1
        said = statement(period.key, attempt, verdict=verdict, item=item, content_id="c" * 64)
        info = {"External-Identifier": f"{item}/{period.key}/attempt-{attempt:04d}"}
        payload = {**PAYLOAD, "attempt.txt": f"{item} {attempt}".encode()}
        package = self.store.write(item, period.key, attempt, payload, said, info, Signing((ONE,)))
        return self.store.folder(package)

    def states(self, period: Period) -> dict[str, dict]:
        states: dict[str, dict] = {}
        for item in ITEMS:
            listed = [
                {"attempt": p.attempt, "seal_sha256": p.seal_sha256} for p in self.store.attempts(item, period.key)
            ]
            required = {"required": item in REQUIRED}
            if item in self.exempt:
                why = {"reason": "no such business", "person": "A Reviewer", "act_sha256": "a" * 64}
                states[item] = {"state": NOT_APPLICABLE, **required, **why, "superseded": listed}
            elif listed:
                content = {"content_id": "c" * 64, "verdict": "passed"}
                states[item] = {"state": SEALED, **required, **listed[-1], **content, "superseded": listed[:-1]}
            else:
                states[item] = {"state": MISSING, **required, "reason": "it was never extracted", "superseded": []}
        return states

    def record(self, period: Period = SEPTEMBER, key=ONE) -> Manifest:
        sign = partial(sign_statement, signers=(key,))
        return self.manifests.write("aws", period, self.states(period), NOW, "test", sign)

    def verify(self, period: Period = SEPTEMBER, given: Trust | None = None, head: str | None = None) -> PeriodReport:
        return verify_period(period, self.manifests.texts(), self.store, ITEMS, given or trust(), head)

    def faults(self, period: Period = SEPTEMBER, given: Trust | None = None, head: str | None = None) -> set[tuple]:
        layers = self.verify(period, given, head).layers
        return {(layer.name, layer.code) for layer in layers if layer.status == "fail"}

    def place(self, number: int) -> Path:
        return self.root / "manifests" / f"{number:04d}.json"

    def rewrite(self, number: int, text: bytes) -> None:
        rewrite_file(self.place(number), text)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """August and September, closed; of CR_04 there are two attempts."""
    made = Deployment(tmp_path)
    for period in (AUGUST, SEPTEMBER):
        for item in ("CR_04", "CR_04", *ITEMS[1:]):
            made.seal(item, period)
        made.record(period)
    return made


def test_a_month_that_is_whole_verifies_layer_by_layer(deployment):
    report = deployment.verify()
    assert report.verified and [layer.name for layer in report.layers] == list(PERIOD_LAYERS)
    texts = {layer.name: layer.text for layer in report.layers}
    assert texts["items"] == "3 expected: 3 sealed"
    assert texts["packages"] == "4 packages are those of the manifest, and verify"
    assert texts["trust"] == "signed by key 1 (extractor), key 1 (period)"
    assert report.head == f"2:{deployment.manifests.all()[1].sha256}"


def test_the_manifest_lists_every_item_with_seal_content_verdict_and_what_was_superseded(deployment):
    manifest = deployment.manifests.newest("2025-09")
    first, second = deployment.store.attempts("CR_04", "2025-09")
    assert manifest.predicate["status"] == "complete"
    assert manifest.items["CR_04"] == {
        "state": "sealed",
        "required": True,
        "attempt": 2,
        "seal_sha256": second.seal_sha256,
        "content_id": "c" * 64,
        "verdict": "passed",
        "superseded": [{"attempt": 1, "seal_sha256": first.seal_sha256}],
    }
    august = deployment.manifests.newest("2025-08")
    assert manifest.predicate["previous"] == manifest.predicate["month_before"] == august.link()


def test_an_idle_month_has_a_manifest_in_which_everything_is_missing(deployment):
    manifest = deployment.record(OCTOBER)
    assert {entry["state"] for entry in manifest.items.values()} == {MISSING}
    assert manifest.predicate["status"] == "incomplete"
    assert deployment.faults(OCTOBER) == {("items", "missing")}
    named = [layer.text for layer in deployment.verify(OCTOBER).layers if layer.name == "items"]
    assert named == [f"{item} is missing: it was never extracted" for item in REQUIRED], "IPE_09 feeds no component"


def test_a_month_without_a_manifest_does_not_verify(deployment):
    assert {code for name, code in deployment.faults(OCTOBER) if name in PERIOD_LAYERS[2:]} == {"no-manifest"}


def test_an_item_that_does_not_apply_is_listed_with_its_reason(deployment):
    deployment.exempt = {"IPE_09"}
    manifest = deployment.record()
    entry = manifest.items["IPE_09"]
    assert (entry["state"], entry["reason"], entry["person"]) == (NOT_APPLICABLE, "no such business", "A Reviewer")
    assert len(entry["superseded"]) == 1 and deployment.faults() == set()


# Left out, taken away, put back.


def test_an_item_that_was_left_out_is_found(deployment):
    states = deployment.states(SEPTEMBER)
    del states["IPE_07"]
    deployment.manifests.write("aws", SEPTEMBER, states, NOW, "test", partial(sign_statement, signers=(ONE,)))
    assert deployment.faults() == {("items", "omitted"), ("packages", "unlisted")}


@pytest.mark.parametrize(("attempt", "code"), [(1, "deleted"), (2, "rolled-back")])
def test_a_package_that_was_taken_away_is_found(deployment, attempt, code):
    shutil.rmtree(deployment.root / "evidence" / "CR_04" / "2025-09" / f"attempt-000{attempt}")
    assert deployment.faults() == {("packages", code)}
    assert deployment.faults(AUGUST) == set(), "the other month is whole"


def test_every_package_of_an_item_taken_away_is_found(deployment):
    shutil.rmtree(deployment.root / "evidence" / "CR_04")
    assert deployment.faults() == {("packages", "deleted")}


def test_a_package_that_was_exchanged_for_another_signed_one_is_found(deployment, tmp_path):
    """The forger has an old signed package of the same place, for example from a backup."""
    other = Deployment(tmp_path / "other")
    package = deployment.root / "evidence" / "IPE_07" / "2025-09" / "attempt-0001"
    shutil.rmtree(package)
    shutil.move(other.seal("IPE_07", verdict="failed"), package)
    assert deployment.faults() == {("packages", "other-package")}


def test_a_package_put_under_another_month_is_found(deployment):
    place = deployment.root / "evidence" / "IPE_07"
    shutil.rmtree(place / "2025-09" / "attempt-0001")
    shutil.copytree(place / "2025-08" / "attempt-0001", place / "2025-09" / "attempt-0001")
    assert deployment.faults() == {("packages", "other-package"), ("packages", "other-place")}


def test_a_package_that_came_after_the_manifest_is_found(deployment):
    deployment.seal("IPE_07")
    assert deployment.faults() == {("packages", "unlisted")}
    deployment.record()
    assert deployment.faults() == set()


def test_a_damaged_package_is_found(deployment):
    rewrite_file(deployment.root / "evidence/CR_04/2025-09/attempt-0001/data/checks.json", b"{}")
    assert deployment.faults() == {("packages", "changed-file")}


def test_a_manifest_that_was_taken_away_is_found(deployment):
    deployment.record(OCTOBER)
    deployment.place(1).unlink()
    assert ("chain", "broken") in deployment.faults()
    with pytest.raises(PeriodError, match="'1' is no head"):
        deployment.verify(head="1")


def test_after_a_gap_the_sequence_goes_on_and_the_gap_stays(deployment):
    deployment.place(1).unlink()
    assert deployment.record().sequence == 3
    assert ("chain", "broken") in deployment.faults()


def test_the_end_of_the_sequence_taken_away_is_found_by_whoever_kept_a_head(deployment):
    """Manifest and packages of the last attempt put back to what they were before: nothing inside shows it."""
    before = deployment.verify().head
    deployment.seal("IPE_07")
    deployment.record()
    kept = deployment.verify().head
    assert deployment.faults(head=kept) == deployment.faults(head=before) == set()
    deployment.place(3).unlink()
    shutil.rmtree(deployment.root / "evidence" / "IPE_07" / "2025-09" / "attempt-0002")
    assert deployment.faults() == set() and deployment.faults(head=before) == set()
    assert deployment.faults(head=kept) == {("chain", "rolled-back")}


def test_an_older_manifest_put_in_the_place_of_a_newer_one_is_found(deployment):
    deployment.seal("IPE_07")
    deployment.record()
    deployment.rewrite(3, deployment.place(2).read_bytes())
    assert ("manifests", "other-place") in deployment.faults()
    shutil.copy(deployment.place(2), deployment.place(1))
    assert ("manifests", "other-place") in deployment.faults()


def test_a_manifest_put_under_another_month_is_found(deployment):
    """Its month is signed; what a forger may choose is only the place, and the place is signed, too."""
    text = deployment.place(2).read_bytes()
    value = json.loads(form.canonical(json.loads(text)))
    deployment.rewrite(2, form.canonical(value).replace(b'"payload":"', b'"payload":"e30', 1))
    assert {name for name, _ in deployment.faults()} >= {"manifests"}


def test_a_second_history_behind_a_forged_manifest_is_found(deployment):
    """A trusted key rewrites manifest 1; manifest 2 still names the one that was."""
    other = Deployment(deployment.root / "other")
    other.record(AUGUST)
    deployment.rewrite(1, other.place(1).read_bytes())
    texts = [layer.text for layer in deployment.verify().layers if layer.status == "fail"]
    assert texts == [
        "manifest 0002 names another predecessor than manifest 0001",
        "manifest 0002 names another manifest of the month before 2025-09",
    ]


def test_every_bit_of_a_manifest_is_covered(deployment):
    original = deployment.place(2).read_bytes()
    for position in range(len(original) * 8):
        changed = bytearray(original)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(form.Fault):
            read_manifest(bytes(changed), 2)


# Whose signature.


def test_a_manifest_needs_a_key_of_the_role_period(deployment):
    extractor = trusted_key(ONE, ["extractor"])
    only = Trust(True, {"package": {"extractor": 1}, "period": {"period": 1}}, {extractor.id: extractor})
    assert deployment.faults(given=only) == {("trust", "role")}


def test_a_forgers_manifest_is_found(deployment):
    deployment.record(key=FORGER)
    assert deployment.faults() == {("trust", "unknown-key")}


def test_without_a_trust_file_the_report_says_so(deployment):
    report = verify_period(SEPTEMBER, deployment.manifests.texts(), deployment.store, ITEMS)
    (said,) = [layer for layer in report.layers if layer.name == "trust"]
    assert report.verified and (said.status, said.code) == ("not present", "no-trust-file")


def test_nothing_is_written_behind_a_damaged_manifest(deployment):
    deployment.rewrite(1, b"{}")
    with pytest.raises(NotVerified, match=r"manifest 0001.* Next: run 'soxauto verify-period'"):
        deployment.record()


# Hostile manifests give a reason, never an exception.


def signed(predicate: dict, subject: list | None = None) -> bytes:
    said = {
        "_type": form.STATEMENT_TYPE,
        "predicateType": "urn:soxauto:period-manifest:v1",
        "subject": subject or [{"name": "expected-items", "digest": {"sha256": "0" * 64}}],
        "predicate": predicate,
    }
    return sign_statement(form.canonical(said), (ONE,))


def test_any_other_predicate_is_refused_even_when_it_is_signed(deployment):
    good = json.loads(json.dumps(dict(deployment.manifests.all()[1].predicate)))
    changes = [
        {"items": []},
        {"items": {"IPE_07": None}},
        {"items": {"IPE_07": {"state": "sealed"}}},
        {"items": {"IPE_07": {**good["items"]["IPE_07"], "attempt": "1"}}},
        {"items": {"IPE_07": {**good["items"]["IPE_07"], "superseded": [1]}}},
        {"items": {"IPE_07": {**good["items"]["IPE_07"], "more": 1}}},
        {"sequence": True},
        {"sequence": "2"},
        {"period": None},
        {"previous": "x"},
        {"month_before": {"sequence": 1}},
        {"status": "incomplete"},
        {"sealed_at": "yesterday"},
        {"more": 1},
    ]
    for change in changes:
        with pytest.raises(form.Fault):
            read_manifest(signed({**good, **change}), 2)
    with pytest.raises(form.Fault, match="subjects"):
        read_manifest(signed(good), 2)
    deployment.rewrite(2, signed({**good, "period": "2025-13"}))
    assert ("manifests", "statement") in deployment.faults(AUGUST)


def test_the_time_of_a_manifest_is_held_against_the_keys_validity(deployment):
    late = trust(not_before=SEALED_AT.replace(year=2026))
    assert ("trust", "not-yet-valid") in deployment.faults(given=late)
