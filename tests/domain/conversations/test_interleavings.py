"""All that can happen to a conversation, in any order, beside a model of it: nothing is lost or doubled, and one talks at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.audit.invariants import Invariants
from domain.base.errors import Conflict, Refused
from domain.base.recorded import Recorded
from domain.channels.delivery import Delivery
from domain.channels.taking import take
from domain.conversations.conversation import Conversation
from domain.conversations.handoff import EXPIRED
from domain.conversations.state import LONGEST_ANSWER
from tests.domain.given import NOW

C = Conversation
OPERATORS = st.sampled_from(["Bea", "Carl"])
WAYS = st.sampled_from([False, True])


class Making(msgspec.Struct):
    """An answer that somebody is making: of what they have read, which may be old by now."""

    version: int
    sent: bool = False
    heard: bool = False


class Interleavings(RuleBasedStateMachine):
    """Two of the agent's processes make answers of what they have read; customers, operators and clocks go on meanwhile. A save is refused
    where the conversation has moved on, as the log does it."""

    def __init__(self) -> None:
        super().__init__()
        self.found = Conversation.start(uuid4(), channel="http", address="anna", name=None, at=NOW)
        self.events = list(self.found.collect_events())
        self.now = NOW
        self.received: list[str] = []
        self.making: dict[int, Making] = {}
        self.holder: str | None = None
        self.with_person = False
        self.sending: datetime | None = None
        """Since when the customer gets an answer piece by piece."""
        self.delivery = Delivery.begin(self.found.id, NOW)
        self.phone: list[int] = []
        """Versions of what was said, as it came to the customer's phone."""
        self.untold: list[tuple[int, int]] = []
        """(number, attempt) of what the channel has taken and not told yet."""
        self.receive()  # by a channel that delivers

    def save(self) -> None:
        self.events += self.found.collect_events()

    @rule()
    def receive(self) -> None:
        self.received.append(f"m{len(self.received)}")
        self.found.receive(
            message=self.received[-1], text="x", interaction=uuid4(), at=self.now, sender="whatsapp:+1"
        )
        self.save()

    @rule(who=st.integers(0, 1))
    def begin_making(self, who: int) -> None:
        if self.found.pending_for_agent is not None and self.found.state.begun_at is None:
            self.making[who] = Making(self.found.version)

    @rule(who=st.integers(0, 1), heard=WAYS)
    def begin_sending(self, who: int, heard: bool) -> None:
        """Saved before the first piece, by who still has the conversation as it is."""
        mine = self.making.get(who)
        if mine is not None and mine.version == self.found.version and not mine.sent:
            self.found.disclose("a machine", self.now)
            self.found.begin_answer(self.now, heard=heard)
            self.save()
            mine.version, mine.sent, mine.heard = self.found.version, True, heard
            self.sending = self.now if heard else None

    @rule(who=st.integers(0, 1), fails=WAYS, hands_over=WAYS)
    def end_making(self, who: int, fails: bool, hands_over: bool) -> None:
        mine = self.making.pop(who, None)
        if mine is None:
            return
        if mine.version != self.found.version and not mine.sent:
            return  # lost the race; it is made again
        if self.found.pending is None:
            return
        if mine.sent and (self.found.state.begun is None or self.found.state.begun_at is None):
            return  # somebody else has answered it, or it was begun anew
        if fails:
            self.found.fail(reason="x", at=self.now)
            self.sending = None
        elif self.answers() and hands_over and not self.with_person:
            self.found.hand_over("person", (), self.now)
            self.with_person = True
        self.save()

    @rule()
    def answer_whatever_comes(self) -> None:
        """As a process would that has not looked."""
        if self.found.pending is not None:
            self.answers()
            self.save()

    def answers(self) -> bool:
        """Whether it is said: while a person is to answer only what the customer was just getting."""
        heard = self.sending is not None and self.now - self.sending <= LONGEST_ANSWER
        self.found.disclose("a machine", self.now)
        try:
            self.answer()
        except Refused:
            assert self.with_person
            assert not heard
            return False
        assert heard or not self.with_person, "the agent speaks after a claim"
        self.sending = None
        return True

    def answer(self) -> None:
        self.found.answer(
            text="yes",
            citations=(),
            template="t",
            confidence=0.9,
            configuration_version=1,
            latency_ms=1.0,
            at=self.now,
        )

    @rule(operator=OPERATORS)
    def claim(self, operator: str) -> None:
        try:
            self.found.claim(operator, self.now)
        except Conflict:
            assert self.holder not in (None, operator)
        except Refused:
            assert not self.found.state.open
        else:
            assert self.holder in (None, operator)
            self.holder = operator
            self.with_person = True
        self.save()

    @rule(operator=OPERATORS)
    def reply(self, operator: str) -> None:
        try:
            self.found.reply(operator, "a person speaks", self.now)
        except Conflict:
            assert self.holder != operator
        else:
            assert self.holder == operator
            if self.found.state.begun is None:
                self.sending = None
        self.save()

    @rule(operator=OPERATORS)
    def release(self, operator: str) -> None:
        try:
            self.found.release(operator, self.now)
        except Conflict:
            assert self.holder not in (None, operator)
        else:
            self.given_back()
        self.save()

    @rule()
    def expire(self) -> None:
        waits = self.found.state.handoff is not None and self.found.state.handoff.waiting is not None
        self.found.expire(self.now)
        if waits:
            self.found.say("nobody is here", EXPIRED, self.now)
            self.given_back()
        self.save()

    @rule()
    def close(self) -> None:
        if self.found.state.open:
            self.given_back()
        self.found.close(None, self.now)
        self.save()

    @rule()
    def reopen(self) -> None:
        self.found.reopen(self.now)
        self.save()

    def take_in(self) -> None:
        state = self.delivery.state
        newer = [event for event in self.events if event.originator_version > state.taken]  # type: ignore[attr-defined]
        self.delivery.take_in(take(newer, state.taken, state.sender), self.now)

    @rule(dies=WAYS)
    def send(self, dies: bool) -> None:
        """What is next goes out; whoever sends it may die before the outcome is on record: then nothing goes out until that is known."""
        self.take_in()
        waiting = self.delivery.waiting()
        if waiting and waiting[0][1].status == "queued":
            number, sending = waiting[0]
            self.delivery.attempt(number, self.now)
            self.phone.append(sending.outgoing.version)
            if dies:
                self.untold.append((number, sending.attempt))
            else:
                self.delivery.accepted(number, sending.attempt, sid=f"SM{number}", by="answer", at=self.now)

    @rule()
    def callback(self) -> None:
        """The channel tells what it has, perhaps again."""
        for number, attempt in self.untold:
            sid = f"SM{number}"
            self.delivery.told(number, attempt, sid=sid, status="delivered", code=None, at=self.now)
        self.untold = self.untold[:1]

    @rule(seconds=st.sampled_from([1, 120]))
    def time_goes_by(self, seconds: int) -> None:
        self.now: datetime = self.now + timedelta(seconds=seconds)

    def given_back(self) -> None:
        self.with_person, self.holder = False, None

    @invariant()
    def nothing_is_lost_and_nothing_is_doubled(self) -> None:
        settled = [
            message
            for event in self.events
            if isinstance(event, C.Answered | C.Replied)
            for message in event.messages
        ]
        bursts = [burst for burst in (self.found.state.begun, self.found.state.burst) if burst is not None]
        waiting = [message.id for burst in bursts for message in burst.messages]
        assert sorted(settled + waiting, key=lambda id: int(id[1:])) == self.received

    @invariant()
    def what_was_said_comes_in_order_and_once(self) -> None:
        said = [
            event.originator_version
            for event in self.events
            if isinstance(event, C.Answered | C.Replied | C.Said)
        ]
        assert self.phone == said[: len(self.phone)]

    @invariant()
    def who_has_it_is_as_the_model_says(self) -> None:
        handoff = self.found.state.handoff
        assert (handoff is not None) == self.with_person
        assert (handoff.operator if handoff else None) == self.holder
        assert (self.found.pending_for_agent is None) == (self.with_person or self.found.pending is None)

    @invariant()
    def what_waits_is_the_end_of_the_history(self) -> None:
        bursts = [burst for burst in (self.found.state.begun, self.found.state.burst) if burst is not None]
        waiting = sum(len(burst.messages) for burst in bursts)
        history = self.found.state.history
        assert all(turn.role == "user" for turn in history[len(history) - min(waiting, len(history)) :])

    def teardown(self) -> None:
        for _ in range(100):  # in the end everything has come
            self.callback()
            self.send(dies=False)
        assert len(self.phone) == sum(isinstance(e, C.Answered | C.Replied | C.Said) for e in self.events)
        ids = self.found.id, self.found.id
        invariants = Invariants()
        invariants.fold(
            Recorded(n, *ids, n, event.TOPIC, NOW, "a", self.found.id, None, b"", b"", event)  # type: ignore[attr-defined,arg-type]
            for n, event in enumerate(self.events, 1)
        )
        assert invariants.violations == []
        replayed = Conversation.replay(self.events)  # type: ignore[arg-type]  # the library's word for our events
        assert replayed is not None
        assert replayed.state == self.found.state


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
