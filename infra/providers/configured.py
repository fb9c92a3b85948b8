"""The providers that a deployment and its tenants have keys for. Implements `application.ports.Completers` and `KeyedProviders`."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from application.ports import Completer, Counter, Store
from domain.base.errors import NotFound, Refused
from domain.gateway.default_policy import ProviderTiers
from domain.models.catalogue import Catalogue
from domain.tenancy.state import ProviderKey
from domain.tenancy.tenant import Tenant
from infra.outgoing.addresses import check_public
from infra.outgoing.client import Outgoing
from infra.providers import PROVIDERS
from infra.providers.access import NOTHING, Accesses, ProviderAccess
from infra.providers.deployments import address_of, deployments
from infra.providers.local.completer import LocalCompleter
from infra.retrieval.embedding import WordLlamaEmbedder

KEPT = 1_000
"""Completers with tenants' own keys that a process keeps; they share its connections."""


class Endpoint(NamedTuple):
    """Where a tenant's calls of a provider go, and with which key. `trusted`: the deployment has chosen the address. `owner`: the tenant
    whose own key it is; None: the deployment's."""

    key: str
    address: str
    trusted: bool
    owner: UUID | None


class ConfiguredCompleters:
    """Those that the deployment has a key or an address for, and those with tenants' own."""

    def __init__(
        self,
        accesses: Accesses,
        embedder: WordLlamaEmbedder,
        *,
        allow_private_addresses: bool,
        store: Store,
        catalogue: Catalogue,
        counter: Counter,
    ) -> None:
        self._accesses, self._allow_private = accesses, allow_private_addresses
        self._store, self._catalogue, self._counter = store, catalogue, counter
        self._made: dict[str, Completer] = {"local": LocalCompleter(embedder)}
        self._own: OrderedDict[tuple[UUID, str], tuple[ProviderKey, Completer]] = OrderedDict()
        self._open, self._guarded = Outgoing(guarded=False), Outgoing(guarded=True)

    async def load(self) -> None:
        """Make the deployment's now, instead of at their first use."""
        for name in self._deployments():
            await self._of_deployment(name)

    async def find(self, tenant: UUID, provider: str) -> Completer:
        if provider in PROVIDERS and (key := await self._key(tenant, provider)) is not None:
            known = self._own.get((tenant, provider))
            if known is not None and known[0] == key:
                self._own.move_to_end((tenant, provider))
                return known[1]
            made = await self._of_tenant(tenant, provider, key)
            self._own[tenant, provider] = key, made
            if len(self._own) > KEPT:
                self._own.popitem(last=False)
            return made
        return await self._of_deployment(provider)

    async def check(self, provider: str, base_url: str | None) -> None:
        """Raises NotFound for a provider that takes no key, Refused where it can't be asked at this address."""
        if provider not in PROVIDERS:
            raise NotFound(
                f"there is no provider {provider!r} that takes a key; there are {', '.join(PROVIDERS)}"
            )
        if base_url is None:
            if self._address(provider) is None:
                raise Refused(f"the provider {provider} has no address of its own; give its base_url")
        elif not self._allow_private:
            parts = urlsplit(base_url)
            if parts.scheme != "https":
                raise Refused("base_url must begin with https://, since the key goes there")
            await check_public("base_url", parts.hostname or "", parts.port or 443)

    def tiers(self, own: Mapping[str, ProviderKey], at: datetime) -> Sequence[ProviderTiers]:
        """Of the providers that a tenant with keys of its `own` can ask at the vendor's address, with what is not retired at `at`."""
        deployments, found = self._deployments(), []
        for name, provider in PROVIDERS.items():
            key = own.get(name)
            keyed = key is not None or (name in deployments and bool(self._access(name).api_key))
            elsewhere = self._access(name).base_url or (key is not None and key.base_url)
            if provider.tiers is not None and keyed and not elsewhere:
                found.append(self._current(provider.tiers, at))
        return found

    def _current(self, tiers: ProviderTiers, at: datetime) -> ProviderTiers:
        """With successors, of the same provider, in the place of what is retired."""

        def current(name: str) -> str:
            model = self._catalogue.find(tiers.provider, name)
            if model is None or not model.retired(at):
                return name
            provider, _, successor = (self._catalogue.successor(model, at) or "").partition("/")
            return successor if provider == tiers.provider else name

        names = msgspec.structs.asdict(tiers)
        del names["provider"]
        return ProviderTiers(provider=tiers.provider, **{tier: current(name) for tier, name in names.items()})

    async def close(self) -> None:
        await self._open.aclose()
        await self._guarded.aclose()

    async def _key(self, tenant: UUID, provider: str) -> ProviderKey | None:
        try:
            found = await self._store.latest(Tenant, tenant, tenant=tenant)
        except NotFound:  # a log that was begun without its tenant
            return None
        return found.state.provider_keys.get(provider)

    async def endpoint(self, tenant: UUID, provider: str) -> Endpoint | None:
        """None where neither the tenant nor the deployment has what it takes. Raises Refused for a key without an address."""
        if provider in PROVIDERS and (key := await self._key(tenant, provider)) is not None:
            return self._tenants(tenant, provider, key)
        return self._deployments_own(provider) if provider in self._deployments() else None

    def _deployments_own(self, name: str) -> Endpoint:
        return Endpoint(str(self._access(name).api_key or ""), self._address(name) or "", True, None)

    def _tenants(self, tenant: UUID, name: str, key: ProviderKey) -> Endpoint:
        """Raises Refused."""
        address = key.base_url or self._address(name)
        if address is None:
            raise Refused(f"the provider {name} has no address of its own; set its key with a base_url")
        trusted = key.base_url is None or self._allow_private
        return Endpoint(key.key.decode(), address, trusted, tenant)

    async def _of_deployment(self, name: str) -> Completer:
        if name not in self._made:
            if name not in self._deployments():
                raise Refused(
                    f"there is no provider {name!r} here; there are {', '.join(['local', *self._deployments()])}"
                )
            self._made[name] = await self._make(name, self._deployments_own(name))
        return self._made[name]

    async def _of_tenant(self, tenant: UUID, name: str, key: ProviderKey) -> Completer:
        return await self._make(name, self._tenants(tenant, name, key))

    async def _make(self, name: str, endpoint: Endpoint) -> Completer:
        return await asyncio.to_thread(
            PROVIDERS[name].make,
            name=name,
            key=endpoint.key,
            base_url=endpoint.address,
            http=self._open if endpoint.trusted else self._guarded,
            counter=self._counter,
            abilities=partial(self._abilities, name),
            owner=endpoint.owner,
        )

    def _abilities(self, provider: str, model: str) -> frozenset[str]:
        """The catalogue's; of models that are not in it, what most have."""
        known = self._catalogue.find(provider, model)
        if known is not None:
            return known.abilities
        thinking = PROVIDERS[provider].thinking
        thinks = thinking is not None and re.match(thinking, model) is not None
        return frozenset({"stream", "system", "reasoning"} if thinks else {"stream", "system"})

    def _deployments(self) -> list[str]:
        """Names of those that the deployment has what they need for."""
        return deployments(self._accesses)

    def _address(self, name: str) -> str | None:
        """Where the deployment asks it: at the address that it was given, else at the vendor's."""
        return address_of(self._accesses, name)

    def _access(self, name: str) -> ProviderAccess:
        return self._accesses.get(name, NOTHING)
