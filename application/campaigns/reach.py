"""One customer of a campaign: judged, told once, and sent it at the sender's rate, after all answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from application.campaigns.known import Known, alone
from application.campaigns.ports import Ports
from application.campaigns.telling import Telling, tell_and_send
from application.channels.accounts import Sender, sender_of
from application.channels.person import alias_of
from application.channels.rate import AHEAD, campaigns_turn
from application.ports import Store
from application.tenancy.time_zone import time_zone_of
from domain.base.context import Context
from domain.base.errors import Erased, NotFound
from domain.base.zones import zone_of
from domain.campaigns.campaign import Campaign
from domain.campaigns.judge import LeaveOut, Reach, Verdict, judge
from domain.campaigns.parts import parts_of
from domain.campaigns.plan import Plan
from domain.campaigns.words import worded
from domain.channels.alias import Alias
from domain.conversations.conversation import Conversation

LOOK = 1.0
"""Seconds for which a turn at the rate is waited for until it is looked whether the campaign goes on."""


async def reach(
    campaign: Campaign,
    conversation: UUID,
    known: Known | None,
    goes_on: Callable[[], Awaitable[bool]],
    context: Context,
    ports: Ports,
) -> Verdict | None:
    """What came of them; None: they were not seen to, as the campaign does not go on. `known`: what `seen` has found."""
    plan, store, tenant = campaign.state.plan, ports.store, context.tenant
    try:
        known = known or await alone(plan.message, conversation, tenant, ports)
        found, values = known.conversation, known.values
        zone = await zone_for(plan, tenant, store)
        verdict = judge(plan, found, ports.clock(), values, zone)
        if isinstance(verdict, Reach) and not known.stays and await goes_on_elsewhere(found, tenant, ports):
            verdict = LeaveOut("another_conversation")
        if not isinstance(verdict, Reach):
            return verdict
        if (sender := await sender_of(tenant, found.state.sender, store=store)) is None:
            return LeaveOut("no_account")
        pages = await ports.pages.addresses(campaign, tenant, conversation)
        parts = parts_of(worded(plan.message, values), campaign.id, pages)
        if not await _turns(len(parts), sender, goes_on, ports):
            return None

        def judged(conversation: Conversation, now: datetime) -> Verdict:
            return judge(plan, conversation, now, values, zone)

        telling = Telling(campaign=campaign, parts=parts, judged=judged, sender=sender)
        return await tell_and_send(telling, known, context, ports)
    except NotFound:
        return LeaveOut("erased")


async def zone_for(plan: Plan, tenant: UUID, store: Store) -> ZoneInfo:
    """Of customers whose number tells none."""
    return zone_of(await time_zone_of(tenant, plan.time_zone, store=store))


async def goes_on_elsewhere(conversation: Conversation, tenant: UUID, ports: Ports) -> bool:
    """Whether their address leads to another conversation by now, in which they get it."""
    state = conversation.state
    for address in {state.address, conversation.recipient}:
        link = await alias_of(tenant, state.channel, address, keyring=ports.keyring)
        with suppress(NotFound, Erased):
            there = (await ports.store.load(Alias, link, tenant=tenant)).state.conversation
            if there != conversation.id:
                return True
    return False


async def _turns(count: int, sender: Sender, goes_on: Callable[[], Awaitable[bool]], ports: Ports) -> bool:
    """One a message, at the sender's rate."""
    for _ in range(count):
        while (wait := await campaigns_turn(sender, ports.buckets, LOOK)) > AHEAD:
            if not await goes_on():
                return False
            await asyncio.sleep(0)
        await asyncio.sleep(wait)
    return await goes_on()
