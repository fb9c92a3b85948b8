from __future__ import annotations

import random
from decimal import Decimal

import pytest

from domain.base.errors import Invalid
from domain.flags.rollout import Figure, Limit, Limits, Metric, Plan, Sides, Step, enough, judge


def figure(*values: float) -> Figure:
    exact = [Decimal(str(value)) for value in values]
    return Figure(
        count=len(exact), total=sum(exact, Decimal(0)), squares=sum((v * v for v in exact), Decimal(0))
    )


def failing(failed: int, count: int) -> dict[Metric, Figure]:
    return {"failure_rate": figure(*([1.0] * failed + [0.0] * (count - failed)))}


ONE = Plan(limits=Limits(latency_ms=None))


def test_the_default_plan_is_ten_fifty_a_hundred_with_two_days_between() -> None:
    plan = Plan()
    plan.check()
    assert [(step.percentage, step.hold_hours) for step in plan.steps] == [(10, 48), (50, 48), (100, 0)]
    assert plan.automatic


@pytest.mark.parametrize("percentages", [(50, 10), (10, 10), (100, 50)])
def test_steps_that_do_not_go_up_are_refused(percentages: tuple[int, ...]) -> None:
    with pytest.raises(Invalid):
        Plan(steps=tuple(Step(percentage=each) for each in percentages)).check()


def test_what_fails_for_those_that_have_it_is_found_soon() -> None:
    found = judge(ONE, Sides(on=failing(30, 30), off=failing(3, 270)))
    assert found is not None
    assert (found.metric, found.value, found.answers, found.others) == ("failure_rate", 1.0, 30, 270)
    assert found.bound == pytest.approx(3 / 270 + 0.02)
    assert "failure_rate is 1 over 30 answers" in found.text()


def test_what_fails_as_often_for_the_others_is_not_the_feature_s_fault() -> None:
    assert judge(ONE, Sides(on=failing(15, 30), off=failing(135, 270))) is None


def test_a_few_answers_prove_nothing() -> None:
    assert judge(ONE, Sides(on=failing(29, 29), off=failing(0, 1000))) is None
    assert judge(ONE, Sides(on=failing(3, 30), off=failing(0, 270))) is None
    assert judge(ONE, Sides(on=failing(100, 1000), off=failing(0, 9000))) is not None


def test_a_bound_of_its_own_needs_no_others() -> None:
    plan = Plan(limits=Limits(failure_rate=None, latency_ms=Limit(most=1000)))
    draw = random.Random(1)
    slow = [draw.uniform(1500, 2500) for _ in range(200)]
    found = judge(plan, Sides(on={"latency_ms": figure(*slow)}, off={}))
    assert found is not None
    assert (found.metric, found.bound, found.other) == ("latency_ms", 1000, None)
    assert judge(plan, Sides(on={"latency_ms": figure(*(value / 3 for value in slow))}, off={})) is None


def test_latency_and_cost_are_compared_by_their_part() -> None:
    draw = random.Random(2)
    usual, slow = ([draw.uniform(500, 1500) * times for _ in range(400)] for times in (1, 1.4))
    limits = Limits(failure_rate=None, latency_ms=Limit(worse=0.1), cost=Limit(worse=0.1))
    sides = Sides(
        on={"latency_ms": figure(*slow), "cost": figure(*([0.001] * 400))},
        off={"latency_ms": figure(*usual), "cost": figure(*([0.001] * 400))},
    )
    found = judge(Plan(limits=limits), sides)
    assert found is not None
    assert found.metric == "latency_ms"
    assert judge(Plan(limits=Limits(failure_rate=None, latency_ms=Limit(worse=0.5))), sides) is None
    dear = Sides(on={"cost": figure(*([0.002] * 400))}, off=sides.off)
    found = judge(Plan(limits=limits), dear)
    assert found is not None
    assert found.metric == "cost"


def test_no_part_of_nothing_is_a_bound() -> None:
    limits = Limits(failure_rate=None, latency_ms=None, cost=Limit(worse=0.5))
    sides = Sides(on={"cost": figure(*([0.002] * 400))}, off={"cost": figure(*([0.0] * 400))})
    assert judge(Plan(limits=limits), sides) is None


def test_alike_sides_are_rarely_told_apart_however_often_one_looks() -> None:
    draw, alarms = random.Random(3), 0
    plan = Plan(limits=Limits(failure_rate=Limit(worse=0), latency_ms=None))
    for _ in range(200):
        on = off = failed_on = failed_off = 0
        for _ in range(60):
            for _ in range(40):
                failed = draw.random() < 0.1
                if draw.random() < 0.5:
                    on, failed_on = on + 1, failed_on + failed
                else:
                    off, failed_off = off + 1, failed_off + failed
            rate = {n: Figure(count=n, total=Decimal(f), squares=Decimal(f)) for n, f in ((on, failed_on),)}
            others = Figure(count=off, total=Decimal(failed_off), squares=Decimal(failed_off))
            if judge(plan, Sides(on={"failure_rate": rate[on]}, off={"failure_rate": others})):
                alarms += 1
                break
    assert alarms / 200 < 0.05


def test_there_must_be_answers_enough_on_both_sides() -> None:
    assert not enough(ONE, 0, Sides(on={}, off={}))
    assert not enough(ONE, 0, Sides(on=failing(0, 30), off=failing(0, 29)))
    assert not enough(ONE, 0, Sides(on=failing(0, 29), off=failing(0, 300)))
    assert enough(ONE, 0, Sides(on=failing(0, 30), off=failing(0, 30)))
    assert enough(ONE, 2, Sides(on=failing(0, 30), off={}))  # everybody has it: there are no others
    assert enough(Plan(least=0), 0, Sides(on={}, off={}))
