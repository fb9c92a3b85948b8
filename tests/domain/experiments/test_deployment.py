from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.answers.variant import Variant
from domain.base.errors import Invalid, Refused
from domain.experiments.deployment import CHANGED, Deployment
from domain.experiments.deployment_state import ShadowPlan
from domain.experiments.version import Versions
from domain.flags.plan import Plan, Step
from domain.flags.rollout import Finding, Judgement
from tests.domain.given import NOW, when

TERSE = Variant(configuration={"tone": "terse"})
BASE = Versions(agent=3, routing=0, prompts=1, digest="as it was")
OTHER = Versions(agent=4, routing=0, prompts=1, digest="changed")
BAD = Finding(metric="helpful_rate", value=0.5, bound=0.76, answers=40, other=0.8, others=40)
GOOD = Judgement(position=900, until=NOW, step=(100, 100))


def created(plan: Plan | None = None, shadow: ShadowPlan | None = None) -> Deployment:
    return Deployment.create_for(
        uuid4(),
        name="terser",
        variant=TERSE,
        evaluation=UUID(int=7),
        plan=plan or Plan(),
        shadow=shadow,
        at=NOW,
    )


def running(plan: Plan | None = None) -> Deployment:
    deployment = created(plan)
    deployment.start_rollout(BASE, NOW)
    return deployment


def observe(
    deployment: Deployment, at: datetime, judgement: Judgement = GOOD, present: Versions = BASE
) -> None:
    progress = deployment.state.progress
    assert progress is not None
    deployment.observe(progress.step, present, judgement, at)


def test_it_names_a_variant_by_its_digest_and_the_evaluation_that_it_has_passed() -> None:
    (event,) = when(deployment := created(), lambda: deployment.start_rollout(BASE, NOW))
    assert isinstance(event, Deployment.RolloutStarted)
    assert (deployment.state.digest, deployment.state.evaluation) == (TERSE.digest, UUID(int=7))
    assert deployment.share == 0.1


def test_nothing_that_is_the_agent_in_force_is_deployed() -> None:
    with pytest.raises(Invalid):
        Deployment.create_for(
            uuid4(), name="none", variant=Variant(), evaluation=UUID(int=7), plan=Plan(), shadow=None, at=NOW
        )


def test_a_step_that_was_good_for_its_time_is_followed_by_the_next_and_the_last_by_promotion() -> None:
    deployment, day = running(), timedelta(hours=24)
    assert when(deployment, lambda: observe(deployment, NOW + day)) == []
    held, advanced = when(deployment, lambda: observe(deployment, NOW + 2 * day))
    assert isinstance(held, Deployment.RolloutHeld)
    assert held.judgement == GOOD
    assert isinstance(advanced, Deployment.RolloutAdvanced)
    assert (advanced.percentage, deployment.share) == (50, 0.5)
    events = when(deployment, lambda: observe(deployment, NOW + 4 * day))
    assert [type(event) for event in events] == [
        Deployment.RolloutHeld,
        Deployment.RolloutAdvanced,
        Deployment.Promoted,
    ]
    assert (deployment.state.status, deployment.share) == ("promoted", 0.0)
    assert when(deployment, lambda: observe(deployment, NOW + 5 * day)) == []


def test_too_few_customers_hold_it_however_long() -> None:
    few = Judgement(position=9, until=NOW, step=(29, 100))
    deployment = running()
    assert when(deployment, lambda: observe(deployment, NOW + timedelta(days=60), few)) == []


def test_a_metric_that_is_too_bad_takes_it_back_with_its_figures_the_position_and_the_rule() -> None:
    bad = Judgement(position=900, until=NOW, finding=BAD)
    deployment = running()
    (event,) = when(deployment, lambda: observe(deployment, NOW, bad))
    assert isinstance(event, Deployment.RolledBack)
    assert event.judgement == bad
    assert event.judgement is not None
    assert (event.judgement.position, event.judgement.rule, event.step) == (900, 2, 0)
    assert (deployment.state.status, deployment.state.finding) == ("rolled back", BAD)
    assert event.reason == BAD.text()
    assert when(deployment, lambda: observe(deployment, NOW, bad)) == [], "it is there once"


def test_a_look_at_an_earlier_step_changes_nothing() -> None:
    deployment = running()
    observe(deployment, NOW + timedelta(hours=48))
    bad = Judgement(position=900, until=NOW, finding=BAD)
    assert when(deployment, lambda: deployment.observe(0, BASE, bad, NOW)) == []


