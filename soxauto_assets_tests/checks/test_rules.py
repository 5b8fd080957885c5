"""Each rule fails when it should, and says so as a person reads it: one landed fault per rule."""

from dataclasses import replace
from decimal import Decimal

import pytest

from soxauto_assets.catalog.model import Cutoff
from soxauto_assets.checks import CheckContext, check_plan, run_checks, verdict_of
from soxauto_assets_tests.checks.conftest import DIGESTS, IPE_07, failed


def test_sound_rows_pass_every_rule_of_severity_error(checked):
    results = checked()
    assert failed(results) == set()
    assert verdict_of(list(results.values())) == "passed"
    assert set(results) == {planned.name for planned in check_plan(IPE_07)}


def test_a_missing_row_is_seen_by_the_control_totals(checked):
    results = checked("select * from landed where not (id_company = 'EC_NG' and entry_no = 1)")
    assert failed(results) == {"control_totals", "dropped_rows", *DIGESTS}
    assert results["control_totals"].details == (
        "id_company EC_NG, group_coa_account_no 13003: source 4 / 823.1250 / 2024-09-01 / 2025-09-30, "
        "landed 3 / 813.0000 / 2024-09-01 / 2025-09-01",
    )


def test_two_changed_amounts_that_cancel_within_a_company_and_account_are_seen_by_the_digests_alone(checked):
    results = checked(
        "select * replace (cast(rem_amt_lcy + case entry_no when 1 then 1 when 3 then -1 else 0 end as decimal(18,4)) "
        "as rem_amt_lcy) from landed where id_company = 'EC_NG' union all select * from landed where id_company <> 'EC_NG'"
    )
    assert failed(results) == {*DIGESTS}
    digest = results["row_digest"]
    assert (digest.expected, digest.actual) == ("7 rows with the source's digest", "7 rows, another digest")
    assert digest.details[0].startswith("EC_NG: source 6 rows, ")
    assert digest.sample[0] == "id_company EC_NG, entry_no 1"


def test_a_duplicated_row_breaks_key_and_totals(checked):
    results = checked("select * from landed union all select * from landed where entry_no = 3")
    assert failed(results) == {"key_unique", "control_totals", "dropped_rows", *DIGESTS}
    assert results["key_unique"].details == ("(EC_NG, 3) occurs 2 times",)


def test_an_empty_required_column_is_named(checked):
    results = checked(
        "select * replace (case when entry_no = 3 then null else customer_no end as customer_no) from landed"
    )
    assert failed(results) == {"schema", "not_null", *DIGESTS}
    assert results["not_null"].details == ("customer_no: 1 null",)
    assert results["schema"].details == ("customer_no: not_nullable: 1",)


def test_a_posting_after_the_period_breaks_the_cutoff(checked):
    results = checked(
        "select * replace (case when entry_no = 1 then date '2025-10-01' else posting_date end as posting_date) from landed"
    )
    assert {"cutoff", "control_totals"} <= failed(results)
    assert results["cutoff"].actual.startswith("2 rows beyond")


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ("'ec-ng' as id_company", "id_company: str_matches"),
        ("'sometimes' as ageing_bucket", "ageing_bucket: isin"),
        ("0 as entry_no", "entry_no: greater_than_or_equal_to(1): 7"),
        ("cast(rem_amt_lcy as double) as rem_amt_lcy", "rem_amt_lcy: dtype"),
    ],
)
def test_a_value_or_type_outside_the_schema_is_counted_by_column_and_rule(checked, change, detail):
    schema = checked(f"select * replace ({change}) from landed")["schema"]
    assert schema.status == "failed"
    assert any(line.startswith(detail) for line in schema.details), schema.details


def test_the_schema_rule_never_passes_when_pandera_is_switched_off(checked, monkeypatch):
    from pandera.config import config_context

    with config_context(validation_enabled=False):
        schema = checked()["schema"]
    assert (schema.status, schema.good) == ("error", False)
    assert "pandera validation is disabled" in str(schema.reason)


def test_derived_columns_are_computed_again(checked):
    results = checked("select * replace ('1-30' as ageing_bucket, 'Debit' as debit_credit_duemonth) from landed")
    assert failed(results) == {"ageing_recomputed", "due_month_recomputed", *DIGESTS}


def test_a_changed_query_text_is_seen(checked):
    record = checked.record
    extract = record.statements["extract"]
    other = replace(extract, executed=extract.executed.replace("'national'", "'export'"))
    results = checked(statements={**record.statements, "extract": other})
    assert failed(results) == {"query_hash"}
    assert results["query_hash"].details == ("extract: digest of executed differs",)


def test_a_rule_that_cannot_be_evaluated_is_an_error_and_fails(checked):
    results = checked(answers={})
    for name in ("control_totals", "freshness"):
        assert (results[name].status, results[name].good) == ("error", False)
    assert verdict_of(list(results.values())) == "failed"


def test_no_rule_evaluated_is_a_failure():
    assert verdict_of([]) == "failed"


def test_a_source_without_a_date_has_no_cutoff_and_says_why(checked):
    undated = replace(IPE_07, cutoff=Cutoff("none", ""))
    (result,) = run_checks(undated, checked.record, checked.dataset, CheckContext(), ["cutoff"])
    assert (result.status, result.good) == ("not_applicable", True)
    assert result.reason == "the source has no date: it shows the state in which it was read"


def test_amounts_stay_decimal(checked):
    sums = [row["sum_rem_amt_lcy"] for row in checked.record.answers["control_totals"].records()]
    assert all(isinstance(value, Decimal) for value in sums)
