"""The dataset digest: against values made with a shell, against a second implementation, and what it refuses."""

import hashlib
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.catalog.types import BOOL, DATE, INT64, MONEY, STRING, TIMESTAMP, ContractType
from soxauto_assets.errors import ExtractionError, StorageError
from soxauto_assets.extraction.digest import DatasetDigest, dataset_digest
from soxauto_assets.extraction.tables import arrow_type

SPECIFICATION = Path(__file__).parents[2] / "docs" / "dataset-digest.md"
COLUMNS = [("company", STRING), ("n", INT64), ("amount", MONEY), ("day", DATE), ("at", TIMESTAMP), ("open", BOOL)]


def write(path: Path, rows: list, columns=COLUMNS) -> Path:
    arrays = [pa.array([row[i] for row in rows], arrow_type(kind)) for i, (_, kind) in enumerate(columns)]
    return write_table(path, pa.table(arrays, names=[name for name, _ in columns]))


def write_table(path: Path, table: pa.Table, **options) -> Path:
    pq.write_table(table, path, **options)
    return path


def digest(path: Path, columns=COLUMNS, company: str | None = "company") -> DatasetDigest:
    return dataset_digest([path], columns, company)


# Values made with printf, sort, xxd and sha256sum; the specification prints the same.

LAST_MILLISECOND = datetime(2025, 9, 30, 23, 59, 59, 999000)
SMALL = [("c", STRING), ("x", MONEY)]
FIVE_ROWS = [
    ("EC_NG", 1, Decimal("10.125"), date(2025, 9, 30), LAST_MILLISECOND, True),
    ("~", 2**63 - 1, Decimal("99999999999999.9999"), date(9999, 12, 31), datetime(1970, 1, 1), True),
    (None, -7, None, None, None, None),
    ("EC_NG", 1, Decimal("10.125"), date(2025, 9, 30), LAST_MILLISECOND, True),
    ("", 0, Decimal("-0.01"), date(1, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999000), False),
]
TEXTS = ["\u00e9", "e\u0301", "\U0001f600", "محمد", "a;b", "~", None, ""]
VECTORS = {
    "two rows": (
        [("B", Decimal("1.5")), (None, None)],
        SMALL,
        None,
        "79433530f2b4998065e862b59671fbe27a260efcfbb8b7ec253ee00077541136",
        "9895a1c2a4adbc9af3095aa4548fbbf976b1ed43e07dbae0fc9b31bbc2dd0c25",
    ),
    "no rows": (
        [],
        SMALL,
        None,
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "29c99c4e9a8111f9f564bc0971dd2f143bcc32911c6e0ddd3b79c30f5b93a68a",
    ),
    "companies": (
        FIVE_ROWS,
        COLUMNS,
        "company",
        "9e04e6e6e1c6b358306a15afe4eb6d5b49e3fa01c0aae0e77d4c193f26ca9be8",
        "c22f1eede7083021fdd67510a8f074de624a16a4aef382c4fffc12d2658d8ada",
    ),
    "three leaves": (
        [(n,) for n in range(2049)],
        [("n", INT64)],
        None,
        "c9c40b2058c7a9bbe4fb65ae908b5068f4e4a90d53560e46259e634567c730f7",
        "fca1d902567126d587f683abd52a0a223cda5026c360c68aef811fa7734bbd2d",
    ),
    "texts": (
        [(text,) for text in TEXTS],
        [("s", STRING)],
        None,
        "b78a2099c12d2ef422922c340f03541313fd337840473db99fc28af3c91cce77",
        "6d45e07305c84c18b703b61419526c2674a19b0c5a57186f554c845eba64d9d9",
    ),
    "no digit before the point": (
        [(Decimal("0.01"),), (Decimal("-0.01"),), (Decimal("0"),)],
        [("r", ContractType("decimal", 4, 4))],
        None,
        "7ff8ae1335506fc17ef03200f34ab0a8f9f16eeb4b9a7246872828e8484b569f",
        "dd7d35f08ccb2deeb1865069f933ef4d2f4347964fffcadb32fec9135444d401",
    ),
}


@pytest.mark.parametrize("vector", VECTORS)
def test_values_made_with_a_shell(tmp_path, vector):
    rows, columns, company, root, expected = VECTORS[vector]
    found = digest(write(tmp_path / "a.parquet", rows, columns), columns, company)
    assert (found.rows, found.root, found.digest) == (len(rows), root, expected)
    assert reference(rows, columns, company) == expected
    assert root in SPECIFICATION.read_text("utf-8") and expected in SPECIFICATION.read_text("utf-8")


