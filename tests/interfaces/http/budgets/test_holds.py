"""What calls hold of a budget: while they go on, after they were given up, and where others wait for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import openai
import pytest
import pytest_asyncio
import uvicorn

from domain.audit.invariants import Invariants
from domain.base.aggregate import Event
from domain.base.context import Context
from domain.base.money import usd
from domain.budgets.budget import Budget
from domain.budgets.reservation import Reservation
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from infra.settings import Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services, services
from tests.application.tills import Till
from tests.doubles.openai import GOOD
from tests.doubles.wire import CUT, Reply, Wire, server_events, serving
from tests.doubles.wire import Call as Came
from tests.interfaces.http.conftest import Customer, customer_of
from tests.interfaces.http.upstream import asking
from tests.until import PATIENCE

MODEL, CHEAPEST = "gpt-4o", "gpt-4o-mini"


def answering(delay: float = 0.0) -> Any:
    """10 tokens in, 10 out."""
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    return lambda came: Reply(
        body=json.dumps({**GOOD, "model": came.body["model"], "usage": usage}).encode(), delay=delay
    )


@pytest_asyncio.fixture(scope="module")
async def upstream() -> AsyncIterator[Wire]:
    wire = Wire(answering())
    async with serving(wire):
        yield wire


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings, upstream: Wire) -> AsyncIterator[Services]:
    async with services(asking(settings, f"http://127.0.0.1:{upstream.port}/v1"), pool=6) as parts:
        yield parts


@pytest.fixture(scope="module")
def bare(parts: Services) -> Any:
    """The application with no role beside it, made once for a file."""
    return create_app(parts)


@pytest_asyncio.fixture(scope="module")
async def address(bare: Any) -> AsyncIterator[str]:
    """Of a real server, from which clients can go away."""
    server = uvicorn.Server(uvicorn.Config(bare, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


@pytest_asyncio.fixture
async def shop(bare: Any, parts: Services, upstream: Wire) -> AsyncIterator[Customer]:
    await parts.health.reset(await parts.health.all())
    upstream.answer = answering()
    customer = await customer_of(bare, parts, "Shop")
    async with customer.http:
        assert (await customer.http.put("/v1/flags/response_cache", json={"on": False})).status_code == 200
        assert (await customer.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
        agent = {"default_model": f"openai/{MODEL}", "fallback_models": [f"openai/{CHEAPEST}"]}
        assert (await customer.http.put("/v1/agent/configuration", json=agent)).status_code == 200
        yield customer


@pytest_asyncio.fixture
async def client(address: str, shop: Customer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key=shop.key, base_url=f"{address}/v1", max_retries=0) as client:
        yield client


def ask(client: openai.AsyncOpenAI, **more: Any) -> Any:
    messages: Any = [{"role": "user", "content": "When are you open on Monday?"}]
    return client.chat.completions.create(**{"model": MODEL, "messages": messages, "max_tokens": 100, **more})


async def limit(shop: Customer, day: str, on_hard: str = "stop") -> None:
    reply = await shop.http.put("/v1/budgets", json={"day": day, "on_hard": on_hard})
    assert reply.status_code == 200, reply.text


async def day(shop: Customer) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.http.get("/v1/budgets")).json()["day"]
    return found


async def events(parts: Services, shop: Customer, *kinds: type[Event]) -> list[Any]:
    """Those of `kinds`; all of the log holds what it must."""
    recorded = [each async for each in parts.store.events(shop.tenant)]
    invariants = Invariants()
    invariants.fold(recorded)
    assert invariants.violations == []
    return [each.event for each in recorded if isinstance(each.event, kinds)]


def till(parts: Services, shop: Customer) -> Till:
    context = Context(tenant=shop.tenant, actor="key:test", correlation=uuid4())
    return Till(parts, context)  # type: ignore[arg-type]  # of a log it needs the store


async def test_calls_that_are_given_up_cost_their_prompts_and_what_they_may_still_cost_is_held(
    client: openai.AsyncOpenAI,
    shop: Customer,
    parts: Services,
    upstream: Wire,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("application.chat.chat.PATIENCE", 0.0)
    monkeypatch.setattr("application.budgets.settle.LIFETIME", timedelta(seconds=3))
    await limit(shop, "0.005")
    upstream.answer = answering(delay=60)
    made: list[Any] = []
    for number in range(4):
        came = len(upstream.calls)
        task = asyncio.create_task(ask(client))
        async with asyncio.timeout(PATIENCE):
            while len(upstream.calls) == came:
                await asyncio.sleep(0.01)
            task.cancel()
            while len(made := await events(parts, shop, Call.Metered)) <= number:
                await asyncio.sleep(0.02)
    for metered in made:
        (attempt,) = metered.attempts
        assert (attempt.outcome, attempt.usage.output) == ("cancelled", 0)
        assert attempt.usage.source != "provider"
        assert metered.cost == attempt.usage.input * Decimal("2.50") / 1_000_000 > 0
    standing = await day(shop)
    assert Decimal(standing["spent"]) == sum(each.cost for each in made)
    # 100 tokens at 10 USD a million, and what our count of a prompt for a reservation is above that for a bill.
    assert Decimal("0.004") <= Decimal(standing["reserved"]) < Decimal("0.0042")
    retained = await events(parts, shop, Reservation.Retained)
    assert len(retained) == 4
    with pytest.raises(openai.RateLimitError) as refused:
        await ask(client)
    assert refused.value.code == "rate_limit_exceeded"
    async with asyncio.timeout(PATIENCE):
        while Decimal((await day(shop))["reserved"]):
            await till(parts, shop).expire_all()
            await asyncio.sleep(0.1)
    assert (await day(shop))["spent"] == standing["spent"]
    assert len(await events(parts, shop, Reservation.Expired)) == 4


async def test_slow_calls_at_once_all_get_what_the_budget_covers(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Wire
) -> None:
    upstream.answer = answering(delay=0.2)
    await limit(shop, "0.004")  # for three at once
    given = await asyncio.gather(*(ask(client) for _ in range(16)))
    assert len(given) == 16
    assert Decimal((await day(shop))["spent"]) == 16 * Decimal("0.000125")
    assert not (await day(shop))["exhausted"]
    assert await events(parts, shop, Budget.Exhausted) == []


async def test_who_waits_in_vain_is_told_what_is_spent_and_held_and_when_to_come_back(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.chat.chat.PATIENCE", 0.2)
    await limit(shop, "0.01")
    other = till(parts, shop)
    held = [await other.reserve(Decimal("0.005"), seconds=20), await other.reserve(Decimal("0.0049"))]
    with pytest.raises(openai.RateLimitError) as refused:
        await ask(client)
    problem: Any = refused.value.response.json()
    seconds = int(refused.value.response.headers["Retry-After"])
    assert 10 < seconds <= 20
    assert "x-should-retry" not in refused.value.response.headers
    assert problem["type"] == "/problems/budget-held"
    facts = {name: problem[name] for name in ("limit", "spent", "held", "calls", "retry_after")}
    assert facts == {"limit": "0.01", "spent": "0", "held": "0.0099", "calls": 2, "retry_after": seconds}
    assert "0.0099 are held by 2 calls" in problem["detail"]
    assert not (await day(shop))["exhausted"]
    await other.settle(await other.begin(), [], held)
    assert await ask(client)


async def test_nothing_is_degraded_because_of_what_is_held_while_it_can_be_waited_for(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    await limit(shop, "0.02", on_hard="degrade")
    other = till(parts, shop)
    held = [await other.reserve(Decimal("0.019"))]
    asked = asyncio.create_task(shop.ask("When are you open?", address="ann"))
    await asyncio.sleep(0.3)
    assert not asked.done()
    await other.settle(await other.begin(), [], held)
    reply = await asked
    assert (reply.json()["status"], reply.json()["model"]) == ("answered", MODEL)
    held = [await other.reserve(Decimal("0.0195"), patience=20)]  # the message's is given back soon
    monkeypatch.setattr("application.chat.chat.PATIENCE", 0.1)
    given = await ask(client, model="auto")
    assert given.model == f"openai/{CHEAPEST}"
    (degraded,) = await events(parts, shop, Call.Metered)
    assert "held by 1 call under way" in degraded.routing.reason
    await other.settle(await other.begin(), [], held)
    assert await events(parts, shop, Budget.Exhausted) == []


async def test_a_message_that_finds_no_room_in_time_is_answered_later(
    shop: Customer, parts: Services
) -> None:
    await limit(shop, "0.02")
    other = till(parts, shop)
    held = [await other.reserve(Decimal("0.0199"))]
    reply = await shop.ask("When are you open?", address="bob", wait=0.3)
    assert reply.status_code == 202
    await other.settle(await other.begin(), [], held)
    async with asyncio.timeout(PATIENCE):
        while not await events(parts, shop, Conversation.Answered):
            await asyncio.sleep(0.05)
    (answered,) = await events(parts, shop, Conversation.Answered)
    assert answered.handoff is None


async def test_what_a_long_stream_has_reserved_is_held_until_its_end_and_settled_once(
    client: openai.AsyncOpenAI,
    shop: Customer,
    parts: Services,
    upstream: Wire,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("application.gateway.lease.EVERY", 0.1)
    await limit(shop, "1")
    over = asyncio.Event()

    def endless(came: Came) -> Reply:
        def steps() -> Any:
            while not over.is_set():
                yield json.dumps({"choices": [{"delta": {"content": "yes "}}]}).encode()
                yield 0.02
            yield json.dumps({"choices": [{"delta": {}, "finish_reason": "stop"}]}).encode()
            usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
            yield json.dumps({"choices": [], "usage": usage}).encode()
            yield b"[DONE]"

        return server_events(steps())

    upstream.answer = endless
    stream = await ask(client, stream=True)
    async with asyncio.timeout(PATIENCE):
        while len(await events(parts, shop, Reservation.Extended)) < 3:
            await asyncio.sleep(0.05)
        over.set()
        async for _ in stream:
            pass
        while not (made := await events(parts, shop, Call.Metered)):
            await asyncio.sleep(0.02)
    reservations = await events(parts, shop, Reservation.Event)
    assert made[0].reservations == (reservations[0].originator_id,)
    ends = [each.expires_at for each in reservations if isinstance(each, Reservation.Extended)]
    assert ends == sorted(ends)
    await parts.reservation_pool.give_back(shop.tenant)
    assert len(await events(parts, shop, Reservation.Done)) == 1
    assert Decimal((await day(shop))["reserved"]) == 0


@pytest.mark.parametrize(("limited", "asked"), [("0.01", 2), ("0.0015", 1)])
async def test_another_try_is_reserved_for_beside_what_the_first_may_still_cost(
    client: openai.AsyncOpenAI,
    shop: Customer,
    parts: Services,
    upstream: Wire,
    monkeypatch: pytest.MonkeyPatch,
    limited: str,
    asked: int,
) -> None:
    monkeypatch.setattr("application.chat.chat.PATIENCE", 0.0)
    alone = {"default_model": f"openai/{MODEL}"}
    assert (await shop.http.put("/v1/agent/configuration", json=alone)).status_code == 200
    await limit(shop, limited)
    answers = iter([lambda came: Reply(steps=[b"{", CUT]), answering()])
    upstream.answer = lambda came: next(answers)(came)
    before = len(upstream.calls)
    if asked == 2:
        assert await ask(client)
    else:
        with pytest.raises(openai.RateLimitError) as refused:
            await ask(client)
        assert refused.value.code == "rate_limit_exceeded"
    assert len(upstream.calls) - before == asked
    (metered,) = await events(parts, shop, Call.Metered)
    assert [each.outcome for each in metered.attempts] == ["unavailable", "ok"][:asked]
    assert metered.attempts[0].cost > 0
    (retained,) = await events(parts, shop, Reservation.Retained)
    assert Decimal((await day(shop))["reserved"]) == usd(retained.amount) > 0
