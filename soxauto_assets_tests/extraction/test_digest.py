"""The dataset digest against a second implementation in plain Python, and against values computed by hand."""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.catalog.types import BOOL, DATE, INT64, MONEY, STRING, TIMESTAMP, ContractType
from soxauto_assets.errors import ExtractionError
from soxauto_assets.extraction.digest import DatasetDigest, dataset_digest
from soxauto_assets.extraction.tables import arrow_type

COLUMNS = [("company", STRING), ("n", INT64), ("amount", MONEY), ("day", DATE), ("at", TIMESTAMP), ("flag", BOOL)]
Row = tuple[str | None, int | None, Decimal | None, date | None, datetime | None, bool | None]


def write(path: Path, rows: list, columns=COLUMNS) -> Path:
    arrays = [pa.array([row[i] for row in rows], arrow_type(kind)) for i, (_, kind) in enumerate(columns)]
    pq.write_table(pa.table(arrays, names=[name for name, _ in columns]), path)
    return path


def reference(rows: list, columns=COLUMNS, company: int | None = 0) -> str:
    """The specification again, in the plainest Python."""

    def cell(value: object, kind: ContractType) -> str:
        if value is None:
            return "~"
        if kind.kind == "string":
            return f"{len(value)}:{value}"
        if kind.kind == "bool":
            return "true" if value else "false"
        if kind.kind == "decimal":
            return format(value.quantize(Decimal(1).scaleb(-kind.scale)), "f")
        if kind.kind == "timestamp":
            return str(round((value - datetime(1970, 1, 1)).total_seconds() * 1000))
        return str(value)

    def root(hashes: list[bytes]) -> str:
        level = [hashlib.sha256(b"\0" + b"".join(hashes[i : i + 1024])).digest() for i in range(0, len(hashes), 1024)]
        level = level or [hashlib.sha256(b"\0").digest()]
        while len(level) > 1:
            pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
            level = [hashlib.sha256(b"\1" + b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
        return level[0].hex()

    def row_hash(row: tuple) -> bytes:
        text = ";".join(cell(value, kind) for value, (_, kind) in zip(row, columns, strict=True))
        return hashlib.sha256(text.encode()).digest()

    if company is None:
        whole = root(sorted(row_hash(row) for row in rows))
    else:
        groups: dict[str | None, list[bytes]] = {}
        for row in rows:
            groups.setdefault(row[company], []).append(row_hash(row))
        outer = []
        for name in sorted(groups, key=lambda name: (name is not None, (name or "").encode())):
            text = f"{cell(name, STRING)};{len(groups[name])};{root(sorted(groups[name]))}"
            outer.append(hashlib.sha256(text.encode()).digest())
        whole = root(outer)
    schema = json.dumps([[name, kind.name] for name, kind in columns], separators=(",", ":"))
    return hashlib.sha256(f"soxauto-dataset-digest/v1\n{schema}\n{len(rows)}\n{whole}".encode()).hexdigest()


def digest(path: Path, columns=COLUMNS, company: str | None = "company") -> DatasetDigest:
    return dataset_digest([path], columns, company)


def test_two_rows_by_hand(tmp_path):
    """The texts are written out, so that a reader can follow the specification with sha256sum."""
    path = write(tmp_path / "a.parquet", [("B", Decimal("1.5")), (None, None)], [("c", STRING), ("x", MONEY)])
    hashes = sorted(hashlib.sha256(text).digest() for text in (b"1:B;1.5000", b"~;~"))
    root = hashlib.sha256(b"\0" + b"".join(hashes)).hexdigest()
    header = f'soxauto-dataset-digest/v1\n[["c","string"],["x","decimal(18,4)"]]\n2\n{root}'
    found = dataset_digest([path], [("c", STRING), ("x", MONEY)], None)
    assert found.root == root
    assert found.digest == hashlib.sha256(header.encode()).hexdigest()
    assert found.companies == ()


def test_no_rows(tmp_path):
    found = digest(write(tmp_path / "a.parquet", []))
    assert (found.rows, found.root) == (0, hashlib.sha256(b"\0").hexdigest())
    assert found.digest == reference([])


ROW = ("EC_NG", 1, Decimal("10.1250"), date(2025, 9, 30), datetime(2025, 9, 30, 23, 59, 59, 999000), True)
rows_of = st.tuples(
    st.sampled_from([None, "EC_NG", "EC_NG ", "JD_GH", "~", ""]),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.decimals(Decimal("-99999999999999"), Decimal("99999999999999"), places=4),
    st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31)),
    st.none()
    | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(
        lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000)
    ),
    st.none() | st.booleans(),
)
same_folder = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@same_folder
@given(rows=st.lists(rows_of, max_size=12), seed=st.randoms())
def test_both_implementations_agree_and_neither_order_nor_files_matter(tmp_path, rows, seed):
    expected = reference(rows)
    assert digest(write(tmp_path / "a.parquet", rows)).digest == expected
    shuffled = list(rows)
    seed.shuffle(shuffled)
    cut = len(shuffled) // 2
    parts = [write(tmp_path / "b.parquet", shuffled[:cut]), write(tmp_path / "c.parquet", shuffled[cut:])]
    assert dataset_digest(parts, COLUMNS, "company").digest == expected


