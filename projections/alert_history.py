"""What have alerts been, and who was told? Each change of a state, and how each message did by each channel. What it says is read from the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    select,
    tuple_,
    update,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.message import What
from domain.insight.alerts.notification import AlertNotification, Outcome
from domain.insight.alerts.status import State
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

changes = Table(
    "alert_history",
    metadata,
    tenant_column(),
    Column("position", BigInteger, primary_key=True),
    Column("rule", String, nullable=False),
    Column("before", String, nullable=False),
    Column("state", String, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("value", Double),
)
Index("alert_history_rule", changes.c.tenant, changes.c.rule, changes.c.position)
deliveries = Table(
    "alert_history_deliveries",
    metadata,
    tenant_column(),
    Column("position", BigInteger, primary_key=True),
    Column("channel", Uuid, primary_key=True),
    Column("notification", Uuid, nullable=False),
    Column("rule", String, nullable=False),
    Column("what", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("reason", String, nullable=False),
)
Index("alert_history_notification", deliveries.c.tenant, deliveries.c.notification, deliveries.c.channel)

_CHANGED, _OWED = replacing(changes), replacing(deliveries)


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """`position` of the event, which has the evidence."""

    position: int
    rule: str
    before: State
    state: State
    at: datetime
    value: float | None


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """`position` of the event that owed it; `at`: of what happened last. `reason`: why the last try came to nothing."""

    position: int
    channel: UUID
    notification: UUID
    rule: str
    what: What
    outcome: Outcome
    tries: int
    at: datetime
    next_at: datetime | None
    reason: str


class AlertHistory:
    name: ClassVar[str] = "alert_history"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (changes, deliveries)
    events: ClassVar[Sequence[type[Event]]] = (
        Alerts.StateChanged,
        AlertNotification.Owed,
        AlertNotification.Tried,
        AlertNotification.Sent,
        AlertNotification.NotTaken,
        AlertNotification.GivenUp,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        for recorded in batch:
            await _apply(recorded, sql)


async def _apply(recorded: Recorded, sql: Sql) -> None:
    """They are few: one by one is fast enough."""
    tenant, at = recorded.tenant, recorded.recorded_at
    match recorded.event:
        case Alerts.StateChanged() as event:
            row = ChangeRow(
                position=recorded.position,
                rule=event.rule,
                before=event.before,
                state=event.state,
                at=at,
                value=None if event.evidence is None else event.evidence.value,
            )
            await sql.put(_CHANGED, [row_of(tenant, row)])
        case AlertNotification.Owed() as event:
            await sql.put(_OWED, [row_of(tenant, each) for each in _owed(recorded, event)])
        case AlertNotification.Tried(channel=channel):
            await _note(recorded, channel, sql, tries=deliveries.c.tries + 1)
        case AlertNotification.Sent(channel=channel):
            await _note(recorded, channel, sql, outcome="sent", next_at=None)
        case AlertNotification.NotTaken(channel=channel, reason=reason, next_at=next_at):
            await _note(recorded, channel, sql, reason=reason, next_at=next_at)
        case AlertNotification.GivenUp(channel=channel, reason=reason):
            await _note(recorded, channel, sql, outcome="failed", reason=reason, next_at=None)


def _owed(recorded: Recorded, event: AlertNotification.Owed) -> list[DeliveryRow]:
    return [
        DeliveryRow(
            position=recorded.position,
            channel=channel,
            notification=recorded.stream,
            rule=event.message.rule,
            what=event.message.what,
            outcome="owed",
            tries=0,
            at=recorded.recorded_at,
            next_at=None,
            reason="",
        )
        for channel in event.channels
    ]


async def _note(recorded: Recorded, channel: UUID, sql: Sql, **changed: Any) -> None:
    this = (
        deliveries.c.tenant == recorded.tenant,
        deliveries.c.notification == recorded.stream,
        deliveries.c.channel == channel,
    )
    await sql.run(update(deliveries).where(*this).values(at=recorded.recorded_at, **changed))


async def list_changes(
    sql: Sql, tenant: UUID, *, rule: str | None = None, before: int | None = None, limit: int = 50
) -> list[ChangeRow]:
    """The newest first; `before`: the position of the last one seen."""
    query = select(changes).where(changes.c.tenant == tenant)
    if rule is not None:
        query = query.where(changes.c.rule == rule)
    if before is not None:
        query = query.where(changes.c.position < before)
    rows = await sql.all(query.order_by(changes.c.position.desc()).limit(limit))
    return [struct_of(ChangeRow, row) for row in rows]


async def list_deliveries(
    sql: Sql,
    tenant: UUID,
    *,
    outcome: Outcome | None = None,
    before: tuple[int, UUID] | None = None,
    limit: int = 50,
) -> list[DeliveryRow]:
    """The newest first; `before`: position and channel of the last one seen."""
    query = select(deliveries).where(deliveries.c.tenant == tenant)
    if outcome is not None:
        query = query.where(deliveries.c.outcome == outcome)
    if before is not None:
        query = query.where(tuple_(deliveries.c.position, deliveries.c.channel) < before)
    order = (deliveries.c.position.desc(), deliveries.c.channel.desc())
    return [struct_of(DeliveryRow, row) for row in await sql.all(query.order_by(*order).limit(limit))]
