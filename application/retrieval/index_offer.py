"""An offer of the catalogue is embedded and found like a document, as the shop says it is: work, due by each change of what it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

import msgspec

from application.ports import Chunk, Clock, Keyring, ProviderError, Store, Vectors
from application.retrieval.chunks import passage_id
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.model import serving_now
from application.retrieval.embedding.passages import EmbeddedPassages, embed_passages
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound
from domain.budgets.budget import BudgetRefusal
from domain.retrieval.embedding_model import ModelMissing
from domain.retrieval.offer_text import offer_text
from domain.shop.catalogue import OfferKind
from domain.shop.offer import Offer
from domain.shop.product import Product
from domain.shop.service import Service

AGAIN = 15.0
"""Seconds after which it is tried again."""

RACES = 10
"""How often it is put in place again, where its stock has changed meanwhile."""


class IndexOffer(msgspec.Struct, frozen=True, kw_only=True):
    kind: OfferKind
    id: UUID


def offer_in(key: str) -> IndexOffer:
    """That a row of work names."""
    kind, _, id = key.partition("/")
    (found,) = (each for each in get_args(OfferKind) if each == kind)
    return IndexOffer(kind=found, id=UUID(id))


async def index_offer(
    command: IndexOffer,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    embedder: MeteredEmbedder,
    vectors: Vectors,
    clock: Clock,
) -> datetime | None:
    """What it is now is found from now on, and nothing of what it was; nothing at all of what is not offered. Safe to repeat.

    Returns when to try again, where the embedding model can't be asked now, or where the offer changes again and again.
    """
    tenant = context.tenant
    made: EmbeddedPassages | None = None
    told = ""
    for _ in range(RACES):
        offer, version = await _offered(command, tenant, store)
        if offer is None:
            await vectors.delete(tenant, command.id, before=version)
            return None
        if made is None or offer_text(offer) != told:
            told = offer_text(offer)
            try:
                model = await serving_now(
                    context, embedder=embedder, vectors=vectors, store=store, clock=clock
                )
                made = await embed_passages(command.id, [told], context, embedder, model=model)
            except (ProviderError, BudgetRefusal, ModelMissing) as error:
                after = getattr(error, "retry_after", None) or 0
                return clock() + timedelta(seconds=max(AGAIN, after))
        chunk = Chunk(
            id=await passage_id(tenant, command.id.hex, told, keyring),
            ordinal=0,
            page=None,
            section=None,
            tokens=embedder.embedders.local.count_tokens(told),
            text=told,
            embedding=made.vectors[0],
        )
        try:
            await vectors.replace(
                tenant, command.id, offer.name, made.model, [chunk], source="shop", revision=version
            )
            return None
        except Conflict:  # something of it has changed, its stock perhaps
            continue
    return clock() + timedelta(seconds=AGAIN)


async def _offered(command: IndexOffer, tenant: UUID, store: Store) -> tuple[Offer | None, int]:
    """And its version; None where it is not offered."""
    kind = Product if command.kind == "product" else Service
    found: Product | Service = await store.load(kind, command.id, tenant=tenant)
    try:
        offer = found.existing()
    except NotFound:
        return None, found.version
    return (offer if offer.active else None), found.version
