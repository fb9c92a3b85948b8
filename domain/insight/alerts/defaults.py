"""The rules that every tenant has without a call. What a tenant sets under the same name takes their place; docs/alerts.md has a runbook for each."""

from __future__ import annotations

from collections.abc import Mapping

from domain.insight.alerts.metrics import DAY
from domain.insight.alerts.rule import Rule

DEFAULTS: Mapping[str, Rule] = {
    "feedback_down": Rule(
        metric="feedback_drop",
        threshold=0.10,
        warning=0.05,
        window_minutes=DAY,
        baseline_minutes=7 * DAY,
        minimum=20,
        severity="warning",
        recover_minutes=60,
        description="Customers find fewer answers helpful than in the week before.",
    ),
    "cost_over_budget": Rule(
        metric="cost_over_budget",
        threshold=0.20,
        warning=0.0,
        window_minutes=DAY,
        severity="error",
        recover_minutes=30,
        description="A day costs more than the budget of a day.",
    ),
    "slow_answers": Rule(
        metric="p95_latency",
        threshold=5.0,
        warning=4.0,
        window_minutes=15,
        minimum=20,
        severity="error",
        for_minutes=2,
        description="One answer in twenty takes longer than this.",
    ),
    "provider_errors": Rule(
        metric="provider_errors",
        threshold=0.05,
        warning=0.03,
        window_minutes=15,
        minimum=20,
        severity="error",
        for_minutes=2,
        description="Calls of providers fail.",
    ),
    "handoffs": Rule(
        metric="handoff_rate",
        threshold=0.25,
        warning=0.20,
        window_minutes=6 * 60,
        minimum=20,
        severity="warning",
        recover_minutes=30,
        description="The agent hands many conversations over to persons.",
    ),
    "projection_lag": Rule(
        metric="projection_lag",
        threshold=60.0,
        warning=15.0,
        severity="error",
        for_minutes=2,
        description="What is shown is older than what has happened.",
    ),
    "dead_letters": Rule(
        metric="dead_letters",
        threshold=0.0,
        window_minutes=DAY,
        severity="error",
        recover_minutes=0,
        description="Something was tried often, given up, and waits for somebody.",
    ),
    "failed_verification": Rule(
        metric="failed_verifications",
        threshold=0.0,
        window_minutes=7 * DAY,
        severity="critical",
        recover_minutes=0,
        throttle_minutes=0,
        description="The log is not what was signed, or an event does not open.",
    ),
    "rolled_back": Rule(
        metric="rollbacks",
        threshold=0.0,
        window_minutes=60,
        severity="warning",
        recover_minutes=0,
        throttle_minutes=0,
        repeat_minutes=None,
        description="A deployment, a release or a rollout was rolled back.",
    ),
}