def test_each_company_has_a_tree_and_null_comes_first(tmp_path):
    found = digest(write(tmp_path / "a.parquet", FIVE_ROWS))
    assert [(tree.company, tree.rows, tree.root[:8]) for tree in found.companies] == [
        (None, 1, "0939a540"),
        ("", 1, "a51a6263"),
        ("EC_NG", 2, "d505c254"),
        ("~", 1, "8a963e2a"),
    ]


def test_the_record_of_a_digest_names_algorithm_trees_and_columns(tmp_path):
    value = digest(write(tmp_path / "a.parquet", FIVE_ROWS[:1], COLUMNS[:1]), COLUMNS[:1]).to_json()
    assert value["algorithm"] == "soxauto-dataset-digest/v1"
    assert value["columns"] == [["company", "string"]]
    assert [(tree["company"], tree["rows"]) for tree in value["companies"]] == [("EC_NG", 1)]
    assert json.loads(json.dumps(value)) == value


def test_no_file_is_no_row(tmp_path):
    empty = digest(write(tmp_path / "a.parquet", []))
    assert dataset_digest([], COLUMNS, "company") == empty
    assert (empty.rows, empty.companies) == (0, ())


# The specification again, in the plainest Python.


def reference(rows: list, columns=COLUMNS, company: str | None = "company") -> str:
    def cell(value: object, kind: ContractType) -> str:
        if value is None:
            return "~"
        if kind.kind == "string":
            return f"{len(value)}:{value}"
        if kind.kind == "bool":
            return "true" if value else "false"
        if kind.kind == "decimal":
            sign, digits, exponent = value.as_tuple()
            digits = "".join(map(str, digits)) + "0" * (kind.scale + exponent)
            digits = digits.zfill(kind.scale + 1)
            text = f"{digits[: -kind.scale].lstrip('0') or '0'}.{digits[-kind.scale :]}"
            return f"-{text}" if sign and any(c in "123456789" for c in text) else text
        if kind.kind == "timestamp":
            return str((value - datetime(1970, 1, 1)) // timedelta(milliseconds=1))
        return value.isoformat() if kind.kind == "date" else str(value)

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
        place = [name for name, _ in columns].index(company)
        groups: dict[str | None, list[bytes]] = {}
        for row in rows:
            groups.setdefault(row[place], []).append(row_hash(row))
        outer = []
        for name in sorted(groups, key=lambda name: (name is not None, (name or "").encode())):
            text = f"{cell(name, STRING)};{len(groups[name])};{root(sorted(groups[name]))}"
            outer.append(hashlib.sha256(text.encode()).digest())
        whole = root(outer)
    schema = json.dumps([[name, kind.name] for name, kind in columns], separators=(",", ":"))
    return hashlib.sha256(f"soxauto-dataset-digest/v1\n{schema}\n{len(rows)}\n{whole}".encode()).hexdigest()


milliseconds = st.integers(-62_135_596_800_000, 253_402_300_799_999)
rows_of = st.tuples(
    st.sampled_from([None, "EC_NG", "EC_NG ", "ec_ng", "JD_GH", "~", "", "\u00e9"]),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.decimals(Decimal("-99999999999999.9999"), Decimal("99999999999999.9999"), places=4),
    st.none() | st.dates(),
    st.none() | milliseconds.map(lambda n: datetime(1970, 1, 1) + timedelta(milliseconds=n)),
    st.none() | st.booleans(),
)
texts = st.none() | st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(TEXTS)
same_folder = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


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


@same_folder
@given(one=st.lists(st.tuples(texts, texts), max_size=4), other=st.lists(st.tuples(texts, texts), max_size=4))
def test_texts_have_one_digest_exactly_when_they_are_the_same_rows(tmp_path, one, other):
    columns = [("s", STRING), ("t", STRING)]
    found = [digest(write(tmp_path / "a.parquet", rows, columns), columns, None).digest for rows in (one, other)]
    assert found == [reference(rows, columns, None) for rows in (one, other)]
    assert (found[0] == found[1]) == (sorted(one, key=repr) == sorted(other, key=repr))


@same_folder
@given(rows=st.lists(rows_of, min_size=1, max_size=6), at=st.integers(0, 99), column=st.integers(0, 5), new=rows_of)
def test_one_changed_cell_changes_the_digest(tmp_path, rows, at, column, new):
    row = rows[at % len(rows)]
    changed = (*row[:column], new[column], *row[column + 1 :])
    others = [*rows[: at % len(rows)], changed, *rows[at % len(rows) + 1 :]]
    before, after = (digest(write(tmp_path / "a.parquet", version)).digest for version in (rows, others))
    assert (before != after) == (row != changed)


@same_folder
@given(row=rows_of, times=st.integers(1, 5))
def test_how_often_a_row_occurs_counts(tmp_path, row, times):
    found = digest(write(tmp_path / "a.parquet", [row] * times))
    assert found.rows == times and found.digest == reference([row] * times)
    assert found.digest != digest(write(tmp_path / "b.parquet", [row] * (times + 1))).digest


def test_more_rows_than_a_batch_and_a_leaf_hold(tmp_path):
    """Companies end within leaves and within the batches in which rows stream."""
    rows = [(f"C{min(n // 70_000, 1)}", n) for n in range(150_000)]
    columns = COLUMNS[:2]
    found = digest(write(tmp_path / "a.parquet", rows, columns), columns)
    assert found.digest == reference(rows, columns)
    assert [(tree.company, tree.rows) for tree in found.companies] == [("C0", 70_000), ("C1", 80_000)]


def test_a_companys_tree_depends_on_its_own_rows_only(tmp_path):
    both = digest(write(tmp_path / "a.parquet", FIVE_ROWS[:2]))
    alone = digest(write(tmp_path / "b.parquet", FIVE_ROWS[:1]))
    assert both.companies[0] == alone.companies[0]
    assert both.digest != alone.digest


def test_names_types_and_order_of_columns_count(tmp_path):
    row = [(1, 2)]
    declared = [
        [("a", INT64), ("b", INT64)],
        [("b", INT64), ("a", INT64)],
        [("a", INT64), ("c", INT64)],
        [("a", INT64), ("A", INT64)],
    ]
    found = {digest(write(tmp_path / "a.parquet", row, columns), columns, None).digest for columns in declared}
    assert len(found) == len(declared)


# What a file may be, and what it may not.


@pytest.mark.parametrize(
    ("arrived", "declared"),
    [
        (pa.array([Decimal("1.50")], pa.decimal128(16, 2)), MONEY),
        (pa.array([Decimal("1.5")], pa.decimal128(6, 4)), MONEY),
        (pa.array([7], pa.int16()), INT64),
        (pa.array([7], pa.uint32()), INT64),
        (pa.array(["x"], pa.large_string()), STRING),
        (pa.array([LAST_MILLISECOND], pa.timestamp("us")), TIMESTAMP),
        (pa.array([LAST_MILLISECOND], pa.timestamp("ns")), TIMESTAMP),
    ],
)
def test_another_type_that_loses_nothing_gives_the_same_digest(tmp_path, arrived, declared):
    columns = [("x", declared)]
    found = digest(write_table(tmp_path / "a.parquet", pa.table({"x": arrived})), columns, None)
    assert found == digest(
        write_table(tmp_path / "b.parquet", pa.table({"x": arrived.cast(arrow_type(declared))})), columns, None
    )


def test_files_of_different_types_keep_every_value(tmp_path):
    """A scan of several files would cast the second to the type of the first, and lose its digits."""
    parts = [
        write_table(tmp_path / f"{n}.parquet", pa.table({"x": pa.array([Decimal(value)], kind)}))
        for n, (value, kind) in enumerate([("1.25", pa.decimal128(16, 2)), ("1.2345", pa.decimal128(18, 4))])
    ]
    expected = reference([(Decimal("1.25"),), (Decimal("1.2345"),)], [("x", MONEY)], None)
    assert dataset_digest(parts, [("x", MONEY)], None).digest == expected


@pytest.mark.parametrize(
    ("arrived", "declared"),
    [
        (pa.array([1.5]), MONEY),
        (pa.array([1]), MONEY),
        (pa.array([Decimal("1.50000")], pa.decimal128(18, 5)), MONEY),
        (pa.array([Decimal("1.5")], pa.decimal128(18, 2)), MONEY),
        (pa.array([1.0]), INT64),
        (pa.array([1], pa.uint64()), INT64),
        (pa.array([Decimal(1)]), INT64),
        (pa.array([LAST_MILLISECOND], pa.timestamp("ms", "UTC")), TIMESTAMP),
        (pa.array([date(2025, 9, 30)]), TIMESTAMP),
        (pa.array(["2025-09-30"]), DATE),
        (pa.array([LAST_MILLISECOND], pa.timestamp("ms")), DATE),
        (pa.array([1]), STRING),
        (pa.array([b"x"]), STRING),
        (pa.array([1]), BOOL),
        (pa.array([None], pa.null()), STRING),
        (pa.array([{"a": 1}]), STRING),
    ],
)
def test_a_type_that_loses_information_is_refused_by_name(tmp_path, arrived, declared):
    path = write_table(tmp_path / "a.parquet", pa.table({"x": arrived}))
    with pytest.raises(ExtractionError, match=r"column x is .*, declared .*lose information"):
        digest(path, [("x", declared)], None)


@pytest.mark.parametrize(
    ("arrived", "declared"),
    [
        (pa.array([datetime(2025, 9, 30, 23, 59, 59, 999500)], pa.timestamp("us")), TIMESTAMP),
        (pa.array([datetime(1969, 9, 30, 23, 59, 59, 999500)], pa.timestamp("us")), TIMESTAMP),
        (pa.array([1_000_001], pa.int64()).cast(pa.timestamp("ns")), TIMESTAMP),
        (pa.array([2**63 - 1], pa.int64()).cast(pa.timestamp("us")), TIMESTAMP),
        (pa.array([-62_135_596_800_001], pa.int64()).cast(pa.timestamp("ms")), TIMESTAMP),
        (pa.array([2_932_897], pa.int32()).cast(pa.date32()), DATE),
        (pa.array([-719_163], pa.int32()).cast(pa.date32()), DATE),
    ],
)
def test_a_value_without_an_exact_text_is_refused_by_column_and_count(tmp_path, arrived, declared):
    columns = [("n", INT64), ("x", declared)]
    path = write_table(tmp_path / "a.parquet", pa.table({"n": pa.array([1]), "x": arrived}))
    with pytest.raises(ExtractionError, match="column x holds 1 values finer than a millisecond or outside"):
        digest(path, columns, None)


def test_96_bit_instants_are_refused(tmp_path):
    table = pa.table({"x": pa.array([1], pa.int64()).cast(pa.timestamp("ns"))})
    path = write_table(tmp_path / "a.parquet", table, use_deprecated_int96_timestamps=True)
    with pytest.raises(ExtractionError, match="column x is"):
        digest(path, [("x", TIMESTAMP)], None)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("b a", "column a stands where b is declared"),
        ("a", "column b is not declared"),
        ("a b c", "column c is missing"),
        ("a B", "column B is missing; column b is not declared"),
    ],
)
def test_missing_extra_and_reordered_columns_are_refused_by_name(tmp_path, declared, message):
    path = write(tmp_path / "a.parquet", [(1, 2)], [("a", INT64), ("b", INT64)])
    with pytest.raises(ExtractionError, match=message):
        digest(path, [(name, INT64) for name in declared.split()], None)


