"""Drill-down: from a line of a sealed reconciliation to the rows that it is made of.

Here belongs finding the rows in the packages that the reconciliation lists. What does not belong here: computing a line again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.configuration import Configuration
from soxauto_assets.errors import NotSealed, NotVerified, SoxautoError, UnknownItem
from soxauto_assets.evidence.store import EvidenceStore, SealedPackage
from soxauto_assets.extraction.parquet import scan, session, text
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.balances import ACTUALS, parameters_of
from soxauto_assets.reconciliation.inputs import Inputs, SealedInput, Session, input_of, open_session
from soxauto_assets.reconciliation.package import ID


class NoSuchLine(SoxautoError):
    """The reconciliation has no line of that company and component."""


@dataclass(frozen=True)
class Rows:
    """Rows that make up a figure.

    Attributes:
        title: What they are.
        columns: Names of the columns.
        rows: The largest ones first.
        count: How many there are.
        amount: Their sum in LCY; None where they have no amount.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    count: int
    amount: Decimal | None


@dataclass(frozen=True)
class Explanation:
    """A line and what it is made of.

    Attributes:
        package: The sealed reconciliation.
        line: The line as it was sealed.
        parts: Actuals, target rows, and the proof rows of each bridge, in that order.
        remarks: What the bridges did not consider, of the company or of all, as sealed.
    """

    package: SealedPackage
    line: Mapping[str, Any]
    parts: tuple[Rows, ...]
    remarks: tuple[Mapping[str, Any], ...]


def explain(
    store: EvidenceStore,
    period: Period,
    company: str,
    component: str,
    configuration: Configuration,
    limit: int = 20,
    out: Path | None = None,
) -> Explanation:
    """Return a line with the rows behind it.

    Args:
        store: The evidence store.
        period: The month.
        company: Company code.
        component: Item id of the component.
        configuration: Configuration parameters in force.
        limit: How many rows of each part are returned.
        out: A folder into which all rows of each part are written as CSV; None = none are.

    Raises:
        NotSealed: The month is not reconciled.
        NoSuchLine: It has no such line.
        NotVerified: An input that the reconciliation lists is not there, or does not verify.
        UnknownItem: There is no such component.
    """
    item = get_item(component)
    if item.component is None:
        raise UnknownItem(f"{component} is no component", action="give one that 'soxauto reconcile' lists")
    package = store.newest(ID, period.key)
    if package is None:
        raise NotSealed(
            "the month is not reconciled", action=f"run 'soxauto reconcile {period}'", item=ID, period=period.key
        )
    document = read_json(store.read(package, "data/reconciliation.json"))
    line = _line(document, company, component, period)
    inputs = _inputs(store, package, period, (ACTUALS, component))
    parts: list[Rows] = []
    with open_session(inputs, configuration) as opened:
        accounts = document["components"].get(component, {}).get("accounts") or opened.setting(item.component.accounts)
        if opened.has(ACTUALS):
            parts.append(_actuals(opened, company, accounts, limit, out))
        if opened.has(component):
            parts.append(_targets(opened, component, company, accounts, limit, out))
    parts += [
        _proof(store, package, bridge, company, limit, out)
        for bridge in document["bridges"]
        if bridge["explains"] and bridge["proof"] and component in bridge["components"]
    ]
    remarks = tuple(
        remark
        for bridge in document["bridges"]
        if component in bridge["components"]
        for remark in bridge["remarks"]
        if remark["company"] in (None, company)
    )
    return Explanation(package, line, tuple(parts), remarks)


def _line(document: Mapping[str, Any], company: str, component: str, period: Period) -> Mapping[str, Any]:
    lines = document["lines"]
    for line in lines:
        if (line["company"], line["component"]) == (company.upper().rstrip(), component):
            found: Mapping[str, Any] = line
            return found
    known = sorted({line["company"] for line in lines if line["component"] == component})
    raise NoSuchLine(
        f"there is no line of {company} and {component}",
        action=f"choose one of {', '.join(known) or 'no company: the component is missing'}",
        item=component,
        period=period.key,
    )


def _inputs(store: EvidenceStore, package: SealedPackage, period: Period, names: Sequence[str]) -> Inputs:
    """Open the very attempts that the reconciliation was made from."""
    listed = {one["item"]: one for one in read_json(store.read(package, "data/inputs.json"))["sealed"]}
    sealed: dict[str, SealedInput] = {}
    for name in names:
        if name not in listed:
            continue
        attempts = {attempt.attempt: attempt for attempt in store.attempts(name, period.key)}
        wanted = attempts.get(listed[name]["attempt"])
        found = input_of(store, wanted, get_item(name)) if wanted else "it is not in the store"
        if not isinstance(found, SealedInput) or found.seal_sha256 != listed[name]["seal_sha256"]:
            fault = found if isinstance(found, str) else "its seal is another one"
            raise NotVerified(
                f"attempt {listed[name]['attempt']}, which the reconciliation was made from: {fault}",
                action="restore the package from its store",
                item=name,
                period=period.key,
            )
        sealed[name] = found
    return Inputs(period, sealed, {})


