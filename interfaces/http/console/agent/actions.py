"""Actions: what the agent may do in the tenant's own systems, and the calls of each on record."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency

from domain.actions.call import Status
from domain.base.errors import Invalid
from domain.base.patterns import ACTION
from interfaces.bootstrap import Services
from interfaces.http.actions import action, call
from interfaces.http.console.agent.action_fields import ActionFields, declared, fields_of
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.forms import fields_of as sent_fields
from interfaces.http.console.page import moved
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.console.screens.shown import json_text

SECTIONS = {
    "What it is": ("description", "effect", "consent", "minutes", "counts_as"),
    "Where it is called": (
        "url",
        "tool",
        "authorization",
        "without_authorization",
        "timeout_seconds",
        "repeatable",
    ),
    "What goes there and comes back": ("arguments", "result", "bound"),
    "What the customer is told": ("confirm", "done"),
    "Called without a model": ("words", "intents", "taken_from"),
}
LABELS = {
    "url": "Address",
    "tool": "Tool",
    "without_authorization": "Take away the authorization that is there",
    "timeout_seconds": "Seconds for all of a call",
    "minutes": "Minutes for which the customer may consent",
    "repeatable": "May be tried again",
    "bound": "Arguments that we set",
    "confirm": "Question before it is done",
    "done": "Told when it is done",
    "taken_from": "What arguments are taken from",
}


class CallsWanted(msgspec.Struct, frozen=True, kw_only=True):
    status: Status | None = None
    action: str | None = None
    """Its name."""


@post("/console/actions/name", status_code=303, scope="integrations:manage")
async def named(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[Any]:
    """To the page of an action that is to be declared."""
    name = (await sent_fields(request, name=48))["name"].strip()
    if not re.fullmatch(ACTION, name) or name == "name":
        raise Invalid(
            "an action's name is small letters, digits and _, begins with a letter, and is not the word name"
        )
    return moved(services, f"/console/actions/{name}")


def _one(facts: Facts) -> dict[str, Any]:
    """None: it was not declared yet, or was withdrawn."""
    name = facts["path"]["name"]
    found = next((each for each in facts["actions"].items if each.name == name), None)
    return {
        "action": found,
        "fields": fields_of(found) if found is not None else None,
        "calls": facts["calls"],
    }


def _stands(facts: Facts) -> bool:
    return facts["action"] is not None


def _said(facts: Facts) -> dict[str, Any]:
    return {"arguments": json_text(facts["call"].arguments), "result": json_text(facts["call"].result)}


SCREENS = (
    Screen(path="/console/actions", template="agent/actions.html", reads={"actions": action.list_all}),
    Screen(
        path="/console/actions/{name:str}",
        template="agent/action.html",
        reads={"actions": action.list_all, "calls": call.list_all},
        given={"action": "{name}", "limit": 20},
        more=_one,
        forms={
            "declare": Form(
                route=action.declare,
                body=ActionFields,
                into=declared,
                button="Declare it",
                done="Declared. The agent may do it from now on, as it stands here.",
                answer="agent/action-secret.html",
                shows=lambda shown: shown.secret is not None,
                current=lambda facts: facts["fields"],
                sections=SECTIONS,
                labels=LABELS,
                secrets=("authorization",),
            ),
            "rotate": Form(
                route=action.rotate,
                button="Give it another secret",
                answer="agent/action-secret.html",
                offered=_stands,
            ),
            "withdraw": Form(
                route=action.withdraw,
                button="Withdraw this action",
                to="/console/actions",
                done="Withdrawn: the agent does it no more.",
                confirm="The agent does it no more, and what waits for somebody's consent is not done either. Calls stay on record.",
                danger=True,
                offered=_stands,
            ),
        },
    ),
    Screen(
        path="/console/action-calls",
        template="agent/action-calls.html",
        reads={"calls": call.list_all},
        filters=CallsWanted,
    ),
    Screen(
        path="/console/action-calls/{call:uuid}",
        template="agent/action-call.html",
        reads={"call": call.read},
        more=_said,
    ),
)
ROUTER = Router("/", route_handlers=[named], include_in_schema=False, exception_handlers=HANDLERS)
