"""What texts may be used for beside answering, by channel: as it stood on each message, and as the account says now."""

from __future__ import annotations

from uuid import UUID

from application.base.setting import load_setting
from application.ports import Store
from domain.channels.channels import Channels


async def forbidden_senders(tenant: UUID, *, store: Store) -> frozenset[str]:
    """Our addresses whose texts nothing is learned from any more, whatever held when they came."""
    channels = await load_setting(Channels, tenant, store=store)
    if channels is None:
        return frozenset()
    accounts = channels.state.twilio.values()
    return frozenset(sender for each in accounts if each.use == "none" for sender in each.senders)
