"""Routing: microseconds for a score and for a decision, in one process. Beside it: fetching a kept decision from Redis, and from a memo.

And what the specified mix of models costs, by the catalogue's prices.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from hashlib import blake2b

import msgspec
import uvloop
from redis.asyncio import Redis

from bench.harness import Floor, Result, arguments, conditions, report, rounds
from bench.server import server
from domain.gateway.complexity import complexity
from domain.gateway.policy import RoutingPolicy, Target, Tiers
from domain.replay.saving import blended, per_thousand, saved
from infra.providers.catalogue import load_catalogue

ROUNDS = 5
USUAL = (
    "When are you open?",
    "Where is my order 4711? I have been waiting since Monday.",
    "Do you have this jacket in green, size M?",
    "Wann habt ihr am Samstag geöffnet, und wo kann ich parken?",
    "Could you explain the difference between the two plans?",
    "¿Por qué mi pedido tarda tanto?",
    "Hi, I would like to return the shoes that I bought last week. They are too small and I have not worn them outside.",
    "Please compare the three plans for a team of 15, and calculate which is the cheapest over 24 months.",
)
"""As customers write: 18 to 115 characters."""
LONG = " ".join(USUAL) * 10
THEN = datetime(2025, 1, 15, tzinfo=UTC)
"""When all the models of the specified mix were for sale."""


def target(model: str) -> Target:
    return Target(provider="openai", model=model, reason="it fits")


POLICY = RoutingPolicy(
    tiers=Tiers(
        simple_queries=target("a"),
        default=target("b"),
        complex_reasoning=target("c"),
        large_context=target("d"),
    )
)


def each(do: Callable[[str], object], texts: tuple[str, ...], seconds: float) -> float:
    """Microseconds for one text."""
    count, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < seconds:
        for text in texts:
            do(text)
        count += len(texts)
    return took / count * 1e6


def decide(text: str) -> object:
    return POLICY.decide(1, complexity((text,), 4), None)


def scores(seconds: float) -> dict[str, float]:
    score = partial(each, lambda text: complexity((text,), 4))
    decision = each(decide, USUAL, seconds / 3)
    return {
        "score_us": score(USUAL, seconds / 3),
        "score_of_4000_characters_us": score((LONG[:4000],), seconds / 3),
        "decision_us": decision,
        "decisions_per_s": 1e6 / decision,
    }


def memo(seconds: float) -> dict[str, float]:
    """A decision that is there already, under a digest of its question."""

    def key(text: str) -> bytes:
        return blake2b(text.encode(), digest_size=16).digest()

    kept = {key(text): decide(text) for text in USUAL}
    return {"memo_us": each(lambda text: kept[key(text)], USUAL, seconds / 3)}


def redis(url: str, seconds: float) -> dict[str, float]:
    """As `memo`, out of Redis; one after the other on one connection."""

    async def run() -> float:
        async with Redis.from_url(url) as connection:
            kept = msgspec.msgpack.encode(decide(USUAL[0]))
            await connection.set("decision", kept, ex=300)
            count, began = 0, time.perf_counter()
            while (took := time.perf_counter() - began) < seconds / 3:
                await connection.get("decision")
                count += 1
            return took / count * 1e6

    return {"redis_us": uvloop.run(run())}


def mix() -> dict[str, float]:
    """USD for 1,000 tokens, half input and half output, and the share saved against the default model for everything."""
    catalogue = load_catalogue()

    def price(model: str) -> Decimal:
        provider, _, name = model.partition("/")
        found = catalogue.price(provider, name, THEN)
        if found is None:
            raise AssertionError(f"the catalogue has no price for {model}")
        return per_thousand(found)

    figures = {}
    for name, hard in (("o1-preview", "openai/o1-preview"), ("o1-mini", "openai/o1-mini")):
        shares = {"gemini/gemini-1.5-flash": "0.6", "openai/gpt-4o": "0.3", hard: "0.1"}
        blend = blended(
            {model: Decimal(share) for model, share in shares.items()},
            {model: price(model) for model in shares},
        )
        figures[f"mix_with_{name}_saved_percent"] = float(100 * saved(blend, price("openai/gpt-4o")))
    return figures


def main() -> None:
    given = arguments("scores and routing decisions", seconds=20)
    part = given.seconds / (ROUNDS * 2.4)
    with server() as running:
        contestants = [partial(scores, part), partial(memo, part)]
        if running.redis_url:
            contestants.append(partial(redis, running.redis_url, part))
        figures = rounds(contestants, ROUNDS).medians | mix()
        version = running.version
    result = Result(
        name="routing",
        ratio=figures["redis_us"] / figures["decision_us"] if "redis_us" in figures else 0.0,
        figures=figures,
        floors=(Floor("microseconds for a score", figures["score_us"], most=20),),
        conditions=conditions(version, rounds=ROUNDS, texts=len(USUAL)),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
