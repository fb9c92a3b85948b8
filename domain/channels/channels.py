"""The channels of a tenant: the accounts by which customers write and are written to."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid, NotFound
from domain.base.one_per_tenant import OnePerTenant
from domain.channels.twilio import TwilioAccount, check_account
from domain.conversations.messages import Use

ACCOUNTS = 50
"""Of one vendor, at most."""

USES = 100
"""Channels with a use of their own, at most."""


class ChannelsState(msgspec.Struct):
    """`twilio`: accounts by their SID. `uses`: what the texts of a channel may be used for, whatever accounts it has; of those that are not there it is
    `tenant_only`."""

    twilio: dict[str, TwilioAccount] = {}
    uses: dict[str, Use] = {}


class Channels(OnePerTenant[ChannelsState]):
    """One per tenant; its version is that of all its channels."""

    TOPIC = "channels"
    State = ChannelsState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "channels.begun"

    class TwilioSet(Event, frozen=True, kw_only=True):
        """From here on this account's webhooks are taken, and messages go out by it, as it says."""

        TOPIC: ClassVar[str] = "channels.twilio_set"
        account: TwilioAccount

        def apply(self, aggregate: Channels) -> None:
            state = aggregate.state
            state.twilio = {**state.twilio, self.account.account: self.account}

    class TwilioRemoved(Event, frozen=True, kw_only=True):
        """Its webhooks are refused, and nothing goes out by it any more."""

        TOPIC: ClassVar[str] = "channels.twilio_removed"
        account: str

        def apply(self, aggregate: Channels) -> None:
            state = aggregate.state
            state.twilio = {sid: each for sid, each in state.twilio.items() if sid != self.account}

    class UseSet(Event, frozen=True, kw_only=True):
        """From here on the texts of this channel may be used for this beside answering, also those that have come before where it is less."""

        TOPIC: ClassVar[str] = "channels.use_set"
        channel: str
        use: Use

        def apply(self, aggregate: Channels) -> None:
            aggregate.state.uses = {**aggregate.state.uses, self.channel: self.use}

    def set_use(self, channel: str, use: Use, at: datetime) -> None:
        uses = self.state.uses
        if channel not in uses and len(uses) >= USES:
            raise Invalid(f"{USES} channels have a use of their own; a tenant has no more of them")
        if uses.get(channel, "tenant_only") != use:
            self.trigger(self.UseSet, at=at, channel=channel, use=use)

    def set_twilio(self, account: TwilioAccount, at: datetime) -> None:
        """Raises Invalid, whose text holds no token."""
        check_account(account)
        known = self.state.twilio.get(account.account)
        if known is None and len(self.state.twilio) >= ACCOUNTS:
            raise Invalid(f"a tenant has at most {ACCOUNTS} accounts; remove one first")
        for other in self.state.twilio.values():
            if other.account != account.account and (twice := set(other.senders) & set(account.senders)):
                raise Invalid(f"{min(twice)} is a sender of the account {other.account} already")
        if known is None or replace(known, set_at=account.set_at) != account:
            self.trigger(self.TwilioSet, at=at, account=account)

    def remove_twilio(self, account: str, at: datetime) -> None:
        if account not in self.state.twilio:
            raise NotFound(
                f"this tenant has no account {account[:40]} at Twilio; GET /v1/channels shows those it has"
            )
        self.trigger(self.TwilioRemoved, at=at, account=account)
