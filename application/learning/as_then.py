"""What a tenant had set when something was answered: settings of then, out of their streams."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from application.answers.variants import Served, reason_of, varied
from application.gateway.policy import policy_for
from application.gateway.ports import Ports
from application.gateway.tenant_settings import Chosen, settings_of
from domain.actions.actions import Actions
from domain.agents.agent import Agent, AgentConfiguration
from domain.answers.serving import Serving
from domain.answers.split import Assignment, Split
from domain.answers.tenant_prompts import Prompts
from domain.answers.wordings import SHIPPED, Wordings
from domain.base.one_per_tenant import OnePerTenant
from domain.flags.flag import Flags, FlagsState
from domain.gateway.router import Router

A = TypeVar("A", bound=OnePerTenant[Any])


class AsThen:
    """Of one tenant; each version is read once. What has no past, as limits, prices and keys, is as now."""

    def __init__(self, tenant: UUID, ports: Ports) -> None:
        self._tenant, self._ports = tenant, ports
        self._positions: dict[str, list[int]] = {}
        self._known: dict[tuple[str, int], Any] = {}
        self._splits: dict[UUID, Split] | None = None

    async def served(
        self, position: int, configuration: int, policy: int, variants: Sequence[Assignment]
    ) -> Served:
        """At a `position` of the log. Answers go by settings that are up to a second old; so of the `configuration` and the routing
        `policy` (0: as at the position) the versions are taken that are on record, as are the `variants` that the customer got."""
        now = await settings_of(self._tenant, self._ports)
        agent = await self._at(Agent, configuration)
        router = await self._at(Router, policy or await self._version(Router, position))
        flags = await self._at(Flags, await self._version(Flags, position))
        prompts = await self._at(Prompts, await self._version(Prompts, position))
        actions = await self._at(Actions, await self._version(Actions, position))
        configured = AgentConfiguration() if agent is None else agent.state.configuration
        chosen, version = policy_for(configured, router)
        settings = msgspec.structs.replace(
            now,
            configuration=configured,
            configuration_version=configuration,
            router=router,
            policy=chosen,
            policy_version=version,
            actions=() if actions is None else actions.in_order,
            actions_version=0 if actions is None else actions.version,
            flags=FlagsState() if flags is None else flags.state,
        )
        wordings = SHIPPED if prompts is None else Wordings(own=prompts.state.own)
        served = Served(settings=settings, wordings=wordings)
        for each in variants:
            split = (await self._opened()).get(each.split)
            arm = None if split is None else split.arm(each.arm)
            if split is not None and arm is not None:
                by = Chosen(by=split.kind, reason=reason_of(split, arm))
                served = varied(served, arm.variant, by)
        return msgspec.structs.replace(served, variants=tuple(variants))

    async def _version(self, kind: type[OnePerTenant[Any]], position: int) -> int:
        if kind.TOPIC not in self._positions:
            stream = self._ports.store.stream(self._tenant, kind.id_of(self._tenant))
            self._positions[kind.TOPIC] = [recorded.position async for recorded in stream]
        return bisect_right(self._positions[kind.TOPIC], position)

    async def _at(self, kind: type[A], version: int) -> A | None:
        if version < 1:
            return None
        key = (kind.TOPIC, version)
        if key not in self._known:
            self._known[key] = await self._ports.store.load(
                kind, kind.id_of(self._tenant), tenant=self._tenant, version=version
            )
        found: A = self._known[key]
        return found

    async def _opened(self) -> dict[UUID, Split]:
        if self._splits is None:
            stream = self._ports.store.stream(self._tenant, Serving.id_of(self._tenant))
            events = [recorded.event async for recorded in stream]
            opened = [event.split for event in events if isinstance(event, Serving.Opened)]
            self._splits = {split.id: split for split in opened}
        return self._splits
