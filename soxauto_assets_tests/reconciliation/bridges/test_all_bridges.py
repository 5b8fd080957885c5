"""All bridges together: order, missing inputs, faults of the old ones, and independence of the order of rows."""

import random
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets.reconciliation.bridges import all_bridges
from soxauto_assets.reconciliation.inputs import Inputs, Session, open_session
from soxauto_assets.reconciliation.rules import load_rules
from soxauto_assets.reconciliation.vouchers import compute_buckets
from soxauto_assets_tests.reconciliation.bridges.test_customers import GROUPS, LINES
from soxauto_assets_tests.reconciliation.bridges.test_integration_errors import COMPANIES, ERRORS
from soxauto_assets_tests.reconciliation.bridges.test_open_items import COLLECTIONS, PREPAYMENTS
from soxauto_assets_tests.reconciliation.sessions import PERIOD, session_of, write_rows
from soxauto_assets_tests.reconciliation.voucher_rows import HAND, entries, jdash, usage, vouchers

NAMES = ["timing", "vtc", "integration_errors", "posting_group", "business_line", "open_items"]
INACTIVE = {"is_active": "0", "voucher_inactive_date": "2025-09-10T00:00:00"}
TABLES = {
    "IPE_07": LINES,
    "IPE_08": vouchers(
        {**INACTIVE, "id": "S"},
        {**INACTIVE, "id": "S", "id_company": "JD_GH"},
        {**INACTIVE, "id": "12345", "totalamountused": "5"},
        {**INACTIVE, "id": "12345.0", "business_use": "jforce"},
        {**INACTIVE, "business_use": "Jpay store_credit"},
        {},
    ),
    "IPE_08_USAGE": usage(
        {}, {"id": "-", "business_use": "-"}, {"id": "S", "id_company": "JD_GH", "business_use": "jforce"}
    ),
    "CR_03_MOV": entries(
        {"document_description": "RF_1", "voucher_no": "S"},
        {"amount": "4", "document_description": "Item price credit", "voucher_no": "12345.0"},
        {"amount": "5", "user_id": HAND, "document_type": "Credit Memo", "voucher_no": "S", "id_company": "JD_GH"},
        {"amount": "6", "user_id": HAND},
    ),
    "JDASH": jdash({"voucher_id": "S", "amount_used": "3"}, {"voucher_id": "12345", "amount_used": "9"}),
    "IPE_REC_ERRORS": ERRORS,
    "CR_05": COMPANIES,
    "IPE_31": COLLECTIONS,
    "IPE_10": PREPAYMENTS,
}


def everything(session: Session) -> dict[str, object]:
    """Return all that is computed, with every kept row."""
    found: dict[str, object] = {"buckets": compute_buckets(session).to_json()}
    found["bridges"] = [bridge.to_json() for bridge in all_bridges(session)]
    found["tables"] = {name: session.rows(f"SELECT * FROM {name} ORDER BY ALL") for name in sorted(session.kept)}
    return found


def test_bridges_come_in_a_fixed_order_each_with_its_proof(tmp_path: Path):
    with session_of(tmp_path, TABLES) as session:
        bridges = all_bridges(session)
        assert session.kept == [
            "bridge_timing", "voucher_entries", "bridge_vtc", "bridge_integration_errors", "bridge_posting_group",
            "bridge_business_line", "bridge_open_items",
        ]  # fmt: skip
    assert [bridge.name for bridge in bridges] == NAMES
    assert [bridge.explains for bridge in bridges] == [True, True, False, False, False, False]
    assert all(bridge.missing == () and bridge.title and bridge.meaning and bridge.source for bridge in bridges)


def test_without_any_input_every_bridge_says_what_it_misses(tmp_path: Path):
    with session_of(tmp_path, {}) as session:
        bridges = all_bridges(session)
    assert {bridge.name: bridge.missing for bridge in bridges} == {
        "timing": ("IPE_08", "JDASH"),
        "vtc": ("IPE_08", "CR_03_MOV"),
        "integration_errors": ("IPE_REC_ERRORS",),
        "posting_group": ("IPE_07",),
        "business_line": ("IPE_07",),
        "open_items": ("IPE_31", "IPE_10"),
    }
    assert all(bridge.lines == () and bridge.proof is None for bridge in bridges)


