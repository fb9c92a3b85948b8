"""A log full of conversations: events of the size that real ones have, made by the domain, saved by the hundreds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID, uuid4

from bench.parts import Log, message, now, opened
from domain.base.aggregate import Event
from domain.base.context import Context
from domain.conversations.conversation import Conversation
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Citation, Turn, Usage
from domain.retrieval.passages import Retrieved

EXCHANGES = 120
"""Questions and answers of one conversation, which is saved at once."""
EACH = 2 + 4 * EXCHANGES
"""Its events."""
DAYS = 30
MODELS = (("openai", "gpt-5-mini"), ("gemini", "gemini-2.5-flash"), ("local", "local-extractive"))


def conversation(day: int, exchanges: int = EXCHANGES) -> Conversation:
    """A conversation of 2 + 4 × `exchanges` events; its providers were called on that day, from 0 on."""
    made = Conversation.start(uuid4(), channel="http", address="customer", name=None, at=now())
    document, texts = uuid4(), [message(300) for _ in range(8)]
    for _ in range(exchanges):
        exchange(made, day, document, texts)
    return made


def exchange(made: Conversation, day: int, document: UUID, texts: Sequence[str]) -> None:
    provider, model = random.choice(MODELS)
    retrieved = tuple(
        Retrieved(
            passage=f"{random.getrandbits(128):032x}",
            document=document,
            title="policies.txt",
            ordinal=rank,
            page=None,
            section="Returns",
            score=random.random(),
            rank=rank,
        )
        for rank in range(1, 5)
    )
    attempt = Attempt(
        provider=provider,
        model=model,
        served=model,
        outcome="ok",
        started_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=random.randrange(86_400)),
        latency_ms=random.lognormvariate(6, 0.8),
        usage=Usage(input=random.randrange(500, 900), output=random.randrange(40, 120)),
        request_id=uuid4().hex,
        cost=Decimal(random.randrange(10_000)).scaleb(-7),
        price=f"{provider}/{model}/2026-01",
    )
    interaction = made.receive(
        message=uuid4().hex, text=random.choice(texts)[:80], interaction=uuid4(), at=now()
    )
    prompt = (Turn(role="system", text=" ".join(texts[:5])), Turn(role="user", text=texts[5]))
    made.disclose("you are talking to a machine", now())
    made.ask(retrieved=retrieved, prompt=prompt, at=now())
    routing = Routing(model=f"{provider}/{model}", reason="the configured model")
    made.meter(interaction, routing=routing, attempts=(attempt,), at=now())
    made.answer(
        text=random.choice(texts),
        citations=(
            Citation(marker=1, passage=retrieved[0].passage, document=document, title="policies.txt"),
        ),
        template="answer-1",
        confidence=random.random(),
        configuration_version=1,
        latency_ms=attempt.latency_ms,
        at=now(),
    )


async def fill(url: str, events: int, tenants: int) -> list[UUID]:
    """Save about so many events, evenly over so many tenants; the tenants."""
    made = [uuid4() for _ in range(tenants)]
    count = max(1, events // EACH)
    left = iter(range(count))

    async def save(log: Log, numbers: Iterator[int]) -> None:
        for number in numbers:
            context = Context(tenant=made[number % tenants], actor="system:bench", correlation=uuid4())
            await log.store.save(conversation(DAYS * number // count), context=context)

    async with opened(url) as log:
        await asyncio.gather(*(save(log, left) for _ in range(4)))
    return made


def samples(count: int) -> Sequence[Event]:
    """So many events of the same kinds and sizes."""
    found: list[Event] = []
    while len(found) < count:
        found += cast(Sequence[Event], conversation(DAYS * len(found) // count).collect_events())
    return found[:count]
