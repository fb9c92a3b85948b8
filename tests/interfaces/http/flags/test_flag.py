"""Flags and usage over HTTP."""

from __future__ import annotations

from typing import Any

from tests.interfaces.http.conftest import Customer


async def flag(customer: Customer, name: str) -> dict[str, Any]:
    items = (await customer.http.get("/v1/flags")).json()["items"]
    found: dict[str, Any] = next(item for item in items if item["name"] == name)
    return found


async def test_flags_are_listed_with_their_defaults_and_switched(ours: Customer, theirs: Customer) -> None:
    assert {"full_agent", "response_cache"} <= {
        item["name"] for item in (await ours.http.get("/v1/flags")).json()["items"]
    }
    reply = await ours.http.put("/v1/flags/full_agent", json={"percentage": 30})
    assert reply.status_code == 200
    assert int(reply.headers["Retrace-Position"]) > 0
    assert (reply.json()["on"], reply.json()["percentage"]) == (True, 30)
    assert (await flag(ours, "full_agent"))["percentage"] == 30
    assert (await flag(theirs, "full_agent"))["percentage"] == 100
    for wrong in ({}, {"percentage": 101}, {"percentage": "30"}, {"on": 1}, {"what": 1}):
        assert (await ours.http.put("/v1/flags/full_agent", json=wrong)).status_code == 400, wrong
    assert (await ours.http.put("/v1/flags/nonesuch", json={"on": True})).status_code == 404


async def test_a_rollout_is_begun_shown_and_stopped(theirs: Customer) -> None:
    await theirs.http.put("/v1/flags/full_agent", json={"on": False})
    reply = await theirs.http.post("/v1/flags/full_agent/rollout")
    assert reply.status_code == 201, reply.text
    shown = reply.json()
    assert (shown["on"], shown["percentage"]) == (True, 10)
    rollout = shown["rollout"]
    assert [step["percentage"] for step in rollout["plan"]["steps"]] == [10, 50, 100]
    assert (rollout["step"], rollout["held"], rollout["before"]["on"]) == (0, False, False)
    assert set(rollout["evidence"]) == {"failure_rate.worse", "helpful_rate.worse", "latency_ms.worse"}
    assert set(rollout["compared"]) == {"failure_rate", "helpful_rate", "latency_ms"}
    assert any("1.2 %" in told for told in rollout["hardly_found"])
    assert (rollout["on"], rollout["off"], rollout["assignment"]) == ({}, {}, 1.0)
    assert (await theirs.http.put("/v1/flags/full_agent", json={"on": False})).status_code == 422
    assert (await theirs.http.post("/v1/flags/full_agent/rollout/confirm")).status_code == 422
    assert (await flag(theirs, "full_agent"))["rollout"]["id"] == rollout["id"]
    assert (await theirs.http.post("/v1/flags/full_agent/rollout/stop", json={})).status_code == 400
    body = {"reason": "not yet", "back": True}
    reply = await theirs.http.post("/v1/flags/full_agent/rollout/stop", json=body)
    assert reply.status_code == 200
    assert (reply.json()["on"], reply.json()["rollout"]) == (False, None)
    assert reply.json()["ended"]["how"] == "rolled back"


async def test_plans_that_make_no_sense_are_refused(ours: Customer) -> None:
    await ours.http.put("/v1/flags/full_agent", json={"on": False})
    wrong: list[dict[str, Any]] = [
        {"steps": steps}
        for steps in ([], [{"percentage": 0}], [{"percentage": 50}, {"percentage": 10}], [{"hold_hours": 1}])
    ]
    wrong += [{"limits": {"helpful_rate": {"most": 0.5}}}, {"window": -1}]
    for plan in wrong:
        reply = await ours.http.post("/v1/flags/full_agent/rollout", json=plan)
        assert reply.status_code == 400, reply.text


async def test_each_needs_its_scope(ours: Customer) -> None:
    headers = await ours.limited("analytics:view")
    assert (await ours.http.get("/v1/flags", headers=headers)).status_code == 200
    for path in ("comparison", "drift", "usage?per=tenant&by=month"):
        assert (await ours.http.get(f"/v1/providers/{path}", headers=headers)).status_code == 200, path
    reply = await ours.http.put("/v1/flags/full_agent", json={"on": True}, headers=headers)
    assert reply.status_code == 403
    assert (await ours.http.post("/v1/flags/full_agent/rollout", headers=headers)).status_code == 403


async def test_usage_is_summed_and_compared(ours: Customer) -> None:
    reply = await ours.ask("Are you open?")
    headers = {"Retrace-Position": reply.headers["Retrace-Position"]}
    (used,) = (await ours.http.get("/v1/providers/usage?per=tenant&by=all", headers=headers)).json()["items"]
    assert (used["provider"], used["model"]) == (None, None)
    assert used["calls"] >= 1
    assert used["success_rate"] == 1
    items = (await ours.http.get("/v1/providers/comparison", headers=headers)).json()["items"]
    assert sum(item["calls"] for item in items) == used["calls"]
    assert (await ours.http.get("/v1/providers/drift", headers=headers)).json()["items"] == []
    assert (await ours.http.get("/v1/providers/comparison?since=2026-02-30")).status_code == 400
    assert (await ours.http.get("/v1/providers/usage?per=nobody")).status_code == 400
