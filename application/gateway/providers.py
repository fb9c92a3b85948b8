"""What a completion needs besides the log."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from application.ports import Cache, CallObserver, Completers, Counter, Health
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt, Completion, CompletionRequest

INLINE = 20_000
"""Characters that are counted on the spot (some milliseconds)."""


@dataclass(frozen=True, kw_only=True)
class Providers:
    """`catalogue` is the shipped one. `observer`: for the metrics."""

    completers: Completers
    catalogue: Catalogue
    counter: Counter
    health: Health
    cache: Cache
    observer: CallObserver | None = None

    def called(
        self, attempt: Attempt, request: CompletionRequest, completion: Completion | None = None
    ) -> None:
        if self.observer is not None:
            self.observer.called(attempt, request, completion)

    async def prompt_tokens(self, request: CompletionRequest) -> int:
        """With what a chat's form adds to each message. Long ones are counted beside the event loop: they take up to seconds."""
        if sum(len(turn.text) for turn in request.prompt) <= INLINE:
            return self._prompt_tokens(request)
        return await asyncio.to_thread(self._prompt_tokens, request)

    def _prompt_tokens(self, request: CompletionRequest) -> int:
        return sum(self.counter.count(turn.said, request.model) + 8 for turn in request.prompt)
