"""Who does what, on whose request: the context that every event carries."""

from __future__ import annotations

from contextvars import ContextVar
from uuid import UUID

import msgspec

correlation: ContextVar[str | None] = ContextVar("correlation", default=None)
"""Of the request or the work that is being done; goes into every line of the log."""


class Expected(msgspec.Struct, frozen=True):
    """The versions at which a command takes a stream to be; 0 for one that has not begun."""

    stream: UUID
    versions: frozenset[int]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Enters at the edge and goes along with the command.

    `actor` is `key:ID`, `customer`, `operator:ID` or `system:PART`; `correlation` the request that began it all,
    `causation` the event that led to this (domain/base/aggregate.py: `event_id`). None: the request itself did.
    """

    tenant: UUID
    actor: str
    correlation: UUID
    causation: UUID | None = None
    expected: Expected | None = None
    """What the caller has seen; the command conflicts where it is so no more."""
