"""Deployments over HTTP: real messages, ratings in the log, a worker that looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from application.experiments import deploying, look, shadow
from application.replay.decisions import ReplayDecisions, replay_decisions
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.feedback.rating import Rating
from infra.outgoing.client import Outgoing
from interfaces.bootstrap import Services
from tests.application.experiments.evaluated import evaluated
from tests.doubles.wire import Reply, Wire, serving
from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE, until

TERSE = Variant(configuration={"tone": "terse"})
STEPS = [{"percentage": 50, "hold_hours": 1}, {"percentage": 100}]
LIMITS = {"failure_rate": None, "latency_ms": None, "helpful_rate": {"worse": 0.05}}


@pytest_asyncio.fixture(scope="module", autouse=True)
async def _soon() -> Any:
    """Looks come one after the other, at all that is closed by then."""
    with pytest.MonkeyPatch.context() as patch:
        for place in (look, deploying):
            patch.setattr(place, "LOOK", timedelta(seconds=0.3))
        patch.setattr(look, "GRACE", timedelta(0))
        patch.setattr(shadow, "PAUSE", timedelta(seconds=0.2))
        yield


async def evaluation_of(customer: Customer, parts: Services, variant: Variant = TERSE) -> str:
    about = Context(tenant=customer.tenant, actor="key:test", correlation=uuid4())
    return str(await evaluated(variant, about, store=parts.store, at=parts.clock()))


async def created(customer: Customer, parts: Services, **more: Any) -> dict[str, Any]:
    body = {"name": "terser", "evaluation": await evaluation_of(customer, parts), **more}
    reply = await customer.http.post("/v1/deployments", json=body)
    assert reply.status_code == 201, reply.text
    assert reply.headers["Location"] == f"/v1/deployments/{reply.json()['id']}"
    shown: dict[str, Any] = reply.json()
    return shown


async def reaches(customer: Customer, id: str, status: str, within: float = 60) -> dict[str, Any]:
    async with asyncio.timeout(within):
        while True:
            shown: dict[str, Any] = (await customer.http.get(f"/v1/deployments/{id}")).json()
            if shown["status"] == status:
                return shown
            await asyncio.sleep(0.1)


async def served(customer: Customer, parts: Services, address: str) -> tuple[UUID, UUID, str | None]:
    """Interaction, conversation, and the arm that answered."""
    reply = await customer.ask("Are you open?", address=address)
    assert reply.status_code == 200, reply.text
    interaction = reply.json()["id"]
    shown = (await customer.http.get(f"/v1/interactions/{interaction}")).json()
    variants = shown["variants"]
    return UUID(interaction), UUID(reply.json()["conversation"]), variants[0]["arm"] if variants else None


async def rate(parts: Services, tenant: UUID, interaction: UUID, conversation: UUID, helpful: bool) -> None:
    rating = Rating.begin(interaction, conversation, parts.clock())
    rating.rate(helpful, "api", parts.clock())
    await parts.store.save(rating, context=Context(tenant=tenant, actor="key:test", correlation=uuid4()))


@pytest_asyncio.fixture(name="wire")
async def _wire(parts: Services, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    """An app's address on loopback, to which this deployment may send."""
    http = Outgoing(guarded=False)
    monkeypatch.setattr(parts.webhook_sender, "_private", True)
    monkeypatch.setattr(parts.webhook_sender, "_http", http)
    wire = Wire(lambda call: Reply(status=204, body=b""))
    async with serving(wire):
        yield wire
    await http.aclose()


async def test_one_whose_answers_help_nobody_goes_back_by_itself_and_its_verdict_can_be_taken_again(
    ours: Customer, parts: Services, wire: Wire
) -> None:
    hook = {"url": f"http://127.0.0.1:{wire.port}/hook", "events": ["deployment.rolled_back"]}
    assert (await ours.http.post("/v1/webhooks", json=hook)).status_code == 201
    # A rating that comes after the window counts for nothing: on a busy machine that takes more than a second.
    plan = {"steps": STEPS, "limits": LIMITS, "window": 8.0, "least": 0}
    made = await created(ours, parts, plan=plan)
    assert made["hardly_found"] == ["a helpful rate that falls by less than 3 %"]
    id = made["id"]
    reply = await ours.http.post(f"/v1/deployments/{id}/start")
    assert reply.status_code == 200, reply.text
    assert (reply.json()["status"], reply.json()["progress"]["percentage"]) == ("running", 50)
    arms: list[str | None] = []

    async def customer(number: int) -> None:
        interaction, conversation, arm = await served(ours, parts, f"customer {number}")
        arms.append(arm)
        await rate(parts, ours.tenant, interaction, conversation, arm == "current")

    for first in range(0, 90, 6):
        async with asyncio.TaskGroup() as group:
            for number in range(first, first + 6):
                group.create_task(customer(number))
        if (await ours.http.get(f"/v1/deployments/{id}")).json()["status"] != "running":
            break
    shown = await reaches(ours, id, "rolled back")
    assert {"current", "candidate"} <= set(arms)
    assert shown["finding"]["metric"] == "helpful_rate"
    assert (shown["finding"]["value"], shown["finding"]["other"]) == (0, 1)
    assert shown["reason"].startswith("helpful_rate is 0 over")
    assert (await served(ours, parts, "the next one"))[2] is None
    events = [
        recorded async for recorded in parts.store.events(ours.tenant, topics=["deployment.rolled_back"])
    ]
    assert len(events) == 1
    await until(lambda: wire.calls)
    (call,) = wire.calls
    told = call.body["data"]
    assert (call.body["type"], told["position"]) == ("deployment.rolled_back", events[0].position)
    evidence = told["data"]
    assert evidence["reason"] == shown["reason"]
    assert evidence["judgement"]["finding"]["metric"] == "helpful_rate"
    assert {"rule", "position"} <= evidence["judgement"].keys(), evidence
    replayed = await replay_decisions(ReplayDecisions(), ours.tenant, store=parts.store)
    assert (replayed.verdicts, replayed.differing, replayed.rows) == (1, 0, [])