def test_one_bad_file_among_good_ones_is_refused(tmp_path):
    good = write(tmp_path / "a.parquet", [(1,)], [("n", INT64)])
    bad = write_table(tmp_path / "b.parquet", pa.table({"n": [1.5]}))
    with pytest.raises(ExtractionError, match="column n is double"):
        dataset_digest([good, bad], [("n", INT64)], None)


@pytest.mark.parametrize("company", ["n", "other", "COMPANY"])
def test_the_company_column_is_a_declared_string(tmp_path, company):
    with pytest.raises(ExtractionError, match=f"company column {company} is not declared as a string"):
        digest(write(tmp_path / "a.parquet", []), COLUMNS, company)


def test_names_that_differ_in_case_only_are_different_columns(tmp_path):
    columns = [("a", INT64), ("A", INT64)]
    assert digest(write(tmp_path / "a.parquet", [(1, 2)], columns), columns, None).digest == reference(
        [(1, 2)], columns, None
    )


@pytest.mark.parametrize("folder", ["x[1]", "y*", "z?", "it's", "n=2"])
def test_a_path_means_one_file_and_nothing_else(tmp_path, folder):
    """Signs that would match other files, and a folder that a reader could take for a column."""
    for name in ("x1", "yy", "zz", folder):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "a.parquet", [(1 if name == folder else 9,)], [("n", INT64)])
    found = digest(tmp_path / folder / "a.parquet", [("n", INT64)], None)
    assert found.digest == reference([(1,)], [("n", INT64)], None)


@pytest.mark.parametrize("content", [None, b"", b"PAR1 this is no Parquet file PAR1"])
def test_a_file_that_cannot_be_read_is_an_error_that_quotes_no_row(tmp_path, content):
    if content is not None:
        (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(StorageError, match="the rows could not be read and sorted"):
        digest(tmp_path / "a.parquet")


def test_text_that_is_no_utf_8_is_refused_without_quoting_it(tmp_path):
    offsets = pa.array([0, 7], pa.int32()).buffers()[1]
    broken = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(b"secret\xff")])
    path = write_table(tmp_path / "a.parquet", pa.table({"s": broken}))
    with pytest.raises(StorageError) as refused:
        digest(path, [("s", STRING)], None)
    assert "secret" not in str(refused.value)


def test_nothing_is_left_beside_the_files_or_where_it_ran(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digest(write(tmp_path / "a.parquet", FIVE_ROWS))
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
