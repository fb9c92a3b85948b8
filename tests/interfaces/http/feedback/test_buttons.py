"""From an answer by WhatsApp to the button below it, the thanks, and what it adds up to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from domain.agents.rating_words import ENGLISH
from infra.embedded import Servers
from infra.settings import Secret, Settings
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio, twilio_double
from tests.interfaces.http.conftest import MASTER, OPERATOR, Customer
from tests.until import PATIENCE, until

ADA, BEN = "whatsapp:+4915550100101", "whatsapp:+4915550100102"


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


async def got(twilio: Twilio, customer: str, text: str) -> dict[str, Any]:
    """The variables of a message that the customer gets."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for message in twilio.to(customer):
                if message.body == text:
                    variables: dict[str, Any] = json.loads(message.form.get("ContentVariables", "{}"))
                    return variables
            await asyncio.sleep(0.05)


async def test_a_button_below_an_answer_is_a_rating_of_it(
    ours: Customer, anyone: httpx.AsyncClient, twilio: Twilio
) -> None:
    async def post(url: str, form: dict[str, str], fields: dict[str, str]) -> int:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return (await anyone.post(path, data=form, headers=fields)).status_code

    twilio.post = post
    shown = await ours.http.put(
        f"/v1/channels/twilio/{ACCOUNT}", json={"auth_token": TOKEN, "senders": [SENDER]}
    )
    webhook = shown.json()["webhook"]
    configured = await ours.http.put(
        "/v1/agent/configuration", json={"feedback": "always", "quiet_seconds": 0}
    )
    assert configured.status_code == 200
    for customer in (ADA, BEN):
        await twilio.says(webhook, customer, "When are you open on Sundays?")
        await got(twilio, customer, ENGLISH.question)
    asked = await got(twilio, ADA, ENGLISH.question)
    before = len(twilio.to(ADA))
    pressed = {"ButtonText": asked["4"], "ButtonPayload": asked["5"], "MessageType": "button"}
    assert (await twilio.says(webhook, ADA, asked["4"], **pressed))[1] == 200
    await got(twilio, ADA, ENGLISH.thanks)
    assert len(twilio.to(ADA)) == before + 1, "nothing else answers it"
    async with asyncio.timeout(PATIENCE):
        while not (listed := (await ours.http.get("/v1/bot/feedback/")).json()["items"]):
            await asyncio.sleep(0.05)
    (item,) = listed
    assert (item["rating"], item["source"], item["feedback_text"]) == ("not_helpful", "whatsapp", None)

    async def with_its_interaction() -> dict[str, Any] | None:  # another read model than that of ratings
        shown: dict[str, Any] = (await ours.http.get(f"/v1/conversations/{item['conversation']}")).json()
        return shown if item["agent_interaction_id"] in str(shown["interactions"][-1:]) else None

    detail = await until(with_its_interaction)
    told = [(turn["by"], turn["text"]) for turn in detail["turns"]]
    assert told[-3:] == [("system", ENGLISH.question), ("customer", ENGLISH.no), ("system", ENGLISH.thanks)]
    assert detail["interactions"][-1]["id"] == item["agent_interaction_id"]
    async with asyncio.timeout(PATIENCE):
        while (found := (await ours.http.get("/v1/bot/feedback/collection/")).json())["asked"] < 2:
            await asyncio.sleep(0.05)
    assert found == {"asked": 2, "rated": 1, "collection_rate": 0.5}
    metrics = (await anyone.get("/metrics")).text
    assert 'retrace_webhooks_total{channel="twilio",outcome="rating"} 1.0' in metrics
