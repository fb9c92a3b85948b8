"""Evaluations: resumed after kills, each call paid once, within pace and budget, to the same report."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.budgets.budget import SetBudget, set_budget
from application.budgets.charges import compare_tallies
from application.learning.dataset import CreateDataset, add, add_cases, create_dataset, delete_dataset
from application.learning.evaluate import Evaluate, evaluate
from application.learning.evaluation import (
    RequestEvaluation,
    StopEvaluation,
    request_evaluation,
    stop_evaluation,
)
from application.learning.results import answers_of
from application.ports import ProviderError, Saved
from domain.answers.variant import Variant
from domain.audit.invariants import Invariants
from domain.base.errors import Refused
from domain.budgets.budget import BudgetLimits
from domain.feedback.exchange import Exchange
from domain.learning.case import Case
from domain.learning.evaluation import Baseline, Evaluation, Pace
from domain.learning.importing import CaseIn
from domain.learning.recommending import Minimum
from domain.learning.report import Report
from domain.models.completion import Completion, CompletionRequest, Usage
from infra.providers.incoming import unheard
from tests.application.conftest import Played, Shop, nothing
from tests.application.dying import Dying, hanging, killed_at_the_wire

FAST = Pace(per_minute=100_000, at_once=3)
PRICED = "openai/gpt-6-luna"
CASES = 9


@dataclasses.dataclass
class Clerk(Played):
    """Answers by what is asked, and counts how often. `fails`: questions that it never answers; judges as `marks` says."""

    name = "openai"
    fails: frozenset[str] = frozenset()
    marks: str = '{"mark": 8, "because": "it says the same"}'

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        self.asked.append(request)
        sent()
        await self.meanwhile()
        question = request.questions[-1]
        usage = Usage(input=100, output=10)
        if any("You mark answers" in turn.text for turn in request.prompt):
            return Completion(text=self.marks, finish="stop", model=request.model, usage=usage)
        if question in self.fails:
            raise ProviderError("bad_request", "it does not answer", definite=True)
        text = f"{question} is answered by {request.model}."
        return Completion(text=text, finish="stop", model=request.model, usage=usage)

    def times(self) -> list[int]:
        """How often each question was asked, of each model."""
        asked = [(request.questions[-1], request.model) for request in self.asked]
        return sorted(asked.count(each) for each in set(asked))


class Killed(BaseException):
    """The process is no more."""


class Mortal:
    """A store that dies at its `last` save: before it, or after it, when nobody hears of it any more."""

    def __init__(self, store: Any, last: int, *, after: bool) -> None:
        self._store, self._left, self._after = store, last, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def save(self, *aggregates: Any, **facts: Any) -> Saved:
        self._left -= 1
        if self._left > 0:
            saved: Saved = await self._store.save(*aggregates, **facts)
            return saved
        if self._left == 0 and self._after:
            await self._store.save(*aggregates, **facts)
        raise Killed


async def dataset(shop: Shop, cases: int = CASES) -> UUID:
    parts = shop.parts
    made, _ = await create_dataset(
        CreateDataset(name="questions"), shop.context, store=parts.store, clock=parts.clock, ids=parts.ids
    )
    rows = [
        CaseIn(
            message=f"Question number {n}", expected_answer=f"Question number {n} is answered so: {n % 3}."
        )
        for n in range(cases)
    ]
    await add_cases(made.id, rows, shop.context, store=parts.store, keyring=parts.keyring, clock=parts.clock)
    return made.id


async def requested(shop: Shop, of: UUID, **facts: Any) -> UUID:
    parts = shop.parts
    command = RequestEvaluation(
        **{
            "name": "mini",
            "dataset": of,
            "variant": Variant(model=PRICED),
            "baseline": Baseline(variant=Variant(model="openai/gpt-6.1-terra")),
            "pace": FAST,
            **facts,
        }
    )
    made = await request_evaluation(
        command,
        shop.context,
        store=parts.store,
        catalogue=parts.catalogue,
        clock=parts.clock,
        ids=parts.ids,
    )
    return made.evaluation.id


async def run(shop: Shop, evaluation: UUID, times: int = 50) -> Evaluation:
    """To its end, as a worker does."""
    for _ in range(times):
        if await evaluate(Evaluate(evaluation=evaluation), shop.context, shop.ports) is None:
            break
    return await shop.parts.store.load(Evaluation, evaluation, tenant=shop.context.tenant)


def comparable(report: Report | None) -> Any:
    """Without what the clock has to say, and what interruptions cost."""
    assert report is not None
    plain = msgspec.to_builtins(report)
    plain["metrics"].pop("latency_ms")
    plain.pop("latency")
    plain.pop("interrupted")
    plain["spent"].pop("interrupted")
    plain["reasons"] = [each for each in plain["reasons"] if "latency" not in each]
    return plain


async def books_agree(shop: Shop) -> None:
    tenant, store = shop.context.tenant, shop.parts.store
    assert await compare_tallies(tenant, store=store) == {}
    invariants = Invariants()
    invariants.fold([recorded async for recorded in store.events(tenant)])
    assert invariants.violations == []


async def test_an_evaluation_that_is_killed_ten_times_ends_with_the_same_report_and_pays_each_call_once(
    shop: Shop, seed: int
) -> None:
    cases = await dataset(shop)
    shop.provider = whole = Clerk()
    first = await run(shop, await requested(shop, cases))
    assert first.passed is True
    assert whole.times() == [1] * 2 * CASES
    await set_budget(
        SetBudget(limits=BudgetLimits(day=Decimal(5))),
        shop.context,
        store=shop.parts.store,
        clock=shop.parts.clock,
    )
    shop.provider = clerk = Clerk()
    chance, id, kills = random.Random(seed), await requested(shop, cases), 0
    while kills < 10:
        mortal = Mortal(shop.parts.store, chance.randint(1, 9), after=chance.random() < 0.5)
        ports = dataclasses.replace(shop.ports, store=mortal, reservation_pool=None)
        try:
            if await evaluate(Evaluate(evaluation=id), shop.context, ports) is None:
                break
        except Killed:
            kills += 1
    again = await run(shop, id)
    assert kills >= 5
    assert comparable(again.state.report) == comparable(first.state.report)
    tenant, store = shop.context.tenant, shop.parts.store
    events = [recorded.event async for recorded in store.stream(tenant, id)]
    ended = [event for event in events if isinstance(event, Evaluation.TrialEnded)]
    interrupted = [event for event in events if isinstance(event, Evaluation.TrialInterrupted)]
    assert len({(event.case, event.arm) for event in ended}) == len(ended) == 2 * CASES
    assert len({event.interaction for event in (*ended, *interrupted)}) == len(ended) + len(interrupted)
    # Every call that went out beyond one a case is on record as interrupted; some of those never went out.
    assert 2 * CASES <= len(clerk.asked) <= 2 * CASES + len(interrupted)
    assert interrupted
    assert all(event.cost > 0 for event in interrupted)
    assert again.state.report is not None
    assert again.state.report.interrupted == len(interrupted)
    assert again.state.report.spent.whole == again.state.spent
    await books_agree(shop)


async def test_a_case_that_no_model_answers_is_tried_three_times_and_counts_as_failed(shop: Shop) -> None:
    shop.provider = clerk = Clerk(fails=frozenset({"Question number 3"}))
    found = await run(
        shop, await requested(shop, await dataset(shop, 4), baseline=None, variant=Variant(model=PRICED))
    )
    report = found.state.report
    assert report is not None
    assert report.metrics["failed"].candidate == 0.25
    assert report.metrics["chrf"].cases == 4
    assert (report.passed, report.recommendation) == (False, "keep")
    assert "25.0%" in report.reasons[0]
    asked = [
        request for request in clerk.asked if PRICED.endswith(request.model)
    ]  # and the last resort, each time
    assert [request.questions[-1] for request in asked].count("Question number 3") == 3


async def test_without_room_in_the_budget_it_waits_and_goes_on_when_there_is(shop: Shop) -> None:
    parts = shop.parts
    shop.provider = clerk = Clerk()
    await set_budget(
        SetBudget(limits=BudgetLimits(day=Decimal("0.000001"), on_hard="degrade")),
        shop.context,
        store=parts.store,
        clock=parts.clock,
    )
    id = await requested(shop, await dataset(shop, 3), baseline=None)
    again_at = await evaluate(Evaluate(evaluation=id), shop.context, shop.ports)
    paused = await parts.store.load(Evaluation, id, tenant=shop.context.tenant)
    assert again_at is not None
    assert again_at > parts.clock()
    assert paused.state.status == "paused"
    assert "the budget has no room" in (paused.state.reason or "")
    assert {request.model for request in clerk.asked} <= {
        "extractive"
    }  # the last resort, which costs nothing
    clerk.asked.clear()
    await set_budget(
        SetBudget(limits=BudgetLimits(day=Decimal(5))), shop.context, store=parts.store, clock=parts.clock
    )
    await asyncio.sleep(1.1)  # settings are at most a second old
    found = await run(shop, id)
    assert found.state.status == "finished"
    assert clerk.times() == [1, 1, 1]
    await books_agree(shop)


async def test_a_judge_marks_each_answer_and_is_paid_apart(shop: Shop) -> None:
    shop.provider = clerk = Clerk()
    cases = await dataset(shop, 3)
    found = await run(shop, await requested(shop, cases, judge="openai/gpt-6.1-terra", baseline=None))
    report = found.state.report
    assert report is not None
    assert (report.quality, report.metrics["judge"].candidate) == ("judge", pytest.approx(0.8))
    assert report.spent.judge > 0
    answers = [
        each
        async for each in answers_of(found.id, shop.context.tenant, after=0, limit=10, store=shop.parts.store)
    ]
    assert [each.because for each in answers] == ["it says the same"] * 3
    clerk.marks = "I would rather not."
    unmarked = await run(shop, await requested(shop, cases, judge="openai/gpt-6.1-terra", baseline=None))
    assert unmarked.state.report is not None
    assert unmarked.state.report.quality == "chrf"
    await books_agree(shop)


async def test_an_answer_whose_judge_is_asked_when_the_process_is_killed_is_charged_as_it_was_paid(
    shop: Shop,
) -> None:
    shop.provider = clerk = Clerk()
    judge = "openai/gpt-6.1-terra"
    id = await requested(shop, await dataset(shop, 1), judge=judge, baseline=None)
    hung, store = asyncio.Event(), Dying(shop.parts.store)
    hang = hanging(hung)

    async def judged() -> None:
        if len(clerk.asked) == 2:
            await hang()

    clerk.meanwhile = judged
    ports = dataclasses.replace(shop.ports, store=store, reservation_pool=None)
    await killed_at_the_wire(store, evaluate(Evaluate(evaluation=id), shop.context, ports), hung)
    clerk.meanwhile = nothing
    found = await run(shop, id)
    events = [each.event async for each in shop.parts.store.stream(shop.context.tenant, id)]
    (lost,) = [event for event in events if isinstance(event, Evaluation.TrialInterrupted)]
    (ended,) = [event for event in events if isinstance(event, Evaluation.TrialEnded)]
    told, marking = [each for each in lost.attempts if each.kind == "chat"]
    assert (told.outcome, told.usage, told.cost) == (
        "ok",
        Usage(input=100, output=10),
        ended.attempts[-1].cost,
    )
    assert (marking.model, marking.outcome) == (judge.partition("/")[2], "cancelled")
    assert found.state.spent == lost.cost + ended.cost
    await books_agree(shop)


async def test_an_earlier_evaluation_may_be_the_baseline_and_nothing_is_asked_for_it_again(
    shop: Shop,
) -> None:
    shop.provider = clerk = Clerk()
    cases = await dataset(shop, 4)
    earlier = await requested(shop, cases, baseline=None)
    with pytest.raises(Refused, match="not finished"):
        await requested(shop, cases, baseline=Baseline(evaluation=earlier))
    await run(shop, earlier)
    found = await run(shop, await requested(shop, cases, baseline=Baseline(evaluation=earlier)))
    report = found.state.report
    assert report is not None
    assert report.compared == 4
    difference = report.metrics["chrf"].difference
    assert difference is not None
    assert (difference.difference, difference.differing, difference.p) == (0.0, 0, 1.0)
    assert (report.passed, report.recommendation) == (True, "no_worse")
    assert len(clerk.asked) == 8
    with pytest.raises(Refused, match="same dataset"):
        await requested(shop, await dataset(shop, 5), baseline=Baseline(evaluation=earlier))


async def test_one_that_is_stopped_asks_no_more_and_has_no_report(shop: Shop) -> None:
    shop.provider = Clerk()
    parts, id = (
        shop.parts,
        await requested(shop, await dataset(shop, 5), pace=Pace(per_minute=100_000, at_once=1)),
    )

    async def stop() -> None:
        shop.provider.meanwhile = nothing
        await stop_evaluation(
            StopEvaluation(evaluation=id, reason="enough"), shop.context, store=parts.store, clock=parts.clock
        )

    async def nothing() -> None:
        pass

    shop.provider.meanwhile = stop
    found = await run(shop, id)
    assert (found.state.status, found.state.reason, found.state.report) == ("stopped", "enough", None)
    assert len(shop.provider.asked) == 1
    assert found.state.open == {}
    assert found.state.spent > 0
    await books_agree(shop)


async def test_answers_are_begun_within_the_pace(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.learning.slice.LONG", 0.3)
    shop.provider = clerk = Clerk()
    id = await requested(shop, await dataset(shop, 5), baseline=None, pace=Pace(per_minute=2, at_once=2))
    for _ in range(3):
        assert await evaluate(Evaluate(evaluation=id), shop.context, shop.ports) is not None
    assert len(clerk.asked) == 2


async def test_it_costs_no_more_than_it_may(shop: Shop) -> None:
    shop.provider = clerk = Clerk()
    found = await run(
        shop,
        await requested(
            shop, await dataset(shop, 8), most=Decimal("0.000001"), pace=Pace(per_minute=100_000, at_once=1)
        ),
    )
    assert found.state.status == "stopped"
    assert "it may cost 0.000001" in (found.state.reason or "")
    assert len(clerk.asked) == 1


async def test_a_minimum_that_is_not_reached_does_not_pass(shop: Shop) -> None:
    shop.provider = Clerk()
    found = await run(
        shop, await requested(shop, await dataset(shop, 3), baseline=None, minimum=Minimum(quality=0.99))
    )
    assert found.passed is False
    assert found.state.report is not None
    assert "below the minimum" in found.state.report.reasons[0]


async def test_the_answers_of_an_erased_customers_cases_go_with_them_and_the_figures_stay(shop: Shop) -> None:
    shop.provider, parts = Clerk(), shop.parts
    customer = (await shop.receive("When are you open?")).conversation
    made = await dataset(shop, 1)
    exchange = Exchange(message="Do you ship to my house?", answer="We do.")
    theirs = Case(id=parts.ids(), exchange=exchange, source="interaction", conversation=customer)
    await add(made, [theirs], (), shop.context, store=parts.store, clock=parts.clock)
    found = await run(shop, await requested(shop, made, baseline=None))

    async def texts() -> dict[UUID, str | None]:
        every = answers_of(found.id, shop.context.tenant, after=0, limit=10, store=parts.store)
        return {each.case: each.text async for each in every}

    before = await texts()
    assert len(before) == 2
    assert all(before.values())
    await parts.eraser.erase(shop.context.tenant, customer)
    after = await texts()
    assert after[theirs.id] is None
    assert [text for case, text in after.items() if case != theirs.id] == [
        text for case, text in before.items() if case != theirs.id
    ]
    again = await run(shop, await requested(shop, made, baseline=None))
    assert again.state.report is not None
    assert (again.state.report.cases, again.state.report.erased) == (1, 1)


async def test_a_deleted_dataset_takes_the_answers_to_its_own_cases_with_it_and_the_figures_stay(
    shop: Shop,
) -> None:
    shop.provider, parts, tenant = Clerk(), shop.parts, shop.context.tenant
    made = await dataset(shop, 2)
    found = await run(shop, await requested(shop, made, judge="openai/gpt-6.1-terra", baseline=None))

    async def told() -> list[str | None]:
        every = answers_of(found.id, tenant, after=0, limit=10, store=parts.store)
        return [text async for each in every for text in (each.text, each.because)]

    assert all(await told())
    await delete_dataset(made, shop.context, store=parts.store, clock=parts.clock)
    await parts.eraser.erase(tenant, made)
    assert await told() == [None] * 4
    kept = await parts.store.load(Evaluation, found.id, tenant=tenant)
    assert kept.state.report == found.state.report


async def test_one_whose_dataset_was_deleted_stops_and_asks_nothing(shop: Shop) -> None:
    shop.provider, parts, made = Clerk(), shop.parts, await dataset(shop, 2)
    ids = [await requested(shop, made, baseline=None) for _ in range(2)]
    await delete_dataset(made, shop.context, store=parts.store, clock=parts.clock)
    found = [await run(shop, ids[0])]  # its key is there still
    await parts.eraser.erase(shop.context.tenant, made)
    found.append(await run(shop, ids[1]))
    for each in found:
        assert (each.state.status, each.state.reason) == ("stopped", "its dataset was deleted")
    assert shop.provider.asked == []


async def test_who_was_overtaken_makes_no_report_of_trials_that_are_not_on_record(shop: Shop) -> None:
    shop.provider, store = Clerk(), shop.parts.store
    id = await requested(
        shop, await dataset(shop, 2), baseline=None, pace=Pace(per_minute=100_000, at_once=1)
    )

    async def overtake() -> None:
        """Another process takes the lease, and closes what is open, while the last case is asked."""
        if len(shop.provider.asked) < 2:
            return
        shop.provider.meanwhile = nothing
        other = await store.load(Evaluation, id, tenant=shop.context.tenant)
        other.interrupt(shop.parts.clock())
        await store.save(other, context=shop.context)

    async def nothing() -> None:
        pass

    shop.provider.meanwhile = overtake
    assert await evaluate(Evaluate(evaluation=id), shop.context, shop.ports) is not None
    found = await store.load(Evaluation, id, tenant=shop.context.tenant)
    assert (found.state.status, len(found.state.done), found.state.open) == ("running", 1, {})
    again = await run(shop, id)
    assert again.state.report is not None
    assert (again.state.report.cases, len(again.state.done)) == (2, 2)
