"""Honest tenants: each asks at a steady rate, and looks at every answer."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.soak.hostile.world import QUESTION, Honest, World

RATE = 2.0
"""Questions a second, of each tenant."""
WAIT = 30.0
"""Seconds that an answer is waited for."""


@dataclass
class Asked:
    """What became of a stretch's questions; the times in seconds, of those that were answered."""

    seconds: float
    times: list[float] = field(default_factory=list)
    answered_within: int = 0
    """Before the stretch was over."""
    others: Counter[str] = field(default_factory=Counter)
    """What was no answer."""
    faults: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.times) + self.others.total()

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered_within / self.seconds

    def p(self, share: float) -> float:
        return sorted(self.times)[int(share * (len(self.times) - 1))] if self.times else WAIT

    def __str__(self) -> str:
        p50, p95 = (f"{1000 * self.p(share):.0f}" for share in (0.5, 0.95))
        return f"{len(self.times)} of {self.count} answered, {self.rate:.1f}/s, p50 {p50} ms, p95 {p95} ms, {dict(self.others)}"


def asked_by(tenant: Honest, number: int) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The tenant's question of that number, and the header that names its request."""
    customer = {"channel": "http", "address": f"customer {number}"}
    return {"customer": customer, "text": QUESTION, "wait": WAIT}, [
        ("Idempotency-Key", f"{tenant.name}-{number}")
    ]


class Crowd:
    """All honest tenants. Half of their requests come on a new connection."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._chance = random.Random(f"{seed} honest")
        self._numbers = itertools.count()

    async def ask(self, seconds: float) -> Asked:
        """For so many seconds, then until the last one has its answer."""
        asked = Asked(seconds)
        limits = httpx.Limits(max_connections=300)
        client = httpx.AsyncClient(
            base_url=self._world.url, timeout=WAIT + 10, trust_env=False, limits=limits, verify=False
        )
        began = time.monotonic()
        async with client as http, asyncio.TaskGroup() as group:
            for number in range(int(seconds * RATE)):
                await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
                for tenant in self._world.honest:
                    group.create_task(self._one(http, tenant, asked, began + seconds))
        return asked

    async def _one(self, http: httpx.AsyncClient, tenant: Honest, asked: Asked, ends: float) -> None:
        body, headers = asked_by(tenant, next(self._numbers))
        headers = [*headers, ("Authorization", f"Bearer {tenant.key}")]
        if self._chance.random() < 0.5:
            headers.append(("Connection", "close"))
        began = time.monotonic()
        try:
            reply = await http.post("/v1/messages", json=body, headers=headers)
        except httpx.TransportError as error:
            asked.others[type(error).__name__] += 1
            return
        if reply.status_code == 200:
            asked.times.append(time.monotonic() - began)
            asked.answered_within += time.monotonic() <= ends
            self._look_at(tenant, reply, asked)
        else:
            asked.others[str(reply.status_code)] += 1
            if reply.status_code >= 500 and not (reply.status_code == 503 and "Retry-After" in reply.headers):
                asked.faults.append(f"{tenant.name}: {reply.status_code} {reply.text[:300]}")

    def _look_at(self, tenant: Honest, reply: httpx.Response, asked: Asked) -> None:
        for each in self._world.honest:
            if (each is tenant) is not (each.canary in reply.text):
                asked.faults.append(f"{tenant.name} got, of {each.name}: {reply.text[:300]}")
