"""The channels that a tenant is told by: added, changed, removed, tried with a test message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid5

import msgspec

from application.base.setting import Changed, change_setting, load_setting
from application.insight.alerts.ports import Ports
from application.insight.alerts.send import SendAlert, send_alert
from application.insight.alerts.tell import due_of
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.insight.alerts.channels import AlertChannel, AlertChannels
from domain.insight.alerts.message import AlertMessage
from domain.insight.alerts.notification import AlertDelivery, AlertNotification
from domain.tenancy.tenant import Tenant

SAFETY_NET = timedelta(minutes=1)
"""After which a worker tries what the request has not."""


class AddAlertChannel(msgspec.Struct, frozen=True, kw_only=True):
    """`settings`: what the kind needs, its secrets with them."""

    kind: str
    name: str
    settings: Mapping[str, str]
    enabled: bool = True

    def __repr__(self) -> str:
        return f"AddAlertChannel(kind={self.kind!r}, name={self.name!r})"


class ChangeAlertChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that is left out stays as it is."""

    channel: UUID
    name: str
    settings: Mapping[str, str]
    enabled: bool = True

    def __repr__(self) -> str:
        return f"ChangeAlertChannel(channel={self.channel!r}, name={self.name!r})"


class ChannelStands(msgspec.Struct, frozen=True, kw_only=True):
    channel: AlertChannel
    version: int
    position: int


async def add_alert_channel(command: AddAlertChannel, context: Context, ports: Ports) -> ChannelStands:
    """Raises Invalid, Refused."""
    checked = await ports.alert_senders.check(command.kind, command.settings, ())
    id = ports.ids()

    def decide(channels: AlertChannels) -> None:
        channels.set(
            id,
            kind=command.kind,
            name=command.name,
            settings=checked.settings,
            secrets=checked.secrets,
            enabled=command.enabled,
            at=ports.clock(),
        )

    return _stands(
        id, await change_setting(AlertChannels, decide, context, store=ports.store, clock=ports.clock)
    )


async def change_alert_channel(command: ChangeAlertChannel, context: Context, ports: Ports) -> ChannelStands:
    """Raises NotFound, Invalid, Refused."""
    known = await channel_of(command.channel, context.tenant, ports)
    checked = await ports.alert_senders.check(known.kind, command.settings, known.secrets)

    def decide(channels: AlertChannels) -> None:
        channels.channel(known.id)
        channels.set(
            known.id,
            kind=known.kind,
            name=command.name,
            settings=checked.settings,
            secrets=checked.secrets,
            enabled=command.enabled,
            at=ports.clock(),
        )

    changed = await change_setting(AlertChannels, decide, context, store=ports.store, clock=ports.clock)
    return _stands(known.id, changed)


async def remove_alert_channel(channel: UUID, context: Context, ports: Ports) -> int:
    """What waits to be sent by it is given up. Returns the position. Raises NotFound."""
    changed = await change_setting(
        AlertChannels,
        lambda channels: channels.remove(channel, ports.clock()),
        context,
        store=ports.store,
        clock=ports.clock,
    )
    return changed.position


async def try_alert_channel(channel: UUID, context: Context, ports: Ports) -> AlertDelivery:
    """Send a message that says that it is a test, now; what came of it. It is tried once. Raises NotFound."""
    known = await channel_of(channel, context.tenant, ports)
    tenant = await ports.store.latest(Tenant, context.tenant, tenant=context.tenant)
    at, id = ports.clock(), ports.ids()
    message = AlertMessage(
        what="test",
        rule="test",
        state="ok",
        severity="info",
        incident=uuid5(id, "test"),
        at=at,
        since=at,
        tenant=tenant.state.name,
        description=f"This is a test of the channel {known.name!r}. Nothing is wrong.",
    )
    owed = due_of(id, channel, at + SAFETY_NET)
    await ports.store.save(AlertNotification.owe(id, message, [channel], at), context=context, work=[owed])
    await send_alert(SendAlert(notification=id, channel=channel), context, ports)
    sent = await ports.store.load(AlertNotification, id, tenant=context.tenant)
    delivery = sent.delivery(channel)
    assert delivery is not None
    return delivery


async def channel_of(channel: UUID, tenant: UUID, ports: Ports) -> AlertChannel:
    """Raises NotFound."""
    channels = await load_setting(AlertChannels, tenant, store=ports.store)
    if channels is None:
        raise NotFound(
            f"there is no alert channel {channel} in this tenant; POST /v1/alerts/channels adds one"
        )
    return channels.channel(channel)


def _stands(id: UUID, changed: Changed[AlertChannels]) -> ChannelStands:
    return ChannelStands(
        channel=changed.setting.channel(id), version=changed.version, position=changed.position
    )
