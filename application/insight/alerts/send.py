"""One message by one channel, as work: on record before it is tried, tried again with back-off; and told elsewhere where it does not get through."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.setting import change_setting, load_setting
from application.insight.alerts.elsewhere import tell_elsewhere
from application.insight.alerts.ports import Ports
from application.ports import AlertTaken
from domain.base.context import Context
from domain.insight.alerts.channels import AlertChannel, AlertChannels
from domain.insight.alerts.notification import AlertNotification
from domain.webhooks.retries import wait

ELSEWHERE = 3
"""Tries that came to nothing, after which the others are told. It is tried on."""

IN_TURN = timedelta(seconds=5)
"""After which it is looked once more whether the message before it is out."""


class SendAlert(msgspec.Struct, frozen=True, kw_only=True):
    notification: UUID
    channel: UUID


async def send_alert(command: SendAlert, context: Context, ports: Ports) -> datetime | None:
    """When to go on; None: it is over."""
    found = await ports.store.load(AlertNotification, command.notification, tenant=context.tenant)
    delivery, channel_id = found.delivery(command.channel), command.channel
    if delivery is None or delivery.outcome != "owed" or found.state.message is None:
        return None
    channels = await load_setting(AlertChannels, context.tenant, store=ports.store)
    channel = channels.state.channels.get(channel_id) if channels is not None else None
    if channel is None or not channel.enabled:
        reason = "the channel was removed" if channel is None else "the channel was switched off"
        await _note(command, lambda n, at: n.give_up(channel_id, reason, at), context, ports)
        return None
    if (until := await _in_turn(found, channel_id, context, ports)) is not None:
        return until
    await _note(command, lambda n, at: n.try_it(channel_id, at), context, ports)
    told = await ports.alert_senders.send(channel, found.state.message, command.notification)
    if told.taken:
        await _note(command, lambda n, at: n.take(channel_id, at), context, ports)
        await _recovered(channel, context, ports)
        return None
    return await _not_taken(command, channel, found, told, delivery.tries + 1, context, ports)


async def _not_taken(
    command: SendAlert,
    channel: AlertChannel,
    found: AlertNotification,
    told: AlertTaken,
    tries: int,
    context: Context,
    ports: Ports,
) -> datetime | None:
    message = found.state.message
    assert message is not None
    test = message.what == "test"
    pause = None if told.lasting or test else wait(tries, told.retry_after, random.random())
    next_at = None if pause is None else ports.clock() + pause
    if next_at is None:
        await _note(command, lambda n, at: n.give_up(channel.id, told.reason, at), context, ports)
    else:
        again = next_at
        await _note(command, lambda n, at: n.put_off(channel.id, told.reason, again, at), context, ports)
    if not test and (next_at is None or tries >= ELSEWHERE):
        await tell_elsewhere(found, channel, told.reason, context, ports)
    return next_at


async def _in_turn(
    found: AlertNotification, channel: UUID, context: Context, ports: Ports
) -> datetime | None:
    """When to look again, where the message of the same incident before this one is not out yet: its end must not come before its beginning."""
    if found.state.after is None:
        return None
    before = await ports.store.load(AlertNotification, found.state.after, tenant=context.tenant)
    delivery = before.delivery(channel)
    if delivery is None or delivery.outcome != "owed":
        return None
    return max(delivery.next_at or ports.clock(), ports.clock()) + IN_TURN


async def _note(
    command: SendAlert, decide: Callable[[AlertNotification, datetime], None], context: Context, ports: Ports
) -> None:
    await amend(
        AlertNotification,
        command.notification,
        lambda notification: decide(notification, ports.clock()),
        context=context,
        store=ports.store,
    )


async def _recovered(channel: AlertChannel, context: Context, ports: Ports) -> None:
    if channel.failing is not None:
        await change_setting(
            AlertChannels,
            lambda channels: channels.recover(channel.id, ports.clock()),
            context,
            store=ports.store,
            clock=ports.clock,
        )
