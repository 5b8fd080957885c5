"""What an item of the catalog declares.

Here belongs the shape of a declaration: columns, key, cut-off, control totals, expectations, metadata. What does not
belong here: the declarations themselves (``catalog/<item>/item.py``), physical tables (``sources``), how a check is
computed (``checks``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from soxauto_assets.catalog.types import ContractType

ITEM_ID = re.compile(r"^[A-Z][A-Za-z0-9_]{1,23}$")
Severity = Literal["error", "warn"]


@dataclass(frozen=True)
class OutputColumn:
    """One column of an extract.

    Attributes:
        name: Canonical snake_case name, used everywhere.
        type: Contract type.
        meaning: What the column says, for people.
        nullable: Whether the landed column may hold nulls.
        allowed: The closed list of values, when there is one.
        minimum: Lower bound, inclusive, for numbers.
        pattern: Regular expression that every value matches entirely.
        unit: Unit or currency of a number, for example ``LCY``.
        personal: The value identifies a customer, so samples show its shape only.
    """

    name: str
    type: ContractType
    meaning: str
    nullable: bool = True
    allowed: tuple[str, ...] | None = None
    minimum: Decimal | int | None = None
    pattern: str | None = None
    unit: str | None = None
    personal: bool = False


@dataclass(frozen=True)
class Cutoff:
    """How the period bounds the rows of an extract.

    Attributes:
        rule: ``up_to`` = every value of ``column`` lies before ``period_end``; ``snapshot`` = every value is the last
            day; ``month`` = ``column`` holds the year and ``month_column`` the month of the period, or null where a left
            join found nothing; ``none`` = the source has no date and shows the state in which it was read.
        column: The column that is bounded; empty for ``none``.
        month_column: Only for ``month``.
    """

    rule: Literal["up_to", "snapshot", "month", "none"]
    column: str
    month_column: str | None = None


@dataclass(frozen=True)
class ControlTotals:
    """What the independently written query and the landed rows must both give.

    Attributes:
        group_by: Output columns that form a group: company, account; empty for one total.
        sums: Decimal columns summed; the query returns ``sum_<column>`` as decimal(38, scale of the column).
        bounds: Columns whose smallest and largest value are compared; the query returns ``min_<column>``, ``max_<column>``.
    """

    group_by: tuple[str, ...]
    sums: tuple[str, ...]
    bounds: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the answer, in order: groups, ``row_count``, sums, bounds."""
        bounds = tuple(f"{edge}_{name}" for name in self.bounds for edge in ("min", "max"))
        return (*self.group_by, "row_count", *(f"sum_{name}" for name in self.sums), *bounds)


@dataclass(frozen=True)
class Expectation:
    """A rule over the landed rows that is the item's own.

    Attributes:
        name: Check name.
        violation: SQL predicate over the output columns; a row for which it is true breaks the rule. With ``at_least_one``
            it selects the rows of which one must exist. It may use the period parameters, as ``$last_day``.
        meaning: The rule in words, with its source.
        severity: What a violation does to the verdict.
        at_least_one: Turns the rule round: one such row must exist.
    """

    name: str
    violation: str
    meaning: str
    severity: Severity = "error"
    at_least_one: bool = False


@dataclass(frozen=True)
class Population:
    """What the reason ``listed`` of ``probes/dropped_rows.sql`` must equal.

    The probe puts every candidate row of the source into one cell, a reason why it is left out or ``listed``, and answers
    ``reason``, ``row_count`` and ``amount``. So the source's population is the landed rows and the dropped ones, to the cent.

    Attributes:
        meaning: What a candidate is, in words, with its source.
        rows: SQL aggregate over the landed rows that equals ``row_count`` of ``listed``; None where a landed row gathers
            several candidates.
        amount: SQL aggregate over the landed rows that equals ``amount`` of ``listed``.
        where: Restriction on the landed rows, where the candidates are a part of them.
    """

    meaning: str
    rows: str | None = "count(*)"
    amount: str | None = None
    where: str = "true"


@dataclass(frozen=True)
class Tie:
    """Another way to the same figures: a statement over other tables, or over the same ones by another path.

    Attributes:
        name: Check name; the statement is ``probes/tie__<name>.sql``.
        landed: SQL over the view ``landed`` with the columns of the statement's answer, in its order. Both are compared as
            sets of rows, null-safe and exact; it may use the period parameters, as ``$last_day``.
        meaning: What must equal what, in words, with its source.
        unit: Unit of the amounts.
        severity: What a difference does to the verdict.
    """

    name: str
    landed: str
    meaning: str
    unit: str = "LCY"
    severity: Severity = "error"


@dataclass(frozen=True)
class Drift:
    """What is compared with the month before; a warning with the figures.

    Attributes:
        amount: Decimal column whose sum is compared, by company where the item has one.
        distinct: Columns whose number of different values is compared, for example the customer.
        codes: Columns whose values are listed when they are new or have vanished, for example the transaction type.
        tolerance: Relative change of rows or amount above which the check warns.
    """

    amount: str | None = None
    distinct: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    tolerance: Decimal = Decimal("0.5")


@dataclass(frozen=True)
class Dimension:
    """A look-up that the extract joins, so that its key must lead to one row.

    Attributes:
        source: Logical source.
        key: Columns that are joined on, compared after folding case and trailing blanks.
        columns: Columns the extract takes from it. Rows equal in key and columns collapse; rows that differ stop the item.
        where: Restriction the extract applies to the look-up, as SQL over its columns.
        personal: The key identifies a customer, so messages show it masked.
    """

    source: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    where: str | None = None
    personal: bool = False


