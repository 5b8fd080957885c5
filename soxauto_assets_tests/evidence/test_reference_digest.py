"""The published vectors of the dataset digest, on both implementations; and what each must refuse, by column."""

import ast
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.catalog.types import ContractType
from soxauto_assets.errors import ExtractionError
from soxauto_assets.evidence import proof, reference_digest
from soxauto_assets.extraction.digest import dataset_digest
from soxauto_assets_tests import digest_vectors
from soxauto_assets_tests.digest_vectors import PUBLISHED, write_files

DOCUMENT = json.loads(PUBLISHED.read_text("utf-8"))
VECTORS = {vector["name"]: vector for vector in DOCUMENT["vectors"]}
REFUSED = {vector["name"]: vector for vector in DOCUMENT["refused"]}
SPECIFICATION = PUBLISHED.with_name("dataset-digest.md").read_text("utf-8")


def with_duckdb(files: list[Path], columns: list, company: str | None) -> dict:
    declared = [(name, ContractType.parse(kind)) for name, kind in columns]
    return json.loads(json.dumps(dataset_digest(files, declared, company).to_json()))


IMPLEMENTATIONS = {"DuckDB": with_duckdb, "Arrow and Python": reference_digest.reference_digest}
on_both = pytest.mark.parametrize("implementation", IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS)


@on_both
@pytest.mark.parametrize("name", VECTORS)
def test_a_published_vector(tmp_path, implementation, name):
    vector = VECTORS[name]
    found = implementation(write_files(vector, tmp_path), vector["columns"], vector["company_column"])
    assert [found[part] for part in ("algorithm", "rows", "root", "digest", "columns")] == [
        "soxauto-dataset-digest/v1",
        *(vector[part] for part in ("rows", "root", "digest", "columns")),
    ]
    if "companies" in vector:
        assert [list(tree.values()) for tree in found["companies"]] == vector["companies"]


@on_both
@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_must_be_refused_with_its_column(tmp_path, implementation, name):
    vector = REFUSED[name]
    with pytest.raises(ExtractionError, match=rf"column {vector['refused']} .*\. Next: "):
        implementation(write_files(vector, tmp_path), vector["columns"], vector["company_column"])


def test_the_published_file_is_what_its_script_gives():
    assert PUBLISHED.read_text("ascii") == digest_vectors.published()
    assert len(VECTORS) == len(DOCUMENT["vectors"]) >= 200, "names differ"
    assert len(REFUSED) == len(DOCUMENT["refused"])
    assert PUBLISHED.stat().st_size < 400_000


def test_the_vectors_made_with_a_shell_are_among_them():
    for letter in "ACEF":
        section = SPECIFICATION.split(f"**{letter}.**")[1].split("**")[0]
        assert {VECTORS[f"specification {letter}"][part] for part in ("root", "digest")} <= set(
            re.findall(r"[0-9a-f]{64}", section)
        )


def test_different_vectors_have_different_digests():
    """Those that are the same rows told in another way are listed here; there are no others."""
    same: dict[str, set[str]] = {}
    for name, vector in VECTORS.items():
        same.setdefault(vector["digest"], set()).add(name)
    assert sorted(sorted(names) for names in same.values() if len(names) > 1) == [
        ["decimal(18,4): -0", "decimal(18,4): -0.0000", "decimal(18,4): 0"],
        ["decimal(38,0): -0", "decimal(38,0): 0"],
        ["decimal(4,4): -0", "decimal(4,4): 0"],
        [f"generated: 1 rows, {number} companies, 1 of each, a company column" for number in (1, 3)],
        ["int64 that arrives as int32", "int64: -2147483648"],
        ["no file", "no rows", "no rows, with a company column"],
        ["three files, one without rows, duplicates across them", "two rows, one twice"],
        ["two files", "two rows", "two rows in the other order"],
    ]


def test_the_two_implementations_share_nothing():
    for module in (proof, reference_digest):
        tree = ast.parse(Path(module.__file__).read_text("utf-8"))
        names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name for name in names if name and name.startswith("soxauto_assets.extraction")}
    other = Path(dataset_digest.__code__.co_filename).read_text("utf-8")
    assert "evidence" not in re.findall(r"soxauto_assets\.(\w+)", other)


# Properties, on both.

KINDS = ["string", "bool", "int64", "date", "timestamp", "decimal(18,4)", "decimal(38,38)"]
VALUES: dict[str, list] = {kind: [None] for kind in KINDS}
for vector in VECTORS.values():
    if len(vector["columns"]) == 1 and vector["columns"][0][1] in VALUES and "stored" not in vector:
        VALUES[vector["columns"][0][1]] += [row[0] for rows in vector["files"] for row in rows]
COLUMNS = [["company", "string"], *([f"c{place}", kind] for place, kind in enumerate(KINDS))]
cells = st.tuples(
    st.sampled_from([None, "", "EC_NG", "EC_NG ", "JD_GH"]), *(st.sampled_from(VALUES[kind]) for kind in KINDS)
)
in_one_folder = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def digests(folder: Path, *files: list) -> set[str]:
    """Return the digest of rows that lie in these files, from both implementations."""
    vector = {"columns": COLUMNS, "files": [[list(row) for row in rows] for rows in files]}
    paths = write_files(vector, folder)
    return {implementation(paths, COLUMNS, "company")["digest"] for implementation in IMPLEMENTATIONS.values()}


@in_one_folder
@given(rows=st.lists(cells, max_size=8), random=st.randoms(), cuts=st.tuples(st.integers(0, 8), st.integers(0, 8)))
def test_order_split_and_engine_do_not_matter(tmp_path, rows, random, cuts):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, other = sorted(cuts)
    found = digests(tmp_path, rows) | digests(tmp_path, shuffled[:one], shuffled[one:other], shuffled[other:])
    assert len(found) == 1


@in_one_folder
@given(rows=st.lists(cells, min_size=1, max_size=5), at=st.integers(0, 4), place=st.integers(0, len(KINDS)), new=cells)
def test_one_changed_cell_changes_the_digest(tmp_path, rows, at, place, new):
    def zero(row):
        return [0 if isinstance(cell, str) and re.fullmatch(r"-?0(\.0+)?", cell) else cell for cell in row]

    row = rows[at % len(rows)]
    changed = (*row[:place], new[place], *row[place + 1 :])
    others = [*rows[: at % len(rows)], changed, *rows[at % len(rows) + 1 :]]
    before, after = digests(tmp_path, rows), digests(tmp_path, others)
    assert len(before) == len(after) == 1
    # A text cell that reads 0 and one that reads -0 are different; numbers that do are one.
    numbers = "int64" in COLUMNS[place][1] or COLUMNS[place][1].startswith("decimal")
    assert (before != after) == ((zero(row) != zero(changed)) if numbers else (row != changed))
