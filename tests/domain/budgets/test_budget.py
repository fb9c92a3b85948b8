from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from domain.base.errors import Invalid, Refused
from domain.base.money import pico, usd
from domain.budgets.budget import Budget, BudgetLimits
from domain.budgets.reservation import Reservation
from tests.domain.given import NOW, when

DAY, MONTH = "2026-11-21", "2026-11"


def budget(**limits: Any) -> Budget:
    found = Budget.begin(uuid4(), NOW)
    found.set(BudgetLimits(**limits), NOW)
    return found


def reservation() -> Reservation:
    return Reservation.make(
        uuid4(),
        interaction=uuid4(),
        model="openai/gpt-5.4",
        amount=2_000,
        day_limit=Decimal(1),
        month_limit=None,
        budget=2,
        expires_at=NOW + timedelta(minutes=2),
        at=NOW,
    )


def shares(events: list[Any]) -> list[tuple[str, float]]:
    return [(event.period, event.share) for event in events if isinstance(event, Budget.AlertRaised)]


def test_pico_usd_are_rounded_up_and_read_back_exactly() -> None:
    assert pico(Decimal("0.0000000000001")) == 1
    assert pico(Decimal("12.5")) == 12_500_000_000_000
    assert usd(12_500_000_000_000) == Decimal("12.5")
    assert str(usd(20_000_000_000_000)) == "20"
    assert (str(usd(0)), str(usd(-1_500_000_000_000))) == ("0", "-1.5")


@pytest.mark.parametrize(
    "limits",
    [
        {"day": Decimal(-1)},
        {"day": Decimal("NaN")},
        {"month": Decimal("Infinity")},
        {"month": Decimal("1e400000")},
        {"day": Decimal(1_000_001)},
        {"day": Decimal("0.0000001")},
        {"soft": (0.5, 0.5)},
        {"soft": (1.0, 0.5)},
        {"soft": (0.0,)},
        {"soft": (1.1,)},
        {"soft": tuple(n / 100 for n in range(1, 12))},
    ],
)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        BudgetLimits(**limits).check()


def test_the_same_limits_again_are_no_event() -> None:
    found = budget(day=Decimal(5))
    assert when(found, lambda: found.set(BudgetLimits(day=Decimal("5.00")), NOW)) == []


def test_an_alert_is_raised_once_a_period() -> None:
    found = budget(day=Decimal(10), month=Decimal(100))
    assert shares(when(found, lambda: found.watch(DAY, Decimal("7.99"), NOW))) == []
    assert shares(when(found, lambda: found.watch(DAY, Decimal(8), NOW))) == [(DAY, 0.8)]
    assert shares(when(found, lambda: found.watch(DAY, Decimal(12), NOW))) == [(DAY, 1.0)]
    assert shares(when(found, lambda: found.watch(DAY, Decimal(13), NOW))) == []
    assert shares(when(found, lambda: found.watch(MONTH, Decimal(100), NOW))) == [(MONTH, 0.8), (MONTH, 1.0)]


def test_a_changed_limit_is_watched_anew_and_the_other_is_not() -> None:
    found = budget(day=Decimal(10), month=Decimal(10))
    for period in (DAY, MONTH):
        found.watch(period, Decimal(10), NOW)
        found.exhaust(period, Decimal(1), NOW)
    found.set(BudgetLimits(day=Decimal(12), month=Decimal(10)), NOW)
    assert shares(when(found, lambda: found.watch(DAY, Decimal(10), NOW))) == [(DAY, 0.8)]
    assert shares(when(found, lambda: found.watch(MONTH, Decimal(10), NOW))) == []
    assert [event.period for event in when(found, lambda: found.exhaust(DAY, Decimal(1), NOW))] == [DAY]
    assert when(found, lambda: found.exhaust(MONTH, Decimal(1), NOW)) == []


def test_no_alert_without_a_limit_or_without_spending() -> None:
    found = budget(day=Decimal(0))
    assert when(found, lambda: found.watch(DAY, Decimal(0), NOW)) == []
    assert when(found, lambda: found.watch(MONTH, Decimal(1000), NOW)) == []
    assert when(found, lambda: found.exhaust(MONTH, Decimal(1), NOW)) == []


def test_alerts_of_long_ago_are_forgotten() -> None:
    found = budget(day=Decimal(1), month=Decimal(1))
    found.watch(MONTH, Decimal(1), NOW)
    for day in ("2026-11-01", "2026-11-02", "2026-11-03"):
        found.watch(day, Decimal(1), NOW)
        found.exhaust(day, Decimal(1), NOW)
    assert set(found.state.alerts) == {MONTH, "2026-11-02", "2026-11-03"}
    assert set(found.state.exhausted) == {"2026-11-02", "2026-11-03"}


def test_a_reservation_ends_once() -> None:
    settled = reservation()
    settled.settle(NOW)
    expired = reservation()
    expired.expire(NOW + timedelta(minutes=2))
    for found in (settled, expired):
        with pytest.raises(Refused):
            found.settle(NOW)
        with pytest.raises(Refused):
            found.expire(NOW + timedelta(minutes=3))


def test_a_reservation_does_not_expire_before_its_time() -> None:
    found = reservation()
    with pytest.raises(Refused):
        found.expire(NOW + timedelta(seconds=119))
    assert found.state.open
