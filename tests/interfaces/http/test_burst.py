"""Many callers who wait for one answer: one of them has it made, in one of the processes, and all get it."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from application.conversations import owing
from application.conversations.conversation import Received, ReceiveMessage, receive_message
from application.conversations.owing import ANSWER_WORK
from domain.answers import understanding
from domain.base.context import Context
from infra.settings import Settings
from infra.work.rows import Work
from interfaces.asgi import create_app
from interfaces.bootstrap import Services, services
from interfaces.http.base.limits import arrivals
from tests.doubles.openai import Double, openai_double, streamed, whole
from tests.doubles.wire import Call, Reply
from tests.interfaces.http.conftest import customer_of
from tests.interfaces.http.upstream import asking
from tests.until import PATIENCE, until

CALLERS = 30
TWO = 2


@pytest_asyncio.fixture(scope="module")
async def upstream() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest_asyncio.fixture(scope="module", name="all_settings")
async def _all_settings(settings: Settings, upstream: Double) -> Settings:
    return asking(settings, upstream.url("scripted"))


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(all_settings: Settings) -> AsyncIterator[Services]:
    async with services(all_settings, pool=6) as parts:
        understanding.load()  # as a process does before it takes requests
        yield parts


@pytest_asyncio.fixture(scope="module")
async def other(all_settings: Settings) -> AsyncIterator[Services]:
    """A second process's: it shares the servers, and nothing else."""
    async with services(all_settings, pool=6) as parts:
        yield parts


@pytest_asyncio.fixture
async def shops(
    app: Any, parts: Services, other: Services, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A tenant's clients, one to each process."""
    # However busy the machine is, those that come together are waited for.
    monkeypatch.setattr(arrivals, "WAIT", 30.0)
    answering(upstream)
    await parts.health.reset(await parts.health.all())
    customer = await customer_of(app, parts, "Shop")
    second = httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(other)),
        base_url="http://retrace",
        headers=customer.http.headers,
        timeout=30,
    )
    async with customer.http, second:
        body = {"default_model": "openai/gpt-4o-mini", "fallback_models": [], "summaries": "rules"}
        assert (await customer.http.put("/v1/agent/configuration", json=body)).status_code == 200
        for flag in ("routing", "response_cache"):
            assert (await customer.http.put(f"/v1/flags/{flag}", json={"on": False})).status_code == 200
        yield [customer.http, second]


def answering(
    upstream: Double,
    fault: str = "ok",
    delay: float = 0.0,
    first: Callable[[], Awaitable[object]] | None = None,
) -> None:
    def reply(call: Call) -> Reply:
        made = streamed(fault) if call.body.get("stream") else whole(fault)
        return dataclasses.replace(made, delay=delay, first=first)

    upstream.answer = reply


async def ask(client: httpx.AsyncClient, text: str, **more: Any) -> httpx.Response:
    body = {"customer": {"channel": "http", "address": "ann"}, "text": text, **more}
    return await client.post("/v1/messages", json=body)


async def test_a_burst_in_one_process_costs_one_call(
    shops: list[httpx.AsyncClient], upstream: Double
) -> None:
    before = len(upstream.calls)
    replies = await asyncio.gather(*(ask(shops[0], f"Question {n}?") for n in range(CALLERS)))
    assert {reply.status_code for reply in replies} == {200}, [reply.text for reply in replies]
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert len({reply.text for reply in replies}) == 1
    assert sorted(replies[0].json()["messages"]) == sorted(f"Question {n}?" for n in range(CALLERS))
    assert len(upstream.calls) - before == 1


@pytest.mark.parametrize("delay", [0.0, 0.7])
async def test_a_burst_costs_one_call_where_tenants_share_the_process(
    app: Any, parts: Services, shops: list[httpx.AsyncClient], upstream: Double, delay: float
) -> None:
    """Then a tenant's requests are worked on one after another; those that wait for the answer are none of them."""
    answering(upstream, delay=delay)
    other = await customer_of(app, parts, "Other")
    async with other.http:
        for round in range(2):
            assert (await other.http.get("/v1/agent/configuration")).status_code == 200
            before = len(upstream.calls)
            replies = await asyncio.gather(
                *(ask(shops[0], f"Question {round}, {n}?") for n in range(CALLERS))
            )
            assert {reply.status_code for reply in replies} == {200}, [reply.text for reply in replies]
            assert len({reply.json()["id"] for reply in replies}) == 1
            assert len(replies[0].json()["messages"]) == CALLERS
            assert len(upstream.calls) - before == 1


