"""An action as a form asks for it: one field each, in the place of the parts that the API takes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from domain.actions.declaration import Consent, Counts, Declaration, Effect, HttpEndpoint, McpTool, Rule
from interfaces.http.actions.forms import ActionIn, ActionOut
from interfaces.http.console.screens.converted import converted


class ActionFields(msgspec.Struct, frozen=True, kw_only=True):
    """What is not told here is held against the API's types, as it is sent."""

    description: Annotated[str, Meta(min_length=1, max_length=1000)]
    """What it does, for a model."""

    effect: Effect
    """Whether it changes anything: write does."""

    consent: Consent = "none"
    """Of the customer, who is asked first, or of an operator, who approves it."""

    url: Annotated[str, Meta(min_length=1, max_length=1000)]
    """https, to be reached from here."""

    tool: str | None = None
    """Of an MCP server at that address; empty: the address is an endpoint of your own."""

    authorization: str | None = None
    """What goes along as that header, as Bearer …. Never shown; left empty, the one that is there stays."""

    without_authorization: bool = False

    arguments: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "object"})
    """A JSON Schema of an object."""

    result: dict[str, Any] | None = None
    """A JSON Schema of an object too; empty: any."""

    bound: dict[str, str] = {}
    """From what is known of the customer: channel, address, name or conversation. As phone: address."""

    timeout_seconds: float = 10.0
    """1 to 30."""

    repeatable: bool = False
    """The endpoint does the same call with the same key once only, so that it may be tried again."""

    counts_as: Counts | None = None
    """In the figures of what customers did."""

    minutes: int = 30
    """At most a day."""

    confirm: dict[str, str] = {}
    """The question by language, as en: Cancel the order {order}."""

    done: dict[str, str] = {}
    """What the customer is told, as en: Your order {order} is {status}."""

    words: tuple[str, ...] = ()
    """It is called without a model where one of these stands in the messages."""

    intents: tuple[str, ...] = ()
    """Or where one of these was understood."""

    taken_from: dict[str, str] = {}
    """Argument and the kind of entity that it is taken from, as order: order."""


COPIED = tuple(name for name in ActionFields.__struct_fields__ if name in Declaration.__struct_fields__)


PLACES = {
    "target.url": "url",
    "target.tool": "tool",
    "rule.words": "words",
    "rule.intents": "intents",
    "rule.arguments": "taken_from",
}
"""Fields of the API → those of the form."""


def declared(fields: ActionFields) -> ActionIn:
    """Raises Invalid for what the API's types do not take."""
    endpoint: dict[str, Any] = {"type": "http", "url": fields.url}
    if fields.tool:
        endpoint |= {"type": "mcp", "tool": fields.tool}
    facts: dict[str, Any] = {name: getattr(fields, name) for name in COPIED}
    if fields.words or fields.intents or fields.taken_from:
        facts["rule"] = {"words": fields.words, "intents": fields.intents, "arguments": fields.taken_from}
    if fields.without_authorization or fields.authorization:
        facts["authorization"] = None if fields.without_authorization else fields.authorization
    return converted({**facts, "target": endpoint}, ActionIn, PLACES)


def fields_of(shown: ActionOut) -> ActionFields:
    """As it stands."""
    action, rule = shown.action, shown.action.rule or Rule()
    assert isinstance(action.target, HttpEndpoint | McpTool)
    return ActionFields(
        **{name: getattr(action, name) for name in COPIED},
        url=action.target.url,
        tool=action.target.tool if isinstance(action.target, McpTool) else None,
        words=rule.words,
        intents=rule.intents,
        taken_from=dict(rule.arguments),
    )
