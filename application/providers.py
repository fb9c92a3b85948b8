"""What a completion needs besides the log."""

from __future__ import annotations

from dataclasses import dataclass

from application.ports import Cache, CallObserver, Completers, Counter, Health
from application.spares import Spares
from domain.catalogue import Catalogue
from domain.completion import Attempt, CompletionRequest


@dataclass(frozen=True, kw_only=True)
class Providers:
    """`catalogue` is the shipped one. `spares`: None where nothing is reserved ahead. `observer`: for the metrics."""

    completers: Completers
    catalogue: Catalogue
    counter: Counter
    health: Health
    cache: Cache
    spares: Spares | None = None
    observer: CallObserver | None = None

    def called(self, attempt: Attempt) -> None:
        if self.observer is not None:
            self.observer.called(attempt)

    def prompt_tokens(self, request: CompletionRequest) -> int:
        """With what a chat's form adds to each message."""
        return sum(self.counter.count(turn.said, request.model) + 8 for turn in request.prompt)
