"""Given events, when a command, then events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from domain.base.aggregate import Aggregate, Event

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def when(aggregate: Aggregate[Any], command: Callable[[], object]) -> list[Event]:
    """The events that a command adds to an aggregate whose history is settled."""
    aggregate.collect_events()
    command()
    return list(aggregate.collect_events())  # type: ignore[arg-type]  # the library's word for our events
