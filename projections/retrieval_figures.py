"""Retrieval figures, asked of the read model retrievals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import Table, func, select

from domain.base.money import pico, usd
from domain.base.sketch import percentile
from domain.models.completion import Source
from domain.retrieval.results.figures import Result
from projections.base import Sql, struct_of
from projections.retrievals import latencies, passages, retrievals, sources, unanswered


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Percentiles in ms, within 1 %; null where there are too few for one (2 for the median, 20 for the 95th, 100 for the 99th)."""

    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class SourceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A source that was asked. `success_rate`: of the lookups that were waited for, the share that brought something, 0 to 1; null where there were none.
    `passages`: that it brought. `latency`: of those that came to their end."""

    source: str
    lookups: int
    outcomes: dict[str, int]
    passages: int
    success_rate: float | None
    latency: Latency


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Passages of a kind of source that stood in prompts, and those that answers cite. `share`: of all that are cited, 0 to 1."""

    source: Source
    passages: int
    cited: int
    share: float | None


class RetrievalSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`found`: of `retrievals`, those whose best passage is like the question; `weak`: whose best one is not; `nothing`: that brought none. `cited`: whose
    answer cites a passage. `cost` (USD) is that of the questions' embeddings."""

    retrievals: int
    found: int
    weak: int
    nothing: int
    success_rate: float | None
    cited: int
    cited_rate: float | None
    cost: Decimal
    cost_per_retrieval: Decimal | None
    latency: Latency
    sources: tuple[SourceFigures, ...]
    attribution: tuple[Attribution, ...]


class Retrieved(msgspec.Struct, frozen=True, kw_only=True):
    """How often it stood in a prompt, how often first there, and how often it was cited. `passage`: null where they are counted by document."""

    document: UUID
    passage: str | None
    source: Source
    found: int
    first: int
    cited: int


class Unanswered(msgspec.Struct, frozen=True, kw_only=True):
    position: int
    interaction: UUID
    at: datetime
    result: Result


WAITED_FOR = ("found", "nothing", "late", "failed", "busy")


async def retrieval_summary(sql: Sql, tenant: UUID, *, since: date, until: date) -> RetrievalSummary:
    """From `since` until before `until`."""
    t = retrievals.c
    names = ("retrievals", "found", "weak", "nothing", "cited", "cost")
    query = select(*[func.coalesce(func.sum(t[name]), 0).label(name) for name in names])
    (row,) = await sql.all(query.where(t.tenant == tenant, t.day >= since, t.day < until))
    sums = {name: int(row[name]) for name in names if name != "cost"}
    every, cost = sums["retrievals"], Decimal(row["cost"])
    took = await _took(sql, tenant, since, until)
    return RetrievalSummary(
        **sums,
        success_rate=_share(sums["found"], every),
        cited_rate=_share(sums["cited"], every),
        cost=cost,
        cost_per_retrieval=usd(pico(cost / every)) if every else None,
        latency=_latency(took.get("", {})),
        sources=await _sources(sql, tenant, since, until, took),
        attribution=await _attribution(sql, tenant, since, until),
    )


async def most_retrieved(
    sql: Sql,
    tenant: UUID,
    *,
    since: date,
    until: date,
    by: Literal["document", "passage"] = "document",
    limit: int = 50,
) -> list[Retrieved]:
    """Those that stood in most prompts first."""
    t = passages.c
    found, first, cited = (func.sum(t[name]).label(name) for name in ("found", "first", "cited"))
    keys = (t.document, t.source) if by == "document" else (t.document, t.source, t.passage)
    query = select(*keys, found, first, cited).group_by(*keys).limit(limit)
    query = query.where(t.tenant == tenant, t.day >= since, t.day < until)
    rows = await sql.all(query.order_by(found.desc(), cited.desc(), *keys))
    return [
        Retrieved(
            document=row["document"],
            passage=row["passage"] if by == "passage" else None,
            source=row["source"],
            found=int(row["found"]),
            first=int(row["first"]),
            cited=int(row["cited"]),
        )
        for row in rows
    ]


async def list_unanswered(
    sql: Sql,
    tenant: UUID,
    *,
    result: Result | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Unanswered]:
    """The latest first. `before`: the position of the last one seen."""
    t = unanswered.c
    query = select(unanswered).where(t.tenant == tenant).order_by(t.position.desc()).limit(limit)
    if result is not None:
        query = query.where(t.result == result)
    if before is not None:
        query = query.where(t.position < before)
    return [struct_of(Unanswered, row) for row in await sql.all(query)]


async def _sources(
    sql: Sql, tenant: UUID, since: date, until: date, took: Mapping[str, Mapping[int, int]]
) -> tuple[SourceFigures, ...]:
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    brought: Counter[str] = Counter()
    for row in await sql.all(_within(sources, tenant, since, until)):
        outcomes[row["source"]][row["outcome"]] += row["lookups"]
        brought[row["source"]] += row["passages"]
    return tuple(
        SourceFigures(
            source=name,
            lookups=sum(counts.values()),
            outcomes=dict(sorted(counts.items())),
            passages=brought[name],
            success_rate=_share(counts["found"], sum(counts[each] for each in WAITED_FOR)),
            latency=_latency(took.get(name, {})),
        )
        for name, counts in sorted(outcomes.items())
    )


async def _attribution(sql: Sql, tenant: UUID, since: date, until: date) -> tuple[Attribution, ...]:
    t = passages.c
    query = select(t.source, func.sum(t.found).label("found"), func.sum(t.cited).label("cited"))
    query = query.where(t.tenant == tenant, t.day >= since, t.day < until).group_by(t.source)
    rows = await sql.all(query.order_by(t.source))
    every = sum(int(row["cited"]) for row in rows)
    return tuple(
        Attribution(
            source=row["source"],
            passages=int(row["found"]),
            cited=int(row["cited"]),
            share=_share(int(row["cited"]), every),
        )
        for row in rows
    )


async def _took(sql: Sql, tenant: UUID, since: date, until: date) -> dict[str, dict[int, int]]:
    """Source → bucket of the sketch → lookups."""
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in await sql.all(_within(latencies, tenant, since, until)):
        found[row["source"]][row["bucket"]] += row["lookups"]
    return found


def _within(table: Table, tenant: UUID, since: date, until: date):  # type: ignore[no-untyped-def]  # SQLAlchemy's is long
    return select(table).where(table.c.tenant == tenant, table.c.day >= since, table.c.day < until)


def _latency(sketch: Mapping[int, int]) -> Latency:
    p50, p95, p99 = (percentile(sketch, share) for share in (0.5, 0.95, 0.99))
    return Latency(p50_ms=p50, p95_ms=p95, p99_ms=p99)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
