"""Calls of the completions API are corrected, and become cases, as answers in conversations do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.settings import Settings
from tests.doubles.openai import Double, openai_double
from tests.interfaces.http.conftest import Customer, settled
from tests.interfaces.http.upstream import asking
from tests.until import PATIENCE

CORRECTIONS = "/v1/bot/corrections"
EARLIER: list[dict[str, str]] = [
    {"role": "system", "content": "You work for the shoe shop Sole, and keep our prices to yourself."},
    {"role": "user", "content": "Hello, it is Zelda."},
    {"role": "assistant", "content": "Hello!"},
]


@pytest_asyncio.fixture(scope="module", name="upstream")
async def _upstream() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest.fixture(scope="module")
def settings(settings: Settings, upstream: Double) -> Settings:
    return asking(settings, upstream.url())


async def called(customer: Customer, text: str, *, model: str = "agent", **more: Any) -> dict[str, Any]:
    body = {"model": model, "messages": [*EARLIER, {"role": "user", "content": text}], **more}
    reply = await customer.http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def proposed(customer: Customer, call: dict[str, Any], right: str, **more: Any) -> dict[str, Any]:
    body = {"agent_interaction_id": call["retrace"]["call"], "human_response": right, "category": "tone"}
    reply = await customer.http.post(CORRECTIONS, json={**body, **more})
    assert reply.status_code == 201, reply.text
    at_least = {"Retrace-Position": reply.headers["Retrace-Position"]}
    shown = await customer.http.get(f"{CORRECTIONS}/{reply.json()['id']}", headers=at_least)
    found: dict[str, Any] = shown.json()
    return found


async def dataset_of(customer: Customer) -> str:
    made = await customer.http.post("/v1/datasets", json={"name": "Calls"})
    return f"/v1/datasets/{made.json()['id']}"


@pytest.mark.parametrize("model", ["agent", "auto", "openai/gpt-4o-mini"])
async def test_a_call_is_corrected_with_where_it_came_from(ours: Customer, model: str) -> None:
    call = await called(ours, f"May I return boots? ({model})", model=model, user="zelda@example.com")
    said = call["choices"][0]["message"]["content"]
    found = await proposed(ours, call, "Within 30 days.", bot_response=said)
    assert (found["message"], found["human_response"]) == (
        f"May I return boots? ({model})",
        "Within 30 days.",
    )
    assert [turn["role"] for turn in found["context"]] == ["user", "assistant"]
    assert "prices" not in str(found["context"]), "what the app tells the model is no part of what was said"
    lineage = found["lineage"]
    assert (lineage["channel"], lineage["use"]) == ("api", "tenant_only")
    assert lineage["model"] in call["retrace"]["model"]
    assert (lineage["prompt"] is not None) == (model == "agent")


async def test_what_the_log_has_of_a_call_is_compared(ours: Customer) -> None:
    call = (await called(ours, "Do you ship abroad?"))["retrace"]["call"]
    right = {"agent_interaction_id": call, "human_response": "Yes.", "category": "other"}
    in_none = await ours.http.post(CORRECTIONS, json={**right, "conversation_id": str(uuid4())})
    assert (in_none.status_code, "completions API" in in_none.json()["detail"]) == (400, True)
    other = await ours.http.post(CORRECTIONS, json={**right, "bot_response": "Something else."})
    assert other.status_code == 400


async def test_calls_become_cases_and_what_can_not_says_why(ours: Customer) -> None:
    dataset = await dataset_of(ours)
    call = await called(ours, "Do you sell socks?", user="zelda")
    begun = await called(ours, "x" * 16_001, model="auto")
    nobody = await ours.http.post(
        "/v1/chat/completions", json={"model": "auto", "messages": [EARLIER[0]], "user": "zelda"}
    )
    body = {
        "interactions": [each["retrace"]["call"] for each in (call, begun, nobody.json())] + [str(uuid4())]
    }
    added = (await ours.http.post(f"{dataset}/interactions", json=body)).json()
    assert added["added"] == 1
    reasons = {each["row"]: each["reason"] for each in added["refused"]}
    assert "16001 characters" in reasons[2]
    assert "no message of a user's" in reasons[3]
    assert reasons[4] == "there is no such interaction"
    (case,) = (await ours.http.get(f"{dataset}/cases")).json()["items"]
    assert (case["message"], case["source"]) == ("Do you sell socks?", "interaction")
    assert case["expected_answer"] == call["choices"][0]["message"]["content"]
    assert [turn["text"] for turn in case["context"]] == ["Hello, it is Zelda.", "Hello!"]


async def test_approved_corrections_of_calls_are_learned_from_without_the_users_name(ours: Customer) -> None:
    user = "quillon.vane@example.com"
    found = await proposed(
        ours, await called(ours, "Where is my order?", user=user), f"On its way, {user}. Bye, Zelda."
    )
    review = {"approved": True, "quality_score": 5}
    approved = await ours.http.post(f"{CORRECTIONS}/{found['id']}/approve", json=review)
    assert approved.status_code == 200
    dataset = await dataset_of(ours)

    async def taken() -> int:
        count: int = (await ours.http.post(f"{dataset}/corrections", json={"above": 4})).json()["cases"]
        return count

    async with asyncio.timeout(PATIENCE):
        while not await taken():
            await asyncio.sleep(0.05)
    (case,) = (await ours.http.get(f"{dataset}/cases")).json()["items"]
    assert (case["message"], case["source"]) == ("Where is my order?", "correction")
    made = await ours.http.post("/v1/training-sets", json={"name": "Of calls"})
    assert made.status_code in (201, 202), made.text
    shown = await settled(ours, f"/v1/training-sets/{made.json()['id']}")
    assert shown["statistics"]["left_out"] == {"evaluation_case": 1}


async def test_a_users_corrections_and_cases_go_with_them(ours: Customer) -> None:
    user, dataset = "fleeting-user", await dataset_of(ours)
    call = await called(ours, "Are you open at night?", user=user)
    found = await proposed(ours, call, "Only on Fridays.")
    kept = await proposed(ours, await called(ours, "And at noon?", user="another"), "Yes.")
    added = await ours.http.post(f"{dataset}/interactions", json={"interactions": [call["retrace"]["call"]]})
    assert added.json()["added"] == 1
    gone = await ours.http.post("/v1/customers/forget", json={"channel": "api", "address": user})
    assert gone.status_code in (200, 202), gone.text

    async with asyncio.timeout(PATIENCE):
        while (await ours.http.get(f"{CORRECTIONS}/{found['id']}")).status_code != 404:
            await asyncio.sleep(0.05)
        while (await ours.http.get(f"{dataset}/cases")).json()["items"]:
            await asyncio.sleep(0.05)
    assert (await ours.http.get(f"{CORRECTIONS}/{kept['id']}")).status_code == 200
    again = {"agent_interaction_id": call["retrace"]["call"], "human_response": "No.", "category": "other"}
    refused = await ours.http.post(CORRECTIONS, json=again)
    assert (refused.status_code, "erased" in refused.json()["detail"]) == (404, True), refused.text
    late = await ours.http.post(
        f"{dataset}/interactions", json={"interactions": [again["agent_interaction_id"]]}
    )
    assert late.json()["refused"] == [{"row": 1, "reason": "its customer was erased"}]
