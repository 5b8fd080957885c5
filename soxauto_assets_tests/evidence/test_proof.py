"""Inclusion proofs and samples: they show what is sealed, and every change of them shows."""

import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.errors import NotVerified, RowError
from soxauto_assets.evidence import proof
from soxauto_assets.evidence.proof import Fault, check_proof, check_sample, draw
from soxauto_assets.evidence.proving import SealedRows, position_of, prove, sample
from soxauto_assets.evidence.reference_digest import reference_digest
from soxauto_assets_tests.digest_vectors import GENERATED, write_files

SPECIFICATION = (Path(__file__).parents[2] / "docs" / "dataset-digest.md").read_text("utf-8")
COLUMNS = [["company", "string"], ["n", "int64"], ["amount", "decimal(18,4)"], ["day", "date"], ["at", "timestamp"]]
KEY = ("company", "n")
WITHOUT = COLUMNS[1:]


def sealed_rows(folder: Path, files: Sequence[list], columns: list, company: str | None, key=KEY) -> SealedRows:
    """Return rows as a package would hold them; the digest comes from the plain implementation."""
    folder.mkdir(exist_ok=True)
    paths = write_files({"columns": columns, "files": files}, folder)
    digest = reference_digest(paths, columns, company)
    trees = [(tree["company"], tree["rows"], tree["root"]) for tree in digest["companies"]]
    return SealedRows(
        tuple(paths),
        tuple((name, kind) for name, kind in columns),
        company,
        tuple(name for name in key if name in dict(columns)),
        {"environment": "lake", "item": "IPE_07", "period": "2025-09", "attempt": 1, "seal_sha256": "ab" * 32},
        digest["digest"],
        digest["rows"],
        digest["root"],
        tuple(trees if company else [(None, digest["rows"], digest["root"])]),
    )


def row(n: int, company: str | None = "EC_NG") -> list:
    return [company, str(n), "10.5", "2025-09-30", "2025-09-30 23:59:59.999"]


FEW = [[row(1), row(2), row(3, "JD_GH"), row(4, None)], [row(5), row(5), row(6, "")]]


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> SealedRows:
    return sealed_rows(tmp_path_factory.mktemp("few"), FEW, COLUMNS, "company")


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> SealedRows:
    """Five leaves in one company, in two files; one leaf in another."""
    rows = [row(n) for n in range(4_500)] + [row(n, "JD_GH") for n in range(100)]
    return sealed_rows(tmp_path_factory.mktemp("many"), [rows[:3_000], rows[3_000:]], COLUMNS, "company")


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> SealedRows:
    """Three leaves, the third promoted; no company column."""
    rows = [row(n)[1:] for n in range(2_049)]
    return sealed_rows(tmp_path_factory.mktemp("alone"), [rows], WITHOUT, None, key=("n",))


@pytest.fixture(scope="module")
def made(many) -> dict:
    """A proof of a row in the second leaf."""
    return prove(many, [1_030])[0]


@pytest.fixture(scope="module")
def drawn(many) -> dict:
    return sample(many, "autumn", 5, None)[0]


def why(document: Any, digest: str) -> str:
    """Return the reason code of a proof that does not hold."""
    with pytest.raises(Fault) as fault:
        check_proof(document, digest)
    return fault.value.code


# A proof.


def test_a_proof_shows_the_row_its_company_and_how_many_rows_there_are(few):
    position = position_of(few, {"company": "JD_GH", "n": "3"})
    [document] = prove(few, [position])
    proven = check_proof(document, few.digest)
    assert proven.row == {**dict(zip(dict(COLUMNS), row(3, "JD_GH"), strict=True)), "amount": "10.5000"}
    assert (proven.company, proven.position, proven.company_rows, proven.rows) == ("JD_GH", 0, 1, 7)
    assert document["row_text"] == "5:JD_GH;3;10.5000;2025-09-30;1759276799999"
    assert "EC_NG" not in json.dumps(document), "no other row, and no other company"


def test_every_row_is_proven_by_its_key(few):
    for company, number, *_ in (row for rows in FEW for row in rows):
        [document] = prove(few, [position_of(few, {"company": company, "n": number})])
        proven = check_proof(document, few.digest)
        assert (proven.company, proven.row["n"]) == (company, number)


