"""One customer of a campaign: judged, told once, and sent it at the sender's rate, after all answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from application.base.amend import amend
from application.campaigns.ports import Ports
from application.campaigns.values import values_of
from application.channels.accounts import Sender, sender_of
from application.channels.deliver import Deliver, deliver
from application.channels.person import alias_of
from application.channels.rate import AHEAD, Taken, campaigns_turn
from application.ports import DELIVER_WORK, Due, Store, Unavailable
from application.tenancy.time_zone import time_zone_of
from domain.base.context import Context
from domain.base.errors import Erased, NotFound
from domain.base.zones import zone_of
from domain.campaigns.campaign import Campaign
from domain.campaigns.judge import LeaveOut, Reach, Verdict, judge
from domain.campaigns.message import CampaignMessage
from domain.campaigns.parts import parts_of
from domain.campaigns.plan import Plan
from domain.campaigns.words import Values, worded
from domain.channels.alias import Alias
from domain.conversations.campaigning import CampaignPart
from domain.conversations.conversation import Conversation

LEASE = 30
"""Seconds after which a worker sends what whoever has told the customer's conversation has not."""

LOOK = 1.0
"""Seconds for which a turn at the rate is waited for until it is looked whether the campaign goes on."""

Known = tuple[Conversation, bool, Values]
"""A conversation, whether it is known that its customer's address leads nowhere else, and what stands for the message's placeholders."""


async def seen(
    message: CampaignMessage, conversations: Sequence[UUID], context: Context, ports: Ports
) -> Mapping[UUID, Known]:
    """Those that a look at all of them at once has found, and whether each of them is known to be where its customer is. The others are
    looked at one by one."""
    store, tenant = ports.store, context.tenant
    known = await store.load_several(Conversation, conversations, tenant=tenant)
    links = {
        id: await alias_of(tenant, each.state.channel, each.recipient, keyring=ports.keyring)
        for id, each in known.items()
        if each is not None and not each.state.forgotten and each.state.address == each.recipient
    }
    aliases = await store.load_several(Alias, list(links.values()), tenant=tenant)
    found = [each for each in known.values() if each is not None]
    values = await values_of(message, found, tenant, ports)
    return {
        id: (each, id in links and links[id] in aliases and aliases[links[id]] is None, values.get(id, {}))
        for id, each in known.items()
        if each is not None
    }


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
        found, stays, values = known or await _alone(plan.message, conversation, tenant, ports)
        zone = await zone_for(plan, tenant, store)
        verdict = judge(plan, found, ports.clock(), values, zone)
        if isinstance(verdict, Reach) and not stays and await goes_on_elsewhere(found, tenant, ports):
            verdict = LeaveOut("another_conversation")
        if not isinstance(verdict, Reach):
            return verdict
        if (sender := await sender_of(tenant, found.state.sender, store=store)) is None:
            return LeaveOut("no_account")
        pages = await ports.pages.addresses(campaign, tenant, conversation)
        parts = parts_of(worded(plan.message, values), campaign.id, pages)
        if not await _turns(len(parts), sender, goes_on, ports):
            return None
        return await _tell(
            campaign,
            conversation,
            parts,
            lambda known, now: judge(plan, known, now, values, zone),
            context,
            ports,
        )
    except NotFound:
        return LeaveOut("erased")


async def zone_for(plan: Plan, tenant: UUID, store: Store) -> ZoneInfo:
    """Of customers whose number tells none."""
    return zone_of(await time_zone_of(tenant, plan.time_zone, store=store))


async def _alone(message: CampaignMessage, conversation: UUID, tenant: UUID, ports: Ports) -> Known:
    """Raises NotFound."""
    found = await ports.store.load(Conversation, conversation, tenant=tenant)
    values = await values_of(message, [found], tenant, ports)
    return found, False, values.get(conversation, {})


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


async def _tell(
    campaign: Campaign,
    conversation: UUID,
    parts: Sequence[CampaignPart],
    judged: Callable[[Conversation, datetime], Verdict],
    context: Context,
    ports: Ports,
) -> Verdict:
    """On record once, whoever comes to it again, and then sent. Judged anew: they may have opted out a moment ago."""
    now, holder = ports.clock(), ports.ids()
    row = (DELIVER_WORK, conversation.hex)
    due = Due(kind=row[0], key=row[1], due_at=now, holder=holder, lease=LEASE)
    verdicts: list[Verdict] = []

    def decide(known: Conversation) -> None:
        verdict = judged(known, now)
        verdicts.append(verdict)
        if isinstance(verdict, Reach):
            known.campaign(campaign.id, parts, now)

    told, saved = await amend(
        Conversation,
        conversation,
        decide,
        context=context,
        store=ports.store,
        inbox=f"campaign:{campaign.id.hex}:{conversation.hex}",
        work=lambda _: [due] if isinstance(verdicts[-1], Reach) else [],
    )
    if isinstance(verdicts[-1], Reach) and saved.leased and not saved.duplicate:
        # Where a server of ours is away it is owed still, and a worker goes on with it.
        with suppress(Unavailable):
            async with ports.turns.take(context.tenant, *row, within=0, holder=holder) as turn:
                assert turn is not None
                command = Deliver(conversation=conversation)
                again = await deliver(command, context, ports, Taken(len(parts)), told)
                if again is None:
                    turn.nothing()
                else:  # whoever comes next looks when it is to go on
                    turn.more()
    return verdicts[-1]
