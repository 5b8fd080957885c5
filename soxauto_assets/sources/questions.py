"""The five open questions of the migration to Athena, answered from what a discovery found.

Here belongs each question, the evidence that answers it, and what is missing where nothing does. What does not belong
here: looking for tables (``sources.discovery``) and printing (``commands``).

A confirmed binding answers as a fact; a candidate answers as a finding that the data team still confirms.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from soxauto_assets.sources.discovery import Candidate, Finding, FoundColumn

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
BOB_DATABASE = "process_pg_bob"


@dataclass(frozen=True)
class Question:
    """One question with its answer.

    Attributes:
        text: The question.
        answer: The answer with its evidence, or ``not answered: <what is missing>``.
        answered: Whether it was.
    """

    text: str
    answer: str
    answered: bool


def answers(
    findings: Sequence[Finding], newest: Mapping[str, Sequence[tuple[str, date | datetime]]], looked_at: str
) -> list[Question]:
    """Answer the five questions.

    Args:
        findings: What was found, by logical source.
        newest: Logical source to columns and newest values of its best table, newest first.
        looked_at: What was searched, for example ``312 tables in 148 databases``.
    """
    by_source = {finding.contract.name: finding for finding in findings}
    return [
        _mapping("1. Which Athena table holds NAV BI [G_L Entries]?", "gl_entries", by_source, looked_at),
        _mapping("2. Which Athena table holds FinRec RPT_SOI?", "rpt_soi", by_source, looked_at),
        _bob(by_source, looked_at),
        _naming(findings),
        _freshness(findings, newest),
    ]


def _mapping(text: str, source: str, findings: Mapping[str, Finding], looked_at: str) -> Question:
    finding = findings.get(source)
    if finding is None:
        return _open(text, f"{source} was not among the sources asked for")
    if finding.confirmed and finding.binding:
        return Question(text, f"{finding.binding.table}, {_by_whom(finding)}{_evidence(finding.best)}", True)
    if best := finding.best:
        ties = f"; as good: {', '.join(str(tie.table) for tie in finding.ties)}" if finding.ties else ""
        return Question(text, f"{best.table}{_evidence(best)}{ties}; a person still confirms it", True)
    return _open(
        text, f"no table resembles it ({looked_at}){_nearest(finding)}; it needs an export or a federated catalog"
    )


def _bob(findings: Mapping[str, Finding], looked_at: str) -> Question:
    text = f"3. Is {BOB_DATABASE} the right BOB database?"
    finding = findings.get("bob_sales_order")
    if finding is None:
        return _open(text, "bob_sales_order was not among the sources asked for")
    if finding.confirmed and finding.binding:
        verdict = "yes" if finding.binding.table.database == BOB_DATABASE else "no"
        return Question(text, f"{verdict}: {finding.binding.table}, {_by_whom(finding)}{_evidence(finding.best)}", True)
    if (best := finding.best) is None:
        return _open(text, f"no table resembles bob_sales_order ({looked_at}){_nearest(finding)}")
    if rivals := [tie for tie in finding.ties if tie.table.database != best.table.database]:
        where = ", ".join(str(tie.table) for tie in rivals)
        return _open(text, f"{best.table} and {where} fit equally well: compare their rows and newest dates above")
    verdict = "yes" if best.table.database == BOB_DATABASE else "no"
    return Question(text, f"{verdict}: {best.table}{_evidence(best)}; a person still confirms it", True)


def _naming(findings: Sequence[Finding]) -> Question:
    text = "4. Are columns named in snake_case, or as in SQL Server?"
    columns = [column for finding in findings if finding.best for column in finding.best.found]
    if not columns:
        return _open(text, "no table was found whose columns could be compared")
    kinds = [_spelling(column) for column in columns]
    counted = {kind: kinds.count(kind) for kind in ("snake_case", "SQL Server spelling", "another spelling")}
    shares = ", ".join(f"{100 * count / len(kinds):.0f} % {kind} ({count})" for kind, count in counted.items())
    examples = [f"{c.logical.name} is {c.physical}" for c in columns if _spelling(c) != "snake_case"][:3]
    tables = sum(finding.best is not None for finding in findings)
    shown = f"; for example {', '.join(examples)}" if examples else ""
    return Question(text, f"of {len(kinds)} columns in {tables} tables: {shares}{shown}", True)


def _freshness(findings: Sequence[Finding], newest: Mapping[str, Sequence[tuple[str, date | datetime]]]) -> Question:
    text = "5. How fresh is the data, and how often is it updated?"
    parts = []
    for finding in findings:
        if finding.best and (values := newest.get(finding.contract.name)):
            column, value = values[0]
            parts.append(f"{finding.contract.name} {value:%Y-%m-%d} ({column})")
    if not parts:
        return _open(text, "no table with a date column that fits its contract was read")
    return Question(
        text,
        f"newest values: {', '.join(parts)}; how often it is updated shows only when this is run again later",
        True,
    )


def _spelling(column: FoundColumn) -> str:
    if column.physical == column.logical.header and not _SNAKE.fullmatch(column.physical):
        return "SQL Server spelling"
    return "snake_case" if _SNAKE.fullmatch(column.physical) else "another spelling"


def _evidence(candidate: Candidate | None) -> str:
    if candidate is None:
        return " (the table was not found)"
    fit = sum(column.fits for column in candidate.found)
    return f" ({len(candidate.found)} of {len(candidate.contract.columns)} contract columns found, {fit} with a fitting type)"


def _by_whom(finding: Finding) -> str:
    binding = finding.binding
    if binding is None or not binding.confirmed_by:
        return "confirmed in the bindings"
    return f"confirmed by {binding.confirmed_by}" + (f" on {binding.confirmed_on}" if binding.confirmed_on else "")


def _nearest(finding: Finding) -> str:
    return f"; nearest is {finding.candidates[0].table}{_evidence(finding.candidates[0])}" if finding.candidates else ""


def _open(text: str, missing: str) -> Question:
    return Question(text, f"not answered: {missing}", False)
