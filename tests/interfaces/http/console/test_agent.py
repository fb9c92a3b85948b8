"""The agent is set, taught and connected by forms, as by the API."""

from __future__ import annotations

import asyncio
import re

import pytest_asyncio

from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import Person, joined
from tests.interfaces.http.console.worlds.agent import ACCOUNT, NEVER
from tests.until import PATIENCE


@pytest_asyncio.fixture(scope="module", name="engineer")
async def _engineer(ours: Customer) -> Person:
    engineer = await joined(ours, "engineer@example.com", "engineer")
    await engineer.sign_in()
    return engineer


def filled(page: str, action: str) -> dict[str, str]:
    """What a form of a page would send as it stands."""
    (form,) = re.findall(rf'<form[^>]*action="{action}"[^>]*>(.*?)</form>', page, re.DOTALL)
    found = dict(re.findall(r'<input[^>]*name="([^"]+)" type="(?:text|hidden)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n([^<]*)</textarea>', form))
    found |= dict(re.findall(r'type="checkbox" name="([^"]+)" value="(true)" checked', form))
    found |= dict(re.findall(r'name="([^"]+)" type="checkbox" value="(true)" checked', form))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found[name] = "".join(re.findall(r'value="([^"]*)" selected', options))
    return {name: value.replace("&#39;", "'") for name, value in found.items()}


async def test_a_form_that_is_sent_as_it_stands_changes_nothing(ours: Customer, engineer: Person) -> None:
    before = (await ours.http.get("/v1/agent/configuration")).json()["configuration"]
    form = filled((await engineer.http.get("/console/agent")).text, "/console/agent/configure")
    assert (await engineer.send("/console/agent/configure", form)).status_code == 303
    assert (await ours.http.get("/v1/agent/configuration")).json()["configuration"] == before
    form |= {"tone": "solemn", "personality": "kind\nbrief", "quiet_seconds": "40"}
    refused = await engineer.send("/console/agent/configure", form)
    assert refused.status_code == 400
    assert 'name="quiet_seconds" type="text" value="40"' in refused.text
    assert "number of at most 30" in refused.text
    done = await engineer.send("/console/agent/configure", {**form, "quiet_seconds": "1"})
    assert done.status_code == 303, done.text
    now = (await ours.http.get("/v1/agent/configuration")).json()["configuration"]
    assert now == {**before, "tone": "solemn", "personality": ["kind", "brief"], "quiet_seconds": 1.0}


async def test_an_earlier_configuration_is_compared_and_restored(ours: Customer, engineer: Person) -> None:
    for tone in ("first", "second"):
        await ours.http.put("/v1/agent/configuration", json={"tone": tone})
    versions = (await ours.http.get("/v1/agent/configuration/versions")).json()["items"]
    earlier = versions[-2]["version"]
    page = (await engineer.http.get(f"/console/agent/versions/{earlier}")).text
    assert re.search(r"tone.*?<del>first</del>.*?<ins>second</ins>", page, re.DOTALL)
    assert (await engineer.send(f"/console/agent/versions/{earlier}/restore")).status_code == 303
    assert (await ours.http.get("/v1/agent/configuration")).json()["configuration"]["tone"] == "first"
    assert (await engineer.http.get("/console/agent/versions/99")).status_code == 404


async def test_documents_and_entries_come_from_files(ours: Customer, engineer: Person) -> None:
    files = {"file": ("prices.md", b"# Prices\n\nA haircut is 30 euros.\n")}
    sent = await engineer.send("/console/documents/upload", files=files)
    assert sent.status_code == 303, sent.text
    path = sent.headers["Location"]
    async with asyncio.timeout(PATIENCE):
        while "Completed" not in (page := (await engineer.http.get(path)).text):
            assert "htmx.min.js" in page, "it is looked at again by itself"
            await asyncio.sleep(0.1)
    assert (await engineer.send("/console/documents/upload", files={})).status_code in (400, 422)
    csv = b"title,content\nDo you cut beards?,Yes.\n,No title.\n"
    told = await engineer.send("/console/knowledge/import", files={"file": ("entries.csv", csv)})
    assert told.status_code == 200, told.text
    (back,) = re.findall(r'href="(/console/knowledge\?at=\d+)"', told.text)
    async with asyncio.timeout(PATIENCE):
        while "Do you cut beards?" not in (await engineer.http.get(back)).text:
            await asyncio.sleep(0.1)


async def test_tokens_and_secrets_are_taken_and_not_shown_again(ours: Customer, engineer: Person) -> None:
    path = f"/console/channels/{ACCOUNT}"
    moved = await engineer.send("/console/channels/add", {"account": ACCOUNT})
    assert moved.headers["Location"].endswith(path)
    form = {**filled((await engineer.http.get(path)).text, f"{path}/set"), "auth_token": "tell-nobody-ever"}
    form["senders"] = "whatsapp:+14155238886"
    refused = await engineer.send(f"{path}/set", {**form, "messages_per_second": "0"})
    assert (refused.status_code, "tell-nobody-ever" in refused.text) == (400, False)
    assert (await engineer.send(f"{path}/set", form)).status_code == 303
    assert "tell-nobody-ever" not in (await engineer.http.get(path)).text
    assert len((await ours.http.get("/v1/channels")).json()["twilio"]) == 1
    hook = {"url": "https://1.1.1.1/told", "events": NEVER, "description": "", "secret": ""}
    made = await engineer.send("/console/webhooks/add", hook)
    (secret,) = re.findall(r"whsec_[\w+/=]{20,}", made.text)
    assert secret not in (await engineer.http.get("/console/webhooks")).text
