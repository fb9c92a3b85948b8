"""The fine-tuners that a deployment and its tenants have keys for. Implements `application.ports.FineTuners`."""

from __future__ import annotations

import asyncio
from uuid import UUID

from application.ports import FineTuner
from domain.base.errors import Refused
from infra.outgoing.client import Outgoing
from infra.providers.configured import ConfiguredCompleters, Endpoint
from infra.providers.tuning import TUNERS

KEPT = 200


class ConfiguredTuners:
    """Connections are not kept: nobody would know whether a job was heard that went out on one which the other side has just closed."""

    def __init__(self, completers: ConfiguredCompleters) -> None:
        self._completers = completers
        self._made: dict[tuple[UUID | None, str], tuple[Endpoint, FineTuner]] = {}
        self._open, self._guarded = Outgoing(guarded=False, kept=None), Outgoing(guarded=True, kept=None)

    async def tuner(self, tenant: UUID, provider: str) -> FineTuner:
        if provider not in TUNERS:
            raise Refused(f"{provider[:60]!r} tunes no models; there are {', '.join(TUNERS)}")
        endpoint = await self._completers.endpoint(tenant, provider)
        if endpoint is None or not endpoint.key:
            raise Refused(f"there is no key for {provider}; set one by PUT /v1/providers/{provider}/key")
        known = self._made.get((endpoint.owner, provider))
        if known is not None and known[0] == endpoint:
            return known[1]
        made = await asyncio.to_thread(
            TUNERS[provider],
            key=endpoint.key,
            base_url=endpoint.address,
            http=self._open if endpoint.trusted else self._guarded,
            tenants=endpoint.owner is not None,
        )
        if len(self._made) >= KEPT:
            self._made.clear()
        self._made[endpoint.owner, provider] = endpoint, made
        return made

    async def close(self) -> None:
        await self._open.aclose()
        await self._guarded.aclose()
