"""Saying what is waited for, to whoever looks on: `with waits("PostgreSQL") as show`, where `show` changes the words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

STARTING = 60.0
"""Seconds that a role which starts waits for a database that is away: one that starts too, recovers, or has no room."""

Show = Callable[[str], None]
Waits = Callable[[str], AbstractContextManager[Show]]


@contextmanager
def silently(_: str) -> Iterator[Show]:
    """Nobody looks on."""
    yield lambda _: None
