"""The channels by which a tenant is told of alerts: e-mail, Slack, PagerDuty, a signed webhook. What each kind needs, its adapter says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid, NotFound, Refused
from domain.base.one_per_tenant import OnePerTenant

MOST = 20
"""Channels of a tenant."""


class AlertChannel(msgspec.Struct, frozen=True, kw_only=True):
    """`settings` can be shown; `secrets` are never. `failing`: why nothing has got through since then; None while it works."""

    id: UUID
    kind: str
    name: str
    settings: dict[str, str]
    secrets: dict[str, bytes]
    enabled: bool = True
    failing: str | None = None
    failing_since: datetime | None = None

    def __repr__(self) -> str:
        return f"AlertChannel(id={self.id!r}, kind={self.kind!r}, name={self.name!r})"


class AlertChannelsState(msgspec.Struct):
    channels: dict[UUID, AlertChannel] = {}


class AlertChannels(OnePerTenant[AlertChannelsState]):
    """One per tenant, from its first channel on."""

    TOPIC = "alert_channels"
    State = AlertChannelsState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "alert_channels.begun"

    class ChannelSet(Event, frozen=True, kw_only=True):
        """From here on it is so. Whatever failed before is forgotten."""

        TOPIC: ClassVar[str] = "alert_channels.channel_set"
        channel: UUID
        kind: str
        name: str
        settings: dict[str, str]
        secrets: dict[str, bytes]
        enabled: bool

        def apply(self, aggregate: AlertChannels) -> None:
            aggregate._put(
                AlertChannel(
                    id=self.channel,
                    kind=self.kind,
                    name=self.name,
                    settings=self.settings,
                    secrets=self.secrets,
                    enabled=self.enabled,
                )
            )

        def __repr__(self) -> str:
            return f"ChannelSet(channel={self.channel!r}, kind={self.kind!r})"

    class ChannelRemoved(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "alert_channels.channel_removed"
        PERSONAL: ClassVar[bool] = False
        channel: UUID

        def apply(self, aggregate: AlertChannels) -> None:
            channels = aggregate.state.channels
            aggregate.state.channels = {id: each for id, each in channels.items() if id != self.channel}

    class ChannelFailed(Event, frozen=True, kw_only=True):
        """It has not taken a message, again and again; the others are told."""

        TOPIC: ClassVar[str] = "alert_channels.channel_failed"
        PERSONAL: ClassVar[bool] = False
        channel: UUID
        reason: str

        def apply(self, aggregate: AlertChannels) -> None:
            known = aggregate.state.channels[self.channel]
            failing = {"failing": self.reason, "failing_since": self.timestamp}
            aggregate._put(msgspec.structs.replace(known, **failing))

    class ChannelRecovered(Event, frozen=True, kw_only=True):
        """It has taken a message again."""

        TOPIC: ClassVar[str] = "alert_channels.channel_recovered"
        PERSONAL: ClassVar[bool] = False
        channel: UUID

        def apply(self, aggregate: AlertChannels) -> None:
            known = aggregate.state.channels[self.channel]
            aggregate._put(msgspec.structs.replace(known, failing=None, failing_since=None))

    def set(
        self,
        id: UUID,
        *,
        kind: str,
        name: str,
        settings: Mapping[str, str],
        secrets: Mapping[str, bytes],
        enabled: bool,
        at: datetime,
    ) -> None:
        """Add or change it. Raises Invalid, Refused, none of whose texts holds a secret."""
        name = name.strip()
        known = self.state.channels.get(id)
        if not 1 <= len(name) <= 100 or not name.isprintable():
            raise Invalid("a channel's name has 1 to 100 characters that can be read")
        if known is None and len(self.state.channels) >= MOST:
            raise Refused(f"there are {MOST} channels already; remove one of them first")
        if known is not None and known.kind != kind:
            raise Invalid(f"this channel is of the kind {known.kind}; add another one for {kind}")
        kept = {**(known.secrets if known is not None else {}), **secrets}
        facts = {"kind": kind, "name": name, "settings": dict(settings), "secrets": kept, "enabled": enabled}
        self.trigger(self.ChannelSet, at=at, channel=id, **facts)

    def remove(self, id: UUID, at: datetime) -> None:
        """Raises NotFound."""
        self.channel(id)
        self.trigger(self.ChannelRemoved, at=at, channel=id)

    def fail(self, id: UUID, reason: str, at: datetime) -> bool:
        """Tells whether that is new."""
        known = self.state.channels.get(id)
        if known is None or known.failing is not None:
            return False
        self.trigger(self.ChannelFailed, at=at, channel=id, reason=reason)
        return True

    def recover(self, id: UUID, at: datetime) -> None:
        known = self.state.channels.get(id)
        if known is not None and known.failing is not None:
            self.trigger(self.ChannelRecovered, at=at, channel=id)

    def channel(self, id: UUID) -> AlertChannel:
        """Raises NotFound."""
        if id not in self.state.channels:
            raise NotFound(
                f"there is no alert channel {id} in this tenant; GET /v1/alerts/channels shows those there are"
            )
        return self.state.channels[id]

    def _put(self, channel: AlertChannel) -> None:
        self.state.channels = {**self.state.channels, channel.id: channel}


def chosen(channels: AlertChannels | None, wanted: Collection[UUID] | None) -> list[UUID]:
    """Those that are enabled, of the wanted ones; None: of all."""
    every = {} if channels is None else channels.state.channels
    return [id for id, each in every.items() if each.enabled and (wanted is None or id in wanted)]
