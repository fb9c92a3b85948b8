"""What a replay of answers comes to: how many are another answer, and what that does to citations, cost and latency."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import msgspec

from application.replay.compared import Compared, What
from domain.learning.paired import Difference, means, rates
from domain.learning.scoring import score_text
from domain.models.pricing import EXACT


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """`cost` in USD; None: a model would have to be asked."""

    text: str | None
    passages: tuple[str, ...]
    """That it cites."""

    kind: str
    category: str | None
    cost: Decimal | None
    latency_ms: float | None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that differs, and in what. `position`: of the recorded one."""

    interaction: UUID
    position: int
    differs: tuple[What, ...]
    why: str | None
    recorded: Side
    replayed: Side


class AnswersReplay(msgspec.Struct, frozen=True, kw_only=True):
    """Of `answers`, which were made again, `differing` are not the same; of these `anew` would need a model. `left_out`: why → how many could not be
    made again. `stopped`: why it ended early. Differences are replayed less recorded, over those that have both; `likeness`: chrF of the two texts,
    on the average. Costs in USD; `asked`: the stream with what this has cost."""

    source: str
    completions: str
    answers: int
    differing: int
    anew: int
    left_out: dict[str, int]
    stopped: str | None
    recorded_cost: Decimal
    replayed_cost: Decimal
    cost: Difference
    latency_ms: Difference
    cited: Difference
    """Passages that an answer cites."""

    handoff: Difference
    likeness: float | None
    asked: UUID | None
    rows: tuple[Row, ...]
    rows_left_out: int


@dataclass
class Figures:
    """What a replay has come to so far: figures of each answer; as wholes only the first `most` that differ. Each pair is replayed, recorded."""

    most: int
    answers: int = 0
    differing: int = 0
    replayed_cost: Decimal = Decimal(0)
    recorded_cost: Decimal = Decimal(0)
    rows: list[Row] = field(default_factory=list)
    costs: tuple[array[float], array[float]] = field(default_factory=lambda: _pair())
    latencies: tuple[array[float], array[float]] = field(default_factory=lambda: _pair())
    cited: tuple[array[float], array[float]] = field(default_factory=lambda: _pair())
    handoffs: tuple[list[bool], list[bool]] = field(default_factory=lambda: ([], []))
    likenesses: array[float] = field(default_factory=lambda: array("d"))

    def add(self, some: Sequence[Compared]) -> None:
        """In the order of the log."""
        for each in some:
            self.answers += 1
            if each.differs:
                self.differing += 1
                if len(self.rows) < self.most:
                    self.rows.append(_row(each))
            if each.anew is None:
                self._add_both(each)

    def _add_both(self, each: Compared) -> None:
        was, cost = each.recorded, each.cost or Decimal(0)
        self.replayed_cost = EXACT.add(self.replayed_cost, cost)
        self.recorded_cost = EXACT.add(self.recorded_cost, was.cost)
        _append(self.costs, float(cost), float(was.cost))
        _append(self.latencies, each.latency_ms or 0.0, was.latency_ms)
        _append(self.cited, float(len(each.citations)), float(len(was.citations)))
        self.handoffs[0].append(each.decision.kind == "hand_over")
        self.handoffs[1].append(was.decision.kind == "hand_over")
        alike = score_text(each.text or "", was.said).chrf
        if alike is not None:
            self.likenesses.append(alike)


def replay_report(
    figures: Figures,
    *,
    source: str,
    completions: str,
    left_out: dict[str, int],
    stopped: str | None,
    stream: UUID | None,
) -> AnswersReplay:
    both, alike = len(figures.costs[0]), figures.likenesses
    return AnswersReplay(
        source=source,
        completions=completions,
        answers=figures.answers,
        differing=figures.differing,
        anew=figures.answers - both,
        left_out=dict(sorted(left_out.items())),
        stopped=stopped,
        recorded_cost=figures.recorded_cost,
        replayed_cost=figures.replayed_cost,
        cost=means(*figures.costs, both),
        latency_ms=means(*figures.latencies, both),
        cited=means(*figures.cited, both),
        handoff=rates(*figures.handoffs),
        likeness=sum(alike) / len(alike) if alike else None,
        asked=stream,
        rows=tuple(figures.rows),
        rows_left_out=figures.differing - len(figures.rows),
    )


def _pair() -> tuple[array[float], array[float]]:
    return array("d"), array("d")


def _append(pair: tuple[array[float], array[float]], replayed: float, recorded: float) -> None:
    pair[0].append(replayed)
    pair[1].append(recorded)


def _row(each: Compared) -> Row:
    was = each.recorded
    return Row(
        interaction=was.interaction,
        position=was.position,
        differs=each.differs,
        why=each.anew,
        recorded=Side(
            text=was.said,
            passages=tuple(citation.passage for citation in was.citations),
            kind=was.decision.kind,
            category=was.decision.category,
            cost=was.cost,
            latency_ms=was.latency_ms,
        ),
        replayed=Side(
            text=each.text,
            passages=tuple(citation.passage for citation in each.citations),
            kind=each.decision.kind,
            category=each.decision.category,
            cost=each.cost,
            latency_ms=each.latency_ms,
        ),
    )
