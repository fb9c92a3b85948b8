from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.errors import Invalid
from domain.models.ceiling import Ceiling, ceiling_named
from domain.models.completion import Usage
from domain.models.pricing import LongContext, Price, cost, in_force, most, timeline

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
prices = st.decimals(min_value=0, max_value=1000, places=6, allow_nan=False, allow_infinity=False)
tokens = st.integers(min_value=0, max_value=2_000_000)


def price(since: datetime, until: datetime | None = None, input: str = "1", **more: Any) -> Price:
    return Price(
        provider="p", model="m", input=Decimal(input), output=Decimal(2), since=since, until=until, **more
    )


@given(tokens, tokens, tokens, tokens, prices, prices, st.none() | prices, st.none() | prices)
def test_costs_are_exact_whatever_the_price(
    fresh: int,
    cached: int,
    written: int,
    output: int,
    p_in: Decimal,
    p_out: Decimal,
    p_cached: Decimal | None,
    p_written: Decimal | None,
) -> None:
    usage = Usage(input=fresh + cached + written, cached=cached, written=written, output=output)
    asked = Price(
        provider="p",
        model="m",
        input=p_in,
        output=p_out,
        cached=p_cached,
        cache_write=p_written,
        since=NEW_YEAR,
    )
    parts = (
        fresh * Fraction(p_in)
        + cached * Fraction(p_in if p_cached is None else p_cached)
        + written * Fraction(p_in if p_written is None else p_written)
        + output * Fraction(p_out)
    )
    assert Fraction(cost(usage, asked)) == parts / 1_000_000
    assert cost(msgspec.structs.replace(usage, cached=0, written=0), asked) <= most(
        usage.input, output, asked
    )


def test_a_provider_that_counts_cached_tokens_apart_is_never_charged_below_zero() -> None:
    asked = price(NEW_YEAR, cached=Decimal("0.5"))
    assert cost(Usage(input=10, cached=100), asked) == Decimal("0.00005")
    assert cost(Usage(input=2**63, output=2**63), asked) == Decimal(3 * 2**63).scaleb(-6)


def test_of_several_tiers_the_highest_one_that_is_passed_counts() -> None:
    tiers = tuple(
        LongContext(above=above, input=Decimal(above), output=Decimal(0)) for above in (100, 200, 300)
    )
    asked = price(NEW_YEAR, long_context=tiers)
    charged = [cost(Usage(input=count), asked) * 1_000_000 / count for count in (100, 101, 200, 201, 301)]
    assert charged == [1, 100, 100, 200, 300]


@pytest.mark.parametrize("tier", [None, "flex", "priority", "unheard-of"])
def test_a_ceiling_is_what_a_call_costs_at_any_service_tier(tier: str | None) -> None:
    asked = Ceiling(input=Decimal(30), output=Decimal(200)).price("p", "m", NEW_YEAR)
    used = Usage(input=1_000_000, output=1_000_000, tier=tier)
    named = ceiling_named(asked.id, NEW_YEAR)
    assert named is not None
    assert cost(used, asked) == cost(used, named) == 230


def test_the_price_in_force_changes_at_midnight() -> None:
    told = timeline([price(NEW_YEAR, input="3"), price(NEW_YEAR - timedelta(days=9), NEW_YEAR)])["p/m"]
    before = in_force(told, NEW_YEAR - timedelta(microseconds=1))
    after = in_force(told, NEW_YEAR)
    assert before is not None
    assert after is not None
    assert (before.input, after.input) == (1, 3)
    assert in_force(told, NEW_YEAR - timedelta(days=10)) is None


def test_prices_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        timeline([price(NEW_YEAR - timedelta(days=9)), price(NEW_YEAR)])


@pytest.mark.parametrize(
    "wrong",
    [
        price(NEW_YEAR, NEW_YEAR),
        price(NEW_YEAR, input="-1"),
        price(NEW_YEAR, input="NaN"),
        price(NEW_YEAR, input="Infinity"),
        price(NEW_YEAR, input="1e999999"),
        price(NEW_YEAR, input="0.0000001"),
        price(NEW_YEAR, cached=Decimal("-0.1")),
        price(NEW_YEAR, long_context=(LongContext(above=0, input=Decimal(1), output=Decimal(1)),)),
        price(NEW_YEAR, long_context=(LongContext(above=9, input=Decimal(1), output=Decimal(1)),) * 2),
    ],
)
def test_what_can_not_be_a_price_is_refused(wrong: Price) -> None:
    with pytest.raises(Invalid):
        wrong.check()
