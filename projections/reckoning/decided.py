"""What was decided, and how retrievals went, answer by answer, by day (UTC)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.base.recorded import Recorded
from domain.base.sketch import bucket_of
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.retrieval.internet.enrichment import Enrichment
from domain.retrieval.results.figures import RetrievalFigures
from projections.reckoning.base import Key, Reckoned, Rows, one, summed


def reckon_decisions(events: Sequence[Recorded]) -> Reckoned:
    outcomes = [
        (recorded.recorded_at.date(), recorded.event.outcome)
        for recorded in events
        if isinstance(recorded.event, Conversation.Metered) and recorded.event.outcome is not None
    ]
    return {
        "decisions": summed(
            ((day, each.kind, each.category or "", each.plain), {"count": 1}) for day, each in outcomes
        ),
        "decisions_recoveries": summed(
            ((day,), {"asked": 1, "recovered": one(each.recovered)}) for day, each in outcomes if each.forgot
        ),
    }


def reckon_matches(events: Sequence[Recorded]) -> Reckoned:
    facts: list[tuple[Key, dict[str, Any]]] = []
    for recorded in events:
        event, day = recorded.event, recorded.recorded_at.date()
        if not isinstance(event, Conversation.Metered) or event.outcome is None:
            continue
        for match in event.outcome.matched:
            facts.append(((day, match.by, match.how), {"matched": 1, "accepted": 0, "rejected": 0}))
        for verdict in event.outcome.verdicts:
            said = {"accepted": one(verdict.accepted), "rejected": one(not verdict.accepted)}
            facts.append(((day, verdict.by, verdict.how), {"matched": 0} | said))
    return {"matches": summed(facts)}


def reckon_retrievals(events: Sequence[Recorded]) -> Reckoned:
    made = list(_retrievals(events))
    return {
        "retrievals": summed(((day,), _sums(event, found)) for day, _, event, found in made),
        "retrievals_sources": summed(
            ((day, each.source, each.outcome), {"lookups": 1, "passages": each.found})
            for day, _, _, found in made
            for each in found.lookups
        ),
        "retrievals_latency": summed(
            ((day, source, bucket_of(ms)), {"lookups": 1})
            for day, _, _, found in made
            for source, ms in _took(found)
        ),
        "retrievals_passages": _passages(made),
        "retrievals_unanswered": {
            (recorded.position,): {
                "interaction": event.interaction
                if isinstance(event, Conversation.Metered)
                else recorded.stream,
                "at": recorded.recorded_at,
                "result": found.result,
            }
            for _, recorded, event, found in made
            if found.result != "found"
        },
    }


def reckon_enrichments(events: Sequence[Recorded]) -> Reckoned:
    facts: list[tuple[Key, dict[str, Any]]] = []
    for recorded in events:
        event, day = recorded.event, recorded.recorded_at.date()
        if not isinstance(event, Enrichment.Wanted | Enrichment.Searched):
            continue
        searched = event if isinstance(event, Enrichment.Searched) else None
        what = event.why if isinstance(event, Enrichment.Wanted) else event.outcome
        figures = {name: one(name == what) for name in ("missing", "stale", "found", "nothing", "failed")}
        facts.append(((day,), {**figures, "cost": searched.cost if searched else Decimal(0)}))
    return {"enrichments": summed(facts)}


def _retrievals(
    events: Sequence[Recorded],
) -> Iterator[tuple[date, Recorded, Conversation.Metered | Call.Metered, RetrievalFigures]]:
    for recorded in events:
        event = recorded.event
        if isinstance(event, Conversation.Metered | Call.Metered) and event.retrieval is not None:
            yield recorded.recorded_at.date(), recorded, event, event.retrieval


def _sums(event: Conversation.Metered | Call.Metered, found: RetrievalFigures) -> dict[str, Any]:
    embedded = [each.cost for each in event.embeddings if each.kind == "embedding"]
    return {
        "retrievals": 1,
        **{result: one(found.result == result) for result in ("found", "weak", "nothing")},
        "cited": one(any(passage.cited for passage in found.passages)),
        "cost": sum(embedded, Decimal(0)),
    }


def _took(found: RetrievalFigures) -> Iterator[tuple[str, float]]:
    yield "", found.ms
    for each in found.lookups:
        if each.outcome in ("found", "nothing"):
            yield each.source, each.ms


def _passages(
    made: Sequence[tuple[date, Recorded, Conversation.Metered | Call.Metered, RetrievalFigures]],
) -> Rows:
    stood: list[tuple[tuple[date, UUID, str], dict[str, Any]]] = []
    sources: dict[tuple[date, UUID, str], str] = {}
    for day, _, _, found in made:
        for rank, each in enumerate(found.passages):
            key = day, each.document, each.passage
            sources.setdefault(key, each.source)
            stood.append((key, {"found": 1, "first": one(rank == 0), "cited": one(each.cited)}))
    return {key: {"source": sources[key[0], key[1], key[2]], **row} for key, row in summed(stood).items()}
