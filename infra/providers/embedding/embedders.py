"""The embedding models that a deployment and its tenants have keys for. Implements `application.ports.Embedders`."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from uuid import UUID

from application.ports import Counter, Embedder
from domain.retrieval.embedding_model import LOCAL, NARROW, ModelMissing, VectorSpace, space_named
from infra.outgoing.client import Outgoing
from infra.providers import PROVIDERS
from infra.providers.configured import ConfiguredCompleters, Endpoint

KEPT = 500
"""Models, with keys, that a process keeps; they share its connections."""

OPENAI = VectorSpace("openai", "text-embedding-3-small", NARROW).id
"""The default where OpenAI itself is asked with a key."""


class ConfiguredEmbedders:
    """`default`: the deployment's choice; None: OpenAI's where there is a key for it, else the built-in one."""

    def __init__(
        self, completers: ConfiguredCompleters, local: Embedder, counter: Counter, default: str | None = None
    ) -> None:
        self.local = local
        self._completers, self._counter, self._default = completers, counter, default
        self._made: OrderedDict[tuple[UUID | None, str], tuple[Endpoint, Embedder]] = OrderedDict()
        self._open, self._guarded = Outgoing(guarded=False), Outgoing(guarded=True)

    async def find(self, tenant: UUID, model: str) -> Embedder:
        if model == self.local.model:
            return self.local
        space = space_named(model)
        provider = PROVIDERS.get(space.provider)
        if provider is None or provider.embed is None:
            there = ", ".join(["local", *(name for name, each in PROVIDERS.items() if each.embed)])
            raise ModelMissing(
                f"{space.provider[:60]!r} has no embedding models here; there are those of {there}"
            )
        endpoint = await self._completers.endpoint(tenant, space.provider)
        if endpoint is None:
            raise ModelMissing(
                f"there is no key for {space.provider}, whose model {space.name} is to embed; "
                f"set one by PUT /v1/providers/{space.provider}/key"
            )
        place = endpoint.owner, model
        known = self._made.get(place)
        if known is not None and known[0] == endpoint:
            self._made.move_to_end(place)
            return known[1]
        made = await asyncio.to_thread(
            provider.embed,
            space,
            key=endpoint.key,
            base_url=endpoint.address,
            http=self._open if endpoint.trusted else self._guarded,
            counter=self._counter,
            owner=endpoint.owner,
        )
        self._made[place] = endpoint, made
        if len(self._made) > KEPT:
            self._made.popitem(last=False)
        return made

    async def default(self, tenant: UUID) -> str:
        if self._default is not None:
            return self._default
        endpoint = await self._completers.endpoint(tenant, "openai")
        vendors = endpoint is not None and endpoint.key and endpoint.address == PROVIDERS["openai"].base_url
        return OPENAI if vendors else LOCAL

    async def close(self) -> None:
        await self._open.aclose()
        await self._guarded.aclose()
