"""Calls of providers, on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from domain.chat.call import Call
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Outcome, Turn, Usage
from tests.infra.log.parts import Log, context, now
from tests.infra.projections.parts import begun

ROUTING = Routing(model="p/m", reason="r")


def attempt(
    outcome: Outcome = "ok",
    *,
    provider: str = "p",
    model: str = "m",
    day: int = 1,
    latency_ms: float = 10.0,
    cost: str = "0.001",
    cached: bool = False,
    embedding: bool = False,
) -> Attempt:
    return Attempt(
        kind="embedding" if embedding else "chat",
        provider=provider,
        model=model,
        served=model if outcome == "ok" else None,
        outcome=outcome,
        started_at=datetime(2026, 10, 1, 12, tzinfo=UTC) + timedelta(days=day - 1),
        latency_ms=latency_ms,
        usage=Usage(input=100, cached=20, written=5, output=10, reasoning=3) if outcome == "ok" else Usage(),
        cost=Decimal(cost) if outcome == "ok" and not cached else Decimal(0),
        price=f"{provider}/{model}@2026-01-01" if outcome == "ok" and not cached else None,
        cached=cached,
    )


async def meter(log: Log, tenant: UUID, *attempts: Attempt) -> None:
    conversation = begun()
    interaction = conversation.receive(message="1", text="q", interaction=uuid4(), at=now())
    conversation.meter(interaction, routing=ROUTING, attempts=attempts, at=now())
    await log.store.save(conversation, context=context(tenant))


async def call(log: Log, tenant: UUID, *attempts: Attempt) -> None:
    made = Call.request(
        uuid4(),
        model="p/m",
        messages=(Turn(role="user", text="q"),),
        max_tokens=10,
        temperature=None,
        stop=(),
        options={},
        stream=False,
        user=None,
        at=now(),
    )
    made.meter(routing=ROUTING, attempts=attempts, at=now())
    await log.store.save(made, context=context(tenant))
