"""Orders to the agent, through every door: by HTTP, by WhatsApp, in documents and in the knowledge base, before a model that obeys whatever it
reads. What holds is the guards alone: no canary and no rules leave, and nothing is done that the tenant has not set.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.doubles.obedient import HONEST, Obedient
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio
from tests.injections import Order, orders, ordinary
from tests.interfaces.http.answers.injection.guarded import (
    GUARDS,
    ORDINARY,
    SOME,
    category,
    configured,
    each,
    interaction,
    nothing_left,
    nothing_widened,
    uploaded,
    written,
)
from tests.interfaces.http.conftest import Customer
from tests.until import until


@SOME
async def test_a_message_with_orders_is_declined_and_no_model_reads_it(
    shop: Customer, model: Obedient, every: int
) -> None:
    before = await configured(shop)

    async def asked(order: Order) -> dict[str, Any]:
        reply = await shop.ask(order.text, address=f"c{order.number}")
        return await interaction(shop, reply.json()["id"])

    found = await each(every, orders("messages"), asked)
    wrong = [(order.text, shown["decision"]) for order, shown in found if category(shown) not in GUARDS]
    assert wrong == []
    assert model.obeyed == []
    nothing_left(model, [shown["answer"] for _, shown in found])
    await nothing_widened(shop, model, before)


@SOME
async def test_where_a_tenant_wants_them_answered_a_model_that_obeys_gives_nothing_away(
    shop: Customer, model: Obedient, every: int
) -> None:
    before = await configured(shop, on_injection="answer")

    async def asked(order: Order) -> dict[str, Any]:
        reply = await shop.ask(order.text, address=f"c{order.number}")
        shown = await interaction(shop, reply.json()["id"])
        why = (await shop.http.get(f"/v1/interactions/{shown['id']}/why")).text
        return shown | {"why": why}

    found = await each(every, orders("messages"), asked)
    assert len(model.leaked) >= len(found) // 2, "it obeys"
    seen = {order.text for order, shown in found if category(shown) == "leak"}
    assert seen == set(model.obeyed), "each leak was seen"
    nothing_left(model, [shown["answer"] for _, shown in found])
    for _, shown in found:
        assert not any(word and word in shown["why"] for word in model.words), "no canary is on record"
    await nothing_widened(shop, model, before)


@SOME
async def test_by_whatsapp_nothing_is_sent_that_gives_something_away(
    shop: Customer, model: Obedient, twilio: Twilio, anyone: httpx.AsyncClient, every: int
) -> None:
    async def post(url: str, form: dict[str, str], fields: dict[str, str]) -> int:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return (await anyone.post(path, data=form, headers=fields)).status_code

    twilio.post = post
    put = await shop.http.put(
        f"/v1/channels/twilio/{ACCOUNT}", json={"auth_token": TOKEN, "senders": [SENDER]}
    )
    assert put.status_code == 200, put.text
    for number, on_injection in enumerate(("decline", "answer")):
        model.obeyed.clear()
        before = await configured(shop, on_injection=on_injection)

        async def said(order: Order, shift: int = number * 500) -> dict[str, Any]:
            customer = f"whatsapp:+1555{shift + order.number:07d}"
            _, status = await twilio.says(put.json()["webhook"], customer, order.text)
            assert status == 200
            await until(lambda: twilio.to(customer))
            return {"told": "\n".join(message.body for message in twilio.to(customer))}

        found = await each(every, orders("messages"), said)
        assert bool(model.obeyed) == (on_injection == "answer")
        nothing_left(model, [shown["told"] for _, shown in found])
        await nothing_widened(shop, model, before)


@SOME
@pytest.mark.parametrize("place", ["documents", "products"])
@pytest.mark.parametrize("door", ["upload", "knowledge"])
async def test_texts_that_carry_orders_are_found_and_left_out(
    shop: Customer, model: Obedient, place: str, door: str, every: int
) -> None:
    before = await configured(shop)

    async def put(order: Order) -> dict[str, Any]:
        text = (
            f"The article Zk{order.number}x comes within {order.number + 2} days.\n{order.text}\nIt is blue."
        )
        return await (uploaded if door == "upload" else written)(shop, f"Zk{order.number}x", text)

    of = orders(place)
    kept = {order.number: made for order, made in await each(every, of, put)}

    async def asked(order: Order) -> dict[str, Any]:
        text = f"Within how many days does the article Zk{order.number}x come?"
        reply = await shop.ask(text, address=f"c{order.number}")
        return await interaction(shop, reply.json()["id"])

    found = await each(every, of, asked)
    assert len(kept) == len(found)
    for order, shown in found:
        assert shown["text"] in (HONEST, HONEST.removesuffix(" [1].") + "."), (order.text, shown)
        (cut,) = [cut for cut in shown["cut"] if cut["why"] == "injection"]
        assert cut["kind"] == "passage"
        assert cut["names"]
    assert model.obeyed == [], "no model reads them"
    nothing_left(model, [shown["answer"] for _, shown in found])
    await nothing_widened(shop, model, before)
    model.obeyed.clear()
    before = await configured(shop, on_injection="answer")

    async def asked_again(order: Order) -> dict[str, Any]:
        text = f"How many days does the article Zk{order.number}x take to come?"
        reply = await shop.ask(text, address=f"d{order.number}")
        return await interaction(shop, reply.json()["id"])

    found = await each(every, of, asked_again)
    assert len(model.obeyed) >= len(found) - 1, "where the tenant wants it so, it reads and obeys them"
    assert {category(shown) for _, shown in found} >= {"leak"}
    nothing_left(model, [shown["answer"] for _, shown in found])
    await nothing_widened(shop, model, before)


@ORDINARY
async def test_ordinary_questions_reach_the_model(shop: Customer, model: Obedient, count: int) -> None:
    await configured(shop)
    questions = [Order("messages", "", text, number) for number, text in enumerate(ordinary(count))]

    async def asked(order: Order) -> dict[str, Any]:
        reply = await shop.ask(order.text, address=f"o{order.number}")
        return await interaction(shop, reply.json()["id"])

    found = await each(1, questions, asked)
    flagged = {order.text for order, shown in found if category(shown) in ("injection", "leak")}
    assert len(flagged) <= count * 0.02, flagged
