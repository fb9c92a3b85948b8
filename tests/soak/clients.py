"""Clients that load a deployment: each message until it is acknowledged."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import httpx

from tests.soak.deployment import Deployment

CUSTOMERS = 12
"""Of one tenant's."""


class Clients:
    """They send messages; one that was not acknowledged is sent again, under the same id, until it is."""

    def __init__(self, deployed: Deployment) -> None:
        self._url = deployed.running.url
        self._tenants = deployed.tenants
        self.acknowledged: dict[str, UUID] = {}
        """Message id → tenant."""
        self.refusals: Counter[str] = Counter()
        """Details of the answers 503."""
        self.lost = 0
        """Requests without any answer."""

    async def send(self, client: httpx.AsyncClient, message: str, customer: str, wait: float) -> None:
        """Until it is acknowledged. Any answer but that, or a clear "not now", is an error."""
        tenant, key = self._tenants[hash_of(message) % len(self._tenants)]
        body = {
            "customer": {"channel": "http", "address": customer},
            # What its document answers surely: customers whom two answers did not help go to an operator, who answers nobody here.
            "text": f"When is the shop open? ({message})",
            "message_id": message,
            "wait": wait,
        }
        while True:
            try:
                headers = {"Authorization": f"Bearer {key}"}
                reply = await client.post("/v1/messages", json=body, headers=headers)
            except httpx.HTTPError:
                self.lost += 1
            else:
                if reply.status_code in (200, 202):
                    self.acknowledged[message] = tenant
                    return
                assert reply.status_code == 503, (reply.status_code, reply.text)
                assert reply.headers["Retry-After"].isdigit()
                assert reply.headers["Content-Type"] == "application/problem+json"
                self.refusals[reply.json()["detail"]] += 1
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def load(
        self, clients: int, seed: object, waits: Sequence[float] = (0, 0, 10)
    ) -> AsyncIterator[None]:
        """So many clients go on while this is entered, each with some customers that they share. What fails in one ends it at once.

        A message whose request waited for its answer, and broke, is answered after 30 s.
        """
        stop = asyncio.Event()

        async def go_on(number: int, chance: random.Random) -> None:
            count = 0
            async with self.client() as client:
                while not stop.is_set():
                    count += 1
                    customer = f"customer {chance.randrange(CUSTOMERS)}"
                    await self.send(client, f"{seed}-{number}-{count}", customer, chance.choice(waits))
                    await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(go_on(number, random.Random(f"{seed} {number}")))
            yield
            stop.set()

    async def send_all(self, messages: Iterable[str], clients: int) -> None:
        """Each to a customer of its own; none waits for its answer."""
        left = iter(messages)

        async def some() -> None:
            async with self.client() as client:
                for message in left:
                    await self.send(client, message, message, 0)

        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(some())

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._url, timeout=30, trust_env=False)

    async def more(self, count: int, seconds: float = 200) -> None:
        """Until so many more messages are acknowledged; however slow the machine is."""
        wanted = len(self.acknowledged) + count
        await until(lambda: len(self.acknowledged) >= wanted, seconds)


def hash_of(text: str) -> int:
    """The same in every process."""
    return sum(text.encode())


async def until(true: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)
