"""What a customer has booked and ordered goes with them, and is what they did after an answer."""

from __future__ import annotations

import asyncio

from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.shop.conftest import a_service, booking, holds, slots
from tests.until import PATIENCE

CANARY = "canary-51b0c7"


async def test_what_an_erased_customer_has_booked_and_ordered_is_gone_and_free_again(
    ours: Customer, parts: Services
) -> None:
    service = await a_service(ours)
    start = (await slots(ours, service))[5]["start"]
    mug = {"name": "Mug", "price": "1", "currency": "EUR", "stock": 9}
    product = (await ours.http.post("/v1/catalog/products", json=mug)).json()["id"]
    order = {
        "customer": {"channel": "http", "address": "gone"},
        "lines": [{"product": product, "quantity": 2}],
    }
    theirs = [
        await ours.http.post("/v1/bookings", json=booking(service, start, "gone", places=2, note=CANARY)),
        await ours.http.post("/v1/orders", json={**order, "note": CANARY}),
        await ours.http.post("/v1/orders", json=order),
    ]
    assert [each.status_code for each in theirs] == [201] * 3
    await ours.http.post(f"{theirs[2].headers['Location']}/fulfil")
    stays = await ours.http.post("/v1/bookings", json=booking(service, start, "stays"))
    assert stays.status_code == 422, "all places are taken"
    forget = {"channel": "http", "address": "gone"}
    assert (await ours.http.post("/v1/customers/forget", json=forget)).status_code == 202
    async with asyncio.timeout(PATIENCE):
        for each in theirs:
            while (await ours.http.get(each.headers["Location"])).status_code != 404:
                await asyncio.sleep(0.05)
    # What was fulfilled stays out of the stock.
    assert (await ours.http.get(f"/v1/catalog/products/{product}")).json()["stock"] == 7
    booked = await ours.http.post("/v1/bookings", json=booking(service, start, "gone", places=2))
    assert booked.status_code == 201, "they come back as somebody else, and the places are free"
    assert booked.json()["conversation"] != theirs[0].json()["conversation"]
    position = {"Retrace-Position": booked.headers["Retrace-Position"]}
    query = {"conversation": theirs[0].json()["conversation"]}
    for path in ("/v1/bookings", "/v1/orders"):
        assert (await ours.http.get(path, params=query, headers=position)).json()["items"] == []
    assert CANARY not in str([recorded.event async for recorded in parts.store.events(ours.tenant)])
    await holds(ours, parts)


async def test_who_books_after_an_answer_has_completed_something(ours: Customer) -> None:
    service = await a_service(ours)
    start = (await slots(ours, service))[5]["start"]
    for name in ("booker", "asker"):
        await ours.ask("Is there a table?", address=name)
    booked = await ours.http.post("/v1/bookings", json=booking(service, start, "booker"))
    position = {"Retrace-Position": booked.headers["Retrace-Position"]}
    found = await ours.http.get("/v1/bot/feedback/analytics", params={"days": 1}, headers=position)
    assert found.json()["completed_action_rate"] == 0.5


async def test_nothing_is_kept_of_somebody_whose_request_is_refused(ours: Customer, parts: Services) -> None:
    service = await a_service(ours)
    start = (await slots(ours, service))[5]["start"]
    mug = {"name": "Mug", "price": "1", "currency": "EUR", "stock": 1}
    product = (await ours.http.post("/v1/catalog/products", json=mug)).json()["id"]

    async def known() -> int:
        topics = ["conversation.started"]
        return len([recorded async for recorded in parts.store.events(ours.tenant, topics=topics)])

    before = await known()
    who = {"customer": {"channel": "http", "address": "nobody"}}
    for path, body in (
        ("/v1/bookings", booking(service, start, "nobody", places=3)),
        ("/v1/bookings", booking(product, start, "nobody")),
        ("/v1/orders", {**who, "lines": [{"product": product, "quantity": 2}]}),
        ("/v1/orders", {**who, "lines": [{"product": service, "quantity": 1}]}),
    ):
        assert (await ours.http.post(path, json=body)).status_code in (404, 422)
    assert await known() == before
