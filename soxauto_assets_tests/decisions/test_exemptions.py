"""Not applicable: the close leaves an item out, and says who decided it and why."""

import pytest

from soxauto_assets.catalog import all_items

WHO = ("--by", "A Controller", "--reason", "the shop was closed all month")
MONTH = ("--period", "2025-09")


def test_the_close_leaves_it_out_and_says_who_decided_it(soxauto, reopen):
    declared = soxauto("not-applicable", "IPE_09", *MONTH, *WHO)
    assert declared.exit_code == 0, declared.output
    assert "act 0001 recorded, unsigned: not_applicable of IPE_09/2025-09 by A Controller" in declared.output
    # The lake has no table of IPE_09: were it extracted, the exit code would be 2.
    done = soxauto("close", "2025-09", "--item", "IPE_09")
    assert done.exit_code == 0, done.output
    assert "not applicable" in done.output and "extract IPE_09" not in done.output
    assert "IPE_09: not applicable, by A Controller on" in done.output and "the shop was closed" in done.output
    runtime = reopen()
    assert runtime.evidence.newest("IPE_09", "2025-09") is None
    assert runtime.extractions.records.all("IPE_09", "2025-09") == runtime.failures.all("IPE_09", "2025-09") == []

    status = soxauto("status", "2025-09").output
    assert "– not applicable" in status and "IPE_09: not applicable, by A Controller on" in status
    assert "IPE_09" in soxauto("status").output
    assert soxauto("close", "2025-08", "--item", "IPE_09").exit_code == 2, "another month is not concerned"

    assert soxauto("not-applicable", "IPE_09", *MONTH, *WHO, "--revoke").exit_code == 0
    assert soxauto("close", "2025-09", "--item", "IPE_09").exit_code == 2, "it applies again, and its table is missing"


@pytest.mark.parametrize("item", [item.id for item in all_items() if item.component and item.component.in_formula])
def test_a_component_always_applies(soxauto, reopen, item):
    refused = soxauto("not-applicable", item, *MONTH, *WHO)
    assert refused.exit_code == 2
    assert f"{item} 2025-09: the item is a component of the reconciliation" in " ".join(refused.output.split())
    assert reopen().acts.all() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("IPE_99", *MONTH, *WHO), "the catalog has no item 'IPE_99'"),
        (("IPE_09", "--period", "2999-01", *WHO), "lies in the future"),
        (("IPE_09", *MONTH, "--by", "", "--reason", "x"), "nobody is named who decides it"),
        (("IPE_09", *MONTH, "--by", "A", "--reason", " "), "no reason is given"),
        (("IPE_09", *MONTH, *WHO, "--revoke"), "nobody said that the item does not apply"),
    ],
)
def test_what_cannot_be_declared_is_refused_and_nothing_is_recorded(soxauto, reopen, arguments, message):
    refused = soxauto("not-applicable", *arguments)
    assert refused.exit_code == 2, refused.output
    assert message in " ".join(refused.output.split()) and "Next:" in refused.output
    assert reopen().acts.all() == []
