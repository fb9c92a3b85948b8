"""What customers did after each answer, conversation by conversation: the events after an answer, up to the next thing that we said, are looked through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from domain.actions.call import ActionCall
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation as C
from domain.conversations.state import LONGEST_ANSWER
from domain.shop.booking import Booking
from domain.shop.order import Order

ACTIONS = (Booking.Made.TOPIC, Order.Placed.TOPIC, ActionCall.Completed.TOPIC)


class Reaction(NamedTuple):
    """`position`: of the answer. `asked_back`: it asked the customer something; `came_back`: they wrote within half an hour."""

    position: int
    conversation: UUID
    at: datetime
    response_ms: int
    asked_back: bool
    came_back: bool
    continued: bool
    acted: bool
    requested: bool
    prompted: bool


class Given(NamedTuple):
    """An answer in a conversation: its place among the events, the interaction, since when it was waited for, whether it hands over at the customer's wish, or asks them something."""

    place: int
    interaction: UUID | None
    since: datetime
    for_person: bool
    asked_back: bool


def conversations(events: Sequence[Recorded]) -> dict[UUID, list[Recorded]]:
    """The events of each, with what its customer bought and booked; nothing after an erasure."""
    found: dict[UUID, list[Recorded]] = defaultdict(list)
    for recorded in events:
        if recorded.topic.startswith("conversation.") or recorded.topic in ACTIONS:
            found[getattr(recorded.event, "conversation", recorded.stream)].append(recorded)
    for stream in found.values():
        ends = next((n for n, each in enumerate(stream) if each.topic == C.Forgotten.TOPIC), len(stream))
        del stream[ends:]
    return found


def reactions(events: Sequence[Recorded]) -> dict[UUID, Reaction]:
    """By interaction."""
    found: dict[UUID, Reaction] = {}
    for conversation, stream in conversations(events).items():
        given = _given(stream)
        wished = _wished(stream, given)
        for answer in given:
            if answer.interaction is not None:
                found[answer.interaction] = _reaction(conversation, stream, answer, answer.place in wished)
    return found


def _reaction(conversation: UUID, stream: list[Recorded], answer: Given, requested: bool) -> Reaction:
    given, after = stream[answer.place], _after(stream, answer.place)
    at = given.recorded_at
    heard = next((each.recorded_at for each in after if each.topic == C.MessageReceived.TOPIC), None)
    return Reaction(
        position=given.position,
        conversation=conversation,
        at=at,
        response_ms=int(max(at - answer.since, timedelta()) / timedelta(milliseconds=1)),
        asked_back=answer.asked_back,
        came_back=heard is not None and heard - at <= timedelta(minutes=30),
        continued=heard is not None and heard - at <= timedelta(minutes=5),
        acted=any(_acts(each) and each.recorded_at - at <= timedelta(hours=24) for each in after),
        requested=requested,
        prompted=any(each.topic == C.RatingAsked.TOPIC for each in after),
    )


def _acts(recorded: Recorded) -> bool:
    """An order, a booking; a call of an action of the tenant's that it counts as either."""
    event = recorded.event
    return recorded.topic in ACTIONS and not (
        isinstance(event, ActionCall.Completed) and event.counts_as is None
    )


def _after(stream: list[Recorded], place: int) -> list[Recorded]:
    """What comes after it, until we say something again."""
    found = []
    for recorded in stream[place + 1 :]:
        if recorded.topic in (C.Answered.TOPIC, C.Replied.TOPIC):
            break
        found.append(recorded)
    return found


def _wished(stream: list[Recorded], given: list[Given]) -> set[int]:
    """Places of answers that a wish for a person is counted at: the answer before, where that is not long ago, else the one that hands over."""
    found = set()
    for n, answer in enumerate(given):
        if not answer.for_person or answer.interaction is None:
            continue
        before = given[n - 1] if n else None
        if before is not None and any(
            each.topic == C.Replied.TOPIC for each in stream[before.place : answer.place]
        ):
            before = None
        if before is not None and before.interaction is not None:
            waited = answer.since - stream[before.place].recorded_at
            if timedelta() <= waited <= timedelta(minutes=30):
                found.add(before.place)
                continue
        found.add(answer.place)
    return found


def _given(stream: list[Recorded]) -> list[Given]:
    """The agent's answers in order. An answer is of what was metered before it; it is made for the messages that wait, or, once it has begun, for those
    that waited then."""
    found: list[Given] = []
    waiting: list[datetime] = []
    begun: list[datetime] | None = None
    begun_for: UUID | None = None
    begun_at: datetime | None = None
    heard = False
    metered: C.Metered | None = None
    for place, recorded in enumerate(stream):
        at, event, topic = recorded.recorded_at, recorded.event, recorded.topic
        if topic == C.MessageReceived.TOPIC:
            waiting.append(at)
        elif isinstance(event, C.AnswerBegun):
            if event.interaction != begun_for:
                begun, waiting, begun_for = waiting, [], event.interaction
            begun_at, heard = at, event.heard
        elif topic == C.AnswerFailed.TOPIC:
            begun_at = None
        elif isinstance(event, C.Metered):
            metered = event
        elif topic == C.Replied.TOPIC:
            if not (heard and begun_at is not None and at - begun_at <= LONGEST_ANSWER):
                begun = begun_for = begun_at = None
            waiting = []
        elif topic == C.Answered.TOPIC:
            since = (waiting if begun is None else begun)[:1] or [at]
            outcome = metered.outcome if metered is not None else None
            person = outcome is not None and (outcome.kind, outcome.category) == ("hand_over", "person")
            interaction = metered.interaction if metered is not None else None
            asks = outcome is not None and outcome.kind == "ask_back"
            found.append(Given(place, interaction, since[0], person, asks))
            if begun is None:
                waiting = []
            begun = begun_for = begun_at = metered = None
    return found
