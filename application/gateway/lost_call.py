"""What a call of a model is charged that was made, and of which nothing more was heard, as its process ended: what it surely cost, by our own count."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from application.gateway.ports import Ports
from application.gateway.run import Asked
from domain.models.completion import Attempt, Usage
from domain.models.pricing import cost

ENDED = "the process ended before the answer was on record"


async def lost_call(asked: Asked, ports: Ports) -> Attempt:
    """A call of a model of which nothing more is heard: its prompt alone."""
    now = ports.clock()
    provider, _, name = asked.route.models[0].partition("/")
    price = asked.catalogue.price(provider, name, now)
    usage = Usage()
    if price is not None and not price.free:
        request = msgspec.structs.replace(asked.request, model=name)
        usage = Usage(
            input=await ports.providers.prompt_tokens(request), source=ports.providers.counter.source(name)
        )
    return Attempt(
        provider=provider,
        model=name,
        outcome="cancelled",
        error=ENDED,
        started_at=now,
        latency_ms=0.0,
        usage=usage,
        cost=cost(usage, price) if price is not None and usage.input else Decimal(0),
        price=price.id if price is not None and usage.input else None,
    )
