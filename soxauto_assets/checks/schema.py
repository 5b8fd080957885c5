"""The schema rule: pandera over Parquet batches.

Here belongs the pandera schema of an item and its run. What does not belong here: rules over the whole dataset, which
DuckDB evaluates (``checks.rules``).
"""

import os
from collections import Counter
from collections.abc import Iterator

import pandera.polars as pa
import polars as pl
import pyarrow
import pyarrow.parquet as pq
from pandera.config import get_config_context
from pandera.errors import SchemaErrors

from soxauto_assets.catalog.model import Item, OutputColumn
from soxauto_assets.catalog.types import ContractType
from soxauto_assets.checks.model import Failing, Outcome
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.parquet import text

BATCH_ROWS = 65_536


def polars_type(kind: ContractType) -> pl.DataType:
    """Return the polars type that a landed column of a contract type has."""
    if kind.kind == "decimal":
        return pl.Decimal(kind.precision, kind.scale)
    simple: dict[str, pl.DataType] = {
        "string": pl.String(),
        "bool": pl.Boolean(),
        "int64": pl.Int64(),
        "date": pl.Date(),
        "timestamp": pl.Datetime("ms"),
    }
    return simple[kind.kind]


def pandera_schema(item: Item) -> pa.DataFrameSchema:
    """Return the item's pandera schema: strict, ordered, without coercion."""
    columns = {c.name: _column(c, polars_type(c.type)) for c in item.columns}
    return pa.DataFrameSchema(columns, strict=True, ordered=True, coerce=False, name=item.id)


def evaluate_schema(item: Item, dataset: Dataset) -> Outcome:
    """Validate every file's columns and every batch of its values, lazily, and count what fails by column and rule.

    Names, order and types are the file's, the same for all rows, so that a frame without rows says them. Values are read of
    the columns that have a rule over values.

    Raises:
        RuntimeError: pandera's validation is switched off in this process; a rule that is not evaluated never passes.
    """
    _require_enabled()
    faults: Counter[str] = Counter()
    for path in dataset.files:
        with pq.ParquetFile(path) as file:
            form = _frame(file.schema_arrow.empty_table())
            faults.update(_faults(pandera_schema(item), form))
            ruled = {c.name: _column(c) for c in item.columns if any(_broken(c)) and c.name in form.columns}
            values = pa.DataFrameSchema(ruled, coerce=False, name=item.id)
            for batch in file.iter_batches(BATCH_ROWS, columns=list(ruled)) if ruled else ():
                faults.update(_faults(values, _frame(batch)))
    # What the batches took goes back before DuckDB takes its own share for the other rules.
    pyarrow.default_memory_pool().release_unused()
    rows = sum(faults.values())
    return Outcome(
        held=not faults,
        expected=f"{len(item.columns)} columns as declared, 0 faults",
        actual=f"{rows} faults",
        unit="values",
        difference=str(rows),
        rows=rows,
        details=tuple(f"{rule}: {count}" for rule, count in sorted(faults.items())[:20]),
        failing=_failing(item) if faults else None,
    )


def _failing(item: Item) -> Failing:
    """Return the query for the keys of rows that break a rule over values; a column of another type has no such rows."""
    key = ", ".join(f'"{name}"' for name in item.key)
    broken = " OR ".join(rule for column in item.columns for rule in _broken(column)) or "false"
    return Failing(f"SELECT {key} FROM landed WHERE {broken}")


def _broken(column: OutputColumn) -> Iterator[str]:
    name = f'"{column.name}"'
    if not column.nullable:
        yield f"{name} IS NULL"
    if column.allowed is not None:
        yield f"{name} NOT IN ({', '.join(text(value) for value in column.allowed)})"
    if column.minimum is not None:
        yield f"{name} < {column.minimum}"
    if column.pattern is not None:
        yield f"NOT regexp_full_match({name}, {text(column.pattern)})"


def _column(column: OutputColumn, kind: pl.DataType | None = None) -> pa.Column:
    """Return a column's rules over values, with the rule over its type when one is given."""
    checks = []
    if column.allowed is not None:
        checks.append(pa.Check.isin(list(column.allowed)))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum))
    if column.pattern is not None:
        checks.append(pa.Check.str_matches(f"^(?:{column.pattern})$"))
    return pa.Column(kind, checks=checks, nullable=column.nullable, required=True)


def _frame(rows: pyarrow.Table | pyarrow.RecordBatch) -> pl.DataFrame:
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)  # a LazyFrame would defer the rules and pass
    return frame


def _faults(schema: pa.DataFrameSchema, frame: pl.DataFrame) -> Counter[str]:
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        return _counted(errors)
    return Counter()


def _counted(errors: SchemaErrors) -> Counter[str]:
    """Count failure cases by column and rule; the failing values themselves stay out of the message."""
    cases = errors.failure_cases
    counted: Counter[str] = Counter()
    for row in cases.select("column", "check").iter_rows():
        counted[f"{row[0]}: {row[1]}" if row[0] else str(row[1])] += 1
    return counted


def _require_enabled() -> None:
    if not get_config_context().validation_enabled:
        raise RuntimeError(
            "pandera validation is disabled "
            f"(PANDERA_VALIDATION_ENABLED={os.environ.get('PANDERA_VALIDATION_ENABLED', 'unset')})"
        )
    depth = get_config_context().validation_depth
    if depth is not None and depth.name != "SCHEMA_AND_DATA":
        raise RuntimeError(f"pandera validates only {depth.name}")
