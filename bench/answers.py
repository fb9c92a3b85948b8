"""A log full of answers: events of the size that real ones have, made as the domain makes them, saved by the hundreds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from application.context import Context
from bench.parts import Log, message, now, opened
from domain.completion import Attempt, Citation, Turn, Usage
from domain.conversation import Conversation, Retrieved, Routing

EACH = 500
"""Events of one conversation, and of one save."""
MODELS = (("openai", "gpt-5-mini"), ("gemini", "gemini-2.5-flash"), ("local", "local-extractive"))


def conversation(log_length: int = EACH) -> Conversation:
    """A conversation of so many events; all but the first are answers."""
    made = Conversation.start(uuid4(), channel="http", address="customer", name=None, at=now())
    document, texts = uuid4(), [message(300) for _ in range(8)]
    for _ in range(log_length - 1):
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
            started_at=now() - timedelta(days=random.randrange(30)),
            latency_ms=random.lognormvariate(6, 0.8),
            usage=Usage(input=random.randrange(500, 900), output=random.randrange(40, 120)),
            request_id=uuid4().hex,
            cost=Decimal(random.randrange(10_000)).scaleb(-7),
            price=f"{provider}/{model}/2026-01",
        )
        made.trigger(
            Conversation.Answered,
            at=now(),
            interaction=uuid4(),
            messages=(uuid4().hex,),
            text=random.choice(texts),
            citations=(
                Citation(marker=1, passage=retrieved[0].passage, document=document, title="policies.txt"),
            ),
            retrieved=retrieved,
            prompt=(Turn(role="system", text=" ".join(texts[:5])), Turn(role="user", text=texts[5])),
            template="answer-1",
            routing=Routing(model=model, reason="the configured model"),
            attempts=(attempt,),
            confidence=random.random(),
            configuration_version=1,
            cost=attempt.cost,
            latency_ms=attempt.latency_ms,
        )
    return made


async def fill(url: str, events: int, tenants: int) -> list[UUID]:
    """Save about so many events, evenly over so many tenants; the tenants."""
    made = [uuid4() for _ in range(tenants)]
    left = iter(range(events // EACH))

    async def save(log: Log, numbers: Iterator[int]) -> None:
        for number in numbers:
            context = Context(tenant=made[number % tenants], actor="system:bench", correlation=uuid4())
            await log.store.save(conversation(), context=context)

    async with opened(url) as log:
        await asyncio.gather(*(save(log, left) for _ in range(4)))
    return made


def samples(count: int) -> Sequence[Conversation.Answered]:
    """Answers alone."""
    found: list[Conversation.Answered] = []
    while len(found) < count:
        found += [e for e in conversation().collect_events() if isinstance(e, Conversation.Answered)]
    return found[:count]
