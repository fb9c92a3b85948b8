"""What is told a campaign: to begin, to pause, to go on, to end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.campaigns.campaign import (
    CampaignChanged,
    ChangeCampaign,
    ScheduleCampaign,
    cancel_campaign,
    pause_campaign,
    resume_campaign,
    schedule_campaign,
)
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.version import named
from interfaces.http.campaigns.campaign_out import CampaignOut, ScheduleIn, headers_of, shown_now

Change = Callable[[ChangeCampaign, Context, Services], Awaitable[CampaignChanged]]


@post(
    "/v1/campaigns/{campaign:uuid}/schedule",
    status_code=200,
    scope="campaigns:manage",
    versioned=named("campaign"),
)
async def schedule(
    campaign: FromPath[UUID],
    data: JSONBody[ScheduleIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[CampaignOut]:
    """Let it begin at a time, or now. It may be scheduled anew until it has begun. 422 where customers are outside the window and the plan's
    `outside_window` is `refuse`."""
    command = ScheduleCampaign(campaign=campaign, begins_at=data.at)
    return await _response(await schedule_campaign(command, context, services), context, services)


@post(
    "/v1/campaigns/{campaign:uuid}/pause",
    status_code=200,
    scope="campaigns:manage",
    versioned=named("campaign"),
)
async def pause(
    campaign: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[CampaignOut]:
    """Hold it: within a second nobody more is reached."""
    return await _changed(pause_campaign, campaign, context, services)


@post(
    "/v1/campaigns/{campaign:uuid}/resume",
    status_code=200,
    scope="campaigns:manage",
    versioned=named("campaign"),
)
async def resume(
    campaign: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[CampaignOut]:
    """Let it go on from where it was."""
    return await _changed(resume_campaign, campaign, context, services)


@post(
    "/v1/campaigns/{campaign:uuid}/cancel",
    status_code=200,
    scope="campaigns:manage",
    versioned=named("campaign"),
)
async def cancel(
    campaign: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[CampaignOut]:
    """End it for good: nobody gets it any more who has not got it."""
    return await _changed(cancel_campaign, campaign, context, services)


async def _changed(
    change: Change, campaign: UUID, context: Context, services: Services
) -> Response[CampaignOut]:
    return await _response(
        await change(ChangeCampaign(campaign=campaign), context, services), context, services
    )


async def _response(changed: CampaignChanged, context: Context, services: Services) -> Response[CampaignOut]:
    headers = await headers_of(services, context.tenant, changed)
    return Response(await shown_now(changed.campaign, context.tenant, services), headers=headers)


ROUTER = Router("/", route_handlers=[schedule, pause, resume, cancel], tags=["campaigns"])
