"""A file that comes by a webhook is fetched by a worker, and read over the API by who may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from twilio.request_validator import RequestValidator

from infra.embedded import Servers
from infra.settings import Secret, Settings
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio, twilio_double
from tests.interfaces.http.conftest import MASTER, OPERATOR, Customer
from tests.until import PATIENCE


@pytest_asyncio.fixture(scope="module", name="twilio")
async def _twilio() -> AsyncIterator[Twilio]:
    async with twilio_double() as double:
        yield double
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
        public_url="https://service.example",
        twilio_base_url=twilio.url,
    )


async def sent(twilio: Twilio, ours: Customer, anyone: httpx.AsyncClient, **media: str) -> dict[str, Any]:
    """The first part of the message, as the conversation shows it."""
    await ours.http.put(f"/v1/channels/twilio/{ACCOUNT}", json={"auth_token": TOKEN, "senders": [SENDER]})
    path = f"/webhooks/twilio/{ours.tenant}"
    form = {"MessageSid": f"MM{uuid4().hex}", "AccountSid": ACCOUNT, "From": "whatsapp:+15550100171"}
    form |= {"To": SENDER, "Body": "my bill", "NumMedia": "1", "SmsStatus": "received", **media}
    signature = RequestValidator(TOKEN).compute_signature(f"https://service.example{path}", form)
    reply = await anyone.post(path, data=form, headers={"X-Twilio-Signature": signature})
    assert reply.status_code == 200, reply.text
    query = {"kind": "conversation.message_received", "limit": "200"}
    event = (await ours.http.get("/v1/audit/events", params=query)).json()["items"][-1]
    conversation = event["stream"].partition("/")[2]
    part: dict[str, Any] = event["data"]["parts"][0]
    at = {"at": f"/v1/conversations/{conversation}/media/{part['id']}", "position": str(event["position"])}
    return part | at | {"conversation": conversation}


async def test_a_file_is_fetched_by_a_worker_and_read_by_who_may(
    twilio: Twilio, ours: Customer, theirs: Customer, anyone: httpx.AsyncClient
) -> None:
    content = b"\xff\xd8 bill" * 1000
    url = twilio.file("image/jpeg", content)
    part = await sent(twilio, ours, anyone, MediaUrl0=url, MediaContentType0="image/jpeg")
    async with asyncio.timeout(PATIENCE):
        while (reply := await ours.http.get(part["at"])).status_code == 404:
            await asyncio.sleep(0.05)
    assert (reply.status_code, reply.content) == (200, content)
    assert reply.headers["content-type"] == "image/jpeg"
    assert reply.headers["content-disposition"].startswith("attachment")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in reply.headers["content-security-policy"]
    assert (await theirs.http.get(part["at"])).status_code == 404
    assert (await anyone.get(part["at"])).status_code == 401
    weak = await ours.limited("conversations:write")
    assert (await ours.http.get(part["at"], headers=weak)).status_code == 403
    assert (await ours.http.get(part["at"].replace(part["id"], str(uuid4())))).status_code == 404


async def test_what_a_customer_sent_is_shown_with_its_caption(
    twilio: Twilio, ours: Customer, anyone: httpx.AsyncClient
) -> None:
    part = await sent(twilio, ours, anyone, MediaUrl0=twilio.file("image/png", b"x"))
    seen = {"Retrace-Position": part["position"]}
    reply = await ours.http.get(f"/v1/conversations/{part['conversation']}", headers=seen)
    shown = reply.json()["interactions"][-1]
    assert shown["messages"][-1] == "[document: my bill]", "no type was told with the message"
    assert shown["received"][-1]["parts"][0]["type"] == "media"
