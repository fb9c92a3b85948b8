"""Products over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from domain.audit.invariants import Invariants
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer

MUG: dict[str, Any] = {"name": "Blue mug", "price": "12.90", "currency": "EUR", "tags": ["mug"], "stock": 1}


async def test_a_product_is_added_read_changed_and_deleted(ours: Customer, theirs: Customer) -> None:
    made = await ours.http.post("/v1/catalog/products", json=MUG)
    assert made.status_code == 201, made.text
    at = made.headers["Location"]
    read = await ours.http.get(at)
    assert read.json() == made.json()
    assert (read.json()["price"], read.json()["stock"]) == ("12.90", 1)
    assert (await theirs.http.get(at)).status_code == 404
    body = {"name": "Blue mug", "price": "9.5", "currency": "EUR", "active": False}
    changed = await ours.http.put(at, json=body, headers={"If-Match": read.headers["ETag"]})
    assert (changed.json()["price"], changed.json()["active"], changed.json()["stock"]) == ("9.5", False, 1)
    stale = await ours.http.put(at, json=body | {"name": "x"}, headers={"If-Match": read.headers["ETag"]})
    assert stale.status_code == 409
    assert (await ours.http.delete(at)).status_code == 204
    assert (await ours.http.get(at)).status_code == 404


async def test_products_are_listed_by_what_is_asked_for(ours: Customer) -> None:
    for name, stock in (("a", 0), ("b", 1), ("c", 2)):
        made = await ours.http.post("/v1/catalog/products", json=MUG | {"name": name, "stock": stock})
    await ours.http.delete(made.headers["Location"])
    last = MUG | {"name": "d", "active": False}
    position = (await ours.http.post("/v1/catalog/products", json=last)).headers

    async def names(**query: Any) -> list[str]:
        seen = {"Retrace-Position": position["Retrace-Position"]}
        found = await ours.http.get("/v1/catalog/products", params=query, headers=seen)
        assert found.status_code == 200, found.text
        items = [each["name"] for each in found.json()["items"]]
        if (cursor := found.json()["next_cursor"]) is not None:
            items += await names(**query | {"cursor": cursor})
        return items

    assert await names(limit=1) == ["d", "b", "a"]
    assert await names(in_stock=True, active=True) == ["b"]
    assert await names(in_stock=False) == ["a"]


async def test_of_twenty_who_take_the_last_piece_one_gets_it(ours: Customer, parts: Services) -> None:
    at = (await ours.http.post("/v1/catalog/products", json=MUG)).headers["Location"]
    takes = [ours.http.post(f"{at}/stock", json={"by": -1}) for _ in range(20)]
    codes = sorted(answer.status_code for answer in await asyncio.gather(*takes))
    assert codes == [200] + [422] * 19
    assert (await ours.http.get(at)).json()["stock"] == 0
    invariants = Invariants()
    async for recorded in parts.store.events(ours.tenant):
        invariants.fold([recorded])
    assert invariants.prefixes > 1
    assert not invariants.violations


async def test_what_is_no_product_is_refused_with_what_to_do(ours: Customer) -> None:
    for wrong in (
        {"price": "-1"},
        {"price": "1,5"},
        {"price": 3},
        {"currency": "euro"},
        {"name": " "},
        {"stock": -1},
    ):
        refused = await ours.http.post("/v1/catalog/products", json=MUG | wrong)
        assert refused.status_code == 400, wrong
    made = await ours.http.post("/v1/catalog/products", json=MUG)
    nothing = await ours.http.post(f"{made.headers['Location']}/stock", json={"by": 0})
    assert nothing.status_code == 400


async def test_what_goes_with_a_product_is_in_the_catalogue(ours: Customer, theirs: Customer) -> None:
    made = await ours.http.post("/v1/catalog/products", json=MUG)
    at, mug = made.headers["Location"], made.json()["id"]
    assert made.json()["complements"] == []
    saucer = await ours.http.post("/v1/catalog/products", json=MUG | {"name": "Saucer", "complements": [mug]})
    assert saucer.json()["complements"] == [mug]
    body = {key: MUG[key] for key in ("name", "price", "currency")}
    another = (await theirs.http.post("/v1/catalog/products", json=MUG)).json()["id"]
    for wrong, why in (
        ([mug], "with itself"),
        ([saucer.json()["id"]] * 2, "twice"),
        ([another], another),
        (["mug"], "complements"),
    ):
        refused = await ours.http.put(at, json=body | {"complements": wrong})
        assert refused.status_code == 400, wrong
        assert why in refused.text
    named = body | {"complements": [saucer.json()["id"]]}
    assert (await ours.http.put(at, json=named)).status_code == 200
    await ours.http.delete(saucer.headers["Location"])
    changed = await ours.http.put(at, json=named | {"price": "3.00"})
    assert changed.status_code == 200, changed.text