def test_an_agent_that_was_changed_by_hand_stops_it() -> None:
    deployment = running()
    (event,) = when(deployment, lambda: observe(deployment, NOW, present=OTHER))
    assert isinstance(event, Deployment.Stopped)
    assert (event.reason, event.present, deployment.state.status) == (CHANGED, OTHER, "stopped")


def test_a_confirmed_one_waits_for_somebody() -> None:
    plan = Plan(steps=(Step(percentage=50), Step(percentage=100, hold_hours=1)), automatic=False)
    deployment = running(plan)
    with pytest.raises(Refused):
        deployment.confirm(BASE, NOW)
    (held,) = when(deployment, lambda: observe(deployment, NOW))
    assert isinstance(held, Deployment.RolloutHeld)
    assert when(deployment, lambda: observe(deployment, NOW)) == []
    with pytest.raises(Refused, match="changed by hand"):
        deployment.confirm(OTHER, NOW)
    events = when(deployment, lambda: deployment.confirm(BASE, NOW, barred="its model is retired"))
    assert [type(event) for event in events] == [Deployment.RolloutConfirmed, Deployment.RolloutAdvanced]
    assert deployment.share == 1.0
    events = when(deployment, lambda: observe(deployment, NOW + timedelta(hours=1)))
    assert [type(event) for event in events] == [Deployment.RolloutHeld, Deployment.Promoted]


def test_what_cannot_be_in_force_is_not_promoted() -> None:
    plan, barred = Plan(steps=(Step(percentage=100),), least=0, automatic=False), "the model m was retired"
    deployment = running(plan)
    held, stopped = when(
        deployment,
        lambda: deployment.observe(0, BASE, GOOD, NOW + timedelta(hours=48), barred=barred),
    )
    assert isinstance(held, Deployment.RolloutHeld)
    assert isinstance(stopped, Deployment.Stopped)
    assert (deployment.state.status, deployment.state.reason) == (
        "stopped",
        f"it can't be promoted: {barred}",
    )
    steps = (Step(percentage=50), Step(percentage=100, hold_hours=0))
    deployment = running(Plan(steps=steps, automatic=False, least=0))
    when(deployment, lambda: observe(deployment, NOW + timedelta(hours=48)))
    with pytest.raises(Refused, match="the model m was retired"):
        deployment.confirm(BASE, NOW, barred=barred)
    assert deployment.running


def test_the_shadow_comes_before_the_rollout_and_ends_with_it() -> None:
    deployment = created(shadow=ShadowPlan(share=0.5, most=10))
    (event,) = when(deployment, lambda: deployment.start_shadow(NOW))
    assert isinstance(event, Deployment.ShadowStarted)
    assert deployment.state.status == "shadowing"
    with pytest.raises(Refused):
        deployment.start_shadow(NOW)
    when(deployment, lambda: deployment.end_shadow(10, NOW))
    assert deployment.state.status == "created"
    assert when(deployment, lambda: deployment.end_shadow(10, NOW)) == []
    with pytest.raises(Refused):
        deployment.start_shadow(NOW)
    deployment.start_rollout(BASE, NOW)
    with pytest.raises(Refused):
        deployment.start_shadow(NOW)
    with pytest.raises(Refused):
        created().start_shadow(NOW)


def test_what_has_ended_is_neither_stopped_nor_rolled_back_nor_begun_again() -> None:
    deployment = running()
    when(deployment, lambda: deployment.stop("not now", NOW))
    assert (deployment.state.status, deployment.state.reason) == ("stopped", "not now")
    for command in (
        lambda: deployment.stop("again", NOW),
        lambda: deployment.roll_back("again", NOW),
        lambda: deployment.start_rollout(BASE, NOW),
        lambda: deployment.confirm(BASE, NOW),
    ):
        with pytest.raises(Refused):
            command()


def test_somebody_takes_it_back_under_way_or_once_it_is_promoted() -> None:
    for plan, status in ((Plan(), "running"), (Plan(steps=(Step(percentage=100),), least=0), "promoted")):
        deployment = running(plan)
        observe(deployment, NOW)
        assert deployment.state.status == status
        (event,) = when(deployment, lambda: deployment.roll_back("complaints", NOW))  # noqa: B023
        assert isinstance(event, Deployment.RolledBack)
        assert (event.judgement, deployment.state.status) == (None, "rolled back")
