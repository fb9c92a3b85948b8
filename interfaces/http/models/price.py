"""`/v1/prices`: what models cost, a tenant's own prices, and corrections of wrong or late ones."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from application.models.catalogue import (
    CorrectPrice,
    PriceTerms,
    SetPrice,
    correct_price,
    overrides_of,
    set_price,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.models.pricing import LongContext, Price, ServiceTier
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag

Name = Annotated[str, Meta(min_length=3, max_length=200)]
Model = Annotated[str | None, QueryParameter(max_length=200, description="Only this one's, provider/name.")]


class PriceOut(msgspec.Struct, frozen=True, kw_only=True):
    """USD per million tokens, from `since` until before `until`. `cached` and `cache_write` null: as other input.

    Above a `long_context`'s number of input tokens the whole request costs as it says; one that a service tier has served costs as that
    tier's row of `service_tiers` says. Of several prices that hold at a moment the
    tenant's last one counts. `corrected_by`: the price that was set because this one was wrong or late.
    """

    id: str
    model: str
    source: Literal["shipped", "tenant"]
    input: Decimal
    output: Decimal
    cached: Decimal | None
    cache_write: Decimal | None
    long_context: tuple[LongContext, ...]
    service_tiers: tuple[ServiceTier, ...]
    since: datetime
    until: datetime | None
    corrected_by: str | None = None


class PriceIn(PriceTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model` is provider/name; `since` is now unless told."""

    model: Name
    since: datetime | None = None
    until: datetime | None = None


class CorrectionIn(PriceTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`corrects` is the id of the price that was wrong or is out of date. `since` may lie in the past; unless told, it and `until`
    are those of the corrected price."""

    corrects: Annotated[str, Meta(min_length=3, max_length=300)]
    since: datetime | None = None
    until: datetime | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


@get("/v1/prices", scope="analytics:view")
async def list_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal], model: Model = None
) -> Response[Page[PriceOut]]:
    """All prices that were ever known here, corrected ones too; the shipped ones first. `next_cursor` is always null."""
    catalogue, corrected, version = await overrides_of(
        principal.tenant, store=services.store, shipped=services.catalogue
    )
    named = None if model is None else catalogue.canonical(model)
    wanted = [price for price in catalogue.prices() if named in (None, price.names)]
    shown = [shown_price(price, corrected.get(price.id)) for price in wanted]
    return Response(Page(shown, None), headers=tag(version))


@put("/v1/prices", scope="tenants:admin", versioned=one(CatalogueOverrides.id_of))
async def replace(
    data: JSONBody[PriceIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[PriceOut]:
    """A price of the tenant's own, from now or a later time on; the open one before it ends then.

    422 where it overlaps another one, or would change the past: that is a correction.
    """
    command = SetPrice(model=data.model, terms=_terms(data), since=data.since, until=data.until)
    price, changed = await set_price(
        command, context, store=services.store, shipped=services.catalogue, clock=services.clock
    )
    headers = await written(services, context.tenant, changed.position, changed.version)
    return Response(shown_price(price), headers=headers)


@post(
    "/v1/prices/corrections",
    status_code=201,
    scope="tenants:admin",
    versioned=one(CatalogueOverrides.id_of),
)
async def correct(
    data: JSONBody[CorrectionIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[PriceOut]:
    """Correct a wrong or late price, for the past too. What was charged stays as it is; `retrace replay prices` tells the difference."""
    command = CorrectPrice(
        corrects=data.corrects, terms=_terms(data), since=data.since, until=data.until, reason=data.reason
    )
    price, changed = await correct_price(
        command, context, store=services.store, shipped=services.catalogue, clock=services.clock
    )
    headers = await written(services, context.tenant, changed.position, changed.version)
    return Response(shown_price(price), status_code=201, headers=headers)


def shown_price(price: Price, corrected_by: str | None = None) -> PriceOut:
    return PriceOut(
        id=price.id,
        model=price.names,
        source="tenant" if price.revision.isdigit() else "shipped",
        input=price.input,
        output=price.output,
        cached=price.cached,
        cache_write=price.cache_write,
        long_context=price.long_context,
        service_tiers=price.service_tiers,
        since=price.since,
        until=price.until,
        corrected_by=corrected_by,
    )


def _terms(data: PriceTerms) -> PriceTerms:
    return PriceTerms(**{name: getattr(data, name) for name in PriceTerms.__struct_fields__})


ROUTER = Router("/", route_handlers=[list_all, replace, correct], tags=["providers"])
