from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from math import log
from typing import Any

import pytest

from domain.base.errors import Invalid
from domain.flags.outcome import NANO, Outcome
from domain.flags.plan import Limit, Limits, Plan, Step
from domain.flags.rollout import RULE, Judgement, enough, judge
from tests.domain.given import NOW

NONE = Limits(failure_rate=None, helpful_rate=None, latency_ms=None)
FAILURES = Limits(helpful_rate=None, latency_ms=None)


def outcome(number: int, new: bool, share: float = 0.5, **facts: Any) -> Outcome:
    at = NOW + timedelta(seconds=number)
    return Outcome(position=number + 1, at=at, new=new, share=share, **{"answers": 1, **facts})


def alternating(count: int, **facts: Any) -> list[Outcome]:
    """`facts` by name: those of the old version and of the new one."""
    draw = random.Random(1)
    return [
        outcome(number, new, **{name: both[new] for name, both in facts.items()})
        for number in range(count)
        for new in (draw.random() < 0.5,)
    ]


def taking(ms: float) -> dict[str, Any]:
    return {"timed": 1, "latency_ms": Decimal(str(ms)), "latency_log": round(log(ms) * NANO)}


def costing(usd: float) -> dict[str, Any]:
    return {"cost": Decimal(str(usd)), "cost_log": round(log(usd) * NANO)}


def judged(limits: Limits, outcomes: Sequence[Outcome]) -> Judgement:
    return judge(limits, outcomes, position=7, until=NOW)


def test_the_default_plan_is_ten_fifty_a_hundred_with_two_days_between() -> None:
    plan = Plan()
    plan.check()
    assert [(step.percentage, step.hold_hours) for step in plan.steps] == [(10, 48), (50, 48), (100, 0)]
    assert plan.automatic


@pytest.mark.parametrize("percentages", [(50, 10), (10, 10), (100, 50)])
def test_steps_that_do_not_go_up_are_refused(percentages: tuple[int, ...]) -> None:
    with pytest.raises(Invalid):
        Plan(steps=tuple(Step(percentage=each) for each in percentages)).check()


@pytest.mark.parametrize(
    "limits",
    [
        Limits(helpful_rate=Limit(most=0.5)),
        Limits(helpful_rate=Limit(worse=1.0)),
        Limits(failure_rate=Limit(least=0.5)),
        Limits(cost_per_helpful=Limit(most=1)),
    ],
)
def test_a_bound_that_its_metric_cannot_have_is_refused(limits: Limits) -> None:
    with pytest.raises(Invalid):
        Plan(limits=limits).check()


def test_what_fails_for_those_that_have_it_is_found_soon() -> None:
    found = judged(FAILURES, alternating(80, failed=(0, 1)))
    assert found.finding is not None
    assert (found.finding.metric, found.finding.value, found.finding.other) == ("failure_rate", 1.0, 0.0)
    assert found.finding.bound == pytest.approx(0.02)
    assert "failure_rate is 1 over" in found.finding.text()
    assert (found.rule, found.position, found.until) == (RULE, 7, NOW)
    assert found.evidence["failure_rate.worse"] >= found.needed == pytest.approx(log(20), abs=1e-6)


def test_what_fails_as_often_for_the_others_is_not_the_feature_s_fault() -> None:
    draw = random.Random(2)
    among = [outcome(n, draw.random() < 0.1, 0.1, failed=int(draw.random() < 0.5)) for n in range(400)]
    assert judged(FAILURES, among).finding is None


def test_a_few_customers_prove_nothing() -> None:
    assert judged(FAILURES, alternating(20, failed=(0, 1))).finding is None
    assert judged(FAILURES, []).finding is None
    assert judged(NONE, alternating(100, failed=(0, 1))).finding is None


def test_a_fall_of_helpfulness_is_found_and_one_within_the_margin_is_not() -> None:
    draw, found = random.Random(3), []
    for level in (0.4, 0.78):
        among = []
        for number in range(400):
            new = draw.random() < 0.5
            helped = sum(draw.random() < (level if new else 0.8) for _ in range(3))
            among.append(outcome(number, new, answers=3, rated=3, helpful=helped))
        found.append(judged(Limits(failure_rate=None, latency_ms=None), among).finding)
    assert found[0] is not None
    assert (found[0].metric, found[0].side) == ("helpful_rate", "worse")
    assert found[0].other is not None
    assert found[0].bound == pytest.approx(0.95 * found[0].other)
    assert found[1] is None


