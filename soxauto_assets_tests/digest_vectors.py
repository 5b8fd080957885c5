"""The published vectors of the dataset digest: which cases there are, and the files that hold them.

    python -m soxauto_assets_tests.digest_vectors        # writes docs/dataset-digest-vectors.json

The cases are told here; the expected values come from the plain implementation. That they are right is shown in the tests: the
DuckDB implementation gives the same, and the values of the specification's section 7 were made with a shell.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets.evidence.proof import row_text
from soxauto_assets.evidence.reference_digest import reference_digest, typed_cells

PUBLISHED = Path(__file__).parents[1] / "docs" / "dataset-digest-vectors.json"
EPOCH = datetime(1970, 1, 1)
GENERATED = [
    ["company", "string"],
    ["n", "int64"],
    ["amount", "decimal(18,4)"],
    ["day", "date"],
    ["at", "timestamp"],
    ["open", "bool"],
]

# Files that hold the cases.

TYPES = {
    "string": pa.string(),
    "large_string": pa.large_string(),
    "binary": pa.binary(),
    "bool": pa.bool_(),
    "null": pa.null(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
    "timestamp_us": pa.timestamp("us"),
    "timestamp_ns": pa.timestamp("ns"),
    "timestamp_int96": pa.timestamp("ns"),
    "timestamp_us_utc": pa.timestamp("us", "UTC"),
    "time": pa.time64("us"),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
    **{f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
PER_SECOND = {"timestamp": 1_000, "timestamp_us": 10**6, "timestamp_us_utc": 10**6, "timestamp_ns": 10**9}


def array(values: list, kind: str) -> pa.Array:
    """Return cells of a vector as a column of a file; an integer for a date or instant is the stored count itself."""
    if decimal := re.fullmatch(r"decimal\((\d+),(\d+)\)", kind):
        numbers = [None if value is None else Decimal(value) for value in values]
        return pa.array(numbers, pa.decimal128(int(decimal.group(1)), int(decimal.group(2))))
    if kind.lstrip("u").startswith("int") or kind == "time":
        counts = pa.array([None if value is None else int(value) for value in values], pa.int64())
        return counts.cast(TYPES[kind])
    if kind == "date":
        days = [None if value is None else _count(value, kind, 0) for value in values]
        return pa.array(days, pa.int32()).cast(pa.date32())
    if kind.startswith("timestamp"):
        counts = [None if value is None else _count(value, kind, PER_SECOND.get(kind, 10**9)) for value in values]
        return pa.array(counts, pa.int64()).cast(TYPES[kind])
    if kind in ("float", "double"):
        return pa.array([None if value is None else float(value) for value in values], TYPES[kind])
    return pa.array([value.encode() if kind == "binary" and value else value for value in values], TYPES[kind])


def _count(value: str, kind: str, per_second: int) -> int:
    if re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if kind == "date":
        return (date.fromisoformat(value) - EPOCH.date()).days
    return (datetime.fromisoformat(value) - EPOCH) // timedelta(microseconds=1) * per_second // 10**6


def write_files(vector: dict[str, Any], folder: Path) -> list[Path]:
    """Write the files of a vector: the declared types, or those it says that they arrive in."""
    paths = []
    for number, rows in enumerate(files_of(vector)):
        stored = vector.get("stored") or [vector["columns"]]
        kinds = stored[number % len(stored)]
        columns = [array([row[place] for row in rows], kind) for place, (_, kind) in enumerate(kinds)]
        paths.append(folder / f"part-{number:05d}.parquet")
        old = any(kind == "timestamp_int96" for _, kind in kinds)
        table = pa.table(columns, names=[name for name, _ in kinds])
        pq.write_table(table, paths[-1], use_deprecated_int96_timestamps=old)
    return paths


def files_of(vector: dict[str, Any]) -> list[list]:
    if rule := vector.get("generated"):
        return [[generated_row(number, **rule) for number in range(rule["rows"])]]
    return vector["files"]


def generated_row(number: int, rows: int, companies: int, repeat: int) -> list:
    """Return a row by the rule that the specification states."""
    j = number // repeat
    return [
        f"C{j % companies}",
        str(j * j - 1000),
        format(Decimal((-1) ** j * j * 10007).scaleb(-4), "f"),
        (date(2000, 1, 1) + timedelta(days=j % 10_000)).isoformat(),
        (EPOCH + timedelta(milliseconds=j * 86_399_999 - 10**12)).isoformat(sep=" ", timespec="milliseconds"),
        [None, True, False][j % 3],
    ]


# The cases.

STRINGS = {
    "empty text": "",
    "null": None,
    "one letter": "B",
    "the sign of null": "~",
    "text that looks like a cell": "1:~",
    "text that looks like two cells": "a;1:b",
    "semicolon": ";",
    "colon": ":",
    "one blank": " ",
    "trailing blank": "EC_NG ",
    "leading blank": " EC_NG",
    "no trailing blank": "EC_NG",
    "lower case": "ec_ng",
    "the word null": "null",
    "the word true": "true",
    "the digit 0": "0",
    "a number with a leading zero": "007",
    "tab": "\t",
    "line feed": "\n",
    "carriage return and line feed": "\r\n",
    "the character U+0000": "\x00",
    "U+0000 inside": "a\x00b",
    "unit separator": "\x1f",
    "delete": "\x7f",
    "next line, U+0085": "\x85",
    "no-break space": "\u00a0",
    "zero-width space": "\u200b",
    "line separator": "\u2028",
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "byte order mark before a letter": "\ufeffa",
    "quotation mark and apostrophe": "\"'",
    "backslash": "\\",
    "backslash and n": "\\n",
    "percent and underscore": "%_",
    "e acute, composed": "\u00e9",
    "e acute, combining": "e\u0301",
    "o with two marks, one order": "o\u0323\u0307",
    "o with two marks, other order": "o\u0307\u0323",
    "Angstrom sign": "\u212b",
    "A with ring": "\u00c5",
    "ligature fi": "\ufb01",
    "sharp s": "stra\u00dfe",
    "Turkish dotless i": "\u0131\u0130",
    "Greek final sigma": "\u03c3\u03c2",
    "Arabic": "محمد",
    "Arabic digits": "\u0661\u0662\u0663",
    "Hebrew with points": "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",
    "right-to-left mark": "\u200fabc",
    "right-to-left override": "\u202eabc\u202c",
    "Amharic": "ሰላም",
    "Yoruba": "Ẹ̀kọ́",
    "Devanagari with a joiner": "क्\u200dष",
    "Chinese": "中文",
    "Hangul, composed": "\uac00",
    "Hangul, letters": "\u1100\u1161",
    "last code point below the surrogates": "\ud7ff",
    "first code point above them": "\ue000",
    "last code point of the basic plane": "\uffff",
    "first astral code point": "\U00010000",
    "emoji": "\U0001f600",
    "emoji of five code points": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "flag of two code points": "\U0001f1f3\U0001f1ec",
    "last code point": "\U0010ffff",
    "Naira sign": "\u20a6",
    "a hundred letters": "x" * 100,
    "a hundred astral letters": "\U0001d49c" * 100,
}
INTEGERS = ["0", "1", "-1", "9", "10", "-10", "127", "-128", "32768", "2147483647", "-2147483648", "2147483648",
            "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808"]  # fmt: skip
DECIMALS = {
    "decimal(18,4)": ["0", "-0", "-0.0000", "1.5", "-1.5", "10.1250", "0.0001", "-0.0001", "0.01", "-0.01", "100", "-100",
                      "99999999999999.9999", "-99999999999999.9999", "12345678901234.5678"],
    "decimal(38,4)": ["0", "-0.0001", f"{'9' * 34}.9999", f"-{'9' * 34}.9999", f"1{'0' * 33}.0001"],
    "decimal(18,8)": ["0.00000001", "-0.00000001", "1520.12345678", "9999999999.99999999", "1"],
    "decimal(4,4)": ["0", "0.01", "-0.01", "0.9999", "-0.9999", "-0"],
    "decimal(38,0)": ["0", "-0", "7", "-7", "9" * 38, f"-{'9' * 38}", f"1{'0' * 37}"],
    "decimal(38,38)": ["0", f"0.{'9' * 38}", f"-0.{'9' * 38}", f"0.{'0' * 37}1", f"-0.{'0' * 37}1"],
    "decimal(1,0)": ["9", "-9", "0"],
    "decimal(1,1)": ["0.9", "-0.9", "0.0"],
    "decimal(19,2)": ["99999999999999999.99", "-99999999999999999.99", "92233720368547758.08"],
}  # fmt: skip
DATES = ["0001-01-01", "0001-12-31", "0099-03-01", "1582-10-04", "1582-10-05", "1582-10-15", "1900-02-28", "1900-03-01",
         "1969-12-31", "1970-01-01", "1970-01-02", "2000-02-29", "2024-02-29", "2025-09-30", "9999-12-31"]  # fmt: skip
INSTANTS = ["0001-01-01 00:00:00.000", "0001-01-01 00:00:00.001", "1582-10-10 12:00:00.000", "1899-12-31 23:59:59.999",
            "1969-12-31 23:59:59.999", "1969-12-31 23:59:59.001", "1969-12-31 00:00:00.000", "1970-01-01 00:00:00.000",
            "1970-01-01 00:00:00.001", "1970-01-01 00:00:01.000", "2000-02-29 12:34:56.789", "2025-03-30 02:30:00.000",
            "2025-10-26 02:30:00.000", "2016-12-31 23:59:59.999", "2025-09-30 23:59:59.999", "2025-10-01 00:00:00.000",
            "2038-01-19 03:14:08.000", "9999-12-31 23:59:59.999"]  # fmt: skip
SIZES = [1, 2, 3, 1022, 1023, 1024, 1025, 2047, 2048, 2049, 3072, 3073, 4097]


def cases() -> Iterator[dict[str, Any]]:
    """Return the cases, without what they must give."""
    for name, text in STRINGS.items():
        yield case(f"string: {name}", [["s", "string"]], [text])
    for kind, values in {"int64": INTEGERS, **DECIMALS, "date": DATES, "timestamp": INSTANTS}.items():
        for value in [*values, None]:
            yield case(f"{kind}: {'null' if value is None else value}", [["x", kind]], [value])
    for value in (True, False, None):
        yield case(f"bool: {json.dumps(value)}", [["x", "bool"]], [value])
    yield from _rows_and_columns()
    yield from _companies()
    yield from _stored()
    for rows in SIZES:
        for company, companies in ((None, 1), ("company", 1), ("company", 3)):
            yield generated(rows, companies, 1, company)
    for rows, companies, repeat in ((1025, 1, 1025), (2050, 1, 2), (4096, 2, 1024), (1023, 1023, 1), (1024, 1024, 1)):
        yield generated(rows, companies, repeat, "company")
    for rows, companies in ((1025, 1025), (2049, 2049), (4000, 1500)):
        yield generated(rows, companies, 1, "company")


def case(
    name: str, columns: list, *rows: list, company: str | None = None, files: list | None = None
) -> dict[str, Any]:
    return {"name": name, "columns": columns, "company_column": company, "files": files or [list(rows)]}


def generated(rows: int, companies: int, repeat: int, company: str | None) -> dict[str, Any]:
    name = f"generated: {rows} rows, {companies} companies, {repeat} of each, {'a' if company else 'no'} company column"
    rule = {"rows": rows, "companies": companies, "repeat": repeat}
    return {"name": name, "columns": GENERATED, "company_column": company, "generated": rule}


def _rows_and_columns() -> Iterator[dict[str, Any]]:
    two, one = [["a", "string"], ["b", "string"]], [["n", "int64"]]
    yield case("no rows", two)
    yield {**case("no file", two), "files": []}
    yield case("no rows, with a company column", two, company="a")
    yield case("specification A", [["c", "string"], ["x", "decimal(18,4)"]], ["B", "1.5"], [None, None])
    texts = ["\u00e9", "e\u0301", "\U0001f600", "محمد", "a;b", "~", None, ""]
    yield case("specification E", [["s", "string"]], *([text] for text in texts))
    yield case("specification F", [["r", "decimal(4,4)"]], ["0.01"], ["-0.01"], ["0"])
    for values in (
        ["a", "b"],
        ["ab", ""],
        ["", "ab"],
        [None, ""],
        ["", None],
        [None, None],
        ["a;1:b", "c"],
        ["a", "b;1:c"],
    ):
        yield case(f"two columns: {json.dumps(values)}", two, values)
    yield case("names in the other order", [["b", "string"], ["a", "string"]], ["a", "b"])
    yield case("another name", [["a", "string"], ["c", "string"]], ["a", "b"])
    yield case("names that differ in case only", [["a", "string"], ["A", "string"]], ["a", "b"])
    yield case("a name with a quotation mark, a backslash and é", [['"\\é', "string"]], ["a"])
    yield case("another type with the same texts", [["n", "decimal(18,0)"]], ["1"], ["2"])
    yield case("two rows", one, ["1"], ["2"])
    yield case("two rows in the other order", one, ["2"], ["1"])
    yield case("two rows, one twice", one, ["1"], ["2"], ["2"])
    yield case("two rows, the other twice", one, ["1"], ["1"], ["2"])
    yield case("one row four times", one, *[["1"]] * 4)
    yield case("two files", one, files=[[["1"]], [["2"]]])
    yield case("three files, one without rows, duplicates across them", one, files=[[["1"], ["2"]], [], [["2"]]])
    everything = ["EC_NG", "1", "10.125", "2025-09-30", "2025-09-30 23:59:59.999", True]
    yield case("every type", GENERATED, everything)
    for place, (name, _) in enumerate(GENERATED):
        yield case(f"every type, {name} null", GENERATED, [*everything[:place], None, *everything[place + 1 :]])
    yield case("every type, all null", GENERATED, [None] * 6)


def _companies() -> Iterator[dict[str, Any]]:
    columns = [["company", "string"], ["n", "int64"]]
    named = {
        "one company": ["EC_NG"],
        "no company in any row": [None, None],
        "the empty text is a company": [""],
        "null, empty text and the sign of null": ["~", None, ""],
        "order by bytes, not by alphabet": ["b", "B", "a", "\u00e9", "e\u0301", "_"],
        "astral after the basic plane": ["\U00010000", "\uffff", "\ue000"],
        "blank and case tell companies apart": ["EC_NG", "EC_NG ", "ec_ng"],
        "a company that begins another": ["EC", "EC_NG", "E"],
        "companies whose rows are alike": ["A", "B", "A", "B", "A"],
    }
    for name, companies in named.items():
        yield case(f"companies: {name}", columns, *([code, "1"] for code in companies), company="company")
    yield case("companies: the same rows without a company column", columns, ["A", "1"], ["B", "1"])
    yield case("companies: the column stands last", columns[::-1], ["1", "A"], ["2", None], company="company")
    spread = [[["A", "1"], ["B", "2"]], [["B", "1"], [None, "3"]], [["A", "0"]]]
    yield case("companies: spread over files", columns, files=spread, company="company")
    rows = [
        ["EC_NG", "1", "10.125", "2025-09-30", "2025-09-30 23:59:59.999", True],
        ["~", str(2**63 - 1), "99999999999999.9999", "9999-12-31", "1970-01-01 00:00:00.000", True],
        [None, "-7", None, None, None, None],
        ["EC_NG", "1", "10.125", "2025-09-30", "2025-09-30 23:59:59.999", True],
        ["", "0", "-0.01", "0001-01-01", "1969-12-31 23:59:59.999", False],
    ]
    yield case("specification C", GENERATED, *rows, company="company")


def _stored() -> Iterator[dict[str, Any]]:
    instant, late = "2025-09-30 23:59:59.999", "1969-12-31 23:59:59.999"
    stored = [
        ("int64", "int8", ["-128", "127", None]),
        ("int64", "int16", ["-32768", None]),
        ("int64", "int32", ["-2147483648"]),
        ("int64", "uint8", ["255"]),
        ("int64", "uint16", ["65535"]),
        ("int64", "uint32", ["4294967295"]),
        ("string", "large_string", ["é", None, ""]),
        ("decimal(18,4)", "decimal(16,2)", ["1.50", "-0.01", "99999999999999.99"]),
        ("decimal(18,4)", "decimal(14,0)", ["99999999999999", "-1"]),
        ("decimal(38,4)", "decimal(18,4)", ["99999999999999.9999"]),
        ("decimal(38,4)", "decimal(34,0)", ["9" * 34]),
        ("timestamp", "timestamp_us", [instant, late, "0001-01-01 00:00:00.000", "9999-12-31 23:59:59.999"]),
        ("timestamp", "timestamp_ns", [instant, late, "1678-01-01 00:00:00.000", "2262-01-01 00:00:00.000"]),
    ]
    for kind, arrives, values in stored:
        vector = case(f"{kind} that arrives as {arrives}", [["x", kind]], *([value] for value in values))
        yield {**vector, "stored": [[["x", arrives]]]}
    mixed = case("two files of different types", [["x", "decimal(18,4)"]], files=[[["1.25"]], [["1.2345"]]])
    yield {**mixed, "stored": [[["x", "decimal(16,2)"]], [["x", "decimal(18,4)"]]]}


def refusals() -> Iterator[dict[str, Any]]:
    """Return the files that must be refused, with the column to name."""
    money = "decimal(18,4)"
    wrong = [
        (money, "double", "1.5"), (money, "float", "1.5"), (money, "int64", "1"), (money, "string", "1.5"),
        (money, "decimal(18,5)", "1.5"), (money, "decimal(18,2)", "1.5"), (money, "decimal(38,4)", "1.5"),
        ("decimal(38,4)", "double", "1.5"), ("decimal(18,8)", "float", "1.5"), ("decimal(38,38)", "decimal(38,0)", "1"),
        ("int64", "double", "1"), ("int64", "uint64", "1"), ("int64", "decimal(18,0)", "1"), ("int64", "string", "1"),
        ("int64", "bool", True), ("int64", "date", "2025-09-30"),
        ("string", "int64", "1"), ("string", "binary", "x"), ("string", "date", "2025-09-30"), ("string", "null", None),
        ("string", "dictionary", "x"), ("bool", "int8", "1"), ("bool", "string", "true"),
        ("date", "string", "2025-09-30"), ("date", "timestamp", "2025-09-30 00:00:00.000"), ("date", "int32", "1"),
        ("date", "date", "2932897"), ("date", "date", "-719163"),
        ("timestamp", "date", "2025-09-30"), ("timestamp", "string", "2025-09-30 00:00:00.000"),
        ("timestamp", "int64", "1"), ("timestamp", "time", "1"), ("timestamp", "timestamp_us_utc", "1"),
        ("timestamp", "timestamp_int96", "1000000"), ("timestamp", "timestamp_us", "1759276799999500"),
        ("timestamp", "timestamp_us", "-1"), ("timestamp", "timestamp_us", "9223372036854775807"),
        ("timestamp", "timestamp_ns", "1000001"), ("timestamp", "timestamp_ns", "-999999"),
        ("timestamp", "timestamp", "-62135596800001"), ("timestamp", "timestamp", "253402300800000"),
    ]  # fmt: skip
    for kind, arrives, value in wrong:
        vector = case(f"{kind} that arrives as {arrives}: {value}", [["n", "int64"], ["x", kind]], ["1", value])
        yield {**vector, "stored": [[["n", "int64"], ["x", arrives]]], "refused": "x"}
    declared = [["a", "int64"], ["b", "int64"]]
    for name, found, column in (
        ("columns in another order", ["b", "a"], "b"),
        ("a column more", ["a", "b", "c"], "c"),
        ("a column less", ["a"], "b"),
        ("another case", ["a", "B"], "B"),
    ):
        stored = [[name, "int64"] for name in found]
        yield {**case(name, declared, ["1"] * len(found)), "stored": [stored], "refused": column}
    for column in ("n", "other", "COMPANY"):
        vector = case(
            f"the company column {column}", [["company", "string"], ["n", "int64"]], ["A", "1"], company=column
        )
        yield {**vector, "refused": column}
    second = case("the second file only", [["x", money]], files=[[["1.5"]], [["1.5"]]])
    yield {**second, "stored": [[["x", money]], [["x", "double"]]], "refused": "x"}


# The published file.


def published() -> str:
    """Return the text of the published file: one vector a line."""
    with tempfile.TemporaryDirectory() as folder:
        vectors = [{**vector, **_expected(vector, Path(folder))} for vector in cases()]
    parts = [f'"{name}": [\n{_lines(part)}\n]' for name, part in (("vectors", vectors), ("refused", list(refusals())))]
    return '{\n"algorithm": "soxauto-dataset-digest/v1",\n' + ",\n".join(parts) + "\n}\n"


def _lines(vectors: list[dict[str, Any]]) -> str:
    # ASCII, so that an editor cannot normalise a text without being seen.
    return ",\n".join(json.dumps(vector, separators=(",", ":")) for vector in vectors)


def _expected(vector: dict[str, Any], folder: Path) -> dict[str, Any]:
    found = reference_digest(write_files(vector, folder), vector["columns"], vector["company_column"])
    companies = [[tree["company"], tree["rows"], tree["root"]] for tree in found["companies"]]
    expected = {"rows": found["rows"], "root": found["root"], "digest": found["digest"]}
    if len(companies) <= 10:
        expected["companies"] = companies
    if "files" in vector:
        expected["texts"] = [
            row_text(row, vector["columns"]) for rows in vector["files"] for row in _typed(vector, rows)
        ]
    return expected


def _typed(vector: dict[str, Any], rows: list) -> Iterator[tuple]:
    columns = enumerate(vector["columns"])
    yield from zip(
        *(typed_cells(array([r[i] for r in rows], kind), name, kind) for i, (name, kind) in columns), strict=True
    )


if __name__ == "__main__":
    PUBLISHED.write_text(published(), "ascii")
    print(f"{PUBLISHED}: {sum(1 for _ in cases())} vectors, {sum(1 for _ in refusals())} refusals")
