"""What was said, when, and how did it end? Positions and figures only: the texts are read from the log when shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Float,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.conversations.handoff import TAKEOVER
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

conversations = Table(
    "conversations",
    metadata,
    tenant_column(),
    Column("conversation", Uuid, primary_key=True),
    Column("channel", String, nullable=False),
    Column("status", String, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("messages", Integer, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("replies", Integer, nullable=False),
    Column("handoff", String),
    Column("waiting_since", DateTime(timezone=True)),
    Column("operator", Uuid),
    Column("claimed_at", BigInteger),
    Column("version", Integer, nullable=False),
)
Index(
    "conversations_handed_over",
    conversations.c.tenant,
    conversations.c.last_at,
    conversations.c.conversation,
    postgresql_where=conversations.c.handoff.is_not(None),
)
Index("conversations_last", conversations.c.tenant, conversations.c.last_at, conversations.c.conversation)

interactions = Table(
    "interactions",
    metadata,
    tenant_column(),
    Column("interaction", Uuid, primary_key=True),
    Column("conversation", Uuid, nullable=False),
    Column("status", String, nullable=False),
    Column("first_version", Integer, nullable=False),
    Column("last_version", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("provider", String),
    Column("model", String),
    Column("confidence", Float),
    Column("handoff", Boolean, nullable=False),
    Column("cached", Boolean, nullable=False),
    Column("cost", Numeric, nullable=False),
    Column("latency_ms", Float),
)
Index(
    "interactions_conversation",
    interactions.c.tenant,
    interactions.c.conversation,
    interactions.c.first_version,
)

_C = Conversation
_REPLACE_CONVERSATIONS, _REPLACE_INTERACTIONS = replacing(conversations), replacing(interactions)


class ConversationRow(msgspec.Struct, kw_only=True):
    """`handoff`: the category of what a person is to answer, since the customer waits; `operator` (an id) has claimed it, by the event at
    position `claimed_at`."""

    conversation: UUID
    channel: str
    status: Literal["open", "closed"]
    started_at: datetime
    last_at: datetime
    messages: int = 0
    answers: int = 0
    replies: int = 0
    handoff: str | None = None
    waiting_since: datetime | None = None
    operator: UUID | None = None
    claimed_at: int | None = None
    version: int = 0


class InteractionRow(msgspec.Struct, kw_only=True):
    """`first_version` to `last_version` are the events of the stream that belong to it."""

    interaction: UUID
    conversation: UUID
    status: Literal["pending", "answered", "failed"]
    first_version: int
    last_version: int
    messages: int = 0
    received_at: datetime
    answered_at: datetime | None = None
    provider: str | None = None
    model: str | None = None
    confidence: float | None = None
    handoff: bool = False
    cached: bool = False
    cost: Decimal = Decimal(0)
    latency_ms: float | None = None


class Transcript:
    name: ClassVar[str] = "transcript"
    version: ClassVar[int] = 2
    tables: ClassVar[Sequence[Table]] = (conversations, interactions)
    events: ClassVar[Sequence[type[Event]]] = (
        _C.Started,
        _C.MessageReceived,
        _C.Disclosed,
        _C.Metered,
        _C.Answered,
        _C.AnswerFailed,
        _C.Said,
        _C.HandedOver,
        _C.Claimed,
        _C.Replied,
        _C.Released,
        _C.HandoffExpired,
        _C.Closed,
        _C.Reopened,
        _C.Forgotten,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        rows = await self._known(batch, sql, tenant)
        answers = await self._known_interactions(batch, sql, tenant)
        for recorded in batch:
            _fold(recorded, rows, answers)
        if forgotten := [recorded.stream for recorded in batch if isinstance(recorded.event, _C.Forgotten)]:
            for table in (conversations, interactions):
                await sql.run(
                    delete(table).where(table.c.tenant == tenant, _is_one_of(table.c.conversation, forgotten))
                )
        await sql.put(_REPLACE_CONVERSATIONS, [row_of(tenant, row) for row in rows.values()])
        await sql.put(_REPLACE_INTERACTIONS, [row_of(tenant, row) for row in answers.values()])

    async def _known(self, batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> dict[UUID, ConversationRow]:
        streams = {recorded.stream for recorded in batch}
        begun = {recorded.stream for recorded in batch if recorded.version == 1}
        if streams == begun:
            return {}
        query = select(conversations).where(
            conversations.c.tenant == tenant,
            _is_one_of(conversations.c.conversation, streams - begun),
        )
        return {row["conversation"]: struct_of(ConversationRow, row) for row in await sql.all(query)}

    async def _known_interactions(
        self, batch: Sequence[Recorded], sql: Sql, tenant: UUID
    ) -> dict[UUID, InteractionRow]:
        named = {interaction for recorded in batch for interaction in interactions_in(recorded.event)}
        if not named:
            return {}
        query = select(interactions).where(
            interactions.c.tenant == tenant,
            _is_one_of(interactions.c.interaction, named),
        )
        return {row["interaction"]: struct_of(InteractionRow, row) for row in await sql.all(query)}


def interactions_in(event: Event | None) -> tuple[UUID, ...]:
    """Those that an event belongs to."""
    if isinstance(event, _C.Replied):
        return event.interactions
    interaction = getattr(event, "interaction", None)
    return () if interaction is None else (interaction,)


def _is_one_of(column: Column[UUID], ids: Iterable[UUID]) -> ColumnElement[bool]:
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def _fold(recorded: Recorded, rows: dict[UUID, ConversationRow], answers: dict[UUID, InteractionRow]) -> None:
    event, at = recorded.event, recorded.recorded_at
    if isinstance(event, _C.Started):
        rows[recorded.stream] = ConversationRow(
            conversation=recorded.stream, channel=event.channel, status="open", started_at=at, last_at=at
        )
    if isinstance(event, _C.Forgotten):
        rows.pop(recorded.stream, None)
        for interaction in [i for i, answer in answers.items() if answer.conversation == recorded.stream]:
            del answers[interaction]
    if (row := rows.get(recorded.stream)) is None:
        return  # what is left of an erased conversation
    row.version, row.last_at = recorded.version, at
    _hand(recorded, row)
    if isinstance(event, _C.MessageReceived):
        row.messages += 1
        answer = answers.get(event.interaction)
        if answer is None:
            answer = answers[event.interaction] = InteractionRow(
                interaction=event.interaction,
                conversation=recorded.stream,
                status="pending",
                first_version=recorded.version,
                last_version=recorded.version,
                received_at=at,
            )
        answer.messages += 1
        answer.last_version = recorded.version
    elif isinstance(event, _C.Disclosed):
        answers[event.interaction].last_version = recorded.version
    elif isinstance(event, _C.Metered):
        answer = answers[event.interaction]
        answer.cost += event.cost
        if event.attempts:
            answer.provider = event.attempts[-1].provider
            answer.model = event.attempts[-1].served or event.attempts[-1].model
    elif isinstance(event, _C.Answered | _C.AnswerFailed):
        answer = answers[event.interaction]
        answer.last_version = recorded.version
        if isinstance(event, _C.Answered):
            row.answers += 1
            answer.status, answer.answered_at = "answered", at
            answer.confidence, answer.handoff = event.confidence, event.handoff is not None
            answer.cached, answer.latency_ms = event.cached, event.latency_ms
        else:
            answer.status = "failed"
    elif isinstance(event, _C.Replied):
        row.replies += 1
        for interaction in event.interactions:
            answer = answers[interaction]
            answer.status, answer.answered_at, answer.last_version = "answered", at, recorded.version
    elif isinstance(event, _C.Closed):
        row.status = "closed"
    elif isinstance(event, _C.Reopened):
        row.status = "open"


def _hand(recorded: Recorded, row: ConversationRow) -> None:
    """Who has it: the agent, or a person."""
    event = recorded.event
    if isinstance(event, _C.HandedOver):
        row.handoff, row.waiting_since = event.category, recorded.recorded_at
    elif isinstance(event, _C.Claimed):
        row.handoff, row.waiting_since = row.handoff or TAKEOVER, event.waiting
        row.operator, row.claimed_at = event.operator_id, recorded.position
    elif isinstance(event, _C.MessageReceived) and row.handoff is not None:
        row.waiting_since = row.waiting_since or recorded.recorded_at
    elif isinstance(event, _C.Replied):
        row.waiting_since = None
    elif isinstance(event, _C.Released | _C.HandoffExpired | _C.Closed):
        row.handoff = row.waiting_since = row.operator = row.claimed_at = None


async def list_conversations(
    sql: Sql,
    tenant: UUID,
    *,
    status: str | None = None,
    channel: str | None = None,
    handed_over: bool | None = None,
    waiting: bool | None = None,
    operator: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ConversationRow]:
    """Newest activity first; `before` is the (last_at, conversation) of the last one seen."""
    query = select(conversations).where(conversations.c.tenant == tenant)
    if status is not None:
        query = query.where(conversations.c.status == status)
    if channel is not None:
        query = query.where(conversations.c.channel == channel)
    for column, wanted in ((conversations.c.handoff, handed_over), (conversations.c.waiting_since, waiting)):
        if wanted is not None:
            query = query.where(column.is_not(None) if wanted else column.is_(None))
    if operator is not None:
        query = query.where(conversations.c.handoff.is_not(None), conversations.c.operator == operator)
    if since is not None:
        query = query.where(conversations.c.last_at >= since)
    if until is not None:
        query = query.where(conversations.c.last_at <= until)
    if before is not None:
        query = query.where(tuple_(conversations.c.last_at, conversations.c.conversation) < before)
    query = query.order_by(conversations.c.last_at.desc(), conversations.c.conversation.desc()).limit(limit)
    return [struct_of(ConversationRow, row) for row in await sql.all(query)]


async def idle_conversations(
    sql: Sql, tenant: UUID, *, until: datetime, after: tuple[datetime, UUID] | None = None, limit: int
) -> list[ConversationRow]:
    """Those whose last activity is older than `until`, the oldest first; `after` is the (last_at, conversation) of the last one seen."""
    query = select(conversations).where(conversations.c.tenant == tenant, conversations.c.last_at < until)
    if after is not None:
        query = query.where(tuple_(conversations.c.last_at, conversations.c.conversation) > after)
    query = query.order_by(conversations.c.last_at, conversations.c.conversation).limit(limit)
    return [struct_of(ConversationRow, row) for row in await sql.all(query)]


async def get_interaction(sql: Sql, tenant: UUID, interaction: UUID) -> InteractionRow | None:
    query = select(interactions).where(
        interactions.c.tenant == tenant, interactions.c.interaction == interaction
    )
    return next((struct_of(InteractionRow, row) for row in await sql.all(query)), None)


async def interactions_of(
    sql: Sql, tenant: UUID, conversation: UUID, limit: int = 200
) -> list[InteractionRow]:
    """A conversation's newest `limit` interactions, in the order in which they began."""
    query = select(interactions).where(
        interactions.c.tenant == tenant, interactions.c.conversation == conversation
    )
    rows = await sql.all(query.order_by(interactions.c.first_version.desc()).limit(limit))
    return [struct_of(InteractionRow, row) for row in reversed(rows)]
