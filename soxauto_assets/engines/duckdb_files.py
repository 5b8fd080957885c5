"""How DuckDB reads a table's Parquet files as Athena does, which knows the declared types and not the files'.

Here belongs the expression that turns a file's column into the declared one, and the view over files of several forms. What
does not belong here: running anything (``engines.duckdb_engine``), and saying that a file and its declaration differ
(``extraction.fidelity``).

The rules are those that Trino 476 showed over the same files (``soxauto_assets_tests/trino/test_reading.py``): a column that a
file lacks is null, an instant is rounded half up to the millisecond, a decimal half up to the declared scale, an integer
becomes a decimal or a text. What Trino refuses, and what it turns into a number without a word (an instant under a column
declared bigint), is not read at all.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_INTEGERS = {"tinyint", "smallint", "integer", "bigint"}
_DECIMAL = re.compile(r"^decimal\((\d+),(\d+)\)$")
# Types finer than the millisecond: the function that gives their epoch, and its units in a millisecond.
_FINER = {"timestamp(6)": ("epoch_us", 1_000), "timestamp(9)": ("epoch_ns", 1_000_000)}


@dataclass(frozen=True)
class Form:
    """Files of a table that have the same columns and types.

    Attributes:
        files: The files.
        columns: Column and type, in Trino's words, as the files have them.
    """

    files: tuple[Path, ...]
    columns: Mapping[str, str]


def forms_of(files: Iterable[tuple[Path, Mapping[str, str]]]) -> tuple[Form, ...]:
    """Group files by their columns and types."""
    found: dict[tuple[tuple[str, str], ...], list[Path]] = {}
    for path, columns in files:
        found.setdefault(tuple(columns.items()), []).append(path)
    return tuple(Form(tuple(paths), dict(columns)) for columns, paths in found.items())


def declared_columns(forms: tuple[Form, ...], declared: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of a table and the types they are read with.

    Args:
        forms: Its files.
        declared: Column and type as declared; a column that no file has is none.

    Returns:
        The declared type where every file that has the column can be read with it. Otherwise the type of the first file that
        cannot, with the file's name where there are others; what is not declared keeps the first file's type.
    """
    names = {name.lower(): kind for name, kind in declared.items()}
    columns: dict[str, str] = {}
    unreadable = set()
    for form in forms:
        for name, kind in form.columns.items():
            wanted = names.get(name.lower())
            if wanted is None:
                columns.setdefault(name, kind)
            elif expression(name, kind, wanted) is not None:
                if name not in unreadable:
                    columns[name] = wanted
            elif name not in unreadable:
                unreadable.add(name)
                columns[name] = kind if len(forms) == 1 else f"{kind} in {form.files[0].name}"
    return columns


def view_of(forms: tuple[Form, ...], declared: Mapping[str, str], columns: Mapping[str, str]) -> str:
    """Return the query that reads all files with the declared types; a column that cannot be read so is left out.

    Args:
        forms: The files.
        declared: Column and type as declared.
        columns: What :func:`declared_columns` says.
    """
    names = {name.lower(): kind for name, kind in declared.items()}
    # What is declared has one type in every file or is left out; of the rest, what all files hold alike is kept.
    kept = [
        name
        for name, kind in columns.items()
        if names.get(name.lower(), "") == kind
        or (name.lower() not in names and all(form.columns.get(name) == kind for form in forms))
    ]
    return " UNION ALL ".join(_select(form, kept, names, columns) for form in forms)


def _select(form: Form, names: Iterable[str], declared: Mapping[str, str], columns: Mapping[str, str]) -> str:
    own = {name.lower(): name for name in form.columns}
    parts = []
    for name in names:
        found = own.get(name.lower())
        if found is None:
            parts.append(f'CAST(NULL AS {_duckdb_name(columns[name])}) AS "{name}"')
            continue
        kind, wanted = form.columns[found], declared.get(name.lower())
        read = expression(found, kind, wanted) if wanted else None
        parts.append(f'{read or _own(found, kind)} AS "{name}"')
    # No pattern in a file's name is one.
    plain = ("".join(f"[{sign}]" if sign in "*?[" else sign for sign in quoted(path)) for path in form.files)
    paths = ", ".join(f"'{path}'" for path in plain)
    return f"SELECT {', '.join(parts)} FROM read_parquet([{paths}])"


def expression(name: str, kind: str, declared: str) -> str | None:
    """Return how a column of a file is read under its declared type; None where Athena does not read it, or misreads it."""
    if declared == "varchar" and (kind in _INTEGERS or _DECIMAL.match(kind)):
        return f'CAST("{name}" AS VARCHAR)'
    if declared == "bigint" and kind in _INTEGERS:
        return f'CAST("{name}" AS BIGINT)'
    if _DECIMAL.match(declared):
        # An integer of 64 bits is refused, one of 32 is read.
        if _DECIMAL.match(kind) or kind in _INTEGERS - {"bigint"}:
            return f'CAST("{name}" AS {declared.upper()})' if kind != declared else f'"{name}"'
        return None
    if declared == "timestamp(3)" and re.fullmatch(r"timestamp\(\d\)", kind):
        return _own(name, kind)
    return f'"{name}"' if kind == declared else None


def _own(name: str, kind: str) -> str:
    """Return how a column of no declared type is read: an instant rounded half up to the millisecond, the rest as it is.

    DuckDB rounds a half away from zero, which before 1970 is down.
    """
    if not kind.startswith("timestamp("):
        return f'"{name}"'
    rounded = f'CAST("{name}" AS TIMESTAMP_MS)'
    if kind not in _FINER:
        return rounded
    epoch, unit = _FINER[kind]
    before = f'CAST(make_timestamp_ms(-(({unit // 2 - 1} - {epoch}("{name}")) // {unit})) AS TIMESTAMP_MS)'
    return f"CASE WHEN \"{name}\" < TIMESTAMP '1970-01-01' THEN {before} ELSE {rounded} END"


def quoted(path: Path) -> str:
    """Return a path for a text literal."""
    return str(path).replace("'", "''")


def _duckdb_name(kind: str) -> str:
    return {"timestamp(3)": "TIMESTAMP_MS"}.get(kind, kind.upper())
