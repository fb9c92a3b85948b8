"""Search over what was said, as others have it beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from application.conversations.search import AT_ONCE, SearchTexts, search_texts
from application.ports import Found
from tests.application.conftest import Shop


class Full:
    """A log that has all at hand, and never waits."""

    def __init__(self, found: Found) -> None:
        self._found = found

    async def find(self, *_: Any, **__: Any) -> AsyncIterator[Found]:
        yield self._found


async def test_others_have_their_turn_while_many_texts_are_looked_through(shop: Shop) -> None:
    received = await shop.receive("Hello?")
    said = [each for each in await shop.events(received.conversation) if each.topic.endswith("received")]
    store: Any = Full(Found(events=said * (10 * AT_ONCE), reached=10))
    query = SearchTexts(text="kumquat", until=10, limit=5)
    search = asyncio.create_task(search_texts(query, uuid4(), store=store))
    turns = 0
    while not search.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await search).events == []
    assert turns >= 10


class Spans:
    """A log in which nothing is found, and that keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def find(self, tenant: Any, wanted: Any, *, after: int, until: int) -> AsyncIterator[Found]:
        self.asked.append(until - after)
        yield Found(events=[], reached=until)


async def test_little_is_read_at_first_and_no_more_once_its_time_is_over() -> None:
    """What many have said is found at the log's end; and a page is answered at once, however long a look takes."""
    log: Any = Spans()
    found = await search_texts(SearchTexts(text="kumquat", until=2_000, limit=5), uuid4(), store=log)
    assert (log.asked, found.reached) == ([250, 500, 1000, 250], 0)
    log.asked.clear()
    query = SearchTexts(text="kumquat", until=2_000, limit=5, patience=0.0)
    found = await search_texts(query, uuid4(), store=log)
    assert (log.asked, found.reached) == ([250], 1_750)
