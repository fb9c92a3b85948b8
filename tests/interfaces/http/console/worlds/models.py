"""What the pages of models show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from domain.answers.variant import Variant
from domain.base.context import Context
from domain.learning.tuning_job import TuningJob, TuningPlan
from interfaces.bootstrap import Services
from tests.application.experiments.evaluated import evaluated
from tests.interfaces.http.conftest import Customer

Parts = dict[str, str]
TERSE = Variant(configuration={"tone": "terse"})
ARMS = [
    {"name": "now", "share": 0.5},
    {"name": "terse", "share": 0.5, "variant": {"configuration": {"tone": "terse"}}},
]


def _services(customer: Customer) -> tuple[Services, Context]:
    """For what is put on record as it comes out."""
    app: Any = customer.http._transport
    about = Context(tenant=customer.tenant, actor="key:test", correlation=uuid4())
    return app.app._app._served.services, about


async def _evaluated(customer: Customer) -> str:
    """One that has passed, without its cases being asked."""
    services, about = _services(customer)
    return str(await evaluated(TERSE, about, store=services.store, at=services.clock()))


async def an_evaluation(customer: Customer) -> Parts:
    return {"evaluation": await _evaluated(customer)}


async def a_deployment(customer: Customer) -> Parts:
    """Under way; one that was so is ended first."""
    for each in (await customer.http.get("/v1/deployments")).json()["items"]:
        if each["status"] == "running":
            await customer.http.post(f"/v1/deployments/{each['id']}/stop", json={"reason": "the next one"})
    body = {"name": "terser", "evaluation": await _evaluated(customer)}
    made = await customer.http.post("/v1/deployments", json=body)
    assert made.status_code == 201, made.text
    started = await customer.http.post(f"/v1/deployments/{made.json()['id']}/start")
    assert started.status_code == 200, started.text
    return {"deployment": made.json()["id"]}


async def an_experiment(customer: Customer) -> Parts:
    """Under way; one that was so is ended first."""
    for each in (await customer.http.get("/v1/experiments?status=running")).json()["items"]:
        await customer.http.post(f"/v1/experiments/{each['id']}/stop", json={"reason": "the next one"})
    design = {"name": f"Terse {uuid4().hex[:4]}", "question": "Do fewer words help?", "arms": ARMS}
    made = await customer.http.post("/v1/experiments", json=design)
    assert made.status_code == 201, made.text
    id = made.json()["id"]
    started = await customer.http.post(f"/v1/experiments/{id}/start")
    assert started.status_code in (200, 422), started.text
    await customer.ask("Hello", address=f"in-{id}")
    return {"experiment": id}


async def a_provider(customer: Customer) -> Parts:
    return {"provider": "openai"}


async def a_job(customer: Customer) -> Parts:
    """Asked for; no vendor is told."""
    services, about = _services(customer)
    job = TuningJob.request(
        uuid4(),
        TuningPlan(provider="together", model="a-base-model", training_set=uuid4()),
        at=services.clock(),
        examples=200,
        validation=20,
        tokens=100_000,
        price=Decimal("0.48"),
        estimate=Decimal("0.144"),
        targets="1",
    )
    await services.store.save(job, context=about)
    return {"job": str(job.id)}
