"""Who does what, on whose request: the context that every event carries."""

from __future__ import annotations

from uuid import UUID

import msgspec


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Enters at the edge and goes along with the command.

    `actor` is `key:ID`, `customer`, `operator:ID` or `system:PART`; `correlation` the request that began it all,
    `causation` the event or command that led to this one.
    """

    tenant: UUID
    actor: str
    correlation: UUID
    causation: UUID | None = None
