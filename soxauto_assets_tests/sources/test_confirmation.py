"""Confirming a binding: what must hold, and what the record of the act says."""

from datetime import UTC, datetime

import pytest

from soxauto_assets.canonical import digest_of
from soxauto_assets.errors import BindingError, SourceMismatch
from soxauto_assets.sources.bindings import Binding, TableName
from soxauto_assets.sources.confirmation import Wish, confirmation_act, confirmed_binding, wished_table
from soxauto_assets.sources.contracts import contract

NOW = datetime(2025, 10, 17, 9, 30, tzinfo=UTC)
COLUMNS = {column.name: column.type.trino for column in contract("dim_country").columns}
BOUND = Binding("dim_country", TableName("a", "dim_country", "AwsDataCatalog"), {}, "proposed", "current", "local")
READ = ("country_code", "country_name")


def confirm(wish: Wish, found: dict[str, str] | None = COLUMNS, bound: Binding | None = BOUND) -> Binding:
    return confirmed_binding(wish, bound, found, READ, NOW)


def test_the_proposed_table_is_confirmed_as_it_is():
    assert confirm(Wish("dim_country", " A Controller ")) == Binding(
        "dim_country", BOUND.table, {}, "confirmed", "current", "local", "A Controller", "2025-10-17"
    )


def test_snapshot_and_zone_are_the_persons_word():
    binding = confirm(Wish("dim_country", "A", snapshot="history", zone="utc"))
    assert (binding.snapshot, binding.zone) == ("history", "utc")


def test_another_table_brings_its_own_columns_by_name():
    bound = Binding("dim_country", TableName("a", "b"), {"country_name": "old"}, "proposed")
    found = {"Country_Code": "varchar", "country__name_": "varchar"}
    binding = confirm(Wish("dim_country", "A", table="c.d"), found, bound)
    assert str(binding.table) == "c.d" and binding.columns == {"country_name": "country__name_"}


def test_a_column_that_no_name_gives_away_is_said_by_the_person():
    found = {"country_code": "varchar", "label": "varchar"}
    with pytest.raises(SourceMismatch, match=r"has no column country_name; it has country_code, label"):
        confirm(Wish("dim_country", "A"), found)
    assert confirm(Wish("dim_country", "A", columns={"country_name": "label"}), found).columns == {
        "country_name": "label"
    }


@pytest.mark.parametrize(
    ("wish", "cause"),
    [
        (Wish("dim_countri", "A"), "'dim_countri' is no logical source; known are "),
        (Wish("dim_country", "  "), "nobody is named who confirms dim_country"),
        (Wish("dim_country", "A\nB"), "nobody is named"),
        (Wish("dim_country", "A", table="d"), "'d' is no table name"),
        (Wish("dim_country", "A", table="a..d"), "'a..d' is no table name"),
        (Wish("dim_country", "A", columns={"cc": "x"}), "dim_country has no column cc; its contract has country_code"),
        (Wish("dim_country", "A", columns={"country_name": "x"}), "has no column x"),
    ],
)
def test_an_incomplete_wish_is_refused(wish, cause):
    with pytest.raises((BindingError, SourceMismatch), match=cause):
        confirm(wish)


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (None, "table AwsDataCatalog.a.dim_country .* does not exist"),
        ({"country_code": "bigint", "country_name": "varchar"}, "country_code is bigint, contract varchar"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_what_differs(found, cause):
    with pytest.raises(SourceMismatch, match=cause):
        confirm(Wish("dim_country", "A"), found)


def test_a_source_without_entry_needs_a_table():
    with pytest.raises(BindingError, match="has no table in the bindings file"):
        wished_table(Wish("dim_country", "A"), None)
    assert wished_table(Wish("dim_country", "A", table="x.y.z"), None) == TableName("y", "z", "x")


def test_the_act_names_the_binding_by_digest_and_what_it_was_before():
    binding = confirm(Wish("dim_country", "A Controller"))
    act = confirmation_act(binding, BOUND, "agreed by mail", NOW, {"os_user": "u", "arn": "arn:aws:sts::1:x"}).to_json()
    subject = {"source": "dim_country", **binding.to_json()}
    assert act["subject"] == {"kind": "binding", "name": "dim_country", "sha256": digest_of(subject)}
    assert act["details"] == {"binding": subject, "before": BOUND.to_json()}
    assert (act["act"], act["person"], act["reason"], act["signature"]) == (
        "confirm_binding", "A Controller", "agreed by mail", "unsigned",
    )  # fmt: skip
    assert act["performed_by"]["arn"] == "arn:aws:sts::1:x"
