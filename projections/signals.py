"""What did customers do after an answer? The signals of each answer of the agent's, from which its implicit score follows (domain/feedback/signals.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    and_,
    any_,
    delete,
    func,
    literal,
    select,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.feedback.actions import ACTIONS, completes
from domain.feedback.following import FOLLOWED, Following, complete, follow
from domain.feedback.signals import QUICK_MS, REACTED, SLOW_MS, Signals, Totals
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column
from projections.ratings import ratings

signals = Table(
    "signals",
    metadata,
    tenant_column(),
    Column("interaction", Uuid, primary_key=True),
    Column("conversation", Uuid, nullable=False),
    Column("answered_at", DateTime(timezone=True), nullable=False),
    Column("response_ms", Integer, nullable=False),
    Column("continued", Boolean, nullable=False),
    Column("completed", Boolean, nullable=False),
    Column("requested", Boolean, nullable=False),
    Column("asked_back", Boolean, nullable=False),
    Column("came_back", Boolean, nullable=False),
    Column("prompted", Boolean, nullable=False),
)
Index("signals_answered", signals.c.tenant, signals.c.answered_at)

following = Table(
    "signals_following",
    metadata,
    tenant_column(),
    Column("conversation", Uuid, primary_key=True),
    Column("waiting", DateTime(timezone=True)),
    Column("begun", Uuid),
    Column("begun_waiting", DateTime(timezone=True)),
    Column("begun_at", DateTime(timezone=True)),
    Column("heard", Boolean, nullable=False),
    Column("metered", Uuid),
    Column("kind", String, nullable=False),
    Column("category", String),
    Column("last", Uuid),
    Column("followed", Boolean, nullable=False),
)

_REPLACE, _REPLACE_FOLLOWING = replacing(signals), replacing(following)
_TOPICS = frozenset(event.TOPIC for event in FOLLOWED)


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """`asked`: answers of which the customer was asked whether they helped; `rated`: those among them that were rated."""

    asked: int
    rated: int


class ImplicitSignals:
    """`actions`: events by which customers complete something (domain/feedback/actions.py)."""

    name: ClassVar[str] = "signals"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (signals, following)
    sees_erased: ClassVar[bool] = True
    on_failure: ClassVar[Literal["park", "stop"]] = "park"
    events: ClassVar[Sequence[type[Event]]] = (*FOLLOWED, Conversation.Forgotten, *ACTIONS)

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        places = await _known(batch, sql, tenant)
        answers = await _answers(places.values(), sql, tenant)
        gone: list[UUID] = []
        for recorded in batch:
            conversation = _conversation(recorded)
            if recorded.topic == Conversation.Forgotten.TOPIC:
                gone.append(conversation)
                places.pop(conversation, None)
                continue
            where = places.setdefault(conversation, Following(conversation=conversation))
            if recorded.topic in _TOPICS:
                follow(recorded, where, answers)
            elif completes(recorded.event):
                complete(recorded.recorded_at, where, answers)
        if gone:  # nothing follows any more; what there was counts
            await sql.run(
                delete(following).where(
                    following.c.tenant == tenant, _is_one_of(following.c.conversation, gone)
                )
            )
        await sql.put(_REPLACE, [row_of(tenant, each) for each in answers.values()])
        await sql.put(_REPLACE_FOLLOWING, [row_of(tenant, where) for where in places.values()])


def _conversation(recorded: Recorded) -> UUID:
    conversation: UUID = getattr(recorded.event, "conversation", recorded.stream)
    return conversation


async def _known(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> dict[UUID, Following]:
    wanted = {_conversation(recorded) for recorded in batch}
    query = select(following).where(
        following.c.tenant == tenant, _is_one_of(following.c.conversation, wanted)
    )
    return {row["conversation"]: struct_of(Following, row) for row in await sql.all(query)}


async def _answers(places: Iterable[Following], sql: Sql, tenant: UUID) -> dict[UUID, Signals]:
    """The answers that what comes next may say something of."""
    wanted = {where.last for where in places if where.last is not None}
    if not wanted:
        return {}
    query = select(signals).where(signals.c.tenant == tenant, _is_one_of(signals.c.interaction, wanted))
    return {row["interaction"]: struct_of(Signals, row) for row in await sql.all(query)}


def _is_one_of(column: Column[UUID], ids: Iterable[UUID]) -> ColumnElement[bool]:
    return column == any_(literal(list(ids), ARRAY(Uuid)))


async def totals_of(sql: Sql, tenant: UUID, *, since: datetime, until: datetime, now: datetime) -> Totals:
    """Of the answers given from `since` until before `until`, as they stand at `now`."""
    s = signals.c
    left = and_(s.asked_back, ~s.came_back, s.answered_at < now - REACTED)
    slow = func.least(func.greatest(s.response_ms, QUICK_MS), SLOW_MS) - QUICK_MS
    query = select(
        func.count().label("answers"),
        func.count().filter(s.continued).label("continued"),
        func.count().filter(s.completed).label("completed"),
        func.count().filter(s.requested).label("requested"),
        func.count().filter(left).label("abandoned"),
        func.coalesce(func.sum(slow), 0).label("slow_ms"),
    ).where(s.tenant == tenant, s.answered_at >= since, s.answered_at < until)
    (row,) = await sql.all(query)
    return Totals(**row)


async def collected(sql: Sql, tenant: UUID, *, since: datetime, until: datetime) -> Collected:
    """Of the answers given from `since` until before `until`; both read models are asked."""
    both = signals.outerjoin(
        ratings, and_(ratings.c.tenant == signals.c.tenant, ratings.c.interaction == signals.c.interaction)
    )
    query = (
        select(func.count().label("asked"), func.count(ratings.c.interaction).label("rated"))
        .select_from(both)
        .where(
            signals.c.tenant == tenant,
            signals.c.prompted,
            signals.c.answered_at >= since,
            signals.c.answered_at < until,
        )
    )
    (row,) = await sql.all(query)
    return Collected(**row)
