"""Actions while whoever calls them is killed: between decision, call and record. None is done twice, none is lost unnoticed.

Each customer asks for one order to be refunded or cancelled, and consents. The endpoint kills the HTTP role or the worker as a call comes, or just after it
was answered; others die at any time. A failing run tells how to run it again the same way.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.actions.call import ActionCall
from domain.audit.invariants import Invariants
from domain.conversations.conversation import Conversation
from interfaces.processes import keeping
from tests.doubles.wire import Call, Reply, Wire, serving
from tests.soak.deployment import Deployment, deployment
from tests.soak.kills import end
from tests.soak.proofs import quiet

pytestmark = pytest.mark.soak
KILLS = 100
EACH_RUN = 10
CUSTOMERS = 24
ARGUMENTS = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    option = metafunc.config.getoption
    runs = option("--runs") or max(1, round(KILLS / EACH_RUN * option("--share")))
    first = option("--seed")
    metafunc.parametrize("run", range(first, first + runs))


@dataclass
class Shop:
    """The tenant's endpoint. `seen`: key → orders of its requests; `kills` left to make."""

    deployed: Deployment
    chance: random.Random
    kills: int
    seen: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    bodies: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    after: list[asyncio.Task[None]] = field(default_factory=list)

    def answer(self, call: Call) -> Reply:
        key = call.fields["idempotency-key"]
        self.seen[key].append(call.body["data"]["arguments"]["order"])
        self.bodies[key].add(call.content)
        first: Callable[[], Awaitable[object]] | None = None
        if self.kills and self.chance.random() < 0.6:
            self.kills -= 1
            if self.chance.random() < 0.5:
                first = self.kill
            else:
                self.after.append(asyncio.create_task(self.kill_soon()))
        return Reply(body=b'{"ok": true}', first=first, delay=self.chance.uniform(0, 0.05))

    async def kill(self) -> None:
        """Whoever calls is one of them: most calls are made for a request that waits, some by the worker."""
        for target in ("serve", "worker"):
            await end(self.deployed, target)

    async def kill_soon(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.0, 0.12))
        await self.kill()


class Customer:
    """One who writes until it is acknowledged, and waits for the answer."""

    def __init__(self, http: httpx.AsyncClient, address: str) -> None:
        self._http, self._address = http, address

    async def says(self, text: str) -> dict[str, Any]:
        who = {"channel": "http", "address": self._address}
        body = {"customer": who, "text": text, "message_id": f"{self._address} {text}", "wait": 5}
        found = await self._asked(lambda: self._http.post("/v1/messages", json=body))
        while found["status"] not in ("answered", "failed"):
            path = f"/v1/interactions/{found['id']}"
            found = await self._asked(partial(self._http.get, path, params={"wait": 5}))
        return found

    async def _asked(self, ask: Callable[[], Awaitable[httpx.Response]]) -> dict[str, Any]:
        while True:
            try:
                reply = await ask()
                if reply.status_code in (200, 202):
                    found: dict[str, Any] = reply.json()
                    return found
                assert reply.status_code in (404, 409, 503), reply.text  # its projection may be behind
            except httpx.HTTPError:
                pass  # its server was killed
            await asyncio.sleep(0.2)


@asynccontextmanager
async def shop(folder: Path, seed: int) -> AsyncIterator[tuple[Shop, httpx.AsyncClient, UUID]]:
    async with deployment(folder, allow_private_addresses=True) as deployed:
        made = Shop(deployed, random.Random(f"actions {seed}"), EACH_RUN)
        wire = Wire(made.answer)
        tenant, key = deployed.tenants[1]
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            serving(wire),
            httpx.AsyncClient(base_url=deployed.running.url, headers=headers, timeout=30) as http,
        ):
            for word, repeatable in (("refund", True), ("cancel", False)):
                declared = {
                    "description": f"{word}s an order",
                    "effect": "write",
                    "consent": "customer",
                    "repeatable": repeatable,
                    "timeout_seconds": 5,
                    "target": {"type": "http", "url": f"http://127.0.0.1:{wire.port}/{word}"},
                    "arguments": ARGUMENTS,
                    "rule": {"words": [word], "arguments": {"order": "order"}},
                }
                reply = await http.put(f"/v1/actions/{word}_order", json=declared)
                assert reply.status_code == 200, reply.text
            await asyncio.sleep(1.5)  # until every process sees it
            yield made, http, tenant
            await asyncio.gather(*made.after, return_exceptions=True)


