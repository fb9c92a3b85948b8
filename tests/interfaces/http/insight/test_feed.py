"""Views live: each change of a row is told, also to whoever was cut meanwhile."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.following import Followed, following
from tests.until import until

FEED = "/v1/analytics/feed"


def told(text: str, event: str) -> list[dict[str, Any]]:
    """The data of the events of a kind."""
    return [json.loads(data) for data in re.findall(rf"event: {event}\ndata: (.*)\n", text)]


async def asked(customer: Customer, address: str) -> int:
    reply = await customer.ask("When are you open?", address=address)
    assert reply.status_code == 200, reply.text
    return int(reply.headers["Retrace-Position"])


async def reached(feed: Followed, position: int) -> str:
    """All that came, once it goes as far."""
    await until(
        lambda: max((each["position"] for each in told(feed.text, "position")), default=0) >= position
    )
    return feed.text


async def test_rows_are_told_as_they_change_and_again_to_whoever_was_cut(app: Any, ours: Customer) -> None:
    await asked(ours, "before")
    query = "views=conversations,interactions,usage_by_day"
    async with following(app, ours, query, path=FEED) as feed:
        at = await asked(ours, "ann")
        text = await reached(feed, at)
        (row, *_) = told(text, "conversations")
        assert (row["channel"], row["messages"]) == ("http", 1)
        assert told(text, "interactions")[-1]["status"] == "answered"
        assert {"view": "usage_by_day"} in told(text, "changed")
        begun = int(text.partition("id: ")[2].split()[0])
    missed = {row["conversation"]}
    for name in ("bob", "cis"):
        at = await asked(ours, name)
    async with following(app, ours, query, path=FEED, **{"last-event-id": str(begun)}) as feed:
        text = await reached(feed, at)
    found = {each["conversation"] for each in told(text, "conversations")}
    assert missed < found
    assert len(found) == 3
    ids = [int(number) for number in re.findall(r"^id: (\d+)$", text, re.MULTILINE)]
    assert ids == sorted(ids)
    assert ids[0] == begun


async def test_an_erasure_is_told(app: Any, ours: Customer) -> None:
    at = await asked(ours, "gone")
    shown = await ours.http.get("/v1/conversations", headers={"Retrace-Position": str(at)})
    conversation = shown.json()["items"][0]["id"]
    async with following(app, ours, "views=conversations", path=FEED) as feed:
        reply = await ours.http.post("/v1/customers/forget", json={"channel": "http", "address": "gone"})
        assert reply.status_code in (200, 202, 204), reply.text
        text = await feed.until("event: forgotten")
    assert {"id": conversation} in told(text, "forgotten")


@pytest.mark.parametrize(
    ("query", "words"), [("views=secrets", "no view"), ("views=", "no view"), ("after=-1", "after")]
)
async def test_what_can_not_be_followed_is_refused_in_words(ours: Customer, query: str, words: str) -> None:
    reply = await ours.http.get(f"{FEED}?{query}")
    assert (reply.status_code, words in reply.text) == (400, True), reply.text


async def test_a_position_beyond_the_log_is_refused(ours: Customer, parts: Services) -> None:
    end = await parts.reads.head(ours.tenant)
    reply = await ours.http.get(FEED, headers={"Last-Event-ID": str(end + 10)})
    assert reply.status_code == 409
