"""What goes with a product is suggested behind an answer about it, explained, reacted to, counted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from application.replay.answers import ReplayAnswers, replay_answers
from domain.base.context import Context
from interfaces.bootstrap import Services
from projections.together import Together
from tests.interfaces.http.conftest import Customer

PRICE = "How much is the blue mug?"


async def a_product(ours: Customer, name: str, *complements: str, **more: Any) -> str:
    body = {"name": name, "price": "12.90", "currency": "EUR", "stock": 5, "complements": complements}
    made = await ours.http.post("/v1/catalog/products", json=body | more)
    assert made.status_code == 201, made.text
    ours.http.headers["Retrace-Position"] = made.headers["Retrace-Position"]
    return str(made.json()["id"])


async def ask(ours: Customer, text: str, address: str) -> dict[str, Any]:
    reply = await ours.ask(text, address=address)
    assert reply.status_code == 200, reply.text
    ours.http.headers["Retrace-Position"] = reply.headers["Retrace-Position"]
    shown: dict[str, Any] = reply.json()
    return shown


async def order(ours: Customer, address: str, *products: str) -> httpx.Response:
    lines = [{"product": each, "quantity": 1} for each in products]
    body = {"customer": {"channel": "http", "address": address}, "lines": lines}
    placed = await ours.http.post("/v1/orders", json=body)
    assert placed.status_code == 201, placed.text
    ours.http.headers["Retrace-Position"] = placed.headers["Retrace-Position"]
    return placed


def names(shown: dict[str, Any]) -> list[str]:
    return [each["name"] for each in shown["suggestions"]]


async def come_to(services: Services, ours: Customer) -> None:
    """Until the read model of what goes with what knows all that is in the log."""
    position = int(ours.http.headers["Retrace-Position"])
    async with services.reads.at(ours.tenant, Together(), position):
        pass


async def test_what_goes_with_a_product_is_suggested_explained_and_counted(
    ours: Customer, parts: Services
) -> None:
    saucer = await a_product(ours, "Saucer", price="4.50")
    spoon = await a_product(ours, "Teaspoon")
    gone = await a_product(ours, "Tray", stock=0)
    mug = await a_product(ours, "Blue mug", gone, saucer, spoon)
    await come_to(parts, ours)
    agent = await ours.http.put("/v1/agent/configuration", json={"suggestions": True, "most_suggestions": 1})
    assert agent.status_code == 200, agent.text

    first = await ask(ours, PRICE, "ann")
    assert names(first) == ["Saucer"], first
    assert first["suggestions"][0]["reason"] == "goes_with"
    assert first["suggestions"][0]["to"] == mug
    assert first["answer"].endswith("\n\nGoes well with Blue mug: Saucer (4.50 EUR).")
    assert "Saucer" not in first["text"]
    for text in (first["text"], first["answer"]):
        found = await ours.http.post("/v1/audit/wrote", json={"text": text})
        assert [each["interaction"] for each in found.json()["items"]] == [first["id"]], found.text
    why = (await ours.http.get(f"/v1/interactions/{first['id']}/why")).json()["suggestions"]
    assert {(each["offer"], each["why"]) for each in why["left_out"]} == {
        (gone, "not_there"),
        (spoon, "enough"),
    }
    assert why["rule"] == 1
    better = {"agent_interaction_id": first["id"], "human_response": "It is 12.90 EUR.", "category": "other"}
    for text in (first["text"], first["answer"]):
        made = await ours.http.post("/v1/bot/corrections/", json=better | {"bot_response": text})
        assert made.status_code == 201, made.text
    again = await ask(ours, PRICE, "ann")
    assert names(again) == ["Teaspoon"]
    assert names(await ask(ours, "No, thanks", "ann")) == []
    assert names(await ask(ours, PRICE, "ann")) == []
    complaint = await ask(ours, "The blue mug is broken, I want to complain!", "bob")
    assert complaint["suggestions"] == []
    assert names(await ask(ours, PRICE, "udo")) == ["Saucer"]

    asked = await ask(ours, "How much is the saucer?", "ann")
    assert asked["suggestions"] == []
    await order(ours, "udo", saucer)
    figures = (await ours.http.get("/v1/analytics/suggestions")).json()
    counts = ("shown", "accepted", "bought", "declined")
    assert tuple(figures[name] for name in counts) == (3, 2, 1, 1)
    assert figures["rate"] == 2 / 3
    assert [each["reason"] for each in figures["by_reason"]] == ["goes_with"]
    by_offer = {each["name"]: tuple(each[name] for name in counts) for each in figures["by_offer"]}
    assert by_offer == {"Saucer": (2, 2, 1, 0), "Teaspoon": (1, 0, 0, 1)}

    context = Context(tenant=ours.tenant, actor="test", correlation=parts.ids())
    command = ReplayAnswers(source="as-recorded", completions="recorded")
    replayed = await replay_answers(command, context, parts, head=int(ours.http.headers["Retrace-Position"]))
    assert (replayed.answers, replayed.differing, replayed.left_out) == (7, 0, {}), replayed.rows


async def test_one_round_trip_tells_what_goes_with_offers(
    parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody, asked = parts.ids(), list[str]()
    read_all, tenant = parts.database.read_all, parts.database.tenant

    async def at_once(whose: UUID, *statements: Any) -> Any:
        asked.extend(["at once"] * (whose == nobody))
        return await read_all(whose, *statements)

    def in_turn(whose: UUID) -> Any:
        asked.extend(["in turn"] * (whose == nobody))
        return tenant(whose)

    monkeypatch.setattr(parts.database, "read_all", at_once)
    monkeypatch.setattr(parts.database, "tenant", in_turn)
    assert await parts.pairs.of(nobody, parts.ids(), [parts.ids()], parts.clock()) == ([], {})
    assert asked == ["at once"]


async def test_what_others_have_bought_with_it_is_suggested_to_whom_it_is_new(
    theirs: Customer, parts: Services
) -> None:
    mug, jar = await a_product(theirs, "Blue mug"), await a_product(theirs, "Honey jar")
    for address in ("one", "two", "three"):
        placed = await order(theirs, address, mug, jar)
    await theirs.http.put("/v1/agent/configuration", json={"suggestions": True})
    await come_to(parts, theirs)
    shown = await ask(theirs, PRICE, "ann")
    assert [(each["name"], each["reason"]) for each in shown["suggestions"]] == [
        ("Honey jar", "bought_together")
    ]
    assert shown["answer"].endswith("Often bought together with Blue mug: Honey jar (12.90 EUR).")
    assert names(await ask(theirs, PRICE, "one")) == []
    cancelled = await theirs.http.post(f"/v1/orders/{placed.json()['id']}/cancel")
    theirs.http.headers["Retrace-Position"] = cancelled.headers["Retrace-Position"]
    await come_to(parts, theirs)
    assert names(await ask(theirs, PRICE, "eve")) == []
    refused = await theirs.http.put("/v1/agent/configuration", json={"most_suggestions": 4})
    assert refused.status_code == 400
    headers = await theirs.limited("conversations:read")
    assert (await theirs.http.get("/v1/analytics/suggestions", headers=headers)).status_code == 403
