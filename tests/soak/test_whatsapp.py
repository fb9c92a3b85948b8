"""WhatsApp as a whole: many customers through Twilio's double, and the same while anything is killed.

Each message that was acknowledged has one effect, is answered once, or waits for a person; nothing is sent twice that Twilio has taken; all
invariants hold over every prefix. A failing run tells how to run it again the same way.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from domain.audit.invariants import Invariants
from domain.channels.delivery import Delivery, named
from domain.conversations.conversation import Conversation
from interfaces.processes import keeping
from tests.soak.customers import Customers, customers
from tests.soak.kills import end
from tests.soak.proofs import quiet

pytestmark = pytest.mark.soak
CUSTOMERS = 1000
AT_ONCE = 40
KILLS = 100
TARGETS = ("serve", "worker", "worker", "database")
"""Of one run."""
EACH_RUN = 40
"""Customers of a run with kills."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    option = metafunc.config.getoption
    if "run" in metafunc.fixturenames:
        runs = option("--runs") or max(1, round(KILLS / len(TARGETS) * option("--share")))
        first = option("--seed")
        metafunc.parametrize("run", range(first, first + runs))


async def test_each_customers_messages_are_answered_once(pytestconfig: pytest.Config) -> None:
    share, seed = pytestconfig.getoption("--share"), pytestconfig.getoption("--seed")
    count = max(60, round(CUSTOMERS * share))
    with tempfile.TemporaryDirectory(prefix="retrace-whatsapp-") as folder:
        async with asyncio.timeout(1500), customers(Path(folder), seed) as all:
            await all.all(range(count), seed, AT_ONCE)
            await settled(all)
            await check(all)


async def test_nothing_is_lost_or_sent_twice_by_kills(
    run: int, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    doubts = pytestconfig.getoption("--share") < 1
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    chance = random.Random(f"kills {run}")
    kills = chance.sample(TARGETS, len(TARGETS))
    try:
        with tempfile.TemporaryDirectory(prefix="retrace-whatsapp-") as folder:
            async with asyncio.timeout(600 if doubts else 2400), customers(Path(folder), run) as all:
                writing = asyncio.create_task(all.all(range(EACH_RUN), run, 8))
                for target in kills:
                    await asyncio.sleep(chance.uniform(0.3, 2.5))
                    await end(all.deployed, target)
                await writing
                await settled(all, doubts=doubts)
                await check(all)
    except BaseException as error:
        error.add_note(
            f"{kills}\nagain: pytest -m soak tests/soak/test_whatsapp.py -k kills --seed {run} --runs 1"
        )
        raise


async def settled(all: Customers, *, doubts: bool = False) -> None:
    """Until all is answered, sent, and told; with `doubts` but for what was being sent by who was killed."""
    await quiet(all.deployed.parts, 600 if doubts else 1800, doubts=doubts)
    await all.twilio.told()
    await quiet(all.deployed.parts, 120, doubts=doubts)


async def check(all: Customers) -> None:
    parts, tenant, twilio = all.deployed.parts, all.tenant, all.twilio
    events = [recorded async for recorded in parts.store.events(tenant)]
    received = Counter[str]()
    ended = Counter[str]()
    handed: dict[object, int] = {}
    pending: dict[object, list[str]] = defaultdict(list)
    for recorded in events:
        event = recorded.event
        if isinstance(event, Conversation.MessageReceived):
            received[event.message] += 1
            pending[recorded.stream].append(event.message)
        elif isinstance(event, Conversation.Answered):
            for message in event.messages:
                ended[message] += 1
                pending[recorded.stream].remove(message)
        elif isinstance(event, Conversation.HandedOver):
            handed[recorded.stream] = recorded.position
    assert set(all.acknowledged) == set(received)
    assert set(received.values()) == {1}
    assert set(ended.values()) == {1}
    left = {stream: messages for stream, messages in pending.items() if messages}
    assert left.keys() <= handed.keys(), f"neither answered nor with a person: {left}"
    assert twilio.mistakes == []
    invariants = Invariants()
    invariants.fold(events)
    assert invariants.violations == []
    assert (await parts.verify(tenant)).findings == []
    # By the delivery's message: how often Twilio has made it.
    made = Counter[tuple[object, int]]()
    for message in twilio.messages.values():
        found = named(message.attempt or "")
        assert found is not None, message.form
        conversation, number, _ = found
        made[conversation, number] += 1
    given_up = {
        (recorded.stream, event.number)
        for recorded in events
        if isinstance(event := recorded.event, Delivery.GivenUp)
    }
    assert [place for place, count in made.items() if count > 1] == []
    answers = sum(isinstance(recorded.event, Conversation.Answered) for recorded in events)
    print(
        f"{len(received)} messages, {answers} answers, {len(handed)} handed over, {len(twilio.messages)} sent, "
        f"{len(given_up)} of an unknown fate, {all.broken} webhooks without an answer"
    )
