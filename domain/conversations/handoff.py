"""Handoff: a person answers instead of the agent, which is silent from then on until it has the conversation again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from msgspec.structs import replace

from domain.base.errors import Conflict, Invalid, Refused
from domain.conversations.forms import as_text
from domain.conversations.messages import LONGEST_MESSAGE
from domain.conversations.rich import Rich
from domain.conversations.state import Burst, ConversationPart, Handoff

TAKEOVER = "takeover"
"""Category of what nobody has handed over: an operator has taken it."""

EXPIRED = "handoff_expired"
"""Why something is said when the agent has a conversation again because no person has answered."""


class Handoffs(ConversationPart):
    """Handed over by the agent or taken by an operator; claimed by one; given back by a release, by closing, or because nobody answered."""

    class Event(ConversationPart.Event, frozen=True, kw_only=True):
        pass

    class HandedOver(Event, frozen=True, kw_only=True):
        """The agent has decided that a person is to answer: `category` and `evidence` say why. The customer was told by what was said before
        it in the same save."""

        TOPIC: ClassVar[str] = "conversation.handed_over"
        interaction: UUID | None
        category: str
        evidence: tuple[str, ...] = ()

        def apply(self, aggregate: Handoffs) -> None:
            aggregate._taken(Handoff(category=self.category, since=self.timestamp, waiting=self.timestamp))

    class Claimed(Event, frozen=True, kw_only=True):
        """`operator` has it alone. Where the agent had it until then, it was taken from it. `waiting`: since when the customer waits for a
        person. `operator_id` names them without saying who it is."""

        TOPIC: ClassVar[str] = "conversation.claimed"
        class_version: ClassVar[int] = 2
        operator: str
        operator_id: UUID | None = None
        waiting: datetime | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version did not say since when the customer waits."""

        def apply(self, aggregate: Handoffs) -> None:
            handoff = aggregate.state.handoff or Handoff(category=TAKEOVER, since=self.timestamp)
            aggregate._taken(replace(handoff, operator=self.operator, waiting=self.waiting))

    class Replied(Event, frozen=True, kw_only=True):
        """The operator's answer to `messages`, those that were pending, if any were: so their `interactions` are answered. `text` is all of it
        that can be read."""

        TOPIC: ClassVar[str] = "conversation.replied"
        operator: str
        interactions: tuple[UUID, ...]
        messages: tuple[str, ...]
        text: str
        rich: Rich | None = None

        def apply(self, aggregate: Handoffs) -> None:
            state = aggregate.state
            if state.begun is not None and state.begun.interaction in self.interactions:
                state.begun = state.begun_at = None
            state.burst = None
            state.answered_at, state.failures, state.matched = self.timestamp, 0, ()
            if self.interactions:
                state.last_interaction = self.interactions[-1]
            if state.handoff is not None:
                state.handoff = replace(state.handoff, waiting=None)
            aggregate._remember("assistant", self.text)

    class Released(Event, frozen=True, kw_only=True):
        """The agent has it again, by the decision of `operator`."""

        TOPIC: ClassVar[str] = "conversation.released"
        operator: str

        def apply(self, aggregate: Handoffs) -> None:
            aggregate.state.handoff = None

    class HandoffExpired(Event, frozen=True, kw_only=True):
        """The customer has waited too long for a person, `since`: the agent has it again. `operator`: who had it, if anybody did."""

        TOPIC: ClassVar[str] = "conversation.handoff_expired"
        category: str
        operator: str | None = None
        since: datetime

        def apply(self, aggregate: Handoffs) -> None:
            aggregate.state.handoff = None

    def hand_over(
        self,
        category: str,
        evidence: tuple[str, ...],
        at: datetime,
        *,
        interaction: UUID | None = None,
    ) -> None:
        """Have a person answer from now on. After what tells the customer, in the same save; nothing where a person is to answer already.

        `interaction`: of which it is the outcome; unless told, the one that is pending, else the last one that was answered.
        """
        self._alive()
        if self.state.handoff is None:
            pending = self.pending.interaction if self.pending is not None else self.state.last_interaction
            self.trigger(
                self.HandedOver,
                at=at,
                interaction=interaction or pending,
                category=category,
                evidence=evidence,
            )

    def claim(self, operator: str, at: datetime, *, operator_id: UUID | None = None) -> None:
        """Take the conversation, handed over or not. Raises Conflict, with the `operator`, where another one has it."""
        self._alive()
        handoff = self.state.handoff
        if handoff is not None and handoff.operator is not None:
            self._held_by(operator)
            return
        if not self.state.open:
            raise Refused("this conversation is closed; reopen it first")
        pending = self.pending.since if self.pending is not None else None
        waiting = pending if handoff is None else handoff.waiting
        self.trigger(self.Claimed, at=at, operator=operator, operator_id=operator_id, waiting=waiting)

    def reply(self, operator: str, text: str | None, at: datetime, *, rich: Rich | None = None) -> None:
        """Answer what is pending, or say something more, as who has the conversation. An answer of the agent's that the customer is just getting
        stays the agent's. Raises Conflict, with the `operator`, where somebody else has it, or nobody."""
        self._alive()
        self._held_by(operator)
        if rich is not None:
            rich.check()
        said = text if text is not None else as_text(rich) if rich is not None else ""
        if not said.strip():
            raise Invalid("the reply has no text; send at least one visible character")
        if len(said) > LONGEST_MESSAGE:
            raise Invalid(f"the reply has {len(said)} characters; send at most {LONGEST_MESSAGE}")
        answered = self._unsaid(at)
        self.trigger(
            self.Replied,
            at=at,
            operator=operator,
            interactions=tuple(burst.interaction for burst in answered),
            messages=tuple(message.id for burst in answered for message in burst.messages),
            text=said,
            rich=rich,
        )

    def release(self, operator: str, at: datetime) -> None:
        """Give the conversation back to the agent. Raises Conflict, with the `operator`, where another one has it."""
        self._alive()
        handoff = self.state.handoff
        if handoff is not None:
            if handoff.operator is not None:
                self._held_by(operator)
            self.trigger(self.Released, at=at, operator=operator)

    def expire(self, at: datetime) -> None:
        """Give it back because the customer has waited too long for a person. Nothing where none is waited for."""
        handoff = self.state.handoff
        if handoff is None or handoff.waiting is None:
            return
        self.trigger(
            self.HandoffExpired,
            at=at,
            category=handoff.category,
            operator=handoff.operator,
            since=handoff.waiting,
        )

    def _taken(self, handoff: Handoff) -> None:
        """An answer that the customer has heard nothing of is nobody's any more."""
        self.state.handoff = handoff
        if not self.state.heard:
            self.state.begun_at = None

    def _held_by(self, operator: str) -> None:
        handoff = self.state.handoff
        if handoff is None or handoff.operator is None:
            raise Conflict("nobody has this conversation; claim it first", operator=None)
        if handoff.operator != operator:
            raise Conflict(f"{handoff.operator} has this conversation", operator=handoff.operator)

    def _unsaid(self, at: datetime) -> list[Burst]:
        """What is pending, without that which the agent is just answering."""
        begun = None if self.speaking(at) else self.state.begun
        return [burst for burst in (begun, self.state.burst) if burst is not None]
