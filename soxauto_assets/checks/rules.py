"""The rules over whole datasets: totals, key, cut-off, freshness, query, expectations.

Here belongs one function per rule. DuckDB evaluates them over the Parquet files, so that no dataset becomes Python
objects. What does not belong here: which rules an item has (``checks.suite``).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime

import duckdb

from soxauto_assets.canonical import sha256_hex
from soxauto_assets.catalog.model import Expectation, Item
from soxauto_assets.catalog.witnesses import read_witness
from soxauto_assets.checks.model import CheckContext, Failing, Outcome
from soxauto_assets.checks.totals import landed_totals
from soxauto_assets.engines.sql import normalised
from soxauto_assets.extraction.generated import advisory, statements_of
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.extraction.tables import TypedTable, Value
from soxauto_assets.extraction.uploads import AFTER_PERIOD
from soxauto_assets.period import Period

Rule = Callable[[Item, ExtractionRecord, Dataset, CheckContext], Outcome]
_SHOWN = 20


def not_null(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """Columns that must be filled are filled."""
    required = [column.name for column in item.columns if not column.nullable]
    counts = ", ".join(f'count(*) FILTER (WHERE "{name}" IS NULL)' for name in required)
    with dataset.query() as connection:
        nulls = dict(zip(required, _one(connection, f"SELECT {counts} FROM landed"), strict=True))
    empty = {name: count for name, count in nulls.items() if count}
    total = sum(int(str(count)) for count in empty.values())
    return Outcome(
        held=not empty,
        expected=f"0 nulls in {', '.join(required)}",
        actual=f"{total} nulls",
        unit="values",
        difference=str(total),
        rows=total,
        details=tuple(f"{name}: {count} null" for name, count in empty.items()),
        failing=_failing(item, " OR ".join(f'"{name}" IS NULL' for name in empty)) if empty else None,
    )


def key_unique(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """The declared key names one row."""
    key = ", ".join(f'"{name}"' for name in item.key)
    with dataset.query() as connection:
        rows, keys, duplicated = _one(
            connection,
            f"SELECT coalesce(sum(n), 0), count(*), count(*) FILTER (WHERE n > 1) "
            f"FROM (SELECT count(*) AS n FROM landed GROUP BY {key})",
        )
        sample = connection.execute(
            f"SELECT {key}, count(*) AS n FROM landed GROUP BY {key} HAVING count(*) > 1 ORDER BY ALL LIMIT 5"
        ).fetchall()
    return Outcome(
        held=duplicated == 0,
        expected=f"{rows} rows, {rows} keys ({', '.join(item.key)})",
        actual=f"{rows} rows, {keys} keys",
        unit="rows",
        difference=str(int(str(rows)) - int(str(keys))),
        rows=int(str(duplicated)),
        details=tuple(f"({', '.join(map(str, row[:-1]))}) occurs {row[-1]} times" for row in sample),
        failing=Failing(f"SELECT {key} FROM landed GROUP BY {key} HAVING count(*) > 1") if duplicated else None,
    )


def control_totals(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """The independently written query gave the source the same counts, sums and bounds as the landed rows give."""
    source = _by_group(item, record.answers["control_totals"])
    landed = _by_group(item, landed_totals(item, dataset))
    differing = [
        group for group in sorted(source.keys() | landed.keys(), key=str) if source.get(group) != landed.get(group)
    ]
    return Outcome(
        held=not differing,
        expected=_summary(item, source),
        actual=_summary(item, landed),
        unit="groups",
        difference=f"{len(differing)} groups differ" if differing else "0",
        rows=len(differing),
        details=tuple(
            f"{_group_name(item, group)}: source {_figures(source.get(group))}, landed {_figures(landed.get(group))}"
            for group in differing[:_SHOWN]
        ),
    )


def cutoff(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """No landed row lies on the wrong side of the cut-off; the source's rows on both sides are shown."""
    if item.cutoff.rule == "none":
        return Outcome(True, "-", "-", not_applicable="the source has no date: it shows the state in which it was read")
    period = Period.parse(record.period)
    column = item.cutoff.column
    violation, expected = {
        "up_to": (
            f"\"{column}\" >= TIMESTAMP '{period.period_end}'",
            f"every {column} before {period.period_end}",
        ),
        "snapshot": (
            f"\"{column}\" IS DISTINCT FROM DATE '{period.last_day}'",
            f"every {column} = {period.last_day}",
        ),
        "month": (
            f'"{column}" <> {period.year} OR "{item.cutoff.month_column}" <> {period.month}',
            f"every {column}, {item.cutoff.month_column} = {period.year}, {period.month}, or none where no rate exists",
        ),
    }[item.cutoff.rule]
    with dataset.query() as connection:
        wrong, first, last = _one(
            connection, f'SELECT count(*) FILTER (WHERE {violation}), min("{column}"), max("{column}") FROM landed'
        )
    edges = record.answers.get("cutoff_edges")
    held, details = (True, []) if edges is None else _edges(edges, last, item.cutoff.rule)
    return Outcome(
        held=wrong == 0 and held,
        expected=expected,
        actual=f"{wrong} rows beyond; landed {column} from {first} to {last}",
        unit="rows",
        difference=str(wrong),
        rows=int(str(wrong)),
        details=tuple(details),
        failing=_failing(item, violation) if wrong else None,
    )


