"""`/v1/models`: what can be asked, in OpenAI's list format with our facts beside it; models of a tenant's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from application.models.catalogue import SetModel, set_model, versioned_catalogue
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound, Refused
from domain.models.catalogue import Catalogue, Kind, Model, named
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.models.pricing import LONGEST_CONTEXT
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag
from interfaces.http.models.price import PriceOut, shown_price

Tokens = Annotated[int, Meta(ge=1, le=LONGEST_CONTEXT)]
Name = Annotated[str, Meta(min_length=3, max_length=200)]

OURS = {"agent": "the tenant's agent, with its documents", "auto": "the messages as they are, routed"}


class ModelOut(msgspec.Struct, frozen=True, kw_only=True):
    """The first four are OpenAI's: `created` in seconds since 1970, of the first price that is known, else 0.

    `retired` ones answer no more; `successor` is what to take instead. `assumed`: the window is a careful guess.
    """

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    kind: Kind
    context_window: int | None = None
    max_output: int | None = None
    dimensions: int | None = None
    abilities: tuple[str, ...] = ()
    retired: bool = False
    retires_at: datetime | None = None
    successor: str | None = None
    assumed: bool = False
    price: PriceOut | None = None
    description: str | None = None


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    object: Literal["list"] = "list"
    data: Sequence[ModelOut]


class ModelIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id` is provider/name. `context_window`: tokens of prompt and answer together."""

    id: Name
    kind: Kind = "chat"
    context_window: Tokens
    max_output: Tokens | None = None
    dimensions: Tokens | None = None
    abilities: frozenset[Annotated[str, Meta(min_length=1, max_length=40)]] = frozenset({"stream", "system"})
    retires_at: datetime | None = None
    successor: Name | None = None


@get("/v1/models", scope="conversations:write")
async def list_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ModelList]:
    """`agent` and `auto`, then the models that are not retired of the providers that this tenant can reach."""
    catalogue, version = await versioned_catalogue(
        principal.tenant, store=services.store, shipped=services.catalogue
    )
    now = services.clock()
    alive = [model for model in catalogue.models() if not model.retired(now)]
    reached = {
        provider
        for provider in {model.provider for model in alive}
        if await _reaches(services, principal.tenant, provider)
    }
    began = _began(catalogue)
    shown = [_shown(catalogue, model, began, now) for model in alive if model.provider in reached]
    return Response(ModelList(data=[*map(_ours, OURS), *shown]), headers=tag(version))


@get("/v1/models/{id:path}", scope="conversations:write")
async def read(
    id: FromPath[str], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ModelOut]:
    """A model by its id, `provider/name`; a retired one too, with its successor."""
    id = id.strip("/ ")
    catalogue, version = await versioned_catalogue(
        principal.tenant, store=services.store, shipped=services.catalogue
    )
    if id in OURS:
        return Response(_ours(id), headers=tag(version))
    model = catalogue.get(id)
    if model is None:
        raise NotFound(f"there is no model {id[:200]!r} on the list; GET /v1/models has what there is")
    shown = _shown(catalogue, model, _began(catalogue), services.clock())
    return Response(shown, headers=tag(version))


@put("/v1/models", scope="tenants:admin", versioned=one(CatalogueOverrides.id_of))
async def replace(
    data: JSONBody[ModelIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ModelOut]:
    """Add a model, as one of a server of the tenant's own, or put other facts in the place of a model's."""
    provider, name = named(data.id.strip())
    facts = {field: getattr(data, field) for field in ModelIn.__struct_fields__ if field != "id"}
    changed = await set_model(
        SetModel(model=Model(provider=provider, name=name, **facts)),
        context,
        store=services.store,
        shipped=services.catalogue,
        clock=services.clock,
    )
    model = changed.catalogue.find(provider, name)
    assert model is not None
    shown = _shown(changed.catalogue, model, _began(changed.catalogue), services.clock())
    headers = await written(services, context.tenant, changed.position, changed.version)
    return Response(shown, headers=headers)


async def _reaches(services: Services, tenant: UUID, provider: str) -> bool:
    try:
        await services.completers.find(tenant, provider)
    except Refused:
        return False
    return True


def _ours(id: str) -> ModelOut:
    return ModelOut(id=id, created=0, owned_by="retrace", kind="chat", description=OURS[id])


def _began(catalogue: Catalogue) -> dict[str, int]:
    """provider/name → when its first price began, in seconds since 1970."""
    began: dict[str, int] = {}
    for price in catalogue.prices():
        since = int(price.since.timestamp())
        began[price.names] = min(since, began.get(price.names, since))
    return began


def _shown(catalogue: Catalogue, model: Model, began: Mapping[str, int], now: datetime) -> ModelOut:
    price = catalogue.price(model.provider, model.name, now)
    return ModelOut(
        id=model.id,
        created=began.get(model.id, 0),
        owned_by=model.provider,
        kind=model.kind,
        context_window=model.context_window,
        max_output=model.max_output,
        dimensions=model.dimensions,
        abilities=tuple(sorted(model.abilities)),
        retired=model.retired(now),
        retires_at=model.retires_at,
        successor=model.successor,
        assumed=model.assumed,
        price=shown_price(price) if price else None,
    )


ROUTER = Router("/", route_handlers=[list_all, read, replace], tags=["providers"])
