"""Routing: which model answers which kind of question, and what it would be for one that is tried."""

from __future__ import annotations

from domain.gateway.policy import RoutingPolicy
from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.gateway import routing
from interfaces.http.gateway.routing import ExplainIn, RestoreIn

SCREENS = (
    Screen(
        path="/console/routing",
        template="models/routing.html",
        reads={"routing": routing.read, "used": routing.in_use},
        forms={
            "try": Form(
                route=routing.explain,
                body=ExplainIn,
                button="Which model, and why?",
                answer="models/explained.html",
                labels={
                    "text": "A question",
                    "turns": "Messages before it",
                    "context_tokens": "Tokens of the whole prompt",
                },
                hints={"model": "Where the request names one."},
            ),
            "set": Form(
                route=routing.replace,
                body=RoutingPolicy,
                button="Set this policy",
                done="The policy holds from now on.",
                current=lambda facts: facts["routing"].policy,
                hints={"failover": "As provider/name, in order. Empty: the agent's fallback models."},
            ),
            "restore": Form(
                route=routing.restore,
                body=RestoreIn,
                button="Restore an earlier version",
                done="That policy holds again, as a new version.",
                offered=lambda facts: facts["routing"].version > 1,
            ),
        },
    ),
)
