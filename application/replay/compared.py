"""A recorded answer beside what came of it now."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from application.learning.recorded import RecordedAnswer
from domain.answers.plan import Decision
from domain.answers.suggesting.suggest import Suggested, Suggestions
from domain.models.completion import Citation
from domain.replay.answer_replay_state import Made

What = Literal["answer", "citations", "decision", "suggestions", "cost", "anew"]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded answer, and what came of it now. `text` with the calls of tools, as `RecordedAnswer.said`. `suggestions`: None where they are not made again. `anew`: why a model would have to be asked; None: there is an answer."""

    recorded: RecordedAnswer
    text: str | None
    citations: tuple[Citation, ...]
    decision: Decision
    cost: Decimal | None
    latency_ms: float | None
    suggestions: tuple[Suggested, ...] | None = None
    anew: str | None = None

    @property
    def differs(self) -> tuple[What, ...]:
        """In what; without the latency, which is never twice the same."""
        was = self.recorded
        if self.anew is not None:
            return ("anew",)
        parts: list[What] = []
        if self.text != was.said:
            parts.append("answer")
        if self.citations != was.citations:
            parts.append("citations")
        if (self.decision.kind, self.decision.category) != (was.decision.kind, was.decision.category):
            parts.append("decision")
        if self.suggestions is not None and self.suggestions != suggested(was.suggestions):
            parts.append("suggestions")
        if self.cost != was.cost:
            parts.append("cost")
        return tuple(parts)


def suggested(found: Suggestions | None) -> tuple[Suggested, ...]:
    return () if found is None else found.offers


def unanswered(
    recorded: RecordedAnswer, decision: Decision, citations: tuple[Citation, ...], why: str
) -> Compared:
    """A model would have to be asked."""
    return Compared(
        recorded=recorded,
        text=None,
        citations=citations,
        decision=decision,
        cost=None,
        latency_ms=None,
        anew=why,
    )


def compared_with(recorded: RecordedAnswer, made: Made, cost: Decimal) -> Compared:
    return Compared(
        recorded=recorded,
        text=made.text,
        citations=made.citations,
        decision=Decision(kind=made.kind, category=made.category),
        cost=cost,
        latency_ms=made.latency_ms,
    )
