"""A tenant with many customers by WhatsApp, and a campaign to all of them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from application.conversations.conversation import conversation_of
from domain.base.context import Context
from domain.conversations.conversation import Conversation
from tests.doubles.twilio import SENDER
from tests.soak.customers import Customers

TEXT = "Our winter boots are here."
SAVED = 20
"""Conversations of one transaction."""


def address(number: int) -> str:
    return f"whatsapp:+49155{number:08d}"


async def have_written(all: Customers, count: int, opted_out: range) -> None:
    """So many customers have written, were answered elsewhere, and some of them want no campaigns."""
    parts, tenant = all.deployed.parts, all.tenant
    context = Context(tenant=tenant, actor="test", correlation=uuid4())
    at = datetime.now(UTC)

    async def some(first: int) -> None:
        made = []
        for number in range(first, min(first + SAVED, count)):
            id = await conversation_of(tenant, "whatsapp", address(number), 0, keyring=parts.keyring)
            found = Conversation.start(id, channel="whatsapp", address=address(number), name=None, at=at)
            found.receive(message=f"m{number}", text="Hi", interaction=uuid4(), at=at, sender=SENDER)
            if number in opted_out:
                found.opt("out", "STOP", at)
            made.append(found)
        await parts.store.save(*made, context=context)

    for first in range(0, count, 4 * SAVED):
        await asyncio.gather(*(some(each) for each in range(first, min(first + 4 * SAVED, count), SAVED)))


class Marketer:
    """Whoever sends it, over HTTP; asks again while the HTTP role is down."""

    def __init__(self, all: Customers) -> None:
        self._url = all.deployed.running.url
        self._headers = {"Authorization": f"Bearer {all.deployed.tenants[0][1]}"}

    async def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self._url, headers=self._headers, timeout=30) as http:
            for _ in range(600):
                try:
                    reply = await http.request(method, path, json=body)
                    if reply.status_code < 500 and reply.status_code != 429:
                        assert reply.status_code < 300, reply.text
                        found: dict[str, Any] = reply.json()
                        return found
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.2)
        raise RuntimeError("never answered")

    async def begin(self, per_second: int, account: str, token: str) -> str:
        """The campaign's path. What was cut off and never came is sent again, once that is settled."""
        body = {"auth_token": token, "senders": [SENDER], "unknown_fate": "resend"}
        await self.ask("PUT", f"/v1/channels/twilio/{account}", body | {"messages_per_second": per_second})
        made = await self.ask(
            "POST", "/v1/campaigns", {"name": "Boots", "message": {"text": TEXT}, "quiet_hours": None}
        )
        path = f"/v1/campaigns/{made['id']}"
        await self.ask("POST", f"{path}/schedule", {})
        return path


class Arrivals:
    """What comes to the channel: `moments` of all, how often each customer has `got` the campaign, and who is answered."""

    def __init__(self, all: Customers) -> None:
        self.got = Counter[str]()
        self.moments: list[float] = []
        self.campaign: list[float] = []
        self.answered: dict[str, asyncio.Event] = {}
        all.twilio.script = self._came

    def _came(self, form: dict[str, str]) -> str:
        now = time.time()
        self.moments.append(now)
        if form.get("Body") == TEXT:
            self.got[form["To"]] += 1
            self.campaign.append(now)
        elif (waits := self.answered.get(form["To"])) is not None:
            waits.set()
        return "ok"


def windows(moments: list[float], seconds: float) -> tuple[int, int]:
    """The fewest and the most of these moments within so many seconds, between the first and the last."""
    moments = sorted(moments)
    counts, first = [], 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - seconds:
            first += 1
        if moment - moments[0] >= seconds:
            counts.append(last - first + 1)
    return (min(counts), max(counts)) if counts else (0, 0)
