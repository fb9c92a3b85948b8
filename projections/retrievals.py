"""How do retrievals go? By day: what came of them and what they cost, how each source did, how long it took, which passages were found and cited; and
each that found nothing like the question.

Counted from the events of what answers cost, which hold nothing personal and outlive an erasure; questions are read from the log, where they are sealed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, Numeric, String, Table, Uuid

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.base.sketch import bucket_of
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.models.pricing import EXACT, total
from domain.retrieval.results.figures import RetrievalFigures
from projections.base import RUNS, Sql, adding, metadata, replacing, tenant_column

retrievals = Table(
    "retrievals",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("retrievals", BigInteger, nullable=False),
    Column("found", BigInteger, nullable=False),
    Column("weak", BigInteger, nullable=False),
    Column("nothing", BigInteger, nullable=False),
    Column("cited", BigInteger, nullable=False),
    Column("cost", Numeric, nullable=False),
)

sources = Table(
    "retrievals_sources",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("source", String, primary_key=True),
    Column("outcome", String, primary_key=True),
    Column("lookups", BigInteger, nullable=False),
    Column("passages", BigInteger, nullable=False),
)

latencies = Table(
    "retrievals_latency",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("source", String, primary_key=True),
    Column("bucket", Integer, primary_key=True),
    Column("lookups", BigInteger, nullable=False),
)
"""Of the whole retrieval: `source` is empty."""

passages = Table(
    "retrievals_passages",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("document", Uuid, primary_key=True),
    Column("passage", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("found", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("cited", BigInteger, nullable=False),
)

unanswered = Table(
    "retrievals_unanswered",
    metadata,
    tenant_column(),
    Column("position", BigInteger, primary_key=True),
    Column("interaction", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("result", String, nullable=False),
)
"""`position`: of the event that has the figures; the question stands in the event before it."""

SUMS = ("retrievals", "found", "weak", "nothing", "cited", "cost")
_ADD, _ADD_LATENCIES = adding(retrievals, SUMS), adding(latencies, ("lookups",))
_ADD_SOURCES = adding(sources, ("lookups", "passages"))
_ADD_PASSAGES = adding(passages, ("found", "first", "cited"))
_PUT_UNANSWERED = replacing(unanswered)


class Retrievals:
    name: ClassVar[str] = "retrievals"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (retrievals, sources, latencies, passages, unanswered)
    events: ClassVar[Sequence[type[Event]]] = RUNS
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant, counted = batch[0].tenant, _Counted()
        with localcontext(EXACT):
            for recorded in batch:
                event = recorded.event
                if isinstance(event, Conversation.Metered | Call.Metered) and event.retrieval is not None:
                    counted.add(recorded, event, event.retrieval)
        for statement, rows in counted.rows():
            await sql.put(statement, [{"tenant": tenant, **row} for row in rows])


class _Counted:
    """Of one batch."""

    def __init__(self) -> None:
        self._days: dict[date, list[Any]] = {}
        self._sources: Counter[tuple[date, str, str]] = Counter()
        self._brought: Counter[tuple[date, str, str]] = Counter()
        self._took: Counter[tuple[date, str, int]] = Counter()
        self._passages: dict[tuple[date, UUID, str], list[Any]] = {}
        self._unanswered: list[dict[str, Any]] = []

    def add(
        self, recorded: Recorded, event: Conversation.Metered | Call.Metered, made: RetrievalFigures
    ) -> None:
        day = recorded.recorded_at.date()
        sums = self._days.setdefault(day, [0, 0, 0, 0, 0, Decimal(0)])
        sums[0] += 1
        sums[("found", "weak", "nothing").index(made.result) + 1] += 1
        sums[4] += any(each.cited for each in made.passages)
        sums[5] += total([each for each in event.embeddings if each.kind == "embedding"])
        self._took[day, "", bucket_of(made.ms)] += 1
        for each in made.lookups:
            self._sources[day, each.source, each.outcome] += 1
            self._brought[day, each.source, each.outcome] += each.found
            if each.outcome in ("found", "nothing"):
                self._took[day, each.source, bucket_of(each.ms)] += 1
        for rank, passage in enumerate(made.passages, 1):
            key = day, passage.document, passage.passage
            row = self._passages.setdefault(key, [passage.source, 0, 0, 0])
            row[1] += 1
            row[2] += rank == 1
            row[3] += passage.cited
        if made.result != "found":
            self._unanswered.append(
                {
                    "position": recorded.position,
                    "interaction": getattr(event, "interaction", recorded.stream),
                    "at": recorded.recorded_at,
                    "result": made.result,
                }
            )

    def rows(self) -> Sequence[tuple[Any, list[dict[str, Any]]]]:
        """Of each statement, in the order of their keys."""
        days = [{"day": day, **dict(zip(SUMS, row, strict=True))} for day, row in sorted(self._days.items())]
        names = ("source", "found", "first", "cited")
        return (
            (_ADD, days),
            (
                _ADD_SOURCES,
                [
                    {"day": k[0], "source": k[1], "outcome": k[2], "lookups": n, "passages": self._brought[k]}
                    for k, n in sorted(self._sources.items())
                ],
            ),
            (
                _ADD_LATENCIES,
                [
                    {"day": k[0], "source": k[1], "bucket": k[2], "lookups": n}
                    for k, n in sorted(self._took.items())
                ],
            ),
            (
                _ADD_PASSAGES,
                [
                    {"day": k[0], "document": k[1], "passage": k[2], **dict(zip(names, row, strict=True))}
                    for k, row in sorted(self._passages.items())
                ],
            ),
            (_PUT_UNANSWERED, self._unanswered),
        )