def test_empty_inputs_give_no_line_and_no_exception(tmp_path: Path):
    empty = {item: text.strip().splitlines()[0] for item, text in TABLES.items()}
    with session_of(tmp_path, empty) as session:
        assert all(bridge.lines == () and bridge.missing == () for bridge in all_bridges(session))
        assert compute_buckets(session).buckets == ()


@pytest.mark.parametrize(("item", "column"), [("IPE_08", "created_at"), ("IPE_08", "voucher_inactive_date"),
                                              ("CR_03_MOV", "posting_date"), ("JDASH", "amount_used")])  # fmt: skip
def test_a_missing_column_fails_and_switches_no_filter_off(tmp_path: Path, item: str, column: str):
    # The old bridges warned, and left out the window for which they had no column (domain 10 row 23).
    sealed = {name: write_rows(tmp_path, name, text) for name, text in TABLES.items()}
    [file] = sealed[item].files
    pq.write_table(pq.read_table(file).drop_columns([column]), file)
    with (
        pytest.raises(duckdb.BinderException, match=column),
        open_session(Inputs(PERIOD, sealed, {}), load_configuration()) as session,
    ):
        everything(session)


def test_what_decides_is_in_rule_files_with_version_status_and_digest():
    # The old rules changed six times in code while the text beside them did not (domain 10 row 25).
    for name in ("classification", "voucher_types", "integration_errors", "open_items"):
        file = load_rules(name)
        assert (file.version, file.status, len(file.digest)) == ("1", "assumed", 64)
    configuration = load_configuration()
    for name in ("non_marketing_uses", "refund_uses", "integration_users", "voucher_window_months"):
        assert configuration[name].status == "assumed"
        assert configuration[name].source


def shuffled(tables: Mapping[str, str], seed: int) -> dict[str, str]:
    """Return the same tables with their rows in another order."""
    draw = random.Random(seed)
    found = {}
    for item, text in tables.items():
        header, *rows = text.strip().splitlines()
        draw.shuffle(rows)
        found[item] = "\n".join([header, *rows])
    return found


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    with session_of(tmp_path_factory.mktemp("in_order"), TABLES) as session:
        return everything(session)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_the_order_of_rows_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, in_order: dict[str, object], seed: int
):
    with session_of(tmp_path_factory.mktemp("shuffled"), shuffled(TABLES, seed)) as session:
        assert everything(session) == in_order


@settings(max_examples=6, deadline=None)
@given(factor=st.integers(2, 1000))
def test_amounts_scale_the_explained_amounts(tmp_path_factory: pytest.TempPathFactory, factor: int):
    issued = (
        {**INACTIVE, "remaining_amount": "{0}", "totalamountused": "{1}"},
        {**INACTIVE, "remaining_amount": "{2}"},
    )
    amounts = ("12.125", "3", "0.25", "4.5")

    def explained(times: int) -> list[object]:
        scaled = [format(Decimal(amount) * times, "f") for amount in amounts]
        rows = [{name: value.format(*scaled) for name, value in row.items()} for row in issued]
        tables = {
            "IPE_08": vouchers(*rows),
            "JDASH": jdash({"amount_used": scaled[3]}),
            "CR_03_MOV": entries(),
        }
        with session_of(tmp_path_factory.mktemp("scaled"), tables) as session:
            return [line.amount for bridge in all_bridges(session) for line in bridge.lines]

    assert explained(factor) == [amount * factor for amount in explained(1)]  # type: ignore[operator]


def test_groups_of_customers_survive_the_order_of_rows(tmp_path: Path):
    with (
        session_of(tmp_path / "one", {"IPE_07": GROUPS}) as one,
        session_of(tmp_path / "two", shuffled({"IPE_07": GROUPS}, 1)) as two,
    ):
        assert all_bridges(one)[3] == all_bridges(two)[3]
