"""Calls of providers, one after the other: by time slot, and by day (UTC) with prices and latencies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from domain.base.recorded import Recorded
from domain.base.sketch import bucket_of
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.models.completion import Attempt, Usage
from domain.models.metering import calls_of
from domain.retrieval.document import Document
from projections.reckoning.base import Reckoned, one, slots, summed


class OneCall(NamedTuple):
    """`attempt` None: a document's chunks, embedded together, of which nothing more is known."""

    at: datetime
    provider: str
    model: str
    kind: str
    cost: Decimal
    usage: Usage
    attempt: Attempt | None


def calls(events: Sequence[Recorded]) -> Iterator[OneCall]:
    for recorded in events:
        event = recorded.event
        for a in calls_of(event):
            yield OneCall(a.started_at, a.provider, a.served or a.model, a.kind, a.cost, a.usage, a)
        if isinstance(event, Document.Processed) and not event.embeddings:
            provider, _, model = event.embedding_model.partition("/")
            usage = Usage(input=event.tokens)
            yield OneCall(recorded.recorded_at, provider, model, "embedding", event.cost, usage, None)


def _counts(call: OneCall) -> dict[str, Any]:
    outcome = "ok" if call.attempt is None else call.attempt.outcome
    return {
        "calls": 1,
        "failures": one(outcome not in ("ok", "cancelled")),
        "cancelled": one(outcome == "cancelled"),
        "cached_calls": one(call.attempt and call.attempt.cached),
        "input_tokens": call.usage.input,
        "cached_tokens": call.usage.cached,
        "output_tokens": call.usage.output,
        "reasoning_tokens": call.usage.reasoning,
        "cost": call.cost,
    }


def reckon_spending(events: Sequence[Recorded]) -> Reckoned:
    facts = [
        ((grain, slot, call.provider, call.model, call.kind), _counts(call))
        for call in calls(events)
        for grain, slot in slots(call.at)
    ]
    return {"spending": summed(facts)}


def reckon_costs(events: Sequence[Recorded]) -> Reckoned:
    facts, took = [], []
    for call in calls(events):
        attempt, usage, day = call.attempt, call.usage, call.at.date()
        asked = attempt is not None and not attempt.cached
        latency = attempt.latency_ms if attempt is not None and asked else 0.0
        unpriced = attempt is not None and attempt.price is None and (usage.input or usage.output)
        row = _counts(call) | {
            "written_tokens": usage.written,
            "latency_us": round(latency * 1000),
            "unclear_calls": one(asked and usage.source == "unknown"),
            "estimated_calls": one(asked and usage.source in ("tokenizer", "estimate")),
            "unpriced_calls": one(asked and unpriced),
        }
        price = (attempt.price if attempt is not None else None) or ""
        facts.append(((day, call.provider, call.model, call.kind, price), row))
        if asked:
            took.append(((day, call.provider, call.model, bucket_of(latency)), {"calls": 1}))
    return {"costs": summed(facts), "costs_latency": summed(took)}


def reckon_drift(events: Sequence[Recorded]) -> Reckoned:
    found: dict[tuple[str, str, str], list[datetime]] = {}
    for recorded in events:
        if not isinstance(recorded.event, Conversation.Metered | Call.Metered):
            continue
        for a in recorded.event.attempts:
            if a.served is not None and a.served != a.model and not a.cached:
                found.setdefault((a.provider, a.model, a.served), []).append(a.started_at)
    rows = {
        key: {"calls": len(times), "first_at": min(times), "last_at": max(times)}
        for key, times in found.items()
    }
    return {"drift": rows}
