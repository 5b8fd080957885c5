"""Lines, statuses and totals, from figures that are given."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.reconciliation.balances import Balance, Balances
from soxauto_assets.reconciliation.fx import Rate, Rates
from soxauto_assets.reconciliation.model import Bridge, BridgeLine
from soxauto_assets.reconciliation.rules import load_rules
from soxauto_assets.reconciliation.thresholds import Thresholds
from soxauto_assets.reconciliation.variances import ComponentAccounts, compute_lines, totals

D = Decimal
ON = date(2025, 9, 30)
IPE_10, IPE_08 = ComponentAccounts("IPE_10", ("18350",)), ComponentAccounts("IPE_08", ("18412",))
THRESHOLDS = Thresholds(load_rules("thresholds"))


def balance(company, component, side, amount, kind="component"):
    return Balance(company, component, None, side, kind, "", D(amount), 1)


def rate(company, value="1", country="NG", fault=None):
    return Rate(company, None if fault else D(value), "0" * 64, fault, country)


def bridge(name, *lines, explains=True, components=("IPE_08",), missing=(), incomplete=()):
    return Bridge(
        name, name, "", "", explains, components,
        tuple(BridgeLine(company, component, D(amount), 1) for company, component, amount in lines),
        missing=missing, incomplete=incomplete,
    )  # fmt: skip


def lines_of(balances, rates, bridges=(), components=(IPE_10, IPE_08), missing=None):
    found = Balances(tuple(balances), missing or {}, {})
    return compute_lines(components, found, Rates({r.company: r for r in rates}), THRESHOLDS, bridges, ON)


def one(actual, target, bridges=(), **arguments):
    balances = [balance("EC_NG", "IPE_08", "actual", actual), balance("EC_NG", "IPE_08", "target", target)]
    (line,) = lines_of(balances, [rate("EC_NG")], bridges, (IPE_08,), **arguments)
    return line


@pytest.mark.parametrize(
    ("variance", "timing", "unexplained", "status"),
    [
        ("0", None, "0", "reconciled"),
        ("999.99", None, "999.99", "reconciled"),
        ("1000", None, "1000", "unexplained above threshold"),
        ("-1000", None, "-1000", "unexplained above threshold"),
        ("5000", "4000.01", "999.99", "explained"),
        ("5000", "4000", "1000", "unexplained above threshold"),
        ("-5000", "-5000", "0", "explained"),
        ("500", "3000", "-2500", "unexplained above threshold"),
    ],
)
def test_status_of_a_line(variance, timing, unexplained, status):
    line = one(variance, "0", [bridge("timing", ("EC_NG", "IPE_08", timing))] if timing else [])
    assert (line.variance, line.unexplained, line.status) == (D(variance), D(unexplained), status)


def test_a_bridge_that_leaves_more_than_there_was_is_over_explained():
    assert one("500", "0", [bridge("timing", ("EC_NG", "IPE_08", "3000"))]).over_explained
    assert not one("500", "0", [bridge("timing", ("EC_NG", "IPE_08", "500"))]).over_explained
    assert one("0", "0", [bridge("timing", ("EC_NG", "IPE_08", "1"))]).over_explained


def test_a_bridge_added_without_the_sign_of_the_variance_doubles_the_gap():
    """The four cases of DECISIONS B2 leave 0 each when the bridge is signed like the variance."""
    assert one("-40", "0", [bridge("timing", ("EC_NG", "IPE_08", "-40"))]).unexplained == 0
    assert one("-40", "0", [bridge("timing", ("EC_NG", "IPE_08", "40"))]).unexplained == D(-80)


def test_proposals_explain_nothing():
    line = one("5000", "0", [bridge("business_line", ("EC_NG", "IPE_08", "5000"), explains=False)])
    assert (line.explained, line.unexplained, line.status) == ({}, D(5000), "unexplained above threshold")


def test_a_bridge_of_another_company_explains_nothing_here():
    line = one("5000", "0", [bridge("timing")])
    assert line.explained == {}
    balances = [balance("EC_NG", "IPE_08", "actual", "5000"), balance("JD_GH", "IPE_08", "actual", "0")]
    found = lines_of(
        balances, [rate("EC_NG"), rate("JD_GH")], [bridge("timing", ("JD_GH", "IPE_08", "5000"))], (IPE_08,)
    )
    assert [(line.company, line.unexplained) for line in found] == [("EC_NG", D(5000)), ("JD_GH", D(-5000))]


def test_a_company_in_scope_that_a_complete_extract_does_not_hold_is_nought():
    (line,) = lines_of([balance("EC_NG", "IPE_10", "actual", "-70")], [rate("EC_NG")], (), (IPE_10,))
    assert (line.target, line.variance, line.status) == (D(0), D(-70), "reconciled")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"missing": {"CR_04": "nothing is sealed"}}, "CR_04: nothing is sealed"),
        ({"missing": {"IPE_08": "the verdict of attempt 1 is failed (key_unique)"}},
         "IPE_08: the verdict of attempt 1 is failed (key_unique)"),
        ({"bridges": [bridge("timing", missing=("JDASH",))]}, "bridge timing: JDASH missing"),
        ({"bridges": [bridge("timing", incomplete=("EC_NG",))]}, "bridge timing is incomplete for the company"),
    ],
)  # fmt: skip
def test_a_line_that_lacks_something_is_incomplete_and_says_what(arguments, reason):
    line = one("0", "0", **arguments)
    assert (line.status, line.reasons) == ("incomplete", (reason,))


def test_a_missing_component_is_no_nought():
    """A missing component was counted as 0 and the variance computed all the same (domain 7.1)."""
    line = one("-70", "0", missing={"IPE_08": "nothing is sealed"})
    assert (line.actual, line.target, line.variance, line.unexplained, line.unexplained_usd) == (
        D(-70),
        None,
        None,
        None,
        None,
    )


def test_a_company_without_a_rate_is_incomplete_with_its_lcy_and_the_others_go_on():
    balances = [balance(c, "IPE_08", "actual", "5000") for c in ("EC_NG", "JD_UG")]
    found = lines_of(balances, [rate("EC_NG", "100"), rate("JD_UG", fault="no rate")], (), (IPE_08,))
    assert [(line.company, line.variance, line.variance_usd, line.status) for line in found] == [
        ("EC_NG", D(5000), D(50), "reconciled"),
        ("JD_UG", D(5000), None, "incomplete"),
    ]


def test_amounts_of_opposite_sign_do_not_net_into_a_status():
    balances = [balance("EC_NG", "IPE_10", "actual", "5000"), balance("EC_NG", "IPE_08", "actual", "-5000")]
    found = lines_of(balances, [rate("EC_NG")])
    country, group = totals(found, THRESHOLDS, ON)
    assert (country.name, country.variance_usd, country.gross_unexplained_usd) == ("NG", D(0), D(10000))
    assert country.status == group.status == "unexplained above threshold"
    assert country.material, "10,000 is the materiality of the country, and equal to it is material"


def test_lines_without_dollars_are_counted_and_not_in_the_sums():
    balances = [balance(c, "IPE_08", "actual", "70") for c in ("EC_NG", "JD_UG")]
    found = lines_of(balances, [rate("EC_NG"), rate("JD_UG", country="UG", fault="no rate")], (), (IPE_08,))
    assert [(t.name, t.variance_usd, t.left_out, t.status) for t in totals(found, THRESHOLDS, ON)] == [
        ("NG", D(70), 0, "reconciled"),
        ("UG", D(0), 1, "incomplete"),
        ("group", D(70), 1, "incomplete"),
    ]


COMPANIES = st.sampled_from(["EC_NG", "JD_GH", "EC_KE"])
AMOUNTS = st.decimals("-1000000", "1000000", places=4)
BALANCES = st.lists(
    st.tuples(COMPANIES, st.sampled_from(["IPE_10", "IPE_08"]), st.sampled_from(["actual", "target"]), AMOUNTS),
    max_size=20,
)
BRIDGED = st.lists(st.tuples(COMPANIES, st.just("IPE_08"), AMOUNTS), max_size=5)
ALL_RATES = [rate("EC_NG", "1650"), rate("JD_GH", "15.5", "GH"), rate("EC_KE", "142.125", "KE")]


def computed(rows, bridged, components=(IPE_10, IPE_08), scale=1):
    balances = [balance(c, i, side, amount * scale) for c, i, side, amount in rows]
    bridges = [bridge("timing", *((c, i, amount * scale) for c, i, amount in bridged))]
    return lines_of(balances, ALL_RATES, bridges, components)


@given(BALANCES, BRIDGED)
def test_explained_and_unexplained_are_the_variance(rows, bridged):
    for line in computed(rows, bridged):
        assert line.total_explained + line.unexplained == line.variance
        assert sum(line.explained_usd.values()) + line.unexplained_usd == line.variance_usd


@given(BALANCES, BRIDGED, st.randoms(use_true_random=False))
def test_order_of_rows_and_of_components_changes_nothing(rows, bridged, random):
    shuffled, shuffled_bridge = list(rows), list(bridged)
    random.shuffle(shuffled)
    random.shuffle(shuffled_bridge)
    key = lambda line: (line.company, line.component)  # noqa: E731
    first = sorted(computed(rows, bridged), key=key)
    assert first == sorted(computed(shuffled, shuffled_bridge, (IPE_08, IPE_10)), key=key)


@given(BALANCES, BRIDGED)
def test_companies_add_up_to_the_group_and_split_without_a_trace(rows, bridged):
    lines = computed(rows, bridged)
    *countries, group = totals(lines, THRESHOLDS, ON)
    assert sum((c.variance_usd for c in countries), D(0)) == group.variance_usd
    assert sum((c.unexplained_usd for c in countries), D(0)) == group.unexplained_usd
    for company in ("EC_NG", "JD_GH", "EC_KE"):
        own = computed([r for r in rows if r[0] == company], [b for b in bridged if b[0] == company])
        assert own == tuple(line for line in lines if line.company == company)


@given(BALANCES, BRIDGED)
def test_ten_times_the_amounts_are_ten_times_the_variance(rows, bridged):
    ten = {(line.company, line.component): line for line in computed(rows, bridged, scale=10)}
    for line in computed(rows, bridged):
        larger = ten[line.company, line.component]
        assert (larger.variance, larger.unexplained) == (line.variance * 10, line.unexplained * 10)
