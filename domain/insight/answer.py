"""An answer as figures see it: where it counts, and as what. Pure; nothing in it is personal."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from domain.answers.plan import Kind
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.feedback.rating import Source
from domain.feedback.signals import Signals
from domain.models.completion import Attempt, answered_by

Dimension = Literal["", "model", "provider", "channel", "experiment", "deployment", "handoff", "intent"]
"""Empty: all answers."""

COMPLETIONS = "completions"
"""The channel of calls of the completions API."""

UNKNOWN = "unknown"
"""Of an answer whose channel was not on record yet, or that was handed over for a reason that was not."""

SOURCES: tuple[Source, ...] = ("api", "whatsapp", "console")
COUNTS = (
    "answers",
    "calls",
    "failed",
    "failed_calls",
    "handed_over",
    "asked_back",
    "declined",
    "disturbed",
    "modelled",
    "cached",
    "retrievals",
    "found",
    "continued",
    "acted",
    "requested",
    "prompted",
    "prompted_rated",
    *(f"{what}_{source}" for source in SOURCES for what in ("rated", "helpful")),
    "timed",
    "response_ms",
)
FIGURES = (*COUNTS, "cost")
"""What is summed; docs/analytics.md says what each is."""


class Answer(msgspec.Struct, kw_only=True):
    """`at`: when what it has cost was put on record last; None: it was only rated so far. `kind`: what was decided; `call`: an answer to a call of the
    completions API; `failed`, `failed_call`: none came. `places`: (dimension, value) where it counts. `response_ms`: from the first message that it answers, of a call
    how long its models took. The rest: as in `Signals`."""

    interaction: UUID
    conversation: UUID | None = None
    at: datetime | None = None
    kind: Kind | Literal["call", "failed", "failed_call"] = "failed"
    places: tuple[tuple[Dimension, str], ...] = ()
    modelled: bool = False
    cached: bool = False
    retrieved: bool = False
    found: bool = False
    cost: Decimal = Decimal(0)
    response_ms: int | None = None
    helpful: bool | None = None
    source: Source | None = None
    answered_at: datetime | None = None
    continued: bool = False
    completed: bool = False
    requested: bool = False
    asked_back: bool = False
    came_back: bool = False
    prompted: bool = False

    def counts(self) -> tuple[int | Decimal, ...]:
        """By FIGURES."""
        told, rated = self.kind in ("answer", "ask_back", "decline", "hand_over"), self.helpful is not None
        ratings = [
            int(one)
            for source in SOURCES
            for mine in [rated and self.source == source]
            for one in (mine, mine and bool(self.helpful))
        ]
        handed_over = self.kind == "hand_over"
        return (
            int(told),
            int(self.kind == "call"),
            int(self.kind == "failed"),
            int(self.kind == "failed_call"),
            int(handed_over),
            int(self.kind == "ask_back"),
            int(self.kind == "decline"),
            int(handed_over or self.requested),
            int(self.modelled),
            int(self.cached),
            int(self.retrieved),
            int(self.found),
            int(self.continued),
            int(self.completed),
            int(self.requested),
            int(self.prompted),
            int(self.prompted and rated),
            *ratings,
            int(self.response_ms is not None),
            self.response_ms or 0,
            self.cost,
        )

    def signals(self) -> Signals | None:
        """None: no answer was given."""
        if self.answered_at is None or self.conversation is None:
            return None
        return Signals(
            interaction=self.interaction,
            conversation=self.conversation,
            answered_at=self.answered_at,
            response_ms=self.response_ms or 0,
            continued=self.continued,
            completed=self.completed,
            requested=self.requested,
            asked_back=self.asked_back,
            came_back=self.came_back,
            prompted=self.prompted,
        )

    def take(self, signals: Signals) -> None:
        """What came of it. It was answered, whatever the events of earlier versions did not say of that."""
        if self.kind == "failed":
            self.kind = "answer"
        self.conversation = signals.conversation
        self.answered_at, self.response_ms = signals.answered_at, signals.response_ms
        self.continued, self.completed = signals.continued, signals.completed
        self.requested, self.asked_back = signals.requested, signals.asked_back
        self.came_back, self.prompted = signals.came_back, signals.prompted


def places_of(event: Conversation.Metered | Call.Metered) -> tuple[tuple[Dimension, str], ...]:
    """Where an answer counts that came of these calls."""
    found: list[tuple[Dimension, str]] = [("", "")]
    channel = COMPLETIONS if isinstance(event, Call.Metered) else event.channel or UNKNOWN
    found.append(("channel", channel))
    if (by := asked_last(event)) is not None:
        found += [("model", f"{by.provider}/{by.model}"), ("provider", by.provider)]
    found += [(each.kind, f"{each.split}/{each.arm}") for each in event.variants]
    if isinstance(event, Conversation.Metered) and (outcome := event.outcome) is not None:
        if outcome.kind == "hand_over":
            found.append(("handoff", outcome.category or UNKNOWN))
        found += [("intent", name) for name in outcome.intents]
    return tuple(sorted(set(found)))


def asked_last(event: Conversation.Metered | Call.Metered) -> Attempt | None:
    """The model that gave the answer, or was the last to be asked for it. One that nobody waited for was not."""
    asked = waited_for(event)
    return (answered_by(asked) or asked[-1]) if asked else None


def waited_for(event: Conversation.Metered | Call.Metered) -> list[Attempt]:
    return [attempt for attempt in event.attempts if attempt.outcome != "cancelled"]
