"""Orders to the agent by the other ways that texts come to a model: streamed, by the completions API, in what came before and in what is
remembered, in what comes along with a message, in the catalogue, in notes."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.doubles.obedient import HONEST, Obedient
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio
from tests.injections import Order, orders
from tests.interfaces.http.answers.injection.guarded import (
    GUARDS,
    SOME,
    category,
    configured,
    each,
    interaction,
    nothing_left,
    nothing_widened,
)
from tests.interfaces.http.conftest import Customer
from tests.until import until

EVENTS = {"Accept": "text/event-stream"}


def events_in(text: str) -> list[tuple[str, Any]]:
    """Names and data of server-sent events."""
    found = []
    for block in text.replace("\r\n", "\n").strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if lines.get("data", "[DONE]") != "[DONE]":
            found.append((lines.get("event", "message"), json.loads(lines["data"])))
    return found


async def called(shop: Customer, messages: list[dict[str, str]], *, stream: bool) -> dict[str, Any]:
    """A call of the agent: its `text` as the app gets it, how it ended, `retrace`."""
    body = {"model": "agent", "messages": messages, "stream": stream}
    reply = await shop.http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    if not stream:
        choice = reply.json()["choices"][0]
        text, finish, extra = choice["message"]["content"], choice["finish_reason"], reply.json()["retrace"]
        return {"text": text, "finish": finish, "retrace": extra}
    chunks = [data for _, data in events_in(reply.text)]
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    (finish,) = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    (extra,) = [chunk["retrace"] for chunk in chunks if chunk.get("retrace")][:1]
    return {"text": text, "finish": finish, "retrace": extra}


@SOME
async def test_what_is_streamed_to_a_customer_gives_nothing_away(
    shop: Customer, model: Obedient, every: int
) -> None:
    for on_injection in ("decline", "answer"):
        model.obeyed.clear()
        before = await configured(shop, on_injection=on_injection)

        async def said(order: Order, prefix: str = on_injection) -> dict[str, Any]:
            body = {
                "customer": {"channel": "http", "address": f"{prefix}{order.number}"},
                "text": order.text,
            }
            reply = await shop.http.post("/v1/messages", json=body, headers=EVENTS)
            events = events_in(reply.text)
            pieces = "".join(data["text"] for name, data in events if name == "piece")
            (ended,) = [data for name, data in events if name in ("interaction", "pending")]
            shown = await interaction(shop, ended["id"])
            return shown | {"pieces": pieces}

        found = await each(every, orders("messages"), said)
        assert bool(model.obeyed) == (on_injection == "answer")
        assert all(category(shown) in GUARDS for _, shown in found) or on_injection == "answer"
        nothing_left(model, [shown["pieces"] for _, shown in found])
        nothing_left(model, [shown["answer"] for _, shown in found])
        await nothing_widened(shop, model, before)


@SOME
@pytest.mark.parametrize("stream", [False, True])
async def test_an_app_that_asks_the_agent_is_declined_and_no_model_reads_it(
    shop: Customer, model: Obedient, stream: bool, every: int
) -> None:
    before = await configured(shop, disclose_completions="text")

    async def asked(order: Order) -> dict[str, Any]:
        return await called(shop, [{"role": "user", "content": order.text}], stream=stream)

    found = await each(every, orders("messages"), asked)
    asked_count = len(model.requests)
    flagged = [shown for _, shown in found if shown["retrace"]["decision"]["category"] == "injection"]
    assert len(flagged) >= len(found) * 0.95
    for shown in flagged:
        extra = shown["retrace"]
        assert (shown["finish"], extra["model"], extra["attempts"]) == ("content_filter", None, 0)
        why = (await shop.http.get(f"/v1/interactions/{extra['call']}/why")).json()
        assert (why["decision"]["kind"], why["decision"]["category"]) == ("decline", "injection")
        assert why["answer"] in shown["text"]
        assert why["cost"] == "0"
    assert len(model.obeyed) <= len(found) - len(flagged)
    nothing_left(model, [shown["text"] for _, shown in found])
    await nothing_widened(shop, model, before)
    assert len(model.requests) == asked_count
    model.obeyed.clear()
    before = await configured(shop, on_injection="answer", disclose_completions="text")
    found = await each(every, orders("messages"), asked)
    assert len(model.obeyed) >= len(found) - 1, "where the tenant wants it so"
    seen = {order.text for order, shown in found if shown["retrace"]["decision"]["category"] == "leak"}
    assert len(seen) >= len(set(model.obeyed)) - 1, "each leak was seen"
    nothing_left(model, [shown["text"] for _, shown in found])
    await nothing_widened(shop, model, before)


@SOME
async def test_what_an_app_says_was_said_before_is_looked_at_too(
    shop: Customer, model: Obedient, every: int
) -> None:
    before = await configured(shop)

    async def asked(order: Order) -> dict[str, Any]:
        said = [
            {"role": "user", "content": order.text},
            {"role": "assistant", "content": "I can help with our shop."},
            {"role": "user", "content": "When do you open?"},
        ]
        return await called(shop, said, stream=bool(order.number % 2))

    found = await each(every, orders("messages"), asked)
    assert model.obeyed == []
    assert {shown["retrace"]["decision"].get("kind", "answer") for _, shown in found} == {"answer"}
    nothing_left(model, [shown["text"] for _, shown in found])
    await nothing_widened(shop, model, before)


@SOME
async def test_an_order_is_not_read_later_in_the_history_nor_in_the_summary(
    shop: Customer, model: Obedient, every: int
) -> None:
    before = await configured(shop)

    async def asked(order: Order) -> dict[str, Any]:
        address = f"later{order.number}"
        await shop.ask(order.text, address=address)
        shown: dict[str, Any] = {}
        for number in range(11):  # more than the history holds: from then on there is a summary
            reply = await shop.ask(f"When do you open on day {number}?", address=address)
            shown = await interaction(shop, reply.json()["id"])
            assert category(shown) is None, shown
            if number == 0:
                assert {"kind": "history", "why": "injection", "count": 1} in [
                    {name: cut[name] for name in ("kind", "why", "count")} for cut in shown["cut"]
                ]
        return shown

    found = await each(4 * every, orders("messages"), asked)
    assert model.obeyed == []
    nothing_left(model, [shown["answer"] for _, shown in found])
    summed = [body for body in model.requests if "<conversation " in body["messages"][-1]["content"]]
    assert summed, "a model was asked for summaries"
    await nothing_widened(shop, model, before)


@SOME
@pytest.mark.parametrize("along", ["referral", "caption", "list"])
async def test_what_comes_along_with_a_message_is_looked_at_too(
    shop: Customer, model: Obedient, twilio: Twilio, anyone: httpx.AsyncClient, along: str, every: int
) -> None:
    async def post(url: str, form: dict[str, str], fields: dict[str, str]) -> int:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return (await anyone.post(path, data=form, headers=fields)).status_code

    twilio.post = post
    body = {"auth_token": TOKEN, "senders": [SENDER]}
    put = await shop.http.put(f"/v1/channels/twilio/{ACCOUNT}", json=body)
    assert put.status_code == 200, put.text
    before = await configured(shop)
    shift = 2_000 + 500 * ("referral", "caption", "list").index(along)

    async def said(order: Order) -> dict[str, Any]:
        customer = f"whatsapp:+1555{shift + order.number:07d}"
        text, more = "When do you open?", {"ReferralHeadline": order.text[:200], "ReferralSourceType": "ad"}
        if along == "caption":
            file = {
                "NumMedia": "1",
                "MediaUrl0": "https://api.twilio.com/m/1",
                "MediaContentType0": "text/plain",
            }
            more = {**file, "MediaFilename0": order.text[:200]}
        elif along == "list":
            more = {"ListId": "1", "ListTitle": order.text[:200]}
        _, status = await twilio.says(put.json()["webhook"], customer, text, **more)
        assert status == 200
        await until(lambda: twilio.to(customer))
        return {"told": "\n".join(message.body for message in twilio.to(customer))}

    found = await each(2 * every, orders("messages"), said)
    assert model.obeyed == []
    nothing_left(model, [shown["told"] for _, shown in found])
    await nothing_widened(shop, model, before)


@SOME
@pytest.mark.parametrize("place", ["name", "description", "tag", "row", "service"])
async def test_texts_of_the_catalogue_that_carry_orders_are_left_out(
    shop: Customer, model: Obedient, place: str, every: int
) -> None:
    before = await configured(shop)

    async def put(order: Order) -> dict[str, Any]:
        name, text = f"Zk{place}{order.number}x", " ".join(order.text.split())
        fair = f"The article {name} comes within {order.number + 2} days."
        if place == "row":
            table = io.StringIO()
            csv.writer(table).writerows([("title", "content"), (name, f"{fair} {order.text}")])
            files = {"file": ("entries.csv", table.getvalue().encode())}
            made = await shop.http.post("/v1/knowledge/import", files=files)
        else:
            body: dict[str, Any] = {"name": name, "description": fair, "price": "5.00", "currency": "EUR"}
            if place == "service":
                hours = {"weekday": "monday", "opens": "09:00", "closes": "17:00"}
                when = {"time_zone": "Europe/Berlin", "duration_minutes": 30, "weekly": [hours]}
                body |= {"availability": when}
            body |= {
                "name": {"name": f"{name} {text}"[:200]},
                "tag": {"category": text[:100]},
            }.get(place, {"description": f"{fair} {text}"})
            kind = "services" if place == "service" else "products"
            made = await shop.http.post(f"/v1/catalog/{kind}", json=body)
        assert made.status_code in (200, 201, 202), made.text
        reply: dict[str, Any] = made.json()
        return reply

    of = [order for order in orders("products") if len(order.text) < 180]
    await each(every, of, put)

    async def asked(order: Order) -> dict[str, Any]:
        name = f"Zk{place}{order.number}x"
        async with asyncio.timeout(60):
            while True:  # until it is indexed
                reply = await shop.ask(
                    f"Within how many days does the article {name} come?", address=f"{name}{len(model.calls)}"
                )
                shown = await interaction(shop, reply.json()["id"])
                if any(cut["why"] == "injection" for cut in shown["cut"]):
                    return shown
                await asyncio.sleep(0.2)

    found = await each(every, of, asked)
    assert model.obeyed == []
    nothing_left(model, [shown["answer"] for _, shown in found])
    assert {shown["text"] for _, shown in found} <= {HONEST, HONEST.removesuffix(" [1].") + "."}
    await nothing_widened(shop, model, before)


async def test_no_model_reads_the_notes_of_orders(shop: Customer, model: Obedient) -> None:
    before = await configured(shop, confidence_threshold=0.0)
    made = await shop.http.post(
        "/v1/catalog/products", json={"name": "Mug", "price": "5.00", "currency": "EUR", "stock": 50}
    )
    (order, *_) = orders("messages")
    body = {
        "customer": {"channel": "http", "address": "noted", "name": order.text[:200]},
        "lines": [{"product": made.json()["id"], "quantity": 1}],
        "note": order.text,
    }
    placed = await shop.http.post("/v1/orders", json=body)
    assert placed.status_code == 201, placed.text
    for text in ("Where is my order?", "What have I ordered?", "Is there a note on it?"):
        shown = await interaction(shop, (await shop.ask(text, address="noted")).json()["id"])
        assert shown["decision"].get("kind", "answer") == "answer", shown
    assert model.obeyed == []
    nothing_left(model, [shown["answer"]])
    await nothing_widened(shop, model, before)
