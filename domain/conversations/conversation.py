"""A customer's conversation with the agent: messages in, answers out, each answer with all that led to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import Aggregate, CreatedEvent, Lent
from domain.base.errors import Erased, Invalid, Refused
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Citation, Turn
from domain.models.pricing import total
from domain.retrieval.passages import Retrieved as Retrieved
from domain.retrieval.passages import cut, join

HISTORY = 20
"""Turns of history that the state keeps for prompts; the log keeps all."""

LONGEST_MESSAGE = 8_000
"""Characters of one customer message (WhatsApp allows 4,096)."""


NOT_TOLD = "the customer must be told that a machine answers before the first answer"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    text: str


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


class Conversation(Aggregate[ConversationState]):
    """One per customer and channel, for good: closed and reopened, never doubled. Only after an erasure does another one begin."""

    TOPIC = "conversation"
    State = ConversationState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Started(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "conversation.started"
        channel: str
        address: str
        name: str | None = None

        def apply(self, aggregate: Conversation) -> None:
            state = aggregate.state
            state.channel, state.address, state.name = self.channel, self.address, self.name

    class MessageReceived(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "conversation.message_received"
        message: str
        text: str
        interaction: UUID

        def apply(self, aggregate: Conversation) -> None:
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

    class Disclosed(Event, frozen=True, kw_only=True):
        """The customer was told that a machine answers (EU AI Act, Art. 50)."""

        TOPIC: ClassVar[str] = "conversation.disclosed"
        interaction: UUID
        text: str

        def apply(self, aggregate: Conversation) -> None:
            aggregate.state.disclosed = True
            if (burst := aggregate.pending) is not None:
                burst.disclosure = self.text

    class Prompted(Event, frozen=True, kw_only=True):
        """What a model is asked: the passages that were found, and the whole prompt. Apart from the answer, because it is large
        and few who read answers need it."""

        TOPIC: ClassVar[str] = "conversation.prompted"
        class_version: ClassVar[int] = 3
        LENT: ClassVar[bool] = True
        interaction: UUID
        retrieved: tuple[Retrieved, ...]
        prompt: tuple[Turn, ...]

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version passages did not say where they stand; `together` finds it out."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version no participant of a prompt had a name."""

        def apply(self, aggregate: Conversation) -> None:
            aggregate.state.shown = tuple([item.passage for item in self.retrieved])

        def apart(self) -> tuple[Self, tuple[Lent, ...]]:
            retrieved, prompt, lent = cut(self.retrieved, self.prompt)
            return replace(self, retrieved=retrieved, prompt=prompt), lent

        def together(self, lent: Sequence[Lent]) -> Self:
            retrieved, prompt = join(self.retrieved, self.prompt, lent)
            return replace(self, retrieved=retrieved, prompt=prompt)

    class Metered(Event, frozen=True, kw_only=True):
        """Which model was chosen, what was tried and what it cost: figures without a person in them, which outlive an erasure.
        `reservations` held the cost in the budget meanwhile."""

        TOPIC: ClassVar[str] = "conversation.metered"
        class_version: ClassVar[int] = 6
        PERSONAL: ClassVar[bool] = False
        interaction: UUID
        routing: Routing
        attempts: tuple[Attempt, ...]
        cost: Decimal
        reservations: tuple[UUID, ...] = ()
        embeddings: tuple[Attempt, ...] = ()
        """Calls of embedding models on the way to the prompt; part of the cost."""

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What is new in the second version has defaults that are true of the first."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version each reservation said by itself whose call it was for."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until the third version no usage told the tier that served it, which is the standard one by default."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until the fourth version an answer that ended in an unknown way was `ok`, and an empty one `unavailable`."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """Until version 5 nobody recorded embeddings of questions: there are none by default."""

    class AnswerBegun(Event, frozen=True, kw_only=True):
        """The answer is made for what is there, for the customer begins to get it, piece by piece, or newer messages have held it up for
        long: those that come from now on are the next burst's."""

        TOPIC: ClassVar[str] = "conversation.answer_begun"
        PERSONAL: ClassVar[bool] = False
        interaction: UUID

        def apply(self, aggregate: Conversation) -> None:
            state = aggregate.state
            if state.burst is not None and state.burst.interaction == self.interaction:
                state.begun, state.burst = state.burst, None
            state.begun_at = self.timestamp

    class Answered(Event, frozen=True, kw_only=True):
        """One interaction's answer. `pending_documents`: how many documents had not been processed yet, so that it could not rest on them."""

        TOPIC: ClassVar[str] = "conversation.answered"
        class_version: ClassVar[int] = 2
        interaction: UUID
        messages: tuple[str, ...]
        text: str
        kind: Literal["text"] = "text"
        citations: tuple[Citation, ...] = ()
        template: str = ""
        confidence: float
        handoff: str | None = None
        configuration_version: int
        cached: bool = False
        latency_ms: float
        pending_documents: int = 0

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version did not say how many documents were pending; nobody knows any more."""

        def apply(self, aggregate: Conversation) -> None:
            state = aggregate.state
            if state.begun is None:
                state.burst = None
            state.begun = state.begun_at = None
            state.shown = ()
            state.last_interaction = self.interaction
            aggregate._remember("assistant", self.text)

    class AnswerFailed(Event, frozen=True, kw_only=True):
        """No provider gave an answer; the messages stay pending and work tries again."""

        TOPIC: ClassVar[str] = "conversation.answer_failed"
        interaction: UUID
        reason: str

        def apply(self, aggregate: Conversation) -> None:
            aggregate.state.begun_at = None

    class Closed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "conversation.closed"
        reason: str | None = None

        def apply(self, aggregate: Conversation) -> None:
            aggregate.state.open = False

    class Reopened(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "conversation.reopened"

        def apply(self, aggregate: Conversation) -> None:
            aggregate.state.open = True

    class Forgotten(Event, frozen=True, kw_only=True):
        """The last event: the customer is to be erased. What is personal before it is blanked, its key destroyed."""

        TOPIC: ClassVar[str] = "conversation.forgotten"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: Conversation) -> None:
            aggregate.state = ConversationState(open=False, forgotten=True)

    @classmethod
    def start(cls, id: UUID, *, channel: str, address: str, name: str | None, at: datetime) -> Conversation:
        return cls.create(cls.Started, id=id, at=at, channel=channel, address=address, name=name)

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

    def disclose(self, text: str, at: datetime) -> None:
        """Tell the customer, once, that a machine answers."""
        if not self.state.disclosed:
            self.trigger(self.Disclosed, at=at, interaction=self._pending().interaction, text=text)

    def ask(self, *, retrieved: tuple[Retrieved, ...], prompt: tuple[Turn, ...], at: datetime) -> None:
        """Record what a model is asked for the pending burst."""
        interaction = self._pending().interaction
        self.trigger(self.Prompted, at=at, interaction=interaction, retrieved=retrieved, prompt=prompt)

    def meter(
        self,
        interaction: UUID,
        *,
        routing: Routing,
        attempts: Sequence[Attempt],
        reservations: Sequence[UUID] = (),
        embeddings: Sequence[Attempt] = (),
        at: datetime,
    ) -> Metered:
        """Record what was tried for an interaction, what it cost, and what held that in the budget, whether it got an answer or not."""
        paid = total((*attempts, *embeddings))
        facts = {"attempts": tuple(attempts), "cost": paid, "reservations": tuple(reservations)}
        facts |= {"embeddings": tuple(embeddings)}
        self.trigger(self.Metered, at=at, interaction=interaction, routing=routing, **facts)
        metered = self.pending_events[-1]
        assert isinstance(metered, self.Metered)
        return metered

    def begin_answer(self, at: datetime) -> None:
        """Record that the customer begins to get the pending burst's answer. Raises Refused when the disclosure is missing."""
        burst = self._pending()
        if not self.state.disclosed:
            raise Refused(NOT_TOLD)
        self.trigger(self.AnswerBegun, at=at, interaction=burst.interaction)

    def answer(
        self,
        *,
        text: str,
        citations: tuple[Citation, ...],
        template: str,
        confidence: float,
        configuration_version: int,
        latency_ms: float,
        at: datetime,
        handoff: str | None = None,
        cached: bool = False,
        pending_documents: int = 0,
    ) -> None:
        """Answer the pending burst. Raises Refused when nothing is pending or the disclosure is missing."""
        burst = self._pending()
        if not self.state.disclosed:
            raise Refused(NOT_TOLD)
        if strange := [c.passage for c in citations if c.passage not in self.state.shown]:
            raise Refused(f"the answer cites passages that were not in the prompt: {strange}")
        self.trigger(
            self.Answered,
            at=at,
            interaction=burst.interaction,
            messages=tuple(message.id for message in burst.messages),
            text=text,
            citations=citations,
            template=template,
            confidence=confidence,
            handoff=handoff,
            configuration_version=configuration_version,
            cached=cached,
            latency_ms=latency_ms,
            pending_documents=pending_documents,
        )

    def fail(self, *, reason: str, at: datetime) -> None:
        """Record that no provider could answer the pending burst."""
        self.trigger(self.AnswerFailed, at=at, interaction=self._pending().interaction, reason=reason)

    def close(self, reason: str | None, at: datetime) -> None:
        if self.state.open:
            self.trigger(self.Closed, at=at, reason=reason)

    def forget(self, at: datetime) -> None:
        """Erase the customer. Whoever is about to change this conversation at the same time loses the race, and sees it."""
        if not self.state.forgotten:
            self.trigger(self.Forgotten, at=at)

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
