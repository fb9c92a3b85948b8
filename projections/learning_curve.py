"""How does the agent learn? By month: corrections and how they were reviewed, models that were tuned; by topic: what was corrected.

Counted from events that hold nothing personal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Numeric,
    String,
    Table,
    Uuid,
    any_,
    literal,
    select,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.feedback.correction import Correction
from domain.learning.tuning_job import TuningJob
from domain.models.pricing import EXACT
from projections.base import Sql, adding, metadata, replacing, row_of, struct_of, tenant_column

OTHER = "other"
"""The topic of a message whose intent nobody could tell."""

WANTED = 20
"""Approved corrections of a topic from which on it has enough to learn from."""

months = Table(
    "learning_curve",
    metadata,
    tenant_column(),
    Column("month", Date, primary_key=True),
    Column("proposed", BigInteger, nullable=False),
    Column("approved", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("tuned", BigInteger, nullable=False),
    Column("tuning_cost", Numeric, nullable=False),
)
topics = Table(
    "learning_curve_topics",
    metadata,
    tenant_column(),
    Column("topic", String, primary_key=True),
    Column("proposed", BigInteger, nullable=False),
    Column("approved", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
)
corrections = Table(
    "learning_curve_corrections",
    metadata,
    tenant_column(),
    Column("correction", Uuid, primary_key=True),
    Column("topic", String, nullable=False),
    Column("approved", Boolean),
    Column("reviewed_in", Date),
    Column("quality", Double),
)
"""The latest review of each, whose place in the sums it keeps."""

SUMS = ("proposed", "approved", "rejected", "tuned", "tuning_cost")
COUNTS = ("proposed", "approved", "rejected")
_ADD, _ADD_TOPICS, _PUT = adding(months, SUMS), adding(topics, COUNTS), replacing(corrections)


class CorrectionRow(msgspec.Struct, kw_only=True):
    correction: UUID
    topic: str
    approved: bool | None = None
    reviewed_in: date | None = None
    quality: float | None = None


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """`proposed` in it; `approved` and `rejected` by their latest review, which was in it. `approval_rate`: null without any review.
    `approved_in_all`: up to its end. `tuned`: models that were made; `tuning_cost` in USD."""

    month: date
    proposed: int
    approved: int
    rejected: int
    approval_rate: float | None
    approved_in_all: int
    tuned: int
    tuning_cost: Decimal


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """`needed`: approved corrections that it lacks until it has enough to learn from."""

    topic: str
    proposed: int
    approved: int
    rejected: int
    needed: int


class LearningCurve:
    name: ClassVar[str] = "learning_curve"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (months, topics, corrections)
    events: ClassVar[Sequence[type[Event]]] = (
        Correction.Proposed,
        Correction.Reviewed,
        TuningJob.Registered,
        TuningJob.Charged,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        streams = sorted({recorded.stream for recorded in batch})
        wanted = corrections.c.correction == any_(literal(streams, ARRAY(Uuid)))
        query = select(corrections).where(corrections.c.tenant == tenant, wanted)
        folding = _Folding({row["correction"]: struct_of(CorrectionRow, row) for row in await sql.all(query)})
        with localcontext(EXACT):
            for recorded in batch:
                folding.fold(recorded)
        await sql.put(
            _ADD,
            [
                {"tenant": tenant, "month": month, **dict(zip(SUMS, row, strict=True))}
                for month, row in sorted(folding.months.items())
            ],
        )
        await sql.put(
            _ADD_TOPICS,
            [
                {"tenant": tenant, "topic": topic, **dict(zip(COUNTS, row, strict=True))}
                for topic, row in sorted(folding.topics.items())
            ],
        )
        await sql.put(_PUT, [row_of(tenant, row) for row in folding.touched.values()])


class _Folding:
    def __init__(self, known: dict[UUID, CorrectionRow]) -> None:
        self.known = known
        self.touched: dict[UUID, CorrectionRow] = {}
        self.months: dict[date, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, Decimal(0)])
        self.topics: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])

    def fold(self, recorded: Recorded) -> None:
        month = recorded.recorded_at.date().replace(day=1)
        match recorded.event:
            case Correction.Proposed(lineage=lineage):
                row = CorrectionRow(correction=recorded.stream, topic=lineage.intent or OTHER)
                self.known[recorded.stream] = self.touched[recorded.stream] = row
                self.months[month][0] += 1
                self.topics[row.topic][0] += 1
            case Correction.Reviewed(approved=approved, quality=quality):
                row = self.known[recorded.stream]
                self.touched[recorded.stream] = row
                self._count(row, -1)
                row.approved, row.reviewed_in, row.quality = approved, month, quality
                self._count(row, 1)
            case TuningJob.Registered():
                self.months[month][3] += 1
            case TuningJob.Charged(cost=cost):
                self.months[month][4] += cost

    def _count(self, row: CorrectionRow, change: int) -> None:
        if row.reviewed_in is not None and row.approved is not None:
            place = 1 if row.approved else 2
            self.months[row.reviewed_in][place] += change
            self.topics[row.topic][place] += change


async def learning_months(sql: Sql, tenant: UUID) -> list[Month]:
    """From the first one in which anything was, in order."""
    found, in_all = [], 0
    query = select(months).where(months.c.tenant == tenant).order_by(months.c.month)
    for row in await sql.all(query):
        reviewed = row["approved"] + row["rejected"]
        in_all += row["approved"]
        found.append(
            Month(
                month=row["month"],
                approval_rate=row["approved"] / reviewed if reviewed else None,
                approved_in_all=in_all,
                **{name: row[name] for name in SUMS},
            )
        )
    return found


async def learning_topics(sql: Sql, tenant: UUID) -> list[Topic]:
    """Those that need the most first: of them the one that is corrected most."""
    query = select(topics).where(topics.c.tenant == tenant)
    found = [
        Topic(
            topic=row["topic"],
            needed=max(0, WANTED - row["approved"]),
            **{name: row[name] for name in COUNTS},
        )
        for row in await sql.all(query)
    ]
    return sorted(found, key=lambda each: (not each.needed, -each.proposed, each.topic))
