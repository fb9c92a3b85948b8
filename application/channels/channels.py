"""A tenant's channels, as it sets them: accounts at vendors, their senders, tokens and templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from application.base.setting import Changed, change_setting, latest_setting, load_setting
from application.ports import Clock, Store
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.channels.channels import Channels, ChannelsState
from domain.channels.twilio import Template, TwilioAccount
from domain.conversations.messages import Use


class SetTwilio(msgspec.Struct, frozen=True, kw_only=True):
    """As `TwilioAccount`. `token` None: the one that it has. It becomes the next one's turn by being given as `token`."""

    account: str
    token: str | None = None
    next_token: str | None = None
    senders: tuple[str, ...] = ()
    messaging_service: str | None = None
    templates: dict[str, Template] = {}
    outside_window: Literal["template", "refuse"] = "refuse"
    window_template: str | None = None
    unknown_fate: Literal["resend", "operator"] = "operator"
    check: Literal["enforce", "observe"] = "enforce"
    use: Use = "tenant_only"
    messages_per_second: int = 80

    def __repr__(self) -> str:
        return f"SetTwilio(account={self.account!r})"


class SetUse(msgspec.Struct, frozen=True, kw_only=True):
    """Of all texts that come by a channel, as `http`, `whatsapp`, or `api`, the completions API."""

    channel: str
    use: Use


class ChannelsSet(msgspec.Struct, frozen=True, kw_only=True):
    """`position` 0: it was so already."""

    channels: ChannelsState
    version: int
    position: int


async def channels_of(tenant: UUID, *, store: Store) -> tuple[ChannelsState, int]:
    """At most a second old, to be read only, and the version; 0 where nothing was ever set."""
    found = await latest_setting(Channels, tenant, store=store)
    return (ChannelsState(), 0) if found is None else (found.state, found.version)


async def channels_now(tenant: UUID, *, store: Store) -> tuple[ChannelsState, int]:
    """As of now."""
    found = await load_setting(Channels, tenant, store=store)
    return (ChannelsState(), 0) if found is None else (found.state, found.version)


async def set_twilio(command: SetTwilio, context: Context, *, store: Store, clock: Clock) -> ChannelsSet:
    """Set an account at Twilio, from now on here, and within a second everywhere. Raises Invalid, whose text holds no token."""

    def decide(channels: Channels) -> None:
        known = channels.state.twilio.get(command.account)
        token = command.token.encode() if command.token is not None else known.token if known else None
        if token is None:
            raise Invalid(
                "a new account needs its auth_token, which checks its webhooks; Twilio's console shows it"
            )
        account = TwilioAccount(
            account=command.account,
            token=token,
            next_token=command.next_token.encode() if command.next_token is not None else None,
            senders=command.senders,
            messaging_service=command.messaging_service,
            templates=command.templates,
            outside_window=command.outside_window,
            window_template=command.window_template,
            unknown_fate=command.unknown_fate,
            check=command.check,
            use=command.use,
            messages_per_second=command.messages_per_second,
            set_at=clock(),
        )
        channels.set_twilio(account, account.set_at)

    return _set(await change_setting(Channels, decide, context, store=store, clock=clock))


async def set_use(command: SetUse, context: Context, *, store: Store, clock: Clock) -> ChannelsSet:
    """From now on here, and within a second everywhere. Raises Invalid."""

    def decide(channels: Channels) -> None:
        channels.set_use(command.channel, command.use, clock())

    return _set(await change_setting(Channels, decide, context, store=store, clock=clock))


@dataclass(frozen=True)
class ChannelUses:
    """What texts of a channel may be used for. Implements `Uses`."""

    store: Store

    async def of(self, tenant: UUID, channel: str) -> Use:
        state, _ = await channels_of(tenant, store=self.store)
        return state.uses.get(channel, "tenant_only")


async def remove_twilio(account: str, context: Context, *, store: Store, clock: Clock) -> ChannelsSet:
    """Take no more of its webhooks, and send nothing by it. Raises NotFound."""

    def decide(channels: Channels) -> None:
        channels.remove_twilio(account, clock())

    return _set(await change_setting(Channels, decide, context, store=store, clock=clock))


def _set(changed: Changed[Channels]) -> ChannelsSet:
    return ChannelsSet(channels=changed.setting.state, version=changed.version, position=changed.position)
