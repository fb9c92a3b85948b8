"""Search over what was said: found word for word, page by page, and no more once it is erased."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from application.conversations import search
from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE


async def found(ours: Customer, q: str, **more: Any) -> dict[str, Any]:
    reply = await ours.http.get("/v1/conversations/search", params={"q": q, **more})
    assert reply.status_code == 200, reply.text
    shown: dict[str, Any] = reply.json()
    return shown


def texts(page: dict[str, Any]) -> list[str]:
    return [item["turn"]["text"] for item in page["items"]]


async def test_what_anybody_has_said_is_found_by_words_in_any_order_and_form(ours: Customer) -> None:
    made = (await ours.ask("Do you sell Straßenschuhe in Zürich?", address="walker", wait=0)).json()
    address = f"/v1/conversations/{made['conversation']}"
    await ours.http.post(f"{address}/claim", json={"operator": {"name": "Bea"}})
    await ours.http.post(
        f"{address}/reply", json={"operator": {"name": "Bea"}, "text": "In Zürich we do: 東京タワー model."}
    )
    assert len(texts(await found(ours, "zürich"))) == 2
    (only,) = (await found(ours, "ZÜRICH STRASSEN"))["items"]
    assert (only["conversation"], only["turn"]["by"]) == (made["conversation"], "customer")
    (only,) = (await found(ours, "タワー"))["items"]
    assert (only["turn"]["by"], only["turn"]["operator"]) == ("operator", "Bea")
    assert texts(await found(ours, "zürich", until="2020-01-01T00:00:00Z")) == []
    assert len(texts(await found(ours, "zürich", since="2020-01-01T00:00:00Z"))) == 2
    assert texts(await found(ours, "zürich", since="2090-01-01T00:00:00Z")) == []
    assert (await ours.http.get("/v1/conversations/search", params={"q": " "})).status_code == 400


async def test_it_says_how_far_it_has_looked_and_goes_on_there(
    theirs: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        await theirs.ask(f"needle {number}", address=f"hay {number}", wait=0)
    newest = [f"needle {number}" for number in reversed(range(6))]
    assert texts(await found(theirs, "needle")) == newest
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        page = await found(theirs, "needle", **query)
        seen += texts(page)
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == newest
    monkeypatch.setattr(search, "WINDOW", 2)
    monkeypatch.setattr(search, "MOST_POSITIONS", 4)
    page = await found(theirs, "needle")
    assert 0 < len(page["items"]) < 6
    assert page["next_cursor"] is not None
    assert page["searched_back_to"] is not None
    seen = texts(page)
    while page["next_cursor"] is not None:
        page = await found(theirs, "needle", cursor=page["next_cursor"])
        seen += texts(page)
    assert seen == newest


async def test_what_is_erased_or_anothers_is_not_found(ours: Customer, theirs: Customer) -> None:
    await ours.ask("a secret kumquat", address="forgotten", wait=0)
    assert texts(await found(theirs, "kumquat")) == []
    assert texts(await found(ours, "kumquat")) == ["a secret kumquat"]
    forget = {"channel": "http", "address": "forgotten"}
    assert (await ours.http.post("/v1/customers/forget", json=forget)).status_code < 300
    async with asyncio.timeout(PATIENCE):
        while texts(await found(ours, "kumquat")):
            await asyncio.sleep(0.05)
