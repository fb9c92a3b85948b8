"""What happens in conversations, one customer after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation as C
from domain.insight.contacts import CONTACTS
from projections.reckoning.base import Reckoned, one, slots, summed

BY_THEMSELVES = {
    "conversation.started": "customers",
    "conversation.message_received": "messages",
    "conversation.replied": "replies",
    "conversation.released": "releases",
    "conversation.handoff_expired": "expired",
    "conversation.closed": "closed",
    "conversation.forgotten": "erased",
}
GIVEN_BACK = ("conversation.released", "conversation.handoff_expired", "conversation.closed")


def reckon_contacts(events: Sequence[Recorded]) -> Reckoned:
    streams: dict[object, list[Recorded]] = {}
    for recorded in events:
        if recorded.topic.startswith("conversation."):
            streams.setdefault(recorded.stream, []).append(recorded)
    facts = [
        ((grain, slot), {each: one(each == name) for each in CONTACTS})
        for stream in streams.values()
        for at, name in _of(stream)
        for grain, slot in slots(at)
    ]
    return {"contacts": summed(facts)}


def _of(stream: list[Recorded]) -> Iterator[tuple[datetime, str]]:
    for recorded in stream:
        if recorded.topic in BY_THEMSELVES:
            yield recorded.recorded_at, BY_THEMSELVES[recorded.topic]
    heard = [each.recorded_at for each in stream if each.topic == C.MessageReceived.TOPIC]
    for n, at in enumerate(heard):
        if n == 0 or at - heard[n - 1] >= timedelta(hours=24):
            yield at, "conversations"
    for n, recorded in enumerate(stream):
        if recorded.topic == C.Claimed.TOPIC:
            changes = [
                each.topic
                for each in stream[:n]
                if each.topic in (*GIVEN_BACK, C.HandedOver.TOPIC, C.Claimed.TOPIC)
            ]
            if not changes or changes[-1] in GIVEN_BACK:
                yield recorded.recorded_at, "takeovers"
