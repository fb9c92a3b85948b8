"""What was used of providers, and what did it cost, hour by hour? Sums by time slot, provider, served model and kind.

As `costs`, which has the days of UTC, prices and latencies; here days may be anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import localcontext
from typing import Any, ClassVar, Literal

from sqlalchemy import BigInteger, Column, Numeric, String, Table

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.kinds import METERED
from domain.models.metering import calls_of
from domain.models.pricing import EXACT
from domain.retrieval.document import Document
from projections.base import Sql, adding, metadata, tenant_column
from projections.slotted import in_slots, slot_columns, slot_rows

COUNTS = (
    "calls",
    "failures",
    "cancelled",
    "cached_calls",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
)
NAMES = (*COUNTS, "cost")
KEYS = ("provider", "model", "kind")

figures = Table(
    "spending",
    metadata,
    tenant_column(),
    *slot_columns(),
    *(Column(name, String, primary_key=True) for name in KEYS),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
    Column("cost", Numeric, nullable=False),
)
_ADD = adding(figures, NAMES)


class Spending:
    name: ClassVar[str] = "spending"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (figures,)
    events: ClassVar[Sequence[type[Event]]] = METERED
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        with localcontext(EXACT):
            sums = in_slots(fact for recorded in batch for fact in _facts(recorded))
        await sql.put(_ADD, slot_rows(batch[0].tenant, sums, KEYS, NAMES))


def _facts(recorded: Recorded) -> Iterator[tuple[datetime, tuple[str, str, str], list[Any]]]:
    event = recorded.event
    for attempt in calls_of(event):
        usage, outcome = attempt.usage, attempt.outcome
        yield (
            attempt.started_at,
            (attempt.provider, attempt.served or attempt.model, attempt.kind),
            [
                1,
                int(outcome not in ("ok", "cancelled")),
                int(outcome == "cancelled"),
                int(attempt.cached),
                usage.input,
                usage.cached,
                usage.output,
                usage.reasoning,
                attempt.cost,
            ],
        )
    if isinstance(event, Document.Processed) and not event.embeddings:
        provider, _, model = event.embedding_model.partition("/")
        figures = [1, 0, 0, 0, event.tokens, 0, 0, 0, event.cost]
        yield recorded.recorded_at, (provider, model, "embedding"), figures