def test_a_bound_of_its_own_needs_no_others() -> None:
    draw = random.Random(4)
    limits = Limits(failure_rate=None, helpful_rate=Limit(least=0.7), latency_ms=Limit(most=1000))
    slow = [outcome(n, True, 1.0, **taking(draw.uniform(1500, 2500))) for n in range(200)]
    found = judged(limits, slow).finding
    assert found is not None
    assert (found.metric, found.side, found.bound, found.other) == ("latency_ms", "most", 1000, None)
    assert found.value == pytest.approx(2000, rel=0.1)
    quick = [outcome(n, True, 1.0, **taking(draw.uniform(300, 900))) for n in range(200)]
    assert judged(limits, quick).finding is None
    rarely = [outcome(n, True, 1.0, rated=1, helpful=int(n % 2 == 0)) for n in range(200)]
    found = judged(limits, rarely).finding
    assert found is not None
    assert (found.metric, found.side, found.value) == ("helpful_rate", "least", 0.5)


def test_latency_and_cost_are_compared_by_what_is_typical() -> None:
    draw = random.Random(5)
    among = []
    for n in range(400):
        new, usual = draw.random() < 0.5, draw.lognormvariate(6, 0.5)
        facts = {**taking(usual * (1.4 if new else 1)), **costing(0.001)}
        among.append(outcome(n, new, **facts))
    narrow = msgspec_limits(latency=0.1)
    found = judged(narrow, among).finding
    assert found is not None
    assert found.metric == "latency_ms"
    assert judged(msgspec_limits(latency=0.5), among).finding is None
    dear = [outcome(n, bool(n % 3), **costing(0.002 if n % 3 else 0.001)) for n in range(400)]
    found = judged(narrow, dear).finding
    assert found is not None
    assert (found.metric, found.value, found.other) == ("cost", 0.002, 0.001)


def msgspec_limits(latency: float) -> Limits:
    return Limits(
        failure_rate=None, helpful_rate=None, latency_ms=Limit(worse=latency), cost=Limit(worse=0.1)
    )


def test_equal_exact_costs_are_no_evidence_at_all() -> None:
    draw = random.Random(6)
    among = []
    for n in range(500):
        answers = draw.randint(1, 12)
        facts = {"cost": Decimal("0.0017") * answers, "cost_log": answers * round(log(0.0017) * NANO)}
        among.append(
            outcome(n, draw.random() < 0.5, answers=answers, helpful=answers, rated=answers, **facts)
        )
    limits = Limits(failure_rate=None, latency_ms=None, cost=Limit(worse=0), cost_per_helpful=Limit(worse=0))
    evidence = judged(limits, among).evidence
    assert (evidence["cost.worse"], evidence["cost_per_helpful.worse"]) == (0, 0)


def test_tests_share_the_chance_of_a_false_alarm() -> None:
    among = alternating(50, failed=(0, 1))
    one, three = judged(FAILURES, among), judged(Limits(), among)
    assert three.needed == pytest.approx(log(60), abs=1e-6)
    assert one.needed < judge(FAILURES, among, position=1, until=NOW, among=2).needed < three.needed


def test_figures_are_exact_sums_of_closed_customers() -> None:
    among = [
        outcome(0, True, answers=2, failed=1, handed_over=True, rated=1, helpful=1, **costing(0.1)),
        outcome(1, True, answers=1, **costing(0.2), **taking(400)),
        outcome(2, False, answers=3, **costing(0.4), **taking(100)),
    ]
    sides = judged(Limits(), among).sides
    on, off = sides.on, sides.off
    assert (on["failure_rate"].count, on["failure_rate"].total, on["failure_rate"].customers) == (3, 1, 2)
    assert (on["cost"].total, off["cost"].total) == (Decimal("0.3"), Decimal("0.4"))
    assert (on["handoff_rate"].mean, off["handoff_rate"].mean) == (0.5, 0)
    assert (on["helpful_rate"].count, off["helpful_rate"].count) == (1, 0)
    assert (on["latency_ms"].count, on["latency_ms"].typical) == (1, 400)
    assert on["cost_per_helpful"].mean == pytest.approx(0.3)


def test_there_must_be_customers_enough_on_both_sides_of_a_step() -> None:
    def seen(on: int, off: int) -> Judgement:
        return Judgement(step=(on, off))

    assert not enough(Plan(), 0, seen(0, 0))
    assert not enough(Plan(), 0, seen(30, 29))
    assert not enough(Plan(), 0, seen(29, 300))
    assert enough(Plan(), 0, seen(30, 30))
    assert enough(Plan(), 2, seen(30, 0))  # everybody has it: there are no others
    assert enough(Plan(least=0), 0, seen(0, 0))
    among = alternating(10, failed=(0, 0))
    since = NOW + timedelta(seconds=5)
    assert sum(judge(Limits(), among, position=1, until=NOW, since=since).step) == 5