async def test_what_customers_were_told_is_answered_in_the_shadow_and_goes_with_them(
    theirs: Customer, parts: Services
) -> None:
    id = (await created(theirs, parts, shadow={"share": 1, "most": 3}))["id"]
    await served(theirs, parts, "before")
    reply = await theirs.http.post(f"/v1/deployments/{id}/shadow")
    assert reply.json()["status"] == "shadowing"
    asked = [await served(theirs, parts, f"customer {number}") for number in range(4)]
    await reaches(theirs, id, "created")
    position = {"Retrace-Position": str(await parts.reads.head(theirs.tenant))}
    shown = (await theirs.http.get(f"/v1/deployments/{id}", headers=position)).json()
    assert (shown["shadowed"]["answers"], shown["shadowed"]["failed"]) == (3, 0)
    assert {arm for _, _, arm in asked} == {None}
    page = (await theirs.http.get(f"/v1/deployments/{id}/shadows?limit=2")).json()
    more = (await theirs.http.get(f"/v1/deployments/{id}/shadows?cursor={page['next_cursor']}")).json()
    items = [*page["items"], *more["items"]]
    assert [item["interaction"] for item in items] == [str(each[0]) for each in reversed(asked[:3])]
    assert all(item["text"] and item["same"] for item in items), items
    transcript = (await theirs.http.get(f"/v1/conversations/{asked[0][1]}")).json()
    assert len(transcript["interactions"]) == 1, "nothing of it is in the conversation"
    body = {"channel": "http", "address": "customer 0"}
    assert (await theirs.http.post("/v1/customers/forget", json=body)).status_code == 202
    async with asyncio.timeout(PATIENCE):
        while True:
            items = (await theirs.http.get(f"/v1/deployments/{id}/shadows")).json()["items"]
            if items[-1]["text"] is None:
                break
            await asyncio.sleep(0.1)
    assert [bool(item["text"]) for item in items] == [True, True, False]


async def test_the_way_of_a_deployment_by_hand(theirs: Customer, parts: Services) -> None:
    plan = {"steps": [{"percentage": 100}], "automatic": False, "least": 0, "window": 0}
    made = await created(theirs, parts, plan=plan)
    path = f"/v1/deployments/{made['id']}"
    assert (made["status"], made["progress"], made["shadowed"]) == ("created", None, None)
    for wrong in ("confirm", "shadow"):
        assert (await theirs.http.post(f"{path}/{wrong}")).status_code == 422, wrong
    assert (await theirs.http.post(f"{path}/stop", json={})).status_code == 400
    stale = await theirs.http.post(f"{path}/start", headers={"If-Match": '"7"'})
    assert stale.status_code == 409
    assert (await theirs.http.post(f"{path}/start", headers={"If-Match": '"1"'})).status_code == 200
    shown = await reaches(theirs, made["id"], "promoted")
    assert shown["against"]["agent"] == 1
    assert (await theirs.http.get("/v1/agent/configuration")).json()["configuration"]["tone"] == "terse"
    releases = (await theirs.http.get("/v1/deployments/releases")).json()["items"]
    assert [(item["present"], item["deployment"]) for item in releases] == [(True, made["id"]), (False, None)]
    reply = await theirs.http.post(f"{path}/rollback", json={"reason": "complaints"})
    assert (reply.status_code, reply.json()["status"]) == (200, "rolled back")
    assert (await theirs.http.get("/v1/agent/configuration")).json()["configuration"][
        "tone"
    ] == "professional"
    reply = await theirs.http.post("/v1/deployments/releases/rollback", json={"reason": "no", "release": 2})
    assert (reply.status_code, reply.json()["number"]) == (200, 2)
    assert (await theirs.http.get("/v1/agent/configuration")).json()["configuration"]["tone"] == "terse"
    listed = (await theirs.http.get("/v1/deployments?limit=1")).json()
    assert [item["id"] for item in listed["items"]] == [made["id"]]
    assert listed["next_cursor"] is not None


async def test_what_is_wrong_is_refused_and_each_needs_its_scope(ours: Customer, parts: Services) -> None:
    evaluation = await evaluation_of(ours, parts)
    for body, status in (
        ({"name": "a"}, 400),
        ({"name": "", "evaluation": evaluation}, 400),
        ({"name": "a", "evaluation": str(uuid4())}, 404),
        ({"name": "a", "evaluation": evaluation, "variant": {"configuration": {"tone": "rude"}}}, 422),
        ({"name": "a", "evaluation": evaluation, "plan": {"steps": []}}, 400),
        ({"name": "a", "evaluation": evaluation, "shadow": {"share": 2}}, 400),
    ):
        reply = await ours.http.post("/v1/deployments", json=body)
        assert reply.status_code == status, (body, reply.text)
    assert (await ours.http.get(f"/v1/deployments/{uuid4()}")).status_code == 404
    assert (
        await ours.http.post("/v1/deployments/releases/rollback", json={"reason": "a"})
    ).status_code == 422
    headers = await ours.limited("analytics:view")
    body = {"name": "a", "evaluation": evaluation}
    assert (await ours.http.post("/v1/deployments", json=body, headers=headers)).status_code == 403
    assert (await ours.http.get("/v1/deployments", headers=headers)).status_code == 200
