from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.completion import Usage
from domain.pricing import Price, PriceTable, cost

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
prices = st.decimals(min_value=0, max_value=1000, places=6, allow_nan=False, allow_infinity=False)
tokens = st.integers(min_value=0, max_value=2_000_000)


def price(since: datetime, until: datetime | None = None, input: str = "1") -> Price:
    return Price(provider="p", model="m", input=Decimal(input), output=Decimal(2), since=since, until=until)


@given(tokens, tokens, tokens, prices, prices, st.one_of(st.none(), prices))
def test_costs_are_exact_to_the_last_decimal(
    fresh: int, cached: int, output: int, p_in: Decimal, p_out: Decimal, p_cached: Decimal | None
) -> None:
    used = Usage(input=fresh + cached, cached=cached, output=output)
    found = cost(
        used, Price(provider="p", model="m", input=p_in, output=p_out, cached=p_cached, since=NEW_YEAR)
    )
    parts = (
        fresh * Fraction(p_in)
        + cached * Fraction(p_in if p_cached is None else p_cached)
        + output * Fraction(p_out)
    )
    assert Fraction(found) == parts / 1_000_000


def test_the_price_in_force_changes_at_midnight() -> None:
    table = PriceTable([price(NEW_YEAR - timedelta(days=9), NEW_YEAR), price(NEW_YEAR, input="3")])
    before = table.at("p", "m", NEW_YEAR - timedelta(microseconds=1))
    after = table.at("p", "m", NEW_YEAR)
    assert before is not None
    assert after is not None
    assert (before.input, after.input) == (1, 3)
    assert table.at("p", "m", NEW_YEAR - timedelta(days=10)) is None
    assert table.at("p", "other", NEW_YEAR) is None


def test_prices_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        PriceTable([price(NEW_YEAR - timedelta(days=9)), price(NEW_YEAR)])
