"""A channel does not take a message: the others are told, once, of the alert and of the channel."""

from __future__ import annotations

import logging
from uuid import UUID, uuid5

import msgspec

from application.base.setting import load_setting
from application.base.together import change_together
from application.insight.alerts.ports import Ports
from application.insight.alerts.tell import due_of
from application.ports import Due
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.channels import AlertChannel, AlertChannels, chosen
from domain.insight.alerts.notification import AlertNotification

log = logging.getLogger("retrace.alerts")


class _Deciding(msgspec.Struct, kw_only=True):
    channels: AlertChannels
    alerts: Alerts
    work: list[Due] = []


async def tell_elsewhere(
    found: AlertNotification, channel: AlertChannel, reason: str, context: Context, ports: Ports
) -> None:
    """Those that did not get the message anyway hear of it; all the others too, where it is new that the channel fails."""
    message, tenant, at = found.state.message, context.tenant, ports.clock()
    assert message is not None
    id = uuid5(found.id, f"elsewhere {channel.id}")
    if message.what == "undelivered" or await _there(id, tenant, ports):
        return
    told = msgspec.structs.replace(
        message,
        what="undelivered",
        at=at,
        note=f"The {channel.kind} channel {channel.name!r} did not take this: {reason}.",
    )

    async def load() -> _Deciding:
        channels = await load_setting(AlertChannels, tenant, store=ports.store)
        alerts = await load_setting(Alerts, tenant, store=ports.store)
        assert channels is not None  # one of them is at hand
        return _Deciding(channels=channels, alerts=alerts or Alerts.begin(tenant, at))

    def decide(deciding: _Deciding) -> list[AlertChannels | Alerts | AlertNotification]:
        channels, alerts = deciding.channels, deciding.alerts
        new = channels.fail(channel.id, reason, at)
        to = [
            each
            for each in chosen(channels, None)
            if each != channel.id and (new or each not in found.state.deliveries)
        ]
        if not to:
            facts = {"tenant": str(tenant), "rule": message.rule, "channel": str(channel.id)}
            log.warning("an alert could not be told, and there is no other channel", extra={"facts": facts})
            return [channels]
        if message.what != "resolved":
            alerts.tell_elsewhere(message.rule, message.incident, to, at)
        deciding.work = [due_of(id, each, at) for each in to]
        return [channels, alerts, AlertNotification.owe(id, told, to, at)]

    await change_together(load, decide, context, store=ports.store, work=lambda deciding: deciding.work)


async def _there(id: UUID, tenant: UUID, ports: Ports) -> bool:
    try:
        await ports.store.load(AlertNotification, id, tenant=tenant)
    except NotFound:
        return False
    return True
