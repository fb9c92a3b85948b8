"""Templates of a campaign's forms at the vendor: made before anybody gets one, so that not all ask for them at once."""

from __future__ import annotations

import logging
from uuid import UUID

from application.campaigns.ports import Ports
from application.channels.channels import channels_of
from application.channels.wording import template_of
from application.ports import Account, NotTaken
from domain.base.context import Context
from domain.campaigns.campaign import Campaign
from domain.campaigns.parts import parts_of
from domain.campaigns.plan import Plan

log = logging.getLogger("retrace.campaigns")


async def prepare_forms(campaign: Campaign, context: Context, ports: Ports) -> bool:
    """Whether it can begin: False where the vendor makes none for the time being. What it refuses for good goes out as a text."""
    plan = campaign.state.plan
    pages = await ports.pages.addresses(campaign, context.tenant, UUID(int=0))
    forms = [part.rich for part in parts_of(plan.message, campaign.id, pages) if part.rich is not None]
    for account in await _accounts(plan, context.tenant, ports):
        for form in forms:
            if ports.channel.shape(form) is None:
                continue
            try:
                await template_of(form, account, context, ports)
            except NotTaken as refused:
                if refused.passing:
                    return False
                log.warning(
                    "a campaign's form goes out as a text: its template is refused with %s", refused.code
                )
    return True


async def _accounts(plan: Plan, tenant: UUID, ports: Ports) -> list[Account]:
    """Those by which it goes out."""
    channels, _ = await channels_of(tenant, store=ports.store)
    return [
        Account(tenant=tenant, account=each.account, token=each.token.decode(), sender=each.senders[0])
        for each in channels.twilio.values()
        if each.senders and (plan.sender is None or plan.sender in each.senders)
    ]
