"""One call of an embedding model: within the budget, watched for its health, and on record however it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from application.base.in_work import waits_long
from application.budgets import ports as budgets
from application.budgets.budget import budget_of
from application.budgets.hold import Hold
from application.budgets.reserve import reserve
from application.ports import CallObserver, Embedded, Embedder, Health, Place, ProviderError, TextRole
from domain.base.context import Context
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt, Outcome, Usage
from domain.models.pricing import Price, cost, most
from domain.retrieval.embedding_model import LOCAL, ModelMissing, VectorSpace, space_named

INLINE = 20_000
"""Characters whose tokens are counted on the spot (some milliseconds)."""


class Ports(budgets.Ports, Protocol):
    @property
    def health(self) -> Health: ...
    @property
    def observer(self) -> CallObserver | None: ...


@dataclass(kw_only=True)
class Calling:
    """Calls of one purpose. `attempts` are those that are on no record yet, `hold` what they hold of the budget, for `interaction`.

    `patience`: seconds in which the budget is waited for; `seconds`: in which a call ends.
    """

    embedder: Embedder
    catalogue: Catalogue
    context: Context
    interaction: UUID
    hold: Hold
    ports: Ports
    patience: float
    seconds: float
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def space(self) -> VectorSpace:
        return space_named(self.embedder.model)

    async def call(self, texts: Sequence[str], role: TextRole) -> Embedded:
        """Raises ProviderError; BudgetRefusal where it may not be made, Refused for a model without a price under a limit."""
        if self.embedder.model == LOCAL:  # nobody bills it, and it is never away
            return await self._tried(texts, role)
        place = Place(provider=self.space.provider, model=self.space.name, owner=self.embedder.owner)
        pause = await self.ports.health.admit(place)
        if pause is not None:
            raise ProviderError(
                "unavailable", f"it is not asked at the moment: {pause.reason}", pause.seconds
            )
        try:
            if self.hold.announce is not None:
                await self.hold.announce((*self.attempts, await self._lost(texts)))
            await self._afford(texts)
        except BaseException:
            await self.ports.health.record(place, "cancelled", 0.0)
            raise
        wait: float | None = None
        try:
            return await self._tried(texts, role)
        except ProviderError as error:
            wait = error.retry_after
            raise
        finally:
            last = self.attempts[-1]
            await asyncio.shield(self.ports.health.record(place, last.outcome, last.latency_ms, wait))

    async def _tried(self, texts: Sequence[str], role: TextRole) -> Embedded:
        started_at, started = self.ports.clock(), time.perf_counter()
        embedded: Embedded | None = None
        outcome: Outcome = "unavailable"
        error, sent, definite = None, False, False

        def goes_out() -> None:
            nonlocal sent
            sent = True
            waits_long()

        try:
            async with asyncio.timeout(self.seconds):
                embedded = await self.embedder.embed(texts, role, goes_out)
            outcome = "ok"
            return embedded
        except ProviderError as failed:
            outcome, error, definite = failed.outcome, failed.detail, failed.definite
            raise
        except TimeoutError:
            outcome, error = "timeout", f"no vectors within {self.seconds:g} s"
            raise ProviderError(outcome, error) from None
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        except Exception as failed:
            error = type(failed).__name__
            raise
        finally:
            usage = Usage()
            if embedded is not None:
                usage = embedded.usage
            elif sent and not definite:  # the provider may bill what it has heard
                usage = Usage(input=sum(map(self.embedder.count_tokens, texts)), source="estimate")
            price = self._price(embedded.served if embedded else None, started_at) if usage.input else None
            self._put(
                Attempt(
                    kind="embedding",
                    provider=self.space.provider,
                    model=self.space.name,
                    served=embedded.served if embedded else None,
                    outcome=outcome,
                    error=error,
                    started_at=started_at,
                    latency_ms=round((time.perf_counter() - started) * 1000, 3),
                    usage=usage,
                    raw_usage=embedded.raw_usage if embedded else {},
                    request_id=embedded.request_id if embedded else None,
                    cost=cost(usage, price) if price else Decimal(0),
                    price=price.id if price else None,
                )
            )

    def given_again(self, started: float) -> None:
        """No call was made: the vector of an earlier one was given again. `started` by time.perf_counter()."""
        self._put(
            Attempt(
                kind="embedding",
                provider=self.space.provider,
                model=self.space.name,
                served=self.space.name,
                outcome="ok",
                started_at=self.ports.clock(),
                latency_ms=round((time.perf_counter() - started) * 1000, 3),
                cached=True,
            )
        )

    async def _lost(self, texts: Sequence[str]) -> Attempt:
        """A call of which nothing more is heard: all of its texts may be billed."""
        now = self.ports.clock()
        price = self._price(None, now)
        usage = Usage(input=await self._tokens(texts), source="estimate")
        return Attempt(
            kind="embedding",
            provider=self.space.provider,
            model=self.space.name,
            outcome="cancelled",
            error="the process ended before the vectors were on record",
            started_at=now,
            latency_ms=0.0,
            usage=usage,
            cost=cost(usage, price) if price else Decimal(0),
            price=price.id if price else None,
        )

    def _put(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        if self.ports.observer is not None:
            self.ports.observer.called(attempt)

    async def _afford(self, texts: Sequence[str]) -> None:
        budget = await budget_of(self.context.tenant, store=self.ports.store)
        if budget is None or not budget.state.limits.any:
            return
        price = self._price(None, self.ports.clock())
        if price is None:
            raise ModelMissing(
                f"the embedding model {self.space.model} has no price, and the budget has a limit; set its price (PUT /v1/prices), "
                "or a ceiling in the budget (PUT /v1/budgets)"
            )
        if price.free:
            return
        dearest = most(await self._tokens(texts), 0, price)
        pool = self.ports.reservation_pool
        if pool is not None and self.ports.budget_queue.free(self.context.tenant):
            async with self.hold.lock:
                if (spare := await pool.take(dearest, self.context)) is not None:
                    self.hold.reservations.append(spare)
                    return
        await reserve(
            dearest,
            self.interaction,
            self.space.model,
            self.context,
            self.ports,
            patience=self.patience,
            hold=self.hold,
        )

    def _price(self, served: str | None, at: datetime) -> Price | None:
        return self.catalogue.charged(self.space.provider, self.space.name, served, at)

    async def _tokens(self, texts: Sequence[str]) -> int:
        def count() -> int:
            return sum(map(self.embedder.count_tokens, texts))

        return count() if sum(map(len, texts)) <= INLINE else await asyncio.to_thread(count)
