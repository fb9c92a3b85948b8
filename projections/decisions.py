"""What did the agent decide? Answers, questions back, refusals and handovers by day and category, and how many forgotten questions it made good.

Counted from the events of what answers cost, which hold nothing personal and outlive an erasure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Date, String, Table, func, select

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from projections.base import Sql, adding, metadata, tenant_column

decisions = Table(
    "decisions",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("category", String, primary_key=True),
    Column("plain", Boolean, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

recoveries = Table(
    "decisions_recoveries",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("asked", BigInteger, nullable=False),
    Column("recovered", BigInteger, nullable=False),
)

_ADD, _ADD_RECOVERIES = adding(decisions, ("count",)), adding(recoveries, ("asked", "recovered"))


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """`category`: why it was not merely an answer; null where it was. `agent`: plain is the one without documents and routing."""

    day: date
    kind: str
    category: str | None
    agent: Literal["full", "plain"]
    count: int


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """How often customers said that a question was left unanswered, and was answered then. `rate`: null where nobody said so."""

    asked: int
    recovered: int
    rate: float | None


class Decisions:
    name: ClassVar[str] = "decisions"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (decisions, recoveries)
    events: ClassVar[Sequence[type[Event]]] = (Conversation.Metered,)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        counts: Counter[tuple[date, str, str, bool]] = Counter()
        asked: Counter[date] = Counter()
        made_good: Counter[date] = Counter()
        for recorded in batch:
            event, day = recorded.event, recorded.recorded_at.date()
            if not isinstance(event, Conversation.Metered) or (outcome := event.outcome) is None:
                continue
            counts[day, outcome.kind, outcome.category or "", outcome.plain] += 1
            if outcome.forgot:
                asked[day] += 1
                made_good[day] += outcome.recovered
        names = ("day", "kind", "category", "plain")
        await sql.put(
            _ADD,
            [
                {"tenant": tenant, **dict(zip(names, key, strict=True)), "count": count}
                for key, count in sorted(counts.items())
            ],
        )
        await sql.put(
            _ADD_RECOVERIES,
            [
                {"tenant": tenant, "day": day, "asked": count, "recovered": made_good[day]}
                for day, count in sorted(asked.items())
            ],
        )


async def decided(sql: Sql, tenant: UUID, *, since: date, until: date) -> list[Decided]:
    """From `since` until before `until`; by day, the most frequent first."""
    query = (
        select(decisions)
        .where(decisions.c.tenant == tenant, decisions.c.day >= since, decisions.c.day < until)
        .order_by(decisions.c.day, decisions.c.count.desc(), decisions.c.kind, decisions.c.category)
    )
    return [
        Decided(
            day=row["day"],
            kind=row["kind"],
            category=row["category"] or None,
            agent="plain" if row["plain"] else "full",
            count=row["count"],
        )
        for row in await sql.all(query)
    ]


async def recovered(sql: Sql, tenant: UUID, *, since: date, until: date) -> Recovered:
    query = select(
        func.coalesce(func.sum(recoveries.c.asked), 0).label("asked"),
        func.coalesce(func.sum(recoveries.c.recovered), 0).label("recovered"),
    ).where(recoveries.c.tenant == tenant, recoveries.c.day >= since, recoveries.c.day < until)
    (row,) = await sql.all(query)
    asked, made_good = int(row["asked"]), int(row["recovered"])
    return Recovered(asked=asked, recovered=made_good, rate=made_good / asked if asked else None)
