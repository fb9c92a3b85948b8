"""The state machine: pending, hysteresis, silence, throttle; a value that flaps fires once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.errors import Invalid, Refused
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.defaults import DEFAULTS
from domain.insight.alerts.figures import Figures, Reading
from domain.insight.alerts.judging import measured, telling
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.status import Evidence, State
from tests.domain.given import NOW

TENANT, CHANNEL = UUID(int=7), UUID(int=9)
SLOW = DEFAULTS["slow_answers"]
"""More than 5 s is alert, 4 s warning; worse after 2 minutes, better after 10; 20 answers at least."""


class World:
    """Looks once a minute; tells whoever there is."""

    def __init__(self, rule: Rule = SLOW) -> None:
        self.alerts, self.rule = Alerts.begin(TENANT, NOW), rule
        self.at: datetime = NOW
        self.told: list[str] = []

    def look(self, *values: float | None, units: int = 100, known: bool = True) -> State:
        for value in values:
            self.at += timedelta(minutes=1)
            took = None if value is None else 1000 * value
            reading = Reading(figures=Figures(timed=units, p95_ms=took)) if known else None
            self.alerts.observe("slow", measured(self.rule, reading, Evidence(rule=self.rule)), self.at)
            if (what := telling(self.rule, self.status, self.at)) is not None:
                self.alerts.tell("slow", what, (CHANNEL,), self.at)
                self.told.append(what)
        return self.status.state

    @property
    def status(self) -> Any:
        return self.alerts.status("slow", self.rule, self.at)


def test_it_fires_after_it_has_held_and_resolves_after_it_was_well() -> None:
    world = World()
    assert world.look(1) == "ok"
    assert world.look(9, 9) == "ok"
    assert world.look(9) == "alert"
    incident = world.status.incident
    assert world.look(*[1] * 10) == "alert"
    assert world.status.incident == incident
    assert world.look(1) == "ok"
    assert world.told == ["firing", "resolved"]
    assert world.status.incident is None


def test_what_does_not_hold_is_dropped() -> None:
    world = World()
    world.look(1, 9, 9, 1)
    kinds = [type(event).__name__ for event in world.alerts.pending_events]
    assert kinds == ["Begun", "StateChanged", "ChangePending", "PendingDropped"]
    assert world.told == []


def test_a_warning_becomes_an_alert_and_each_is_told_once() -> None:
    world = World()
    world.look(1, 4.5, 4.5, 4.5)
    assert world.status.state == "warning"
    world.look(6, 6, 6)
    assert world.told == ["firing", "firing"]
    world.look(*[4.6, 6] * 20)
    assert (world.status.state, world.told) == ("alert", ["firing", "firing"])


def test_near_the_line_the_state_stays() -> None:
    world = World()
    world.look(1, *[9] * 3)
    assert world.look(*[4.6] * 60) == "alert"
    assert world.look(*[4.4] * 11) == "warning"
    assert world.look(*[3.7] * 60) == "warning"
    assert world.look(*[3.5] * 11) == "ok"


@given(st.lists(st.sampled_from([1.0, 9.0]), min_size=30, max_size=60))
def test_a_value_that_flaps_sends_at_most_one_message_while_it_does(values: list[float]) -> None:
    rule = msgspec.structs.replace(SLOW, for_minutes=0)
    world = World(rule)
    world.look(1, *values)
    longest = max((len(run) for run in "".join("w" if v == 1 else "b" for v in values).split("b")), default=0)
    assert world.told.count("firing") <= (1 if longest <= 10 else 1 + len(values) // 30)
    if 9.0 in values and longest <= 10:
        assert world.told == ["firing"]


def test_too_few_are_no_data_and_what_cannot_be_told_is_unknown() -> None:
    world = World()
    assert world.look(9, units=19) == "no_data"
    assert world.look(None) == "no_data"
    world.look(1, 9, 9, 9)
    assert world.look(9, known=False) == "unknown"
    assert world.told == ["firing"]
    world.look(9, 9, 9)
    assert (world.status.state, world.told) == ("alert", ["firing"])
    world.look(*[None] * 11)
    assert (world.status.state, world.told) == ("no_data", ["firing", "resolved"])


def test_it_is_told_again_after_a_while_unless_somebody_is_at_it() -> None:
    world = World()
    world.look(1, *[9] * 300)
    assert world.told == ["firing", "repeated"]
    world.alerts.acknowledge("slow", "on it", "operator:1", world.at)
    world.look(*[9] * 600)
    assert world.told == ["firing", "repeated"]
    assert world.status.acknowledged_by == "operator:1"
    world.look(*[1] * 11)
    assert world.told[-1] == "resolved"
    assert world.status.acknowledged_at is None
    with pytest.raises(Refused, match="does not fire"):
        world.alerts.acknowledge("slow", "", "operator:1", world.at)


def test_a_silence_keeps_states_and_holds_messages() -> None:
    world = World()
    until = world.at + timedelta(minutes=60)
    world.alerts.silence("slow", SLOW, until, "we know", "key:1", world.at)
    world.look(1, *[9] * 30)
    assert (world.status.state, world.told) == ("alert", [])
    world.look(*[9] * 40)
    assert world.told == ["firing"]
    for bad in (world.at, world.at + timedelta(days=91)):
        with pytest.raises(Invalid, match="lies ahead"):
            world.alerts.silence("slow", SLOW, bad, "why", "key:1", world.at)
    with pytest.raises(Invalid, match="1 to 500"):
        world.alerts.silence("slow", SLOW, world.at + timedelta(1), " ", "key:1", world.at)


def test_one_that_fires_anew_soon_is_held_back() -> None:
    rule = msgspec.structs.replace(SLOW, for_minutes=0, recover_minutes=0)
    world = World(rule)
    world.look(*[9, 1] * 10)
    assert world.told == ["firing", "resolved"]
    world.look(*[9] * 15)
    assert world.told == ["firing", "resolved", "firing"]


def test_a_rule_that_is_gone_says_nothing_any_more() -> None:
    world = World()
    world.look(1, 9, 9, 9)
    assert world.alerts.close("slow", "it was switched off", world.at)
    assert telling(SLOW, world.status, world.at) == "resolved"
    world.alerts.tell("slow", "resolved", (CHANNEL,), world.at)
    assert not world.alerts.close("slow", "it was switched off", world.at)
    assert world.status.state == "no_data"


def test_the_same_events_give_the_same_states() -> None:
    world = World()
    world.look(1, 9, 9, 9, *[1] * 12, *[9] * 5)
    again = Alerts.replay(list(world.alerts.pending_events))
    assert again is not None
    assert again.state == world.alerts.state
