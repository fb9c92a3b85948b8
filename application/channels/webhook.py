"""Webhooks: what a channel's vendor sends is proved to be its, and taken in. One append, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from application.base.setting import latest_setting
from application.channels.delivery import RecordStatus, record_status
from application.channels.person import People
from application.channels.presses import Outcome, Press, no_button
from application.conversations.conversation import MessageErased, ReceiveMessage, receive_message
from application.conversations.notice import ReceiveNotice, receive_notice
from application.conversations.ports import ReceivePorts
from application.ports import Rejections, Unavailable, Webhook, WebhookReader
from application.tenancy.newcomers import Newcomers
from domain.base.context import Context
from domain.base.errors import Forbidden, Invalid, NotFound
from domain.channels.channels import Channels
from domain.channels.incoming import IncomingMessage, IncomingNotice, IncomingStatus
from domain.channels.twilio import TwilioAccount
from domain.tenancy.tenant import Tenant

FORGED = "this request is not signed as it must be"
"""All that whoever is refused is told, whatever the reason."""

PATIENCE = 8.0
"""Seconds in which a save is tried again: the vendor waits for 15, and sends most webhooks once."""

T = TypeVar("T")


class Ports(ReceivePorts, Protocol):
    @property
    def people(self) -> People: ...
    @property
    def rejections(self) -> Rejections: ...
    @property
    def newcomers(self) -> Newcomers: ...


class TakeWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """`attempt`: of ours, which the address of a status names."""

    tenant: UUID
    webhook: Webhook
    attempt: str | None = None


async def take_webhook(
    command: TakeWebhook, correlation: UUID, reader: WebhookReader, ports: Ports, press: Press = no_button
) -> Outcome:
    """Take in a message, a status or a notice; the same one again has no second effect. `press`: buttons that are no message.

    Raises Forbidden, which tells nobody why, where it is not signed by an account of an active tenant; Invalid for what names no message.
    """
    tenant = command.tenant
    async with ports.newcomers.turn(tenant):
        channels = await latest_setting(Channels, tenant, store=ports.store)
        opened = reader.open(command.webhook, channels.state) if channels is not None else None
        account = channels.state.twilio.get(opened.account or "") if channels and opened else None
        if opened is None or account is None or not await _active(tenant, ports):
            raise Forbidden(FORGED)
    if opened.authentic:
        ports.newcomers.came_in(tenant)
    else:
        ports.rejections.count(
            tenant, account.account, "rejected" if account.check == "enforce" else "observed"
        )
        if account.check == "enforce":
            raise Forbidden(FORGED)
    context = Context(tenant=tenant, actor="channel:twilio", correlation=correlation)
    incoming = opened.incoming
    match incoming:
        case IncomingMessage():
            return await _patiently(lambda: _message(incoming, account, context, ports, press))
        case IncomingNotice():
            return await _patiently(lambda: _notice(incoming, context, ports))
        case IncomingStatus():
            return await _patiently(lambda: _status(incoming, command.attempt, context, ports))
    raise Invalid("this names no message, or nobody from whom it comes; nothing was taken in")


async def _active(tenant: UUID, ports: Ports) -> bool:
    try:
        found = await ports.store.latest(Tenant, tenant, tenant=tenant)
    except NotFound:
        return False
    return found.state.status == "active"


async def _message(
    incoming: IncomingMessage, account: TwilioAccount, context: Context, ports: Ports, press: Press
) -> Outcome:
    inbox = await _inbox(incoming, context, ports)
    if (pressed := await press(incoming, inbox, context)) is not None:
        return pressed
    command = ReceiveMessage(
        channel=incoming.channel,
        address=incoming.address,
        name=incoming.name,
        text=incoming.text,
        message_id=incoming.id,
        inbox=inbox,
        sender=incoming.sender,
        parts=incoming.parts,
        raw=incoming.raw,
        use=account.use,
        consent=incoming.consent,
    )
    locate = ports.people.locate(incoming.channel, incoming.address, incoming.aliases, context)
    try:
        received = await receive_message(command, context, ports, locate)
    except MessageErased:
        return "duplicate"
    return "duplicate" if received.duplicate else "message"


async def _notice(incoming: IncomingNotice, context: Context, ports: Ports) -> Outcome:
    command = ReceiveNotice(
        channel=incoming.channel,
        address=incoming.address,
        name=incoming.name,
        notice=incoming.id,
        kind=incoming.kind,
        about=incoming.about,
        text=incoming.text,
        sender=incoming.sender,
        raw=incoming.raw,
        inbox=await _inbox(incoming, context, ports),
    )
    locate = ports.people.locate(incoming.channel, incoming.address, incoming.aliases, context)
    saved = await receive_notice(command, context, store=ports.store, clock=ports.clock, locate=locate)
    return "duplicate" if saved.duplicate else "notice"


async def _status(incoming: IncomingStatus, attempt: str | None, context: Context, ports: Ports) -> Outcome:
    command = RecordStatus(attempt=attempt, sid=incoming.sid, status=incoming.status, code=incoming.code)
    position = await record_status(
        command, context, store=ports.store, keyring=ports.keyring, clock=ports.clock
    )
    return "status" if position else "unknown"


async def _inbox(incoming: IncomingMessage | IncomingNotice, context: Context, ports: Ports) -> str:
    """A vendor's id is its own in its account. Inbox keys outlive an erasure, and whoever has the account finds the words by the id there."""
    parts = "incoming", "twilio", incoming.account, incoming.id
    return f"twilio:{await ports.keyring.identify(context.tenant, *parts)}"


async def _patiently(take: Callable[[], Awaitable[T]]) -> T:
    """Again while the database is away for a moment; what was saved after all is a duplicate then."""
    until, pause = time.monotonic() + PATIENCE, 0.1
    while True:
        try:
            return await take()
        except Unavailable:
            if time.monotonic() + pause > until:
                raise
        await asyncio.sleep(pause)
        pause *= 2