TEXTS = [
    "",
    "~",
    ";",
    "1:a",
    "a;b",
    "null",
    "\u00e9",
    "e\u0301",
    "\U0001f600",
    "a\nb",
    " a",
    "a ",
    "\x00",
    "محمد",
    "ሰላም",
]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_counted_in_code_points(tmp_path, text):
    columns = [("s", STRING)]
    path = write(tmp_path / "a.parquet", [(text,)], columns)
    assert dataset_digest([path], columns, None).digest == reference([(text,)], columns, None)


def test_no_two_of_these_texts_share_a_digest(tmp_path):
    columns = [("s", STRING), ("t", STRING)]
    rows = [(a, b) for a in [*TEXTS, None] for b in [*TEXTS, None]]
    found = {dataset_digest([write(tmp_path / "a.parquet", [row], columns)], columns, None).digest for row in rows}
    assert len(found) == len(rows)


def test_more_rows_than_a_leaf_holds(tmp_path):
    rows = [(f"C{n % 3}", n, None, None, None, None) for n in range(7000)]
    found = digest(write(tmp_path / "a.parquet", rows))
    assert found.digest == reference(rows)
    assert [(tree.company, tree.rows) for tree in found.companies] == [("C0", 2334), ("C1", 2333), ("C2", 2333)]


@pytest.mark.parametrize("changed", [0, 1, 2, 3, 4, 5])
def test_one_changed_cell_changes_the_digest(tmp_path, changed):
    other = ("JD_GH", 2, Decimal("10.1251"), date(2025, 9, 29), datetime(2025, 9, 30, 23, 59, 59, 998000), False)
    row = tuple(other[i] if i == changed else value for i, value in enumerate(ROW))
    assert digest(write(tmp_path / "a.parquet", [ROW])).digest != digest(write(tmp_path / "b.parquet", [row])).digest


def test_a_duplicate_row_counts(tmp_path):
    one, two = digest(write(tmp_path / "a.parquet", [ROW])), digest(write(tmp_path / "b.parquet", [ROW, ROW]))
    assert (one.digest != two.digest) and two.rows == 2


def test_a_companys_tree_depends_on_its_own_rows_only(tmp_path):
    other = ("JD_GH", 2, None, None, None, None)
    both = digest(write(tmp_path / "a.parquet", [ROW, other]))
    alone = digest(write(tmp_path / "b.parquet", [ROW]))
    assert both.companies[0] == alone.companies[0]
    assert both.digest != alone.digest


@pytest.mark.parametrize(
    ("arrow", "declared"),
    [
        (pa.array([1.5]), MONEY),
        (pa.array([Decimal("1.50000")], pa.decimal128(18, 5)), MONEY),
        (pa.array([Decimal("1.50")], pa.decimal128(18, 2)), MONEY),
        (pa.array([datetime(2025, 9, 30)], pa.timestamp("us")), TIMESTAMP),
        (pa.array(["2025-09-30"]), DATE),
        (pa.array([1]), STRING),
    ],
)
def test_a_type_that_loses_information_is_refused_by_name(tmp_path, arrow, declared):
    pq.write_table(pa.table({"x": arrow}), tmp_path / "a.parquet")
    with pytest.raises(ExtractionError, match=r"column x is .*declared"):
        dataset_digest([tmp_path / "a.parquet"], [("x", declared)], None)


def test_missing_extra_and_reordered_columns_are_refused(tmp_path):
    columns = [("a", INT64), ("b", INT64)]
    path = write(tmp_path / "a.parquet", [(1, 2)], columns)
    for declared in ([("b", INT64), ("a", INT64)], [("a", INT64)], [*columns, ("c", INT64)]):
        with pytest.raises(ExtractionError, match="declared are"):
            dataset_digest([path], declared, None)
