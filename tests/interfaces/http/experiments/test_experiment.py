"""A tenant compares variants of its agent: arms are served, results shown, harm ends it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.experiments.look_at_experiment import LookAtExperiment, look_at_experiment
from application.replay.decisions import ReplayDecisions, replay_decisions
from domain.base.context import Context
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer

WARM = {"configuration": {"tone": "very warm"}, "prompts": {"decline": "I would rather not."}}
DESIGN: dict[str, Any] = {
    "name": "A warmer tone",
    "arms": [{"name": "as-it-is", "share": 0.5}, {"name": "warm", "share": 0.5, "variant": WARM}],
    "window": 0,
}


async def created(customer: Customer, **more: Any) -> dict[str, Any]:
    reply = await customer.http.post("/v1/experiments", json=DESIGN | more)
    assert reply.status_code == 201, reply.text
    assert reply.headers["Location"] == f"/v1/experiments/{reply.json()['id']}"
    shown: dict[str, Any] = reply.json()
    return shown


async def said(customer: Customer, experiment: dict[str, Any], word: str, **body: Any) -> dict[str, Any]:
    reply = await customer.http.post(f"/v1/experiments/{experiment['id']}/{word}", json=body or None)
    assert reply.status_code == 200, reply.text
    customer.http.headers["Retrace-Position"] = reply.headers["Retrace-Position"]
    shown: dict[str, Any] = reply.json()
    return shown


async def asked(customer: Customer, address: str) -> dict[str, Any]:
    reply = await customer.ask("When are you open?", address=address, wait=20)
    assert reply.status_code == 200, reply.text
    customer.http.headers["Retrace-Position"] = reply.headers["Retrace-Position"]
    shown: dict[str, Any] = reply.json()
    return shown


async def test_customers_get_the_arms_of_a_running_experiment_and_each_interaction_tells_which(
    ours: Customer,
) -> None:
    draft = await created(ours)
    assert (draft["status"], draft["design"]["arms"][1]["variant"]["configuration"]) == (
        "draft",
        {"tone": "very warm"},
    )
    assert (await asked(ours, "nobody"))["variants"] == []
    assert (await ours.http.get(f"/v1/experiments/{draft['id']}/results")).json()["arms"] == []
    running = await said(ours, draft, "start")
    assert running["status"] == "running"
    answers = [await asked(ours, f"c{number}") for number in range(12)]
    counted = Counter(each["variants"][0]["arm"] for each in answers)
    assert set(counted) == {"as-it-is", "warm"}
    assert all(
        (each["variants"][0]["split"], each["variants"][0]["share"]) == (draft["id"], 0.5) for each in answers
    )
    again = [await asked(ours, f"c{number}") for number in range(4)]
    assert [each["variants"] for each in again] == [each["variants"] for each in answers[:4]]
    warm = next(each for each in answers if each["variants"][0]["arm"] == "warm")
    why = (await ours.http.get(f"/v1/interactions/{warm['id']}/why")).json()
    assert why["variants"][0]["variant"]["configuration"] == {"tone": "very warm"}
    assert why["configuration"]["tone"] == "very warm"
    assert "very warm" in why["prompt"][0]["text"]
    listed = (await ours.http.get("/v1/experiments?status=running")).json()
    assert [each["id"] for each in listed["items"]] == [draft["id"]]
    stopped = await said(ours, draft, "stop", reason="enough seen")
    assert (stopped["status"], stopped["ended"]["why"]) == ("stopped", "by hand")
    assert (await asked(ours, "c1"))["variants"] == []
    concluded = await said(ours, draft, "conclude", winner="warm", reason="it is nicer")
    assert concluded["conclusion"]["winner"] == "warm"
    read = (await ours.http.get(f"/v1/experiments/{draft['id']}")).json()
    assert read == concluded


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"arms": DESIGN["arms"][:1]}, 400, "arms"),
        ({"arms": [{"name": "A b", "share": 0.5}] * 2}, 400, "name"),
        ({"goal": "beauty"}, 400, "goal"),
        ({"traffic": 0}, 400, "traffic"),
        (
            {
                "arms": [
                    DESIGN["arms"][0],
                    {"name": "b", "share": 0.5, "variant": {"configuration": {"tune": "x"}}},
                ]
            },
            400,
            "has no 'tune'",
        ),
        (
            {"arms": [DESIGN["arms"][0], {"name": "b", "share": 0.5, "variant": {"model": "opnai/gpt-4o"}}]},
            422,
            "there is no provider 'opnai'",
        ),
        (
            {
                "arms": [
                    DESIGN["arms"][0],
                    {"name": "b", "share": 0.5, "variant": {"prompts": {"answer": "Be nice."}}},
                ]
            },
            400,
            "lacks",
        ),
    ],
)
async def test_what_cannot_be_compared_is_refused_when_it_is_sent(
    ours: Customer, change: dict[str, Any], status: int, told: str
) -> None:
    reply = await ours.http.post("/v1/experiments", json=DESIGN | change)
    assert reply.status_code == status, reply.text
    assert told in reply.text


async def test_no_customer_is_in_two_experiments_of_a_group_and_the_same_part_needs_one(
    theirs: Customer,
) -> None:
    first = await created(theirs, group="tone", traffic=0.6)
    second = await created(theirs, group="tone", traffic=0.6)
    apart = await created(theirs, traffic=0.5)
    await said(theirs, first, "start")
    full = await theirs.http.post(f"/v1/experiments/{second['id']}/start")
    assert (full.status_code, "has 0.4 of the customers left" in full.text) == (422, True)
    meets = await theirs.http.post(f"/v1/experiments/{apart['id']}/start")
    assert meets.status_code == 422
    assert f"the experiment {first['id']} changes configuration.tone" in meets.text
    fewer = await theirs.http.post(f"/v1/experiments/{first['id']}/widen", json={"traffic": 0.5})
    assert (fewer.status_code, "stay in it" in fewer.text) == (422, True)
    tag = (await theirs.http.get(f"/v1/experiments/{first['id']}")).headers["ETag"]
    assert (await said(theirs, first, "widen", traffic=0.8))["traffic"] == 0.8
    stale = await theirs.http.post(
        f"/v1/experiments/{first['id']}/widen", json={"traffic": 1.0}, headers={"If-Match": tag}
    )
    assert stale.status_code == 409
    await said(theirs, first, "stop", reason="done")
    assert (await said(theirs, second, "start"))["status"] == "running"
    assert (await theirs.http.post(f"/v1/experiments/{first['id']}/start")).status_code == 422
    await said(theirs, second, "stop", reason="done")


async def test_each_needs_its_scope_and_another_tenants_is_none(ours: Customer, theirs: Customer) -> None:
    draft = await created(ours)
    assert (await theirs.http.get(f"/v1/experiments/{draft['id']}")).status_code == 404
    assert (await theirs.http.post(f"/v1/experiments/{draft['id']}/start")).status_code == 404
    headers = await ours.limited("analytics:view")
    for path in ("", f"/{draft['id']}", f"/{draft['id']}/results"):
        assert (await ours.http.get(f"/v1/experiments{path}", headers=headers)).status_code == 200
    for path in ("", f"/{draft['id']}/start", f"/{draft['id']}/stop"):
        assert (
            await ours.http.post(f"/v1/experiments{path}", json=DESIGN, headers=headers)
        ).status_code == 403


async def test_harm_ends_an_experiment_and_the_agent_in_force_answers_again(
    theirs: Customer, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An arm whose customers are all handed over to a person."""
    monkeypatch.setattr("application.experiments.results.GRACE", timedelta(0))
    harmful = {"name": "shy", "share": 0.5, "variant": {"configuration": {"handoff_topics": ["open"]}}}
    arms, limits = [DESIGN["arms"][0], harmful], {"handoff_rate": {"worse": 0.05}}
    draft = await created(theirs, name="Shy", arms=arms, limits=limits)
    await said(theirs, draft, "start")
    for start in range(0, 60, 10):
        await asyncio.gather(*(asked(theirs, f"shy{number}") for number in range(start, start + 10)))
    results = (await theirs.http.get(f"/v1/experiments/{draft['id']}/results")).json()
    first, shy = results["arms"]
    assert first["customers"] + shy["customers"] == 60
    assert (first["figures"]["handoff_rate"]["value"], shy["figures"]["handoff_rate"]["value"]) == (0.0, 1.0)
    assert shy["figures"]["failure_rate"] == {"value": 0.0, "mean": 0.0, "count": shy["customers"]}
    (comparison,) = results["comparisons"]
    assert comparison["metrics"]["handoff_rate"]["apart"]["low"] > 0.3
    assert comparison["harm"]["metric"] == "handoff_rate"
    assert not comparison["mismatch"]
    context = Context(tenant=theirs.tenant, actor="worker", correlation=uuid4())
    command = LookAtExperiment(experiment=UUID(draft["id"]))
    given = {"store": parts.store, "outcomes": parts.outcomes, "clock": parts.clock}
    assert await look_at_experiment(command, context, **given) is None
    ended = (await theirs.http.get(f"/v1/experiments/{draft['id']}")).json()
    assert (ended["status"], ended["ended"]["why"], ended["ended"]["arm"]) == ("stopped", "harm", "shy")
    (verdict,) = ended["verdicts"]
    assert (verdict["harm"]["metric"], verdict["rule"]) == ("handoff_rate", 1)
    assert verdict["position"] > 0
    assert sum(verdict["customers"]) == 60
    again = await replay_decisions(ReplayDecisions(), theirs.tenant, store=parts.store)
    assert (again.verdicts, again.differing, again.rows) == (1, 0, [])
    after = await asyncio.gather(*(asked(theirs, f"later{number}") for number in range(6)))
    assert [each["variants"] for each in after] == [[]] * 6
    assert {each["handoff"] for each in after} == {None}
