"""Campaigns: drafted, changed, scheduled, paused, resumed, cancelled. While one is due its row of work is owed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.campaigns.checks import check_account, check_window
from application.campaigns.ports import Ports
from application.ports import Due
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.campaigns.campaign import Campaign
from domain.campaigns.plan import Plan

CAMPAIGN_WORK = "campaign"
"""A campaign, whose hex is the key, goes on."""

FARTHEST = timedelta(days=366)


class DraftCampaign(msgspec.Struct, frozen=True, kw_only=True):
    plan: Plan


class ReviseCampaign(msgspec.Struct, frozen=True, kw_only=True):
    campaign: UUID
    plan: Plan


class ScheduleCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """`begins_at` None: now."""

    campaign: UUID
    begins_at: datetime | None = None


class ChangeCampaign(msgspec.Struct, frozen=True, kw_only=True):
    campaign: UUID


class CampaignChanged(msgspec.Struct, frozen=True, kw_only=True):
    """`position` 0: it was so already."""

    campaign: Campaign
    position: int


async def draft_campaign(command: DraftCampaign, context: Context, ports: Ports) -> CampaignChanged:
    """Nobody gets it yet. Raises Invalid, which names what is over which limit."""
    command.plan.check()
    await check_account(command.plan, context.tenant, store=ports.store)
    campaign = Campaign.draft(ports.ids(), command.plan, ports.clock())
    saved = await ports.store.save(campaign, context=context)
    return CampaignChanged(campaign=campaign, position=saved.position)


async def revise_campaign(command: ReviseCampaign, context: Context, ports: Ports) -> CampaignChanged:
    """The whole plan, until it begins. Raises NotFound, Invalid; Refused for one that has begun."""
    await ports.store.load(Campaign, command.campaign, tenant=context.tenant)
    command.plan.check()
    await check_account(command.plan, context.tenant, store=ports.store)
    return await _change(
        command.campaign, lambda known: known.revise(command.plan, ports.clock()), context, ports
    )


async def schedule_campaign(command: ScheduleCampaign, context: Context, ports: Ports) -> CampaignChanged:
    """At a time, or now. Raises NotFound, Invalid; Refused where it has begun, and where customers are outside the window and its plan says so."""
    now = ports.clock()
    begins_at = command.begins_at or now
    if begins_at > now + FARTHEST:
        raise Invalid("at: a campaign begins within a year; send an earlier time")
    known = await ports.store.load(Campaign, command.campaign, tenant=context.tenant)
    await check_account(known.state.plan, context.tenant, store=ports.store)
    await check_window(known, begins_at, context.tenant, ports)
    return await _change(
        command.campaign, lambda found: found.schedule(begins_at, ports.clock()), context, ports
    )


async def pause_campaign(command: ChangeCampaign, context: Context, ports: Ports) -> CampaignChanged:
    """At once: who is being sent it at the moment gets it. Raises NotFound, Refused."""
    return await _change(command.campaign, lambda known: known.pause(ports.clock()), context, ports)


async def resume_campaign(command: ChangeCampaign, context: Context, ports: Ports) -> CampaignChanged:
    """From where it was. Raises NotFound, Refused."""
    return await _change(command.campaign, lambda known: known.resume(ports.clock()), context, ports)


async def cancel_campaign(command: ChangeCampaign, context: Context, ports: Ports) -> CampaignChanged:
    """For good, and at once: what waits to be sent again is not. Raises NotFound; Refused for one that is finished."""
    return await _change(command.campaign, lambda known: known.cancel(ports.clock()), context, ports)


async def _change(
    id: UUID, decide: Callable[[Campaign], None], context: Context, ports: Ports
) -> CampaignChanged:
    def owed(campaign: Campaign) -> list[Due]:
        due = campaign.due_at()
        return [] if due is None else [Due(kind=CAMPAIGN_WORK, key=campaign.id.hex, due_at=due)]

    campaign, saved = await amend(Campaign, id, decide, context=context, store=ports.store, work=owed)
    return CampaignChanged(campaign=campaign, position=saved.position)
