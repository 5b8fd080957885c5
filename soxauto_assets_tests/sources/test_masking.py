"""Masking: the shape stays, the value does not."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.sources.masking import mask


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("Ade Bello", "Xxx Xxxxx"),
        ("INV-0012/b", "XXX-9999/x"),
        ("Łódź", "Xxxx"),
        ("محمد ١٢", "xxxx 99"),
        ("a\tb", "x·x"),
        ("x" * 21, "x" * 20 + "…"),
        ("", "''"),
        (None, "null"),
        (True, "bool"),
        (False, "bool"),
        (Decimal("-12.50"), "-99.99"),
        (date(2025, 9, 30), "9999-99-99"),
    ],
)
def test_letters_and_digits_become_shapes(value, shape):
    assert mask(value) == shape


@given(st.text(min_size=1))
def test_no_letter_or_digit_of_the_value_remains(text):
    shape = mask(text)
    assert {c for c in shape if c.isalnum()} <= {"X", "x", "9"}
    assert len(shape) == min(len(text), 20) + (len(text) > 20)
    assert mask(shape)[:20] == shape[:20], "a masked value masked again is itself"
