"""Fine-tuning through the public interface: a job at a vendor's double, a job a month, models side by side."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio

from application.learning.tuning.schedule import tune_monthly
from domain.conversations.conversation import Conversation
from domain.feedback.rating import Rating
from domain.learning import tuning_steps
from domain.learning.training_set import TrainingSet
from domain.learning.tuning_job import TuningJob
from domain.learning.tuning_schedule import TuningSchedule
from infra.providers import PROVIDERS
from infra.providers.tuning.targets import load_targets
from interfaces.bootstrap import Services
from tests.doubles.tuning import TUNED, Vendor, tuning_vendor
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.learning.tuned import MODEL, a_training_set, a_tuned_job, context_of
from tests.projections.calls import ROUTING, attempt
from tests.until import until

JOBS = "/v1/fine-tuning/jobs"


@pytest_asyncio.fixture(name="vendor")
async def _vendor(ours: Customer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Vendor]:
    """Stands at Together's own address."""
    soon = tuning_steps.SOONEST / 200
    monkeypatch.setattr(tuning_steps, "SOONEST", soon)
    monkeypatch.setattr(tuning_steps, "LATEST", soon)
    async with tuning_vendor("together") as vendor:
        stands = msgspec.structs.replace(PROVIDERS["together"], base_url=vendor.url)
        monkeypatch.setitem(PROVIDERS, "together", stands)
        reply = await ours.http.put("/v1/providers/together/key", json={"key": vendor.KEY})
        assert reply.status_code == 200, reply.text
        yield vendor


async def test_a_training_set_becomes_a_model(ours: Customer, parts: Services, vendor: Vendor) -> None:
    body = {
        "provider": "together",
        "model": MODEL,
        "training_set": str(await a_training_set(parts, ours.tenant)),
    }
    reply = await ours.http.post(JOBS, json=body)
    assert reply.status_code == 201, reply.text
    job = reply.json()
    assert (job["status"], job["examples"], job["cost"]) == ("requested", 12, None)
    path = reply.headers["Location"]

    async def status(*wanted: str) -> Any:
        found = (await ours.http.get(path)).json()
        return found if found["status"] in wanted else None

    await until(lambda: status("submitted"))
    (there,) = vendor.ours()
    assert there.body["model"] == MODEL
    (file,) = vendor.files.values()
    assert file.content.count(b"\n") == 12
    vendor.end(there, vendor.DONE, TUNED["together"], 1_000_000)
    found = await until(lambda: status("succeeded"))

    async def model() -> Any:
        return (await ours.http.get(path)).json()["model"]

    assert await until(model) == f"together/{TUNED['together']}"
    assert (found["cost"], found["cost_basis"], found["error"]) == ("5.000000000", "vendor", None)
    assert TUNED["together"] in (await ours.http.get("/v1/models")).text
    headers = {"Retrace-Position": reply.headers["Retrace-Position"]}
    listed = (await ours.http.get(f"{JOBS}?limit=1", headers=headers)).json()
    assert listed["items"][0]["job"] == job["id"]
    refused = await ours.http.post(f"{path}/cancel")
    assert (refused.status_code, "ended" in refused.text) == (422, True)
    limited = await ours.limited("analytics:view")
    assert (await ours.http.post(JOBS, json=body, headers=limited)).status_code == 403


