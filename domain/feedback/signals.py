"""Implicit signals: what a customer did after an answer, and the satisfaction that it hints at. Pure.

    score = 0.50 + 0.15 continued + 0.35 completed an action − 0.30 asked for a person − 0.10 abandoned − 0.10 slowness

Each signal is 0 or 1; slowness goes from 0 (the answer took 10 s or less) to 1 (two minutes or more). The score is from 0 to 1, and that of many
answers is their mean. `VERSION` goes up with any change of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

import msgspec

VERSION = 1

CONTINUED = timedelta(minutes=5)
"""After an answer, within which the customer's next message goes on with it."""

REACTED = timedelta(minutes=30)
"""After an answer, within which the next message may be its doing: a wish for a person is counted there, and whoever was asked something and has
not come back by then has left."""

COMPLETED = timedelta(hours=24)
"""After an answer, within which a purchase or a booking may be its doing."""

QUICK_MS, SLOW_MS = 10_000, 120_000

BASE = Fraction(50, 100)
FOR_CONTINUED, FOR_COMPLETED = Fraction(15, 100), Fraction(35, 100)
FOR_REQUESTED, FOR_ABANDONED, FOR_SLOWNESS = Fraction(-30, 100), Fraction(-10, 100), Fraction(-10, 100)


class Signals(msgspec.Struct, kw_only=True):
    """Of one answer of the agent's. `response_ms`: from the first message that it answers. `asked_back`: it asked the customer something;
    `came_back`: they wrote within `REACTED`. `prompted`: they were asked to rate it."""

    interaction: UUID
    conversation: UUID
    answered_at: datetime
    response_ms: int
    continued: bool = False
    completed: bool = False
    requested: bool = False
    asked_back: bool = False
    came_back: bool = False
    prompted: bool = False

    @property
    def slow_ms(self) -> int:
        """Beyond what is quick; at most that of what is slow."""
        return min(max(self.response_ms, QUICK_MS), SLOW_MS) - QUICK_MS

    def abandoned(self, now: datetime) -> bool:
        """Whether the customer was asked something and has left."""
        return self.asked_back and not self.came_back and now - self.answered_at > REACTED


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Of so many answers: for how many each signal is there, and the sum of `slow_ms`."""

    answers: int
    continued: int
    completed: int
    requested: int
    abandoned: int
    slow_ms: int

    def share(self, name: str) -> float | None:
        """Of the answers; None of none."""
        return getattr(self, name) / self.answers if self.answers else None

    @property
    def score(self) -> float | None:
        """The mean of the answers' scores, exact but for the last rounding; None of none."""
        if not self.answers:
            return None
        signals = (
            FOR_CONTINUED * self.continued
            + FOR_COMPLETED * self.completed
            + FOR_REQUESTED * self.requested
            + FOR_ABANDONED * self.abandoned
            + FOR_SLOWNESS * Fraction(self.slow_ms, SLOW_MS - QUICK_MS)
        )
        return float(BASE + signals / self.answers)


def totals(answers: Iterable[Signals], now: datetime) -> Totals:
    found = list(answers)
    return Totals(
        answers=len(found),
        continued=sum(each.continued for each in found),
        completed=sum(each.completed for each in found),
        requested=sum(each.requested for each in found),
        abandoned=sum(each.abandoned(now) for each in found),
        slow_ms=sum(each.slow_ms for each in found),
    )


def score(signals: Signals, now: datetime) -> float:
    """Of one answer, 0 to 1."""
    found = totals([signals], now).score
    assert found is not None
    return found