def test_rows_of_all_leaves_are_proven(many, alone):
    for sealed, positions in (
        (many, [0, 1023, 1024, 2048, 4095, 4096, 4499, 4500, 4599]),
        (alone, [0, 1024, 2047, 2048]),
    ):
        documents = prove(sealed, positions)
        for position, document in zip(positions, documents, strict=True):
            proven = check_proof(document, sealed.digest)
            first = 4_500 if proven.company == "JD_GH" else 0
            assert proven.position == position - first
            assert hashlib.sha256(document["row_text"].encode()).hexdigest() == document["row_hash"]
    assert [len(document["in_company"]["path"]) for document in documents] == [2, 2, 2, 1]
    assert [len(document["in_company"]["leaf"]) for document in documents] == [1023, 1023, 1023, 0]


def test_more_companies_than_a_leaf_holds(tmp_path):
    rows = [[f"C{n}", str(n), *row(n)[2:]] for n in range(1_025)]
    sealed = sealed_rows(tmp_path, [rows], COLUMNS, "company")
    documents = prove(sealed, [0, 1_023, 1_024])
    assert [len(document["in_dataset"]["path"]) for document in documents] == [1, 1, 1]
    for document in documents:
        assert check_proof(document, sealed.digest).company_rows == 1


def test_a_key_is_read_as_a_person_writes_it(few):
    assert position_of(few, {"company": "EC_NG", "n": "0001"}) == position_of(few, {"company": "EC_NG", "n": "1"})
    assert few.cell("amount", "1.5") == "1.5000" and few.cell("amount", "-0") == "0.0000"
    assert few.cell("n", None) is None


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ({"company": "EC_NG"}, "the named columns are not the key of the item. Next: name company, n"),
        ({"company": "EC_NG", "n": "7"}, "no sealed row has this key"),
        ({"company": "EC_NG", "n": None}, "no sealed row has this key"),
        (
            {"company": "EC_NG", "n": "1.5"},
            "column n is int64, and the given text is none. Next: write numbers without",
        ),
        ({"company": "EC_NG", "n": "9223372036854775808"}, "column n is int64, and the given text is none"),
    ],
)
def test_a_key_that_names_no_row_is_refused_without_quoting_it(few, key, message):
    with pytest.raises(RowError, match=message):
        position_of(few, key)


def test_a_key_that_different_rows_have_is_answered_with_their_positions(tmp_path):
    rows = [row(1), [*row(1)[:2], "11", *row(1)[3:]]]
    sealed = sealed_rows(tmp_path, [rows], COLUMNS, "company")
    with pytest.raises(RowError, match=r"different rows have this key. Next: name one by --position instead: 0, 1"):
        position_of(sealed, {"company": "EC_NG", "n": "1"})
    assert {document["row"][2] for document in prove(sealed, [0, 1])} == {"10.5000", "11.0000"}


@pytest.mark.parametrize("position", [-1, 7])
def test_a_position_beyond_the_rows_is_refused(few, position):
    with pytest.raises(RowError, match=f"no row at position {position}. Next: give one below 7"):
        prove(few, [position])


@pytest.mark.parametrize("member", ["digest", "root", "rows", "trees"])
def test_rows_that_do_not_give_what_was_sealed_prove_nothing(few, member):
    wrong = {"digest": "00" * 32, "root": "00" * 32, "rows": few.rows + 1, "trees": few.trees[1:]}
    other = SealedRows(**{**vars(few), member: wrong[member]})
    with pytest.raises(NotVerified, match="the rows give another digest than the sealed one"):
        prove(other, [0])


# What does not hold, and why.


def changed(document: dict, *path: str | int, to: Any) -> dict:
    """Return a document with one member changed; ``to`` is a value, or a function of the old one."""
    document = copy.deepcopy(document)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to(place[path[-1]]) if callable(to) else to
    return document


def other_hash(value: str) -> str:
    return value[:-1] + ("0" if value[-1] != "0" else "1")


