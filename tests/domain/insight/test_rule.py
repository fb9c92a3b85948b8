"""What can be watched, and what is refused with the way out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.base.errors import Invalid, NotFound
from domain.insight.alerts.defaults import DEFAULTS
from domain.insight.alerts.metrics import METRICS
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.rules import AlertRules, rule_of, rules_of
from tests.domain.given import NOW, when

TENANT = UUID(int=7)
SLOW: dict[str, Any] = {"metric": "p95_latency", "threshold": 3.0, "window_minutes": 30}


def test_the_specified_rules_are_there_without_a_call() -> None:
    lines = {name: (rule.metric, rule.threshold) for name, rule in DEFAULTS.items()}
    assert lines == {
        "feedback_down": ("feedback_drop", 0.10),
        "cost_over_budget": ("cost_over_budget", 0.20),
        "slow_answers": ("p95_latency", 5.0),
        "provider_errors": ("provider_errors", 0.05),
        "handoffs": ("handoff_rate", 0.25),
        "projection_lag": ("projection_lag", 60.0),
        "dead_letters": ("dead_letters", 0.0),
        "failed_verification": ("failed_verifications", 0.0),
        "rolled_back": ("rollbacks", 0.0),
    }
    for rule in rules_of(None).values():
        rule.check()
        assert rule.enabled


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"metric": "moon"}, "GET /v1/alerts/metrics"),
        ({"window_minutes": None}, "multiple of 5"),
        ({"window_minutes": 7}, "multiple of 5"),
        ({"window_minutes": 50_000}, "43200"),
        ({"metric": "projection_lag"}, "leave window_minutes out"),
        ({"baseline_minutes": 60}, "leave baseline_minutes out"),
        ({"metric": "feedback_drop", "window_minutes": 60}, "baseline_minutes"),
        (
            {"metric": "feedback_drop", "window_minutes": 600, "baseline_minutes": 300},
            "as long as the window",
        ),
        ({"threshold": float("nan")}, "threshold is a number"),
        ({"warning": 4.0}, "warning must come before threshold"),
        ({"comparison": "below", "warning": 2.0}, "warning must come before threshold"),
        ({"minimum": -1}, "minimum"),
        ({"metric": "rollbacks", "minimum": 5}, "leave it out"),
        ({"budget": Decimal(5)}, "cost_over_budget alone"),
        ({"hysteresis": 2.0}, "hysteresis"),
        ({"for_minutes": -1}, "for_minutes"),
        ({"repeat_minutes": 1}, "repeat_minutes"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would_do(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        Rule(**{**SLOW, **change}).check()


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_can_be_watched(metric: str) -> None:
    of = METRICS[metric]
    window = None if of.windows is None else of.windows[0]
    Rule(
        metric=metric,
        threshold=1,
        window_minutes=window,
        baseline_minutes=window if of.baseline else None,
    ).check()


def test_a_tenants_rule_takes_the_place_of_a_default_and_goes_again() -> None:
    rules = AlertRules.begin(TENANT, NOW)
    mine = Rule(**SLOW)
    assert len(when(rules, lambda: rules.set("slow_answers", mine, NOW))) == 1
    assert when(rules, lambda: rules.set("slow_answers", mine, NOW)) == []
    assert rule_of(rules, "slow_answers") == mine
    rules.set("mine", mine, NOW)
    assert rules_of(rules).keys() == {*DEFAULTS, "mine"}
    rules.reset("slow_answers", NOW)
    rules.reset("mine", NOW)
    assert rules_of(rules) == DEFAULTS
    with pytest.raises(NotFound, match="GET /v1/alerts/rules"):
        rules.reset("mine", NOW)
    with pytest.raises(Invalid, match="begins with a letter"):
        rules.set("Mine!", mine, NOW)


def test_a_rule_is_kept_as_it_was_given() -> None:
    rule = Rule(**SLOW, description="slow", channels=(UUID(int=1),))
    assert msgspec.json.decode(msgspec.json.encode(rule), type=Rule) == rule
