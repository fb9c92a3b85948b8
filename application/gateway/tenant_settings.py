"""What a tenant has set that its answers go by: read at once, and once for each answer."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec

from application.actions.declare import actions_of
from application.agents.agent import configuration_of
from application.base.setting import read_together
from application.budgets.budget import budget_of
from application.flags.flag import flags_of
from application.gateway.policy import policy_for, router_of
from application.gateway.ports import Ports
from application.models.catalogue import catalogue_of
from domain.actions.actions import Actions
from domain.actions.declaration import Action
from domain.agents.agent import Agent, AgentConfiguration
from domain.base.one_per_tenant import OnePerTenant
from domain.budgets.budget import Budget, BudgetLimits
from domain.flags.flag import Flags, FlagsState
from domain.gateway.policy import RoutingPolicy
from domain.gateway.router import Router
from domain.models.catalogue import Catalogue
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.retrieval.embedding_model import EmbeddingModel

KINDS: tuple[type[OnePerTenant[Any]], ...] = (
    Agent,
    Router,
    Flags,
    Budget,
    CatalogueOverrides,
    EmbeddingModel,
    Actions,
)


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """That a split settles which model answers, in the place of the tenant's policy. `model`: that one; None: by the policy that the split
    has (`by_policy`), or the configuration that it leaves."""

    by: Literal["experiment", "deployment"]
    reason: str
    model: str | None = None
    by_policy: bool = False


class TenantSettings(msgspec.Struct, frozen=True, kw_only=True):
    """At most a second old; what was never set has its default, and version 0. `policy`: None where there is none. `router`: what it comes
    of; None where nothing was ever decided."""

    configuration: AgentConfiguration
    configuration_version: int
    policy: RoutingPolicy | None
    policy_version: int
    flags: FlagsState
    limits: BudgetLimits
    catalogue: Catalogue
    router: Router | None = None
    chosen: Chosen | None = None
    actions: tuple[Action, ...] = ()
    """What the agent may do in the tenant's systems, by name."""

    actions_version: int = 0


async def settings_of(tenant: UUID, ports: Ports) -> TenantSettings:
    store, shipped = ports.store, ports.providers.catalogue
    await read_together(KINDS, tenant, store=store)
    configuration, version = await configuration_of(tenant, store=store)
    router = await router_of(tenant, store=store)
    flags = await flags_of(tenant, store=store)
    budget = await budget_of(tenant, store=store)
    catalogue = await catalogue_of(tenant, store=store, shipped=shipped)
    actions, actions_version = await actions_of(tenant, store=store)
    policy, policy_version = policy_for(configuration, router)
    return TenantSettings(
        configuration=configuration,
        configuration_version=version,
        policy=policy,
        policy_version=policy_version,
        flags=flags,
        limits=BudgetLimits() if budget is None else budget.state.limits,
        catalogue=catalogue,
        router=router,
        actions=tuple(actions),
        actions_version=actions_version,
    )
