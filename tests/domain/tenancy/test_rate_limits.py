from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.errors import Invalid
from domain.tenancy.rate_limits import LIMITS, RateLimits, Rates, burst_of
from tests.domain.given import NOW

rates = st.builds(Rates, **{name: st.none() | st.integers(0, 1000) for name in LIMITS})
DEFAULTS = Rates(**dict.fromkeys(LIMITS, 60))


@given(rates, rates)
def test_a_tenant_has_never_more_than_it_is_given(own: Rates, granted: Rates) -> None:
    limits = RateLimits.begin(uuid4(), NOW)
    limits.set(own, NOW)
    limits.grant(granted, NOW)
    effective = limits.state.effective(DEFAULTS).given
    for name in LIMITS:
        given = granted.given[name]
        given = 60 if given is None else given
        mine = own.given[name]
        if given:
            assert 0 < (effective[name] or 0) <= given
        if mine:
            assert 0 < (effective[name] or 0) <= mine
        if not given and not mine:
            assert effective[name] == 0


def test_the_same_again_changes_nothing() -> None:
    limits = RateLimits.begin(uuid4(), NOW)
    limits.set(Rates(), NOW)
    limits.grant(Rates(answers=5), NOW)
    limits.grant(Rates(answers=5), NOW)
    assert [type(event) for event in limits.pending_events[1:]] == [RateLimits.Granted]


@pytest.mark.parametrize("rate", [-1, 1_000_001])
def test_a_rate_has_bounds(rate: int) -> None:
    with pytest.raises(Invalid, match="searches is a number a minute"):
        Rates(searches=rate).check()


def test_some_may_always_come_at_once() -> None:
    assert burst_of(1) == burst_of(60) == 20
    assert burst_of(1200) == 200
