"""Contacts: what happens in conversations, counted by the time and the kind of events alone, so that an erasure changes nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation as C

SILENCE = timedelta(hours=24)
"""Without a message of the customer's, after which the next one begins another conversation, as figures count them: a customer's stream of events goes
on for good."""

CONTACTS = (
    "customers",
    "conversations",
    "messages",
    "replies",
    "takeovers",
    "releases",
    "expired",
    "closed",
    "erased",
)
"""What is counted; docs/analytics.md says what each is."""

COUNTED: dict[str, str] = {
    C.Started.TOPIC: "customers",
    C.MessageReceived.TOPIC: "messages",
    C.Replied.TOPIC: "replies",
    C.Released.TOPIC: "releases",
    C.HandoffExpired.TOPIC: "expired",
    C.Closed.TOPIC: "closed",
    C.Forgotten.TOPIC: "erased",
}
"""Events that count by themselves."""

EVENTS: tuple[type[Event], ...] = (
    C.Started,
    C.MessageReceived,
    C.Replied,
    C.HandedOver,
    C.Claimed,
    C.Released,
    C.HandoffExpired,
    C.Closed,
    C.Forgotten,
)


class Contact(msgspec.Struct, kw_only=True):
    """`heard_at`: when the customer's latest message came; `handed`: whether a person has the conversation, or is to."""

    conversation: UUID
    heard_at: datetime | None = None
    handed: bool = False


def contacts(batch: Iterable[Recorded], known: MutableMapping[UUID, Contact]) -> list[tuple[datetime, str]]:
    """What counts and when, of events in the order of the log. `known` is brought up to them."""
    found: list[tuple[datetime, str]] = []
    for recorded in batch:
        where = known.setdefault(recorded.stream, Contact(conversation=recorded.stream))
        at, topic = recorded.recorded_at, recorded.topic
        if topic in COUNTED:
            found.append((at, COUNTED[topic]))
        if topic == C.MessageReceived.TOPIC:
            if where.heard_at is None or at - where.heard_at >= SILENCE:
                found.append((at, "conversations"))
            where.heard_at = at
        elif topic == C.Claimed.TOPIC and not where.handed:
            found.append((at, "takeovers"))
        if topic in (C.HandedOver.TOPIC, C.Claimed.TOPIC):
            where.handed = True
        elif topic in (C.Released.TOPIC, C.HandoffExpired.TOPIC, C.Closed.TOPIC):
            where.handed = False
        elif topic == C.Forgotten.TOPIC:
            del known[recorded.stream]
    return found