@dataclass(frozen=True)
class Reading:
    """Rows of an item that are shown with their amount beside what the reconciliation counts.

    Attributes:
        name: Name of the line, snake_case.
        meaning: What the rows are and why they are shown, in words, with its source.
        where: SQL predicate over the output columns that chooses the rows.
        amount: SQL expression in LCY; None = the component's own.
    """

    name: str
    meaning: str
    where: str = "true"
    amount: str | None = None


@dataclass(frozen=True)
class Scope:
    """The companies of an item, by configuration keys.

    Attributes:
        companies: Key with the companies in scope; None = every company.
        excluded: Key with companies that are left out.
        excluded_countries: Key with countries (ISO code) that are left out.
        consolidated: Only companies in the consolidation scope, as CR_05 gives it.
    """

    companies: str | None = None
    excluded: str | None = None
    excluded_countries: str | None = None
    consolidated: bool = False


@dataclass(frozen=True)
class Component:
    """The item's part in the reconciliation of C-PG-1.

    SQL here is DuckDB over the sealed rows; it may use the period parameters and configuration lists, as ``$period_end``,
    ``$non_marketing_uses``.

    Attributes:
        amount: SQL expression over the output columns, in LCY.
        sign: +1 or -1: what turns the amount into NAV's sign (debit positive); None = not known, so the item is a line of
            its own beside the formula and never in a total.
        accounts: Configuration key that holds the group accounts of the component.
        where: SQL predicate that chooses the rows which count.
        account: Output column with the group account of a row; rows of an account outside the component's are a line of
            their own. None = the rows belong to all its accounts together.
        scope: The companies for which the item is extracted.
        readings: Other readings of the same item, and rows worth a line, shown beside it.
    """

    amount: str
    sign: Literal[1, -1] | None
    accounts: str
    where: str = "true"
    account: str | None = None
    scope: Scope = Scope()
    readings: tuple[Reading, ...] = ()

    @property
    def in_formula(self) -> bool:
        """Whether it is one of the target values that are added up."""
        return self.sign is not None


@dataclass(frozen=True)
class LegacyDifference:
    """A departure from the query that people ran by hand, for the auditor to read."""

    topic: str
    legacy: str
    ours: str
    reason: str


@dataclass(frozen=True)
class Upload:
    """What a file that people hand in must hold.

    Attributes:
        system: System it was exported from.
        headers: Output column to the headers under which a file may carry it; compared without case and punctuation.
        required: Columns without which a file is refused.
    """

    system: str
    headers: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """One IPE or CR of control C-PG-1.

    Attributes:
        id: Item id, ``^[A-Z][A-Za-z0-9_]{1,23}$``.
        title: Title as accounting uses it.
        kind: ``IPE``, ``CR`` or ``DOC`` (a working document).
        purpose: What the extract is for, in words.
        owner: Owning team, ``team:<name>``.
        sources: Logical sources that the item's SQL reads.
        columns: Output columns in order.
        key: Columns that identify a row; compared null-safe.
        company_column: The column that holds the company, or None.
        cutoff: How the period bounds the rows.
        control_totals: Groups, sums and bounds of the independent query.
        configuration: Configuration keys used as SQL parameters.
        gl_accounts: Group accounts in scope, for people; the filter itself is configuration.
        component: The item's part in the reconciliation, or None.
        dimensions: Look-ups that must not multiply rows.
        expectations: Rules of the item's own.
        legacy_differences: Departures from the legacy text.
        metadata: Catalog metadata (source system, tool today, change status, descriptor file ...).
        population: What the probe of dropped rows counts; None where the query drops none.
        ties: Other ways to the same figures.
        sequence: Why the numbers that ``probes/sequence.sql`` counts run without a gap; None where no number does.
        currency_column: Column with a currency that must be the company's own; a difference is a warning.
        drift: What is compared with the month before.
        freshness_reason: Why the freshness probe proves that the source was loaded for the period; None when there is no probe.
        control: Control id.
        required_for_close: False for items that feed no component.
        allow_empty: Whether an empty source is a good answer.
        upload: The file it is made from, for an item without SQL.
        folder: The item's folder.
    """

    id: str
    title: str
    kind: Literal["IPE", "CR", "DOC"]
    purpose: str
    owner: str
    sources: tuple[str, ...]
    columns: tuple[OutputColumn, ...]
    key: tuple[str, ...]
    company_column: str | None
    cutoff: Cutoff
    control_totals: ControlTotals
    configuration: tuple[str, ...] = ()
    gl_accounts: tuple[str, ...] = ()
    component: Component | None = None
    dimensions: tuple[Dimension, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    legacy_differences: tuple[LegacyDifference, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    population: Population | None = None
    ties: tuple[Tie, ...] = ()
    sequence: str | None = None
    currency_column: str | None = None
    drift: Drift = Drift()
    freshness_reason: str | None = None
    control: str = "C-PG-1"
    required_for_close: bool = True
    allow_empty: bool = False
    upload: Upload | None = None
    folder: Path = Path()

    def column(self, name: str) -> OutputColumn:
        """Return the output column of that name.

        Raises:
            KeyError: There is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def statements(self) -> dict[str, str]:
        """Return the item's SQL texts by purpose.

        Returns:
            ``extract``, ``control_totals`` and one entry per file of ``probes/`` by its stem, for example
            ``cutoff_edges``; nothing for an upload.
        """
        if self.upload:
            return {}
        texts = {name: (self.folder / f"{name}.sql").read_text("utf-8") for name in ("extract", "control_totals")}
        probes = self.folder / "probes"
        for path in sorted(probes.glob("*.sql")) if probes.is_dir() else []:
            texts[path.stem] = path.read_text("utf-8")
        return texts

    def definition_files(self) -> dict[str, bytes]:
        """Return every file of the item folder by relative POSIX path: what an auditor reviews."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.suffix in {".sql", ".py", ".md", ".yaml"}
        }
