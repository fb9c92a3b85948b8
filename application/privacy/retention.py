"""Retention: conversations in which nothing has happened for as long as the tenant says are forgotten, day by day, by work."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import msgspec

from application.base.setting import change_setting, load_setting
from application.ports import Clock, Done, Due, Idle, Purchases, Store
from application.privacy.forget import forget_conversation
from domain.base.context import Context
from domain.privacy.retention import Retention

RETENTION_WORK = "retention"
DAILY = timedelta(days=1)
AT_ONCE = 200
"""Conversations of one look into the read model."""
TURN = 20.0
"""Seconds after which the rest is left to the next try, so that others have their turn."""


class SetRetention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`days` without any activity after which a conversation is forgotten; None: it is kept for ever."""

    days: int | None


class RetentionSet(msgspec.Struct, frozen=True, kw_only=True):
    """`position` 0: it was so already."""

    days: int | None
    version: int
    position: int


class KeepRetention(msgspec.Struct, frozen=True, kw_only=True):
    """Forget what the tenant of the context does not want to keep; its days are counted back from `at`."""

    at: datetime


async def retention_of(tenant: UUID, *, store: Store) -> tuple[int | None, int]:
    """The days that are in force (None: for ever), and the version; 0 where nothing was ever set."""
    retention = await load_setting(Retention, tenant, store=store)
    return (None, 0) if retention is None else (retention.state.days, retention.version)


async def set_retention(
    command: SetRetention, context: Context, *, store: Store, clock: Clock
) -> RetentionSet:
    """Set the days, from this moment on. Raises Invalid."""
    key = context.tenant.hex
    work = (
        Done(kind=RETENTION_WORK, key=key)
        if command.days is None
        else Due(kind=RETENTION_WORK, key=key, due_at=clock())
    )
    changed = await change_setting(
        Retention,
        lambda retention: retention.keep(command.days, clock()),
        context,
        store=store,
        clock=clock,
        work=[work],
    )
    return RetentionSet(days=command.days, version=changed.version, position=changed.position)


async def keep_retention(
    command: KeepRetention,
    context: Context,
    *,
    store: Store,
    idle: Idle,
    purchases: Purchases,
    clock: Clock,
) -> datetime | None:
    """Forget the conversations that have been idle for too long; returns when to look again, None where nothing is to be forgotten. Whoever
    has booked something that is still to come, or that was since then, is no idle customer.

    Each is forgotten in a transaction of its own, so whoever comes after a crash goes on where it ended.
    """
    days, _ = await retention_of(context.tenant, store=store)
    if days is None:
        return None
    began, until = monotonic(), command.at - timedelta(days=days)
    after: tuple[datetime, UUID] | None = None
    while found := await idle.find(context.tenant, until=until, after=after, limit=AT_ONCE):
        # What is bought while this goes on is known soon enough.
        everyone = [each.conversation for each in found]
        busy = await purchases.busy(context.tenant, everyone, until, all_known=after is None)
        for each in found:
            if each.conversation in busy:
                continue
            await forget_conversation(each.conversation, context, store=store, clock=clock, idle_since=until)
            if monotonic() - began > TURN:
                return command.at
        after = (found[-1].last_at, found[-1].conversation)
    return command.at + DAILY
