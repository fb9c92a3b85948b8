"""What an answer is charged that was begun, and whose process ended before it was on record: what it surely cost, by our own count.

Whoever asks a model puts this on record first, and charges it once where nothing else has come on record since.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from application.answers.ports import Ports
from application.answers.prepared import Prepared
from domain.models.completion import Attempt, Usage
from domain.models.pricing import cost


async def lost_of(prepared: Prepared, ports: Ports) -> Sequence[Attempt]:
    """What is charged if this process ends before the answer is on record: what was paid on the way, and the prompt, as the first model's
    provider would at least bill it."""
    asked, now = prepared.asked, ports.clock()
    if prepared.considered.plan.say is not None:
        return prepared.embeddings
    provider, _, name = asked.route.models[0].partition("/")
    price = asked.catalogue.price(provider, name, now)
    usage = Usage()
    if price is not None and not price.free:
        request = msgspec.structs.replace(asked.request, model=name)
        usage = Usage(
            input=await ports.providers.prompt_tokens(request), source=ports.providers.counter.source(name)
        )
    call = Attempt(
        provider=provider,
        model=name,
        outcome="cancelled",
        error="the process ended before the answer was on record",
        started_at=now,
        latency_ms=0.0,
        usage=usage,
        cost=cost(usage, price) if price is not None and usage.input else Decimal(0),
        price=price.id if price is not None and usage.input else None,
    )
    return (*prepared.embeddings, call)