def freshness(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """The source was loaded for the whole period when it was read."""
    answer = record.answers["freshness"].records()[0]
    return Outcome(
        held=answer["fresh"] is True,
        expected=item.freshness_reason or "the source is loaded for the period",
        actual=f"the deciding value of the source is {answer['newest']}",
    )


def query_hash(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """The recorded digests are those of the recorded texts, and the texts are the catalog's."""
    faults = []
    for purpose, catalogued in statements_of(item, [read_witness(entry) for entry in record.witnesses]).items():
        text = catalogued.template
        statement = record.statements.get(purpose)
        if statement is None and purpose in advisory(item):
            continue
        if statement is None:
            faults.append(f"{purpose}: not recorded")
            continue
        digests = {
            "template": sha256_hex(statement.template.encode()),
            "baseline": sha256_hex(normalised(statement.baseline).encode()),
            "executed": sha256_hex(normalised(statement.executed).encode()),
        }
        faults += [
            f"{purpose}: digest of {name} differs" for name in digests if digests[name] != statement.digests[name]
        ]
        if statement.template != text:
            faults.append(f"{purpose}: the catalog's text has changed since the extraction")
    if context.expected_definition and context.expected_definition != record.definition_digest:
        faults.append("the item folder or its configuration has changed since the extraction")
    return Outcome(
        held=not faults,
        expected=f"executed query sha256:{record.executed_digest}",
        actual=f"parameter-free query sha256:{record.baseline_digest}",
        details=tuple(faults),
    )


def custody(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """The file's original bytes were hashed and kept before they were read, with who handed them in."""
    held = record.custody or {}
    named = [name for name in ("sha256", "bytes", "uploader", "received") if not held.get(name)]
    return Outcome(
        held=not named,
        expected="original kept, uploader named",
        actual=f"sha256:{held.get('sha256')}, {held.get('bytes')} bytes, handed in by {held.get('uploader')}",
        details=tuple(f"{name} is missing" for name in named),
    )


def lines_readable(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """Every line of the file was read, or lies after the period."""
    return _rejected(record, after_period=False)


def lines_in_period(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """No line of the file lies after the period."""
    return _rejected(record, after_period=True)


def _rejected(record: ExtractionRecord, after_period: bool) -> Outcome:
    rejected = (record.custody or {}).get("rejected", [])
    lines = [(line, reason) for line, reason in rejected if (reason == AFTER_PERIOD) is after_period]
    return Outcome(
        held=not lines,
        expected="0 lines",
        actual=f"{len(lines)} lines",
        unit="lines",
        difference=str(len(lines)),
        rows=len(lines),
        details=tuple(f"line {line}: {reason}" for line, reason in lines[:_SHOWN]),
    )


def expectation(rule: Expectation) -> Rule:
    """Return the rule function of an item's own expectation."""

    def evaluate(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
        with dataset.query() as connection:
            values = {n: v for n, v in Period.parse(record.period).parameters().items() if f"${n}" in rule.violation}
            (rows,) = _one(connection, f"SELECT count(*) FROM landed WHERE {rule.violation}", values)
            groups = _companies(connection, item, rule, values) if rows and not rule.at_least_one else ()
        found = int(str(rows))
        concerned = found and not rule.at_least_one
        return Outcome(
            held=found > 0 if rule.at_least_one else found == 0,
            expected="at least 1 row" if rule.at_least_one else "0 rows",
            actual=f"{found} rows",
            unit="rows",
            difference=None if rule.at_least_one else str(found),
            rows=found,
            details=groups,
            failing=_failing(item, rule.violation, values) if concerned else None,
        )

    return evaluate


def _failing(item: Item, violation: str, values: Mapping[str, object] | None = None) -> Failing:
    """Return the query for the keys of the landed rows that a predicate marks."""
    key = ", ".join(f'"{name}"' for name in item.key)
    return Failing(f"SELECT {key} FROM landed WHERE {violation}", values or {})


def _by_group(item: Item, table: TypedTable) -> dict[tuple[Value, ...], tuple[Value, ...]]:
    if table.names != item.control_totals.columns:
        raise ValueError(f"control totals have columns {table.names}, declared {item.control_totals.columns}")
    width = len(item.control_totals.group_by)
    return {row[:width]: row[width:] for row in table.rows}


def _summary(item: Item, groups: dict[tuple[Value, ...], tuple[Value, ...]]) -> str:
    rows = sum(int(str(figures[0])) for figures in groups.values())
    return f"{rows} rows in {len(groups)} group(s)" if item.control_totals.group_by else _figures(groups.get(()))


def _group_name(item: Item, group: tuple[Value, ...]) -> str:
    return (
        ", ".join(f"{name} {value}" for name, value in zip(item.control_totals.group_by, group, strict=True)) or "all"
    )


def _figures(figures: tuple[Value, ...] | None) -> str:
    return "nothing" if figures is None else " / ".join(str(value) for value in figures)


def _edges(edges: TypedTable, last_landed: Value, rule: str) -> tuple[bool, list[str]]:
    """Compare the last landed value with the source's last one before the cut-off, and show the first one after it."""
    rows = edges.records()
    before = [row["last_before"] for row in rows if row["last_before"] is not None]
    after = [row["first_after"] for row in rows if row["first_after"] is not None]
    later = sum(int(str(row["rows_after"])) for row in rows)
    last = max(before, key=_instant) if before else None
    held = last_landed is None or (last is not None and _instant(last_landed) <= _instant(last))
    if rule == "snapshot":
        held = held and last is not None and last_landed is not None and _instant(last) == _instant(last_landed)
    first = min(after, key=_instant) if after else None
    return held, [
        f"source, last before the cut-off: {last}",
        f"source, first at or after it: {first} ({later} rows)"
        if later
        else "source holds nothing after the cut-off yet",
    ]


def _instant(value: Value) -> datetime:
    if isinstance(value, datetime):
        return value
    assert isinstance(value, date)
    return datetime(value.year, value.month, value.day)


def _companies(
    connection: duckdb.DuckDBPyConnection, item: Item, rule: Expectation, values: Mapping[str, object]
) -> tuple[str, ...]:
    if not item.company_column:
        return ()
    found = connection.execute(
        f'SELECT "{item.company_column}", count(*) FROM landed WHERE {rule.violation} GROUP BY 1 ORDER BY 1 LIMIT {_SHOWN}',
        values,
    ).fetchall()
    return tuple(f"{company}: {rows} rows" for company, rows in found)


def _one(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object] | None = None
) -> tuple[Value, ...]:
    row = connection.execute(sql, values or None).fetchone()
    assert row is not None
    return tuple(row)
