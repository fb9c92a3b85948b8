"""How an interaction is shown: made from its events, never from a read model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import asdict

from application.conversations.answer import AnswerGiven
from domain.answers.citing import with_disclosure
from domain.answers.context_window import Cut
from domain.answers.plan import Kind
from domain.answers.split import Assignment
from domain.answers.suggesting.suggest import Suggested
from domain.answers.understanding import Understanding
from domain.base.recorded import Recorded
from domain.channels.outgoing import Form
from domain.channels.statuses import Status
from domain.conversations.conversation import Conversation
from domain.conversations.rich import Rich
from domain.conversations.state import Message
from domain.feedback.rating import Source
from domain.models.completion import Citation, Usage, answered_by


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the channel. `status`: `queued`, `attempted`, `unknown`, `accepted`, `sent`, `delivered`, `read`, `failed`, `replaced`
    (its text went out instead) or `given_up`; `code` says why not, in the channel's numbers or our words.

    `again`: it was sent again because nobody could tell what had become of it.
    """

    form: Form
    status: Status
    code: str | None = None
    attempts: int = 0
    again: bool = False


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about the messages. `category`: why it is not merely an answer; `evidence`: what it went by; `rule`: version of the rules."""

    kind: Kind
    category: str | None
    evidence: tuple[str, ...]
    rule: int


class RatingGiven(msgspec.Struct, frozen=True, kw_only=True):
    """The rating of an answer that holds; `source`: the way it came. `feedback_text` null: none, or its customer was erased."""

    rating: Literal["helpful", "not_helpful"]
    feedback_text: str | None
    source: Source
    rated_at: datetime


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """`answer` is what the customer is sent: the disclosure, where it is due, and `text`, with what it cites written out by the agent's
    `attribution_style` and what is suggested behind it. Cost in USD.

    `confidence` is 0 to 1; `handoff` the reason why a person is to take over; `citations` tell what the [1] in the text mean.
    `messages` are the customer's, each as one text; `received` are the same with what came beside the text.
    `suggestions`: what else of the catalogue was suggested behind the text, each with the offer that it goes with, and why: `goes_with` (the tenant says
    so) or `bought_together`.
    `rich` is the answer's form beside its text; `delivery` what became of it on the channel by which it goes out, message by message.
    `pending_documents`: how many documents were still being processed when it was answered, so that it could not rest on them.
    `operator`: who has answered, where that was a person.
    `provider`, `model` and `usage` are null where no model gave the answer, as when the budget forbade to ask one.
    `understanding`: what the messages were understood to say; `decision`: what was done about that, and why; `cut`: what the prompt did not
    hold, and why; `template`: name and version of what the prompt, or the text, was made by.
    `variants`: the arms of experiments and of a deployment that the answer is of, with their shares then.
    `feedback_token` gives whoever has it the right to rate the answer; null where there is none, or its time is over. `rating`: how it was
    rated; null: it was not, as far as the read model knows.
    """

    id: UUID
    conversation: UUID
    status: Literal["pending", "answered", "failed"]
    messages: tuple[str, ...] = ()
    received: tuple[Message, ...] = ()
    answer: str | None = None
    text: str | None = None
    disclosure: str | None = None
    citations: tuple[Citation, ...] = ()
    confidence: float | None = None
    handoff: str | None = None
    operator: str | None = None
    understanding: Understanding | None = None
    decision: Decided | None = None
    cut: tuple[Cut, ...] = ()
    template: str | None = None
    variants: tuple[Assignment, ...] = ()
    provider: str | None = None
    model: str | None = None
    usage: Usage | None = None
    cost: Decimal | None = None
    cached: bool = False
    pending_documents: int = 0
    latency_ms: float | None = None
    created_at: datetime | None = None
    answered_at: datetime | None = None
    suggestions: tuple[Suggested, ...] = ()
    rich: Rich | None = None
    delivery: tuple[Delivered, ...] = ()
    feedback_token: str | None = None
    rating: RatingGiven | None = None


def from_answer(given: AnswerGiven) -> Interaction:
    """From the answer that was just saved."""
    return _answered(
        given.conversation, given.messages, given.disclosure, given.received_at, given.metered, given.event
    )


def from_events(events: Sequence[Recorded]) -> Interaction:
    """From all events of one interaction, in order; at least one."""
    first = events[0]
    received = tuple(
        Message(id=e.event.message, text=e.event.text, parts=e.event.parts)
        for e in events
        if isinstance(e.event, Conversation.MessageReceived)
    )
    disclosure = next((e.event.text for e in events if isinstance(e.event, Conversation.Disclosed)), None)
    answered = metered = None
    for recorded in events:
        if answered is None and isinstance(recorded.event, Conversation.Metered):
            metered = recorded.event  # the last one before the answer is the answer's
        elif isinstance(recorded.event, Conversation.Answered):
            answered = recorded.event
    if answered is not None and metered is not None:
        return _answered(first.stream, received, disclosure, first.recorded_at, metered, answered)
    replied = next((e.event for e in events if isinstance(e.event, Conversation.Replied)), None)
    if replied is not None:
        return Interaction(
            id=_id(first),
            conversation=first.stream,
            status="answered",
            messages=tuple(message.said for message in received),
            received=received,
            answer=replied.text,
            text=replied.text,
            operator=replied.operator,
            created_at=first.recorded_at,
            answered_at=replied.timestamp,
        )
    failed = any(isinstance(e.event, Conversation.AnswerFailed) for e in events)
    return Interaction(
        id=_id(first),
        conversation=first.stream,
        status="failed" if failed else "pending",
        messages=tuple(message.said for message in received),
        received=received,
        created_at=first.recorded_at,
    )


def _id(first: Recorded) -> UUID:
    id: UUID = getattr(first.event, "interaction", first.stream)
    return id


def _answered(
    conversation: UUID,
    received: tuple[Message, ...],
    disclosure: str | None,
    created_at: datetime,
    metered: Conversation.Metered,
    event: Conversation.Answered,
) -> Interaction:
    model = answered_by(metered.attempts)
    return Interaction(
        id=event.interaction,
        conversation=conversation,
        status="answered",
        messages=tuple(message.said for message in received),
        received=received,
        answer=event.told if disclosure is None else with_disclosure(disclosure, event.told),
        text=event.text,
        disclosure=disclosure,
        citations=event.citations,
        confidence=event.confidence,
        handoff=event.handoff,
        understanding=event.understanding,
        decision=Decided(**asdict(event.decision)),
        cut=event.cut,
        template=event.template,
        variants=metered.variants,
        provider=model.provider if model else None,
        model=(model.served or model.model) if model else None,
        usage=model.usage if model else None,
        cost=metered.cost,
        cached=event.cached,
        pending_documents=event.pending_documents,
        latency_ms=event.latency_ms,
        created_at=created_at,
        answered_at=event.timestamp,
        suggestions=() if event.suggestions is None else event.suggestions.offers,
        rich=event.rich,
    )
