"""What a conversation's log has come to: what waits for an answer, and what was said before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from domain.answers.memory import Memory
from domain.answers.shown import Shown
from domain.answers.understanding.result import Matched
from domain.base.aggregate import Aggregate
from domain.base.errors import Erased, Refused
from domain.conversations.content import Part, said
from domain.models.completion import Turn

HISTORY = 20
"""Turns of history that the state keeps for prompts; the log keeps all."""

LONGEST_ANSWER = timedelta(seconds=90)
"""After which whoever was sending an answer is taken to have died: another one gives it."""


NOTHING = "there is no message to answer"
HANDED_OVER = "this conversation was handed over to a person; the agent is silent until it is given back"


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


class Handoff(msgspec.Struct, frozen=True, kw_only=True):
    """A person is to answer, and the agent is silent. `operator`: who has it; None until somebody claims it.

    `waiting`: since when the customer waits for a person; None after a reply, until the customer writes again.
    """

    category: str
    since: datetime
    operator: str | None = None
    waiting: datetime | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Of what was said up to version `upto`, in place of those texts."""

    text: str
    upto: int


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

    unasked: datetime | None = None
    """Since when the customer wants to be asked no more whether an answer helped."""

    open: bool = True
    forgotten: bool = False
    disclosed: bool = False
    begun: Burst | None = None
    """The one whose answer has begun (`AnswerBegun`): it takes no more messages, and is answered first."""

    begun_at: datetime | None = None
    """Since when somebody is sending that answer; None where nobody is, because it failed on the way."""

    heard: bool = False
    """Whether the customer gets that answer while it is made."""

    burst: Burst | None = None
    shown: tuple[str, ...] = ()
    """Passages in the prompt of the answer that is being made."""

    handoff: Handoff | None = None
    """None: the agent has the conversation."""

    last_interaction: UUID | None = None
    answered_at: datetime | None = None
    """When the customer was answered last, by the agent or a person."""

    failures: int = 0
    """Tries to answer what is pending that came to nothing."""

    memory: Memory = Memory()
    matched: tuple[Matched, ...] = ()
    """Of the latest answer, which the next messages settle."""

    suggested: tuple[Shown, ...] = ()
    """What the customer was shown beside answers, the latest last."""

    summary: Summary | None = None
    unsummarised: int = 0
    """Messages and answers since the summary, or since the beginning."""

    afresh: int = 0
    """Version at which the customer started afresh: nothing before it is summed up any more."""

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
        """What is to be answered next, by the agent or by whoever has the conversation."""
        return self.state.begun or self.state.burst

    @property
    def pending_for_agent(self) -> Burst | None:
        """None while a person is to answer."""
        return self.pending if self.state.handoff is None else None

    def answerable(self, at: datetime) -> Burst | None:
        """What the agent may still answer: while a person is to answer only that which the customer is just getting."""
        return self.pending if self.state.handoff is None else self.state.begun if self.speaking(at) else None

    def speaking(self, at: datetime) -> bool:
        """Whether the customer is getting an answer of the agent's at this moment. It ends, whoever has the conversation meanwhile."""
        state = self.state
        return state.heard and state.begun_at is not None and at - state.begun_at <= LONGEST_ANSWER

    @property
    def earlier(self) -> list[Turn]:
        """The history before the messages that wait for an answer."""
        return self.state.history[: self._answered()]

    def _alive(self) -> None:
        if self.state.forgotten:
            raise Erased("this conversation was erased")

    def _pending(self) -> Burst:
        if self.pending is None:
            raise Refused(NOTHING)
        return self.pending

    def _for_agent(self, at: datetime) -> Burst:
        burst = self.answerable(at)
        if burst is None:
            raise Refused(HANDED_OVER if self.pending is not None else NOTHING)
        return burst

    def _answered(self) -> int:
        """Turns of the history before the messages that wait for an answer."""
        waiting = sum(
            len(burst.messages) for burst in (self.state.begun, self.state.burst) if burst is not None
        )
        return max(0, len(self.state.history) - waiting)

    def _remember(self, role: Literal["user", "assistant"], text: str) -> None:
        """What is said to the customer stands before the messages that it does not answer."""
        history = self.state.history
        self.state.unsummarised += 1
        at = len(history) if role == "user" else self._answered()
        self.state.history = [*history[:at], Turn(role=role, text=text), *history[at:]][-HISTORY:]
