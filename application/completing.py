"""One completion out of several providers: in order, with retries where they can help, each attempt on record."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from decimal import Decimal

from application.ports import Clock, Completers, ProviderError
from domain.completion import Attempt, Completion, CompletionRequest, Outcome
from domain.errors import Refused
from domain.pricing import PriceTable, cost

DEADLINE = 30.0
"""Seconds for all attempts together."""

RETRIES = 2
"""Further tries of one model, where another can help."""

LONGEST_WAIT = 8.0
RETRIABLE: frozenset[Outcome] = frozenset({"rate_limited", "timeout", "unavailable"})
LAST_RESORT = "local/extractive"


async def complete(
    models: Sequence[str],
    request: CompletionRequest,
    *,
    completers: Completers,
    prices: PriceTable,
    clock: Clock,
) -> tuple[Completion | None, tuple[Attempt, ...]]:
    """The first model that answers (`models` are provider/model), and all attempts. None when none did."""
    attempts: list[Attempt] = []
    deadline = time.monotonic() + DEADLINE
    for model in dict.fromkeys((*models, LAST_RESORT)):
        provider, _, name = model.partition("/")
        for retry in range(RETRIES + 1):
            # The last resort needs no network; it may come after the deadline.
            left = deadline - time.monotonic() if model != LAST_RESORT else LONGEST_WAIT
            if left <= 0:
                break
            asked = _named(request, name)
            completion, attempt, wait = await _try(provider, asked, left, completers, prices, clock)
            attempts.append(attempt)
            if completion is not None:
                return completion, tuple(attempts)
            pause = random.uniform(0.5, 1) * min(0.5 * 2**retry, LONGEST_WAIT) if wait is None else wait
            if attempt.outcome not in RETRIABLE or retry == RETRIES or time.monotonic() + pause > deadline:
                break
            await asyncio.sleep(pause)
    return None, tuple(attempts)


def _named(request: CompletionRequest, model: str) -> CompletionRequest:
    return CompletionRequest(
        model=model,
        prompt=request.prompt,
        questions=request.questions,
        passages=request.passages,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
    )


async def _try(
    provider: str,
    request: CompletionRequest,
    seconds: float,
    completers: Completers,
    prices: PriceTable,
    clock: Clock,
) -> tuple[Completion | None, Attempt, float | None]:
    """One attempt; beside it the seconds that the provider asked to wait."""
    started_at, started = clock(), time.perf_counter()
    try:
        async with asyncio.timeout(seconds):
            completion = await completers.get(provider).complete(request)
    except (ProviderError, Refused, TimeoutError) as error:
        outcome: Outcome = (
            "timeout" if isinstance(error, TimeoutError) else getattr(error, "outcome", "bad_request")
        )
        text = (
            "no answer within the deadline"
            if isinstance(error, TimeoutError)
            else getattr(error, "detail", str(error))
        )
        attempt = Attempt(
            provider=provider,
            model=request.model,
            outcome=outcome,
            error=text,
            started_at=started_at,
            latency_ms=_since(started),
        )
        return None, attempt, getattr(error, "retry_after", None)
    # The served model's price counts; a server that names its model otherwise is priced as what was asked for.
    price = prices.at(provider, completion.model, started_at) or prices.at(
        provider, request.model, started_at
    )
    attempt = Attempt(
        provider=provider,
        model=request.model,
        served=completion.model,
        outcome="ok",
        started_at=started_at,
        latency_ms=_since(started),
        usage=completion.usage,
        raw_usage=completion.raw_usage,
        request_id=completion.request_id,
        cost=cost(completion.usage, price) if price else Decimal(0),
        price=price.id if price else None,
    )
    return completion, attempt, None


def _since(started: float) -> float:
    """Milliseconds."""
    return round((time.perf_counter() - started) * 1000, 3)
