"""A customer's messages, and the conversation that they make: begun, closed, opened again, forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid, Refused
from domain.conversations.content import Part
from domain.conversations.rich import Rich
from domain.conversations.state import Burst, ConversationPart, ConversationState, Message

LONGEST_MESSAGE = 8_000
"""Characters of one customer message (WhatsApp allows 4,096)."""

Consent = Literal["in", "out"]
"""To messages that the customer has not asked for, as campaigns are."""

Use = Literal["none", "tenant_only"]
"""What a message's texts may be used for beside answering it. `tenant_only`: to train or tune models that are this tenant's alone. No use
is shared between tenants: WhatsApp's terms forbid it."""


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
        """`sender`: our address that it came to; None over the HTTP API. `origin`: the customer's, where it is another one than the
        conversation's. `raw`: all of the vendor's parameters as they came. `use`: what whoever builds training data may do with it."""

        TOPIC: ClassVar[str] = "conversation.message_received"
        class_version: ClassVar[int] = 3
        message: str
        text: str
        interaction: UUID
        sender: str | None = None
        origin: str | None = None
        parts: tuple[Part, ...] = ()
        raw: dict[str, str] = msgspec.field(default_factory=dict)
        use: Use = "tenant_only"

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version all came over the HTTP API, as text alone."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Nobody could choose another use than that of the default."""

        def apply(self, aggregate: Messages) -> None:
            state, message = aggregate.state, Message(id=self.message, text=self.text, parts=self.parts)
            state.sender, state.origin, state.heard_at = self.sender, self.origin, self.timestamp
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
            aggregate._remember("user", message.said)
            if state.handoff is not None and state.handoff.waiting is None:
                state.handoff = replace(state.handoff, waiting=self.timestamp)

    class NoticeReceived(Event, frozen=True, kw_only=True):
        """What came from the customer's side and is no message: nobody answers it. `kind`: the vendor's word for it, as `reaction`.
        `about`: the message that it is about; `text` what it says, if anything."""

        TOPIC: ClassVar[str] = "conversation.notice_received"
        notice: str
        kind: str
        about: str | None = None
        text: str = ""
        sender: str | None = None
        raw: dict[str, str] = msgspec.field(default_factory=dict)

        def apply(self, aggregate: Messages) -> None:
            """Nothing is to be done."""

    class OptedOut(Event, frozen=True, kw_only=True):
        """The customer wants no messages that they have not asked for. `word`: what they said."""

        TOPIC: ClassVar[str] = "conversation.opted_out"
        word: str

        def apply(self, aggregate: Messages) -> None:
            aggregate.state.opted_out = self.timestamp

    class OptedIn(Event, frozen=True, kw_only=True):
        """They want them again."""

        TOPIC: ClassVar[str] = "conversation.opted_in"
        word: str

        def apply(self, aggregate: Messages) -> None:
            aggregate.state.opted_out = None

    class Said(Event, frozen=True, kw_only=True):
        """A text of ours that no model has made, and that answers no message; `why` it was said. `text` is all of it that can be read."""

        TOPIC: ClassVar[str] = "conversation.said"
        interaction: UUID | None = None
        text: str
        rich: Rich | None = None
        why: str

        def apply(self, aggregate: Messages) -> None:
            aggregate._remember("assistant", self.text)

    class Closed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "conversation.closed"
        reason: str | None = None

        def apply(self, aggregate: Messages) -> None:
            """Whoever had it has it no more; what is pending is the agent's to answer."""
            aggregate.state.open, aggregate.state.handoff = False, None

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

    def receive(
        self,
        *,
        message: str,
        text: str,
        interaction: UUID,
        at: datetime,
        sender: str | None = None,
        address: str | None = None,
        parts: tuple[Part, ...] = (),
        raw: Mapping[str, str] | None = None,
        use: Use = "tenant_only",
    ) -> UUID:
        """Take a customer's message; returns the interaction that will answer it: that of the burst which it joins, or `interaction`.

        `sender`: our address that it came to; `address`: the customer's that it came from; `raw`: all that the vendor sent.
        """
        self._alive()
        if not text.strip() and not parts:
            raise Invalid("the message has no text; send at least one visible character")
        if len(text) > LONGEST_MESSAGE:
            raise Invalid(f"the message has {len(text)} characters; send at most {LONGEST_MESSAGE}")
        self.reopen(at)
        joined = self.state.burst.interaction if self.state.burst else interaction
        origin = address if address != self.state.address else None
        facts = {"sender": sender, "origin": origin, "parts": parts, "raw": dict(raw or {}), "use": use}
        self.trigger(self.MessageReceived, at=at, message=message, text=text, interaction=joined, **facts)
        return joined

    def notice(
        self,
        *,
        notice: str,
        kind: str,
        at: datetime,
        about: str | None = None,
        text: str = "",
        sender: str | None = None,
        raw: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what came and is no message. It opens nothing, and owes no answer."""
        self._alive()
        facts = {"about": about, "text": text, "sender": sender, "raw": dict(raw or {})}
        self.trigger(self.NoticeReceived, at=at, notice=notice, kind=kind, **facts)

    def opt(self, consent: Consent, word: str, at: datetime) -> None:
        """Keep that the customer wants, or does not want, messages that they have not asked for."""
        self._alive()
        if consent == "out" and self.state.opted_out is None:
            self.trigger(self.OptedOut, at=at, word=word)
        elif consent == "in" and self.state.opted_out is not None:
            self.trigger(self.OptedIn, at=at, word=word)

    def say(self, text: str, why: str, at: datetime) -> None:
        """Tell the customer something that answers no message. Raises Refused while a person is to answer."""
        self._alive()
        if self.state.handoff is not None:
            raise Refused("a person is to answer in this conversation; only what that one says is said")
        self.trigger(self.Said, at=at, text=text, why=why)

    def reopen(self, at: datetime) -> None:
        self._alive()
        if not self.state.open:
            self.trigger(self.Reopened, at=at)

    def close(self, reason: str | None, at: datetime) -> None:
        self._alive()
        if self.state.open:
            self.trigger(self.Closed, at=at, reason=reason)

    def forget(self, at: datetime) -> None:
        """Erase the customer. Whoever is about to change this conversation at the same time loses the race, and sees it."""
        if not self.state.forgotten:
            self.trigger(self.Forgotten, at=at)
