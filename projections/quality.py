"""Quality: how good the agent's answers were and how quick, by day, week or month of the tenant's time zone; asked of the read model answer_figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from domain.insight.answer import COUNTS, SOURCES
from domain.insight.calendar import By
from domain.insight.definitions import Used
from projections.answer_figures import figures, responses
from projections.asked import Asked, Per, Target, share, targets
from projections.base import Sql
from projections.sketched import Merged, Percentiles, merged
from projections.slotted import joined_of, sums_of

AIMED = ("positive_rate", "handoff_rate", "completion_rate")


class QualityFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the days from `since` until before `until`, and of `value` (null: of all). docs/analytics.md has each figure's formula.

    `answers` in conversations; `calls` of the completions API that were answered; `failed`: messages that
    got no answer, `failed_calls`: calls. Rates are 0 to 1, `score` is 1 to 5, times are in
    ms (percentiles within 1 %, null where there are too few for one); null is what there is nothing to be of.
    """

    since: date
    until: date
    value: str | None
    answers: int
    calls: int
    failed: int
    failed_calls: int
    rated: int
    helpful: int
    score: float | None
    positive_rate: float | None
    handed_over: int
    handoff_rate: float | None
    completed: int
    completion_rate: float | None
    timed: int
    average_response_ms: float | None
    p50_response_ms: float | None
    p95_response_ms: float | None
    p99_response_ms: float | None


class QualityReport(msgspec.Struct, frozen=True, kw_only=True):
    """`totals`: of all days, one for each value; `items`: of each period, in order, and in it of each value. `used`: the definitions and inputs."""

    since: date
    until: date
    by: By
    per: Per
    used: Used
    targets: dict[str, Target]
    totals: list[QualityFigures]
    items: list[QualityFigures]
    next_cursor: None = None


Counts = Mapping[str, int]
SHARES = (0.5, 0.95, 0.99)
NONE: Percentiles = (None, None, None)


async def quality(sql: Sql, tenant: UUID, asked: Asked, per: Per = "tenant") -> QualityReport:
    """Where figures are of the whole tenant, each period has an item; else those in which there is something."""
    found = await answer_sums(sql, tenant, asked, per)
    took = await response_sketches(sql, tenant, asked, per)
    percentiles, whole = took.percentiles(SHARES), took.of_values(SHARES)
    periods = asked.periods
    if per == "tenant":
        for place in range(len(periods)):
            found.setdefault((place, ""), dict.fromkeys(COUNTS, 0))
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for (_, value), counts in found.items():
        for name in COUNTS:
            sums[value][name] += counts[name]
    return QualityReport(
        since=asked.since,
        until=asked.until,
        by=asked.by,
        per=per,
        used=asked.used,
        targets=targets(asked.used, *AIMED),
        totals=[
            _figures(asked.since, asked.until, value, counts, whole.get(value, NONE), asked.used)
            for value, counts in sorted(sums.items())
        ],
        items=[
            _figures(
                periods[place].since,
                periods[place].until,
                value,
                counts,
                percentiles.get((place, value), NONE),
                asked.used,
            )
            for (place, value), counts in sorted(found.items())
        ],
    )


async def answer_sums(
    sql: Sql, tenant: UUID, asked: Asked, per: str, names: tuple[str, ...] = COUNTS
) -> dict[tuple[int, str], dict[str, Any]]:
    """(place of the period, value) → the sums of `names`."""
    dimension = "" if per == "tenant" else per
    rows = await sums_of(
        sql,
        figures,
        tenant,
        asked.periods,
        keys=("value",),
        names=names,
        dimension=dimension,
    )
    return {
        (row["period"], row["value"]): {
            name: row[name] if name == "cost" else int(row[name]) for name in names
        }
        for row in rows
    }


async def response_sketches(sql: Sql, tenant: UUID, asked: Asked, per: str) -> Merged:
    """Of each period and value."""
    dimension = "" if per == "tenant" else per
    joined = await joined_of(
        sql, responses, tenant, asked.periods, key="value", kept="sketch", dimension=dimension
    )
    return merged(joined)


def completed_of(counts: Counts, used: Used) -> int:
    """Answers that are complete, as the tenant has defined it."""
    left = "disturbed" if used.values.completion == "undisturbed" else "handed_over"
    return counts["answers"] - counts[left]


def _figures(
    since: date, until: date, value: str, counts: Counts, percentiles: Percentiles, used: Used
) -> QualityFigures:
    rated = sum(counts[f"rated_{source}"] for source in SOURCES)
    helpful = sum(counts[f"helpful_{source}"] for source in SOURCES)
    answers, completed, timed = counts["answers"], completed_of(counts, used), counts["timed"]
    best, worst = used.values.score_helpful, used.values.score_not_helpful
    return QualityFigures(
        since=since,
        until=until,
        value=value or None,
        answers=answers,
        calls=counts["calls"],
        failed=counts["failed"],
        failed_calls=counts["failed_calls"],
        rated=rated,
        helpful=helpful,
        score=(best * helpful + worst * (rated - helpful)) / rated if rated else None,
        positive_rate=share(helpful, rated),
        handed_over=counts["handed_over"],
        handoff_rate=share(counts["handed_over"], answers),
        completed=completed,
        completion_rate=share(completed, answers + counts["failed"]),
        timed=timed,
        average_response_ms=round(counts["response_ms"] / timed, 3) if timed else None,
        p50_response_ms=percentiles[0],
        p95_response_ms=percentiles[1],
        p99_response_ms=percentiles[2],
    )
