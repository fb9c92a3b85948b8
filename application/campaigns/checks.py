"""What a plan names must be there: a sender, an approved template, the things that were bought. And who is outside the window."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from application.campaigns.ports import Ports
from application.channels.channels import channels_now
from application.ports import Store
from domain.base.errors import Invalid, NotFound, Refused
from domain.campaigns.campaign import Campaign
from domain.campaigns.plan import CHANNEL, Plan
from domain.channels.window import WINDOW
from domain.shop.product import Product
from domain.shop.service import Service


async def check_account(plan: Plan, tenant: UUID, *, store: Store) -> None:
    """Raises Invalid, which says what there is instead."""
    channels, _ = await channels_now(tenant, store=store)
    if not channels.twilio:
        raise Invalid("there is no account to send by; PUT /v1/channels/twilio/{account} sets one")
    senders = {sender: each for each in channels.twilio.values() for sender in each.senders}
    if plan.sender is not None and plan.sender not in senders:
        raise Invalid(f"sender: none of this tenant's; there are: {', '.join(sorted(senders)) or 'none'}")
    if (template := plan.message.template) is not None:
        accounts = list(channels.twilio.values()) if plan.sender is None else [senders[plan.sender]]
        for account in accounts:
            known = account.templates.get(template.name)
            if known is None or not known.approved:
                approved = sorted(name for name, each in account.templates.items() if each.approved)
                raise Invalid(
                    f"message: the account {account.account} has no approved template {template.name[:100]}; approved are: {', '.join(approved) or 'none'}"
                )
    for each in plan.audience.bought:
        if each.item is not None:
            try:
                await store.load(Product if each.kind == "product" else Service, each.item, tenant=tenant)
            except NotFound:
                raise Invalid(f"audience: there is no {each.kind} {each.item} in this tenant") from None


async def check_window(campaign: Campaign, begins_at: datetime, tenant: UUID, ports: Ports) -> None:
    """Raises Refused where the plan wants none left out whose 24 hours are over then."""
    plan = campaign.state.plan
    if plan.outside_window == "leave_out" or plan.message.template or plan.audience.channel != CHANNEL:
        return
    outside = await ports.customers.count(tenant, plan.audience, begins_at, heard_before=begins_at - WINDOW)
    if outside:
        raise Refused(
            f"{outside} customers of the audience will not have written within 24 hours when it begins, so WhatsApp takes only an approved "
            "template for them; use one, set outside_window to leave_out, or narrow the audience by heard_within_days"
        )
