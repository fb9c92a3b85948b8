"""What was said in a conversation, in order, by whom: made from its events, never from a read model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.base.recorded import Recorded
from domain.conversations.content import Part, said
from domain.conversations.conversation import Conversation
from domain.conversations.rich import Rich
from domain.conversations.state import Handoff

By = Literal["customer", "agent", "operator", "system"]


class HandoffOut(msgspec.Struct, frozen=True, kw_only=True):
    """A person is to answer. `waiting_since`: the customer waits for one; null after a reply, until they write again. `operator` has claimed
    it; null: nobody yet."""

    category: str
    waiting_since: datetime | None
    operator: str | None


class TurnOut(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is all of it that can be read. `message`: the id of a customer's; `operator`: whose it is; `why`: of what the system says."""

    version: int
    at: datetime
    by: By
    text: str
    interaction: UUID | None = None
    message: str | None = None
    parts: tuple[Part, ...] = ()
    rich: Rich | None = None
    operator: str | None = None
    why: str | None = None


def handoff_out(handoff: Handoff | None) -> HandoffOut | None:
    if handoff is None:
        return None
    return HandoffOut(category=handoff.category, waiting_since=handoff.waiting, operator=handoff.operator)


def turns_in(recorded: Recorded) -> Iterator[TurnOut]:
    """What an event has said, if anything."""
    event, version, at = recorded.event, recorded.version, recorded.recorded_at
    match event:
        case Conversation.MessageReceived():
            yield TurnOut(
                version=version,
                at=at,
                by="customer",
                text=said(event.text, event.parts),
                interaction=event.interaction,
                message=event.message,
                parts=event.parts,
            )
        case Conversation.Disclosed():
            yield TurnOut(
                version=version,
                at=at,
                by="system",
                text=event.text,
                interaction=event.interaction,
                why="disclosure",
            )
        case Conversation.Said():
            yield TurnOut(
                version=version,
                at=at,
                by="system",
                text=event.text,
                interaction=event.interaction,
                rich=event.rich,
                why=event.why,
            )
        case Conversation.Answered():
            yield TurnOut(
                version=version,
                at=at,
                by="agent",
                text=event.text,
                interaction=event.interaction,
                rich=event.rich,
            )
        case Conversation.Replied():
            yield TurnOut(
                version=version,
                at=at,
                by="operator",
                text=event.text,
                interaction=event.interactions[-1] if event.interactions else None,
                rich=event.rich,
                operator=event.operator,
            )
        case Conversation.Campaigned() | Conversation.CampaignPressed():
            yield from _campaign(event, version, at)
        case Conversation.RatingAsked() | Conversation.RatingChosen():
            yield from _rating(event, version, at)
        case _:
            pass


def _rating(
    event: Conversation.RatingAsked | Conversation.RatingChosen, version: int, at: datetime
) -> Iterator[TurnOut]:
    """What was asked about an answer, or pressed, and what was said to that."""
    about = event.interaction
    if isinstance(event, Conversation.RatingAsked):
        text, rich = event.rich.body, event.rich
        yield TurnOut(
            version=version, at=at, by="system", text=text, interaction=about, rich=rich, why="rating"
        )
        return
    yield TurnOut(
        version=version, at=at, by="customer", text=event.title, interaction=about, message=event.message
    )
    if event.reply is not None:
        yield TurnOut(version=version, at=at, by="system", text=event.reply, why="rating")


def _campaign(
    event: Conversation.Campaigned | Conversation.CampaignPressed, version: int, at: datetime
) -> Iterator[TurnOut]:
    """What a campaign has said, or which button of it was pressed, and what was said to that."""
    if isinstance(event, Conversation.Campaigned):
        rich = next((part.rich for part in reversed(event.parts) if part.rich is not None), None)
        yield TurnOut(version=version, at=at, by="system", text=event.text, rich=rich, why="campaign")
        return
    yield TurnOut(version=version, at=at, by="customer", text=event.title, message=event.message)
    if event.reply is not None:
        yield TurnOut(version=version, at=at, by="system", text=event.reply, why="campaign")
