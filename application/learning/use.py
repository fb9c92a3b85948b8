"""What texts may be used for beside answering, by channel: as it stood on each message, and as the channel and the account say now."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.setting import load_setting
from application.ports import Store
from domain.channels.channels import Channels


class Forbidden(msgspec.Struct, frozen=True, kw_only=True):
    """Channels, and addresses of ours, whose texts nothing is learned from any more, whatever held when they came."""

    channels: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()

    def holds(self, channel: str | None, sender: str | None) -> bool:
        """`channel` None: of an example that was made before it was told; it may be any."""
        by_channel = bool(self.channels) if channel is None else channel in self.channels
        return by_channel or sender in self.senders


async def forbidden_now(tenant: UUID, *, store: Store) -> Forbidden:
    channels = await load_setting(Channels, tenant, store=store)
    if channels is None:
        return Forbidden()
    state = channels.state
    accounts = [each for each in state.twilio.values() if each.use == "none"]
    return Forbidden(
        channels=frozenset(channel for channel, use in state.uses.items() if use == "none"),
        senders=frozenset(sender for each in accounts for sender in each.senders),
    )
