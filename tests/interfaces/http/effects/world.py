"""A tenant whose agent asks a double, and what the double was asked."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.interfaces.http.conftest import Customer

NUMBERS = itertools.count(1)


MINI, LARGE = "openai/gpt-4o-mini", "openai/gpt-4o"


class World:
    """A tenant whose agent asks the double, and what the double was asked."""

    def __init__(self, customer: Customer, upstream: Double, parts: Services) -> None:
        self.customer, self.upstream, self.parts = customer, upstream, parts

    async def configure(self, **changes: Any) -> None:
        body = {"default_model": MINI, "fallback_models": [], **changes}
        reply = await self.customer.http.put("/v1/agent/configuration", json=body)
        assert reply.status_code == 200, reply.text

    async def ask(self, text: str = "Which tents are on shelf 3?") -> dict[str, Any]:
        reply = await self.customer.ask(text, address=f"customer {next(NUMBERS)}")
        assert reply.status_code == 200, reply.text
        shown: dict[str, Any] = reply.json()
        return shown

    async def said(self) -> str:
        """What a customer gets, as it is on record."""
        await self.customer.ask("Are you open?", address=f"customer {next(NUMBERS)}")
        query = {"kind": "conversation.answered", "limit": "200"}
        events = (await self.customer.http.get("/v1/audit/events", params=query)).json()["items"]
        text: str = events[-1]["data"]["text"]
        return text

    async def request(self, **changes: Any) -> dict[str, Any]:
        """What the double is asked under this configuration."""
        await self.configure(**changes)
        await self.ask()
        return self.upstream.requests[-1]

    async def system(self, **changes: Any) -> str:
        text: str = (await self.request(**changes))["messages"][0]["content"]
        return text


Proof = Callable[[World], Awaitable[None]]
