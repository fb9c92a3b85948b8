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
