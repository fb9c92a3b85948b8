"""Operations: how everything runs, by day, week or month of the tenant's time zone; asked of answer_figures, contacts and spending."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

import msgspec

from domain.insight.calendar import By
from domain.insight.contacts import CONTACTS
from domain.insight.definitions import Used
from domain.models.pricing import EXACT
from projections import contacts, spending
from projections.asked import Asked, Target, share, targets
from projections.base import Sql
from projections.quality import answer_sums
from projections.slotted import sums_of

TAKEOVER = "takeover"
"""Why a person has a conversation that nobody handed over: an operator took it."""

AIMED = ("cache_hit_rate", "collection_rate")


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a reason, or of an intent."""

    name: str
    count: int


class ModelUse(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of one served model (provider/model) of a `kind`, chat or embedding. `cost` in USD."""

    model: str
    kind: str
    calls: int
    failures: int
    cancelled: int
    cached_calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: Decimal


class OperationsFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the days from `since` until before `until`; docs/analytics.md has each figure's formula. Rates are 0 to 1, null of nothing; `cost` in USD.
    `handoffs`, `intents`: the most frequent first; `models`: the dearest first."""

    since: date
    until: date
    customers: int
    conversations: int
    messages: int
    answers: int
    replies: int
    takeovers: int
    releases: int
    expired: int
    closed: int
    erased: int
    handoffs: list[Counted]
    intents: list[Counted]
    retrievals: int
    found: int
    knowledge_hit_rate: float | None
    modelled: int
    cached: int
    cache_hit_rate: float | None
    prompted: int
    prompted_rated: int
    collection_rate: float | None
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: Decimal
    models: list[ModelUse]


class OperationsReport(msgspec.Struct, frozen=True, kw_only=True):
    """`totals`: of all days; `items`: of each period, in order. `used`: the definitions and inputs."""

    since: date
    until: date
    by: By
    used: Used
    targets: dict[str, Target]
    totals: OperationsFigures
    items: list[OperationsFigures]
    next_cursor: None = None


class Sums(msgspec.Struct, kw_only=True):
    """Of one period, or of several."""

    answers: Counter[str] = msgspec.field(default_factory=Counter)
    contacts: Counter[str] = msgspec.field(default_factory=Counter)
    handoffs: Counter[str] = msgspec.field(default_factory=Counter)
    intents: Counter[str] = msgspec.field(default_factory=Counter)
    models: dict[tuple[str, str], dict[str, Any]] = msgspec.field(default_factory=dict)

    def add(self, other: Sums) -> None:
        for name in ("answers", "contacts", "handoffs", "intents"):
            getattr(self, name).update(getattr(other, name))
        for key, use in other.models.items():
            mine = self.models.setdefault(key, dict.fromkeys(spending.COUNTS, 0) | {"cost": Decimal(0)})
            for name in spending.NAMES:
                mine[name] += use[name]


async def operations(sql: Sql, tenant: UUID, asked: Asked) -> OperationsReport:
    """Each period has an item."""
    periods = asked.periods
    found = await _sums(sql, tenant, asked)
    whole = Sums()
    with localcontext(EXACT):
        for each in found.values():
            whole.add(each)
        items = [_figures(period.since, period.until, found[n]) for n, period in enumerate(periods)]
        totals = _figures(asked.since, asked.until, whole)
    return OperationsReport(
        since=asked.since,
        until=asked.until,
        by=asked.by,
        used=asked.used,
        targets=targets(asked.used, *AIMED),
        totals=totals,
        items=items,
    )


async def _sums(sql: Sql, tenant: UUID, asked: Asked) -> dict[int, Sums]:
    found: dict[int, Sums] = defaultdict(Sums)
    for (place, _), counts in (await answer_sums(sql, tenant, asked, "tenant")).items():
        found[place].answers.update(counts)
    for name in ("handoff", "intent"):
        rows = await answer_sums(sql, tenant, asked, name, ("answers",))
        for (place, value), counts in rows.items():
            getattr(found[place], f"{name}s")[value] = counts["answers"]
    for row in await sums_of(sql, contacts.figures, tenant, asked.periods, names=CONTACTS):
        found[row["period"]].contacts.update({name: int(row[name]) for name in CONTACTS})
    rows_of = await sums_of(
        sql, spending.figures, tenant, asked.periods, keys=spending.KEYS, names=spending.NAMES
    )
    for row in rows_of:
        use = {name: int(row[name]) for name in spending.COUNTS} | {"cost": row["cost"]}
        found[row["period"]].models[f"{row['provider']}/{row['model']}", row["kind"]] = use
    return found


def _figures(since: date, until: date, sums: Sums) -> OperationsFigures:
    answers, said = sums.answers, sums.contacts
    reasons = Counter(sums.handoffs)
    reasons[TAKEOVER] += said["takeovers"]
    models = [ModelUse(model=model, kind=kind, **use) for (model, kind), use in sums.models.items()]
    return OperationsFigures(
        since=since,
        until=until,
        **{name: said[name] for name in CONTACTS},
        **{
            name: answers[name]
            for name in ("answers", "retrievals", "found", "modelled", "cached", "prompted", "prompted_rated")
        },
        handoffs=_counted(reasons),
        intents=_counted(sums.intents),
        knowledge_hit_rate=share(answers["found"], answers["retrievals"]),
        cache_hit_rate=share(answers["cached"], answers["modelled"]),
        collection_rate=share(answers["prompted_rated"], answers["prompted"]),
        calls=sum(each.calls for each in models),
        input_tokens=sum(each.input_tokens for each in models),
        cached_tokens=sum(each.cached_tokens for each in models),
        output_tokens=sum(each.output_tokens for each in models),
        reasoning_tokens=sum(each.reasoning_tokens for each in models),
        cost=sum((each.cost for each in models), Decimal(0)),
        models=sorted(models, key=lambda each: (-each.cost, each.model, each.kind)),
    )


def _counted(counts: Mapping[str, int]) -> list[Counted]:
    some = ((name, count) for name, count in counts.items() if count)
    return [Counted(name=name, count=count) for name, count in sorted(some, key=_most)]


def _most(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]
