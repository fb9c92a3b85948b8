"""What is metered: the calls of providers that an event has on record."""

from __future__ import annotations

from domain.base.aggregate import Event
from domain.models.completion import Attempt


def calls_of(event: Event | None) -> tuple[Attempt, ...]:
    """All calls that the event has on record, those that failed or cost nothing too: tries of models, calls of embedding models on the way."""
    names = () if event is None else event.METERS
    return tuple(attempt for name in names for attempt in getattr(event, name))
