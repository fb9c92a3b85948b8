"""One customer under something that is rolled out or compared: what was assigned to them, and what came of it until they are closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from math import log
from uuid import UUID

import msgspec

from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.flags.outcome import NANO, Outcome

NOTHING = Decimal(0)
LEAST_MS, LEAST_USD = 1.0, 0.000001
"""What is quicker or cheaper than this, or cost nothing, counts as this in a logarithm."""


class Watched(msgspec.Struct, kw_only=True):
    """A split whose customers are followed. `flag`: whose rollout it is, now at `percentage`; `shares`: of an experiment's or a deployment's
    arms, 0 to 1, when it began. `window` in seconds. Ended, it gets no new customers."""

    split: UUID
    flag: str | None = None
    percentage: int = 0
    shares: dict[str, float] = {}
    window: float
    running: bool = True


class Unit(msgspec.Struct, kw_only=True):
    """One customer in one split; what it has is named as in `Outcome`. `share`: of its arm, when it was assigned."""

    split: UUID
    unit: UUID
    position: int
    at: datetime
    closes_at: datetime
    arm: str
    share: float
    answers: int = 0
    failed: int = 0
    timed: int = 0
    latency_ms: Decimal = Decimal(0)
    latency_log: int = 0
    cost: Decimal = Decimal(0)
    cost_log: int = 0
    rated: int = 0
    helpful: int = 0
    handed_over: bool = False

    def takes(self, recorded: Recorded) -> bool:
        """Whether an event still counts."""
        return recorded.position == self.position or recorded.recorded_at < self.closes_at


class Rated(msgspec.Struct, kw_only=True):
    """How an answer was rated last, by the event at `position`."""

    interaction: UUID
    helpful: bool
    position: int


def outcomes(
    units: Iterable[Unit], split: Watched | None, *, new: str, beside: str, until: datetime
) -> list[Outcome]:
    """Of those in the arms `new` and `beside`, in the order of their assignment, which they have: all before the first that is still open."""
    found = []
    for unit in units:
        if unit.closes_at > until:
            break
        if unit.arm in (new, beside):
            share = _share(unit, {} if split is None else split.shares, new, beside)
            found.append(_outcome(unit, unit.arm == new, share))
    return found


def _share(unit: Unit, shares: Mapping[str, float], new: str, beside: str) -> float:
    """Of the new arm among the two. Of more than two arms the shares never change."""
    if len(shares) > 2:
        return shares[new] / (shares[new] + shares[beside])
    return unit.share if unit.arm == new else round(1 - unit.share, 9)


def _outcome(unit: Unit, new: bool, share: float) -> Outcome:
    return Outcome(
        position=unit.position,
        at=unit.at,
        new=new,
        share=share,
        answers=unit.answers,
        failed=unit.failed,
        timed=unit.timed,
        latency_ms=unit.latency_ms,
        latency_log=unit.latency_log,
        cost=unit.cost,
        cost_log=unit.cost_log,
        rated=unit.rated,
        helpful=unit.helpful,
        handed_over=unit.handed_over,
    )


class Told(msgspec.Struct, frozen=True):
    """What an event tells of one answer. `failed`: nothing came of it, or one of its calls failed before another gave it. One whose caller went
    away before it was there has failed, and took as long as they had waited: a version that hangs shows by nothing else."""

    failed: bool
    handed_over: bool
    timed: bool
    latency_ms: Decimal
    latency_log: int
    cost: Decimal
    cost_log: int

    @classmethod
    def by(cls, event: Conversation.Metered | Call.Metered) -> Told:
        good = bad = False
        took = NOTHING
        for attempt in event.attempts:
            good = good or attempt.outcome == "ok"
            bad = bad or attempt.outcome not in ("ok", "cancelled")
            took += Decimal(str(attempt.latency_ms))
        outcome = event.outcome if isinstance(event, Conversation.Metered) else None
        return cls(
            failed=bad or not (good or outcome is not None),
            handed_over=outcome is not None and outcome.kind == "hand_over",
            timed=bool(event.attempts),
            latency_ms=took,
            latency_log=_log(took, LEAST_MS) if event.attempts else 0,
            cost=event.cost,
            cost_log=_log(event.cost, LEAST_USD),
        )

    def add_to(self, unit: Unit) -> None:
        unit.answers += 1
        unit.failed += self.failed
        unit.handed_over = unit.handed_over or self.handed_over
        unit.timed += self.timed
        unit.latency_ms += self.latency_ms
        unit.latency_log += self.latency_log
        unit.cost += self.cost
        unit.cost_log += self.cost_log


def _log(value: Decimal, least: float) -> int:
    return round(log(max(float(value), least)) * NANO)
