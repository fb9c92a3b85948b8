"""Search in the catalogue over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.shop.conftest import TABLE
from tests.until import PATIENCE

CATALOGUE: list[dict[str, Any]] = [
    {"name": "Blue mug", "category": "Kitchen", "tags": ["gift"], "stock": 3},
    {"name": "Red mug", "category": "kitchen", "tags": [], "stock": 0},
    {"name": "Café crème", "category": "Food", "tags": ["Gift"], "stock": 9},
    {"name": "Blue mug, old", "category": "kitchen", "active": False},
]


async def filled(ours: Customer) -> tuple[dict[str, str], dict[str, str]]:
    """Ids by name, and the header of the last write."""
    ids = {}
    for each in CATALOGUE:
        made = await ours.http.post(
            "/v1/catalog/products", json={"price": "12.90", "currency": "EUR", **each}
        )
        ids[each["name"]] = made.json()["id"]
    made = await ours.http.post("/v1/catalog/services", json={**TABLE, "name": "Haircut"})
    ids["Haircut"] = made.json()["id"]
    return ids, {"Retrace-Position": made.headers["Retrace-Position"]}


async def test_products_and_services_are_found_by_what_they_are_called(
    ours: Customer, theirs: Customer
) -> None:
    ids, seen = await filled(ours)

    async def found(query: str, customer: Customer = ours, **more: Any) -> list[tuple[str, float]]:
        seen_ = seen if customer is ours else {}
        reply = await customer.http.post("/v1/catalog/search", json={"query": query, **more}, headers=seen_)
        assert reply.status_code == 200, reply.text
        return [
            ((each["product"] or each["service"])["name"], each["confidence"])
            for each in reply.json()["items"]
        ]

    assert await found("blue mug") == [("Blue mug", 1.0)]
    assert (await found("Do you have the blu mug?"))[0][0] == "Blue mug"
    assert {name for name, _ in await found("mugs")} == {"Blue mug", "Red mug"}
    assert await found("mug", in_stock=True, limit=1) == [("Blue mug", (await found("mug"))[0][1])]
    assert (await found("cafe creme"))[0] == ("Café crème", 1.0)
    assert (await found("a hair cut", least=0.3, kind="service"))[0][0] == "Haircut"
    assert await found("mug", kind="service") == []
    assert await found("mug", category="food") == []
    assert await found("blue mug", customer=theirs) == []

    at = f"/v1/catalog/products/{ids['Blue mug']}"
    changed = await ours.http.put(at, json={"name": "Blue bowl", "price": "8", "currency": "EUR"})
    seen["Retrace-Position"] = changed.headers["Retrace-Position"]
    reply = await ours.http.post("/v1/catalog/search", json={"query": "blue bowl"}, headers=seen)
    assert [(each["confidence"], each["product"]["price"]) for each in reply.json()["items"]] == [(1.0, "8")]
    gone = await ours.http.delete(at)
    seen["Retrace-Position"] = gone.headers["Retrace-Position"]
    assert await found("blue bowl") == []


async def test_lists_are_of_a_category_or_a_tag(ours: Customer) -> None:
    _, seen = await filled(ours)

    async def names(path: str = "products", **query: Any) -> list[str]:
        found = await ours.http.get(f"/v1/catalog/{path}", params={"limit": 2, **query}, headers=seen)
        assert found.status_code == 200, found.text
        items = [each["name"] for each in found.json()["items"]]
        if (cursor := found.json()["next_cursor"]) is not None:
            items += await names(path, **query | {"cursor": cursor})
        return items

    assert {*await names(category="KITCHEN")} == {"Blue mug", "Red mug", "Blue mug, old"}
    assert {*await names(category="kitchen", active=True, in_stock=True)} == {"Blue mug"}
    assert {*await names(tag="gift")} == {"Blue mug", "Café crème"}
    assert await names(tag="gift", category="nothing") == []
    assert await names("services", category="hair") == []


async def test_what_is_meant_is_found_and_the_agent_answers_from_the_catalogue(ours: Customer) -> None:
    body = {"price": "89.50", "currency": "EUR", "stock": 1}
    made = [
        await ours.http.post("/v1/catalog/products", json={**body, **each})
        for each in (
            {"name": "Rain jacket", "description": "Waterproof and breathable, with a hood."},
            {"name": "Bicycle lamp", "description": "Bright LED light, 300 lumens."},
        )
    ]
    seen = {"Retrace-Position": made[-1].headers["Retrace-Position"]}
    query = {"query": "keeps me dry in the rain", "least": 0.6}
    async with asyncio.timeout(PATIENCE):
        while True:
            reply = await ours.http.post("/v1/catalog/search", json=query, headers=seen)
            if items := reply.json().get("items"):  # 503 while the read model is behind
                break
            await asyncio.sleep(0.05)
    assert [(each["product"]["name"], each["product"]["price"]) for each in items] == [
        ("Rain jacket", "89.50")
    ]
    answered = (await ours.ask("What does the rain jacket cost?", address="curious")).json()
    assert "89.50" in answered["text"], answered
    assert [each["document"] for each in answered["citations"]] == [items[0]["id"]]