async def test_what_cannot_be_is_refused_with_the_alternatives(
    ours: Customer, theirs: Customer, parts: Services, vendor: Vendor
) -> None:
    good = {
        "provider": "together",
        "model": MODEL,
        "training_set": str(await a_training_set(parts, ours.tenant)),
    }
    for change, status, words in (
        ({"provider": "nobody"}, 422, "take openai"),
        ({"model": "Qwen/Qwen9"}, 422, "give training_price"),
        ({"place": {"zone": "a1"}}, 400, "knows no zone"),
        ({"training_set": str(uuid4())}, 404, ""),
        ({"epochs": 51}, 400, ""),
        ({"training_price": "0"}, 400, "above 0"),
        ({"provider": "vertex", "model": "gemini-2.5-flash-lite"}, 400, "needs location, bucket"),
    ):
        reply = await ours.http.post(JOBS, json={**good, **change})
        assert (reply.status_code, words in reply.text) == (status, True), (change, reply.text)
    reply = await theirs.http.post(
        JOBS, json={**good, "training_set": str(await a_training_set(parts, theirs.tenant))}
    )
    assert (reply.status_code, "PUT /v1/providers/together/key" in reply.text) == (422, True)
    few = {**good, "provider": "openai", "model": "gpt-4o-mini"}
    await ours.http.put("/v1/providers/openai/key", json={"key": "k"})
    reply = await ours.http.post(
        JOBS, json={**few, "training_set": str(await a_training_set(parts, ours.tenant, 3))}
    )
    assert (reply.status_code, "at least 10" in reply.text) == (422, True), reply.text
    assert vendor.submissions == 0
    targets = (await ours.http.get("/v1/fine-tuning/targets")).json()["items"]
    closes = load_targets().all["openai"].closes
    assert closes is not None
    told = {each["provider"]: each["closes_at"] for each in targets}
    assert datetime.fromisoformat(told["openai"]) == closes


