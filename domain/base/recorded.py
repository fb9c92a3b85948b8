"""An event as the log has it: with its position and its context."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain.base.aggregate import Event, event_id


class Recorded(msgspec.Struct, frozen=True):
    """An event with the columns that the log keeps beside it. `event` is None when its payload was erased."""

    position: int
    tenant: UUID
    stream: UUID
    version: int
    topic: str
    recorded_at: datetime
    actor: str
    correlation: UUID
    causation: UUID | None
    digest: bytes
    hash: bytes
    event: Event | None

    @property
    def id(self) -> UUID:
        """As `causation` names it."""
        return event_id(self.stream, self.version)
