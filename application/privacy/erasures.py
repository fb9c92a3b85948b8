"""Which customers were erased, and whether it is done: from the log, which keeps the events that say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.audit.reading import latest_of
from application.ports import Eraser, Store, Wanted
from domain.chat.end_user import User
from domain.conversations.conversation import Conversation

TOPICS = (Conversation.Forgotten.TOPIC, User.Forgotten.TOPIC)


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """`stream` as conversation/ID. `erased`: the key is destroyed; else work is about to do it."""

    stream: str
    position: int
    asked_at: datetime
    actor: str
    erased: bool


class Erasures(NamedTuple):
    """The newest first; from position `reached` on there are no others."""

    erasures: Sequence[Erasure]
    reached: int


async def erasures(tenant: UUID, *, before: int, limit: int, store: Store, eraser: Eraser) -> Erasures:
    """The last `limit` before a position, or fewer where they would be looked for too long."""
    found = await latest_of(Wanted(topics=TOPICS), tenant, before=before, limit=limit, store=store)
    done = await eraser.erased(tenant, [each.stream for each in found.events])
    told = [
        Erasure(
            stream=f"{each.topic.partition('.')[0]}/{each.stream}",
            position=each.position,
            asked_at=each.recorded_at,
            actor=each.actor,
            erased=each.stream in done,
        )
        for each in found.events
    ]
    return Erasures(told, found.reached)
