"""Orders over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.shop.conftest import holds


async def a_product(ours: Customer, stock: int, **more: Any) -> str:
    body = {"name": "Mug", "price": "12.90", "currency": "EUR", "stock": stock, **more}
    made = await ours.http.post("/v1/catalog/products", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def stock_of(ours: Customer, product: str) -> int:
    found: int = (await ours.http.get(f"/v1/catalog/products/{product}")).json()["stock"]
    return found


def order(*lines: tuple[str, int], address: str = "ann", **more: Any) -> dict[str, Any]:
    wanted = [{"product": product, "quantity": quantity} for product, quantity in lines]
    return {"customer": {"channel": "http", "address": address}, "lines": wanted, **more}


async def test_an_order_takes_its_pieces_and_gives_them_back(ours: Customer, theirs: Customer) -> None:
    mug, tea = await a_product(ours, 5), await a_product(ours, 3, name="Tea", price="3.5")
    made = await ours.http.post("/v1/orders", json=order((mug, 2), (tea, 3), note="A present"))
    assert made.status_code == 201, made.text
    at = made.headers["Location"]
    assert (made.json()["total"], made.json()["status"], made.json()["note"]) == (
        "36.30",
        "placed",
        "A present",
    )
    assert [(line["name"], line["quantity"]) for line in made.json()["lines"]] == [("Mug", 2), ("Tea", 3)]
    assert (await ours.http.get(at)).json() == made.json()
    assert (await theirs.http.get(at)).status_code == 404
    assert (await stock_of(ours, mug), await stock_of(ours, tea)) == (3, 0)
    cancelled = await ours.http.post(f"{at}/cancel")
    assert cancelled.json()["status"] == "cancelled"
    assert (await ours.http.post(f"{at}/cancel")).status_code == 200
    assert (await stock_of(ours, mug), await stock_of(ours, tea)) == (5, 3)
    assert (await ours.http.post(f"{at}/fulfil")).status_code == 422
    other = await ours.http.post("/v1/orders", json=order((mug, 1)))
    there = other.headers["Location"]
    fulfilled = await ours.http.post(f"{there}/fulfil")
    assert fulfilled.json()["status"] == "fulfilled"
    assert (await ours.http.post(f"{there}/cancel")).status_code == 422
    position = {"Retrace-Position": fulfilled.headers["Retrace-Position"]}
    query = {"conversation": made.json()["conversation"]}
    listed = await ours.http.get("/v1/orders", params=query, headers=position)
    assert [(each["id"], each["status"]) for each in listed.json()["items"]] == [
        (other.json()["id"], "fulfilled"),
        (made.json()["id"], "cancelled"),
    ]
    in_stock = await ours.http.get("/v1/catalog/products", headers=position)
    assert {each["id"]: each["stock"] for each in in_stock.json()["items"]}[mug] == 4


async def test_an_order_has_all_of_its_pieces_or_takes_none(
    ours: Customer, elsewhere: httpx.AsyncClient, parts: Services
) -> None:
    mug, tea = await a_product(ours, 6), await a_product(ours, 9)
    # Half of them name the products the other way round.
    sent = [
        (elsewhere if n % 2 else ours.http).post(
            "/v1/orders", json=order(*((mug, 1), (tea, 2))[:: 1 if n % 4 < 2 else -1], address=f"buyer {n}")
        )
        for n in range(12)
    ]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [422] * 8
    assert {answer.json()["stock"] for answer in answers if answer.status_code == 422} == {1}
    assert (await stock_of(ours, mug), await stock_of(ours, tea)) == (2, 1)
    await holds(ours, parts)


async def test_the_same_order_again_is_the_same_order(ours: Customer, elsewhere: httpx.AsyncClient) -> None:
    mug = await a_product(ours, 50)
    key = {"Idempotency-Key": "an order"}
    sent = [
        client.post("/v1/orders", json=order((mug, 1)), headers=key) for client in (ours.http, elsewhere) * 4
    ]
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} <= {201, 409}  # 409: the first one still runs
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert await stock_of(ours, mug) == 49


async def test_what_is_no_order_is_refused_with_what_to_do(ours: Customer) -> None:
    mug, yen = await a_product(ours, 5), await a_product(ours, 5, currency="JPY", price="900")
    idle = await a_product(ours, 5, active=False)
    for lines, status in (
        (((mug, 1), (yen, 1)), 422),
        (((mug, 1), (idle, 1)), 422),
        (((mug, 1), (mug, 1)), 400),
        (((mug, 0),), 400),
        ((), 400),
        (((mug, 6),), 422),
        (((mug.replace(mug[:4], "0000"), 1),), 404),
    ):
        refused = await ours.http.post("/v1/orders", json=order(*lines))
        assert refused.status_code == status, (lines, refused.text)
    assert await stock_of(ours, mug) == 5
    made = await ours.http.post("/v1/orders", json=order((mug, 2)))
    await ours.http.delete(f"/v1/catalog/products/{mug}")
    cancelled = await ours.http.post(f"{made.headers['Location']}/cancel")
    assert cancelled.status_code == 200, "its product is gone, and the order may still be cancelled"
