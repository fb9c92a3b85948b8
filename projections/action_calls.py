"""Which calls of actions are there, for whom, and what became of each? What they say is read from the log, where it is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    any_,
    literal,
    select,
    tuple_,
)

from domain.actions.call import ActionCall, Status
from domain.actions.declaration import Consent, Effect
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

action_calls = Table(
    "action_calls",
    metadata,
    tenant_column(),
    Column("id", Uuid, primary_key=True),
    Column("conversation", Uuid, nullable=False),
    Column("interaction", Uuid, nullable=False),
    Column("action", String, nullable=False),
    Column("effect", String, nullable=False),
    Column("consent", String, nullable=False),
    Column("status", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
Index("action_calls_requested", action_calls.c.tenant, action_calls.c.requested_at, action_calls.c.id)
Index("action_calls_conversation", action_calls.c.tenant, action_calls.c.conversation)

_REPLACE = replacing(action_calls)


class ActionCallRow(msgspec.Struct, kw_only=True):
    id: UUID
    conversation: UUID
    interaction: UUID
    action: str
    effect: Effect
    consent: Consent
    status: Status
    attempts: int = 0
    requested_at: datetime
    changed_at: datetime


class ActionCalls:
    name: ClassVar[str] = "action_calls"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (action_calls,)
    events: ClassVar[Sequence[type[Event]]] = (
        ActionCall.Requested,
        ActionCall.Consented,
        ActionCall.Declined,
        ActionCall.Attempted,
        ActionCall.Completed,
        ActionCall.Failed,
        ActionCall.OutcomeUnknown,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        streams = list({recorded.stream for recorded in batch})
        query = select(action_calls).where(
            action_calls.c.tenant == tenant, action_calls.c.id == any_(literal(streams, ARRAY(Uuid)))
        )
        rows = {row["id"]: struct_of(ActionCallRow, row) for row in await sql.all(query)}
        for recorded in batch:
            event, id, at = recorded.event, recorded.stream, recorded.recorded_at
            if isinstance(event, ActionCall.Requested):
                rows[id] = ActionCallRow(
                    id=id,
                    conversation=event.conversation,
                    interaction=event.interaction,
                    action=event.action,
                    effect=event.effect,
                    consent=event.consent,
                    status="ready" if event.consent == "none" else "waiting",
                    requested_at=at,
                    changed_at=at,
                )
                continue
            rows[id].status, rows[id].changed_at = _status(event), at
            if isinstance(event, ActionCall.Attempted):
                rows[id].attempts = event.attempt
        await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


def _status(event: Event | None) -> Status:
    if isinstance(event, ActionCall.Consented):
        return "ready"
    if isinstance(event, ActionCall.Declined):
        return "declined"
    if isinstance(event, ActionCall.Attempted):
        return "attempted"
    if isinstance(event, ActionCall.Completed):
        return "done"
    return "failed" if isinstance(event, ActionCall.Failed) else "unknown"


async def list_calls(
    sql: Sql,
    tenant: UUID,
    *,
    conversation: UUID | None = None,
    status: Status | None = None,
    action: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ActionCallRow]:
    """The newest first; `before` is the (requested_at, id) of the last one seen."""
    c = action_calls.c
    query = select(action_calls).where(c.tenant == tenant)
    if conversation is not None:
        query = query.where(c.conversation == conversation)
    if status is not None:
        query = query.where(c.status == status)
    if action is not None:
        query = query.where(c.action == action)
    if before is not None:
        query = query.where(tuple_(c.requested_at, c.id) < before)
    query = query.order_by(c.requested_at.desc(), c.id.desc()).limit(limit)
    return [struct_of(ActionCallRow, row) for row in await sql.all(query)]
