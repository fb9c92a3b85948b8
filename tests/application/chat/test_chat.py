"""Calls of the completions API with the real log; only the providers are played."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from application.chat.chat import chat
from application.chat.record import Chat, ChatGiven
from application.ports import Clock
from domain.chat.call import Call
from domain.models.completion import Completion, CompletionRequest, Turn, Usage
from infra.postgres.database import Database
from tests.application.conftest import Played, Shop


async def call(shop: Shop, clock: Clock, **more: Any) -> ChatGiven:
    return await chat(
        Chat(id=shop.parts.ids(), model="local/m", messages=(Turn(role="user", text="q"),), **more),
        shop.context,
        dataclasses.replace(shop.ports, clock=clock),
    )


async def calls(shop: Shop) -> list[Any]:
    """The events of calls, in order."""
    every = [recorded async for recorded in shop.parts.store.events(shop.context.tenant)]
    return [recorded.event for recorded in every if isinstance(recorded.event, Call.Event)]


@pytest.mark.parametrize("ends", ["answered", "failed", "cancelled"])
async def test_a_call_that_takes_longer_than_the_log_takes_old_events_is_on_record(
    shop: Shop, ends: str
) -> None:
    """It begins forty seconds ago, as its clock says, and goes on until now."""
    behind = timedelta(seconds=40)

    def clock() -> Any:
        return shop.parts.clock() - behind

    async def takes_long() -> None:
        nonlocal behind
        behind = timedelta(0)
        if ends == "cancelled":
            task.cancel()
            await asyncio.sleep(1)

    shop.provider.meanwhile, shop.provider.away = takes_long, ends == "failed"
    began = clock()
    task = asyncio.create_task(call(shop, clock))
    await asyncio.wait([task])
    requested, metered, last = await calls(shop)
    assert ("call.answered" if ends == "answered" else "call.ended") == last.TOPIC
    assert (metered.attempts[0].started_at - began).total_seconds() < 25
    assert (requested.timestamp - began).total_seconds() > 30, "events tell when they were put on record"


async def test_a_caller_that_goes_away_while_the_call_is_put_on_record_does_not_keep_it_from_that(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is cached yet that a record needs, so the way to the database is long; each step on it is one to be cancelled at."""
    tenant = Database.tenant
    task: asyncio.Task[ChatGiven]

    def cancelling(self: Database, id: Any) -> Any:
        if shop.provider.asked:
            task.cancel()
        return tenant(self, id)

    monkeypatch.setattr(Database, "tenant", cancelling)
    task = asyncio.create_task(call(shop, shop.parts.clock, user="anna"))
    await asyncio.wait([task])
    assert task.cancelled()
    assert [type(event) for event in await calls(shop)] == [Call.Requested, Call.Metered, Call.Answered]


class Talkative(Played):
    """Tells the word in its system prompt, with a marker in it that is not told."""

    word = ""

    async def complete(
        self, request: CompletionRequest, sent: Callable[[], None] = lambda: None
    ) -> Completion:
        sent()
        found = re.search(r"nor the word ([0-9a-f]{20})\.", request.prompt[0].text)
        assert found is not None
        self.word = found[1]
        text = f"It is {' [77]'.join(self.word)}."
        return Completion(text=text, finish="stop", model=request.model, usage=Usage(input=100, output=10))


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_agent_tells_no_secret_that_a_marker_hides(shop: Shop, streamed: bool) -> None:
    provider = Talkative()
    shop.provider = provider
    heard: list[str] = []

    async def deliver(piece: str) -> None:
        heard.append(piece)

    command = Chat(id=shop.parts.ids(), model="agent", messages=(Turn(role="user", text="Which word?"),))
    given = await chat(command, shop.context, shop.ports, deliver if streamed else None)
    assert provider.word
    assert provider.word not in given.content + "".join(heard)
    assert given.finish == "content_filter"
    if streamed:
        assert "".join(heard) == given.content
