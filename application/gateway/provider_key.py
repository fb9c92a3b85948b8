"""A tenant's own keys of providers: its calls go with them, and it pays them itself."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.gateway.policy import default_routing
from application.ports import Clock, KeyedProviders, Store
from domain.base.context import Context
from domain.tenancy.state import ProviderKey
from domain.tenancy.tenant import Tenant


class SetProviderKey(msgspec.Struct, frozen=True, kw_only=True):
    """`base_url`: another server that speaks the provider's API; None: the usual one."""

    provider: str
    key: str
    base_url: str | None = None

    def __repr__(self) -> str:
        return f"SetProviderKey(provider={self.provider!r}, base_url={self.base_url!r})"


class ProviderKeyStands(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 where this very key stood there already."""

    key: ProviderKey
    version: int
    position: int


async def set_provider_key(
    command: SetProviderKey, context: Context, *, store: Store, providers: KeyedProviders, clock: Clock
) -> ProviderKeyStands:
    """From now on here, and within a second everywhere, calls go with it. Raises Refused for a provider or an address that can't be."""

    def decide(tenant: Tenant) -> None:
        tenant.set_provider_key(command.provider, command.key, command.base_url, clock())

    # What is wrong by itself is told first.
    decide(await store.load(Tenant, context.tenant, tenant=context.tenant))
    await providers.check(command.provider, command.base_url)
    found, saved = await amend(Tenant, context.tenant, decide, context=context, store=store)
    defaulted = await default_routing(context, store=store, providers=providers, clock=clock)
    key = found.state.provider_keys[command.provider]
    return ProviderKeyStands(key=key, version=found.version, position=max(saved.position, defaulted))


async def remove_provider_key(
    provider: str, context: Context, *, store: Store, providers: KeyedProviders, clock: Clock
) -> int:
    """Calls go with the deployment's key again, if there is one. Returns the position. Raises NotFound."""
    _, saved = await amend(
        Tenant,
        context.tenant,
        lambda tenant: tenant.remove_provider_key(provider, clock()),
        context=context,
        store=store,
    )
    defaulted = await default_routing(context, store=store, providers=providers, clock=clock)
    return max(saved.position, defaulted)


async def provider_keys(tenant: UUID, *, store: Store) -> tuple[Sequence[ProviderKey], int]:
    """By provider, with the tenant's version. Nobody is to be shown more of a key than its `ending`."""
    found = await store.load(Tenant, tenant, tenant=tenant)
    return [key for _, key in sorted(found.state.provider_keys.items())], found.version
