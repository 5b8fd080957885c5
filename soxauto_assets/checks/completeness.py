"""The rules of completeness beside the control totals: digests, dropped rows, look-ups, gaps, other ways to the figures.

Here belongs comparing what the source answered with the landed rows. What does not belong here: control totals
(``checks.rules``) and asking the source (``extraction``).
"""

from collections.abc import Callable, Mapping, Sequence

from soxauto_assets.catalog.model import Item, Tie
from soxauto_assets.checks.model import CheckContext, Failing, Outcome
from soxauto_assets.extraction.generated import ROW_DIGEST, TIE, landed_digest_sql
from soxauto_assets.extraction.landing import Dataset, digest_of_rows
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.extraction.tables import Value
from soxauto_assets.period import Period

_SHOWN = 20
LISTED = "listed"


def row_digest(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """The source's rows are the landed rows, one by one: a sum of hashes differs when a single character does."""
    width = 1 if item.company_column else 0
    source = _keyed(record.answers[ROW_DIGEST].rows, width)
    with dataset.query() as connection:
        landed = _keyed(connection.execute(landed_digest_sql(item)).fetchall(), width)
    differing = [
        group for group in sorted(source.keys() | landed.keys(), key=str) if source.get(group) != landed.get(group)
    ]
    failing = None
    if differing and item.company_column:
        failing = Failing(
            f"SELECT {_key(item)} FROM landed WHERE list_contains($companies, coalesce(\"{item.company_column}\", '~'))",
            {"companies": ["~" if group[0] is None else group[0] for group in differing]},
        )
    return Outcome(
        held=not differing,
        expected=f"{_rows(source)} rows with the source's digest",
        actual=f"{_rows(landed)} rows, " + ("the same digest" if not differing else "another digest"),
        unit="groups",
        difference=str(len(differing)),
        rows=sum(int(str(landed[group][0])) for group in differing if group in landed),
        details=tuple(
            f"{group[0] if group else 'all'}: source {_said(source.get(group))}, landed {_said(landed.get(group))}"
            for group in differing[:_SHOWN]
        ),
        failing=failing,
    )


def dataset_digest(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """The files still hold the rows that the extraction landed, with their names, types and order of columns."""
    landed, now = record.dataset, digest_of_rows(item, dataset.files)
    before = {tree.company: (tree.rows, tree.root) for tree in landed.companies}
    after = {tree.company: (tree.rows, tree.root) for tree in now.companies}
    differing = [c for c in sorted(before.keys() | after.keys(), key=str) if before.get(c) != after.get(c)]
    return Outcome(
        held=now.digest == landed.digest,
        expected=f"{landed.rows} rows, sha256:{landed.digest}",
        actual=f"{now.rows} rows, sha256:{now.digest}",
        unit="rows",
        difference=str(now.rows - landed.rows),
        details=tuple(
            f"{company}: landed {before.get(company, (0,))[0]} rows, now {after.get(company, (0,))[0]}, other content"
            for company in differing[:_SHOWN]
        ),
    )


def dropped_rows(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """Every candidate of the source is landed or left out for a reason: what is listed there is what was landed."""
    population = item.population
    assert population is not None
    cells = {row["reason"]: (row["row_count"], row["amount"]) for row in record.answers["dropped_rows"].records()}
    listed_rows, listed_amount = cells.pop(LISTED, (0, None))
    wanted = [text for text in (population.rows, population.amount) if text]
    with dataset.query() as connection:
        found = connection.execute(
            f"SELECT {', '.join(wanted)} FROM landed WHERE {population.where}",
            _parameters(record, f"{' '.join(wanted)} {population.where}"),
        ).fetchone()
    assert found is not None
    landed = dict(zip(wanted, found, strict=True))
    faults = []
    if population.rows and landed[population.rows] != listed_rows:
        faults.append(f"listed by the source {listed_rows} rows, landed {landed[population.rows]}")
    if population.amount and (landed[population.amount] or 0) != (listed_amount or 0):
        faults.append(f"listed by the source {listed_amount}, landed {landed[population.amount]}")
    dropped = sum(int(str(rows)) for rows, _ in cells.values())
    reasons = [f"{reason}: {rows} rows, {amount}" for reason, (rows, amount) in sorted(cells.items(), key=str)]
    return Outcome(
        held=not faults,
        expected=f"{int(str(listed_rows)) + dropped} candidates = {listed_rows} listed + {dropped} left out",
        actual="; ".join(f"{text} = {value}" for text, value in landed.items()),
        unit="rows and amount",
        difference="; ".join(faults) or "0",
        rows=len(faults) and abs(int(str(landed.get(population.rows or "", listed_rows))) - int(str(listed_rows))),
        details=tuple([*faults, *reasons][:_SHOWN]),
    )


def fan_out(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """No look-up leads from one key to different rows, so that none can multiply an amount."""
    lookups = record.answers["lookups"].records()
    declared = {dimension.source for dimension in item.dimensions}
    asked = {str(row["lookup"]) for row in lookups}
    conflicts = sum(int(str(row["conflicting_keys"])) for row in lookups)
    missing = sorted(declared - asked)
    return Outcome(
        held=conflicts == 0 and not missing,
        expected=f"1 row behind each key of {len(declared)} look-ups",
        actual=f"{conflicts} keys lead to different rows" + (f"; not asked: {', '.join(missing)}" if missing else ""),
        unit="keys",
        difference=str(conflicts),
        details=tuple(
            f"{row['lookup']}: {row['repeated_keys']} keys repeated with equal rows, {row['collapsed_rows']} rows collapsed"
            for row in lookups
            if row["repeated_keys"] or row["conflicting_keys"]
        ),
    )


def sequence(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """The numbers of the source run without a gap, by company."""
    answers = record.answers["sequence"].records()
    gaps = {
        str(row["id_company"]): int(str(row["last_no"])) - int(str(row["first_no"])) + 1 - int(str(row["row_count"]))
        for row in answers
    }
    missing = {company: gap for company, gap in gaps.items() if gap}
    return Outcome(
        held=not missing,
        expected="0 numbers missing",
        actual=f"{sum(missing.values())} numbers missing in {len(missing)} of {len(gaps)} companies",
        unit="numbers",
        difference=str(sum(missing.values())),
        details=tuple(f"{company}: {gap} missing" for company, gap in sorted(missing.items()))[:_SHOWN],
    )


def tie(declared: Tie) -> Callable[[Item, ExtractionRecord, Dataset, CheckContext], Outcome]:
    """Return the rule that compares another way to the figures with the landed rows."""

    def evaluate(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
        answer = record.answers.get(f"{TIE}{declared.name}")
        if answer is None and declared.severity == "warn":
            return Outcome(
                held=False,
                expected="the other way is asked",
                actual="it was not asked: a source of its own is not confirmed",
                details=("next: 'soxauto doctor' names the source, 'soxauto bindings confirm' confirms it",),
            )
        assert answer is not None
        with dataset.query() as connection:
            relation = connection.execute(declared.landed, _parameters(record, declared.landed))
            names = tuple(column[0] for column in relation.description or ())
            landed = [tuple(row) for row in relation.fetchall()]
        if names != answer.names:
            raise ValueError(f"the statement answers {answer.names}, the landed rows give {names}")
        source, ours = set(answer.rows), set(landed)
        lacking, surplus = sorted(source - ours, key=str), sorted(ours - source, key=str)
        return Outcome(
            held=not lacking and not surplus,
            expected=f"{len(source)} lines",
            actual=f"{len(ours)} lines, {len(source & ours)} equal",
            unit=declared.unit,
            difference=f"{len(lacking)} lines differ or are missing, {len(surplus)} differ or are surplus",
            rows=len(lacking) + len(surplus),
            details=tuple(
                [f"other way: {_line(names, row)}" for row in lacking[: _SHOWN // 2]]
                + [f"landed: {_line(names, row)}" for row in surplus[: _SHOWN // 2]]
            ),
        )

    return evaluate


def _keyed(rows: Sequence[Sequence[Value]], width: int) -> dict[tuple[Value, ...], tuple[Value, ...]]:
    return {tuple(row[:width]): tuple(row[width:]) for row in rows if row[width]}


def _rows(groups: Mapping[tuple[Value, ...], tuple[Value, ...]]) -> int:
    return sum(int(str(figures[0])) for figures in groups.values())


def _said(figures: tuple[Value, ...] | None) -> str:
    if figures is None:
        return "no rows"
    return f"{figures[0]} rows, {'/'.join(format(int(str(part)), 'x')[:6] for part in figures[1:])}"


def _key(item: Item) -> str:
    return ", ".join(f'"{name}"' for name in item.key)


def _line(names: Sequence[str], row: Sequence[Value]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True))


def _parameters(record: ExtractionRecord, sql: str) -> dict[str, object] | None:
    values = Period.parse(record.period).parameters()
    return {name: value for name, value in values.items() if f"${name}" in sql} or None
