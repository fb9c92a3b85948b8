"""Embeddings, every call of which is on record: whoever embeds does so within a meter, which records what nobody else has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

from application.base.tasks import run_to_end
from application.budgets.charges import tallies_of
from application.models.catalogue import catalogue_of
from application.ports import CallObserver, Clock, Embedder, Ids, ProviderError, Store
from domain.base.context import Context
from domain.budgets.spending import charged_for
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt, Outcome, Usage
from domain.models.pricing import cost
from domain.retrieval.embedding import Embedding, Purpose


class EmbeddingMeter:
    """The calls of one purpose. `attempts` are those that are on no record yet."""

    def __init__(
        self,
        embedder: Embedder,
        catalogue: Catalogue,
        clock: Clock,
        observer: CallObserver | None = None,
    ) -> None:
        self._embedder, self._catalogue, self._clock = embedder, catalogue, clock
        self._observer = observer
        self.attempts: list[Attempt] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Unit vectors, one a text. Raises what the embedder does; the call is metered all the same."""
        started_at, started = self._clock(), time.perf_counter()
        outcome: Outcome = "unavailable"
        error: str | None = None
        try:
            vectors = await self._embedder.embed(texts)
            outcome = "ok"
            return vectors
        except ProviderError as failed:
            outcome, error = failed.outcome, failed.detail
            raise
        except (TimeoutError, asyncio.CancelledError) as failed:
            outcome = "timeout" if isinstance(failed, TimeoutError) else "cancelled"
            raise
        except Exception as failed:
            error = type(failed).__name__
            raise
        finally:
            provider, _, model = self._embedder.model.partition("/")
            tokens = sum(map(self._embedder.count_tokens, texts)) if outcome == "ok" else 0
            usage, price = Usage(input=tokens), None
            if tokens:
                price = self._catalogue.price(provider, model, started_at)
            attempt = Attempt(
                kind="embedding",
                provider=provider,
                model=model,
                served=model if outcome == "ok" else None,
                outcome=outcome,
                error=error,
                started_at=started_at,
                latency_ms=round((time.perf_counter() - started) * 1000, 3),
                usage=usage,
                cost=cost(usage, price) if price else Decimal(0),
                price=price.id if price else None,
            )
            self.attempts.append(attempt)
            if self._observer is not None:
                self._observer.called(attempt)

    def take(self) -> list[Attempt]:
        """The calls so far, for whoever puts them on record with an event of its own."""
        taken, self.attempts = self.attempts, []
        return taken


class MeteredEmbedder:
    """The embedder that use cases get: there is none without a meter."""

    def __init__(
        self,
        embedder: Embedder,
        *,
        catalogue: Catalogue,
        store: Store,
        clock: Clock,
        ids: Ids,
        observer: CallObserver | None = None,
    ) -> None:
        self._observer = observer
        self._embedder, self._catalogue, self._store = embedder, catalogue, store
        self._ours: dict[tuple[str, ...], list[list[float]]] = {}
        self._clock, self._ids = clock, ids

    @property
    def model(self) -> str:
        """provider/name."""
        return self._embedder.model

    def load(self) -> None:
        self._embedder.load()

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)

    async def of_ours(self, texts: tuple[str, ...]) -> list[list[float]]:
        """Unit vectors of texts that are the product's own, made once a process: no tenant has asked for them, and none pays."""
        if texts not in self._ours:
            self._ours[texts] = await self._embedder.embed(texts)
        return self._ours[texts]

    @asynccontextmanager
    async def metering(self, context: Context, purpose: Purpose) -> AsyncIterator[EmbeddingMeter]:
        """At its end, however it comes, what was not taken from the meter goes on record."""
        catalogue = await catalogue_of(context.tenant, store=self._store, shipped=self._catalogue)
        meter = EmbeddingMeter(self._embedder, catalogue, self._clock, self._observer)
        try:
            yield meter
        finally:
            if meter.attempts:
                await run_to_end(self._record(meter.take(), context, purpose))

    @asynccontextmanager
    async def keeping(self, context: Context, embeddings: list[Attempt]) -> AsyncIterator[None]:
        """Calls that were taken for a record which does not come, since this ends with an error, go on record by themselves."""
        try:
            yield
        except BaseException:
            lost = embeddings[:]
            embeddings.clear()
            if lost:
                await run_to_end(self._record(lost, context, "question"))
            raise

    async def _record(self, attempts: Sequence[Attempt], context: Context, purpose: Purpose) -> None:
        embedding = Embedding.meter(self._ids(), purpose, attempts, self._clock())
        await self._store.save(embedding, context=context, tallies=tallies_of(charged_for(attempts)))