async def test_a_month_has_its_job_once_there_are_enough_new_examples(
    theirs: Customer, parts: Services, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await theirs.http.put("/v1/providers/together/key", json={"key": vendor.KEY})
    schedule = "/v1/fine-tuning/schedule"
    assert (await theirs.http.get(schedule)).json() == {"monthly": None, "last": None}
    body = {"provider": "together", "model": MODEL, "minimum": 5}
    reply = await theirs.http.put(schedule, json=body)
    assert (reply.status_code, reply.json()["monthly"]["minimum"]) == (200, 5), reply.text
    assert (await theirs.http.put(schedule, json={**body, "minimum": 0})).status_code == 400
    context = context_of(theirs.tenant)

    async def month(examples: int, alike: int) -> dict[str, Any]:
        """With the training set that the month's work would have had made."""
        made = await a_training_set(parts, theirs.tenant, examples, alike=alike)
        found = await parts.store.load(
            TuningSchedule, TuningSchedule.id_of(theirs.tenant), tenant=theirs.tenant
        )
        found.make(parts.clock().strftime("%Y-%m"), made, parts.clock())
        await parts.store.save(found, context=context)
        again = await tune_monthly(context, parts)
        assert again is not None
        assert again.day == 1
        last: dict[str, Any] = (await theirs.http.get(schedule)).json()["last"]
        return last

    last = await month(12, 12)
    job = await parts.store.load(
        TuningJob, last["job"] and msgspec.convert(last["job"], type=type(uuid4())), tenant=theirs.tenant
    )
    assert (last["fresh"], job.state.scheduled) == (12, last["month"])
    assert await tune_monthly(context, parts) is not None
    assert len([1 async for each in parts.store.events(theirs.tenant, topics=["tuning_job.requested"])]) == 1

    async def month_later(month: str) -> Any:
        """With 12 of the first month's examples, and 4 new ones."""
        monkeypatch.setattr("application.learning.tuning.schedule.month_of", lambda at: month)
        found = await parts.store.load(
            TuningSchedule, TuningSchedule.id_of(theirs.tenant), tenant=theirs.tenant
        )
        made = await a_training_set(parts, theirs.tenant, 16, alike=12)
        found.make(month, made, parts.clock())
        await parts.store.save(found, context=context)
        await tune_monthly(context, parts)
        return (await theirs.http.get(schedule)).json()["last"]

    last = await month_later("2031-05")
    assert (last["month"], last["fresh"], last["job"], last["reason"]) == (
        "2031-05",
        4,
        None,
        "4 new examples, of 5",
    )

    async def ended() -> bool:
        for each in vendor.ours():
            vendor.end(each, vendor.FAILED)
        found = await parts.store.load(TuningJob, job.id, tenant=theirs.tenant)
        return not found.open

    await until(ended)
    last = await month_later("2031-06")
    assert (last["fresh"], last["job"] is not None) == (16, True), (
        "a job that made no model makes nothing old"
    )

    async def month_without(month: str, ending: Callable[[TrainingSet], None]) -> Any:
        """Whose training set ended so that there is none."""
        monkeypatch.setattr("application.learning.tuning.schedule.month_of", lambda at: month)
        made = TrainingSet.request(uuid4(), name="x", system="", minimum_quality=4.0, at=parts.clock())
        ending(made)
        await parts.store.save(made, context=context)
        found = await parts.store.load(
            TuningSchedule, TuningSchedule.id_of(theirs.tenant), tenant=theirs.tenant
        )
        found.make(month, made.id, parts.clock())
        await parts.store.save(found, context=context)
        if made.state.status == "deleted":
            await parts.eraser.erase(theirs.tenant, made.id)
        await tune_monthly(context, parts)
        return (await theirs.http.get(schedule)).json()["last"]

    last = await month_without("2031-07", lambda made: made.fail("too many", parts.clock()))
    assert (last["fresh"], last["job"], last["reason"]) == (0, None, "too many")
    last = await month_without("2031-08", lambda made: made.delete(parts.clock()))
    assert (last["fresh"], last["job"], last["reason"]) == (0, None, "its training set was deleted")
    reply = await theirs.http.delete(schedule)
    assert (reply.status_code, reply.json()["monthly"]) == (200, None)
    assert await tune_monthly(context, parts) is None


async def test_models_are_compared_as_json_and_csv_and_the_curve_is_told(ours: Customer) -> None:
    asked = await ours.ask("When are you open?", address="compared")
    headers = {"Retrace-Position": asked.headers["Retrace-Position"]}
    found = (await ours.http.get("/v1/analytics/models", headers=headers)).json()
    (only,) = found["items"]
    assert (only["model"], only["frontier"], only["helpful_rate"]) == ("local/extractive", True, None)
    assert found["recommendation"]["model"] is None
    assert (only["cost"], only["cost_per_answer"]) == ("0", "0")
    reply = await ours.http.get("/v1/analytics/models?format=csv", headers=headers)
    assert reply.headers["Content-Type"].startswith("text/csv")
    head, row = csv.reader(io.StringIO(reply.text))
    assert dict(zip(head, row, strict=True))["model"] == "local/extractive"
    learning = (await ours.http.get("/v1/analytics/learning", headers=headers)).json()
    assert set(learning) == {"items", "topics", "training_sets", "generations", "next_cursor"}


async def test_the_curve_tells_how_training_sets_grew_and_how_each_generation_was_rated(
    theirs: Customer, parts: Services
) -> None:
    tenant, context, at = theirs.tenant, context_of(theirs.tenant), parts.clock()
    before = (await theirs.http.get("/v1/analytics/learning")).json()
    sets = [await a_training_set(parts, tenant, examples) for examples in (12, 20)]
    await a_tuned_job(parts, tenant, uuid4(), training_set=sets[0])
    await a_tuned_job(parts, tenant, uuid4(), training_set=sets[1], tuned="shop/second")
    position = 0
    for model, helpful in (("shop/tuned", True), ("shop/tuned", False), ("shop/second", True), ("m", False)):
        conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=at)
        interaction = conversation.receive(message="1", text="q", interaction=uuid4(), at=at)
        given = attempt(provider="together", model=model)
        conversation.meter(interaction, routing=ROUTING, attempts=(given,), at=at)
        rating = Rating.begin(interaction, conversation.id, at)
        rating.rate(helpful, "api", at)
        position = (await parts.store.save(conversation, rating, context=context)).position
    headers = {"Retrace-Position": str(position)}
    found = (await theirs.http.get("/v1/analytics/learning", headers=headers)).json()
    grown = found["training_sets"][len(before["training_sets"]) :]
    assert [(each["training_set"], each["examples"]) for each in grown] == [
        (str(sets[0]), 12),
        (str(sets[1]), 20),
    ]
    assert grown[1]["growth"] == 8
    first, second = found["generations"][len(before["generations"]) :]
    assert (first["model"], first["base_model"]) == ("together/shop/tuned", f"together/{MODEL}")
    assert (first["examples"], first["answers"], first["rated"]) == (12, 2, 2)
    assert (first["helpful_rate"], first["status"]) == (0.5, "succeeded")
    assert 0 < first["low"] < 0.5 < first["high"] < 1
    assert second["generation"] == first["generation"] + 1
    assert (second["examples"], second["rated"], second["helpful_rate"]) == (20, 1, 1.0)
