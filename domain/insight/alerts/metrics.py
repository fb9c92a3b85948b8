"""Metrics that a rule can watch, each by one line: its unit, what it is, how it is told from a reading, and over which windows it makes sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from domain.insight.alerts.figures import Figures, Reading

Unit = Literal["share", "seconds", "USD", "count"]
Measure = Callable[[Reading], tuple[float | None, int]]
"""Value, None where there is nothing to tell it from; and how many units it is of."""

DAY = 24 * 60
STEP = 5
"""Minutes: what figures are kept by, and so what a window is a multiple of."""

LONGEST = 30 * DAY


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """`windows`: the shortest and the longest, in minutes; None: it is as of now, and has none. `baseline`: whether it compares with the time before
    the window. `sampled`: of units that a minimum makes sense for. `replayable`: whether events alone tell it."""

    unit: Unit
    text: str
    measure: Measure
    windows: tuple[int, int] | None = (STEP, LONGEST)
    baseline: bool = False
    sampled: bool = False
    budgeted: bool = False
    quiet: bool = False
    """Whether no events at all mean that all is well, as where it counts what went wrong."""

    timed: bool = False
    """Whether it goes by how long answers took, which no other one has in its evidence."""

    replayable: bool = True


def _share(part: int, whole: int) -> tuple[float | None, int]:
    return (part / whole if whole else None), whole


def _feedback_drop(reading: Reading) -> tuple[float | None, int]:
    now, before = reading.figures, reading.before
    sample = min(now.ratings, before.ratings)
    if not sample:
        return None, 0
    was = before.helpful / before.ratings
    return (0.0 if was == 0 else (was - now.helpful / now.ratings) / was), sample


def _over_budget(reading: Reading) -> tuple[float | None, int]:
    figures: Figures = reading.figures
    if not reading.budget:
        return None, figures.calls
    return float(figures.cost) / (float(reading.budget) * reading.days) - 1, figures.calls


def _p95(reading: Reading) -> tuple[float | None, int]:
    took = reading.figures.p95_ms
    return (None if took is None else took / 1000), reading.figures.timed


def _dead_letters(reading: Reading) -> tuple[float | None, int]:
    waiting = reading.operations.parked_work + reading.operations.parked_events
    return float(waiting + reading.figures.dead_letters), 0


METRICS: Mapping[str, Metric] = {
    "feedback_drop": Metric(
        unit="share",
        text="How much smaller the share of helpful ratings is than in the time before the window (0.1: by a tenth).",
        measure=_feedback_drop,
        windows=(60, LONGEST),
        baseline=True,
        sampled=True,
    ),
    "positive_rate": Metric(
        unit="share",
        text="Share of ratings that are helpful.",
        measure=lambda r: _share(r.figures.helpful, r.figures.ratings),
        sampled=True,
    ),
    "cost_over_budget": Metric(
        unit="share",
        text="How far the cost of the window is over the budget of as much time (0.2: a fifth above it).",
        measure=_over_budget,
        windows=(60, LONGEST),
        sampled=True,
        budgeted=True,
    ),
    "cost": Metric(
        unit="USD",
        text="What calls of providers have cost.",
        measure=lambda r: (float(r.figures.cost), r.figures.calls),
        quiet=True,
    ),
    "p95_latency": Metric(
        unit="seconds",
        text="95th percentile of the time that the providers took for an answer, failed tries with it.",
        measure=_p95,
        sampled=True,
        timed=True,
    ),
    "provider_errors": Metric(
        unit="share",
        text="Share of the calls of providers that failed; cancelled and cached ones do not count.",
        measure=lambda r: _share(r.figures.failures, r.figures.calls),
        sampled=True,
    ),
    "handoff_rate": Metric(
        unit="share",
        text="Share of the agent's decisions that handed the conversation over to a person.",
        measure=lambda r: _share(r.figures.handoffs, r.figures.answers),
        sampled=True,
    ),
    "answers": Metric(
        unit="count",
        text="Messages that the agent has decided on: too few of them tell that nothing comes in.",
        measure=lambda r: (float(r.figures.answers), 0),
        quiet=True,
    ),
    "projection_lag": Metric(
        unit="seconds",
        text="How long the oldest event waits that some read model of the tenant has not applied.",
        measure=lambda r: (r.operations.lag_seconds, 0),
        windows=None,
        quiet=True,
        replayable=False,
    ),
    "dead_letters": Metric(
        unit="count",
        text="Parked work and events that a read model could not apply, as of now, and webhooks' dead letters of the window.",
        measure=_dead_letters,
        quiet=True,
        replayable=False,
    ),
    "failed_verifications": Metric(
        unit="count",
        text="Verifications of the log that found something wrong, since the last one that did not.",
        measure=lambda r: (float(r.figures.failed_verifications), 0),
        quiet=True,
    ),
    "rollbacks": Metric(
        unit="count",
        text="Deployments, releases and rollouts of flags that were rolled back.",
        measure=lambda r: (float(r.figures.rollbacks), 0),
        quiet=True,
    ),
}
