"""A call of the completions API afterwards: explained, recognised, forgotten."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.interfaces.http.conftest import Customer, settled
from tests.until import PATIENCE

HOURS = b"Opening hours\n\nWe are open from nine to five, Monday to Friday.\n"


async def call(customer: Customer, text: str, **more: Any) -> dict[str, Any]:
    body = {"model": "agent", "messages": [{"role": "user", "content": text}], **more}
    reply = await customer.http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    given: dict[str, Any] = reply.json()
    return given


async def test_a_call_is_explained_like_an_interaction(ours: Customer) -> None:
    made = await ours.http.post("/v1/documents", files={"file": ("hours.txt", HOURS)})
    await settled(ours, made.headers["Location"])
    given = await call(ours, "When are you open?")
    id = given["retrace"]["call"]
    why = (await ours.http.get(f"/v1/interactions/{id}/why")).json()
    assert (why["interaction"], why["conversation"], why["status"]) == (id, None, "answered")
    assert why["messages"] == [{"id": "0", "text": "When are you open?", "parts": []}]
    assert why["answer"] == given["choices"][0]["message"]["content"]
    assert why["routing"]["model"] == "local/extractive"
    assert (why["attempts"][0]["outcome"], why["cost"], why["cached"]) == (
        "ok",
        given["retrace"]["cost"],
        False,
    )
    assert why["prompt"][0]["role"] == "system"
    assert why["template"] == "answer/4"
    assert why["configuration"] is not None
    assert why["citations"] == given["retrace"]["citations"] != []
    assert any(item["cited"] and "nine to five" in item["text"] for item in why["passages"])
    assert why["flags"]["full_agent"]
    kinds = [event["kind"] for event in why["evidence"]]
    assert kinds == ["call.requested", "call.prompted", "call.metered", "call.answered"]


async def test_a_call_without_an_answer_is_explained_too(ours: Customer) -> None:
    body = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello?"}]}
    reply = await ours.http.post("/v1/chat/completions", json=body)
    assert reply.status_code >= 400
    listed = (await ours.http.get("/v1/audit/events", params={"kind": "call.ended"})).json()
    id = listed["items"][-1]["stream"].partition("/")[2]
    why = (await ours.http.get(f"/v1/interactions/{id}/why")).json()
    assert (why["status"], why["answer"], why["prompt"][0]["text"]) == ("failed", None, "Hello?")
    assert "openai" in why["reason"]
    assert why["routing"]["passed_over"][0]["model"] == "openai/gpt-4o-mini"


async def test_another_tenants_call_is_not_there(ours: Customer, theirs: Customer) -> None:
    id = (await call(ours, "Hello?"))["retrace"]["call"]
    assert (await theirs.http.get(f"/v1/interactions/{id}/why")).status_code == 404


async def test_what_a_call_was_told_is_recognised_until_its_user_is_forgotten(ours: Customer) -> None:
    given = await call(ours, "Which days are you open on?", user="app-user-7")
    id, text = given["retrace"]["call"], given["choices"][0]["message"]["content"]
    async with asyncio.timeout(PATIENCE):
        while id not in (found := await ours.http.post("/v1/audit/wrote", json={"text": text})).text:
            await asyncio.sleep(0.05)
    item = next(item for item in found.json()["items"] if item["interaction"] == id)
    assert (item["conversation"], item["provider"], item["model"]) == (None, "local", "extractive")
    listed = (await ours.http.get("/v1/audit/events", params={"kind": "call.answered"})).json()["items"]
    (event,) = [event for event in listed if event["stream"] == f"call/{id}"]
    assert event["machine_made"]
    reply = await ours.http.post("/v1/customers/forget", json={"channel": "api", "address": "app-user-7"})
    assert reply.status_code == 202
    assert len(reply.json()["users"]) == 1
    async with asyncio.timeout(PATIENCE):
        while (await ours.http.get(f"/v1/interactions/{id}/why")).status_code != 404:
            await asyncio.sleep(0.05)
        while id in (await ours.http.post("/v1/audit/wrote", json={"text": text})).text:
            await asyncio.sleep(0.05)
    unknown = await ours.http.post("/v1/customers/forget", json={"channel": "api", "address": "nobody"})
    assert unknown.status_code == 404
