"""Campaigns as they go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from application.campaigns.campaign import CampaignChanged
from domain.campaigns.campaign import Campaign
from domain.campaigns.plan import Plan
from domain.campaigns.state import Status
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from projections.campaign_figures import Counted, counted
from projections.campaigns import Campaigns


class ScheduleIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`at`: RFC 3339 with its zone; without it the campaign begins now. A moment that is past is now."""

    at: Annotated[datetime, Meta(tz=True)] | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Customers: `reached` are those it went out to, or is about to, `waiting` of them are not at the channel yet; `sent` the channel has taken,
    `delivered` have it on a phone, `read` have read it; `failed` did not get it; `left_out` were not to get it."""

    reached: int
    waiting: int
    sent: int
    delivered: int
    read: int
    failed: int
    left_out: int


class CampaignOut(msgspec.Struct, frozen=True, kw_only=True):
    """`again_at`: when those are seen to who are in their quiet hours."""

    id: UUID
    status: Status
    plan: Plan
    created_at: datetime | None
    begins_at: datetime | None
    began_at: datetime | None
    again_at: datetime | None
    ended_at: datetime | None
    progress: Progress


def progress(found: Counted | None) -> Progress:
    states = {} if found is None else found.states

    def many(*names: str) -> int:
        return sum(states.get(name, 0) for name in names)

    return Progress(
        reached=sum(states.values()),
        waiting=many("queued", "attempted", "unknown"),
        sent=many("accepted", "sent", "delivered", "read"),
        delivered=many("delivered", "read"),
        read=many("read"),
        failed=many("failed", "given_up"),
        left_out=0 if found is None else sum(found.left_out.values()),
    )


def shown(campaign: Campaign, found: Counted | None) -> CampaignOut:
    state = campaign.state
    return CampaignOut(
        id=campaign.id,
        status=state.status,
        plan=state.plan,
        created_at=state.created_at,
        begins_at=state.begins_at,
        began_at=state.began_at,
        again_at=state.rests_until if state.status == "running" else None,
        ended_at=state.ended_at,
        progress=progress(found),
    )


async def shown_now(
    campaign: Campaign, tenant: UUID, services: Services, at_least: int | None = None
) -> CampaignOut:
    """With how far it has come, as the read model knows it."""
    async with services.reads.at(tenant, Campaigns(), at_least) as sql:
        found = await counted(sql, tenant, [campaign.id])
    return shown(campaign, found.get(campaign.id))


async def headers_of(services: Services, tenant: UUID, changed: CampaignChanged) -> dict[str, str]:
    return await written(services, tenant, changed.position, changed.campaign.version)
