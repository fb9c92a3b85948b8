"""What is metered: the calls of providers that an event has on record."""

from __future__ import annotations

from domain.base.aggregate import Event
from domain.models.completion import Attempt

FIELDS = ("attempts", "embeddings")
"""Where events have them: tries of models, and calls of embedding models on the way."""


def meters(event: type[Event]) -> bool:
    """Whether events of this class say what calls of providers cost."""
    return any(name in event.__struct_fields__ for name in FIELDS)


def calls_of(event: Event | None) -> tuple[Attempt, ...]:
    """All calls that the event has on record, those that failed or cost nothing too."""
    return tuple(attempt for name in FIELDS for attempt in getattr(event, name, ()))