async def test_no_call_is_made_twice_or_lost_by_kills(run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    chance = random.Random(run)
    try:
        with tempfile.TemporaryDirectory(prefix="retrace-actions-") as folder:
            async with asyncio.timeout(600), shop(Path(folder), run) as (made, http, tenant):
                left = iter(range(CUSTOMERS))

                async def some() -> None:
                    for number in left:
                        customer = Customer(http, f"c{number}")
                        word = "refund" if number % 2 else "cancel"
                        asked = await customer.says(f"Please {word} order N-{number:04d}")
                        assert asked["decision"]["category"] == "action", asked
                        await customer.says("yes")

                async with asyncio.TaskGroup() as group:
                    for _ in range(6):
                        group.create_task(some())
                    while made.kills > 0 and len(made.seen) < CUSTOMERS:
                        await asyncio.sleep(chance.uniform(0.5, 2.0))
                        if made.kills > 0 and chance.random() < 0.3:  # between decision and call, perhaps
                            made.kills -= 1
                            await made.kill()
                await quiet(made.deployed.parts, 300)
                await check(made, tenant)
    except BaseException as error:
        error.add_note(f"again: pytest -m soak tests/soak/test_actions.py --seed {run} --runs 1")
        raise


async def check(made: Shop, tenant: UUID) -> None:
    parts = made.deployed.parts
    events = [recorded async for recorded in parts.store.events(tenant)]
    calls: dict[UUID, ActionCall] = {}
    attempts = Counter[UUID]()
    by_customer = Counter[UUID]()
    handed = {each.stream for each in events if isinstance(each.event, Conversation.HandedOver)}
    for recorded in events:
        if isinstance(recorded.event, ActionCall.Requested):
            calls[recorded.stream] = await parts.store.load(ActionCall, recorded.stream, tenant=tenant)
            by_customer[recorded.event.conversation] += 1
        elif isinstance(recorded.event, ActionCall.Attempted):
            attempts[recorded.stream] += 1
    assert len(by_customer) == CUSTOMERS
    assert set(by_customer.values()) == {1}, "a customer's wish became two calls"
    assert {UUID(key) for key in made.seen} <= set(calls), "the endpoint has seen what is not on record"
    orders = Counter(order for some in made.seen.values() for order in set(some))
    assert set(orders.values()) <= {1}, "one order came under two keys"
    ended = Counter[str]()
    for id, call in calls.items():
        state, seen = call.state, len(made.seen.get(str(id), ()))
        ended[state.status] += 1
        assert state.status in ("done", "failed", "unknown"), (id, state)
        assert seen <= attempts[id], "it was tried before that was on record"
        assert len(made.bodies.get(str(id), ())) <= 1, "the same key came with another body"
        if not state.repeatable:
            assert seen <= 1, "done twice"
        if state.status == "unknown":
            assert state.conversation in handed, "nobody was told"
        if state.status == "done":
            assert seen, "done, and the endpoint has seen nothing"
        if state.status == "failed":
            assert not seen, f"the endpoint has done it: {state.reason}"
    invariants = Invariants()
    invariants.fold(events)
    assert invariants.violations == []
    assert (await parts.verify(tenant)).findings == []
    again = sum(len(some) > 1 for some in made.seen.values())
    print(f"{dict(ended)}, {again} asked for again under the same key, {EACH_RUN - made.kills} kills")
