"""Answers to messages as server-sent events, on a running server, before a provider played at the wire."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn

from application.conversations.conversation import ReceiveMessage, receive_message
from domain.audit.invariants import Invariants
from domain.base.context import Context
from infra.settings import Settings
from interfaces.bootstrap import Services, services
from interfaces.http.conversations import message_stream
from tests.doubles.openai import PIECES, Double, openai_double, streamed, whole
from tests.doubles.wire import Call, Reply, Step
from tests.interfaces.http.conftest import Customer, customer_of, settled
from tests.interfaces.http.upstream import asking
from tests.until import until

STREAM = {"Accept": "text/event-stream"}
Event = tuple[str, dict[str, Any]]
TOLD = [PIECES[0].lstrip(), *PIECES[1:]]
"""The pieces as they reach the customer."""


@pytest_asyncio.fixture(scope="module")
async def upstream() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings, upstream: Double) -> AsyncIterator[Services]:
    async with services(asking(settings, upstream.url("scripted")), pool=6) as parts:
        yield parts


@pytest_asyncio.fixture(scope="module")
async def address(app: Any) -> AsyncIterator[str]:
    """Of a real server; the projector and the worker run beside it."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@pytest_asyncio.fixture
async def shop(app: Any, address: str, parts: Services, upstream: Double) -> AsyncIterator[Customer]:
    play(upstream, plain())
    await parts.health.reset(await parts.health.all())
    customer = await customer_of(app, parts, "Shop")
    reply = await customer.http.put(
        "/v1/agent/configuration", json={"default_model": "openai/gpt-4o-mini", "attribution": True}
    )
    assert reply.status_code == 200, reply.text
    headers = customer.http.headers
    await customer.http.aclose()
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as customer.http:
        yield customer


Part = Callable[[Call], Reply]


def play(upstream: Double, *parts: Part) -> None:
    """What the next calls get; all further ones get the last one."""
    left = list(parts)
    upstream.answer = lambda call: (left.pop(0) if len(left) > 1 else left[0])(call)


def plain(fault: str = "ok", after: asyncio.Event | None = None) -> Part:
    """`after`: it is answered once this is set."""

    def reply(call: Call) -> Reply:
        made = streamed(fault) if call.body.get("stream") else whole(fault)
        return dataclasses.replace(made, first=after and after.wait)

    return reply


def counting(end: asyncio.Event) -> Part:
    """Counts aloud until it is told to end."""
    begin, piece, *_, over, usage, done = streamed("ok").steps

    def steps() -> Iterator[Step]:
        yield begin
        for number in itertools.count():
            if end.is_set():
                break
            assert isinstance(piece, bytes)
            yield piece.replace(PIECES[0].encode(), b"%d " % number)
            yield 0.02
        yield from (over, usage, done)

    return lambda call: dataclasses.replace(streamed("ok"), steps=steps())


def message(text: str = "When are you open?", **more: Any) -> dict[str, Any]:
    return {"customer": {"channel": "http", "address": "ann"}, "text": text, **more}


@asynccontextmanager
async def streaming(
    shop: Customer, body: dict[str, Any], **headers: str
) -> AsyncIterator[tuple[httpx.Response, AsyncIterator[Event]]]:
    async with shop.http.stream("POST", "/v1/messages", json=body, headers=STREAM | headers) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        yield reply, events_of(reply.aiter_lines())


