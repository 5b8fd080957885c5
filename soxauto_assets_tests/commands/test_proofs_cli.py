"""``prove-row``, ``check-row`` and ``sample`` on a package that was sealed from the hand-made lake."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from soxauto_assets.cli import main
from soxauto_assets.evidence import reference_digest
from soxauto_assets.evidence.store import local_path
from soxauto_assets_tests.closing import close


@pytest.fixture
def package(open_runtime) -> Path:
    """IPE_07, sealed."""
    path = local_path(close(open_runtime(), "IPE_07").package.uri)
    assert path is not None
    return path


@pytest.fixture
def soxauto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, list(map(str, arguments)))

    return run


def sealed(package: Path) -> dict:
    return json.loads((package / "data" / "dataset.json").read_bytes())["digest"]


def said(result: Result) -> str:
    return " ".join(result.output.split())


def first_key(package: Path, soxauto) -> dict[str, str]:
    """Return the key of the row at position 0."""
    soxauto("prove-row", package, "--position", 0, "--out", "first.json")
    document = json.loads(Path("first.json").read_text())
    row = dict(zip([name for name, _ in document["columns"]], document["row"], strict=True))
    return {name: row[name] for name in document["key"]}


def test_a_row_is_proven_by_key_and_checked_without_and_with_the_package(soxauto, package, tmp_path):
    key = first_key(package, soxauto)
    pairs = [part for name, value in key.items() for part in ("--key", f"{name}={value}")]
    made = soxauto("prove-row", package, *pairs)
    assert made.exit_code == 0, made.output
    path = tmp_path / "proof-IPE_07-2025-09-0.json"
    assert path.read_text() == Path("first.json").read_text(), "by key as by position"
    assert f'proved row 0 (id_company "{key["id_company"]}", entry_no "{key["entry_no"]}")' in made.output

    digest = sealed(package)["digest"]
    checked = soxauto("check-row", path, "--digest", digest)
    assert checked.exit_code == 0 and checked.output.startswith(f"PROVEN {path}: row 0 of ")
    assert "which item and month that is, says whoever gave you the digest, not the proof" in checked.output
    of_package = soxauto("check-row", path, "--package", package)
    assert of_package.exit_code == 0 and "of IPE_07 2025-09 attempt 1 (lake), SHA-256 of the seal" in of_package.output


def test_the_terminal_shows_the_key_and_the_file_the_row(soxauto, package):
    made = soxauto("prove-row", package, "--position", 1, "--out", "proof.json")
    document = json.loads(Path("proof.json").read_text())
    row = dict(zip([name for name, _ in document["columns"]], document["row"], strict=True))
    assert row["customer_name"] and row["customer_name"] not in made.output
    assert row["customer_name"] not in soxauto("check-row", "proof.json", "--package", package).output


def test_a_changed_proof_another_digest_and_another_package_have_exit_code_1_and_the_reason(soxauto, package):
    soxauto("prove-row", package, "--position", 0, "--out", "proof.json")
    digest = sealed(package)["digest"]
    document = json.loads(Path("proof.json").read_text())
    document["row_hash"] = "00" * 32
    Path("changed.json").write_text(json.dumps(document))
    result = soxauto("check-row", "changed.json", "proof.json", "--digest", digest)
    assert result.exit_code == 1 and "\nPROVEN proof.json" in result.output
    assert "NOT PROVEN changed.json: the row text gives another hash than the stated one (row-hash)" in said(result)
    result = soxauto("check-row", "proof.json", "--digest", "00" * 32)
    assert result.exit_code == 1 and "a dataset of another digest than the one asked for (other-digest)" in said(result)
    document = json.loads(Path("proof.json").read_text())
    document["package"]["period"] = "2025-08"
    Path("period.json").write_text(json.dumps(document))
    result = soxauto("check-row", "period.json", "--package", package)
    assert result.exit_code == 1 and "names another package" in said(result)


def test_a_sample_is_shown_with_keys_and_its_proofs_are_checked_without_the_package(soxauto, package):
    rows, digest = sealed(package)["rows"], sealed(package)["digest"]
    made = soxauto("sample", package, "--size", 3, "--nonce", "autumn", "--proofs", "for-auditor", "--out", "s.json")
    assert made.exit_code == 0, made.output
    assert rows > 3 and "3 of all rows of IPE_07 2025-09 attempt 1 (lake), by root and nonce" in made.output
    assert Path("s.json").read_text() == Path("for-auditor/sample.json").read_text()
    again = soxauto("sample", package, "--size", 3, "--nonce", "autumn")
    taken = soxauto("sample", package, "--nonce", "autumn", "--proofs", "for-auditor")
    assert taken.exit_code == 2 and "for-auditor is not empty. Next: give a new folder" in said(taken)
    assert again.output.splitlines()[1:4] == made.output.splitlines()[1:4]
    for line in again.output.splitlines()[1:4]:
        assert "position" in line and "id_company" in line and "entry_no" in line

    shutil.move("for-auditor", "elsewhere")
    proofs = sorted(Path("elsewhere").glob("proof-*.json"))
    checked = soxauto("check-row", *proofs, "--digest", digest, "--sample", "elsewhere/sample.json")
    assert checked.exit_code == 0, checked.output
    assert [line.rpartition(", ")[2] for line in checked.output.splitlines()[:3]] == [
        "number 1",
        "number 2",
        "number 3",
    ]


def test_a_sample_that_is_not_all_shown_or_has_another_row_or_nonce_fails(soxauto, package):
    digest, rows = sealed(package)["digest"], sealed(package)["rows"]
    soxauto("sample", package, "--size", rows - 1, "--nonce", "autumn", "--proofs", "s")
    proofs = sorted(Path("s").glob("proof-*.json"))
    short = soxauto("check-row", *proofs[1:], "--digest", digest, "--sample", "s/sample.json")
    assert short.exit_code == 1 and f"not shown of the sample of {rows - 1}: number 1" in short.output
    drawn = {chosen["position"] for chosen in json.loads(Path("s/sample.json").read_text())["selection"]}
    [left] = set(range(rows)) - drawn
    soxauto("prove-row", package, "--position", left, "--out", "other.json")
    other = soxauto("check-row", *proofs, "other.json", "--digest", digest, "--sample", "s/sample.json")
    assert other.exit_code == 1 and "among the sealed ones, but the sample did not draw it (not-drawn)" in said(other)
    document = json.loads(Path("s/sample.json").read_text())
    Path("nonce.json").write_text(json.dumps({**document, "nonce": "winter"}))
    nonce = soxauto("check-row", *proofs, "--digest", digest, "--sample", "nonce.json")
    assert nonce.exit_code == 1 and "NOT THE SAMPLE nonce.json: root and nonce draw other positions" in said(nonce)


def test_a_sample_of_one_company(soxauto, package):
    company = sealed(package)["companies"][0]
    made = soxauto("sample", package, "--nonce", "autumn", "--company", company["company"], "--out", "s.json")
    assert made.exit_code == 0 and f"of the rows of {company['company']} of" in made.output
    chosen = json.loads(Path("s.json").read_text())["selection"]
    assert len(chosen) == min(25, company["rows"])
    assert {key["key"][0] for key in chosen} == {company["company"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prove-row", "PACKAGE", "--key", "entry_no=1"), "the named columns are not the key of the item. Next: name"),
        (("prove-row", "PACKAGE", "--key", "id_company=EC_XX", "--key", "entry_no=1"), "no sealed row has this key"),
        (("prove-row", "PACKAGE", "--key", "id_company=EC_NG", "--key", "entry_no=x"), "column entry_no is int64"),
        (("prove-row", "PACKAGE", "--position", "99999"), "IPE_07 2025-09: there is no row at position 99999"),
        (("prove-row", "PACKAGE"), "give the row's key columns with --key, or its --position"),
        (("prove-row", "PACKAGE", "--key", "a=1", "--key", "a=2"), "'a' is named twice or not at all"),
        (("prove-row", "nowhere", "--position", "0"), "nowhere is no folder"),
        (("sample", "PACKAGE", "--nonce", " "), "the nonce is empty. Next: let the auditor choose a text"),
        (("sample", "PACKAGE", "--nonce", "a", "--company", "EC_XX"), "the company has no rows here"),
        (("check-row", "nowhere.json", "--digest", "ab" * 32), "nowhere.json cannot be read"),
        (("check-row", "nowhere.json", "--digest", "ab"), "the digest is not 64 hexadecimal digits"),
        (("check-row", "nowhere.json"), "either --digest or --package"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_says_why_with_exit_code_2(soxauto, package, arguments, message):
    result = soxauto(*(package if argument == "PACKAGE" else argument for argument in arguments))
    assert result.exit_code == 2 and message in said(result), result.output


def test_no_file_is_overwritten_and_no_damaged_package_is_proven_from(soxauto, package):
    soxauto("prove-row", package, "--position", 0, "--out", "proof.json")
    twice = soxauto("prove-row", package, "--position", 0, "--out", "proof.json")
    assert twice.exit_code == 2 and "proof.json is there already. Next: give another name" in said(twice)
    checks = package / "data" / "checks.json"
    checks.chmod(0o644)
    checks.write_bytes(checks.read_bytes() + b" ")
    for arguments in (("prove-row", package, "--position", 0), ("sample", package, "--nonce", "a")):
        result = soxauto(*arguments)
        assert result.exit_code == 2 and "does not verify: data/checks.json differs from the seal" in said(result)
    assert soxauto("check-row", "proof.json", "--package", package).exit_code == 2


def test_the_second_implementation_computes_the_digest_of_a_package(package, capsys):
    digest = sealed(package)["digest"]
    assert reference_digest.main([str(package)]) == 0
    assert capsys.readouterr().out.count(digest) == 2
    dataset = package / "data" / "dataset.json"
    dataset.chmod(0o644)
    dataset.write_text(dataset.read_text().replace(digest, "00" * 32))
    assert reference_digest.main([str(package)]) == 1
    assert reference_digest.main([]) == 2
