"""Whatever customers do at once, through several processes: no piece and no place is lost or given twice, and the lists say what each thing says."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.shop.conftest import a_service, booking, holds, slots

STOCK, CAPACITY, CUSTOMERS, STEPS = 12, 2, 6, 8


class Trade:
    """Customers who buy, book, move and cancel at random, each through one of two processes."""

    def __init__(
        self, clients: tuple[httpx.AsyncClient, ...], products: list[str], service: str, starts: list[str]
    ) -> None:
        self.clients, self.products, self.service, self.starts = clients, products, service, starts

    async def customer(self, chance: random.Random, name: str) -> None:
        mine: list[str] = []
        for _ in range(STEPS):
            client = chance.choice(self.clients)
            what = chance.choice(["order", "order", "book", "book", "move", "cancel", "fulfil"])
            reply = await self._step(client, what, chance, name, mine)
            if reply is not None:
                assert reply.status_code in (200, 201, 422), reply.text
                if reply.status_code == 201:
                    mine.append(reply.headers["Location"])

    async def _step(
        self, client: httpx.AsyncClient, what: str, chance: random.Random, name: str, mine: list[str]
    ) -> httpx.Response | None:
        if what == "order":
            some = chance.sample(self.products, chance.randint(1, len(self.products)))
            lines = [{"product": each, "quantity": chance.randint(1, 3)} for each in some]
            customer = {"channel": "http", "address": name}
            return await client.post("/v1/orders", json={"customer": customer, "lines": lines})
        if what == "book":
            body = booking(self.service, chance.choice(self.starts), name, places=chance.randint(1, 2))
            return await client.post("/v1/bookings", json=body)
        fits = [each for each in mine if what == "cancel" or ("bookings" in each) == (what == "move")]
        if not fits:
            return None
        at = chance.choice(fits)
        body = {"start": chance.choice(self.starts)} if what == "move" else None
        return await client.post(f"{at}/{what}", json=body)


async def listed(ours: Customer, path: str, seen: dict[str, str]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 7}
    while True:
        page = (await ours.http.get(path, params=query, headers=seen)).json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        query["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_piece_and_no_place_is_lost_or_given_twice(
    ours: Customer, elsewhere: httpx.AsyncClient, parts: Services, seed: int
) -> None:
    body = {"price": "2.50", "currency": "EUR", "stock": STOCK}
    made = [await ours.http.post("/v1/catalog/products", json={**body, "name": name}) for name in ("a", "b")]
    products = [each.json()["id"] for each in made]
    service = await a_service(ours, capacity=CAPACITY, every_minutes=30)
    day = str(datetime.now(UTC).date() + timedelta(days=2))
    starts = [each["start"] for each in (await slots(ours, service, **{"from": day, "to": day}))[10:15]]
    trade = Trade((ours.http, elsewhere), products, service, starts)
    await asyncio.gather(
        *(trade.customer(random.Random(f"{seed}/{n}"), f"trader {seed}/{n}") for n in range(CUSTOMERS))
    )
    last = await ours.http.post(f"/v1/catalog/products/{products[0]}/stock", json={"by": 1})
    seen = {"Retrace-Position": last.headers["Retrace-Position"]}
    orders = await listed(ours, "/v1/orders", seen)
    sold = Counter[str]()
    for order in orders:
        assert (await ours.http.get(f"/v1/orders/{order['id']}")).json() == order
        if order["status"] != "cancelled":
            sold.update({line["product"]: line["quantity"] for line in order["lines"]})
    stocks = {each["id"]: each["stock"] for each in await listed(ours, "/v1/catalog/products", seen)}
    expected = {each: STOCK - sold[each] + (each == products[0]) for each in products}
    assert {each: stocks[each] for each in products} == expected
    taken = Counter[str]()
    for each in await listed(ours, "/v1/bookings", seen):
        assert (await ours.http.get(f"/v1/bookings/{each['id']}")).json() == each
        if each["status"] == "booked" and each["service"] == service:
            taken[each["start"]] += each["places"]
    open_ones = await slots(ours, service, **{"from": day, "to": day})
    free = {each["start"]: each["free"] for each in open_ones}
    # A slot of an hour shares its places with those that begin half an hour before and after it.
    around = [0, *(taken[start] for start in starts), 0]
    for before, start, own, after in zip(around, starts, around[1:], around[2:], strict=False):
        assert free.get(start, 0) == CAPACITY - max(before + own, own + after)
    await holds(ours, parts)
