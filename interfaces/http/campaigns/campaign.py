"""Campaigns: drafts, their changes, and how far each has come."""

from __future__ import annotations

import asyncio
from uuid import UUID

from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from application.campaigns.campaign import DraftCampaign, ReviseCampaign, draft_campaign, revise_campaign
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.campaigns.campaign import Campaign
from domain.campaigns.plan import Plan
from domain.campaigns.state import Status
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast
from interfaces.http.base.version import named, tag
from interfaces.http.campaigns.campaign_out import CampaignOut, headers_of, shown, shown_now
from projections.campaign_figures import counted
from projections.campaigns import Campaigns, list_campaigns


@get("/v1/campaigns", scope="campaigns:manage")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    status: FromQuery[Status | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[CampaignOut]:
    """Campaigns, the newest first."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "campaigns", status)
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Campaigns(), at_least) as sql:
        rows = await list_campaigns(sql, tenant, status=status, before=before, limit=limit + 1)
        figures = await counted(sql, tenant, [row.campaign for row in rows[:limit]])
    found = await asyncio.gather(
        *(services.store.load(Campaign, row.campaign, tenant=tenant) for row in rows[:limit])
    )
    by_id = {each.id: shown(each, figures.get(each.id)) for each in found}
    return await pager.page(
        rows, limit, lambda row: by_id[row.campaign], lambda row: Place(row.created_at, row.campaign)
    )


@post("/v1/campaigns", status_code=201, scope="campaigns:manage")
async def create(
    data: JSONBody[Plan], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[CampaignOut]:
    """Make a draft, which nobody gets yet. All limits of WhatsApp's are checked: what is over one is 400, and the error names it."""
    made = await draft_campaign(DraftCampaign(plan=data), context, services)
    headers = await headers_of(services, context.tenant, made)
    headers["Location"] = f"/v1/campaigns/{made.campaign.id}"
    return Response(shown(made.campaign, None), status_code=201, headers=headers)


@get("/v1/campaigns/{campaign:uuid}", scope="campaigns:manage")
async def read(
    campaign: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> Response[CampaignOut]:
    """What it says and to whom, and how far it has come."""
    found = await services.store.load(Campaign, campaign, tenant=principal.tenant)
    return Response(await shown_now(found, principal.tenant, services, at_least), headers=tag(found.version))


@put("/v1/campaigns/{campaign:uuid}", scope="campaigns:manage", versioned=named("campaign"))
async def replace(
    campaign: FromPath[UUID],
    data: JSONBody[Plan],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[CampaignOut]:
    """Change the whole plan, until the campaign begins; what is left out has its default."""
    changed = await revise_campaign(ReviseCampaign(campaign=campaign, plan=data), context, services)
    headers = await headers_of(services, context.tenant, changed)
    return Response(await shown_now(changed.campaign, context.tenant, services), headers=headers)


ROUTER = Router("/", route_handlers=[list_all, create, read, replace], tags=["campaigns"])
