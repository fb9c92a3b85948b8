"""A change of the embedding model: all passages are embedded anew beside the vectors that serve, then the new ones serve, then the old ones go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from application.base.setting import change_setting, load_setting
from application.ports import Clock, Keyring, ProviderError, Store, Vectors
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.passages import embed_passages
from application.retrieval.knowledge.indexing import embed_entry
from domain.base.context import Context
from domain.budgets.budget import BudgetRefusal
from domain.models.completion import Source
from domain.retrieval.embedding_model import LOCAL, EmbeddingModel, ModelMissing

SLICE = 60.0
"""Seconds after which others of the tenant's have their turn."""

AT_ONCE = 20
"""Documents that are looked up together."""

GRACE = timedelta(seconds=30)
"""For which the vectors stay that served before: who has just read which ones serve still searches them."""

FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=5)
"""Before a model is asked again that could not be, and at most: half as long as it has been waiting."""


async def change_embedding_model(
    context: Context,
    *,
    embedder: MeteredEmbedder,
    vectors: Vectors,
    store: Store,
    keyring: Keyring,
    clock: Clock,
) -> datetime | None:
    """A part of it; returns when to go on, None at its end. Nothing is paid for twice, whatever stops it.

    Passages that came into the index beside it, by the model that served then, are embedded too, before the old vectors go.
    """
    found = await load_setting(EmbeddingModel, context.tenant, store=store)
    if found is None:
        return None
    state = found.state
    target = state.coming or state.serving or LOCAL
    changing = _Changing(target, context, embedder, vectors, store, keyring)
    try:
        if not await changing.some():
            return clock()
    except (ProviderError, BudgetRefusal, ModelMissing) as error:
        return await _delayed(error, context, store=store, clock=clock)
    if state.coming is not None:

        def decide(setting: EmbeddingModel) -> None:
            if setting.state.coming == target:  # else it was called off meanwhile
                setting.serve(target, setting.state.coming_dimension, "tenant", clock())

        await change_setting(EmbeddingModel, decide, context, store=store, clock=clock)
        return clock() + GRACE
    if state.served_at is not None and clock() < state.served_at + GRACE:
        return state.served_at + GRACE
    await vectors.keep_only(context.tenant, target)
    return None


class _Changing:
    def __init__(
        self,
        model: str,
        context: Context,
        embedder: MeteredEmbedder,
        vectors: Vectors,
        store: Store,
        keyring: Keyring,
    ) -> None:
        self._model, self._context, self._embedder = model, context, embedder
        self._vectors, self._store, self._keyring = vectors, store, keyring

    async def some(self) -> bool:
        """Embed what has no vectors of the model yet, for a while. Whether nothing is left."""
        until, tenant = time.monotonic() + SLICE, self._context.tenant
        seen: list[UUID] = []
        while documents := await self._vectors.lacking(tenant, self._model, AT_ONCE, seen):
            for document, source in documents:
                await self._one(document, source)
                seen.append(document)  # one that was erased, or changed, meanwhile comes by itself
                if time.monotonic() > until:
                    return False
        return True

    async def _one(self, document: UUID, source: Source) -> None:
        tenant, model = self._context.tenant, self._model
        if source == "knowledge":
            ordered: Sequence[tuple[int, str]]
            ordered, made = await embed_entry(
                document,
                model,
                self._context,
                store=self._store,
                keyring=self._keyring,
                embedder=self._embedder,
            )
        else:
            kept = await self._vectors.texts(tenant, document)
            ordered = [(each.ordinal, each.id) for each in kept]
            texts = [each.text for each in kept]
            made = (await embed_passages(document, texts, self._context, self._embedder, model=model)).vectors
        await self._vectors.add(tenant, document, model, dict(zip(ordered, made, strict=True)))


async def _delayed(
    error: ProviderError | BudgetRefusal | ModelMissing, context: Context, *, store: Store, clock: Clock
) -> datetime:
    """It says why it waits, once for each reason."""
    at = clock()

    def decide(setting: EmbeddingModel) -> None:
        setting.delay(error.detail, at)

    changed = await change_setting(EmbeddingModel, decide, context, store=store, clock=clock)
    since = changed.setting.state.delayed_since or at
    asked = timedelta(seconds=min(getattr(error, "retry_after", None) or 0, 900))
    return at + max(min(max((at - since) / 2, FIRST), LONGEST), asked)
