"""How were the answers of each served model rated? By the day of the call that gave the answer, provider and model, as `costs` names them, so that both
stand side by side (projections/usage.py).

Counted from events that hold nothing personal. An answer has one rating, the latest; it counts on the day of the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    String,
    Table,
    Uuid,
    any_,
    literal,
    select,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.feedback.rating import Rating
from domain.models.completion import Attempt, answered_by
from projections.base import RUNS, Sql, adding, metadata, replacing, row_of, struct_of, tenant_column

ratings = Table(
    "served_ratings",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("provider", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("rated", BigInteger, nullable=False),
    Column("helpful", BigInteger, nullable=False),
)
answers = Table(
    "served_ratings_answers",
    metadata,
    tenant_column(),
    Column("interaction", Uuid, primary_key=True),
    Column("day", Date),
    Column("provider", String),
    Column("model", String),
    Column("helpful", Boolean),
)
"""Which model gave each answer, and how it is rated; `provider` is null where the rating came before any answer is known."""

FIGURES = ("rated", "helpful")
_ADD, _PUT = adding(ratings, FIGURES), replacing(answers)


class AnswerRow(msgspec.Struct, kw_only=True):
    interaction: UUID
    day: date | None = None
    provider: str | None = None
    model: str | None = None
    helpful: bool | None = None


class ServedRatings:
    name: ClassVar[str] = "served_ratings"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (ratings, answers)
    events: ClassVar[Sequence[type[Event]]] = (*RUNS, Rating.Rated)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        folding = _Folding(await _known(batch, sql, tenant))
        for recorded in batch:
            folding.fold(recorded)
        keys = ("day", "provider", "model", *FIGURES)
        sums = [dict(zip(keys, (*key, *row), strict=True)) for key, row in folding.sums.items() if any(row)]
        await sql.put(_ADD, [{"tenant": tenant, **row} for row in sums])
        await sql.put(_PUT, [row_of(tenant, row) for row in folding.touched.values()])


def giver(attempts: Sequence[Attempt]) -> Attempt | None:
    """The call that gave the answer; None: none did."""
    return answered_by([each for each in attempts if each.outcome != "cancelled"])


async def rated(sql: Sql, tenant: UUID, *, since: date, until: date) -> list[Mapping[str, Any]]:
    """Rows of `ratings`, for the days from `since` until before `until`."""
    r = ratings.c
    return await sql.all(select(ratings).where(r.tenant == tenant, r.day >= since, r.day < until))


class _Folding:
    def __init__(self, known: dict[UUID, AnswerRow]) -> None:
        self.known = known
        self.touched: dict[UUID, AnswerRow] = {}
        self.sums: dict[tuple[date, str, str], list[int]] = defaultdict(lambda: [0, 0])

    def fold(self, recorded: Recorded) -> None:
        match recorded.event:
            case Rating.Rated() as event:
                row = self._row(event.interaction)
                self._count(row, -1)
                row.helpful = event.helpful
                self._count(row, 1)
            case Conversation.Metered() as event:
                self._given(event.interaction, event.attempts)
            case Call.Metered() as event:
                self._given(recorded.stream, event.attempts)

    def _given(self, interaction: UUID, attempts: Sequence[Attempt]) -> None:
        if (by := giver(attempts)) is None:
            return
        row = self._row(interaction)
        self._count(row, -1)  # an answer that was made anew: the rating goes with the one that was given
        row.day, row.provider, row.model = by.started_at.date(), by.provider, by.served or by.model
        self._count(row, 1)

    def _count(self, row: AnswerRow, change: int) -> None:
        if row.day is None or row.provider is None or row.model is None or row.helpful is None:
            return
        sums = self.sums[row.day, row.provider, row.model]
        sums[0] += change
        sums[1] += change * row.helpful

    def _row(self, interaction: UUID) -> AnswerRow:
        row = self.known.setdefault(interaction, AnswerRow(interaction=interaction))
        self.touched[interaction] = row
        return row


async def _known(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> dict[UUID, AnswerRow]:
    named = {
        recorded.stream if isinstance(recorded.event, Call.Metered) else recorded.event.interaction
        for recorded in batch
        if isinstance(recorded.event, Conversation.Metered | Call.Metered | Rating.Rated)
    }
    wanted = answers.c.interaction == any_(literal(sorted(named), ARRAY(Uuid)))
    query = select(answers).where(answers.c.tenant == tenant, wanted)
    return {row["interaction"]: struct_of(AnswerRow, row) for row in await sql.all(query)}
