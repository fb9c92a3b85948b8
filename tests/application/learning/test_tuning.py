"""A fine-tuning job, from its request to the model in the catalogue, on the real log and at the vendors' doubles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from application.budgets.charges import compare_tallies
from application.learning.tuning import request as requesting
from application.learning.tuning.request import (
    RequestTuning,
    cancel_tuning,
    record,
    request_tuning,
    reservations_of,
)
from application.models.catalogue import overrides_of
from application.ports import TuningFile, TuningRefused
from domain.audit.invariants import INVARIANTS
from domain.base.errors import Refused
from domain.budgets.budget import BudgetExhausted
from domain.learning import tuning_steps
from domain.learning.tuning_job import TuningJob
from domain.learning.tuning_target import Targets
from tests.application.conftest import Shop
from tests.application.learning.tuning_shop import (
    SETTLED,
    Killed,
    TuningShop,
    Uploading,
    quick,
    survive,
    there_once,
    tuning_shop,
)
from tests.doubles.tuning import TUNED, VENDORS
from tests.until import PATIENCE


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)


@pytest_asyncio.fixture(params=sorted(VENDORS), name="tuning")
async def _tuning(request: pytest.FixtureRequest, shop: Shop) -> AsyncIterator[TuningShop]:
    async with tuning_shop(request.param, shop.parts, shop.context.tenant) as made:
        yield made


@pytest_asyncio.fixture(name="openai")
async def _openai(shop: Shop) -> AsyncIterator[TuningShop]:
    async with tuning_shop("openai", shop.parts, shop.context.tenant) as made:
        yield made


def submitted(job: TuningJob) -> bool:
    return job.state.status == "submitted"


def over(job: TuningJob) -> bool:
    return not job.open and (job.state.discarded or not job.state.sent)


async def test_a_job_becomes_a_model_of_the_tenants(
    tuning: TuningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tuning.limit(Decimal(100))
    id = await tuning.request()
    job = await tuning.work(id, submitted)
    held = (await tuning.status()).reserved
    assert held == job.state.estimate > 0
    (there,) = tuning.vendor.ours()
    there.word = tuning.vendor.RUNNING
    monkeypatch.setattr(requesting, "HELD", timedelta(days=20))
    job = await tuning.work(id, lambda job: job.state.status == "running")
    (reservation,) = await reservations_of(job, tuning.context.tenant, tuning.parts.store)
    assert reservation.state.expires_at > tuning.clock() + timedelta(days=19), (
        "it is held for as long as it runs"
    )
    status = await tuning.status()
    assert (status.spent, status.reserved) == (0, held)
    tuning.finish()
    job = await tuning.work(id, over)
    await there_once(tuning, job, 0)
    # Together tells its own sum; Vertex the tokens of one pass, of which the double had two.
    expected = {"openai": Decimal(6), "together": Decimal(10), "vertex": Decimal(6)}
    assert job.state.cost == expected[tuning.provider]
    assert (await tuning.status()).spent == job.state.cost
    catalogue, _, _ = await overrides_of(
        tuning.context.tenant, store=tuning.parts.store, shipped=tuning.catalogue
    )
    model, at = catalogue.find(tuning.provider, TUNED[tuning.provider]), tuning.clock()
    assert model is not None
    price = catalogue.price(tuning.provider, TUNED[tuning.provider], at)
    if tuning.provider == "openai":
        assert (model.retires_at is not None, price and price.output) == (True, Decimal("1.20"))
    if tuning.provider == "vertex":
        assert price is not None
        assert (model.context_window, price.output) == (1_048_576, Decimal("0.40"))
    await all_is_well(tuning)


async def all_is_well(tuning: TuningShop) -> None:
    """The tallies are the log's sums, and the log's invariants hold."""
    tenant, store = tuning.context.tenant, tuning.parts.store
    assert await compare_tallies(tenant, store=store) == {}
    checks = [make() for make in INVARIANTS.values()]
    async for recorded in store.events(tenant):
        assert [found for check in checks if (found := check(recorded))] == []


async def test_submissions_that_are_killed_are_there_once(tuning: TuningShop) -> None:
    """A few seeds of the soak tier."""
    for seed in (3, 4, 5):
        tuning.vendor.jobs.clear()
        job = await survive(tuning, seed)
        await there_once(tuning, job, seed)


async def test_a_budget_that_does_not_cover_it_refuses_the_job(openai: TuningShop) -> None:
    await openai.limit(Decimal(1))
    with pytest.raises(BudgetExhausted):
        await openai.request()
    assert (await openai.status()).reserved == 0
    assert openai.vendor.calls == []


async def test_a_closed_target_is_refused_before_anything_is_held(openai: TuningShop) -> None:
    shipped, today = openai.targets, openai.clock()
    closed = [msgspec.structs.replace(each, closes=today) for each in shipped.all.values()]
    openai.targets = Targets([closed[0], *list(shipped.all.values())[1:]], "t")
    with pytest.raises(Refused, match=f"takes no new fine-tuning jobs since {today.date()}; take vertex"):
        await openai.request()
    openai.targets = shipped
    openai.keyless = True
    with pytest.raises(Refused, match="no key"):
        await openai.request()
    plan = msgspec.structs.replace(openai.plan, provider="nobody")
    with pytest.raises(Refused, match="tunes no models; take openai"):
        await request_tuning(RequestTuning(plan=plan), openai.context, openai)


async def test_a_cancelled_job_ends_at_the_vendor_too(openai: TuningShop) -> None:
    id = await openai.request()
    await cancel_tuning(id, openai.context, openai)
    job = await openai.work(id, over)
    assert (job.state.status, job.state.cost) == ("cancelled", 0)
    assert openai.vendor.submissions == 0
    id = await openai.request()
    await openai.work(id, submitted)
    await cancel_tuning(id, openai.context, openai)
    job = await openai.work(id, over)
    assert job.state.status == "cancelled"
    assert [each.cancelled for each in openai.vendor.ours()] == [True]
    assert openai.vendor.files == {}
    with pytest.raises(Refused, match="ended"):
        await cancel_tuning(id, openai.context, openai)
    assert (await openai.status()).reserved == 0


async def test_a_job_fails_with_the_vendors_code_and_is_not_submitted_again(openai: TuningShop) -> None:
    openai.vendor.fate = lambda _: "400"
    job = await openai.work(await openai.request(), over)
    assert (job.state.status, job.state.code, openai.vendor.submissions) == ("failed", "bad", 1)
    openai.vendor.fate = lambda _: "ok"
    id = await openai.request()
    await openai.work(id, submitted)
    openai.finish(openai.vendor.FAILED, None)
    job = await openai.work(id, over)
    assert (job.state.status, job.state.code, job.state.basis) == (
        "failed",
        "invalid_training_file",
        "nothing",
    )


async def test_a_job_that_is_cancelled_while_files_go_out_leaves_none_of_them(tuning: TuningShop) -> None:
    id = await tuning.request()

    async def cancel(file: TuningFile) -> None:
        await cancel_tuning(id, tuning.context, tuning)
        tuning.inner = inner

    inner = tuning.inner
    tuning.inner = Uploading(inner, cancel)
    job = await tuning.work(id, over)
    assert (job.state.status, tuning.vendor.submissions) == ("cancelled", 0)
    assert tuning.vendor.uploads > 0
    assert tuning.vendor.files == {}


async def test_a_file_goes_where_the_next_one_is_refused_for_good(tuning: TuningShop) -> None:
    async def refuse(file: TuningFile) -> None:
        if file.part == "validation":
            raise TuningRefused("bad_file")

    tuning.inner = Uploading(tuning.inner, refuse)
    job = await tuning.work(await tuning.request(), over)
    assert (job.state.status, job.state.code, job.state.discarded) == ("failed", "bad_file", True)
    assert tuning.vendor.files == {}


@pytest.mark.parametrize("changed", [True, False], ids=["with other data later", "cancelled"])
async def test_a_file_of_a_process_that_died_is_deleted_too(changed: bool, tuning: TuningShop) -> None:
    """It went out, its name never came on record; then a customer is erased, or the job is cancelled."""
    id, inner = await tuning.request(), tuning.inner

    async def die(file: TuningFile) -> None:
        tuning.inner = inner
        raise Killed

    tuning.inner = Uploading(inner, die)
    with pytest.raises(Killed):
        await tuning.step(id)
    assert len(tuning.vendor.files) == 1
    if changed:
        tuning.training.lines = 79
        await tuning.work(id, submitted)
        tuning.finish()
    else:
        await cancel_tuning(id, tuning.context, tuning)
    job = await tuning.work(id, over)
    assert job.state.status == ("succeeded" if changed else "cancelled")
    assert tuning.vendor.files == {}


async def test_a_job_of_which_nothing_is_heard_any_more_ends_once(
    openai: TuningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await openai.limit(Decimal(100))
    id = await openai.request()
    job = await openai.work(id, submitted)
    monkeypatch.setattr(tuning_steps, "LONGEST", timedelta())
    async with asyncio.timeout(PATIENCE):
        assert await openai.step(id) is None
    job = await openai.job(id)
    assert (job.state.status, job.state.code, job.state.basis) == ("unknown", "expired", "estimate")
    status = await openai.status()
    assert (status.spent, status.reserved) == (job.state.estimate, 0)
    with pytest.raises(Refused, match="ended"):
        await cancel_tuning(id, openai.context, openai)
    await record(id, lambda job, at: job.duplicate("late", at), openai.context, openai)
    assert (await openai.status()).spent == job.state.estimate, "it is charged once"
    await all_is_well(openai)


async def test_training_data_that_is_gone_ends_it(openai: TuningShop) -> None:
    id = await openai.request()
    openai.training.refuses = True
    job = await openai.work(id, over)
    assert (job.state.status, job.state.code) == ("failed", "training_set")
    assert openai.vendor.uploads == 0


async def test_a_second_job_at_the_vendor_is_cancelled_there(openai: TuningShop) -> None:
    """The list showed the first attempt so late that another one was made."""
    openai.vendor.fate = lambda number: "lost" if number == 1 else "ok"
    openai.vendor.lag = 3 * SETTLED
    id = await openai.request()
    await openai.work(id, submitted)
    first, second = openai.vendor.ours()
    await openai.work(id, lambda job: bool(job.state.duplicates), most=300)
    await openai.step(id)
    assert (first.cancelled, second.cancelled) == (True, False)
    openai.finish()
    assert (await openai.work(id, over)).state.status == "succeeded"


async def test_a_second_job_that_is_gone_at_the_vendor_says_nothing_of_the_job(openai: TuningShop) -> None:
    openai.vendor.fate = lambda number: "lost" if number == 1 else "ok"
    openai.vendor.lag = 3 * SETTLED
    id = await openai.request()
    await openai.work(id, submitted)
    first, _ = openai.vendor.ours()
    await openai.work(id, lambda job: bool(job.state.duplicates), most=300)
    openai.vendor.jobs.remove(first)
    await asyncio.sleep(SETTLED.total_seconds())
    openai.vendor.faults = [404]  # of its list
    for _ in range(2):
        await openai.step(id)
        assert submitted(await openai.job(id))
    openai.finish()
    assert (await openai.work(id, over)).state.status == "succeeded"


async def test_a_job_that_the_vendor_lost_ends(openai: TuningShop) -> None:
    id = await openai.request()
    await openai.work(id, submitted)
    openai.vendor.jobs.clear()
    again = await openai.step(id)
    assert again is not None
    assert submitted(await openai.job(id)), "it may not be known everywhere yet"
    job = await openai.work(id, over)
    assert (job.state.status, job.state.code) == ("failed", "gone")


async def test_a_list_that_was_asked_too_early_never_lets_it_be_submitted_again(
    openai: TuningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    openai.vendor.fate, openai.vendor.late = (lambda _: "500-made"), 1
    id, find = await openai.request(), openai.inner.find

    async def slowly(*asked: Any) -> Any:
        found = await find(*asked)
        await asyncio.sleep(SETTLED.total_seconds())
        return found

    monkeypatch.setattr(openai.inner, "find", slowly)
    job = await openai.work(id, submitted)
    assert (job.state.attempt, openai.vendor.submissions) == (1, 1)


async def test_a_list_that_is_refused_never_lets_it_be_submitted_again(openai: TuningShop) -> None:
    openai.vendor.fate = lambda _: "500-made"
    id = await openai.request()
    await openai.step(id)
    await asyncio.sleep(SETTLED.total_seconds())
    openai.vendor.faults = [403] * 3
    for _ in range(3):
        again = await openai.step(id)
        assert again is not None
        assert again > openai.clock() + timedelta(minutes=50)
    await openai.work(id, submitted)
    assert openai.vendor.submissions == 1
