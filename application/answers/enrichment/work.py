"""The work of answers: products are looked up on the internet, ahead of questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from application.answers.enrichment.enrich import EnrichProduct, enrich_product
from application.answers.enrichment.enrich import Ports as Enriching
from application.base.work import context_of
from application.ports import ENRICH_WORK, Item, Kind


class Ports(Enriching, Protocol):
    """What the handlers need."""


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_enrich_product(item: Item) -> None:
        await enrich_product(EnrichProduct(product=UUID(item.key)), context_of(item, p.ids), p)

    return {ENRICH_WORK: Kind(handler=do_enrich_product, attempts=20, lease=60.0)}
