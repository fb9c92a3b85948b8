"""When an answer is due: a customer for whom no request waits is let finish first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from application.agents.agent import ConfigureAgent, configure_agent
from application.conversations.conversation import ReceiveMessage, receive_message
from application.conversations.owing import owed_to_message
from domain.agents.agent import AgentConfiguration
from domain.conversations.conversation import Conversation
from infra.ids import uuid7
from tests.application.conftest import Shop

AT = datetime.fromisoformat("2026-11-28T12:00:00+00:00")


async def row(shop: Shop, kind: str = "answer") -> Any:
    """(due, wakes, times owed) of the tenant's only work of a kind."""
    async with shop.parts.system.system() as connection:
        query = "SELECT due_at, wake_at, revision FROM work WHERE tenant = %s AND kind = %s"
        (found,) = await (await connection.execute(query, [shop.context.tenant, kind])).fetchall()
        return found


def due(*messages: float, **settings: float) -> float:
    """Seconds after the first message at which the answer is due once these have come."""
    configuration = AgentConfiguration(**settings)  # type: ignore[arg-type]
    found = Conversation.start(uuid7(), channel="whatsapp", address="anna", name=None, at=AT)
    owed = []
    for number, second in enumerate(messages):
        at = AT + timedelta(seconds=second)
        found.receive(message=str(number), text="x", interaction=uuid7(), at=at)
        owed = owed_to_message(found, configuration, at, holder=None)
    (answer,) = owed
    return (answer.due_at - AT).total_seconds()


def test_each_message_puts_the_answer_off_and_none_beyond_the_longest() -> None:
    assert due(0) == 1.2
    assert due(0, 1) == 2.2
    assert due(0, 1, 2, 3) == 4.2
    assert due(0, 1, 2, 3, 4) == 5
    assert due(0, 1, 2, 3, 4, 4.9) == 5
    assert due(0, 30) == 30, "one that comes while it is late is no reason to wait"
    assert due(0, 1, quiet_seconds=0, burst_seconds=0) == 1
    assert due(0, 1, quiet_seconds=3, burst_seconds=60) == 4


async def test_the_row_of_work_moves_with_each_message_in_its_own_append(shop: Shop) -> None:
    began = shop.parts.clock()
    first = await shop.receive("Hello")
    came = shop.parts.clock()
    before = await row(shop)
    await shop.receive("are you")
    after = await row(shop)
    assert before[0] < after[0]
    assert after[:2] == (after[0], after[0])
    assert after[2] == before[2] + 1
    assert began + timedelta(seconds=1.2) <= before[0] <= came + timedelta(seconds=1.2)
    given = await shop.answer(first.conversation)
    assert given is not None
    assert len(given.event.messages) == 2


async def test_a_request_that_waits_is_not_kept_waiting(shop: Shop) -> None:
    began = shop.parts.clock()
    command = ReceiveMessage(channel="http", address="bert", text="Hello?", wait=True)
    await receive_message(command, shop.context, shop.parts)
    assert (await row(shop))[0] - began >= timedelta(seconds=5), "the request answers; a worker would, later"


async def test_the_tenant_says_how_long(shop: Shop) -> None:
    await configure_agent(
        ConfigureAgent(configuration=AgentConfiguration(quiet_seconds=20, burst_seconds=30)),
        shop.context,
        store=shop.parts.store,
        catalogue=shop.parts.providers.catalogue,
        clock=shop.parts.clock,
    )
    began = shop.parts.clock()
    await shop.receive("Hello?")
    assert (await row(shop))[0] - began >= timedelta(seconds=20)
