"""Embeddings, every call of which is on record: whoever embeds does so within a meter, which records what nobody else has."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from application.base.setting import latest_setting
from application.base.tasks import run_to_end
from application.budgets.budget import budget_of
from application.budgets.fair_queue import FairQueue
from application.budgets.hold import Hold, refresh, release
from application.budgets.pool import ReservationPool
from application.budgets.settled_save import settled_save
from application.models.catalogue import catalogue_of
from application.ports import (
    Cache,
    CallObserver,
    Clock,
    Embedded,
    Embedders,
    Health,
    Ids,
    KeptEmbeddings,
    Keyring,
    ProviderError,
    Store,
    TextRole,
)
from application.retrieval.embedding.call import Calling
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound
from domain.budgets.budget import BudgetLimits
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt
from domain.retrieval.embedding import Embedding, Purpose
from domain.retrieval.embedding_model import LOCAL, EmbeddingModel

QUESTION_SECONDS, DOCUMENT_SECONDS = 10.0, 60.0
"""In which a call ends: somebody waits for the vector of a question."""

QUESTION_PATIENCE, DOCUMENT_PATIENCE = 5.0, 60.0
"""Seconds in which room in the budget is waited for."""

SHORTEST = 200
"""Characters to which a text is cut, at least, that is too long for its model."""

RACES = 5


class EmbeddingMeter:
    """The calls of one purpose, of the model whose vectors serve."""

    def __init__(self, calling: Calling, cache: Cache) -> None:
        self._calling, self._cache = calling, cache

    @property
    def model(self) -> str:
        """The id of the vector space, which a search in it names."""
        return self._calling.embedder.model

    @property
    def attempts(self) -> list[Attempt]:
        """Those that are on no record yet."""
        return self._calling.attempts

    async def embed(self, texts: Sequence[str], role: TextRole = "question") -> list[list[float]]:
        """Unit vectors, one a text. The very same question within some minutes is not asked for again.

        Raises what the embedder does; the call is metered all the same.
        """
        if self.model == LOCAL or role != "question" or len(texts) != 1:
            return all_of(await self._calling.call(texts, role))
        started = time.perf_counter()
        made: list[list[float]] | None = None

        async def make() -> bytes:
            nonlocal made
            made = all_of(await self._shortened(texts[0], role))
            return msgspec.msgpack.encode(made)

        key = hashlib.sha256(msgspec.msgpack.encode((self.model, role, texts))).digest()
        tenant, group = self._calling.context.tenant, self._calling.space.provider
        kept, _ = await self._cache.once(tenant, "embeddings", key, make, group=group)
        if made is not None:
            return made
        assert kept is not None
        self._calling.given_again(started)
        return msgspec.msgpack.decode(kept, type=list[list[float]])

    async def _shortened(self, text: str, role: TextRole) -> Embedded:
        """What is too long for the model is embedded by its beginning."""
        while True:
            try:
                return await self._calling.call([text], role)
            except ProviderError as error:
                if error.outcome != "context_too_long" or len(text) // 2 < SHORTEST:
                    raise
                text = text[: len(text) // 2]

    def take(self) -> list[Attempt]:
        """The calls so far, for whoever puts them on record with an event of its own."""
        taken = self.attempts[:]
        self.attempts.clear()
        return taken


def all_of(embedded: Embedded) -> list[list[float]]:
    """Raises ProviderError where a text has no vector."""
    vectors = [list(each) for each in embedded.vectors if each is not None]
    if len(vectors) < len(embedded.vectors):
        raise ProviderError("incomplete", "the server gave fewer vectors than there are texts")
    return vectors


@dataclass(frozen=True, kw_only=True)
class MeteredEmbedder:
    """The embedder that use cases get: there is none without a meter. `catalogue` is the shipped one."""

    embedders: Embedders
    kept: KeptEmbeddings
    keyring: Keyring
    catalogue: Catalogue
    store: Store
    clock: Clock
    ids: Ids
    cache: Cache
    health: Health
    reservation_pool: ReservationPool | None = None
    budget_queue: FairQueue = field(default_factory=FairQueue)
    observer: CallObserver | None = None
    ours: dict[tuple[str, ...], list[list[float]]] = field(default_factory=dict)

    def load(self) -> None:
        self.embedders.local.load()

    async def serving(self, tenant: UUID) -> str:
        """The id of the vector space that is searched; at most a second old."""
        found = await latest_setting(EmbeddingModel, tenant, store=self.store)
        return LOCAL if found is None else found.state.serving or LOCAL

    async def of_ours(self, texts: tuple[str, ...]) -> list[list[float]]:
        """The built-in model's vectors of texts that are the product's own, made once a process: no tenant has asked for them, none pays."""
        if texts not in self.ours:
            self.ours[texts] = await self.like_ours(texts)
        return self.ours[texts]

    async def like_ours(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors to be compared with those: for our own sake, and so nobody's to pay."""
        return all_of(await self.embedders.local.embed(texts, "question"))

    @asynccontextmanager
    async def metering(
        self,
        context: Context,
        purpose: Purpose,
        *,
        model: str | None = None,
        hold: Hold | None = None,
        interaction: UUID | None = None,
    ) -> AsyncIterator[EmbeddingMeter]:
        """At its end, however it comes, what was not taken from the meter goes on record.

        `model`: another vector space than the one that serves. `hold` and `interaction` of whoever puts the calls on record, and settles them;
        without them that is done here. Raises Refused where the model can't be asked.
        """
        model = await self.serving(context.tenant) if model is None else model
        id = self.ids()
        calling = await self.calling(model, context, hold or Hold(), interaction or id)
        calling.seconds, calling.patience = QUESTION_SECONDS, QUESTION_PATIENCE
        meter = EmbeddingMeter(calling, self.cache)
        try:
            yield meter
        finally:
            own = Hold() if hold is not None else calling.hold
            if meter.attempts:
                await run_to_end(self.record(id, purpose, meter.take(), own, context))
            elif own.reservations:
                await run_to_end(release(own, id, context, store=self.store, clock=self.clock))

    async def calling(self, model: str, context: Context, hold: Hold, interaction: UUID) -> Calling:
        """Calls of a model, for whoever puts them on record. Raises Refused."""
        budget = await budget_of(context.tenant, store=self.store)
        limits = BudgetLimits() if budget is None else budget.state.limits
        catalogue = await catalogue_of(context.tenant, store=self.store, shipped=self.catalogue)
        return Calling(
            embedder=await self.embedders.find(context.tenant, model),
            catalogue=catalogue.under(limits.ceiling),
            context=context,
            interaction=interaction,
            hold=hold,
            ports=self,
            patience=DOCUMENT_PATIENCE,
            seconds=DOCUMENT_SECONDS,
        )

    @asynccontextmanager
    async def keeping(
        self,
        context: Context,
        embeddings: list[Attempt],
        purpose: Purpose = "question",
        *,
        hold: Hold | None = None,
    ) -> AsyncIterator[None]:
        """Calls that were taken for a record which does not come, since this ends with an error, go on record by themselves. What the caller's
        `hold` has for them is named there, and is the caller's to give back."""
        try:
            yield
        except BaseException:
            lost = embeddings[:]
            embeddings.clear()
            if lost:
                named = Hold(given_back=[] if hold is None else hold.reserved)
                await run_to_end(self.record(self.ids(), purpose, lost, named, context))
            raise

    async def record(
        self,
        id: UUID,
        purpose: Purpose,
        attempts: Sequence[Attempt],
        hold: Hold,
        context: Context,
        document: UUID | None = None,
    ) -> None:
        """Put calls on record, once: whoever comes second with this `id` does nothing. What is held for them is settled."""
        for race in range(RACES):
            reserved = hold.reserved
            made = Embedding.meter(
                id, purpose, attempts, self.clock(), document=document, reservations=reserved
            )
            try:
                await settled_save(made, attempts, hold, id, context, self)
                return
            except Conflict:
                if await self._is_recorded(id, context):
                    await release(hold, id, context, store=self.store, clock=self.clock)
                    return
                if race == RACES - 1:
                    raise
                await refresh(hold, context.tenant, self.store)

    async def _is_recorded(self, id: UUID, context: Context) -> bool:
        try:
            await self.store.load(Embedding, id, tenant=context.tenant)
        except NotFound:
            return False
        return True
