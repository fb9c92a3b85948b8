"""The routing policy over HTTP: set, explained, seen on an interaction, taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from interfaces.http import EXAMPLES
from tests.interfaces.http.conftest import Customer

POLICY: dict[str, Any] = EXAMPLES["put", "/v1/routing"]
COMPLEX = (
    "Compare the three plans for a team of 15, analyse what each costs over 24 months, and calculate which is the "
    "cheapest with 40 users: step by step, please."
)


async def test_a_policy_is_set_explained_and_taken_back(ours: Customer) -> None:
    nothing = (await ours.http.get("/v1/routing")).json()
    assert (nothing["version"], nothing["policy"]) == (0, None)
    same = await ours.http.post("/v1/routing/restore", json={"version": 1})
    assert (same.status_code, same.json()["policy"], same.json()["version"]) == (200, None, 0)
    later = await ours.http.post("/v1/routing/restore", json={"version": 3})
    assert (later.status_code, "no version 3 of the routing policy" in later.text) == (404, True)
    told = (await ours.http.post("/v1/routing/explain", json={"text": COMPLEX})).json()
    assert told["route"]["routing"]["by"] == "configuration"
    assert told["complexity"]["score"] > 0.7

    made = await ours.http.put("/v1/routing", json=POLICY)
    assert made.status_code == 200, made.text
    assert int(made.headers["Retrace-Position"]) > 0
    assert made.json()["policy"]["tiers"] == POLICY["tiers"]
    version = made.json()["version"]
    await asyncio.sleep(1.1)
    assert (await ours.http.get("/v1/routing")).json() == made.json()
    told = (await ours.http.post("/v1/routing/explain", json={"text": COMPLEX})).json()
    routing = told["route"]["routing"]
    assert (routing["tier"], routing["model"], routing["policy"]) == (
        "complex",
        "openai/gpt-6.1-sol",
        version,
    )
    assert routing["score"] == pytest.approx(sum(routing["parts"].values()))
    assert told["route"]["models"] == ["openai/gpt-6.1-sol", *POLICY["failover"]]

    changed = await ours.http.put("/v1/routing", json={"tiers": POLICY["tiers"]})
    assert changed.json()["version"] == version + 1
    back = await ours.http.post("/v1/routing/restore", json={"version": version})
    assert back.status_code == 200
    assert (back.json()["version"], back.json()["policy"]) == (version + 2, made.json()["policy"])
    address = f"/v1/audit/states/{made.json()['stream']}"
    then = (await ours.http.get(address, params={"version": version + 1})).json()
    assert then["state"]["policy"]["failover"] is None


async def test_the_decision_stands_on_the_interaction(ours: Customer) -> None:
    await ours.http.put("/v1/routing", json=POLICY)
    await asyncio.sleep(1.1)
    asked = (await ours.ask("When are you open?", address="routed")).json()
    why = (await ours.http.get(f"/v1/interactions/{asked['id']}/why")).json()
    assert why["routing"]["by"] == "score"
    assert why["routing"]["tier"] == "simple"
    assert why["routing"]["score"] < 0.3
    assert why["routing"]["reason"] == "quick and cheap"
    passed = [each["model"] for each in why["routing"]["passed_over"]]
    assert passed == ["openai/gpt-6-luna", "openai/gpt-6.1-terra"]  # there is no key for them here


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"thresholds": {"simple_below": 0.9}}, 400, "simple_below"),
        ({"thresholds": {"simple_below": 2}}, 400, "simple_below"),
        ({"failover": ["gpt-4o"]}, 400, "failover"),
        ({"failover": ["openai/o1-preview"]}, 422, "openai/gpt-5.6-sol"),
        ({"tiers": {"default": {}}}, 400, "tiers"),
    ],
)
async def test_a_policy_that_cannot_be_is_refused(
    theirs: Customer, change: dict[str, Any], status: int, told: str
) -> None:
    reply = await theirs.http.put("/v1/routing", json={**POLICY, **change})
    assert reply.status_code == status, reply.text
    assert told in reply.text
    assert (await theirs.http.get("/v1/routing")).json()["policy"] is None


async def test_explaining_writes_nothing_and_checks_a_pinned_model(theirs: Customer) -> None:
    body = {"text": "Hello?", "model": "openai/gpt-6-luna"}
    told = (await theirs.http.post("/v1/routing/explain", json=body)).json()
    assert told["route"]["routing"]["by"] == "pinned"
    refused = await theirs.http.post("/v1/routing/explain", json={**body, "model": "openai/o1-mini"})
    assert refused.status_code == 422
    assert refused.json()["successor"] == "openai/gpt-5.6-terra"
    assert (await theirs.http.post("/v1/routing/explain", json={**body, "model": "luna"})).status_code == 400
    assert (await theirs.http.post("/v1/routing/explain", json={"text": ""})).status_code == 400
    kinds = [item["kind"] for item in (await theirs.http.get("/v1/audit/events?limit=200")).json()["items"]]
    assert [kind for kind in kinds if kind.startswith("routing.")] == []


async def test_managing_and_viewing_are_told_apart(ours: Customer, anyone: httpx.AsyncClient) -> None:
    viewer, manager = await ours.limited("analytics:view"), await ours.limited("integrations:manage")
    assert (await anyone.get("/v1/routing", headers=viewer)).status_code == 200
    assert (await anyone.put("/v1/routing", json=POLICY, headers=viewer)).status_code == 403
    assert (await anyone.put("/v1/routing", json=POLICY, headers=manager)).status_code == 200
