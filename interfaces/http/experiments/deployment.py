"""Deployments: a version of the agent goes out step by step, is watched, and goes back by itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from application.experiments.deployment import (
    ConfirmDeployment,
    CreateDeployment,
    StartDeployment,
    StopDeployment,
    confirm_deployment,
    create_deployment,
    start_deployment,
    stop_deployment,
)
from application.experiments.rollback import RollBackDeployment, roll_back_deployment
from application.tenancy.authentication import Principal
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.experiments.deployment import Deployment
from domain.experiments.deployment_state import ShadowPlan
from domain.flags.plan import Plan
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast
from interfaces.http.base.version import named, tag
from interfaces.http.experiments.deployment_out import DeploymentOut, response, shown
from interfaces.http.experiments.release import Reason
from projections.deployments import Deployments, list_deployments, shadow_sums


class DeploymentIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`evaluation` that has passed, and `variant` that it is of (left out: that one). `plan` left out: 10 %, 50 %, 100 %, each held for 48 h.
    `shadow`: the candidate can answer a share of messages first, without being shown."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    evaluation: UUID
    variant: Variant | None = None
    plan: Plan = Plan()
    shadow: ShadowPlan | None = None


class ReasonIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Reason


@get("/v1/deployments", scope="analytics:view")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[DeploymentOut]:
    """Deployments, the newest first."""
    pager = Pager(services, principal.tenant, Place, "deployments")
    before = await pager.place(cursor)
    async with services.reads.at(principal.tenant, Deployments(), at_least) as sql:
        rows = await list_deployments(sql, principal.tenant, before=before, limit=limit + 1)
        shadowed = {
            row.deployment: await shadow_sums(sql, principal.tenant, row.deployment) for row in rows[:limit]
        }
    known = {id: await services.store.load(Deployment, id, tenant=principal.tenant) for id in shadowed}
    return await pager.page(
        rows,
        limit,
        lambda row: shown(known[row.deployment], shadowed[row.deployment]),
        lambda row: Place(row.created_at, row.deployment),
    )


@post("/v1/deployments", status_code=201, scope="models:deploy")
async def create(
    data: JSONBody[DeploymentIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[DeploymentOut]:
    """Create a deployment of a variant whose evaluation has passed. Nobody gets it before it is started."""
    command = CreateDeployment(
        name=data.name,
        evaluation=data.evaluation,
        variant=data.variant,
        plan=data.plan,
        shadow=data.shadow,
    )
    created = await create_deployment(command, context, services)
    return await response(created, services, context, 201)


@get("/v1/deployments/{deployment:uuid}", scope="analytics:view")
async def read(
    deployment: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> Response[DeploymentOut]:
    """One deployment: how far it has come, and how its candidate did in the shadow."""
    found = await services.store.load(Deployment, deployment, tenant=principal.tenant)
    async with services.reads.at(principal.tenant, Deployments(), at_least) as sql:
        shadowed = await shadow_sums(sql, principal.tenant, deployment)
    return Response(shown(found, shadowed), headers=tag(found.version))


@post(
    "/v1/deployments/{deployment:uuid}/start",
    status_code=200,
    scope="models:deploy",
    versioned=named("deployment"),
)
async def start(
    deployment: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[DeploymentOut]:
    """Begin the rollout: the first step is in force at once. It goes back by itself where answers get worse."""
    changed = await start_deployment(StartDeployment(deployment=deployment), context, services)
    return await response(changed, services, context)


@post(
    "/v1/deployments/{deployment:uuid}/confirm",
    status_code=200,
    scope="models:deploy",
    versioned=named("deployment"),
)
async def confirm(
    deployment: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[DeploymentOut]:
    """Let the next step begin, where the plan waits for that and the present step has held."""
    changed = await confirm_deployment(ConfirmDeployment(deployment=deployment), context, services)
    return await response(changed, services, context)


@post(
    "/v1/deployments/{deployment:uuid}/stop",
    status_code=200,
    scope="models:deploy",
    versioned=named("deployment"),
)
async def stop(
    deployment: FromPath[UUID],
    data: JSONBody[ReasonIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[DeploymentOut]:
    """End it: everybody has the agent in force."""
    changed = await stop_deployment(
        StopDeployment(deployment=deployment, reason=data.reason), context, services
    )
    return await response(changed, services, context)


@post(
    "/v1/deployments/{deployment:uuid}/rollback",
    status_code=200,
    scope="models:deploy",
    versioned=named("deployment"),
)
async def roll_back(
    deployment: FromPath[UUID],
    data: JSONBody[ReasonIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[DeploymentOut]:
    """Go back: of one that is under way to the agent in force; of one that was promoted, and is the release in force, to the one before."""
    command = RollBackDeployment(deployment=deployment, reason=data.reason)
    return await response(await roll_back_deployment(command, context, services), services, context)


ROUTER = Router(
    "/",
    route_handlers=[list_all, create, read, start, confirm, stop, roll_back],
    tags=["deployments"],
)
