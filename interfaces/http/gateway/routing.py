"""Which model answers which kind of question."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.gateway.models_in_use import models_of
from application.gateway.policy import (
    ConfigureRouting,
    RestoreRouting,
    RoutingConfigured,
    configure_routing,
    restore_routing,
    router_of,
)
from application.gateway.route import ExplainRouting, Route, explain_routing
from application.models.catalogue import catalogue_of
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.gateway.complexity import Complexity
from domain.gateway.models_in_use import ModelInUse
from domain.gateway.policy import RoutingPolicy
from domain.gateway.router import Router as TenantRouter
from domain.models.catalogue import Catalogue
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag


class PolicyOut(msgspec.Struct, frozen=True, kw_only=True):
    """`policy` null: every question goes to the agent configuration's default model. `version` 0: nothing was ever set.

    `by_default`: it follows from the providers that there are keys of, and gives way to the agent configuration's default model.
    `stream` is where GET /v1/audit/states and the log have all versions.
    """

    tenant: UUID
    stream: str
    version: int
    by_default: bool
    policy: RoutingPolicy | None


class RestoreIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class ExplainIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`turns` come before the text in the conversation; `context_tokens`: of the whole prompt; `model`: what the request names."""

    text: Annotated[str, Meta(min_length=1, max_length=100_000)]
    turns: Annotated[int, Meta(ge=0, le=100_000)] = 0
    context_tokens: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    model: Annotated[str, Meta(min_length=1, max_length=300)] | None = None


class ExplainedOut(msgspec.Struct, frozen=True, kw_only=True):
    """`route.models` are asked in this order; `complexity` is told also where it did not decide."""

    route: Route
    complexity: Complexity


@get("/v1/routing", scope="analytics:view")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[PolicyOut]:
    """The routing policy in force and its version."""
    router = await router_of(principal.tenant, store=services.store)
    shown = (
        _shown(principal.tenant, None, 0)
        if router is None
        else _shown(principal.tenant, router.state.policy, router.version, router.state.by_default)
    )
    return Response(shown, headers=tag(shown.version))


@get("/v1/routing/models", scope="analytics:view")
async def in_use(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Page[ModelInUse]:
    """The models that the agent is set to ask, by its configuration, the policy and the embedding model, with what there is instead of one that
    is retired, or will be within 60 days; those first. `next_cursor` is always null."""
    return Page(await models_of(principal.tenant, services, services.clock), None)


@put("/v1/routing", scope="integrations:manage", versioned=one(TenantRouter.id_of))
async def replace(
    data: JSONBody[RoutingPolicy], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[PolicyOut]:
    """Put a policy in the place of the present one; what is left out has its default. A model that nobody has
    is refused, and a retired one with its successor."""
    catalogue = await _catalogue(services, context.tenant)
    command = ConfigureRouting(policy=data)
    configured = await configure_routing(
        command, context, store=services.store, catalogue=catalogue, clock=services.clock
    )
    return await _answer(services, context.tenant, configured)


@post(
    "/v1/routing/restore",
    scope="integrations:manage",
    status_code=200,
    versioned=one(TenantRouter.id_of),
)
async def restore(
    data: JSONBody[RestoreIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[PolicyOut]:
    """Put the policy of an earlier version in force again; nothing is deleted. Version 1 is that without a policy."""
    catalogue = await _catalogue(services, context.tenant)
    command = RestoreRouting(version=data.version)
    restored = await restore_routing(
        command, context, store=services.store, catalogue=catalogue, clock=services.clock
    )
    return await _answer(services, context.tenant, restored)


@post("/v1/routing/explain", scope="analytics:view", status_code=200)
async def explain(
    data: JSONBody[ExplainIn], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> ExplainedOut:
    """What would be chosen for a question, and why. Nothing is recorded, no model is asked."""
    command = ExplainRouting(
        text=data.text, turns=data.turns, context_tokens=data.context_tokens, model=data.model
    )
    explained = await explain_routing(
        command,
        principal.tenant,
        services,
    )
    return ExplainedOut(route=explained.route, complexity=explained.complexity)


async def _catalogue(services: Services, tenant: UUID) -> Catalogue:
    return await catalogue_of(tenant, store=services.store, shipped=services.catalogue)


async def _answer(services: Services, tenant: UUID, configured: RoutingConfigured) -> Response[PolicyOut]:
    shown = _shown(tenant, configured.policy, configured.version)
    return Response(shown, headers=await written(services, tenant, configured.position, configured.version))


def _shown(tenant: UUID, policy: RoutingPolicy | None, version: int, by_default: bool = False) -> PolicyOut:
    stream = f"{TenantRouter.TOPIC}/{TenantRouter.id_of(tenant)}"
    return PolicyOut(tenant=tenant, stream=stream, version=version, by_default=by_default, policy=policy)


ROUTER = Router("/", route_handlers=[read, in_use, replace, restore, explain], tags=["routing"])
