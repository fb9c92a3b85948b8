"""What a completion needs besides the log."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from application.ports import Cache, CallObserver, Completers, Counter, Health
from domain.models.attachment_tokens import attached_tokens
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
        """Of its messages, tools and form, with what a chat's form adds to each. Long ones are counted beside the event loop: they take up to seconds."""
        if sum(len(turn.read) for turn in request.prompt) + len(request.beside) <= INLINE:
            return self._prompt_tokens(request)
        return await asyncio.to_thread(self._prompt_tokens, request)

    def _prompt_tokens(self, request: CompletionRequest) -> int:
        turns = sum(self.counter.count(turn.read, request.model) + 8 for turn in request.prompt)
        turns += attached_tokens(request)
        beside = request.beside
        return turns + (
            self.counter.count(beside, request.model) + 8 * (1 + len(request.tools)) if beside else 0
        )
