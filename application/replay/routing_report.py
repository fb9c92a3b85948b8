"""What a replay of routing comes to: sums by tier, and against all on one model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from domain.gateway.decision import Routing
from domain.replay.latencies import LatencyReplay
from domain.replay.saving import Interval, Kept, Pairs, promise

Role = Literal["dearest", "default", "named"]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A decision and its cost in USD; None where the model has no price."""

    routing: Routing
    cost: Decimal | None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded decision and what would have been in its place. `interaction` is the call's id where it was one of the API's."""

    interaction: UUID
    position: int
    at: datetime
    recorded: Choice
    replayed: Choice


class Side(msgspec.Struct, kw_only=True):
    """`share`: of the decisions. `cost`: in USD, of those that have a price."""

    decisions: int = 0
    share: float = 0.0
    cost: Decimal = Decimal(0)


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """The decisions of one tier; of those without a tier, by what decided: pinned, budget, configuration."""

    name: str
    recorded: Side
    replayed: Side


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The same traffic all on one model, against the policy: over the `decisions` that have a price under both."""

    model: str
    roles: tuple[Role, ...]
    decisions: int
    cost: Decimal
    routed_cost: Decimal
    saving: Interval | None
    promise: Kept
    """Whether the 60 to 70 % that routing was said to save are reached."""


class RoutingReplay(msgspec.Struct, frozen=True, kw_only=True):
    """Money in USD. Costs, their difference and `saving` (a share of the recorded cost) are over the decisions that have a price.

    `differing`: decisions with another model or tier; as recorded, with any other score or part too. `unpriced`: there is no price
    for the replayed model. `undecided`: the question is erased and no score is on record; left out of everything else. `rows`: the first
    that differ.
    """

    tenant: UUID
    policy: str
    table: str
    """The table of prices that costs under another model go by; recorded ones are as they were charged."""

    since: datetime | None
    until: datetime | None
    decisions: int
    differing: int
    unpriced: int
    undecided: int
    recorded_cost: Decimal
    replayed_cost: Decimal
    difference: Decimal
    mean_difference: Interval
    """In USD for each decision."""
    saving: Interval | None
    latency_ms: LatencyReplay
    tiers: tuple[Tier, ...]
    baselines: tuple[Baseline, ...]
    rows: tuple[Decision, ...]


class Tiers:
    """Sums by tier."""

    def __init__(self) -> None:
        self._tiers: dict[str, Tier] = {}
        self._decisions = 0

    def add(self, made: Routing, again: Routing, recorded: Decimal, replayed: Decimal | None) -> None:
        self._decisions += 1
        for side, price in ((self._of(made).recorded, recorded), (self._of(again).replayed, replayed)):
            side.decisions += 1
            side.cost += price or 0

    def report(self) -> tuple[Tier, ...]:
        for tier in self._tiers.values():
            for side in (tier.recorded, tier.replayed):
                side.share = side.decisions / self._decisions
        return tuple(tier for _, tier in sorted(self._tiers.items()))

    def _of(self, routing: Routing) -> Tier:
        name = routing.tier or routing.by
        return self._tiers.setdefault(name, Tier(name=name, recorded=Side(), replayed=Side()))


class Baselines:
    """`pairs`: by model, what everything would have cost on it, and what it costs routed."""

    def __init__(self, default: str, models: Iterable[str], named: Iterable[str]) -> None:
        self._default, self._models, self._named = default, tuple(models), tuple(named)
        self.pairs = {model: Pairs() for model in (*self._models, default, *self._named)}

    def report(self) -> tuple[Baseline, ...]:
        """The dearest of the models, the default one, and those that were named."""
        dearest = max(self._models, key=lambda model: self.pairs[model].before)
        roles: dict[str, list[Role]] = {}
        roles.setdefault(dearest, []).append("dearest")
        roles.setdefault(self._default, []).append("default")
        for model in self._named:
            roles.setdefault(model, []).append("named")
        return tuple(_baseline(model, tuple(named), self.pairs[model]) for model, named in roles.items())


def _baseline(model: str, roles: tuple[Role, ...], pairs: Pairs) -> Baseline:
    saving = pairs.saving()
    return Baseline(
        model=model,
        roles=roles,
        decisions=pairs.count,
        cost=pairs.before,
        routed_cost=pairs.after,
        saving=saving,
        promise=promise(saving) if saving is not None else "not certain",
    )
