"""Which of a route's models can be asked, in order; the others are passed over, and the course says why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from application.course import Asked, Course
from application.ports import Clock, Completer, Place
from application.providers import Providers
from domain.catalogue import Catalogue
from domain.completion import CompletionRequest
from domain.errors import Refused
from domain.routing import PassedOver

LAST_RESORT = "local/extractive"
"""Who answers when no other does, without a network."""


@dataclass(frozen=True)
class Candidate:
    """It was admitted: how the call ended is to be recorded. `others`: whether another one may come before the last resort."""

    completer: Completer
    request: CompletionRequest
    place: Place
    others: bool

    @property
    def last(self) -> bool:
        return self.place.id == LAST_RESORT


@dataclass(frozen=True)
class Candidates:
    """`catalogue` is the tenant's."""

    asked: Asked
    course: Course
    tenant: UUID
    catalogue: Catalogue
    providers: Providers
    clock: Clock

    async def __aiter__(self) -> AsyncIterator[Candidate]:
        """One after the other, each found only when it is asked for: what has happened until then counts."""
        models, seen = list(dict.fromkeys(self.asked.route.models)), set[str]()
        while model := self._next(models, seen):
            seen.add(model)
            provider, _, name = model.partition("/")
            try:
                completer = await self.providers.completers.find(self.tenant, provider)
                self.catalogue.check(model, self.clock())
            except Refused as error:
                self._pass_over(model, error.detail, "missing")
                continue
            known = self.catalogue.get(model)
            abilities = None if known is None else known.abilities
            request = msgspec.structs.replace(self.asked.request, model=name, abilities=abilities)
            place = Place(provider=provider, model=name, owner=completer.owner)
            if (why := self._no_room(model, request)) is not None:
                self._pass_over(model, why, "no_room")
            elif (why := await self.providers.health.admit(place)) is not None:
                self._pass_over(model, why, "unhealthy")
            else:
                yield Candidate(completer, request, place, any(other not in seen for other in models))

    def _next(self, models: Sequence[str], seen: set[str]) -> str | None:
        """In order; once the budget is gone only the cheapest one, where the tenant wants that; at the end the last resort."""
        exhausted = self.course.exhausted
        if exhausted is not None and exhausted.on_hard == "stop":
            return None
        left: Sequence[str] = models if exhausted is None else [self.asked.route.degraded]
        last = [LAST_RESORT] if self.asked.last_resort else []
        return next((model for model in [*left, *last] if model not in seen), None)

    def _pass_over(self, model: str, reason: str, cause: Literal["missing", "no_room", "unhealthy"]) -> None:
        self.course.passed_over.append(PassedOver(model=model, reason=reason, cause=cause))

    def _no_room(self, model: str, request: CompletionRequest) -> str | None:
        """Why the request does not fit into the model's context window."""
        known = self.catalogue.get(model)
        bytes = sum(4 * len(turn.text) + 16 for turn in request.prompt)  # a token has one or more
        if known is None or bytes + request.max_tokens <= known.context_window:
            return None
        tokens = self.providers.prompt_tokens(request)
        if tokens + request.max_tokens <= known.context_window:
            return None
        return f"{tokens} tokens and {request.max_tokens} for the answer do not fit into its {known.context_window}"
