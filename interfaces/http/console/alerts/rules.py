"""States of alerts, their history, and the rules; silenced and acknowledged by persons."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from domain.insight.alerts.metrics import METRICS
from domain.insight.alerts.rule import Rule
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.insight.alerts import rule, state
from interfaces.http.insight.alerts.forms import AcknowledgeIn, SilenceIn

HINTS = {
    "threshold": "Beyond it is alert. A share with %, as 20 %; else seconds, USD or how many, as the metric has it.",
    "warning": "Beyond it is warning; empty: there is none.",
    "window_minutes": "Empty where the metric is as of now.",
    "baseline_minutes": "The time before the window that it is compared with.",
    "minimum": "Fewer units than that are no data.",
    "channels": "Ids; empty: all of them.",
    "for_minutes": "It must hold for so long before the state is worse.",
    "recover_minutes": "And so long before it is better.",
    "hysteresis": "By which share of the threshold the value must be better again.",
    "repeat_minutes": "After which whoever was told is told again; empty: never.",
    "throttle_minutes": "Within which nobody is told of the same rule anew.",
    "budget": "USD a day; empty: the tenant's own.",
}


def _shares(facts: Facts) -> tuple[str, ...]:
    """Fields of its rule that are shares."""
    of = facts["rule"].rule.of
    return ("threshold", "warning", "hysteresis") if of.unit == "share" else ("hysteresis",)


class AlertsWanted(msgspec.Struct, frozen=True, kw_only=True):
    state: Literal["unknown", "no_data", "ok", "warning", "alert"] | None = None


def _one(facts: Facts) -> dict[str, Any]:
    """How its rule stands."""
    name = facts["path"]["alert"]
    return {"alert": next((each for each in facts["alerts"].items if each.rule == name), None)}


SCREENS = (
    Screen(
        path="/console/alerts",
        template="alerts/alerts.html",
        reads={"alerts": state.list_alerts, "history": state.read_history, "sent": state.read_deliveries},
        given={"limit": 20},
        filters=AlertsWanted,
    ),
    Screen(
        path="/console/alerts/{alert:str}",
        template="alerts/alert.html",
        reads={"rule": rule.read_rule, "alerts": state.list_alerts, "history": state.read_history},
        given={"rule": "{alert}"},
        more=_one,
        forms={
            "acknowledge": Form(
                route=state.acknowledge,
                body=AcknowledgeIn,
                button="I am at it",
                done="Nobody is told again of this incident, unless it gets worse.",
                hints={"note": "For the others."},
                offered=lambda facts: (
                    facts["alert"] is not None
                    and facts["alert"].incident is not None
                    and facts["alert"].acknowledged is None
                ),
            ),
            "silence": Form(
                route=state.silence,
                body=SilenceIn,
                button="Silence it",
                done="Nobody is told that it fires until then.",
                hints={"until": "In UTC, as 2027-01-31T12:00; at most 90 days ahead."},
                offered=lambda facts: facts["alert"] is not None and facts["alert"].silence is None,
            ),
            "unsilence": Form(
                route=state.unsilence,
                button="End the silence",
                done="People are told of it again.",
                offered=lambda facts: facts["alert"] is not None and facts["alert"].silence is not None,
            ),
            "set": Form(
                route=rule.set_rule,
                body=Rule,
                button="Set this rule",
                done="The rule holds from the next look on.",
                current=lambda facts: facts["rule"].rule,
                shares=_shares,
                options=lambda facts: {"metric": list(METRICS)},
                hints=HINTS,
            ),
            "reset": Form(
                route=rule.reset_rule,
                button="Back to the default",
                to="/console/alerts",
                done="The default holds again; a rule of your own is removed.",
                confirm="A default is as it was for every tenant; a rule of your own is removed.",
                danger=True,
                offered=lambda facts: not facts["rule"].default,
            ),
        },
    ),
)
