"""``soxauto baseline``: what an item is made from, what of it was approved, and the approval.

Here belongs what is printed and in which order an approval happens. What does not belong here: the parts
(``decisions.baseline``) and the rule that compares them (``checks.approval``).
"""

from collections.abc import Callable
from datetime import UTC, datetime

import click
from rich.console import Console

from soxauto_assets.catalog import Item, all_items, get_item
from soxauto_assets.commands.lines import explain_register
from soxauto_assets.decisions.baseline import (
    YEARS,
    approval_act,
    current_parts,
    differences,
    digests,
    expired,
    years,
)
from soxauto_assets.decisions.register import Decision
from soxauto_assets.decisions.writing import require_words
from soxauto_assets.errors import CredentialsError, SoxautoError
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

ALL = "all"


def show_baseline(settings: Settings, item_id: str, texts: bool, console: Console) -> None:
    """Print the parts of an item as they are, with their digests, and who approved them.

    Args:
        settings: The settings in force.
        item_id: The item.
        texts: Also print the text of each part.
        console: Where to print.

    Raises:
        SoxautoError: The item is unknown, or a source is not confirmed.
    """
    runtime = Runtime(settings)
    try:
        item = get_item(item_id)
        parts = current_parts(item, runtime.extractor)
    finally:
        runtime.close()
    approval = runtime.register.approval(item.id)
    approved = approval.details["parts"] if approval else {}
    console.print(f"Baseline of {item.id} in environment {settings.environment}", highlight=False)
    for name, digest in digests(parts).items():
        word = (
            "" if approval is None else ", approved" if approved.get(name, {}).get("sha256") == digest else ", DIFFERS"
        )
        console.print(f"{digest}  {name}{word}", markup=False, highlight=False, soft_wrap=True)
        if texts:
            click.echo(parts[name])
    _tell_approval(runtime, item, approval, console)
    explain_register(runtime.register, console)


def diff_baseline(settings: Settings, item_id: str, console: Console) -> int:
    """Print what differs between the approved baseline and the item as it is, as unified diffs.

    Returns:
        0 when nothing differs and the approval counts, 1 otherwise.

    Raises:
        SoxautoError: The item is unknown, or a source is not confirmed.
    """
    runtime = Runtime(settings)
    try:
        item = get_item(item_id)
        parts = current_parts(item, runtime.extractor)
    finally:
        runtime.close()
    approval = runtime.register.approval(item.id)
    changed = differences(approval, parts) if approval else {}
    for text in changed.values():
        click.echo(text)
    _tell_approval(runtime, item, approval, console)
    explain_register(runtime.register, console)
    if approval:
        console.print(f"{len(changed)} of {len(parts)} parts differ", highlight=False)
    return 1 if approval is None or changed or expired(approval, runtime.clock().date()) else 0


def approve_baseline(
    settings: Settings,
    item_id: str,
    by: str,
    reason: str,
    console: Console,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Record that a person approves an item as it is, or every item.

    Args:
        settings: The settings in force.
        item_id: The item; ``all`` = every item with a query.
        by: The person.
        reason: Why.
        console: Where to print.
        clock: Says what time it is.

    Returns:
        0 when every item was approved, 2 when one of all could not be.

    Raises:
        SoxautoError: The item, person or reason is wrong, or a source is not confirmed; nothing was recorded.
    """
    runtime = Runtime(settings, clock=clock)
    try:
        if item_id != ALL:
            _approve(runtime, get_item(item_id), by, reason, console)
            return 0
        require_words(by, reason, ALL)
        failed = 0
        for item in all_items():
            if item.upload:
                continue
            try:
                _approve(runtime, item, by, reason, console)
            except CredentialsError:
                raise
            except SoxautoError as error:
                failed += 1
                console.print(f"{item.id} was not approved: {error}", style="red", markup=False, highlight=False)
        return 2 if failed else 0
    finally:
        runtime.close()


def _approve(runtime: Runtime, item: Item, by: str, reason: str, console: Console) -> None:
    parts = current_parts(item, runtime.extractor)
    environment = runtime.settings.environment
    act = approval_act(item, parts, environment, by, reason, runtime.configuration, runtime.clock(), runtime.identity())
    ordinal = runtime.acts.append(act)
    console.print(
        f"{item.id}: {len(parts)} parts approved by {act.person} in environment {environment} until "
        f"{act.details['expires']}; act {ordinal:04d} recorded, unsigned",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _tell_approval(runtime: Runtime, item: Item, approval: Decision | None, console: Console) -> None:
    key = runtime.configuration[YEARS]
    counts = f"an approval counts for {years(runtime.configuration)} years ({YEARS}, {key.status})"
    if approval is None:
        said = f"nobody has approved it; {counts}. Next: soxauto baseline approve {item.id} --by NAME --reason TEXT"
    else:
        late = expired(approval, runtime.clock().date())
        said = (
            f"approved by {approval.person} on {approval.decided_on}: {approval.reason}; "
            f"{'EXPIRED on' if late else 'counts until'} {approval.details['expires']} (act {approval.ordinal:04d}); {counts}"
        )
    console.print(said, markup=False, highlight=False, soft_wrap=True)
