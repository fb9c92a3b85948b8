"""The delivery of a conversation: what goes out to its customer, in order, and what became of it.

An attempt is on record before the channel is called, since no channel says later whether a call that broke was heard. Whoever finds an
attempt without an outcome does not send: its fate is unknown until the channel tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.base.errors import Erased, Refused
from domain.channels.outgoing import Outgoing, Taken
from domain.channels.statuses import ARRIVED, OPEN, PASSING, REWORDED, WORDS, Status, later, pause

KEPT = 64
"""Messages that have gone out, of which the state knows what became; the log keeps all."""

_NAMESPACE = UUID("6d9c1d0e-3a51-4c55-9f5e-0f5f1e6d7a10")


class Sending(msgspec.Struct):
    """A message on its way. `place` is its turn; `attempt` counts those that were made, `at` is when the last one was, or when the next may
    be. `over`: up to which attempt they failed. `sids`: the channel's names for it, by attempt. `passing`: refusals for the time being, the first of
    which came at `since`."""

    outgoing: Outgoing
    place: int
    status: Status = "queued"
    attempt: int = 0
    at: datetime | None = None
    over: int = 0
    passing: int = 0
    since: datetime | None = None
    code: str | None = None
    sids: dict[int, str] = {}

    def put_off(self, again_at: datetime, attempt: int, at: datetime) -> None:
        self.status, self.at, self.over = "queued", again_at, attempt
        self.passing, self.since = self.passing + 1, self.since or at


class DeliveryState(msgspec.Struct):
    """`taken`: the version up to which the conversation's events were taken in. `last`: the number of the last message.
    `untold`: the version of a disclosure that no answer has told yet."""

    conversation: UUID = NIL
    taken: int = 0
    sender: str | None = None
    untold: int | None = None
    last: int = 0
    messages: dict[int, Sending] = {}
    forgotten: bool = False


class Delivery(Aggregate[DeliveryState]):
    """One per conversation. Messages have numbers from 1; no event holds a word of them."""

    TOPIC = "delivery"
    State = DeliveryState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "delivery.begun"
        PERSONAL: ClassVar[bool] = False
        conversation: UUID

        def apply(self, aggregate: Delivery) -> None:
            aggregate.state.conversation = self.conversation

    class TakenIn(Event, frozen=True, kw_only=True):
        """These go out: numbers `first` and following. `sender`: the address from which. `untold`: the version of a disclosure that the next
        answer tells."""

        TOPIC: ClassVar[str] = "delivery.taken_in"
        class_version: ClassVar[int] = 3
        PERSONAL: ClassVar[bool] = False
        first: int
        outgoing: tuple[Outgoing, ...]
        taken: int
        sender: str | None
        untold: int | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version a disclosure that was not told at once was not kept."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """There were no campaigns."""

        def apply(self, aggregate: Delivery) -> None:
            state = aggregate.state
            state.taken, state.sender, state.untold = self.taken, self.sender, self.untold
            for number, outgoing in enumerate(self.outgoing, self.first):
                state.messages[number] = Sending(outgoing=outgoing, place=number)
                state.last = number

    class Attempted(Event, frozen=True, kw_only=True):
        """The channel is about to be called with the message, for the `attempt`th time. `again`: nobody knows what became of the one before."""

        TOPIC: ClassVar[str] = "delivery.attempted"
        PERSONAL: ClassVar[bool] = False
        number: int
        attempt: int
        again: bool = False

        def apply(self, aggregate: Delivery) -> None:
            if (sending := aggregate.state.messages.get(self.number)) is not None:
                sending.status, sending.attempt, sending.at = "attempted", self.attempt, self.timestamp

    class Accepted(Event, frozen=True, kw_only=True):
        """The channel has it. `by`: its answer, a status that it told, or its list."""

        TOPIC: ClassVar[str] = "delivery.accepted"
        PERSONAL: ClassVar[bool] = False
        number: int
        attempt: int
        by: str

        def apply(self, aggregate: Delivery) -> None:
            aggregate._become(self.number, "accepted")

    class Identified(Event, frozen=True, kw_only=True):
        """The channel's name for it, by which whoever has the account finds its words there."""

        TOPIC: ClassVar[str] = "delivery.identified"
        number: int
        attempt: int
        sid: str

        def apply(self, aggregate: Delivery) -> None:
            if (sending := aggregate.state.messages.get(self.number)) is not None:
                sending.sids[self.attempt] = self.sid

    class NotTaken(Event, frozen=True, kw_only=True):
        """The channel did not take it and said so, or was not asked, as it would not. `again_at`: when it is tried again; None: it is not."""

        TOPIC: ClassVar[str] = "delivery.not_taken"
        PERSONAL: ClassVar[bool] = False
        number: int
        attempt: int
        code: str
        again_at: datetime | None = None

        def apply(self, aggregate: Delivery) -> None:
            if (sending := aggregate.state.messages.get(self.number)) is None:
                return
            sending.code = self.code
            if self.again_at is None:
                sending.status = "failed"
                aggregate._trim()
            else:
                sending.put_off(self.again_at, self.attempt, self.timestamp)

    class FateUnknown(Event, frozen=True, kw_only=True):
        """The call was cut off, or whoever made it: the channel may have it or not."""

        TOPIC: ClassVar[str] = "delivery.fate_unknown"
        PERSONAL: ClassVar[bool] = False
        number: int
        attempt: int
        why: str

        def apply(self, aggregate: Delivery) -> None:
            if (sending := aggregate.state.messages.get(self.number)) is not None:
                sending.status = "unknown"

    class StatusTold(Event, frozen=True, kw_only=True):
        """The channel told what became of it, in its own word. What is older than what was told before changes nothing."""

        TOPIC: ClassVar[str] = "delivery.status_told"
        PERSONAL: ClassVar[bool] = False
        number: int
        attempt: int
        status: str
        code: str | None = None
        again_at: datetime | None = None

        def apply(self, aggregate: Delivery) -> None:
            sending, status = aggregate.state.messages.get(self.number), WORDS.get(self.status)
            if sending is None or status is None:
                return
            if self.again_at is not None:
                sending.code = self.code
                sending.put_off(self.again_at, self.attempt, self.timestamp)
            elif later(sending.status, status) and (self.attempt > sending.over or status in ARRIVED):
                sending.code = self.code
                aggregate._become(self.number, status)

    class Replaced(Event, frozen=True, kw_only=True):
        """The channel does not take this form; these texts go out in its place, as numbers `first` and following."""

        TOPIC: ClassVar[str] = "delivery.replaced"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        number: int
        code: str
        first: int
        outgoing: tuple[Outgoing, ...]

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """There were no campaigns."""

        def apply(self, aggregate: Delivery) -> None:
            state = aggregate.state
            sending = state.messages.pop(self.number, None)
            place = self.number if sending is None else sending.place
            for number, outgoing in enumerate(self.outgoing, self.first):
                state.messages[number] = Sending(outgoing=outgoing, place=place)
                state.last = number

    class GivenUp(Event, frozen=True, kw_only=True):
        """It is not sent any more: a person has to see to it."""

        TOPIC: ClassVar[str] = "delivery.given_up"
        PERSONAL: ClassVar[bool] = False
        number: int
        code: str

        def apply(self, aggregate: Delivery) -> None:
            if (sending := aggregate.state.messages.get(self.number)) is not None:
                sending.code = self.code
                aggregate._become(self.number, "given_up")

    class Forgotten(Event, frozen=True, kw_only=True):
        """The last event: the customer is to be erased."""

        TOPIC: ClassVar[str] = "delivery.forgotten"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: Delivery) -> None:
            aggregate.state = DeliveryState(conversation=aggregate.state.conversation, forgotten=True)

    @property
    def subject(self) -> UUID:
        """The customer's key seals what names their messages elsewhere."""
        return self.state.conversation

    @classmethod
    def begin(cls, conversation: UUID, at: datetime) -> Delivery:
        return cls.create(cls.Begun, id=delivery_of(conversation), at=at, conversation=conversation)

    def take_in(self, found: Taken, at: datetime) -> None:
        """What the conversation has to say since it was last looked at."""
        self._alive()
        if found.taken > self.state.taken:
            facts: dict[str, Any] = {"outgoing": found.outgoing, "taken": found.taken, "sender": found.sender}
            facts |= {"untold": found.untold}
            self.trigger(self.TakenIn, at=at, first=self.state.last + 1, **facts)

    def waiting(self) -> list[tuple[int, Sending]]:
        """What something is to be done about, in order: campaigns come after all that the customer waits for."""
        found = [
            (number, sending) for number, sending in self.state.messages.items() if sending.status in OPEN
        ]
        return sorted(found, key=lambda item: (item[1].outgoing.campaign is not None, item[1].place, item[0]))

    def attempt(self, number: int, at: datetime) -> str:
        """Before the channel is called; the attempt's name, which goes into its callback. Raises Refused where it is not to be sent."""
        self._alive()
        sending = self.state.messages.get(number)
        if sending is None or sending.status not in ("queued", "unknown"):
            raise Refused(f"message {number} is not to be sent")
        again = sending.status == "unknown"
        self.trigger(self.Attempted, at=at, number=number, attempt=sending.attempt + 1, again=again)
        return name_of(self.state.conversation, number, sending.attempt)

    def accepted(self, number: int, attempt: int, *, sid: str, by: str, at: datetime) -> None:
        """The channel has it, under `sid`. Again it is nothing new."""
        self._alive()
        sending = self.state.messages.get(number)
        if sending is None or attempt in sending.sids:
            return
        self.trigger(self.Accepted, at=at, number=number, attempt=attempt, by=by)
        self.trigger(self.Identified, at=at, number=number, attempt=attempt, sid=sid)

    def refused(
        self, number: int, attempt: int, *, code: str, passing: bool, after: timedelta | None, at: datetime
    ) -> None:
        """The channel has not taken it. `passing`: the same may be taken later, after `after` if the channel says when."""
        self._alive()
        sending = self.state.messages.get(number)
        if sending is None or (sending.attempt, sending.status) != (attempt, "attempted"):
            return  # it has told since that it has it
        again_at = _again_at(sending, at, after) if passing else None
        self.trigger(self.NotTaken, at=at, number=number, attempt=attempt, code=code, again_at=again_at)

    def fail(self, number: int, *, code: str, at: datetime) -> None:
        """The channel is not asked: it would not take this."""
        self._alive()
        sending = self.state.messages.get(number)
        if sending is not None and sending.status == "queued":
            self.trigger(self.NotTaken, at=at, number=number, attempt=sending.attempt, code=code)

    def doubt(self, number: int, attempt: int, *, why: str, at: datetime) -> None:
        """Nobody knows whether the channel has it."""
        self._alive()
        sending = self.state.messages.get(number)
        if sending is not None and (sending.attempt, sending.status) == (attempt, "attempted"):
            self.trigger(self.FateUnknown, at=at, number=number, attempt=attempt, why=why)

    def told(
        self,
        number: int,
        attempt: int,
        *,
        sid: str,
        status: str,
        code: str | None,
        at: datetime,
        texts: Sequence[Outgoing] = (),
    ) -> None:
        """The channel told a status of it, perhaps before it answered. A failure that passes is tried again; `texts` go out in the place of a
        form that it does not take. Of what this delivery never sent nothing is kept."""
        self._alive()
        if not 1 <= number <= self.state.last:
            return
        self.accepted(number, attempt, sid=sid, by="status", at=at)
        sending, again_at = self.state.messages.get(number), None
        failed = WORDS.get(status) == "failed" and sending is not None and sending.attempt == attempt
        if failed and sending is not None and code in PASSING and sending.status in ("accepted", "sent"):
            again_at = _again_at(sending, at, None)
        self.trigger(
            self.StatusTold,
            at=at,
            number=number,
            attempt=attempt,
            status=status,
            code=code,
            again_at=again_at,
        )
        if texts and failed and sending is not None and sending.status == "failed":
            self.replace(number, texts, code=code or status, at=at)

    def replace(self, number: int, outgoing: Sequence[Outgoing], *, code: str, at: datetime) -> None:
        """The channel does not take the form."""
        self._alive()
        facts = {"first": self.state.last + 1, "outgoing": tuple(outgoing)}
        self.trigger(self.Replaced, at=at, number=number, code=code, **facts)

    def give_up(self, number: int, *, code: str, at: datetime) -> None:
        self._alive()
        sending = self.state.messages.get(number)
        if sending is not None and sending.status in OPEN:
            self.trigger(self.GivenUp, at=at, number=number, code=code)

    def forget(self, at: datetime) -> None:
        if not self.state.forgotten:
            self.trigger(self.Forgotten, at=at)

    def rewordable(self, number: int, code: str | None) -> Outgoing | None:
        """The form that a refusal with this code is about, where that says that its text is to go out."""
        sending = self.state.messages.get(number)
        if code not in REWORDED or sending is None or sending.outgoing.form in ("text", "template"):
            return None
        return sending.outgoing

    def known_sids(self) -> frozenset[str]:
        return frozenset(sid for sending in self.state.messages.values() for sid in sending.sids.values())

    def _become(self, number: int, status: Status) -> None:
        sending = self.state.messages.get(number)
        if sending is not None and later(sending.status, status):
            sending.status = status
            self._trim()

    def _trim(self) -> None:
        done = [number for number, sending in self.state.messages.items() if sending.status not in OPEN]
        for number in done[:-KEPT]:
            del self.state.messages[number]

    def _alive(self) -> None:
        if self.state.forgotten:
            raise Erased("this conversation was erased")


def _again_at(sending: Sending, at: datetime, after: timedelta | None) -> datetime:
    return at + max(pause(sending.passing + 1), after or timedelta())


def delivery_of(conversation: UUID) -> UUID:
    """The id follows from the conversation's, for ever."""
    return uuid5(_NAMESPACE, conversation.hex)


def name_of(conversation: UUID, number: int, attempt: int) -> str:
    """An attempt, as its callback names it."""
    return f"{conversation.hex}.{number}.{attempt}"


def named(name: str) -> tuple[UUID, int, int] | None:
    """Conversation, number and attempt; None: it is no name of an attempt."""
    conversation, _, rest = name.partition(".")
    number, _, attempt = rest.partition(".")
    if len(conversation) != 32 or not (number.isdecimal() and attempt.isdecimal() and len(rest) < 20):
        return None
    try:
        return UUID(conversation), int(number), int(attempt)
    except ValueError:
        return None
