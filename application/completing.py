"""One completion out of several models: in order, the fit and healthy ones, within the budget, each attempt on record.

The caller saves what a `Course` has gathered together with what it makes of the answer: then nothing is paid and not on record.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import msgspec

from application.attempting import Attempted, Attempting, Deliver
from application.catalogue import catalogue_of
from application.context import Context
from application.course import Asked, Course
from application.finishing import finished
from application.ports import Cache, Clock, Completer, Completers, Counter, Health, Ids, Place, Store
from application.reserving import reserve
from application.spares import Spares
from domain.budget import BudgetExhausted
from domain.catalogue import Catalogue
from domain.completion import Completion, CompletionRequest, Outcome
from domain.errors import Refused
from domain.pricing import most
from domain.routing import PassedOver

DEADLINE = 60.0
"""Seconds for all attempts together."""

ATTEMPT = 30.0
"""Seconds for one attempt, or for the first piece of its stream."""

RETRIES = 2
"""Further tries of the last model that is left, where another try can help. While there is another model, that one is asked at once."""

LONGEST_WAIT = 8.0
RETRIABLE: frozenset[Outcome] = frozenset({"rate_limited", "timeout", "unavailable"})
LAST_RESORT = "local/extractive"


@dataclass(frozen=True, kw_only=True)
class Providers:
    """What a completion needs besides the log."""

    completers: Completers
    catalogue: Catalogue
    counter: Counter
    health: Health
    cache: Cache
    spares: Spares | None = None
    """None: nothing is reserved ahead."""


async def complete(
    asked: Asked,
    course: Course,
    context: Context,
    *,
    store: Store,
    providers: Providers,
    clock: Clock,
    ids: Ids,
    deliver: Deliver | None = None,
) -> Completion | None:
    """The first model's answer that comes; None when none does, or the budget forbids it: `course` says why.

    `deliver` takes the text piece by piece as it comes.
    """
    catalogue = await catalogue_of(context.tenant, store=store, shipped=providers.catalogue)
    completing = _Completing(asked, course, context, catalogue, store, providers, clock, ids, deliver)
    return await completing.run()


@dataclass(frozen=True)
class _Completing:
    asked: Asked
    course: Course
    context: Context
    catalogue: Catalogue
    store: Store
    providers: Providers
    clock: Clock
    ids: Ids
    deliver: Deliver | None
    deadline: float = field(default_factory=lambda: time.monotonic() + DEADLINE)

    async def run(self) -> Completion | None:
        async for completer, request, others in self._candidates():
            place = Place(provider=completer.name, model=request.model, owner=completer.owner)
            try:
                await self._afford(completer, request)
            except BaseException as error:
                await self.providers.health.record(place, "cancelled", 0.0)
                if not isinstance(error, BudgetExhausted):
                    raise
                self.course.exhausted = error
                continue
            for retry in range(RETRIES + 1):
                # The last resort needs no network; it may come after the deadline.
                left = ATTEMPT if _is_last(place) else min(ATTEMPT, self.deadline - time.monotonic())
                if left <= 0:
                    await self.providers.health.record(place, "cancelled", 0.0)
                    break
                attempted = await self._attempt(completer, request, place, left)
                if attempted.completion is not None or self.course.said:
                    return attempted.completion
                pause = attempted.wait
                if pause is None:
                    pause = random.uniform(0.5, 1) * min(0.5 * 2**retry, LONGEST_WAIT)
                late = time.monotonic() + pause > self.deadline
                if attempted.attempt.outcome not in RETRIABLE or others or late or retry == RETRIES:
                    break
                await asyncio.sleep(pause)
        return None

    async def _attempt(
        self, completer: Completer, request: CompletionRequest, place: Place, seconds: float
    ) -> Attempted:
        attempting = Attempting(
            completer,
            request,
            catalogue=self.catalogue,
            counter=self.providers.counter,
            clock=self.clock,
            deliver=self._deliver if self.deliver is not None else None,
        )
        try:
            attempted = await attempting.run(seconds)
        except BaseException:  # the caller has gone: what was said until now is paid for all the same
            self.course.attempts.append(cut := attempting.cut())
            await asyncio.shield(self.providers.health.record(place, "cancelled", cut.latency_ms))
            raise
        attempt = attempted.attempt
        self.course.attempts.append(attempt)
        await self.providers.health.record(place, attempt.outcome, attempt.latency_ms, attempted.wait)
        return attempted

    async def _deliver(self, piece: str) -> None:
        assert self.deliver is not None
        self.course.said.append(piece)
        await self.deliver(piece)

    async def _candidates(self) -> AsyncIterator[tuple[Completer, CompletionRequest, bool]]:
        """Those that can be asked now, each with whether another one comes before the last resort; the others are passed over."""
        models, seen = list(dict.fromkeys(self.asked.route.models)), set[str]()
        while model := self._next(models, seen):
            seen.add(model)
            provider, _, name = model.partition("/")
            try:
                completer = await self.providers.completers.find(self.context.tenant, provider)
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
                yield completer, request, any(other not in seen for other in models)

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
        tokens = self._tokens(request)
        if tokens + request.max_tokens <= known.context_window:
            return None
        return f"{tokens} tokens and {request.max_tokens} for the answer do not fit into its {known.context_window}"

    async def _afford(self, completer: Completer, request: CompletionRequest) -> None:
        """Reserve what this model may cost at most, beyond what is reserved already. Raises BudgetExhausted."""
        price = self.catalogue.price(completer.name, request.model, self.clock())
        if price is None:
            return
        course = self.course
        dearest = most(self._tokens(request), request.max_tokens, price)
        missing = course.cost + dearest - sum((each.amount for each in course.reservations), Decimal(0))
        if missing <= 0:
            return

        spares = course.spares
        if spares is not None and (spare := await spares.take(missing, self.context)) is not None:
            course.reservations.append(spare)
            return

        async def hold() -> None:
            made = await reserve(
                missing,
                self.asked.interaction,
                f"{completer.name}/{request.model}",
                self.context,
                store=self.store,
                clock=self.clock,
                ids=self.ids,
                earlier=course.reservations,
                spares=spares,
            )
            if made is not None:
                course.reservations.append(made)

        await finished(hold())  # whatever is held is known, so that it is given back

    def _tokens(self, request: CompletionRequest) -> int:
        """Of the prompt, with what a chat's form adds to each message."""
        count = self.providers.counter.count
        return sum(count(turn.text, request.model) + 8 for turn in request.prompt)


def _is_last(place: Place) -> bool:
    return f"{place.provider}/{place.model}" == LAST_RESORT
