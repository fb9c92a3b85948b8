"""What a conversation's log has come to: what waits for an answer, and what was said before."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.base.aggregate import Aggregate
from domain.base.errors import Erased, Refused
from domain.conversations.content import Part, said
from domain.models.completion import Turn

HISTORY = 20
"""Turns of history that the state keeps for prompts; the log keeps all."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is what the customer wrote, empty where they sent only `parts`."""

    id: str
    text: str
    parts: tuple[Part, ...] = ()

    @property
    def said(self) -> str:
        """All of it in one text, as a model and a transcript have it."""
        return said(self.text, self.parts)


class Burst(msgspec.Struct):
    """Messages that one answer has to answer together. `disclosure`: what the customer was told before it, if it is the first.

    `first` and `last` are the versions at which the first and the last of them came.
    """

    interaction: UUID
    messages: tuple[Message, ...]
    since: datetime
    first: int
    last: int
    disclosure: str | None = None


class ConversationState(msgspec.Struct):
    channel: str = ""
    address: str = ""
    name: str | None = None
    sender: str | None = None
    """Our address that the latest message came to; None where it came over the HTTP API, whose caller fetches the answer."""

    origin: str | None = None
    """Where the latest message came from, if not from `address`: one customer may have several addresses on a channel."""

    heard_at: datetime | None = None
    """When the latest message came: a channel lets us write freely for a day from then."""

    opted_out: datetime | None = None
    """Since when the customer wants no messages that they have not asked for."""

    open: bool = True
    forgotten: bool = False
    disclosed: bool = False
    begun: Burst | None = None
    """The one whose answer has begun (`AnswerBegun`): it takes no more messages, and is answered first."""

    begun_at: datetime | None = None
    """Since when somebody is sending that answer; None where nobody is, because it failed on the way."""

    burst: Burst | None = None
    shown: tuple[str, ...] = ()
    """Passages in the prompt of the answer that is being made."""

    last_interaction: UUID | None = None
    history: list[Turn] = []


class ConversationPart(Aggregate[ConversationState]):
    """Base of the parts of a conversation, each with its events and what guards them."""

    State = ConversationState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    @property
    def delivers(self) -> bool:
        """Whether answers are sent to the customer, through the channel; else they are fetched."""
        return self.state.sender is not None

    @property
    def recipient(self) -> str:
        """The customer's address that answers go to."""
        return self.state.origin or self.state.address

    @property
    def pending(self) -> Burst | None:
        """What is to be answered next."""
        return self.state.begun or self.state.burst

    @property
    def earlier(self) -> list[Turn]:
        """The history before the messages that wait for an answer."""
        state = self.state
        waiting = sum(len(burst.messages) for burst in (state.begun, state.burst) if burst is not None)
        return state.history[: max(0, len(state.history) - waiting)]

    def _alive(self) -> None:
        if self.state.forgotten:
            raise Erased("this conversation was erased")

    def _pending(self) -> Burst:
        if self.pending is None:
            raise Refused("there is no message to answer")
        return self.pending

    def _remember(self, role: Literal["user", "assistant"], text: str) -> None:
        """An answer stands before the messages that it does not answer."""
        history, burst = self.state.history, self.state.burst
        at = len(history)
        if role == "assistant" and burst is not None:
            at = max(0, at - len(burst.messages))
        self.state.history = [*history[:at], Turn(role=role, text=text), *history[at:]][-HISTORY:]