async def test_a_burst_costs_one_call_where_some_are_let_in_late(
    shops: list[httpx.AsyncClient], parts: Services, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a store that is asked before takes its time for some of them."""
    assert (await ask(shops[0], "Are you there?")).status_code == 200  # what is loaded at first is loaded
    answering(upstream, delay=0.7)
    used, came = parts.key_use.used, 0

    async def late(*about: Any) -> None:
        nonlocal came
        came += 1
        if came > 1:
            until = time.monotonic() + 0.4
            while len(upstream.calls) == before and time.monotonic() < until:
                await asyncio.sleep(0.01)
        await used(*about)

    before = len(upstream.calls)
    monkeypatch.setattr(parts.key_use, "used", late)
    replies = await asyncio.gather(*(ask(shops[0], f"Question {n}?") for n in range(CALLERS)))
    assert {reply.status_code for reply in replies} == {200}, [reply.text for reply in replies]
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert len(upstream.calls) - before == 1


async def test_messages_that_come_while_it_is_made_cost_one_call_more(
    shops: list[httpx.AsyncClient], parts: Services, upstream: Double
) -> None:
    """In two processes, while the model takes its time."""
    tenant = await tenant_of(shops[0])

    async def all_are_here() -> None:
        async def came() -> bool:
            topics = ["conversation.message_received"]
            return len([_ async for _ in parts.store.events(tenant, topics=topics)]) == CALLERS + 1

        await until(came)

    answering(upstream, first=all_are_here)
    before = len(upstream.calls)
    first = asyncio.create_task(ask(shops[0], "Are you open?"))
    await until(lambda: len(upstream.calls) != before)
    replies = await asyncio.gather(first, *(ask(shops[n % TWO], f"Question {n}?") for n in range(CALLERS)))
    assert {reply.status_code for reply in replies} == {200}, [reply.text for reply in replies]
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert len({reply.json()["text"] for reply in replies}) == 1
    # Those of the other process may come while it is made again.
    assert 2 <= len(upstream.calls) - before <= 3


async def test_who_writes_on_and_on_to_a_model_that_hangs_gets_an_answer(
    shops: list[httpx.AsyncClient], upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message comes in the midst of whatever is tried, for as long as there is no answer."""
    monkeypatch.setattr("application.gateway.complete.ATTEMPT", 0.4)
    monkeypatch.setattr("application.gateway.complete.DEADLINE", 1.0)
    monkeypatch.setattr("application.conversations.answer.JOINING", timedelta(seconds=0.5))
    answering(upstream, delay=60)
    first = asyncio.create_task(ask(shops[0], "Are you open?", wait=60))
    written = 0
    async with asyncio.timeout(PATIENCE):
        while not first.done():
            await asyncio.sleep(0.3)
            assert (await ask(shops[written % TWO], f"Hello? {written}", wait=0)).status_code == 202
            written += 1
        reply = await first
    assert reply.status_code == 200, reply.text
    assert reply.json()["messages"][0] == "Are you open?"
    assert reply.json()["provider"] == "local"
    assert len(reply.json()["messages"]) <= written


async def tenant_of(client: httpx.AsyncClient) -> UUID:
    return UUID((await client.get("/v1/tenants")).json()["items"][0]["id"])


async def receive(parts: Services, client: httpx.AsyncClient, text: str, id: str | None = None) -> Received:
    """A message whose caller waits for the answer, and has died before it began to make it. Its lease came with the message."""
    tenant = await tenant_of(client)
    command = ReceiveMessage(channel="http", address="ann", text=text, message_id=id, wait=True)
    return await receive_message(
        command,
        Context(tenant=tenant, actor="key:test", correlation=parts.ids()),
        parts,
    )


async def test_where_a_model_fails_not_everybody_asks_it(
    shops: list[httpx.AsyncClient], parts: Services, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owing, "SAFETY_NET", timedelta(seconds=1))
    answering(upstream, "400")
    ids = [str(n) for n in range(CALLERS)]
    for id in ids:
        await receive(parts, shops[0], f"Is parcel {id} here?", id)
    replies = await asyncio.gather(
        *(ask(shops[n % TWO], f"Is parcel {id} here?", message_id=id) for n, id in enumerate(ids))
    )
    assert {reply.status_code for reply in replies} == {200}
    assert {reply.json()["provider"] for reply in replies} == {"local"}
    assert sum("parcel" in str(call.body) for call in upstream.calls) == 1  # the test before may still ask


async def test_whoever_died_is_followed_by_another_one(
    shops: list[httpx.AsyncClient], parts: Services, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that died has the lease until that ends."""
    monkeypatch.setattr(owing, "SAFETY_NET", timedelta(seconds=60))
    received = await receive(parts, shops[0], "Are you there?")
    assert received.holder is not None
    tenant = await tenant_of(shops[0])
    work = Work(parts.system)
    assert await work.lease(tenant, ANSWER_WORK, received.conversation.hex, 2.0) == (True, None)
    before = len(upstream.calls)
    asking = asyncio.create_task(ask(shops[1], "And on Sundays?"))
    await asyncio.sleep(0.5)
    assert not asking.done(), "the lease is of a minute"
    async with parts.system.system() as connection:
        over = "UPDATE work SET lease_until = now(), wake_at = now() WHERE tenant = %s AND kind = %s"
        await connection.execute(over, [tenant, ANSWER_WORK])
    reply = await asking
    assert (reply.status_code, reply.json()["id"]) == (200, str(received.interaction))
    assert reply.json()["messages"] == ["Are you there?", "And on Sundays?"]
    assert len(upstream.calls) - before == 1
    assert await work.lease(tenant, ANSWER_WORK, received.conversation.hex, 2.0) == (False, None)
