"""Which of a route's models can be asked, in order; the others are passed over, and the run says why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from application.gateway.ports import Ports
from application.gateway.run import Asked, Run
from application.ports import Completer, Place
from domain.answers.canary import with_canary
from domain.base.errors import Refused
from domain.gateway.decision import LAST_RESORT, Cause, PassedOver
from domain.models.abilities import told
from domain.models.attachment_tokens import attached_tokens
from domain.models.catalogue import Model
from domain.models.completion import CompletionRequest

NEEDED = frozenset({"logit_bias", "verbosity", "store", "metadata", "service_tier"})
"""Options that a model is not asked without, where they are given. Others are hints, or mean nothing to it."""

UNPRICED = "it has no price, and the budget has a limit; set its price (PUT /v1/prices), or a ceiling in the budget (PUT /v1/budgets)"

HUNG = "it gave no answer in time a moment ago, to the same customer"


@dataclass(frozen=True)
class Candidate:
    """How its call ended is to be recorded. `others`: whether another one may come before the last resort.

    `tries` that it has had already; the next one not before the monotonic clock tells `not_before`.
    """

    completer: Completer
    request: CompletionRequest
    place: Place
    others: bool
    tries: int = 0
    not_before: float = 0.0

    @property
    def last(self) -> bool:
        return self.place.id == LAST_RESORT


@dataclass
class Candidates:
    """Where the budget has a limit no call may pass it whose price nobody knows.

    `again`: the one that was asked last, where another try may help; it comes once more if none of the others can be asked.
    """

    asked: Asked
    run: Run
    tenant: UUID
    ports: Ports
    again: Candidate | None = None

    async def __aiter__(self) -> AsyncIterator[Candidate]:
        """One after the other, each found only when it is asked for: what has happened until then counts.

        A model whose provider has set a limit is asked after all others: it may have room again, and nobody is left who has.
        """
        models, seen = list(dict.fromkeys(self.asked.route.models)), set[str]()
        limited: list[str] = []
        while model := self._next(models, seen):
            seen.add(model)
            others = bool(limited) or self._next(models, seen) is not None
            if (found := await self._candidate(model, limited if others else None)) is not None:
                yield replace(found, others=others)
        while model := next(filter(self._allowed, limited), None):
            limited.remove(model)
            if (found := await self._candidate(model, None)) is not None:
                yield replace(found, others=bool(limited))
        if self.again is not None and self._allowed(self.again.place.id):
            yield replace(self.again, others=False)
        last = self.asked.last_resort and LAST_RESORT not in seen and not self._stopped
        if last and (found := await self._candidate(LAST_RESORT, None)) is not None:
            yield found

    @property
    def _stopped(self) -> bool:
        """Whether the budget is gone, and the tenant wants no answer then."""
        return self.run.refusal is not None and self.run.refusal.on_hard == "stop"

    def _allowed(self, model: str) -> bool:
        """Once the budget is gone only the cheapest one is, where the tenant wants that."""
        return self.run.refusal is None or (not self._stopped and model == self.asked.route.degraded)

    def _next(self, models: Sequence[str], seen: set[str]) -> str | None:
        """In order; once the budget is gone only the cheapest one, where the tenant wants that."""
        left = models if self.run.refusal is None else [self.asked.route.degraded]
        return None if self._stopped else next((model for model in left if model not in seen), None)

    async def _candidate(self, model: str, limited: list[str] | None) -> Candidate | None:
        """None: it is passed over. One that is paused by a limit goes to `limited`; where that is None it is asked all the same."""
        provider, _, name = model.partition("/")
        try:
            completer = await self.ports.providers.completers.find(self.tenant, provider)
            self.asked.catalogue.check(model, self.ports.clock(), "chat")
        except Refused as error:
            self._pass_over(model, error.detail, "missing")
            return None
        known = self.asked.catalogue.get(model)
        abilities = None if known is None else known.abilities
        prompt, watched = self.asked.request.prompt, self.asked.watched
        if watched is not None:
            prompt = with_canary(prompt, watched.canary)
        request = msgspec.structs.replace(self.asked.request, model=name, abilities=abilities, prompt=prompt)
        place = Place(provider=provider, model=name, owner=completer.owner)
        wanted = NEEDED & set(request.options)
        if wanted and (refused := sorted(wanted - completer.options)):
            self._pass_over(model, f"it takes no {' and no '.join(refused)}", "unable")
            return None
        if known is not None and (lacking := self._lacking(request, known)):
            self._pass_over(model, f"it can't {told(lacking)}", "unable")
            return None
        if (why := await self._no_room(model, request)) is not None:
            self._pass_over(model, why, "no_room")
            return None
        if self.asked.limits.any and self.asked.catalogue.price(provider, name, self.ports.clock()) is None:
            self._pass_over(model, UNPRICED, "unpriced")
            return None
        if model in self.run.hung:
            self._pass_over(model, HUNG, "unhealthy")
            return None
        pause = await self.ports.providers.health.admit(place)
        if pause is None or (pause.limited and limited is None):
            return Candidate(completer, await self._limited(known, request), place, others=False)
        if pause.limited and limited is not None:
            limited.append(model)
        else:
            self.run.wait(pause.seconds)
        self._pass_over(model, pause.reason, "unhealthy")
        return None

    def _lacking(self, request: CompletionRequest, known: Model) -> frozenset[str]:
        """Abilities that the request needs and the model lacks. To the agent the last resort answers all the same, without them."""
        if known.id == LAST_RESORT and self.asked.last_resort:
            return frozenset()
        return request.needs - known.abilities

    def _pass_over(self, model: str, reason: str, cause: Cause) -> None:
        self.run.passed_over.append(PassedOver(model=model, reason=reason, cause=cause))

    async def _no_room(self, model: str, request: CompletionRequest) -> str | None:
        """Why the request does not fit into the model's context window."""
        known, output = self.asked.catalogue.get(model), request.max_tokens or request.answer_tokens or 1
        if known is None or _largest(request) + output <= known.context_window:
            return None
        tokens = await self.ports.providers.prompt_tokens(request)
        if tokens + output <= known.context_window:
            return None
        return f"{tokens} tokens and {output} for the answer do not fit into its {known.context_window}"

    async def _limited(self, known: Model | None, request: CompletionRequest) -> CompletionRequest:
        """With as much room for the thoughts of a model as it has."""
        if known is None or request.max_tokens is not None or request.answer_tokens is None:
            return request
        limit = request.limit(known.abilities)
        assert limit is not None
        if known.max_output is not None:
            limit = min(limit, known.max_output)
        if limit > request.answer_tokens and _largest(request) + limit > known.context_window:
            limit = min(limit, known.context_window - await self.ports.providers.prompt_tokens(request))
        return msgspec.structs.replace(request, max_tokens=limit)


def _largest(request: CompletionRequest) -> int:
    """Tokens of its prompt, at most: each has one byte or more."""
    turns = sum(4 * len(turn.read) + 16 for turn in request.prompt)
    turns += attached_tokens(request)
    return turns + 4 * len(request.beside) + 16 * len(request.tools)