@pytest.mark.parametrize(
    ("path", "to", "code"),
    [
        (("row", 1), "9", "row-text"),
        (("row", 2), "10.5", "cell"),
        (("row", 2), "-0.0000", "cell"),
        (("row", 1), "007", "cell"),
        (("row", 1), 7, "cell"),
        (("row", 3), "2025-02-30", "cell"),
        (("row", 4), "2025-09-30T23:59:59.999", "cell"),
        (("row", 0), "JD_GH", "row-text"),
        (("row", 0), "\ud800", "row-text"),
        (("row",), lambda row: row[:-1], "form"),
        (("row_text",), "5:EC_NG;1", "row-text"),
        (("row_hash",), other_hash, "row-hash"),
        (("in_company", "leaf", 0), other_hash, "company-root"),
        (("in_company", "leaf"), lambda leaf: leaf[1:], "leaf"),
        (("in_company", "leaf"), lambda leaf: [*leaf[1:2], *leaf[:1], *leaf[2:]], "order"),
        (("in_company", "path", 0), other_hash, "company-root"),
        (("in_company", "path"), lambda path: path[::-1], "company-root"),
        (("in_company", "path"), lambda path: path[:-1], "path"),
        (("in_company", "path"), lambda path: [*path, "ab" * 32], "path"),
        (("in_company", "count"), lambda count: count + 1, "root"),
        (("in_company", "count"), lambda count: count + 1_024, "count"),
        (("in_company", "count"), 9_000, "path"),
        (("in_company", "count"), 1_500, "leaf"),
        (("in_company", "count"), 3_000, "path"),
        (("in_company", "count"), "4500", "position"),
        (("in_company", "position"), lambda position: position + 1, "order"),
        (("in_company", "position"), lambda position: position + 1_024, "company-root"),
        (("in_company", "position"), 4_500, "position"),
        (("in_company", "position"), -1, "position"),
        (("in_company", "position"), True, "position"),
        (("company_root",), other_hash, "company-root"),
        (("in_dataset", "leaf", 0), other_hash, "root"),
        (("in_dataset", "position"), 1, "root"),
        (("in_dataset", "count"), 3, "leaf"),
        (("in_dataset",), None, "form"),
        (("root",), other_hash, "root"),
        (("rows",), lambda rows: rows + 1, "digest"),
        (("rows",), 1, "count"),
        (("rows",), 1.5, "form"),
        (("columns", 1, 0), "m", "form"),
        (("columns", 2, 0), "sum", "digest"),
        (("columns", 4, 1), "string", "row-text"),
        (("columns", 1, 1), "decimal(18,0)", "digest"),
        (("columns",), lambda columns: [columns[0], *columns[:-1]], "form"),
        (("company_column",), None, "count"),
        (("company_column",), "n", "form"),
        (("digest",), other_hash, "digest"),
        (("algorithm",), "soxauto-dataset-digest/v2", "form"),
        (("format",), "soxauto-row-proof/v2", "form"),
    ],
)
def test_a_changed_proof_fails_for_the_reason_of_its_change(many, made, path, to, code):
    check_proof(made, many.digest)
    assert why(changed(made, *path, to=to), many.digest) == code


def test_a_proof_for_another_digest_a_member_more_or_less_and_no_proof_fail(few):
    [document] = prove(few, [0])
    assert why(document, "00" * 32) == "other-digest"
    assert why({**document, "more": 1}, few.digest) == "form"
    assert why({name: value for name, value in document.items() if name != "key"}, few.digest) == "form"
    assert why([document], few.digest) == why(None, few.digest) == "form"


def test_a_forged_row_cannot_be_made_consistent(few):
    """A forger may restate row text, hashes and roots, until the digest that somebody else holds is reached."""
    [document] = prove(few, [position_of(few, {"company": "EC_NG", "n": "1"})])
    forged = changed(document, "row", 2, to="99.0000")
    forged["row_text"] = proof.row_text(forged["row"], COLUMNS)
    forged["row_hash"] = hashlib.sha256(forged["row_text"].encode()).hexdigest()
    hashes = sorted([*forged["in_company"]["leaf"], forged["row_hash"]])
    forged["in_company"]["position"] = hashes.index(forged["row_hash"])
    forged["in_company"]["leaf"] = [value for value in hashes if value != forged["row_hash"]]
    forged["company_root"] = proof.tree_root([bytes.fromhex(value) for value in hashes])
    assert why(forged, few.digest) == "root"
    at, others = forged["in_dataset"]["position"], [bytes.fromhex(v) for v in forged["in_dataset"]["leaf"]]
    own = proof.company_hash("EC_NG", forged["in_company"]["count"], forged["company_root"])
    forged["root"] = proof.tree_root([*others[:at], own, *others[at:]])
    assert why(forged, few.digest) == "digest"
    forged["digest"] = proof.dataset_digest(COLUMNS, forged["rows"], forged["root"])
    assert why(forged, few.digest) == "other-digest"
    assert check_proof(forged, forged["digest"]), "it is a proof of another dataset"


def test_the_worked_examples_of_the_specification():
    section = SPECIFICATION.split("**Worked example**")[1]
    document = json.loads("{" + section.split("    {", 1)[1].split("\n\n")[0])
    proven = check_proof(document, "9895a1c2a4adbc9af3095aa4548fbbf976b1ed43e07dbae0fc9b31bbc2dd0c25")
    assert proven.row == {"c": "B", "x": "1.5000"} and (proven.position, proven.rows) == (1, 2)
    assert draw(document["root"], "autumn", 2, 1) == [1]
    value = hashlib.sha256(f"soxauto-sample/v1\n{document['root']}\nautumn\n0".encode()).hexdigest()[:16]
    assert f"{value} is odd" in section


