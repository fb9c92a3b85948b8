"""Summaries: what was said long ago, in a few words, in place of the texts that a prompt has no room for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from domain.conversations.state import HISTORY, ConversationPart, Summary
from domain.models.completion import Attempt
from domain.models.pricing import total

KEPT = 6
"""The latest turns, which no summary takes the place of."""


class Summaries(ConversationPart):
    """Made in the background; each takes the place of the one before."""

    class Event(ConversationPart.Event, frozen=True, kw_only=True):
        pass

    class Summarised(Event, frozen=True, kw_only=True):
        """`upto`: the version of the last message or answer that it covers; `turns` of them are newer. `by`: the model, or the rules, that
        wrote it; `template`: of its prompt, empty for rules."""

        TOPIC: ClassVar[str] = "conversation.summarised"
        MACHINE_MADE: ClassVar[bool] = True
        text: str
        upto: int
        turns: int
        by: str
        template: str = ""

        def apply(self, aggregate: Summaries) -> None:
            state = aggregate.state
            state.summary, state.unsummarised = Summary(text=self.text, upto=self.upto), self.turns

    class SummaryMetered(Event, frozen=True, kw_only=True):
        """What a summary was tried with and what it cost: figures without a person in them, which outlive an erasure. `summary` names it."""

        TOPIC: ClassVar[str] = "conversation.summary_metered"
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("attempts",)
        summary: UUID
        attempts: tuple[Attempt, ...]
        cost: Decimal
        reservations: tuple[UUID, ...] = ()

        def apply(self, aggregate: Summaries) -> None:
            pass

    @property
    def to_summarise(self) -> bool:
        """Whether so much was said that a summary is due, before anything drops out of what is kept for prompts."""
        return self.state.unsummarised >= HISTORY

    @property
    def summed_up_to(self) -> int:
        """Version up to which nothing is summed up any more: it was, or the customer has started afresh since."""
        state = self.state
        return max(state.afresh, state.summary.upto if state.summary is not None else 0)

    def summarise(self, text: str, upto: int, *, turns: int, by: str, template: str, at: datetime) -> bool:
        """Put a summary in the place of the one before; nothing where a newer one is there, or the customer has started afresh since."""
        if self.state.forgotten or upto <= self.summed_up_to:
            return False
        self.trigger(self.Summarised, at=at, text=text, upto=upto, turns=turns, by=by, template=template)
        return True

    def meter_summary(
        self, summary: UUID, attempts: Sequence[Attempt], reservations: Sequence[UUID], at: datetime
    ) -> None:
        facts = {"attempts": tuple(attempts), "cost": total(attempts), "reservations": tuple(reservations)}
        self.trigger(self.SummaryMetered, at=at, summary=summary, **facts)
