"""The version of the agent that is in force for all: read as a whole, and put in force as a whole, in the streams where its parts live."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from application.base.setting import load_setting
from application.gateway.policy import policy_for
from application.ports import Store
from domain.agents.agent import Agent, AgentConfiguration
from domain.answers.tenant_prompts import Prompts
from domain.answers.variant import CHOOSING, Variant
from domain.answers.wordings import Wording
from domain.base.aggregate import Aggregate
from domain.base.one_per_tenant import OnePerTenant
from domain.experiments.version import AgentVersion, Versions
from domain.gateway.router import Router

A = TypeVar("A", bound=OnePerTenant[Any])


class InForce(msgspec.Struct, kw_only=True):
    """The tenant's own aggregates, to be changed and saved; None: nothing was ever set."""

    tenant: UUID
    agent: Agent | None
    router: Router | None
    prompts: Prompts | None

    @property
    def version(self) -> AgentVersion:
        return _version(self.agent, self.router, self.prompts)

    @property
    def versions(self) -> Versions:
        """Where the log has it."""
        agent, routing, prompts = (_at(each) for each in (self.agent, self.router, self.prompts))
        return Versions(agent=agent, routing=routing, prompts=prompts, digest=self.version.digest)

    def with_variant(self, variant: Variant) -> AgentVersion:
        """The whole version that a variant makes of it, as `application/answers/variants.py` makes it for one customer."""
        present = self.version
        configuration, policy = variant.applied(present.configuration), present.policy
        if variant.model is not None:
            policy = None
        elif variant.routing is not None:
            policy = variant.routing
        elif CHOOSING & set(variant.configuration):
            policy, _ = policy_for(configuration, self.router)
        worded = {name: Wording(text=text, number=0) for name, text in variant.prompts.items()}
        return AgentVersion(configuration=configuration, policy=policy, prompts={**present.prompts, **worded})

    @property
    def parts(self) -> Sequence[Aggregate[Any]]:
        """Its aggregates."""
        return [each for each in (self.agent, self.router, self.prompts) if each is not None]

    def put(self, wanted: AgentVersion, at: datetime, origin: Versions | None = None) -> None:
        """Make it the agent in force. `origin`: where the log has it, if it was in force before; its streams then say so."""
        if wanted.configuration != self.version.configuration:
            self.agent = self.agent or Agent.begin(self.tenant, at)
            if origin is None:
                self.agent.configure(wanted.configuration, at)
            else:
                self.agent.take_back(max(origin.agent, 1), wanted.configuration, at)
        self._word(wanted, at)
        if wanted.policy != self.version.policy:  # as the configuration now lets it be
            self.router = self.router or Router.begin(self.tenant, at)
            if origin is None and wanted.policy is not None:
                self.router.configure(wanted.policy, at)
            else:
                self.router.take_back(max(origin.routing if origin else 1, 1), wanted.policy, at)

    def _word(self, wanted: AgentVersion, at: datetime) -> None:
        present = self.version.prompts
        for name in sorted({*present, *wanted.prompts}):
            wording = wanted.prompts.get(name)
            self.prompts = self.prompts or Prompts.begin(self.tenant, at)
            if wording is None:
                self.prompts.withdraw(name, at)
            else:
                self.prompts.word(name, wording.text, wording.texts, at)


async def in_force(tenant: UUID, *, store: Store) -> InForce:
    """As of now."""
    agent, router, prompts = await asyncio.gather(
        load_setting(Agent, tenant, store=store),
        load_setting(Router, tenant, store=store),
        load_setting(Prompts, tenant, store=store),
    )
    return InForce(tenant=tenant, agent=agent, router=router, prompts=prompts)


async def version_of(at: Versions, tenant: UUID, *, store: Store) -> AgentVersion:
    """What these versions said together, out of the log."""
    agent, router, prompts = await asyncio.gather(
        _then(Agent, tenant, at.agent, store),
        _then(Router, tenant, at.routing, store),
        _then(Prompts, tenant, at.prompts, store),
    )
    return _version(agent, router, prompts)


async def _then(kind: type[A], tenant: UUID, version: int, store: Store) -> A | None:
    if version == 0:
        return None
    return await store.load(kind, kind.id_of(tenant), tenant=tenant, version=version)


def _version(agent: Agent | None, router: Router | None, prompts: Prompts | None) -> AgentVersion:
    configuration = AgentConfiguration() if agent is None else agent.state.configuration
    policy, _ = policy_for(configuration, router)
    own = {} if prompts is None else prompts.state.own
    return AgentVersion(configuration=configuration, policy=policy, prompts=own)


def _at(setting: OnePerTenant[Any] | None) -> int:
    return 0 if setting is None else setting.version
