from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import msgspec
import pytest

from domain.answers.split import Arm
from domain.answers.variant import Variant
from domain.base.errors import Invalid, Refused
from domain.experiments.design import Design
from domain.experiments.experiment import Experiment
from domain.experiments.verdict import Verdict, decide, verdict_of
from domain.flags.outcome import Outcome
from tests.domain.given import NOW, when

WARM = Variant(configuration={"tone": "warm"})
DESIGN = Design(
    name="A warmer tone",
    arms=(Arm(name="as-it-is", share=0.5), Arm(name="warm", share=0.5, variant=WARM)),
    traffic=0.2,
    group="tone",
)


def begun(design: Design = DESIGN) -> Experiment:
    experiment = Experiment.create(Experiment.Created, id=UUID(int=7), at=NOW, design=design)
    experiment.start(NOW)
    return experiment


def outcomes(
    helpful: tuple[float, float],
    *,
    failed: tuple[float, float] = (0.02, 0.02),
    customers: int = 600,
    share: float = 0.5,
    assigned: float | None = None,
) -> list[Outcome]:
    """Of customers with three rated answers each: rates (as it is, new). `assigned`: the part that is given the new one in truth."""
    chance, found = Random(20261129), []
    for number in range(customers):
        new = chance.random() < (share if assigned is None else assigned)
        found.append(
            Outcome(
                position=number + 1,
                at=NOW + timedelta(seconds=number),
                new=new,
                share=share,
                answers=3,
                failed=sum(chance.random() < failed[new] for _ in range(3)),
                timed=3,
                latency_ms=Decimal(3000),
                latency_log=20_723_265_837,
                cost=Decimal("0.03"),
                cost_log=-13_815_510_558,
                rated=3,
                helpful=sum(chance.random() < helpful[new] for _ in range(3)),
            )
        )
    return found


def verdict(seen: Sequence[Outcome], arm: str = "warm", design: Design = DESIGN) -> Verdict:
    return verdict_of(design, arm, seen, position=4711, until=NOW)


def test_an_experiment_is_a_draft_then_runs_then_is_stopped_then_concluded() -> None:
    experiment = Experiment.create(Experiment.Created, id=UUID(int=7), at=NOW, design=DESIGN)
    with pytest.raises(Refused, match="never run"):
        experiment.conclude("warm", "x", (), NOW)
    with pytest.raises(Refused, match="it is draft; only one that is running"):
        experiment.widen(1.0, NOW)
    (started,) = when(experiment, lambda: experiment.start(NOW))
    assert isinstance(started, Experiment.Started)
    with pytest.raises(Refused, match="it is running; create another one"):
        experiment.start(NOW)
    (widened,) = when(experiment, lambda: experiment.widen(0.5, NOW))
    assert isinstance(widened, Experiment.Widened)
    assert when(experiment, lambda: experiment.widen(0.5, NOW)) == []
    assert (experiment.state.traffic, experiment.state.design.traffic) == (0.5, 0.2)
    (stopped,) = when(experiment, lambda: experiment.stop("no time", NOW))
    assert isinstance(stopped, Experiment.Stopped)
    assert (stopped.why, stopped.reason, stopped.verdicts) == ("by hand", "no time", ())
    with pytest.raises(Refused, match="it is stopped already"):
        experiment.stop("again", NOW)
    with pytest.raises(Invalid, match="no arm 'cold'; it has as-it-is, warm"):
        experiment.conclude("cold", "x", (), NOW)
    (concluded,) = when(experiment, lambda: experiment.conclude(None, "nobody can tell", (), NOW))
    assert isinstance(concluded, Experiment.Concluded)
    with pytest.raises(Refused, match="concluded already"):
        experiment.conclude("warm", "x", (), NOW)


def test_a_draft_is_put_aside_and_never_comes_back() -> None:
    experiment = Experiment.create(Experiment.Created, id=UUID(int=7), at=NOW, design=DESIGN)
    experiment.stop("a typing error", NOW)
    with pytest.raises(Refused, match="it is stopped"):
        experiment.start(NOW)


def test_harm_stops_it_with_the_figures_the_position_and_the_rule() -> None:
    experiment, seen = begun(), verdict(outcomes((0.8, 0.4)))
    (stopped,) = when(experiment, lambda: experiment.observe((seen,), NOW))
    assert isinstance(stopped, Experiment.Stopped)
    assert (stopped.why, stopped.arm, stopped.verdicts) == ("harm", "warm", (seen,))
    assert stopped.reason.startswith("warm: helpful_rate is 0.")
    assert (seen.judgement.position, seen.judgement.rule, seen.rule) == (4711, 3, 1)
    assert experiment.state.status == "stopped"
    assert when(experiment, lambda: experiment.observe((seen,), NOW)) == []


def test_a_benefit_stops_it_unless_the_design_goes_on() -> None:
    seen = verdict(outcomes((0.5, 0.8)))
    (stopped,) = when(experiment := begun(), lambda: experiment.observe((seen,), NOW))
    assert isinstance(stopped, Experiment.Stopped)
    assert (stopped.why, stopped.arm) == ("benefit", "warm")
    assert "helpful_rate is 0." in stopped.reason
    assert "beside 0." in stopped.reason
    goes_on = begun(msgspec.structs.replace(DESIGN, stop_for_benefit=False))
    assert when(goes_on, lambda: goes_on.observe((seen,), NOW)) == []
    assert experiment.state.ended is not None


def test_what_chance_explains_stops_nothing() -> None:
    experiment = begun()
    assert when(experiment, lambda: experiment.observe((verdict(outcomes((0.8, 0.8))),), NOW)) == []
    few = verdict(outcomes((0.1, 0.9), customers=120))
    assert few.better > few.needed
    assert decide(DESIGN, (few,)) is None, "below 100 customers in an arm no benefit counts"


def test_customers_who_were_not_assigned_as_meant_prove_no_benefit() -> None:
    seen = verdict(outcomes((0.5, 0.8), assigned=0.35))
    assert seen.mismatch
    assert seen.better >= seen.needed
    assert decide(DESIGN, (seen,)) is None
    assert not verdict(outcomes((0.5, 0.8))).mismatch


def test_harm_in_any_arm_comes_before_a_benefit_and_several_arms_need_more() -> None:
    thirds = tuple(Arm(name=name, share=1 / 3) for name in ("as-it-is", "warm", "terse"))
    design = msgspec.structs.replace(DESIGN, arms=thirds)
    good, bad = (
        verdict(outcomes(helpful), arm, design)
        for arm, helpful in (("warm", (0.5, 0.8)), ("terse", (0.5, 0.2)))
    )
    assert good.needed > verdict(outcomes((0.5, 0.8))).needed
    decided = decide(design, (good, bad))
    assert decided is not None
    assert (decided[0], decided[1].arm) == ("harm", "terse")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"arms": DESIGN.arms[:1]}, "arms are two to six"),
        ({"arms": DESIGN.arms[:1] * 2}, "a name of its own"),
        ({"arms": (Arm(name="a", share=0.5), Arm(name="b", share=0.4))}, "add up to 1; they are 0.5, 0.4"),
        ({"arms": (Arm(name="a", share=1.0), Arm(name="b", share=0.0))}, "nobody would get b"),
        ({"limits": msgspec.convert({"cost": {"least": 0.5}}, type(DESIGN.limits))}, "cost has no least"),
    ],
)
def test_a_design_that_compares_nothing_is_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        msgspec.structs.replace(DESIGN, **change).check()
