"""What a tenant has set that its answers go by: read at once, and once for each answer."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec

from application.agents.agent import configuration_of
from application.budgets.budget import budget_of
from application.flags.flag import flags_of
from application.gateway.policy import policy_for, router_of
from application.gateway.ports import Ports
from application.models.catalogue import catalogue_of
from domain.agents.agent import AgentConfiguration
from domain.budgets.budget import BudgetLimits
from domain.flags.flag import FlagsState
from domain.gateway.policy import RoutingPolicy
from domain.models.catalogue import Catalogue


class TenantSettings(msgspec.Struct, frozen=True, kw_only=True):
    """At most a second old; what was never set has its default, and version 0. `policy`: None where there is none."""

    configuration: AgentConfiguration
    configuration_version: int
    policy: RoutingPolicy | None
    policy_version: int
    flags: FlagsState
    limits: BudgetLimits
    catalogue: Catalogue


async def settings_of(tenant: UUID, ports: Ports) -> TenantSettings:
    store = ports.store
    (configuration, version), router, flags, budget, catalogue = await asyncio.gather(
        configuration_of(tenant, store=store),
        router_of(tenant, store=store),
        flags_of(tenant, store=store),
        budget_of(tenant, store=store),
        catalogue_of(tenant, store=store, shipped=ports.providers.catalogue),
    )
    policy, policy_version = policy_for(configuration, router)
    return TenantSettings(
        configuration=configuration,
        configuration_version=version,
        policy=policy,
        policy_version=policy_version,
        flags=flags,
        limits=BudgetLimits() if budget is None else budget.state.limits,
        catalogue=catalogue,
    )
