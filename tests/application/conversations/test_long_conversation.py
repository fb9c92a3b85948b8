"""A conversation of thousands of messages costs no more to go on with than one of some dozens: rows are counted, not seconds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.conversations.conversation import Conversation
from domain.gateway.decision import Routing
from domain.models.completion import Turn
from infra.ids import uuid7
from infra.log.reader import Reader
from infra.log.snapshots import EVERY
from tests.application.conftest import Shop

AT_ONCE = 20
"""Messages of one save."""

MOST = 2 * EVERY + 5 * AT_ONCE
"""Rows of one answer: those in which a process that does not know the conversation looks for a short one, and what has come since the snapshot,
which here is taken between two saves."""


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of the log, those that each query has read."""
    counts: list[int] = []
    read = Reader._read

    async def counted(self: Reader, tenant: UUID, query: str, *values: Any, whole: bool = True) -> Any:
        found = await read(self, tenant, query, *values, whole=whole)
        counts.append(len(found))
        return found

    monkeypatch.setattr(Reader, "_read", counted)
    return counts


async def talked(shop: Shop, address: str, messages: int) -> UUID:
    """A conversation of so many messages, each answered; read now and then meanwhile, as it is in life."""
    id = (await shop.receive("Hello?", address=address)).conversation
    for begun in range(0, messages, AT_ONCE):
        found = await shop.parts.store.load(Conversation, id, tenant=shop.context.tenant)
        for number in range(begun, min(begun + AT_ONCE, messages)):
            say(found, str(number), shop)
        await shop.parts.store.save(found, context=shop.context)
    return id


def say(found: Conversation, message: str, shop: Shop) -> None:
    at = shop.parts.clock()
    found.receive(message=message, text=f"Question {message}?", interaction=uuid7(), at=at)
    assert found.pending is not None
    found.ask(retrieved=(), prompt=(Turn(role="user", text="x" * 200),), at=at)
    found.meter(found.pending.interaction, routing=Routing(model="p/m", reason="r"), attempts=(), at=at)
    found.disclose("a machine", at)
    found.answer(
        text=f"Answer {message}.",
        citations=(),
        template="t",
        confidence=1,
        configuration_version=0,
        latency_ms=1,
        at=at,
    )


async def cost(shop: Shop, address: str, rows: list[int], *, new_process: bool) -> int:
    """Rows read for the next message and its answer."""
    if new_process:
        shop.parts.store._long.clear()
    rows.clear()
    received = await shop.receive("And now?", address=address)
    assert await shop.answer(received.conversation) is not None
    return sum(rows)


async def test_the_next_answer_reads_as_much_after_5000_messages_as_after_50(
    shop: Shop, rows: list[int]
) -> None:
    """How many it is depends on how long ago the last snapshot was taken, and on nothing else."""
    short, long = await talked(shop, "short", 50), await talked(shop, "long", 5000)
    for new_process in (True, False):
        for address in ("short", "long"):
            assert await cost(shop, address, rows, new_process=new_process) <= MOST, (address, new_process)
    sizes = []
    for id in (short, long):
        found = await shop.parts.store.load(Conversation, id, tenant=shop.context.tenant)
        sizes.append(len(msgspec.msgpack.encode(found.state)))
    assert sizes[1] < 1.3 * sizes[0], "the state does not grow"
