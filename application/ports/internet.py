"""Search on the internet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from application.ports.faults import Fault
from domain.retrieval.internet.enriching import WebResult


class SearchFailed(Fault):
    """A search on the internet failed. Its message says how, and holds no key."""


class InternetSearch(Protocol):
    @property
    def is_set_up(self) -> bool:
        """Whether there is one to ask."""

    async def search(self, query: str, limit: int) -> Sequence[WebResult]:
        """At most `limit` pages, best first. Raises SearchFailed."""
