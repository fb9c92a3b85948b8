"""A customer's messages, and the conversation that they make: begun, closed, opened again, forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid
from domain.conversations.state import Burst, ConversationPart, ConversationState, Message

LONGEST_MESSAGE = 8_000
"""Characters of one customer message (WhatsApp allows 4,096)."""


class Messages(ConversationPart):
    """Messages are taken at any time; a closed conversation opens by the next."""

    class Event(ConversationPart.Event, frozen=True, kw_only=True):
        pass

    class Started(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "conversation.started"
        channel: str
        address: str
        name: str | None = None

        def apply(self, aggregate: Messages) -> None:
            state = aggregate.state
            state.channel, state.address, state.name = self.channel, self.address, self.name

    class MessageReceived(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "conversation.message_received"
        message: str
        text: str
        interaction: UUID

        def apply(self, aggregate: Messages) -> None:
            state, message = aggregate.state, Message(id=self.message, text=self.text)
            earlier = state.burst.messages if state.burst else ()
            since = state.burst.since if state.burst else self.timestamp
            first = state.burst.first if state.burst else self.originator_version
            state.burst = Burst(
                interaction=self.interaction,
                messages=(*earlier, message),
                since=since,
                first=first,
                last=self.originator_version,
            )
            aggregate._remember("user", self.text)

    class Closed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "conversation.closed"
        reason: str | None = None

        def apply(self, aggregate: Messages) -> None:
            aggregate.state.open = False

    class Reopened(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "conversation.reopened"

        def apply(self, aggregate: Messages) -> None:
            aggregate.state.open = True

    class Forgotten(Event, frozen=True, kw_only=True):
        """The last event: the customer is to be erased. What is personal before it is blanked, its key destroyed."""

        TOPIC: ClassVar[str] = "conversation.forgotten"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: Messages) -> None:
            aggregate.state = ConversationState(open=False, forgotten=True)

    @classmethod
    def start(cls, id: UUID, *, channel: str, address: str, name: str | None, at: datetime) -> Self:
        return cls.create(cls.Started, id=id, at=at, channel=channel, address=address, name=name)

    def receive(self, *, message: str, text: str, interaction: UUID, at: datetime) -> UUID:
        """Take a customer's message; returns the interaction that will answer it: that of the burst which it joins, or `interaction`."""
        self._alive()
        if not text.strip():
            raise Invalid("the message has no text; send at least one visible character")
        if len(text) > LONGEST_MESSAGE:
            raise Invalid(f"the message has {len(text)} characters; send at most {LONGEST_MESSAGE}")
        if not self.state.open:
            self.trigger(self.Reopened, at=at)
        joined = self.state.burst.interaction if self.state.burst else interaction
        self.trigger(self.MessageReceived, at=at, message=message, text=text, interaction=joined)
        return joined

    def close(self, reason: str | None, at: datetime) -> None:
        if self.state.open:
            self.trigger(self.Closed, at=at, reason=reason)

    def forget(self, at: datetime) -> None:
        """Erase the customer. Whoever is about to change this conversation at the same time loses the race, and sees it."""
        if not self.state.forgotten:
            self.trigger(self.Forgotten, at=at)