async def events_of(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    name = ""
    async for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


async def all_of(shop: Customer, body: dict[str, Any], **headers: str) -> list[Event]:
    async with streaming(shop, body, **headers) as (_, events):
        return [event async for event in events]


async def proven(parts: Services, shop: Customer) -> list[str]:
    invariants = Invariants()
    log = [recorded async for recorded in parts.store.events(shop.tenant)]
    invariants.fold(log)
    assert invariants.violations == []
    return [recorded.topic for recorded in log]


async def test_an_answer_comes_piece_by_piece_and_then_whole(shop: Customer, parts: Services) -> None:
    (_, accepted), *pieces, (name, interaction) = await all_of(shop, message())
    assert {name for name, _ in pieces} == {"piece"}
    told, *said = [piece["text"] for _, piece in pieces]
    assert said == TOLD
    assert name == "interaction"
    assert f"{interaction['disclosure']}\n\n" == told
    assert interaction["answer"] == told + "".join(said)
    assert interaction["text"] == "".join(PIECES).strip()
    assert (interaction["id"], interaction["status"]) == (accepted["interaction"], "answered")
    assert accepted["conversation"] == interaction["conversation"]
    read = await shop.http.get(f"/v1/interactions/{interaction['id']}")
    assert read.json() == interaction
    await proven(parts, shop)


@pytest.mark.parametrize(
    ("style", "end"),
    [
        ("markers", " [1]"),
        ("inline", " (hours.txt, page 1)"),
        ("endnotes", " [1]\n\nSources:\n[1] hours.txt, page 1"),
    ],
)
async def test_what_an_answer_cites_is_written_out_in_its_pieces_too(
    shop: Customer, parts: Services, upstream: Double, style: str, end: str
) -> None:
    play(upstream, plain("cites"))
    made = await shop.http.post("/v1/documents?wait=30", files={"file": ("hours.txt", b"We are open daily.")})
    assert (await settled(shop, f"/v1/documents/{made.json()['id']}"))["status"] == "completed"
    body = {"default_model": "openai/gpt-4o-mini", "attribution_style": style}
    assert (await shop.http.put("/v1/agent/configuration", json=body)).status_code == 200
    *_, (name, interaction) = events = await all_of(shop, message())
    assert name == "interaction"
    assert "".join(event["text"] for name, event in events if name == "piece") == interaction["answer"]
    assert interaction["answer"].endswith(end)
    assert interaction["text"].endswith(" [1]")
    assert [each["title"] for each in interaction["citations"]] == ["hours.txt"]
    assert (await shop.http.get(f"/v1/interactions/{interaction['id']}")).json() == interaction
    await proven(parts, shop)


async def test_without_asking_for_a_stream_nothing_has_changed(shop: Customer) -> None:
    for accept in ("*/*", "application/json", "application/json, text/event-stream;q=0.5"):
        reply = await shop.http.post("/v1/messages", json=message(), headers={"Accept": accept})
        assert (reply.status_code, reply.json()["status"]) == (200, "answered")


@pytest.mark.parametrize("wait", [0, 0.3])
async def test_when_the_wait_is_over_the_stream_ends_and_the_answer_is_read_later(
    shop: Customer, upstream: Double, wait: float
) -> None:
    end = asyncio.Event()
    play(upstream, plain(after=end))
    events = await all_of(shop, message(wait=wait))
    assert [name for name, _ in events] == ["accepted", "pending"]
    address = f"/v1/interactions/{events[-1][1]['id']}"
    started = time.monotonic()
    reply = await shop.http.get(address, params={"wait": 0.2})
    assert (reply.status_code, reply.json()["status"]) == (200, "pending")
    assert time.monotonic() - started >= 0.2
    end.set()
    started = time.monotonic()
    reply = await shop.http.get(address, params={"wait": 60})
    assert (reply.status_code, reply.json()["status"]) == (200, "answered")
    assert time.monotonic() - started < 50, "it comes when it is there, and not when the wait is over"


async def test_a_message_that_comes_while_pieces_are_sent_begins_the_next_burst(
    shop: Customer, parts: Services, upstream: Double
) -> None:
    end = asyncio.Event()
    play(upstream, counting(end), plain())
    async with streaming(shop, message()) as (_, events):
        async for name, first in events:
            if name == "piece" and first["text"].strip() == "3":
                break
        later = asyncio.create_task(all_of(shop, message("And on Sundays?")))
        await asyncio.sleep(0.5)
        assert not later.done(), "it waits until the first answer is whole"
        end.set()
        last = [event async for event in events][-1]
    newer = await later
    assert last[0] == newer[-1][0] == "interaction"
    assert last[1]["messages"] == ["When are you open?"]
    assert newer[-1][1]["messages"] == ["And on Sundays?"]
    assert [piece["text"] for name, piece in newer if name == "piece"] == TOLD
    topics = await proven(parts, shop)
    assert topics.count("conversation.answered") == 2
    assert topics.count("conversation.disclosed") == 1


async def test_a_message_that_comes_before_the_first_piece_restarts_the_answer(
    shop: Customer, parts: Services, upstream: Double
) -> None:
    before, end = len(upstream.calls), asyncio.Event()
    play(upstream, plain(after=end), plain())
    first = asyncio.create_task(all_of(shop, message()))
    await until(lambda: len(upstream.calls) != before)
    newer = await receive_message(
        ReceiveMessage(channel="http", address="ann", text="And on Sundays?", wait=True),
        Context(tenant=shop.tenant, actor="key:test", correlation=parts.ids()),
        parts,
    )
    end.set()
    (_, accepted), *others, (_, interaction) = await first
    assert accepted["interaction"] == interaction["id"] == str(newer.interaction)
    assert interaction["messages"] == ["When are you open?", "And on Sundays?"]
    assert [name for name, _ in others] == ["restarted"] + ["piece"] * 5
    assert (await proven(parts, shop)).count("conversation.answered") == 1


async def test_a_client_that_goes_away_does_not_stop_the_answer(
    shop: Customer, parts: Services, upstream: Double
) -> None:
    end = asyncio.Event()
    play(upstream, counting(end), plain())
    async with streaming(shop, message()) as (_, events):
        _, accepted = await anext(events)
        async for name, piece in events:
            if name == "piece" and piece["text"].strip() == "3":
                break
    assert not upstream.calls[-1].gone.is_set()
    end.set()
    reply = await shop.http.get(f"/v1/interactions/{accepted['interaction']}", params={"wait": 10})
    assert reply.json()["status"] == "answered"
    assert reply.json()["text"].startswith("0 1 2 3")


async def test_a_stream_that_breaks_off_is_pending_and_the_answer_is_made_anew(
    shop: Customer, parts: Services, upstream: Double
) -> None:
    play(upstream, plain("cut"), plain())
    events = await all_of(shop, message())
    assert [name for name, _ in events] == ["accepted", "piece", "piece", "piece", "pending"]
    reply = await shop.http.get(f"/v1/interactions/{events[-1][1]['id']}", params={"wait": 20})
    assert reply.json()["status"] == "answered"
    assert f"{reply.json()['disclosure']}\n\n" == events[1][1]["text"]
    await proven(parts, shop)


async def test_an_idempotency_key_gives_the_same_stream_again_and_the_first_one_as_it_comes(
    shop: Customer, parts: Services, upstream: Double
) -> None:
    end = asyncio.Event()
    play(upstream, counting(end), plain())
    key = {"Idempotency-Key": "k1"}
    async with streaming(shop, message(), **key) as (_, events):
        first = [await anext(events) for _ in range(4)]
        assert [name for name, _ in first] == ["accepted", "piece", "piece", "piece"], "it isn't held back"
        end.set()
        first += [event async for event in events]
    assert first[-1][0] == "interaction"
    async with streaming(shop, message(), **key) as (reply, events):
        assert [event async for event in events] == first
        assert reply.headers["idempotency-replayed"] == "true"
    assert (await proven(parts, shop)).count("conversation.message_received") == 1


async def test_the_same_message_again_gives_the_answer_that_was_given(shop: Customer) -> None:
    first = await all_of(shop, message(message_id="m1"))
    again = await all_of(shop, message(message_id="m1"))
    assert [name for name, _ in again] == ["accepted", "interaction"]
    assert again[-1] == first[-1]


@pytest.mark.parametrize("body", [message(text=""), message(text="  "), message(wait=61), {}])
async def test_what_cannot_be_a_message_is_a_problem_and_no_stream(
    shop: Customer, body: dict[str, Any]
) -> None:
    reply = await shop.http.post("/v1/messages", json=body, headers=STREAM)
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("wait", ["-1", "61", "soon"])
async def test_a_wait_that_is_none_is_refused(shop: Customer, wait: str) -> None:
    read = await shop.http.post("/v1/messages", json=message())
    reply = await shop.http.get(f"/v1/interactions/{read.json()['id']}", params={"wait": wait})
    assert reply.status_code == 400


async def test_while_nothing_else_comes_signs_of_life_do(
    shop: Customer, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_stream, "HEARTBEAT", 0.1)
    end, lines = asyncio.Event(), list[str]()
    play(upstream, plain(after=end))
    async with shop.http.stream("POST", "/v1/messages", json=message(), headers=STREAM) as reply:
        async for line in reply.aiter_lines():
            lines.append(line)
            if sum(line.startswith(": ") for line in lines) >= 3:
                end.set()
    assert lines.index("event: accepted") < lines.index(": it is being made") < lines.index("event: piece")
