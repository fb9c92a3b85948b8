"""What a question about figures asks: which days, by which of them, of what; and the frame that every answer has."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Literal

import msgspec

from domain.insight.calendar import By, Period, periods
from domain.insight.definitions import Used

Per = Literal["tenant", "model", "provider", "deployment", "experiment", "channel", "intent"]
"""Whose figures: of all, or of each model (provider/model), provider, arm of a deployment or of an experiment (its id/arm), channel, intent."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Days of the tenant's time zone from `since` until before `until`, `by` day, week, month, or all at once. `used`: what figures go by."""

    since: date
    until: date
    by: By = "day"
    used: Used = Used()

    @property
    def periods(self) -> tuple[Period, ...]:
        return _periods(self.since, self.until, self.by, self.used.zone)


@lru_cache(maxsize=256)
def _periods(since: date, until: date, by: By, zone: str) -> tuple[Period, ...]:
    """Each question asks several read models for the same ones."""
    return tuple(periods(since, until, by, zone))


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A figure is to be above, or below, this."""

    above: float | None = None
    below: float | None = None


def targets(used: Used, *names: str) -> dict[str, Target]:
    """Of these figures."""
    aims = used.values.targets
    return {
        name: Target(below=getattr(aims, name))
        if name == "handoff_rate"
        else Target(above=getattr(aims, name))
        for name in names
    }


def share(part: int, whole: int) -> float | None:
    """0 to 1; None of nothing."""
    return part / whole if whole else None
