"""A recorded answer: what it was asked with and rested on, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from application.answers.inquiry import Inquiry
from application.answers.variants import Served
from domain.answers.plan import Decision
from domain.answers.suggesting.known import NOTHING, Known
from domain.answers.suggesting.suggest import Suggestions
from domain.models.choices import Choice, all_shown
from domain.models.completion import Attempt, Citation, Passage, Turn
from domain.models.tools import ToolCall, shown
from domain.retrieval.passages import Retrieved, text_of


class Missing(Exception):
    """It cannot be made again. The text says why, in few words: they are counted by it."""


class AnswerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """`subject`: under whose key its texts are. `inquiry` with the understanding of then; `passages` that the prompt had,
    `pending` documents beside. The rest is what came of it: `cost` in USD."""

    interaction: UUID
    unit: UUID
    subject: UUID
    position: int
    inquiry: Inquiry
    passages: tuple[Passage, ...]
    pending: int
    prompt: tuple[Turn, ...]
    model: str
    """That was chosen, provider/model."""

    attempts: tuple[Attempt, ...]
    embeddings: tuple[Attempt, ...]
    cost: Decimal
    text: str
    calls: tuple[ToolCall, ...] = ()
    others: tuple[Choice, ...] = ()
    """Choices beside the first one."""

    citations: tuple[Citation, ...]
    decision: Decision
    confidence: float
    latency_ms: float
    suggestions: Suggestions | None = None

    @property
    def said(self) -> str:
        """The text, and the calls of tools beside it, of all choices."""
        return "\n".join(filter(None, (shown(self.text, self.calls), all_shown(self.others))))

    @property
    def known(self) -> Known:
        """What was known then to suggest."""
        return NOTHING if self.suggestions is None else self.suggestions.known


class RecordedAnswer(AnswerRecord, frozen=True, kw_only=True):
    """With the agent as it `served` then."""

    served: Served


def passages_in(retrieved: Sequence[Retrieved], prompt: Sequence[Turn]) -> tuple[Passage, ...]:
    """As the prompt had them, the best first. Raises Missing."""
    found = []
    for item in sorted(retrieved, key=lambda each: each.rank):
        text = text_of(item, prompt)
        if not text:
            raise Missing("a document that it rested on was deleted")
        found.append(
            Passage(
                id=item.passage,
                document=item.document,
                title=item.title,
                ordinal=item.ordinal,
                page=item.page,
                last_page=item.last_page,
                section=item.section,
                score=item.score,
                text=text,
                source=item.source,
            )
        )
    return tuple(found)
