"""How did the answers of each model do, with real customers? By day and model: how many, what they cost, how long they took, whether they helped.

The model is the one that gave the answer, or was the last to be asked for it. Counted from events that hold nothing personal. Money is exact;
percentiles are within 1 % (domain/base/sketch.py).
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
    Integer,
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
from domain.base.sketch import bucket_of, percentile
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.feedback.rating import Rating
from domain.models.completion import answered_by
from domain.models.pricing import EXACT
from projections.base import RUNS, Sql, adding, metadata, replacing, row_of, struct_of, tenant_column

answers = Table(
    "model_answers",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("model", String, primary_key=True),
    Column("answers", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("handed_over", BigInteger, nullable=False),
    Column("rated", BigInteger, nullable=False),
    Column("helpful", BigInteger, nullable=False),
    Column("cost", Numeric, nullable=False),
)
latencies = Table(
    "model_answers_latency",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("model", String, primary_key=True),
    Column("bucket", Integer, primary_key=True),
    Column("answers", BigInteger, nullable=False),
)
interactions = Table(
    "model_answers_interactions",
    metadata,
    tenant_column(),
    Column("interaction", Uuid, primary_key=True),
    Column("day", Date),
    Column("model", String),
    Column("helpful", Boolean),
)
"""Whose answer each was, and how it is rated; `model` is null where the rating came before any answer is known."""

SUMS = ("answers", "failed", "handed_over", "rated", "helpful", "cost")
_ADD, _ADD_LATENCIES, _PUT = adding(answers, SUMS), adding(latencies, ("answers",)), replacing(interactions)


class InteractionRow(msgspec.Struct, kw_only=True):
    interaction: UUID
    day: date | None = None
    model: str | None = None
    helpful: bool | None = None


class ModelFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`cost` is in USD, exact, of all; latencies in ms. `rated` answers were rated, `helpful` of them as helpful."""

    model: str
    answers: int
    failed: int
    handed_over: int
    rated: int
    helpful: int
    cost: Decimal
    p50_ms: float | None
    p95_ms: float | None


class ModelAnswers:
    name: ClassVar[str] = "model_answers"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (answers, latencies, interactions)
    events: ClassVar[Sequence[type[Event]]] = (*RUNS, Rating.Rated)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        folding = _Folding(await _known(batch, sql, tenant))
        with localcontext(EXACT):
            for recorded in batch:
                folding.fold(recorded)
        keys = ("day", "model")
        await sql.put(
            _ADD,
            [
                dict(zip(keys, key, strict=True), tenant=tenant, **dict(zip(SUMS, row, strict=True)))
                for key, row in folding.sums.items()
            ],
        )
        await sql.put(
            _ADD_LATENCIES,
            [
                {"tenant": tenant, "day": day, "model": model, "bucket": bucket, "answers": count}
                for (day, model, bucket), count in folding.took.items()
            ],
        )
        await sql.put(_PUT, [row_of(tenant, row) for row in folding.touched.values()])


class _Folding:
    def __init__(self, known: dict[UUID, InteractionRow]) -> None:
        self.known = known
        self.touched: dict[UUID, InteractionRow] = {}
        self.sums: dict[tuple[date, str], list[Any]] = defaultdict(lambda: [0, 0, 0, 0, 0, Decimal(0)])
        self.took: dict[tuple[date, str, int], int] = defaultdict(int)

    def fold(self, recorded: Recorded) -> None:
        match recorded.event:
            case Rating.Rated() as event:
                self._rated(event.interaction, event.helpful)
            case Conversation.Metered() as event:
                outcome = event.outcome
                handed_over = outcome is not None and outcome.kind == "hand_over"
                self._answered(recorded, event.interaction, event, handed_over)
            case Call.Metered() as event:
                self._answered(recorded, recorded.stream, event, False)

    def _answered(
        self,
        recorded: Recorded,
        interaction: UUID,
        event: Conversation.Metered | Call.Metered,
        handed_over: bool,
    ) -> None:
        """One that nobody waited for, or for which no model was asked, tells nothing of any."""
        asked = [attempt for attempt in event.attempts if attempt.outcome != "cancelled"]
        if not asked:
            return
        given = answered_by(asked)
        by = given or asked[-1]
        day, model = recorded.recorded_at.date(), f"{by.provider}/{by.model}"
        row = self._row(interaction)
        self._count_rating(
            row, -1
        )  # an answer that was made anew: the rating goes with the one that was given
        row.day, row.model = day, model
        self._count_rating(row, 1)
        sums = self.sums[day, model]
        sums[0] += 1
        sums[1] += given is None
        sums[2] += handed_over
        sums[5] += event.cost
        self.took[day, model, bucket_of(sum(attempt.latency_ms for attempt in asked))] += 1

    def _rated(self, interaction: UUID, helpful: bool) -> None:
        row = self._row(interaction)
        self._count_rating(row, -1)
        row.helpful = helpful
        self._count_rating(row, 1)

    def _count_rating(self, row: InteractionRow, change: int) -> None:
        if row.day is not None and row.model is not None and row.helpful is not None:
            sums = self.sums[row.day, row.model]
            sums[3] += change
            sums[4] += change * row.helpful

    def _row(self, interaction: UUID) -> InteractionRow:
        row = self.known.setdefault(interaction, InteractionRow(interaction=interaction))
        self.touched[interaction] = row
        return row


async def model_figures(sql: Sql, tenant: UUID, *, since: date, until: date) -> list[ModelFigures]:
    """Of the days from `since` until before `until`; those with the most answers first."""
    sums: dict[str, list[Any]] = {}
    query = select(answers).where(answers.c.tenant == tenant, answers.c.day >= since, answers.c.day < until)
    with localcontext(EXACT):
        for row in await sql.all(query.order_by(answers.c.day, answers.c.model)):
            found = sums.setdefault(row["model"], [0, 0, 0, 0, 0, Decimal(0)])
            for place, name in enumerate(SUMS):
                found[place] += row[name]
    sketches: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    query = select(latencies).where(
        latencies.c.tenant == tenant, latencies.c.day >= since, latencies.c.day < until
    )
    for row in await sql.all(query):
        sketches[row["model"]][row["bucket"]] += row["answers"]
    figures = [
        ModelFigures(
            model=model,
            **dict(zip(SUMS, found, strict=True)),
            p50_ms=percentile(sketches[model], 0.5),
            p95_ms=percentile(sketches[model], 0.95),
        )
        for model, found in sums.items()
        if found[0]
    ]
    return sorted(figures, key=lambda each: (-each.answers, each.model))


async def _known(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> dict[UUID, InteractionRow]:
    named = {
        recorded.stream if isinstance(recorded.event, Call.Metered) else recorded.event.interaction
        for recorded in batch
        if isinstance(recorded.event, Conversation.Metered | Call.Metered | Rating.Rated)
    }
    wanted = interactions.c.interaction == any_(literal(sorted(named), ARRAY(Uuid)))
    query = select(interactions).where(interactions.c.tenant == tenant, wanted)
    return {row["interaction"]: struct_of(InteractionRow, row) for row in await sql.all(query)}
