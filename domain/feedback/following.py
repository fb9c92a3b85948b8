"""A conversation followed for its signals: a fold of its events, one after the other. Pure.

Of events that go with a customer only their time and their kind are looked at, which stay when they were erased: so the signals are the same
before and after that.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.answers import Outcome
from domain.conversations.conversation import Conversation as C
from domain.conversations.state import LONGEST_ANSWER
from domain.feedback.signals import COMPLETED, CONTINUED, REACTED, Signals

FOLLOWED: tuple[type[Event], ...] = (
    C.MessageReceived,
    C.AnswerBegun,
    C.Metered,
    C.Answered,
    C.AnswerFailed,
    C.Replied,
    C.RatingAsked,
)
_TOPICS = {event.TOPIC: event for event in FOLLOWED}


class Following(msgspec.Struct, kw_only=True):
    """Where a conversation stands. `waiting`: since when its messages wait for an answer, those aside that the answer which has `begun` is made
    for (`begun_waiting`); it is under way since `begun_at`, and `heard` while it is made. `metered`: the interaction whose answer is about to be on
    record, with what was decided. `last`: the answer of the agent's that was given last, and whether anything `followed` it."""

    conversation: UUID
    waiting: datetime | None = None
    begun: UUID | None = None
    begun_waiting: datetime | None = None
    begun_at: datetime | None = None
    heard: bool = False
    metered: UUID | None = None
    kind: str = "answer"
    category: str | None = None
    last: UUID | None = None
    followed: bool = False


def follow(recorded: Recorded, where: Following, answers: MutableMapping[UUID, Signals]) -> None:
    """Fold an event of FOLLOWED in. `answers` has the signals of `where.last`, if there are any; a new answer's are added."""
    at, event = recorded.recorded_at, recorded.event
    kind = _TOPICS[recorded.topic]
    if kind is C.MessageReceived:
        _heard(at, where, answers)
    elif kind is C.Answered:
        _answered(at, where, answers)
    elif kind is C.AnswerFailed:
        where.begun_at = None
    elif kind is C.Replied:
        _replied(at, where)
    elif kind is C.RatingAsked:
        if (last := _last(where, answers)) is not None:
            last.prompted = True
    elif isinstance(event, C.AnswerBegun):
        if event.interaction != where.begun:
            where.begun, where.begun_waiting, where.waiting = event.interaction, where.waiting, None
        where.begun_at, where.heard = at, event.heard
    elif isinstance(event, C.Metered):  # in the save of an answer it stands before that
        outcome = event.outcome or Outcome()
        where.metered, where.kind, where.category = event.interaction, outcome.kind, outcome.category


def complete(at: datetime, where: Following, answers: MutableMapping[UUID, Signals]) -> None:
    """The customer has completed an action."""
    last = _last(where, answers)
    if last is not None and at - last.answered_at <= COMPLETED:
        last.completed = True


def _heard(at: datetime, where: Following, answers: MutableMapping[UUID, Signals]) -> None:
    where.waiting = where.waiting or at
    last = _last(where, answers)
    if last is not None and not where.followed:
        where.followed, after = True, at - last.answered_at
        last.continued, last.came_back = after <= CONTINUED, after <= REACTED


def _answered(at: datetime, where: Following, answers: MutableMapping[UUID, Signals]) -> None:
    since = (where.begun_waiting if where.begun is not None else where.waiting) or at
    if where.begun is not None:
        where.begun = where.begun_waiting = where.begun_at = None
    else:
        where.waiting = None
    before, own = _last(where, answers), where.metered
    where.last, where.followed, where.metered = own, False, None
    if own is None:
        return  # nobody has recorded what it has cost, nor therefore what it was an answer to
    made = answers[own] = Signals(
        interaction=own,
        conversation=where.conversation,
        answered_at=at,
        response_ms=max(timedelta(), at - since) // timedelta(milliseconds=1),
        asked_back=where.kind == "ask_back",
    )
    if where.kind == "hand_over" and where.category == "person":
        led = before is not None and timedelta() <= since - before.answered_at <= REACTED
        (before if led and before is not None else made).requested = True


def _replied(at: datetime, where: Following) -> None:
    """A person has answered all that was pending, but for what the agent is just saying. What comes next is no reaction to the agent."""
    speaking = where.heard and where.begun_at is not None and at - where.begun_at <= LONGEST_ANSWER
    if not speaking:
        where.begun = where.begun_waiting = where.begun_at = None
    where.waiting = where.last = None


def _last(where: Following, answers: MutableMapping[UUID, Signals]) -> Signals | None:
    return None if where.last is None else answers.get(where.last)
