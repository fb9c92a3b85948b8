"""Flags and their rollouts as they go over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from application.flags.flag import (
    judge_rollout,
)
from application.ports import Seen
from domain.flags.comparison import Compared, assigned_as_meant, compare
from domain.flags.feature import Percentage, Setting
from domain.flags.flag import Ended
from domain.flags.flag import Rollout as Running
from domain.flags.outcome import MEASURES, Figure, Metric
from domain.flags.plan import Plan


class FlagIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    on: bool | None = None
    percentage: Percentage | None = None


class StopIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`back`: the flag becomes what it was before the rollout; else it stays as it is now."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    back: bool = False


class Mean(msgspec.Struct, frozen=True, kw_only=True):
    """Over `count` answers, ratings, customers or helpful answers (`per`), of so many `customers`. `typical`: of latency and cost the geometric
    mean, which the tests go by."""

    mean: float
    per: str
    count: int
    customers: int
    typical: float | None


class RolloutOut(msgspec.Struct, frozen=True, kw_only=True):
    """In step `step` of the plan, counted from 0, since `since`; it holds at least until `until`. `held`: it has held, and waits to be
    confirmed. `on` and `off`: what came of closed customers, with the feature and without.

    `evidence`: of each test (metric.side) the highest so far, as a logarithm; the rollout goes back where one comes to `needed`. `compared`: with
    the feature beside without, in intervals that hold at any look. `hardly_found`: what a rollout of this kind does not find in its usual
    time. `assignment`: p of the χ² test that the sides are as large as they were meant to be; below 0.001 no figure here means anything.
    """

    id: UUID
    plan: Plan
    step: int
    since: datetime
    until: datetime
    held: bool
    before: Setting
    on: dict[Metric, Mean]
    off: dict[Metric, Mean]
    evidence: Mapping[str, float]
    needed: float
    compared: dict[Metric, Compared]
    hardly_found: list[str]
    assignment: float


class FlagOut(msgspec.Struct, frozen=True, kw_only=True):
    """On for `percentage` of the subjects. `rollout` is the one under way, `ended` how the last one ended."""

    name: str
    description: str
    subject: Literal["conversation", "tenant"]
    on: bool
    percentage: int
    default: Setting
    rollout: RolloutOut | None
    ended: Ended | None


def rollout_out(running: Running, seen: Seen) -> RolloutOut:
    judgement = judge_rollout(running, seen)
    looked_at = dict.fromkeys(metric for metric, _, _ in running.plan.limits.tests())
    return RolloutOut(
        id=running.id,
        plan=running.plan,
        step=running.step,
        since=running.since,
        until=running.until,
        held=running.held,
        before=running.before,
        on=means_of(judgement.sides.on),
        off=means_of(judgement.sides.off),
        evidence=judgement.evidence,
        needed=judgement.needed,
        compared={metric: compare(metric, seen.outcomes) for metric in looked_at},
        hardly_found=running.plan.limits.hardly_found(),
        assignment=assigned_as_meant(seen.outcomes),
    )


def means_of(figures: Mapping[Metric, Figure]) -> dict[Metric, Mean]:
    return {
        metric: Mean(
            mean=figure.mean,
            per=MEASURES[metric].per,
            count=figure.count,
            customers=figure.customers,
            typical=None if figure.typical is None else figure.shown,
        )
        for metric, figure in figures.items()
        if figure.count
    }
