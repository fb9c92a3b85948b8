"""A dry run: who of the audience would get the campaign now, who later, who would be left out, and why. Nothing is written, nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.campaigns.ports import Ports
from application.campaigns.reach import goes_on_elsewhere, zone_for
from application.campaigns.values import values_of
from application.channels.accounts import sender_of
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.campaigns.campaign import Campaign
from domain.campaigns.judge import Later, LeaveOut, Reach, Verdict, judge
from domain.campaigns.plan import Plan
from domain.conversations.conversation import Conversation

AT_ONCE = 32


class PreviewCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Customers in the order of their ids, from the one after `after` on. `at`: as of then; None: now."""

    campaign: UUID
    at: datetime | None
    after: UUID
    limit: int


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID
    verdict: Verdict


class Previewed(msgspec.Struct, frozen=True, kw_only=True):
    """`audience`: how many there are in all, whom it has reached or not."""

    audience: int
    at: datetime
    customers: Sequence[Seen]


async def preview_campaign(command: PreviewCampaign, context: Context, ports: Ports) -> Previewed:
    """Of all that the log has now. Raises NotFound; Unavailable while the read model is behind."""
    campaign = await ports.store.load(Campaign, command.campaign, tenant=context.tenant)
    at, plan, tenant = command.at or ports.clock(), campaign.state.plan, context.tenant
    begins = campaign.state.began_at or max(at, ports.clock())
    count = await ports.customers.count(tenant, plan.audience, begins)
    found = await ports.customers.find(
        tenant, plan.audience, begins, campaign=campaign.id, after=command.after, limit=command.limit
    )
    places = asyncio.Semaphore(AT_ONCE)

    async def seen(conversation: UUID) -> Seen:
        async with places:
            return Seen(
                conversation=conversation, verdict=await _verdict(plan, conversation, at, tenant, ports)
            )

    return Previewed(audience=count, at=at, customers=await asyncio.gather(*map(seen, found)))


async def _verdict(plan: Plan, conversation: UUID, at: datetime, tenant: UUID, ports: Ports) -> Verdict:
    """As `reach` judges."""
    try:
        known = await ports.store.load(Conversation, conversation, tenant=tenant)
        values = await values_of(plan.message, [known], tenant, ports)
        zone = await zone_for(plan, tenant, ports.store)
        verdict = judge(plan, known, at, values.get(conversation, {}), zone)
        if not isinstance(verdict, Reach):
            return verdict
        if await goes_on_elsewhere(known, tenant, ports):
            return LeaveOut("another_conversation")
        if await sender_of(tenant, known.state.sender, store=ports.store) is None:
            return LeaveOut("no_account")
        return verdict
    except NotFound:
        return LeaveOut("erased")


def tallied(customers: Sequence[Seen]) -> tuple[int, int, dict[str, int]]:
    """Who get it, who get it later, and how many are left out for each reason."""
    left: dict[str, int] = {}
    for each in customers:
        if isinstance(each.verdict, LeaveOut):
            left[each.verdict.why] = left.get(each.verdict.why, 0) + 1
    later = sum(isinstance(each.verdict, Later) for each in customers)
    return len(customers) - later - sum(left.values()), later, left
