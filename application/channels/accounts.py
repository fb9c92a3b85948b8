"""By which account, and by which rules, a message goes out from one of the tenant's addresses."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from application.channels.channels import channels_of
from application.ports import Account, Store
from domain.channels.next_step import UnknownFate
from domain.channels.twilio import Template


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """`per_second`: messages that it sends at most. `window`: the template for what is due when the customer's day is over; None: that is
    not sent."""

    account: Account
    per_second: int
    window: str | None
    templates: Mapping[str, Template]
    unknown_fate: UnknownFate


async def sender_of(tenant: UUID, address: str | None, *, store: Store) -> Sender | None:
    """None where no account of the tenant's has this address any more. The only account has those too that nobody has listed: what was
    written to them was taken in by it."""
    state, _ = await channels_of(tenant, store=store)
    only = len(state.twilio) == 1
    for each in state.twilio.values():
        if address is not None and (only or address in each.senders):
            template = each.templates.get(each.window_template or "")
            return Sender(
                account=Account(
                    tenant=tenant,
                    account=each.account,
                    token=each.token.decode(),
                    sender=address,
                    service=each.messaging_service,
                ),
                per_second=each.messages_per_second,
                window=template.content
                if each.outside_window == "template" and template is not None
                else None,
                templates=each.templates,
                unknown_fate=each.unknown_fate,
            )
    return None