cells = st.tuples(
    st.sampled_from([None, "", "EC_NG", "JD_GH"]),
    st.integers(-5, 5).map(str),
    st.sampled_from(["1.5", "-0.01", "0", None]),
    st.sampled_from(["0001-01-01", "2025-09-30", None]),
    st.sampled_from(["1969-12-31 23:59:59.999", None]),
)
in_one_folder = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@in_one_folder
@given(rows=st.lists(cells, min_size=1, max_size=8), companies=st.booleans(), random=st.randoms())
def test_each_row_is_proven_and_no_changed_part_of_a_proof_is(tmp_path, rows, companies, random):
    columns = COLUMNS if companies else WITHOUT
    files = [[list(r)[0 if companies else 1 :] for r in rows]]
    sealed = sealed_rows(tmp_path, files, columns, "company" if companies else None)
    documents = prove(sealed, range(sealed.rows))
    found = sorted(repr(list(check_proof(document, sealed.digest).row.values())) for document in documents)
    assert found == sorted(repr(exact(row)) for row in files[0])
    document = random.choice(documents)
    path = random.choice([path for path, _ in parts(document) if path[0] not in ("package", "key")])
    broken = changed(
        document, *path, to=lambda value: other_hash(value) if isinstance(value, str) else (value or 0) + 1
    )
    why(broken, sealed.digest)


def exact(row: list) -> list:
    """Return the row as the digest has it: amounts with four digits after the point."""
    return [*row[:-3], {"1.5": "1.5000", "-0.01": "-0.0100", "0": "0.0000", None: None}[row[-3]], *row[-2:]]


def parts(document: Any, path: tuple = ()) -> list[tuple[tuple, Any]]:
    """Return every text, number and null of a document with the way to it."""
    if isinstance(document, dict):
        return [part for name, value in document.items() for part in parts(value, (*path, name))]
    if isinstance(document, list):
        return [part for place, value in enumerate(document) for part in parts(value, (*path, place))]
    return [(path, document)]


# Samples.


def test_the_draw_is_the_hash_counter_of_the_specification():
    """Repeated by hand: printf 'soxauto-sample/v1\\n<root>\\nautumn\\n0' | sha256sum | cut -c 1-16, modulo the rows."""
    root = "ab" * 32
    values = [
        int(hashlib.sha256(f"soxauto-sample/v1\n{root}\nautumn\n{counter}".encode()).hexdigest()[:16], 16)
        for counter in range(3)
    ]
    assert draw(root, "autumn", 1_000_003, 3) == [value % 1_000_003 for value in values]


def test_the_draw_depends_on_root_nonce_and_rows_and_takes_each_position_once():
    root = "ab" * 32
    assert draw(root, "a", 1_000, 25) == draw(root, "a", 1_000, 50)[:25]
    assert len({tuple(draw(*what, 25)) for what in ((root, "a", 999), (root, "b", 999), ("cd" * 32, "a", 999))}) == 3
    assert sorted(draw(root, "a", 10, 10)) == sorted(draw(root, "a", 10, 99)) == list(range(10))
    assert draw(root, "a", 0, 5) == []


def test_every_position_is_drawn_alike_often():
    """A thousand draws of one in ten: each about a hundred times."""
    found = [draw("ab" * 32, str(nonce), 10, 1)[0] for nonce in range(1_000)]
    assert all(70 <= found.count(position) <= 130 for position in range(10))


def test_values_in_the_unfair_rest_are_passed_over(monkeypatch):
    """With 3·2^62 rows the last quarter of the 64-bit values would favour the first positions."""
    rows = 3 * 2**62
    values = iter([2**64 - 1, rows, 7])
    monkeypatch.setattr(proof, "text_hash", lambda text: next(values).to_bytes(8, "big") + bytes(24))
    assert draw("ab" * 32, "a", rows, 1) == [7]


def test_a_sample_is_checked_with_its_digest_alone(many):
    document, proofs = sample(many, "autumn", 25, None)
    drawn = check_sample(json.loads(json.dumps(document)), many.digest)
    found = [check_proof(proof, many.digest) for proof in proofs]
    assert [drawn[row.company, row.position] for row in found] == list(range(1, 26))


