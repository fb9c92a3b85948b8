"""Conversations as they go over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from domain.base.patterns import CHANNEL
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from interfaces.http.conversations.interaction import Interaction
from interfaces.http.conversations.message import Customer
from interfaces.http.conversations.turns import HandoffOut, TurnOut
from projections.conversations import ConversationRow

HandedOver = Annotated[bool | None, QueryParameter(description="A person is to answer, or not.")]


Waiting = Annotated[bool | None, QueryParameter(description="Their customers wait for a person, or not.")]


ClaimedBy = Annotated[str | None, QueryParameter(max_length=100, description="The operator who has it.")]


Since = Annotated[
    datetime | None, QueryParameter(description="Something happened at this time (RFC 3339) or later.")
]


Until = Annotated[datetime | None, QueryParameter(description="Nothing happened after this time (RFC 3339).")]


Channel = Annotated[str | None, QueryParameter(max_length=32, pattern=CHANNEL)]


class ConversationOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    channel: str
    status: Literal["open", "closed"]
    started_at: datetime
    last_at: datetime
    messages: int
    answers: int
    replies: int
    handoff: HandoffOut | None


class ConversationDetail(msgspec.Struct, frozen=True, kw_only=True):
    """With the newest 200 interactions, in order, and all that was said since the first of them. `handoff` null: the agent has it."""

    id: UUID
    status: Literal["open", "closed"]
    started_at: datetime
    last_at: datetime
    version: int
    customer: Customer
    handoff: HandoffOut | None
    interactions: tuple[Interaction, ...]
    turns: tuple[TurnOut, ...]


class CloseIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=500)] | None = None


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    status: Literal["closed"] = "closed"


class Reopened(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    status: Literal["open"] = "open"


def operator_of(claim: Recorded) -> str | None:
    return claim.event.operator if isinstance(claim.event, Conversation.Claimed) else None


def shown_conversation(row: ConversationRow, operators: Mapping[int, str | None]) -> ConversationOut:
    handoff = None
    if row.handoff is not None:
        handoff = HandoffOut(
            category=row.handoff,
            waiting_since=row.waiting_since,
            operator=operators.get(row.claimed_at or 0),
        )
    return ConversationOut(
        id=row.conversation,
        channel=row.channel,
        status=row.status,
        started_at=row.started_at,
        last_at=row.last_at,
        messages=row.messages,
        answers=row.answers,
        replies=row.replies,
        handoff=handoff,
    )
