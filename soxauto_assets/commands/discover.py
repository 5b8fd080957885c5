"""``soxauto discover``: candidates for the sources that nobody has confirmed, and the open questions.

Here belongs the order of a discovery and its output. What does not belong here: ranking (``sources.discovery``), looking
at a table (``engines.sampling``), and the file (``sources.bindings_file``).
"""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soxauto_assets.engines.contract import Engine
from soxauto_assets.engines.sampling import Facts, look
from soxauto_assets.errors import BindingError, SoxautoError
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import Binding, TableName, load_bindings
from soxauto_assets.sources.bindings_file import write_proposals
from soxauto_assets.sources.contracts import CONTRACTS
from soxauto_assets.sources.discovery import Candidate, Finding, discover
from soxauto_assets.sources.questions import answers

# What is looked at with queries; the others are compared by name and columns alone, which costs nothing.
_LOOKED_AT = 2
_DATES = 3


def discover_sources(
    settings: Settings,
    sources: Sequence[str],
    databases: Sequence[str],
    write: bool,
    facts: bool,
    console: Console,
) -> int:
    """List what there is, propose candidates, and write them down where that is asked for.

    Args:
        settings: The settings in force.
        sources: Logical sources; none = all.
        databases: Look in these databases only; none = in all.
        write: Write the best candidates into the bindings file as proposals.
        facts: Query the best candidates for row count, newest dates and masked values.
        console: Where to print.

    Returns:
        0 when every source asked for is confirmed or has a proposal, 1 when one has none.

    Raises:
        BindingError: A source is unknown, or the bindings file cannot be read or edited.
        ExtractionError: The engine cannot list its tables.
    """
    if unknown := sorted(set(sources) - set(CONTRACTS)):
        raise BindingError(
            f"{', '.join(unknown)} is no logical source; known are {', '.join(sorted(CONTRACTS))}",
            action="correct the name; 'soxauto items' lists the sources of each item",
        )
    runtime = Runtime(settings)
    try:
        described = _describe(runtime.engine, databases, console)
        everything = discover(CONTRACTS.values(), _bindings(runtime), described)
        findings = [finding for finding in everything if not sources or finding.contract.name in sources]
        looks = _look(runtime.engine, findings) if facts else {}
        for finding in findings:
            _show(finding, looks, console)
        _show_questions(findings, looks, described, console)
        if write:
            _write(runtime, findings, console)
        return 0 if all(finding.confirmed or finding.best for finding in findings) else 1
    finally:
        runtime.close()


def _bindings(runtime: Runtime) -> Mapping[str, Binding]:
    try:
        return runtime.bindings.sources
    except BindingError:
        # In a folder of exports two tables may match one name. That is what a discovery is for: go by the file alone.
        return load_bindings(runtime.settings.bindings).sources


def _describe(engine: Engine, databases: Sequence[str], console: Console) -> dict[TableName, Mapping[str, str]]:
    tables = [table for table in engine.tables() if not databases or table.database in databases]
    if not tables:
        where = f"the databases {', '.join(databases)} hold" if databases else "the engine sees"
        raise BindingError(f"{where} no table", action="check --database, the region and what this identity may read")
    described: dict[TableName, Mapping[str, str]] = {}
    failed: dict[TableName, str] = {}
    for table in tables:
        try:
            if columns := engine.columns(table):
                described[table] = columns
        except SoxautoError as error:
            failed[table] = error.cause
    overview = Table("database", "tables", "names", title="What there is", box=box.SIMPLE_HEAD)
    for database in sorted({table.database for table in tables}):
        names = [table.table for table in tables if table.database == database]
        overview.add_row(escape(database), str(len(names)), escape(", ".join(names)))
    console.print(overview)
    for table, cause in failed.items():
        console.print(f"{table} could not be described: {cause}", style="yellow", markup=False, highlight=False)
    return described


def _look(engine: Engine, findings: Sequence[Finding]) -> dict[tuple[str, TableName], Facts]:
    chosen = [
        (finding.contract.name, candidate)
        for finding in findings
        for candidate in finding.candidates[:_LOOKED_AT]
        if candidate is finding.best or candidate.proposable
    ]
    return {(source, candidate.table): look(engine, candidate) for source, candidate in chosen}