def test_a_sample_of_one_company_is_drawn_from_that_companys_root(many):
    document, proofs = sample(many, "autumn", 5, "JD_GH")
    [(_, rows, root)] = [tree for tree in many.trees if tree[0] == "JD_GH"]
    assert [chosen["position"] for chosen in document["selection"]] == draw(root, "autumn", rows, 5)
    assert {check_proof(proof, many.digest).company for proof in proofs} == {"JD_GH"}
    assert check_sample(document, many.digest).keys() == {
        ("JD_GH", chosen["position"]) for chosen in document["selection"]
    }


def test_a_sample_without_companies(alone):
    document, proofs = sample(alone, "autumn", 3, None)
    assert check_sample(document, alone.digest).keys() == {
        (None, check_proof(proof, alone.digest).position) for proof in proofs
    }


@pytest.mark.parametrize(
    ("path", "to", "code"),
    [
        (("nonce",), "winter", "selection"),
        (("size",), 24, "selection"),
        (("size",), "25", "form"),
        (("selection", 0, "position"), 0, "selection"),
        (("selection",), lambda chosen: chosen[::-1], "selection"),
        (("selection",), lambda chosen: chosen[1:], "selection"),
        (("company",), "JD_GH", "selection"),
        (("company",), "EC_XX", "company"),
        (("companies", 0, 1), lambda rows: rows + 1, "count"),
        (("companies", 0, 2), other_hash, "root"),
        (("companies",), lambda companies: companies[::-1], "root"),
        (("companies", 0), ["EC_NG", 1], "form"),
        (("rows",), 4_601, "count"),
        (("root",), other_hash, "root"),
        (("columns", 2, 0), "sum", "digest"),
        (("digest",), other_hash, "digest"),
        (("format",), "soxauto-row-proof/v1", "form"),
    ],
)
def test_a_changed_sample_fails_for_the_reason_of_its_change(many, drawn, path, to, code):
    with pytest.raises(Fault) as fault:
        check_sample(changed(drawn, *path, to=to), many.digest)
    assert fault.value.code == code


def test_nothing_is_drawn_without_rows_nonce_or_company(few, tmp_path):
    with pytest.raises(RowError, match=r"the nonce is empty. Next: let the auditor choose"):
        sample(few, " ", 5, None)
    with pytest.raises(RowError, match="the company has no rows here"):
        sample(few, "autumn", 5, "EC_XX")
    with pytest.raises(RowError, match="there are no rows to draw from"):
        sample(sealed_rows(tmp_path, [[]], COLUMNS, "company"), "autumn", 5, None)
    with pytest.raises(RowError, match="the item has no company column"):
        sample(sealed_rows(tmp_path, [[row(1)[1:]]], WITHOUT, None), "autumn", 5, "EC_NG")


# Alone, as an auditor runs it.


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", proof.__file__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_25_proofs_are_checked_without_package_product_or_population(many, tmp_path):
    _, proofs = sample(many, "autumn", 25, None)
    paths = [tmp_path / f"{number}.json" for number in range(25)]
    for path, document in zip(paths, proofs, strict=True):
        path.write_text(json.dumps(document))
    good = run(many.digest, *paths)
    assert good.returncode == 0 and good.stdout.count("PROVEN") == 25 and "NOT" not in good.stdout
    paths[3].write_text(json.dumps(changed(proofs[3], "row", 2, to="0.0000")))
    paths[4].unlink()
    bad = run(many.digest, *paths)
    assert bad.returncode == 1
    assert bad.stdout.count("NOT PROVEN") == 2 and "the cells give another row text than the stated one" in bad.stdout
    assert run().returncode == run("no digest", paths[0]).returncode == 2


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":2}', "1.5", '{"a":NaN}', "", "\ufeff{}", "[" * 100_000, '{"rows":1e3}', '"\\ud800"'],
)
def test_a_hostile_file_gives_a_reason_never_an_exception(tmp_path, text):
    path = tmp_path / "proof.json"
    path.write_text(text, "utf-8")
    with pytest.raises(Fault) as fault:
        check_proof(proof.read_document(path), "ab" * 32)
    assert fault.value.code == "form"


def test_the_generated_columns_are_proven_too(tmp_path):
    """Every contract type, nulls included, through files, DuckDB and back to the same row text."""
    from soxauto_assets_tests.digest_vectors import generated_row

    rows = [generated_row(n, 30, 3, 1) for n in range(30)] + [[None] * 6]
    sealed = sealed_rows(tmp_path, [rows], GENERATED, "company")
    found = [list(check_proof(document, sealed.digest).row.values()) for document in prove(sealed, range(31))]
    assert sorted(map(repr, found)) == sorted(map(repr, rows))
