"""Simulated rollouts: customers with conversations of 1 to 12 alike answers, as events of a log."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from math import exp, log
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.answers import Outcome as AnswerOutcome
from domain.conversations.conversation import Conversation
from domain.experiments.outcomes import Units
from domain.feedback.rating import Rating
from domain.flags.feature import Setting, bucket_of
from domain.flags.flag import Flags
from domain.flags.outcome import OFF, ON, Outcome
from domain.flags.plan import Plan, Step
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Usage

FLAG, BEGAN = "full_agent", datetime(2026, 11, 1, tzinfo=UTC)
TENANT, NOBODY, ROLLOUT = UUID(int=1), UUID(int=2), UUID(int=3)
HANDED = AnswerOutcome(kind="hand_over")
ROUTING, USED = Routing(model="p/m", reason="r"), Usage(input=1, output=1)
WINDOW = 600.0
GRID, FREE = 50, -(10**6)
EVERY = 7.0
"""Seconds between two customers."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """`steps`: percentages of the new version, each for an equal part of the customers. `drift`: how many times the levels are at the end what they were
    at first. `alike`: correlation of the answers of one customer. `skew`: standard deviation of the logarithm of costs; `free`: the part of answers that cost
    nothing. `slower`: seconds that outcomes under the new version come later."""

    steps: tuple[int, ...] = (50,)
    customers: int = 300
    helpful: float = 0.8
    failure: float = 0.01
    handoff: float = 0.05
    drift: float = 1.0
    alike: float = 0.25
    skew: float = 1.5
    free: float = 0.0
    slower: float = 0.0
    rated: bool = True
    changed: dict[str, float] = field(default_factory=dict)
    """Of the new version: levels by name, times the old one's."""


@dataclass
class Played:
    outcomes: list[Outcome]
    answers: Floats
    """Per answer, in the order of time: step, new, failed, rated, helpful, cost."""


def play(world: World, seed: int) -> Played:
    """One rollout, folded by what the read model folds with."""
    draw = random.Random(seed)
    told: list[tuple[float, UUID, Event]] = [(-1.0, NOBODY, _started(world))]
    answers: list[tuple[float, ...]] = []
    for number in range(world.customers):
        step = number * len(world.steps) // world.customers
        at = EVERY * number
        if step and step != (number - 1) * len(world.steps) // world.customers:
            advanced = Flags.RolloutAdvanced(
                flag=FLAG, rollout=ROLLOUT, step=step, percentage=world.steps[step]
            )
            told.append((at - 1e-6, NOBODY, advanced))
        stream = UUID(int=draw.getrandbits(128))
        new = bucket_of(FLAG, str(stream)) <= world.steps[step]
        answers += _customer(world, draw, stream, step, at, new, told)
    told.sort(key=lambda each: each[0])
    units = Units()
    for position, (at, stream, event) in enumerate(told, 1):
        units.fold(_recorded(position, at, stream, event))
    end = BEGAN + timedelta(seconds=told[-1][0] + WINDOW + 1)
    outcomes = units.closed(ROLLOUT, new=ON, beside=OFF, until=end)
    assert len(outcomes) == world.customers
    answers.sort()
    return Played(outcomes, np.array(answers)[:, 1:])


def _customer(
    world: World, draw: random.Random, stream: UUID, step: int, at: float, new: bool, told: list[Any]
) -> list[tuple[float, ...]]:
    drift = exp(log(world.drift) * at / (EVERY * world.customers))

    def level(name: str, usual: float) -> float:
        mean, spread = usual * drift, 1 / world.alike - 1
        return draw.betavariate(mean * spread, (1 - mean) * spread) * (
            world.changed.get(name, 1.0) if new else 1.0
        )

    helps, fails = level("helpful", world.helpful), level("failure", world.failure)
    handed = draw.random() < world.handoff * drift * (world.changed.get("handoff", 1.0) if new else 1.0)
    dear = log(0.002 * drift * (world.changed.get("cost", 1.0) if new else 1.0)) + draw.gauss(
        0, 0.7 * world.skew
    )
    answers, late = [], at + (world.slower if new else 0.0)
    n = draw.randint(1, 12)
    for nth in range(n):
        failed, helpful = draw.random() < fails, draw.random() < helps
        free = world.free > 0 and draw.random() < world.free
        cents = FREE if free else round((dear + draw.gauss(0, 0.7 * world.skew)) * GRID)
        event = _metered(failed, cents, handed and nth == n - 1)
        when = late + 20.0 * nth
        told.append((when, stream, event))
        if world.rated:
            interaction = UUID(int=draw.getrandbits(128))
            rated = Rating.Rated(interaction=interaction, conversation=stream, helpful=helpful, source="api")
            told.append((when + draw.random() * 120, NOBODY, rated))
        answers.append((when, step, new, failed, 1.0, helpful, float(event.cost)))
    return answers


def _started(world: World) -> Event:
    plan = Plan(steps=tuple(Step(percentage=each) for each in world.steps[:1]), window=WINDOW)
    return Flags.RolloutStarted(flag=FLAG, rollout=ROLLOUT, plan=plan, before=Setting(on=False))


@cache
def _metered(failed: bool, cents: int, handed: bool) -> Conversation.Metered:
    """An answer that cost e to the power of `cents` / GRID. What is the same is one event: whose it is, the log says."""
    cost = Decimal(0) if cents == FREE else Decimal(repr(exp(cents / GRID)))
    attempt = Attempt(
        provider="p",
        model="m",
        served=None,
        outcome="timeout" if failed else "ok",
        started_at=BEGAN,
        latency_ms=500.0,
        usage=USED,
        cost=cost,
    )
    return Conversation.Metered(
        interaction=NOBODY,
        routing=ROUTING,
        attempts=(attempt,),
        cost=cost,
        outcome=HANDED if handed else None,
    )


def _recorded(position: int, at: float, stream: UUID, event: Event) -> Recorded:
    when = BEGAN + timedelta(seconds=at)
    return Recorded(position, TENANT, stream, 1, event.TOPIC, when, "test", NOBODY, None, b"", b"", event)
