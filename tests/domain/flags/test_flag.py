from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.base.errors import NotFound, Refused
from domain.flags.feature import FEATURES, Setting
from domain.flags.flag import Flags
from domain.flags.plan import Plan, Step
from domain.flags.rollout import Finding, Judgement
from tests.domain.given import NOW, when

FLAG, TENANT = "full_agent", UUID(int=7)
DAY = timedelta(days=1)
USUAL = Plan()


def flags() -> Flags:
    made = Flags.begin(TENANT, NOW)
    made.switch(FLAG, NOW, on=False)
    return made


def rolling(plan: Plan = USUAL) -> tuple[Flags, UUID]:
    made, rollout = flags(), uuid4()
    made.start_rollout(FLAG, rollout, plan, NOW)
    return made, rollout


def judged(*, bad: bool = False, count: int = 100) -> Judgement:
    found = Finding(metric="failure_rate", value=0.6, bound=0.02, answers=count, other=0.0, others=count)
    return Judgement(position=9, until=NOW, step=(count, count), finding=found if bad else None)


def seen(made: Flags, rollout: UUID, step: int, what: Judgement, at: datetime) -> list[str]:
    return [event.TOPIC for event in when(made, lambda: made.observe_rollout(FLAG, rollout, step, what, at))]


def test_a_flag_has_its_default_until_it_is_switched() -> None:
    made = Flags.begin(TENANT, NOW)
    assert {made.state.setting(name) for name in FEATURES} == {
        feature.default for feature in FEATURES.values()
    }
    (event,) = when(made, lambda: made.switch(FLAG, NOW, percentage=30))
    assert isinstance(event, Flags.Switched)
    assert (event.flag, event.on, event.percentage) == (FLAG, True, 30)
    assert made.state.setting(FLAG) == Setting(on=True, percentage=30)
    assert when(made, lambda: made.switch(FLAG, NOW, on=True)) == []


def test_what_a_switch_leaves_out_stays() -> None:
    made = Flags.begin(TENANT, NOW)
    made.switch(FLAG, NOW, percentage=30)
    made.switch(FLAG, NOW, on=False)
    assert made.state.setting(FLAG) == Setting(on=False, percentage=30)


def test_an_unknown_flag_is_not_switched() -> None:
    with pytest.raises(NotFound):
        Flags.begin(TENANT, NOW).switch("nonesuch", NOW, on=True)


def test_a_rollout_goes_up_when_each_step_has_held() -> None:
    made, rollout = rolling()
    assert made.state.setting(FLAG) == Setting(percentage=10)
    assert seen(made, rollout, 0, judged(), NOW + DAY) == []
    assert seen(made, rollout, 0, judged(), NOW + 2 * DAY) == ["flags.rollout_held", "flags.rollout_advanced"]
    assert made.state.setting(FLAG) == Setting(percentage=50)
    assert made.state.rollouts[FLAG].until == NOW + 4 * DAY
    assert seen(made, rollout, 1, judged(), NOW + 4 * DAY) == [
        "flags.rollout_held",
        "flags.rollout_advanced",
        "flags.rollout_completed",
    ]
    assert made.state.setting(FLAG) == Setting(percentage=100)
    assert (made.state.rollouts, made.state.ended[FLAG].how) == ({}, "completed")


def test_without_customers_enough_a_step_goes_on_holding() -> None:
    made, rollout = rolling()
    assert seen(made, rollout, 0, judged(count=29), NOW + 9 * DAY) == []


def test_a_metric_that_fails_takes_it_back_with_what_was_seen() -> None:
    made, rollout = rolling()
    (event,) = when(made, lambda: made.observe_rollout(FLAG, rollout, 0, judged(bad=True), NOW + DAY))
    assert isinstance(event, Flags.RolledBack)
    assert event.judgement == judged(bad=True)
    assert event.before == made.state.setting(FLAG) == Setting(on=False)
    ended = made.state.ended[FLAG]
    assert (ended.how, ended.id) == ("rolled back", rollout)
    assert "failure_rate is 0.6" in (ended.reason or "")
    assert made.state.rollouts == {}


