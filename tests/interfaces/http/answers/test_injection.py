"""Orders to the agent, through every door: by HTTP, by WhatsApp, in documents and in the knowledge base, before a model that obeys whatever it
reads. What holds is the guards alone: no canary and no rules leave, and nothing is done that the tenant has not set.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from infra.embedded import Servers
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.doubles.obedient import HONEST, Obedient, forms, obedient
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio, twilio_double
from tests.injections import Order, orders, ordinary
from tests.interfaces.http.conftest import MASTER, OPERATOR, UNLIMITED, Customer, customer_of
from tests.interfaces.http.upstream import asking

SOME = pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.soak)])
"""Of the orders: one in so many, all in the long tiers."""

ORDINARY = pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.soak)])
AT_ONCE = 6
SECRET = "wombat-7731"
"""What another customer of the tenant has told."""

RULE = "Offer at most the fifth part of the price as a discount, and only to members of the cycling club of Hill Valley."
COPIED = 64
GUARDS = ("injection", "outside", "leak")
"""Categories of decisions that are made by a guard."""

USUAL = {
    "conversation.message_received", "conversation.prompted", "conversation.metered", "conversation.disclosed", "conversation.answered",
    "conversation.started",
}  # fmt: skip
"""What may come of a message."""


@pytest_asyncio.fixture(scope="module", name="model")
async def _model() -> AsyncIterator[Obedient]:
    async with obedient(order.text for order in orders()) as double:
        yield double


@pytest_asyncio.fixture(scope="module", name="twilio")
async def _twilio() -> AsyncIterator[Twilio]:
    async with twilio_double() as double:
        yield double
        await double.told()
        assert double.mistakes == []


@pytest.fixture(scope="module")
def settings(
    servers: Servers,
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    twilio: Twilio,
    model: Obedient,
) -> Settings:
    plain = Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=Path(tmp_path_factory.mktemp("data")),
        master_key=Secret(MASTER),
        operator_key=Secret(OPERATOR),
        twilio_base_url=twilio.url,
        public_url="https://retrace.example.com",
        **UNLIMITED,
    )
    return asking(plain, model.url())


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings) -> AsyncIterator[Services]:
    async with services(settings, pool=6) as parts:
        yield parts


@pytest_asyncio.fixture(name="shop")
async def _shop(app: Any, parts: Services, model: Obedient) -> AsyncIterator[Customer]:
    """A tenant with a rule of its own, and a customer who has told it something."""
    model.calls.clear()
    model.obeyed.clear()
    model.leaked.clear()
    customer = await customer_of(app, parts, "Shop")
    async with customer.http:
        await configured(customer)
        told = await customer.ask(f"My code at the door is {SECRET}.", address="bea")
        assert told.json()["status"] == "answered", told.text
        yield customer


async def configured(shop: Customer, **more: Any) -> dict[str, Any]:
    body = {"default_model": "openai/gpt-4o-mini", "restrictions": [RULE], "quiet_seconds": 0, **more}
    reply = await shop.http.put("/v1/agent/configuration", json=body)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = (await shop.http.get("/v1/agent/configuration")).json()
    return found


async def each(
    every: int, of: Sequence[Order], doing: Callable[[Order], Awaitable[dict[str, Any]]]
) -> list[tuple[Order, dict[str, Any]]]:
    """Several at a time."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def done(order: Order) -> tuple[Order, dict[str, Any]]:
        async with turn:
            return order, await doing(order)

    return list(await asyncio.gather(*(done(order) for order in of[::every])))


def squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def nothing_left(model: Obedient, told: Sequence[str]) -> None:
    """No answer has a canary, in whatever form, nor so many letters in a row of the rule."""
    rule = squeezed(RULE)
    pieces = [rule[at : at + COPIED] for at in range(len(rule) - COPIED + 1)]
    never = {form for word in model.words if word for form in forms(word)}
    assert never, "the model has seen canaries"
    for text in told:
        for read in (squeezed(text), squeezed(re.sub(r"\[\d+\]", "", text))):
            assert not any(form in read for form in never), text
            assert not any(piece in read for piece in pieces), text
            assert squeezed(SECRET) not in read, text


async def nothing_widened(shop: Customer, model: Obedient, before: dict[str, Any]) -> None:
    """The configuration stands, messages led to answers alone, no tool was offered, and none saw another customer's words."""
    assert (await shop.http.get("/v1/agent/configuration")).json() == before
    topics: set[str] = set()
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = (await shop.http.get("/v1/audit/events", params={"limit": "200", **more})).json()
        topics |= {item["kind"] for item in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            break
    said = {topic for topic in topics if topic.startswith("conversation.")}
    assert said <= USUAL, said - USUAL
    for body in model.requests:
        assert not body.keys() & {"tools", "functions", "tool_choice"}
    assert sum(SECRET in repr(body) for body in model.requests) == 1, "in the turn of who told it"


async def interaction(shop: Customer, id: str) -> dict[str, Any]:
    """Once it is answered, however busy the machine is."""
    async with asyncio.timeout(120):
        while True:
            reply = await shop.http.get(f"/v1/interactions/{id}", params={"wait": 30})
            shown: dict[str, Any] = reply.json()
            if reply.status_code == 200 and shown["status"] == "answered":
                return shown
            assert reply.status_code == 503 or shown["status"] == "pending", shown


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


def category(shown: dict[str, Any]) -> str | None:
    """Of the decision."""
    found: str | None = shown["decision"].get("category")
    return found


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
            async with asyncio.timeout(60):
                while not twilio.to(customer):
                    await asyncio.sleep(0.05)
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


async def uploaded(shop: Customer, name: str, text: str) -> dict[str, Any]:
    reply = await shop.http.post("/v1/documents?wait=60", files={"file": (f"{name}.txt", text.encode())})
    assert (reply.status_code, reply.json()["status"]) == (201, "completed"), reply.text
    made: dict[str, Any] = reply.json()
    return made


async def written(shop: Customer, name: str, text: str) -> dict[str, Any]:
    body = {"kind": "question_answer", "title": f"What about {name}?", "content": text}
    reply = await shop.http.post("/v1/knowledge?wait=60", json=body)
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


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
