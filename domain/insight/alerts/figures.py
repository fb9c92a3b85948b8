"""What alerts go by: figures of a window, and how the deployment's own parts do for the tenant."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Window(msgspec.Struct, frozen=True, order=True):
    """Slots of five minutes (domain/insight/alerts/counted.py), from `first` until before `last`."""

    first: int
    last: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over a window. `cost` in USD, exact; `p95_ms` of the `timed` answers (None: fewer than 20), within 1 %.

    `calls` are those of providers that were made and not cancelled, `failures` those among them that failed.
    """

    ratings: int = 0
    helpful: int = 0
    calls: int = 0
    failures: int = 0
    answers: int = 0
    handoffs: int = 0
    cost: Decimal = Decimal(0)
    timed: int = 0
    p95_ms: float | None = None
    dead_letters: int = 0
    rollbacks: int = 0
    failed_verifications: int = 0


class Operations(msgspec.Struct, frozen=True, kw_only=True):
    """What no event tells: observed when it was looked. `lag_seconds`: how long the oldest event waits that some read model has not applied;
    `parked_work` and `parked_events`: what was given up and waits for somebody."""

    lag_seconds: float = 0.0
    parked_work: int = 0
    parked_events: int = 0


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """All that a metric may go by. `before`: of the time before the window; `days`: the window's length; `budget`: USD a day."""

    figures: Figures = Figures()
    before: Figures = Figures()
    operations: Operations = Operations()
    days: float = 1.0
    budget: Decimal | None = None
