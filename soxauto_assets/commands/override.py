"""``soxauto override`` and ``soxauto not-applicable``: a person decides about an item and a month.

Here belongs the order: check, record the act, then its effect. An act without effect explains itself, an effect without an
act does not. What does not belong here: what must hold (``decisions``), and what is sealed (``evidence.sealing``).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from rich.console import Console

from soxauto_assets.acts import Act
from soxauto_assets.canonical import digest_of, read_json
from soxauto_assets.catalog import Item, get_item
from soxauto_assets.checks import run_checks
from soxauto_assets.checks.model import acceptance_of
from soxauto_assets.commands.lines import explain_checks, explain_register, sealed_line, shown_uri, shown_verdict
from soxauto_assets.commands.running import run_job
from soxauto_assets.decisions.exemptions import exemption_act, return_act
from soxauto_assets.decisions.overrides import OverrideWish, override_act
from soxauto_assets.errors import DecisionError, StorageError
from soxauto_assets.evidence.store import SealedPackage
from soxauto_assets.extraction.extractions import Extraction
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings


def override_check(
    settings: Settings,
    item_id: str,
    period_key: str,
    wish: OverrideWish,
    console: Console,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Accept a failed check of the current attempt, then seal a new attempt from the same landing.

    The source is not asked. The new attempt is sealed by the evidence asset, so that Dagster shows it, too.

    Returns:
        0 when the new verdict is not failed, 1 when other failures remain.

    Raises:
        SoxautoError: There is no such failure to accept; nothing was recorded.
        StorageError: The act is recorded and the new attempt could not be sealed.
    """
    runtime = Runtime(settings, clock=clock)
    item, period = get_item(item_id), runtime.require_period(period_key)
    package = runtime.current(item, period)
    predicate = runtime.evidence.statement(package)["predicate"]
    results = read_json(runtime.evidence.read(package, "data/checks.json"))["results"]
    act = override_act(item, wish, predicate, results, runtime.clock(), runtime.identity())
    record, dataset = _require_current(runtime, item, period, package)
    context = runtime.context(item, period, record)
    (now,) = run_checks(item, record, dataset, context, (wish.check,))
    accepted = acceptance_of(record.environment, item.id, period.key, record.dataset.digest, now.to_json())
    if digest_of(accepted) != digest_of(act.details["accepted"]):
        raise DecisionError(
            f"the check {wish.check} gives another result now than in attempt {package.attempt}",
            action=f"run 'soxauto close {period} --item {item.id}' and look at it again",
            item=item.id,
            period=period.key,
        )
    _record(runtime, act, console)
    why = f"override of {wish.check} by {act.person}: {act.reason}"
    _seal(settings, item, period, record.ordinal, why, console)
    runtime = Runtime(settings, clock=clock)
    line = sealed_line(runtime, item, runtime.current(item, period), "sealed")
    assert line.statement is not None and line.package is not None
    console.print(
        f"{item.id} {period}: attempt {line.statement['attempt']}, {shown_verdict(line.statement['verdict'])}, "
        f"{shown_uri(line.package)}",
        highlight=False,
        soft_wrap=True,
    )
    explain_checks(item.id, period.key, line.checks, runtime.register, console)
    explain_register(runtime.register, console)
    return 1 if line.statement["verdict"] == "failed" else 0


def declare_not_applicable(
    settings: Settings,
    item_id: str,
    period_key: str,
    by: str,
    reason: str,
    revoke: bool,
    console: Console,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Record that an item does not apply to a month, or take that back.

    Raises:
        SoxautoError: The item is a component, or person, reason or period is wrong; nothing was recorded.
    """
    runtime = Runtime(settings, clock=clock)
    item, period = get_item(item_id), runtime.require_period(period_key)
    now, performed_by, environment = runtime.clock(), runtime.identity(), settings.environment
    if revoke:
        standing = runtime.register.exemption(item.id, period.key)
        act = return_act(item, period, environment, standing, by, reason, now, performed_by)
    else:
        act = exemption_act(item, period, environment, by, reason, now, performed_by)
    _record(runtime, act, console)
    said = "applies again: close it" if revoke else "does not apply: the close leaves it out"
    console.print(f"{item.id} {period} {said}", highlight=False)


def _require_current(runtime: Runtime, item: Item, period: Period, package: SealedPackage) -> Extraction:
    """Return the extraction that the current package was sealed from, which must be what was extracted last.

    Raises:
        DecisionError: Something else was extracted since, and is not sealed.
    """
    record, dataset = runtime.sealed_extraction(item, period, package)
    newest, _ = runtime.extractions.newest(item, period)
    if (newest.definition_digest, newest.executed_digest, newest.dataset.digest) != (
        record.definition_digest,
        record.executed_digest,
        record.dataset.digest,
    ):
        raise DecisionError(
            f"the newest extraction is not the one that attempt {package.attempt} was sealed from",
            action=f"run 'soxauto close {period} --item {item.id}' and decide about what it seals",
            item=item.id,
            period=period.key,
        )
    return record, dataset


def _record(runtime: Runtime, act: Act, console: Console) -> None:
    ordinal = runtime.acts.append(act)
    console.print(f"act {ordinal:04d} recorded, unsigned: {act.act} of {act.subject} by {act.person}", highlight=False)


def _seal(settings: Settings, item: Item, period: Period, extraction: int, reason: str, console: Console) -> None:
    from soxauto_assets.defs.jobs import CLOSE
    from soxauto_assets.defs.rendering import evidence_key

    ended = run_job(
        settings,
        CLOSE,
        period.key,
        str(uuid4()),
        console,
        keys=[evidence_key(item)],
        items=(item,),
        ops={f"evidence__{item.id}": {"config": {"reason": reason, "extraction": extraction}}},
        tags={"soxauto/command": "override"},
    )
    # A verdict that is still failed fails the run, too: what counts is that there is one.
    if not ended.evaluations:
        said = next(iter(ended.failures.values()), "the run ended without a record")
        raise StorageError(
            f"the act is recorded, but no new attempt was sealed ({said})",
            action=f"remove the cause, then run 'soxauto close {period} --item {item.id}'",
            item=item.id,
            period=period.key,
        )
