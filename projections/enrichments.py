"""How does looking products up on the internet go? By day: how often something was missing or old, what came of each search, what the models cost that made facts of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Column, Date, Numeric, Table, func, select

from domain.base.aggregate import Event
from domain.base.money import pico, usd
from domain.base.recorded import Recorded
from domain.models.pricing import EXACT
from domain.retrieval.internet.enrichment import Enrichment
from projections.base import Sql, adding, metadata, tenant_column

COUNTS = ("missing", "stale", "found", "nothing", "failed")
"""Why something was wanted, and what came of searches."""

enrichments = Table(
    "enrichments",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    *[Column(name, BigInteger, nullable=False) for name in COUNTS],
    Column("cost", Numeric, nullable=False),
)
_ADD = adding(enrichments, (*COUNTS, "cost"))


class EnrichmentFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`missing`, `stale`: how often a question, or the tenant, wanted what was not there, or was older than a day. `searches`: that were made, of which those `found`
    something, found `nothing`, or `failed`; `hit_rate` and `failure_rate`: their shares, null where there were none. `cost` (USD) is that of the models that
    made facts of pages."""

    missing: int
    stale: int
    searches: int
    found: int
    nothing: int
    failed: int
    hit_rate: float | None
    failure_rate: float | None
    cost: Decimal
    cost_per_search: Decimal | None


class Enrichments:
    name: ClassVar[str] = "enrichments"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (enrichments,)
    events: ClassVar[Sequence[type[Event]]] = (Enrichment.Wanted, Enrichment.Searched)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        days: dict[date, dict[str, int | Decimal]] = {}
        with localcontext(EXACT):
            for recorded in batch:
                event = recorded.event
                assert isinstance(event, Enrichment.Wanted | Enrichment.Searched)
                none: dict[str, int | Decimal] = {**dict.fromkeys(COUNTS, 0), "cost": Decimal(0)}
                row = days.setdefault(recorded.recorded_at.date(), none)
                row[event.why if isinstance(event, Enrichment.Wanted) else event.outcome] += 1
                if isinstance(event, Enrichment.Searched):
                    row["cost"] += event.cost
        rows = [{"tenant": batch[0].tenant, "day": day, **row} for day, row in sorted(days.items())]
        await sql.put(_ADD, rows)


async def enrichment_figures(sql: Sql, tenant: UUID, *, since: date, until: date) -> EnrichmentFigures:
    """From `since` until before `until`."""
    t = enrichments.c
    query = select(*[func.coalesce(func.sum(t[name]), 0).label(name) for name in (*COUNTS, "cost")])
    (row,) = await sql.all(query.where(t.tenant == tenant, t.day >= since, t.day < until))
    counts, cost = {name: int(row[name]) for name in COUNTS}, Decimal(row["cost"])
    searches = counts["found"] + counts["nothing"] + counts["failed"]
    return EnrichmentFigures(
        **counts,
        searches=searches,
        hit_rate=counts["found"] / searches if searches else None,
        failure_rate=counts["failed"] / searches if searches else None,
        cost=cost,
        cost_per_search=usd(pico(cost / searches)) if searches else None,
    )
