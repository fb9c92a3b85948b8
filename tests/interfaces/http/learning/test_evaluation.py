"""Evaluations over HTTP, with the built-in model."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

from application.learning.dataset import CreateDataset, add_cases, create_dataset
from domain.base.context import Context
from domain.learning.importing import CaseIn
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer


async def dataset(parts: Services, customer: Customer, *questions: str) -> str:
    context = Context(tenant=customer.tenant, actor="key:test", correlation=uuid4())
    made, _ = await create_dataset(
        CreateDataset(name="shop"), context, store=parts.store, clock=parts.clock, ids=parts.ids
    )
    rows = [CaseIn(message=each, expected_answer="We are open from nine to five.") for each in questions]
    await add_cases(made.id, rows, context, store=parts.store, keyring=parts.keyring, clock=parts.clock)
    return str(made.id)


async def finished(customer: Customer, id: str) -> Any:
    async with asyncio.timeout(60):
        while True:
            shown = (await customer.http.get(f"/v1/evaluations/{id}")).json()
            if shown["status"] in ("finished", "stopped"):
                return shown
            await asyncio.sleep(0.05)


async def test_a_variant_is_evaluated_beside_the_agent_in_force_and_reported(
    parts: Services, ours: Customer, theirs: Customer
) -> None:
    cases = await dataset(parts, ours, "When are you open?", "Do you ship to France?", "I want a person!")
    body = {
        "name": "brief",
        "dataset": cases,
        "variant": {"configuration": {"tone": "brief"}},
        "pace": {"per_minute": 10_000},
    }
    reply = await ours.http.post("/v1/evaluations", json=body)
    assert reply.status_code == 201, reply.text
    assert reply.headers["Location"] == f"/v1/evaluations/{reply.json()['id']}"
    assert reply.json()["progress"]["total"] == 6
    shown = await finished(ours, reply.json()["id"])
    assert (shown["status"], shown["passed"], shown["progress"]["done"]) == ("finished", True, 6)
    report = shown["report"]
    assert (report["cases"], report["compared"], report["quality"]) == (3, 3, "chrf")
    same = report["metrics"]["chrf"]["difference"]
    assert (same["difference"], same["low"], same["high"], same["differing"]) == (0.0, 0.0, 0.0, 0)
    assert report["metrics"]["handoff"]["candidate"] == 1 / 3
    assert report["recommendation"] == "no_worse"
    assert any("3 cases are few" in each for each in report["warnings"])
    page = (await ours.http.get(f"/v1/evaluations/{shown['id']}/answers", params={"limit": 4})).json()
    rest = await ours.http.get(
        f"/v1/evaluations/{shown['id']}/answers", params={"cursor": page["next_cursor"]}
    )
    answers = [*page["items"], *rest.json()["items"]]
    assert len({(each["case"], each["arm"]) for each in answers}) == 6
    assert all(each["text"] for each in answers)
    listed = (await ours.http.get("/v1/evaluations")).json()
    assert [each["id"] for each in listed["items"]] == [shown["id"]]
    assert (await theirs.http.get("/v1/evaluations")).json()["items"] == []
    for path in (f"/v1/evaluations/{shown['id']}", f"/v1/evaluations/{shown['id']}/answers"):
        assert (await theirs.http.get(path)).status_code == 404
    over = await ours.http.post(f"/v1/evaluations/{shown['id']}/stop", json={"reason": "late"})
    assert over.status_code == 422
    assert "is finished" in over.json()["detail"]
    assert UUID(shown["id"])


async def test_what_cannot_be_evaluated_is_refused_with_what_to_do(parts: Services, ours: Customer) -> None:
    cases = await dataset(parts, ours, "When?")
    empty = await dataset(parts, ours)
    refused: list[tuple[dict[str, Any], int, str]] = [
        ({"dataset": str(uuid4())}, 404, "dataset"),
        ({"dataset": empty}, 422, "case"),
        ({"dataset": cases, "version": 7}, 404, "version"),
        ({"dataset": cases, "variant": {"configuration": {"voice": "x"}}}, 400, "voice"),
        ({"dataset": cases, "variant": {"model": "local/none-such"}}, 422, "none-such"),
        ({"dataset": cases, "baseline": {}}, 400, "agent in force"),
        ({"dataset": cases, "baseline": {"evaluation": str(uuid4())}}, 404, "evaluation"),
        ({"dataset": cases, "judge": "local/none-such"}, 422, "none-such"),
        ({"dataset": cases, "most": "0"}, 400, "most"),
        ({"dataset": cases, "pace": {"per_minute": 0}}, 400, "per_minute"),
    ]
    for body, status, word in refused:
        reply = await ours.http.post("/v1/evaluations", json={"name": "x", **body})
        assert reply.status_code == status, (body, reply.text)
        assert word in reply.text, (body, reply.text)
    looker = await ours.limited("analytics:view")
    assert (await ours.http.get("/v1/evaluations", headers=looker)).status_code == 200
    body = {"name": "x", "dataset": cases}
    assert (await ours.http.post("/v1/evaluations", json=body, headers=looker)).status_code == 403
