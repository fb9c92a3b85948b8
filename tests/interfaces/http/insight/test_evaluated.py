"""Models side by side on a dataset, by evaluations with the built-in model."""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from application.learning.compared import compared_on
from application.learning.dataset import CreateDataset, add_cases, create_dataset
from domain.base.context import Context
from domain.base.recorded import Recorded
from domain.learning.importing import CaseIn
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer

PATH = "/v1/analytics/models/evaluated"
CASES = 30


async def finished(customer: Customer, body: dict[str, Any]) -> Any:
    reply = await customer.http.post("/v1/evaluations", json={"pace": {"per_minute": 10_000}, **body})
    assert reply.status_code == 201, reply.text
    async with asyncio.timeout(60):
        while True:
            shown = (await customer.http.get(f"/v1/evaluations/{reply.json()['id']}")).json()
            if shown["status"] in ("finished", "stopped"):
                assert shown["status"] == "finished"
                return shown
            await asyncio.sleep(0.05)


class Counted:
    """What is read of a log."""

    def __init__(self, store: Any) -> None:
        self._store, self.topics = store, Counter[str]()

    async def events(self, *given: Any, **named: Any) -> AsyncIterator[Recorded]:
        async for recorded in self._store.events(*given, **named):
            self.topics[recorded.topic] += 1
            yield recorded


async def test_variants_are_compared_on_a_dataset_as_json_and_csv(
    parts: Services, ours: Customer, theirs: Customer
) -> None:
    context = Context(tenant=ours.tenant, actor="key:test", correlation=uuid4())
    made, _ = await create_dataset(
        CreateDataset(name="shop"), context, store=parts.store, clock=parts.clock, ids=parts.ids
    )
    rows = [
        CaseIn(message=f"When are you open in week {number}?", expected_answer="We open at nine.")
        for number in range(CASES)
    ]
    await add_cases(made.id, rows, context, store=parts.store, keyring=parts.keyring, clock=parts.clock)
    params = {"dataset": str(made.id)}
    empty = (await ours.http.get(PATH, params=params)).json()
    assert (empty["items"], empty["version"], empty["recommendation"]["model"]) == ([], None, None)
    body = {"name": "brief", "dataset": str(made.id), "variant": {"configuration": {"tone": "brief"}}}
    await finished(ours, body)
    again = await finished(ours, {**body, "baseline": None})
    plain = {**body, "name": "plain", "variant": {"model": "local/extractive"}, "baseline": None}
    model = await finished(ours, plain)
    found = (await ours.http.get(PATH, params=params)).json()
    assert (found["version"], found["metric"]) == (1, "chrf")
    items = {each["name"]: each for each in found["items"]}
    assert set(items) == {"agent in force", "brief", "local/extractive"}
    assert items["brief"]["evaluation"] == again["id"], "its latest evaluation counts"
    assert items["agent in force"]["arm"] == "baseline"
    report, only = model["report"], items["local/extractive"]
    assert (only["cases"], only["quality"]) == (CASES, report["metrics"]["chrf"]["candidate"])
    assert only["handoff_rate"] == report["metrics"]["handoff"]["candidate"]
    assert (only["p50_ms"], only["p95_ms"]) == tuple(
        report["latency"]["candidate"][each] for each in ("p50", "p95")
    )
    assert 0 <= only["low"] <= only["quality"] <= only["high"] <= 1
    assert any(each["frontier"] for each in found["items"])
    assert found["recommendation"]["model"] in items
    log = Counted(parts.store)
    by_log = await compared_on(made.id, None, ours.tenant, store=log)
    assert {each.name for each in by_log.found} == set(items)
    assert log.topics == {"evaluation.requested": 3, "evaluation.finished": 3}, "figures alone, no answer"
    reply = await ours.http.get(PATH, params={**params, "format": "csv"})
    assert reply.headers["Content-Type"].startswith("text/csv")
    head, *lines = csv.reader(io.StringIO(reply.text))
    assert {dict(zip(head, line, strict=True))["name"] for line in lines} == set(items)
    assert (await ours.http.get(PATH, params={**params, "version": 7})).json()["items"] == []
    for customer, wrong in ((theirs, params), (ours, {"dataset": str(uuid4())})):
        assert (await customer.http.get(PATH, params=wrong)).status_code == 404
    assert (await ours.http.get(PATH)).status_code == 400
