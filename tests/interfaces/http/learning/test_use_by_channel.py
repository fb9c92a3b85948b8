"""What a channel's texts may be used for: an account that says `none` has nothing learned from them, by whatever way, also once they were."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio
from twilio.request_validator import RequestValidator

from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer, customer_of
from tests.until import until

ACCOUNT, TOKEN = "AC" + "2" * 32, "0123456789abcdef0123456789abcdef"
OURS = "whatsapp:+15550100200"
BEA = {"operator": {"name": "Bea"}}
CORRECTIONS = "/v1/bot/corrections/"
FORBIDDEN = {"use_forbidden": 1}
SEEN = 1.05
"""Seconds in which every process has seen a setting."""


async def shown(reply: Awaitable[httpx.Response], status: int = 200) -> Any:
    got = await reply
    assert got.status_code == status, got.text
    return got.json() if got.content else None


class Channel:
    """A tenant whose customers write by WhatsApp."""

    def __init__(self, shop: Customer, anyone: httpx.AsyncClient) -> None:
        self.shop, self.anyone, self.seen = shop, anyone, set[str]()

    async def set(self, use: str) -> None:
        body = {"auth_token": TOKEN, "senders": [OURS], "use": use}
        changed = await shown(self.shop.http.put(f"/v1/channels/twilio/{ACCOUNT}", json=body))
        assert changed["use"] == use

    async def hears(self, phone: str, text: str) -> None:
        path = f"/webhooks/twilio/{self.shop.tenant}"
        form = {"MessageSid": f"SM{uuid4().hex}", "AccountSid": ACCOUNT, "From": f"whatsapp:{phone}"}
        form |= {"To": OURS, "Body": text, "NumMedia": "0", "MessageType": "text"}
        signature = RequestValidator(TOKEN).compute_signature(f"http://127.0.0.1:8080{path}", form)
        sent = await self.anyone.post(path, data=form, headers={"X-Twilio-Signature": signature})
        assert sent.status_code == 200, sent.text

    async def corrected(self, phone: str, text: str, right: str) -> dict[str, Any]:
        """Asked, answered by the agent, answered better by Bea, and approved: the correction."""
        await self.hears(phone, text)

        async def answered() -> Any:
            query = {"kind": "conversation.answered", "limit": "200"}
            items = (await shown(self.shop.http.get("/v1/audit/events", params=query)))["items"]
            return next((each for each in items if each["stream"] not in self.seen), None)

        event = await until(answered)
        self.seen.add(event["stream"])
        conversation = f"/v1/conversations/{event['stream'].rpartition('/')[2]}"
        await shown(self.shop.http.post(f"{conversation}/claim", json=BEA))
        await shown(self.shop.http.post(f"{conversation}/reply", json={**BEA, "text": right}))

        async def candidate() -> Any:
            items = (await shown(self.shop.http.get(CORRECTIONS)))["items"]
            return next((each for each in items if each["message"] == text), None)

        found: dict[str, Any] = await until(candidate)
        review = {"approved": True, "quality_score": 5, "operator": {"name": "Carl"}}
        await shown(self.shop.http.post(f"{CORRECTIONS}{found['id']}/approve", json=review))
        return found


async def test_every_channel_has_a_use_of_its_own(channel: Channel) -> None:
    """What said `none` when it came is learned from by nobody, whatever is said later; what came before, as long as it is said."""
    http = channel.shop.http
    dataset = f"/v1/datasets/{(await shown(http.post('/v1/datasets', json={'name': 'Web chat'}), 201))['id']}"

    async def answered(address: str) -> str:
        body = {"customer": {"channel": "web", "address": address}, "text": "Do you mend zips?"}
        return str((await shown(http.post("/v1/messages", json=body)))["id"])

    async def taken(*interactions: str) -> int:
        body = {"interactions": interactions}
        return int((await shown(http.post(f"{dataset}/interactions", json=body)))["refused_count"])

    async def says(use: str) -> Any:
        return await shown(http.put("/v1/channels/uses", json={"channel": "web", "use": use}))

    before = await answered("ann")
    assert (await says("none"))["uses"] == {"web": "none"}
    assert (await says("none"))["version"] == (await shown(http.get("/v1/channels")))["version"] == 2
    await asyncio.sleep(SEEN)
    meanwhile = await answered("ben")
    assert await taken(before, meanwhile) == 2
    await says("tenant_only")
    assert await taken(before) == 0
    assert await taken(meanwhile) == 1
    call = {"model": "agent", "messages": [{"role": "user", "content": "Do you mend bags?"}]}
    asked = (await shown(http.post("/v1/chat/completions", json=call)))["retrace"]["call"]
    await shown(http.put("/v1/channels/uses", json={"channel": "api", "use": "none"}))
    assert await taken(asked) == 1
    for wrong in ({"channel": "web", "use": "shared"}, {"channel": "a b", "use": "none"}, {"use": "none"}):
        await shown(http.put("/v1/channels/uses", json=wrong), 400)


@pytest_asyncio.fixture(name="channel")
async def _channel(app: Any, parts: Services, anyone: httpx.AsyncClient) -> Any:
    shop = await customer_of(app, parts, "Use by channel")
    async with shop.http:
        await shown(shop.http.put("/v1/agent/configuration", json={"quiet_seconds": 0}))
        yield Channel(shop, anyone)


async def test_nothing_is_learned_from_a_channel_that_forbids_it(channel: Channel) -> None:
    http = channel.shop.http
    await channel.set("none")
    first = await channel.corrected("+15550100201", "Do you mend zips?", "Yes, within a week.")
    assert first["lineage"]["use"] == "none"
    dataset = f"/v1/datasets/{(await shown(http.post('/v1/datasets', json={'name': 'Answers'}), 201))['id']}"
    taken = await shown(http.post(f"{dataset}/corrections", json={}))
    assert (taken["added"], taken["left_out"]) == (0, FORBIDDEN)
    body = {"interactions": [first["agent_interaction_id"]]}
    refused = await shown(http.post(f"{dataset}/interactions", json=body))
    assert (refused["added"], refused["refused_count"]) == (0, 1)
    assert "nothing but answering" in refused["refused"][0]["reason"]

    await channel.set("tenant_only")
    second = await channel.corrected("+15550100202", "Is there parking at the shop?", "Behind the house.")
    assert second["lineage"]["use"] == "tenant_only"
    asked = await shown(http.post("/v1/training-sets", json={"name": "First"}), 202)
    address = f"/v1/training-sets/{asked['id']}"

    async def ready() -> Any:
        found = await shown(http.get(address))
        return None if found["status"] == "building" else found

    statistics = (await until(ready))["statistics"]
    assert (statistics["train"] + statistics["validation"], statistics["left_out"]) == (1, FORBIDDEN)
    part = {"format": "together", "part": "train" if statistics["train"] else "validation"}
    assert (await shown(http.get(f"{address}/check", params=part)))["examples"] == 1

    await channel.set("none")
    looked = await shown(http.get(f"{address}/check", params=part))
    assert (looked["examples"], looked["gone"]) == (0, FORBIDDEN)
    file = await http.get(f"{address}/export", params=part)
    assert "parking" not in file.text
    late = await shown(http.post(f"{dataset}/corrections", json={}))
    assert (late["added"], late["left_out"]) == (0, {"use_forbidden": 2})
