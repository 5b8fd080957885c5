"""The baseline: what an extract is made from, approved by a person. Another account list is a change, another month is not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets.catalog.witnesses import Witness
from soxauto_assets.decisions.baseline import approval_act, current_parts, differences, recorded_parts, years
from soxauto_assets.errors import CatalogError, DecisionError
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets_tests.closing import close

CR_04, SEPTEMBER = get_item("CR_04"), Period(2025, 9)
NOW = datetime(2025, 11, 1, tzinfo=UTC)
WHO = ("--by", "An Owner", "--reason", "reviewed line by line")


def parts_now(runtime):
    return current_parts(CR_04, runtime.extractor)


def approve(runtime, now=NOW, environment="lake"):
    act = approval_act(
        CR_04, parts_now(runtime), environment, "An Owner", "reviewed", runtime.configuration, now, {"os_user": "u"}
    )
    runtime.acts.append(act)


def judged(runtime):
    (result,) = runtime.check(CR_04, SEPTEMBER, None, ("baseline",))
    return result


def configured(closed, monkeypatch, **keys):
    path = closed / "configuration.yaml"
    path.write_text(yaml.safe_dump(keys))
    monkeypatch.setenv("SOXAUTO_CONFIGURATION", str(path))
    return load_configuration(path)


def test_the_parts_say_all_that_an_extract_is_made_from_and_no_month(reopen):
    parts = parts_now(reopen())
    queries = {name for name in parts if name.startswith("query/")}
    assert queries >= {f"query/{n}" for n in ("extract", "control_totals", "cutoff_edges", "freshness", "row_digest")}
    assert set(parts) - queries == {
        "schema",
        "rules",
        "component",
        "configuration",
        "bindings",
        "versions",
    }
    assert "exports.bs_balances_view" in parts["query/extract"] and "'13003'" in parts["query/extract"]
    assert ":last_day" in parts["query/extract"] and "/*" not in parts["query/extract"]
    assert '"column": "id_company"' in parts["schema"]
    assert '"error"' in parts["rules"] and '"code_sha256"' in parts["rules"]
    assert '"sqlglot"' in parts["versions"] and '"duckdb"' in parts["versions"]
    assert not [name for name, text in parts.items() if "2025" in text]


def test_an_extraction_was_made_from_the_parts_as_they_are(reopen):
    runtime = reopen()
    record, _ = runtime.extractions.newest(CR_04, SEPTEMBER)
    assert recorded_parts(CR_04, record, runtime.configuration) == parts_now(runtime)


def test_another_month_and_another_witness_are_no_change(reopen):
    runtime = reopen()
    before = parts_now(runtime)
    record, _ = runtime.extractor.extract(CR_04, Period(2025, 8), "run-8")
    assert recorded_parts(CR_04, record, runtime.configuration) == before
    key = {"id_company": "EC_NG"}
    witness = Witness("CR_04", "one", "absent", key, "a test", table="bs_balances_view", without="closing_date")
    assert current_parts(CR_04, replace(runtime.extractor, witnesses=(witness,))) == before


def test_nobody_approved_is_a_warning_and_an_approval_passes(reopen):
    result = judged(reopen())
    assert (result.status, result.severity, result.actual) == ("failed", "warn", "nobody has approved one")
    approve(reopen())
    result = judged(reopen())
    assert (result.status, result.severity) == ("passed", "error")
    assert (
        result.expected == f"{len(parts_now(reopen()))} parts as approved by An Owner on 2025-11-01, until 2028-11-01"
    )


def test_an_approval_of_another_environment_does_not_count(reopen):
    approve(reopen(), environment="demo")
    assert judged(reopen()).actual == "nobody has approved one"


def test_an_approval_expires_after_three_years(reopen):
    approve(reopen())
    last_day = reopen(clock=lambda: datetime(2028, 11, 1, 12, tzinfo=UTC))
    assert judged(last_day).status == "passed"
    after = judged(reopen(clock=lambda: datetime(2028, 11, 2, tzinfo=UTC)))
    assert (after.status, after.severity) == ("failed", "error")
    assert after.actual == "0 parts differ; the approval has expired"


def test_the_years_are_an_assumed_configuration_key(closed, monkeypatch):
    assert (years(load_configuration()), load_configuration()["baseline_years"].status) == (3, "assumed")
    key = configured(closed, monkeypatch, baseline_years={"values": ["1"]})
    assert years(key) == 1
    leap = datetime(2024, 2, 29, tzinfo=UTC)
    act = approval_act(CR_04, {"schema": "x"}, "lake", "A", "b", key, leap, {})
    assert act.details["expires"] == "2025-02-28"
    for wrong in (("soon",), ("0",), ("1", "2"), ("²",)):
        with pytest.raises(CatalogError, match="is no number of years"):
            years(replace(key, keys={"baseline_years": replace(key["baseline_years"], values=wrong)}))


def test_another_account_is_a_change_that_the_diff_shows(reopen, closed, monkeypatch, soxauto):
    approve(reopen())
    accounts = [account for account in load_configuration()["gl_accounts"].values if account != "18412"]
    configured(closed, monkeypatch, gl_accounts={"values": accounts})
    done = soxauto("baseline", "diff", "CR_04")
    assert done.exit_code == 1, done.output
    assert "--- approved 2025-11-01/configuration" in done.output and '-    "18412"' in done.output
    for part in ("query/extract", "query/control_totals", "query/row_digest"):
        assert f"+++ current/{part}" in done.output
    assert "current/schema" not in done.output and "parts differ" in done.output


def test_an_extraction_with_an_edited_configuration_fails(reopen, closed):
    approve(reopen())
    path = closed / "edited.yaml"
    accounts = [account for account in load_configuration()["gl_accounts"].values if account != "18412"]
    path.write_text(yaml.safe_dump({"gl_accounts": {"values": accounts}}))
    edited = Runtime(replace(reopen().settings, configuration=path))
    sealing = close(edited, "CR_04", run_id="run-2")
    result = next(result for result in sealing.results if result.name == "baseline")
    assert (result.status, result.severity) == ("failed", "error")
    assert "query/extract: changed since the approval" in result.details
    assert "configuration: changed since the approval" in result.details
    assert "next: soxauto baseline diff CR_04" in result.details
    assert sealing.verdict == "failed"


def test_another_binding_is_a_change_and_who_confirmed_it_is_none(reopen, closed):
    approve(reopen())
    file = closed / "bindings.yaml"
    entry = {
        "database": "exports",
        "table": "bs_balances_view",
        "status": "confirmed",
        "snapshot": "unknown",
        "zone": "local",
        "confirmed_by": "Somebody",
        "confirmed_on": "2025-01-01",
    }

    def bound(**changes):
        file.write_text(yaml.safe_dump({"environment": "lake", "sources": {"bs_balances_view": {**entry, **changes}}}))
        runtime = Runtime(replace(reopen().settings, bindings=file))
        return set(differences(runtime.register.approval("CR_04"), parts_now(runtime)))

    assert bound() == set()
    assert bound(confirmed_by="Another", confirmed_on="2025-10-01") == set()
    assert bound(snapshot="current") == {"bindings"}
    assert bound(table="bs_balances_copy") >= {"bindings", "query/extract", "query/control_totals", "query/row_digest"}


def test_show_approve_and_diff_on_the_command_line(soxauto, reopen):
    shown = soxauto("baseline", "show", "CR_04")
    assert shown.exit_code == 0 and "  query/extract" in shown.output
    assert "CAST(" in shown.output and "nobody has approved it" in shown.output
    assert "an approval counts for 3 years (baseline_years, assumed)" in shown.output
    assert soxauto("baseline", "diff", "CR_04").exit_code == 1, "no approval counts"

    approved = soxauto("baseline", "approve", "CR_04", *WHO)
    assert approved.exit_code == 0, approved.output
    count = len(parts_now(reopen()))
    assert f"CR_04: {count} parts approved by An Owner in environment lake until" in approved.output
    (act,) = reopen().acts.all()
    assert act["act"] == "approve_baseline" and act["subject"]["name"] == "CR_04"
    assert act["details"]["environment"] == "lake" and "text" in act["details"]["parts"]["query/extract"]

    digests = soxauto("baseline", "show", "CR_04", "--no-texts")
    assert "CAST(" not in digests.output and digests.output.count(", approved") == count
    same = soxauto("baseline", "diff", "CR_04")
    assert same.exit_code == 0 and f"0 of {count} parts differ" in same.output
    assert judged(reopen()).status == "passed"


def test_all_approves_what_can_be_read_and_names_the_rest(soxauto, reopen):
    done = soxauto("baseline", "approve", "all", *WHO)
    assert done.exit_code == 2, "the lake holds one table alone"
    assert "CR_04: " in done.output and "parts approved by An Owner" in done.output
    assert "IPE_09 was not approved: " in done.output and "bob_sales_order" in done.output
    assert "JDASH" not in done.output
    assert [act["details"]["item"] for act in reopen().acts.all()] == ["CR_04"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("approve", "CR_99", *WHO), "the catalog has no item 'CR_99'"),
        (("approve", "CR_04", "--by", " ", "--reason", "x"), "nobody is named who decides it"),
        (("approve", "all", "--by", "A", "--reason", " "), "no reason is given"),
        (("approve", "IPE_09", *WHO), "bob_sales_order"),
        (("show", "CR_99"), "the catalog has no item 'CR_99'"),
        (("diff", "IPE_09"), "bob_sales_order"),
    ],
)
def test_what_cannot_be_approved_is_refused_and_nothing_is_recorded(soxauto, reopen, arguments, message):
    refused = soxauto("baseline", *arguments)
    assert refused.exit_code == 2, refused.output
    assert message in " ".join(refused.output.split()) and "Next:" in refused.output
    assert reopen().acts.all() == []


def test_an_upload_has_rules_and_no_query():
    from soxauto_assets.decisions.baseline import _parts

    jdash = get_item("JDASH")
    assert set(_parts(jdash, load_configuration(), {}, {}, {}, {})) == {"schema", "rules", "component"}


def test_an_approval_needs_a_person():
    with pytest.raises(DecisionError, match="nobody is named"):
        approval_act(CR_04, {}, "lake", "", "x", load_configuration(), NOW, {})