def _actuals(session: Session, company: str, accounts: Sequence[str], limit: int, out: Path | None) -> Rows:
    sql = (
        "SELECT group_coa_account_no, real_coa, busline_code, currency, partner_code, balance_at_date AS amount_lcy "
        "FROM cr_04 WHERE company = $company AND list_contains($accounts, rtrim(group_coa_account_no, ' '))"
    )
    parameters = {"company": company.upper().rstrip(), "accounts": list(accounts)}
    return _rows(session, "actuals (CR_04)", sql, parameters, limit, out, "actuals")


def _targets(
    session: Session, item_id: str, company: str, accounts: Sequence[str], limit: int, out: Path | None
) -> Rows:
    item = get_item(item_id)
    component = item.component
    assert component is not None
    hidden = {column.name for column in item.columns if column.personal}
    key = [f'"{name}"' for name in item.key if name != item.company_column]
    dates = [f'"{c.name}"' for c in item.columns if c.type.kind in ("date", "timestamp") and c.name not in hidden][:3]
    shown = ", ".join([*key, *(date for date in dates if date not in key)])
    sign = component.sign or 1
    amount = f"CAST({sign} * ({component.amount}) AS DECIMAL(38,4)) AS amount_lcy"
    sql = f"SELECT {shown}, {amount} FROM {item_id.lower()} WHERE ({component.where})"
    parameters = {**parameters_of(session, sql), "company": company.upper().rstrip()}
    sql += " AND company = $company"
    if component.account:
        # Rows of another account are a line of their own.
        sql += f" AND list_contains($accounts, rtrim({component.account}, ' '))"
        parameters["accounts"] = list(accounts)
    return _rows(session, f"target value ({item_id}), in NAV's sign", sql, parameters, limit, out, "target")


def _rows(
    session: Session, title: str, sql: str, parameters: Mapping[str, Any], limit: int, out: Path | None, file: str
) -> Rows:
    connection = session.connection
    connection.execute(f"CREATE OR REPLACE TEMP TABLE explained AS {sql}", dict(parameters))
    ((count, amount),) = connection.execute(
        "SELECT count(*), coalesce(sum(CAST(amount_lcy AS DECIMAL(38,4))), 0) FROM explained"
    ).fetchall()
    columns = tuple(name for name, *_ in connection.execute("DESCRIBE explained").fetchall())
    order = ", ".join(("abs(amount_lcy) DESC", *(f'"{name}"' for name in columns)))
    rows = tuple(connection.execute(f"SELECT * FROM explained ORDER BY {order} LIMIT {int(limit)}").fetchall())
    if out:
        out.mkdir(parents=True, exist_ok=True)
        connection.execute(f"COPY (SELECT * FROM explained ORDER BY {order}) TO {text(out / f'{file}.csv')} (HEADER)")
    return Rows(title, columns, rows, count, amount)


def _proof(
    store: EvidenceStore, package: SealedPackage, bridge: Mapping[str, Any], company: str, limit: int, out: Path | None
) -> Rows:
    """Return the sealed proof rows of a bridge for a company."""
    path = store.folder(package) / "data" / "tables" / f"{bridge['proof']}.parquet"
    line = next((one for one in bridge["lines"] if one["company"] == company.upper().rstrip()), None)
    with session() as connection:
        connection.execute(f"CREATE VIEW proof AS SELECT * FROM {scan([path])}")
        query = "SELECT * EXCLUDE (company) FROM proof WHERE company = $company ORDER BY ALL"
        found = connection.execute(f"{query} LIMIT {int(limit)}", {"company": company.upper().rstrip()})
        columns = tuple(column[0] for column in found.description or ())
        rows = tuple(found.fetchall())
        ((count,),) = connection.execute(
            "SELECT count(*) FROM proof WHERE company = $company", {"company": company.upper().rstrip()}
        ).fetchall()
        if out:
            connection.execute(
                f"COPY (FROM proof WHERE company = {text(company.upper().rstrip())}) "
                f"TO {text(out / (bridge['name'] + '.csv'))} (HEADER)"
            )
    amount = Decimal(line["amount"]) if line else Decimal(0)
    return Rows(f"bridge {bridge['name']}: {bridge['title']}", columns, rows, count, amount)
