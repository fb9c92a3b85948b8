"""The routing policy of a tenant: read with its version, changed as a whole, taken back to an earlier version."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.setting import Changed, change_setting, latest_setting
from application.ports import Clock, KeyedProviders, Store
from domain.agents.agent import AgentConfiguration
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.gateway.default_policy import policy_by_default
from domain.gateway.policy import RoutingPolicy
from domain.gateway.router import Router
from domain.models.catalogue import Catalogue
from domain.tenancy.tenant import Tenant


class ConfigureRouting(msgspec.Struct, frozen=True, kw_only=True):
    policy: RoutingPolicy


class RestoreRouting(msgspec.Struct, frozen=True, kw_only=True):
    """Back to the policy that `version` had."""

    version: int


class RoutingConfigured(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 when it was so already."""

    policy: RoutingPolicy | None
    version: int
    position: int


async def router_of(tenant: UUID, *, store: Store) -> Router | None:
    """What was decided about routing, at most a second old; None where nothing ever was."""
    return await latest_setting(Router, tenant, store=store)


async def policy_of(
    tenant: UUID, configuration: AgentConfiguration, *, store: Store
) -> tuple[RoutingPolicy | None, int]:
    """As `policy_for`, at most a second old."""
    return policy_for(configuration, await router_of(tenant, store=store))


def policy_for(configuration: AgentConfiguration, router: Router | None) -> tuple[RoutingPolicy | None, int]:
    """The policy in force, and its version; None and 0 where there is none.

    A policy by default gives way to what the agent's configuration says: its default model, its fallback models.
    """
    if router is None:
        return None, 0
    policy = router.state.policy
    if policy is not None and router.state.by_default:
        if configuration.default_model != AgentConfiguration().default_model:
            return None, 0
        if configuration.fallback_models:
            policy = msgspec.structs.replace(policy, failover=None)
    return policy, router.version


async def default_routing(context: Context, *, store: Store, providers: KeyedProviders, clock: Clock) -> int:
    """Let the policy by default follow the providers that there are keys of. Returns the position, 0 where it does already."""
    tenant = await store.load(Tenant, context.tenant, tenant=context.tenant)
    policy = policy_by_default(providers.tiers(tenant.state.provider_keys, clock()))
    changed = await change_setting(
        Router, lambda router: router.default(policy, clock()), context, store=store, clock=clock
    )
    return changed.position


async def configure_routing(
    command: ConfigureRouting, context: Context, *, store: Store, catalogue: Catalogue, clock: Clock
) -> RoutingConfigured:
    """Put a policy in the place of the present one. Raises Invalid, or Refused for a model that nobody has, with the names that there
    are, or that is retired, with its successor."""
    policy = command.policy.renamed(catalogue.canonical)
    policy.check()
    for model in policy.models:
        catalogue.check_offered(model)
        catalogue.check(model, clock(), "chat")
    changed = await change_setting(
        Router, lambda router: router.configure(policy, clock()), context, store=store, clock=clock
    )
    return _configured(changed)


async def restore_routing(
    command: RestoreRouting, context: Context, *, store: Store, catalogue: Catalogue, clock: Clock
) -> RoutingConfigured:
    """Put the policy of an earlier version in force again. Raises NotFound for a version that there never was.

    A policy with a model that is retired by now is refused as when it is set. Version 1, without a policy, is in force where none was
    ever set.
    """
    id = Router.id_of(context.tenant)
    try:
        earlier = (await store.load(Router, id, tenant=context.tenant, version=command.version)).state.policy
    except NotFound:
        if command.version > 1:
            text = f"there is no version {command.version} of the routing policy; GET /v1/routing tells the present one"
            raise NotFound(text) from None
        return RoutingConfigured(policy=None, version=0, position=0)
    for model in earlier.models if earlier is not None else ():
        catalogue.check_offered(model)
        catalogue.check(model, clock(), "chat")
    changed = await change_setting(
        Router,
        lambda router: router.take_back(command.version, earlier, clock()),
        context,
        store=store,
        clock=clock,
    )
    return _configured(changed)


def _configured(changed: Changed[Router]) -> RoutingConfigured:
    policy = changed.setting.state.policy
    return RoutingConfigured(policy=policy, version=changed.version, position=changed.position)
