"""Were customers understood who did not write a name as it is? Matches that were made or asked about, and what customers said to them, by day.

Counted from the events of what answers cost, which hold nothing personal and outlive an erasure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Column, Date, String, Table, func, select

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from projections.base import Sql, adding, metadata, tenant_column

matches = Table(
    "matches",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("by", String, primary_key=True),
    Column("how", String, primary_key=True),
    Column("matched", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
)

FIGURES = ("matched", "accepted", "rejected")
_ADD = adding(matches, FIGURES)


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Of `matched`: how many customers have `accepted`, by saying so or not saying no, and `rejected`. `accuracy`: accepted of these two; null where nothing was settled."""

    matched: int
    accepted: int
    rejected: int
    accuracy: float | None


class AccuracyOf(Accuracy, frozen=True, kw_only=True):
    """`by`: spelling is a word of the tenant's names, topics and aliases; offer is the name of something of the catalogue. `how`: made without a word, or asked
    about."""

    by: Literal["spelling", "offer"]
    how: Literal["asked", "made"]


class Matches:
    name: ClassVar[str] = "matches"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (matches,)
    events: ClassVar[Sequence[type[Event]]] = (Conversation.Metered,)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        sums: dict[tuple[date, str, str], Counter[str]] = {}
        for recorded in batch:
            event, day = recorded.event, recorded.recorded_at.date()
            if not isinstance(event, Conversation.Metered) or (outcome := event.outcome) is None:
                continue
            for each in outcome.matched:
                sums.setdefault((day, each.by, each.how), Counter())["matched"] += 1
            for verdict in outcome.verdicts:
                said = "accepted" if verdict.accepted else "rejected"
                sums.setdefault((day, verdict.by, verdict.how), Counter())[said] += 1
        await sql.put(
            _ADD,
            [
                {
                    "tenant": batch[0].tenant,
                    **dict(zip(("day", "by", "how"), key, strict=True)),
                    **{name: counts[name] for name in FIGURES},
                }
                for key, counts in sorted(sums.items())
            ],
        )


async def accuracy(sql: Sql, tenant: UUID, *, since: date, until: date) -> tuple[Accuracy, list[AccuracyOf]]:
    """From `since` until before `until`: in all, and by what it was matched with and how."""
    m = matches.c
    sums = [func.sum(m[name]).label(name) for name in FIGURES]
    query = (
        select(m.by, m.how, *sums)
        .where(m.tenant == tenant, m.day >= since, m.day < until)
        .group_by(m.by, m.how)
        .order_by(m.by, m.how)
    )
    rows = [{**row, **{name: int(row[name]) for name in FIGURES}} for row in await sql.all(query)]
    whole = {name: sum(row[name] for row in rows) for name in FIGURES}
    return Accuracy(**_rated(whole)), [AccuracyOf(**_rated(row)) for row in rows]


def _rated(row: dict[str, Any]) -> dict[str, Any]:
    settled = row["accepted"] + row["rejected"]
    return {**row, "accuracy": row["accepted"] / settled if settled else None}
