"""An event of the log as a CloudEvent 1.0 in structured JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from application.base.shown_event import shown_event
from domain.base.recorded import Recorded

PREFIX = "retrace."


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Our columns are extension attributes. `position` is a string, because their integers have 32 bits. `event` is what the
    `causation` of others names.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    position: str
    version: int
    actor: str
    event: UUID
    correlation: UUID
    causation: UUID | UnsetType = UNSET
    hash: str
    machinemade: bool | UnsetType = UNSET
    data: dict[str, Any] | None


def cloud_event(recorded: Recorded) -> CloudEvent:
    """`data` holds the event's facts, null once they were erased."""
    shown = shown_event(recorded)
    return CloudEvent(
        id=f"{recorded.tenant}/{recorded.position}",
        source=f"/tenants/{recorded.tenant}",
        type=f"{PREFIX}{recorded.topic}",
        subject=shown.stream,
        time=recorded.recorded_at,
        position=str(recorded.position),
        version=recorded.version,
        actor=recorded.actor,
        event=recorded.id,
        correlation=recorded.correlation,
        causation=UNSET if recorded.causation is None else recorded.causation,
        hash=shown.hash,
        machinemade=True if shown.machine_made else UNSET,
        data=shown.data,
    )
