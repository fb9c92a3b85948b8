"""From a customer's message by WhatsApp to the answer on their phone, and what became of it on the interaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from infra.embedded import Servers
from infra.settings import Secret, Settings
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio, twilio_double
from tests.interfaces.http.conftest import MASTER, OPERATOR, Customer
from tests.until import PATIENCE

ADA = "whatsapp:+4915550100101"


@pytest_asyncio.fixture(scope="module", name="twilio")
async def _twilio() -> AsyncIterator[Twilio]:
    async with twilio_double() as double:
        yield double
        await double.told()
        assert double.mistakes == []


@pytest.fixture(scope="module")
def settings(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory, twilio: Twilio
) -> Settings:
    return Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=Path(tmp_path_factory.mktemp("data")),
        master_key=Secret(MASTER),
        operator_key=Secret(OPERATOR),
        twilio_base_url=twilio.url,
        public_url="https://retrace.example.com",
    )


@pytest_asyncio.fixture
async def webhook(ours: Customer, anyone: httpx.AsyncClient, twilio: Twilio) -> str:
    """The address that Twilio was given; what it calls arrives."""

    async def post(url: str, form: dict[str, str], fields: dict[str, str]) -> int:
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == "https://retrace.example.com"
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return (await anyone.post(path, data=form, headers=fields)).status_code

    twilio.post = post
    body = {"auth_token": TOKEN, "senders": [SENDER]}
    shown = await ours.http.put(f"/v1/channels/twilio/{ACCOUNT}", json=body)
    assert shown.status_code == 200, shown.text
    address: str = shown.json()["webhook"]
    return address


async def interaction(ours: Customer, status: str) -> dict[str, Any]:
    """The customer's first interaction, once its delivery is that far."""
    async with asyncio.timeout(PATIENCE):
        while True:
            listed = (await ours.http.get("/v1/conversations?channel=whatsapp")).json()["items"]
            for each in listed:
                detail = (await ours.http.get(f"/v1/conversations/{each['id']}")).json()
                for found in detail["interactions"]:
                    if [message["status"] for message in found["delivery"]] == [status]:
                        shown: dict[str, Any] = (
                            await ours.http.get(f"/v1/interactions/{found['id']}")
                        ).json()
                        assert shown == found
                        return shown
            await asyncio.sleep(0.05)


async def test_an_answer_arrives_and_its_interaction_says_what_became_of_it(
    ours: Customer, twilio: Twilio, webhook: str
) -> None:
    twilio.statuses, twilio.early, twilio.unordered = ("sent", "delivered", "read"), True, True
    sid, status = await twilio.says(webhook, ADA, "When are you open?")
    assert status == 200
    shown = await interaction(ours, "read")
    (sent,) = twilio.to(ADA)
    assert sent.body == shown["answer"]
    assert shown["delivery"] == [
        {"form": "text", "status": "read", "code": None, "attempts": 1, "again": False}
    ]
    assert set(twilio.answers) == {200}
    again, status = await twilio.says(webhook, ADA, "When are you open?", sid=sid)
    assert (again, status) == (sid, 200)
    assert len(twilio.to(ADA)) == 1


async def test_a_failed_send_is_seen_on_the_interaction(ours: Customer, twilio: Twilio, webhook: str) -> None:
    async def counted() -> Counter[tuple[str, str]]:
        figures = (await ours.http.get("/v1/channels/deliveries")).json()["items"]
        return Counter({(each["form"], each["status"]): each["count"] for each in figures})

    before = await counted()
    twilio.statuses, twilio.unordered, twilio.script = (), False, lambda form: "fails:63024"
    await twilio.says(webhook, "whatsapp:+4915550100102", "And on Sundays?")
    shown = await interaction(ours, "failed")
    assert shown["delivery"][0]["code"] == "63024"
    assert shown["status"] == "answered"
    assert await counted() - before == {("text", "failed"): 1}


async def test_what_comes_over_http_has_no_delivery(ours: Customer) -> None:
    reply = await ours.ask("When are you open?")
    shown = (
        await ours.http.get(
            f"/v1/interactions/{reply.json()['id']}",
            headers={"Retrace-Position": reply.headers["Retrace-Position"]},
        )
    ).json()
    assert shown["delivery"] == []
