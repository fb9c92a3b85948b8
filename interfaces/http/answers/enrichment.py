"""What the internet says of a product: read, and asked for ahead of questions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.answers.enrichment.enrich import EnrichProduct, enrichment_found, want_enrichment
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.retrieval.internet.enrichment import EnrichmentState, Found, WebFact
from domain.shop.product import Product
from interfaces.bootstrap import Services
from interfaces.http.base.position import written


class EnrichmentOut(msgspec.Struct, frozen=True, kw_only=True):
    """`outcome` of the latest search, at `tried_at`, null before the first one; `reason`: why it failed. `facts` are as of `found_at`. `cost`, in USD, is that of the
    models that made facts of pages; searches themselves are billed by their vendor."""

    product: UUID
    query: str
    outcome: Found | None
    reason: str
    facts: tuple[WebFact, ...]
    wanted_at: datetime | None
    tried_at: datetime | None
    found_at: datetime | None
    cost: Decimal


@get("/v1/catalog/products/{product:uuid}/enrichment", scope="integrations:manage")
async def read(
    product: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> EnrichmentOut:
    """What was found of a product, by the latest search."""
    (await services.store.load(Product, product, tenant=principal.tenant)).existing()
    found = await enrichment_found(product, principal.tenant, services.store)
    if found is None:
        raise NotFound(f"the product {product} was never looked up")
    return _shown(product, found.state)


@post("/v1/catalog/products/{product:uuid}/enrichment", status_code=202, scope="integrations:manage")
async def want(
    product: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[EnrichmentOut]:
    """Have a product looked up now, unless it was within the day."""
    position = await want_enrichment(EnrichProduct(product=product), context, services)
    found = await enrichment_found(product, context.tenant, services.store)
    state = EnrichmentState(product=product) if found is None else found.state
    return Response(
        _shown(product, state), status_code=202, headers=await written(services, context.tenant, position)
    )


def _shown(product: UUID, state: EnrichmentState) -> EnrichmentOut:
    names = set(EnrichmentOut.__struct_fields__) - {"product"}
    return EnrichmentOut(product=product, **{name: getattr(state, name) for name in names})


ROUTER = Router("/", route_handlers=[read, want], tags=["shop"])