def test_figures_of_another_step_change_nothing() -> None:
    made, rollout = rolling()
    assert seen(made, rollout, 1, judged(bad=True), NOW + 3 * DAY) == []
    assert seen(made, uuid4(), 0, judged(bad=True), NOW + 3 * DAY) == []


def test_a_plan_may_wait_for_somebody_at_each_step_and_goes_back_all_the_same() -> None:
    made, rollout = rolling(Plan(automatic=False))
    with pytest.raises(Refused, match="has not held yet"):
        made.confirm_rollout(FLAG, NOW + DAY)
    assert seen(made, rollout, 0, judged(), NOW + 2 * DAY) == ["flags.rollout_held"]
    assert made.state.setting(FLAG).percentage == 10
    assert seen(made, rollout, 0, judged(), NOW + 3 * DAY) == []
    events = when(made, lambda: made.confirm_rollout(FLAG, NOW + 4 * DAY))
    assert [event.TOPIC for event in events] == ["flags.rollout_confirmed", "flags.rollout_advanced"]
    assert made.state.setting(FLAG).percentage == 50
    assert seen(made, rollout, 1, judged(), NOW + 6 * DAY) == ["flags.rollout_held"]
    assert seen(made, rollout, 1, judged(bad=True), NOW + 7 * DAY) == ["flags.rolled_back"]
    with pytest.raises(Refused, match="no rollout"):
        made.confirm_rollout(FLAG, NOW + 8 * DAY)


def test_a_last_step_that_has_to_hold_is_watched_until_then() -> None:
    made, rollout = rolling(
        Plan(steps=(Step(percentage=20, hold_hours=1), Step(percentage=100, hold_hours=24)))
    )
    seen(made, rollout, 0, judged(), NOW + DAY)
    assert made.state.setting(FLAG).percentage == 100
    assert seen(made, rollout, 1, judged(), NOW + 1.5 * DAY) == []
    assert seen(made, rollout, 1, judged(), NOW + 2 * DAY) == [
        "flags.rollout_held",
        "flags.rollout_completed",
    ]
    assert made.state.setting(FLAG).percentage == 100


def test_somebody_may_stop_it_where_it_is_or_take_it_back() -> None:
    made, _ = rolling()
    made.stop_rollout(FLAG, "enough for now", NOW, back=False)
    assert made.state.setting(FLAG) == Setting(percentage=10)
    made, _ = rolling()
    made.stop_rollout(FLAG, "no", NOW, back=True)
    assert made.state.setting(FLAG) == Setting(on=False)
    assert (made.state.ended[FLAG].how, made.state.ended[FLAG].reason) == ("rolled back", "no")


def test_a_flag_for_the_tenant_as_a_whole_has_no_parts_and_no_rollout() -> None:
    made = Flags.begin(TENANT, NOW)
    made.switch("response_cache", NOW, on=False)
    made.switch("response_cache", NOW, percentage=0)
    with pytest.raises(Refused, match="as a whole"):
        made.switch("response_cache", NOW, percentage=30)
    with pytest.raises(Refused, match="as a whole"):
        made.start_rollout("response_cache", uuid4(), Plan(), NOW)


def test_a_rollout_and_a_switch_do_not_cross() -> None:
    made, _ = rolling()
    with pytest.raises(Refused, match="under way"):
        made.switch(FLAG, NOW, on=False)
    with pytest.raises(Refused, match="under way"):
        made.start_rollout(FLAG, uuid4(), Plan(), NOW)


def test_a_rollout_begins_above_what_is_there() -> None:
    made = Flags.begin(TENANT, NOW)
    with pytest.raises(Refused, match="on for 100 %"):
        made.start_rollout(FLAG, uuid4(), Plan(), NOW)
    made.switch(FLAG, NOW, percentage=9)
    made.start_rollout(FLAG, uuid4(), Plan(), NOW)
    assert made.state.rollouts[FLAG].before == Setting(percentage=9)
