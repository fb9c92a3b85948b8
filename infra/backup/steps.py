"""Who hears how far a backup or its restoring is."""

from __future__ import annotations

from typing import Protocol


class Step(Protocol):
    """Hears what is being done, and how far that is where it is known; from any thread."""

    def __call__(self, what: str, done: int = 0, total: int | None = None) -> object: ...


def silent(what: str, done: int = 0, total: int | None = None) -> None:
    """For nobody."""
