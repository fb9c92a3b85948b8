"""How an event of the log is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.base.plain import plain
from domain.base.aggregate import COLUMNS
from domain.base.recorded import Recorded
from domain.kinds import MACHINE_MADE


class EventOut(msgspec.Struct, frozen=True, kw_only=True):
    """`position` counts the tenant's events, `version` those of the stream. `data` is null once it was erased.

    `correlation` is the request that began it all. `causation` is the `id` of the event that led to this one, or that request, where
    it did; null in events of earlier versions.

    `machine_made`: a machine wrote the text in it, and no person.
    """

    id: UUID
    position: int
    stream: str
    version: int
    kind: str
    recorded_at: datetime
    actor: str
    correlation: UUID
    causation: UUID | None
    hash: str
    machine_made: bool
    data: dict[str, Any] | None


def shown_event(recorded: Recorded) -> EventOut:
    """An event with its context; what is no text (tokens, hashes of secrets) is not shown."""
    data = None
    if recorded.event is not None:
        data = {name: value for name, value in plain(recorded.event).items() if name not in COLUMNS}
    return EventOut(
        id=recorded.id,
        position=recorded.position,
        stream=f"{recorded.topic.partition('.')[0]}/{recorded.stream}",
        version=recorded.version,
        kind=recorded.topic,
        recorded_at=recorded.recorded_at,
        actor=recorded.actor,
        correlation=recorded.correlation,
        causation=recorded.causation,
        hash=recorded.hash.hex(),
        machine_made=recorded.topic in MACHINE_MADE,
        data=data,
    )
