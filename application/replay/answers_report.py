"""What a replay of answers comes to: how many are another answer, and what that does to citations, cost and latency."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from application.learning.recorded import RecordedAnswer
from domain.answers.plan import Decision
from domain.learning.paired import Difference, means, rates
from domain.learning.scoring import score_text
from domain.models.completion import Citation
from domain.models.pricing import EXACT

What = Literal["answer", "citations", "decision", "cost", "anew"]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded answer, and what came of it now. `anew`: why a model would have to be asked; None: there is an answer."""

    recorded: RecordedAnswer
    text: str | None
    citations: tuple[Citation, ...]
    decision: Decision
    cost: Decimal | None
    latency_ms: float | None
    anew: str | None = None

    @property
    def differs(self) -> tuple[What, ...]:
        """In what; without the latency, which is never twice the same."""
        was = self.recorded
        if self.anew is not None:
            return ("anew",)
        parts: list[What] = []
        if self.text != was.text:
            parts.append("answer")
        if self.citations != was.citations:
            parts.append("citations")
        if (self.decision.kind, self.decision.category) != (was.decision.kind, was.decision.category):
            parts.append("decision")
        if self.cost != was.cost:
            parts.append("cost")
        return tuple(parts)


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


def replay_report(
    compared: Sequence[Compared],
    *,
    source: str,
    completions: str,
    left_out: dict[str, int],
    stopped: str | None,
    rows: int,
    stream: UUID | None,
) -> AnswersReplay:
    both = [each for each in compared if each.anew is None]
    different = [each for each in compared if each.differs]
    alike = [score_text(each.text or "", each.recorded.text).chrf for each in both]
    scores = [each for each in alike if each is not None]
    costs = [(each.cost or Decimal(0), each.recorded.cost) for each in both]
    seed = len(both)
    return AnswersReplay(
        source=source,
        completions=completions,
        answers=len(compared),
        differing=len(different),
        anew=len(compared) - len(both),
        left_out=dict(sorted(left_out.items())),
        stopped=stopped,
        recorded_cost=_sum([cost for _, cost in costs]),
        replayed_cost=_sum([cost for cost, _ in costs]),
        cost=means([float(new) for new, _ in costs], [float(old) for _, old in costs], seed),
        latency_ms=means(
            [each.latency_ms or 0.0 for each in both], [each.recorded.latency_ms for each in both], seed
        ),
        cited=means(
            [float(len(each.citations)) for each in both],
            [float(len(each.recorded.citations)) for each in both],
            seed,
        ),
        handoff=rates(
            [each.decision.kind == "hand_over" for each in both],
            [each.recorded.decision.kind == "hand_over" for each in both],
        ),
        likeness=sum(scores) / len(scores) if scores else None,
        asked=stream,
        rows=tuple(_row(each) for each in different[:rows]),
        rows_left_out=max(0, len(different) - rows),
    )


def _sum(costs: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for cost in costs:
        total = EXACT.add(total, cost)
    return total


def _row(each: Compared) -> Row:
    was = each.recorded
    return Row(
        interaction=was.interaction,
        position=was.position,
        differs=each.differs,
        why=each.anew,
        recorded=Side(
            text=was.text,
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
