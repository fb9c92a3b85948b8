"""Shadow runs: a candidate answers a share of real messages, which nobody sees."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.experiments.deployment import StartShadow, start_shadow
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.experiments.deployment import Deployment
from domain.experiments.shadow import Shadow, Side
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.position import AtLeast
from interfaces.http.base.version import named
from interfaces.http.experiments.deployment_out import DeploymentOut, response
from projections.deployments import Deployments, list_shadows


class ShadowOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer was told (`told`) and what the candidate would have said (`tried`, `text`). `text` null: there was no answer, or the
    customer was erased. `conversation`: of a call of the completions API the app's user, or the call. Costs in USD, `cost` is all that this has
    cost."""

    interaction: UUID
    conversation: UUID
    at: datetime
    told: Side
    tried: Side
    same: bool
    cost: Decimal
    text: str | None


@get("/v1/deployments/{deployment:uuid}/shadows", scope="conversations:read")
async def shadows(
    deployment: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[ShadowOut]:
    """What its candidate would have said to customers, beside what they were told, the newest first."""
    await services.store.load(Deployment, deployment, tenant=principal.tenant)
    pager = Pager(services, principal.tenant, int, "shadows", deployment)
    before = await pager.place(cursor)
    async with services.reads.at(principal.tenant, Deployments(), at_least) as sql:
        positions = await list_shadows(sql, principal.tenant, deployment, before=before, limit=limit + 1)
    found = await services.store.several(principal.tenant, positions[:limit])
    return await pager.page(positions, limit, lambda position: _compared(found[position].event), int)


@post(
    "/v1/deployments/{deployment:uuid}/shadow",
    status_code=200,
    scope="models:deploy",
    versioned=named("deployment"),
)
async def begin_shadow(
    deployment: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[DeploymentOut]:
    """Let the candidate answer a share of the messages that are answered from now on, without being shown."""
    changed = await start_shadow(StartShadow(deployment=deployment), context, services)
    return await response(changed, services, context)


def _compared(event: object) -> ShadowOut:
    assert isinstance(event, Shadow.Compared)
    return ShadowOut(
        interaction=event.interaction,
        conversation=event.conversation,
        at=event.timestamp,
        told=event.told,
        tried=event.tried,
        same=event.same,
        cost=event.cost,
        text=event.text,
    )


ROUTER = Router("/", route_handlers=[shadows, begin_shadow], tags=["deployments"])
