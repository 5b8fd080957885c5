"""Sources and queries: is each bound, does it fit, would each query be accepted, is the period loaded?

Here belongs what holds for every engine. What does not belong here: what only AWS has (``doctor.aws``).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from soxauto_assets.catalog.model import Item
from soxauto_assets.checks.fidelity import said
from soxauto_assets.doctor.model import Finding, looked
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.sql import BoundStatement, Statement, parse
from soxauto_assets.errors import SoxautoError
from soxauto_assets.extraction.dimensions import dimension_statements
from soxauto_assets.extraction.extract import Extractor
from soxauto_assets.extraction.fidelity import answer_of, freshness_of, look, times
from soxauto_assets.extraction.generated import advisory
from soxauto_assets.extraction.tables import TypedTable, Value
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract
from soxauto_assets.sources.fitting import require_fit

_PARALLEL = 4
# Every statement is planned when the item runs; these two are the ones a person wrote for the figures.
_PLANNED = ("extract", "control_totals")


def examine_sources(extractor: Extractor, items: Sequence[Item], period: Period) -> Iterator[Finding]:
    """Look at each source that the items read, then at each item's queries and at its freshness for the period."""
    reads = _columns_read(items)
    bound: set[str] = set()
    for source, findings in _side_by_side(reads, lambda source: _source(extractor, source, reads[source], period)):
        # A column that is read otherwise than it is stored does not keep a query from running.
        if all(finding.status != "fault" for finding in findings if finding.area == "source"):
            bound.add(source)
        yield from findings
    for item in items:
        if item.upload:
            yield from looked("upload", item.id, partial(_handed_in, extractor, item, period))
    queried = {item.id: item for item in items if not item.upload}
    for _, findings in _side_by_side(queried, lambda name: _item(extractor, queried[name], period, bound)):
        yield from findings


def _columns_read(items: Sequence[Item]) -> dict[str, tuple[str, ...]]:
    columns: dict[str, set[str]] = {}
    for item in items:
        for statement in _parsed(item):
            for source, names in statement.reads.items():
                columns.setdefault(source, set()).update(names)
    return {source: tuple(sorted(names)) for source, names in sorted(columns.items())}


def _parsed(item: Item) -> list[Statement]:
    texts = {} if item.upload else {**item.statements(), **dimension_statements(item)}
    return [parse(item.id, purpose, text, item.configuration) for purpose, text in texts.items()]


def _side_by_side(
    names: Collection[str], look: Callable[[str], Iterable[Finding]]
) -> Iterator[tuple[str, list[Finding]]]:
    """Yield each name with its findings, in order; the looking is done in parallel."""
    with ThreadPoolExecutor(_PARALLEL) as pool:
        yield from zip(names, pool.map(lambda name: list(look(name)), names), strict=True)


def _source(extractor: Extractor, source: str, columns: tuple[str, ...], period: Period) -> Iterator[Finding]:
    def fit() -> Iterator[Finding]:
        binding = extractor.bindings.confirmed(source)
        found = extractor.engine.describe(binding.table)
        require_fit(contract(source), binding, found.columns if found else None, columns)
        assert found is not None
        size = "files not counted"
        if found.files is not None:
            size = f"{found.files:,} file{'s' * (found.files != 1)}, {(found.bytes or 0) / 1e6:,.1f} MB"
        if found.files == 0:
            yield Finding(
                "source", source, "fault", f"{binding.table} fits its contract, but holds no file",
                "have the table loaded, or correct its location in Glue",
            )  # fmt: skip
            return
        yield Finding("source", source, "good", f"{binding.table}: {len(columns)} columns fit, {size}")

    findings = list(looked("source", source, fit))
    yield from findings
    if all(finding.status != "fault" for finding in findings):
        yield from looked("fidelity", source, lambda: _fidelity(extractor, source, columns, period))


def _fidelity(extractor: Extractor, source: str, columns: tuple[str, ...], period: Period) -> Iterator[Finding]:
    """Yield one line per difference between the table's declaration and its files; one line when there is none."""
    seen = look(extractor.engine, extractor.bindings.confirmed(source), columns, period)
    told = [_difference(source, row) for row in answer_of({source: seen}).records()]
    yield from told
    if all(finding.status == "good" for finding in told):
        yield Finding("fidelity", source, "good", f"{seen.files:,} of {seen.of:,} files are read as they are stored")


def _difference(source: str, row: dict[str, Value]) -> Finding:
    if row["fault"] == "not_seen":
        reason = str(row["found"])
        if row["weight"] == "note":
            return Finding("fidelity", source, "not looked at", reason)
        return Finding(
            "fidelity", source, "warning", f"its files were not looked at: {reason}", "let this user list and read them"
        )
    if row["weight"] == "note":
        return Finding("fidelity", source, "good", said(row))
    return Finding(
        "fidelity", source, "fault" if row["weight"] == "error" else "warning", said(row),
        "have the file written with the declared columns and types, or the declaration corrected; a close now is sealed as "
        "failed",
    )  # fmt: skip


def _handed_in(extractor: Extractor, item: Item, period: Period) -> Iterator[Finding]:
    custody, _ = extractor.uploads.newest(item, period)
    yield Finding("upload", item.id, "good", f"handed in by {custody['uploader']}, received {custody['received']}")


def _item(extractor: Extractor, item: Item, period: Period, bound: set[str]) -> Iterator[Finding]:
    needed = [statement for statement in _parsed(item) if statement.purpose not in advisory(item)]
    missing = sorted({source for statement in needed for source in statement.reads} - bound)
    if missing:
        yield Finding("query", item.id, "not looked at", f"its source {', '.join(missing)} has a fault above")
        return
    try:
        statements = extractor.statements(item, period)
    except SoxautoError as error:
        yield Finding("query", item.id, "fault", error.cause, error.action)
        return
    yield from looked("query", item.id, lambda: _planned(extractor, item, statements))
    if "freshness" in statements:
        yield from looked("freshness", item.id, lambda: _fresh(extractor, item, period, statements["freshness"]))


def _planned(extractor: Extractor, item: Item, statements: Mapping[str, BoundStatement]) -> Iterator[Finding]:
    for purpose in _PLANNED:
        extractor.engine.explain(statements[purpose].executed)
    yield Finding("query", item.id, "good", f"{' and '.join(_PLANNED)} are accepted by {extractor.engine.name}")


def _fresh(extractor: Extractor, item: Item, period: Period, statement: BoundStatement) -> Iterator[Finding]:
    answer = extractor.engine.query(statement.executed, Errand("freshness", item.id, period.key)).table
    row = TypedTable.from_arrow(answer).records()[0]
    newest = f"the newest value is {row['newest']}"
    if row["fresh"] is True:
        yield Finding("freshness", item.id, "good", f"loaded for {period.key}: {newest}")
        freshness = freshness_of({"freshness": statement.statement}, TypedTable.from_arrow(answer), datetime.now(UTC))
        for source in sorted(freshness.sources):
            binding = extractor.bindings.confirmed(source)
            for found in times(binding, extractor.engine.files(binding.table).files or (), period, freshness):
                yield Finding(
                    "freshness", item.id, "fault", f"{found.table} {found.file}: {found.found}",
                    "ask the data team which of the two is right: the rows' dates or the file's",
                )  # fmt: skip
    else:
        yield Finding(
            "freshness", item.id, "fault", f"not loaded for {period.key}: {newest}",
            "wait for the load, or ask the data team when it comes; a close now is sealed as failed",
        )  # fmt: skip
