"""Customers who write by WhatsApp, through Twilio's double: bursts, the same webhook twice, several at once, out of order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import httpx

from tests.doubles.twilio import SENDER, Twilio, twilio_double
from tests.ports import free_port
from tests.soak.deployment import Deployment, deployment

QUESTIONS = (
    "When are you open?",
    "Do you open on Sundays?",
    "is the shop open right now",
    "Wann habt ihr geöffnet?",
    "¿A qué hora abren mañana?",
    "until when are you open today",
)
PERSON = ("I want to talk to a human, please", "Ich möchte mit einem Menschen sprechen")
FAILING = 0.05
"""Share of sends that the channel takes, and then tells to be undelivered."""


@dataclass
class Customers:
    """`acknowledged`: sid of a message → customer, once a webhook of it was answered with 2xx."""

    deployed: Deployment
    twilio: Twilio
    tenant: UUID
    session: aiohttp.ClientSession
    acknowledged: dict[str, str] = field(default_factory=dict)
    broken: int = 0
    """Webhooks without an answer, as while the HTTP role was down."""

    @property
    def url(self) -> str:
        return f"{self.deployed.running.url}/webhooks/twilio/{self.tenant}"

    async def post(self, url: str, form: dict[str, str], fields: dict[str, str]) -> int:
        """As Twilio does: again after a while where there is no answer, or one of 5xx. The same request each time."""
        for _ in range(600):
            try:
                async with self.session.post(url, data=form, headers=fields, allow_redirects=False) as reply:
                    if reply.status < 500 and reply.status != 429:
                        return reply.status
            except (aiohttp.ClientError, TimeoutError):
                self.broken += 1
            await asyncio.sleep(0.2)
        raise RuntimeError("a webhook was never answered")

    async def burst(self, number: int, chance: random.Random) -> None:
        """One customer's messages in quick succession; some of the webhooks come twice, some at once, some in another order."""
        customer = f"whatsapp:+1555{number:07d}"
        texts = chance.sample(QUESTIONS, chance.randint(1, 3))
        if chance.random() < 0.05:
            texts.append(chance.choice(PERSON))
        sids = [f"SM{chance.getrandbits(128):032x}" for _ in texts]
        calls = [*zip(texts, sids, strict=True)]
        calls += chance.sample(calls, chance.randint(0, len(calls)))
        if chance.random() < 0.3:
            chance.shuffle(calls)

        async def said(text: str, sid: str) -> None:
            _, status = await self.twilio.says(self.url, customer, text, sid=sid)
            assert 200 <= status < 300, status
            self.acknowledged[sid] = customer

        if chance.random() < 0.3:
            await asyncio.gather(*(said(*call) for call in calls))
        else:
            for call in calls:
                await said(*call)
                await asyncio.sleep(chance.uniform(0.0, 0.3))

    async def all(self, numbers: Sequence[int], seed: int, at_once: int) -> None:
        left = iter(numbers)

        async def some() -> None:
            for number in left:
                await self.burst(number, random.Random(f"{seed} {number}"))

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(some())


@asynccontextmanager
async def customers(folder: Path, seed: int, **settings: Any) -> AsyncIterator[Customers]:
    """A deployment whose first tenant has an account at Twilio's double, which tells of each message late, early, twice, in any order."""
    chance = random.Random(f"fates {seed}")
    async with twilio_double(seed=seed) as twilio:
        port = free_port()
        public = f"http://127.0.0.1:{port}"
        more = {"port": port, "public_url": public, "twilio_base_url": twilio.url, **settings}
        async with (
            deployment(folder, **more) as deployed,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
        ):
            tenant, key = deployed.tenants[0]
            made = Customers(deployed, twilio, tenant, session)
            twilio.post = made.post
            twilio.statuses, twilio.unordered, twilio.early = ("sent", "delivered", "read"), True, False
            twilio.script = lambda form: "fails:63024" if chance.random() < FAILING else "ok"
            account = {"auth_token": twilio.token, "senders": [SENDER], "unknown_fate": "operator"}
            async with httpx.AsyncClient(base_url=deployed.running.url, timeout=30) as http:
                reply = await http.put(
                    f"/v1/channels/twilio/{twilio.account}",
                    json=account,
                    headers={"Authorization": f"Bearer {key}"},
                )
                assert reply.status_code == 200, reply.text
            yield made