def _show(finding: Finding, looks: Mapping[tuple[str, TableName], Facts], console: Console) -> None:
    contract = finding.contract
    console.rule(f"[bold]{contract.name}[/bold]  {escape(contract.sql_server or contract.system)}", align="left")
    if finding.confirmed and finding.binding:
        by = f" by {finding.binding.confirmed_by}" if finding.binding.confirmed_by else ""
        found = "" if finding.best else "; but that table is not there"
        console.print(f"confirmed{by}: {finding.binding.table}{found}", markup=False, highlight=False)
        return
    if not finding.candidates:
        console.print("no table resembles it: it needs an export or a federated catalog", highlight=False)
        return
    ranked = Table(box=box.SIMPLE_HEAD)
    for heading in ("", "table", "score", "name", "columns", "renamed", "missing", "rows", "newest"):
        ranked.add_column(heading, overflow="fold")  # a person copies the table's name from here
    for number, candidate in enumerate(finding.candidates, 1):
        facts = looks.get((contract.name, candidate.table))
        fitting = sum(column.fits for column in candidate.found)
        ranked.add_row(
            "→" if candidate is finding.best else str(number),
            escape(str(candidate.table)),
            f"{candidate.score:.2f}",
            f"{candidate.name:.2f}",
            f"{len(candidate.found)} of {len(contract.columns)}, {fitting} fit",
            str(len(candidate.renames)),
            str(len(candidate.missing)),
            "–" if facts is None or facts.rows is None else f"{facts.rows:,}",
            "–" if facts is None else _newest(facts),
        )
    console.print(ranked)
    for tie in finding.ties:
        console.print(f"as good: {tie.table}", style="yellow", markup=False, highlight=False)
    for table, owner in finding.taken.items():
        console.print(f"{table} is nearer to {owner}", style="yellow", markup=False, highlight=False)
    if (best := finding.best) is None:
        console.print("none of them is good enough to propose", style="yellow")
    else:
        _show_columns(best, looks.get((contract.name, best.table)), console)


def _newest(facts: Facts) -> str:
    if facts.failure:
        return escape(f"could not be read: {facts.failure}")
    return "\n".join(f"{value:%Y-%m-%d} {column}" for column, value in facts.newest[:_DATES]) or "no date"


def _show_columns(candidate: Candidate, facts: Facts | None, console: Console) -> None:
    table = Table("column", "in the table", "type there", "contract", "shape of values", box=box.SIMPLE_HEAD)
    for column in candidate.found:
        shapes = facts.shapes.get(column.logical.name, ()) if facts else ()
        table.add_row(
            column.logical.name,
            escape(f"→ {column.physical}" if column.renamed else "same"),
            escape(column.type),
            "fits" if column.fits else f"[red]{column.logical.type.trino}[/red]",
            escape("  ".join(shapes)) or "–",
        )
    for name in candidate.missing:
        table.add_row(name, "[red]missing[/red]", "", candidate.contract.column(name).type.trino, "")
    console.print(table)


def _show_questions(
    findings: Sequence[Finding],
    looks: Mapping[tuple[str, TableName], Facts],
    described: Mapping[TableName, object],
    console: Console,
) -> None:
    newest = {
        finding.contract.name: facts.newest
        for finding in findings
        if finding.best and (facts := looks.get((finding.contract.name, finding.best.table)))
    }
    looked_at = f"{len(described)} tables in {len({table.database for table in described})} databases"
    console.rule("[bold]The five open questions[/bold]", align="left")
    for question in answers(findings, newest, looked_at):
        console.print(question.text, style="bold", markup=False, highlight=False)
        answer = Text(question.answer, style="" if question.answered else "yellow")
        console.print(Padding(answer, (0, 0, 0, 3)))


def _write(runtime: Runtime, findings: Sequence[Finding], console: Console) -> None:
    best = {f.contract.name: f.best for f in findings if f.best and not f.confirmed}
    written = write_proposals(runtime.settings.bindings, best)
    console.print(
        f"{len(written)} proposals written to {runtime.settings.bindings}; confirm each with 'soxauto bindings confirm'",
        highlight=False,
    )
    for source in written:
        renamed = ", ".join(f"{logical} is {physical}" for logical, physical in best[source].renames.items())
        console.print(
            f"  {source}: {best[source].table}{f' ({renamed})' if renamed else ''}", markup=False, highlight=False
        )
