"""A tenant's own keys of providers. They are taken, and never shown again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from application.gateway.provider_key import (
    SetProviderKey,
    provider_keys,
    remove_provider_key,
    set_provider_key,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.tenancy.state import ProviderKey
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import of_tenant, tag

Provider = Annotated[str, PathParameter(max_length=32, description="openai, gemini, together or compatible.")]


class ProviderKeyIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base_url`: another server that speaks this provider's API, as https://models.example.com/v1."""

    key: Annotated[str, Meta(min_length=1, max_length=6000)]
    base_url: Annotated[str, Meta(min_length=1, max_length=500)] | None = None

    def __repr__(self) -> str:
        return f"ProviderKeyIn(base_url={self.base_url!r})"


class ProviderKeyOut(msgspec.Struct, frozen=True, kw_only=True):
    """`ending`: the key's last four characters, empty for a short key."""

    provider: str
    base_url: str | None
    ending: str
    set_at: datetime


@get("/v1/providers/keys", scope="integrations:manage")
async def list_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[Page[ProviderKeyOut]]:
    """The providers that this tenant has a key of its own for, on one page."""
    keys, version = await provider_keys(principal.tenant, store=services.store)
    return Response(Page([_shown(key) for key in keys], None), headers=tag(version))


@put("/v1/providers/{provider:str}/key", scope="integrations:manage", versioned=of_tenant)
async def replace(
    provider: Provider,
    data: JSONBody[ProviderKeyIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ProviderKeyOut]:
    """Set this tenant's key of a provider. It wins over the deployment's, here at once, everywhere within a second."""
    command = SetProviderKey(provider=provider, key=data.key, base_url=data.base_url)
    stands = await set_provider_key(
        command, context, store=services.store, providers=services.completers, clock=services.clock
    )
    headers = await written(services, context.tenant, stands.position, stands.version)
    return Response(_shown(stands.key), headers=headers)


@delete(
    "/v1/providers/{provider:str}/key",
    status_code=204,
    scope="integrations:manage",
    versioned=of_tenant,
)
async def remove(
    provider: Provider, services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Remove this tenant's key of a provider: the deployment's counts again, if there is one."""
    position = await remove_provider_key(
        provider, context, store=services.store, providers=services.completers, clock=services.clock
    )
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


def _shown(key: ProviderKey) -> ProviderKeyOut:
    return ProviderKeyOut(provider=key.provider, base_url=key.base_url, ending=key.ending, set_at=key.set_at)


ROUTER = Router("/", route_handlers=[list_all, replace, remove], tags=["providers"])
