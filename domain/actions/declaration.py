"""Actions (tools) that a tenant declares: what the agent may do in its systems, for whom, and whose consent that needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from domain.base.patterns import ARGUMENT, LANGUAGE

Effect = Literal["read", "write"]
Consent = Literal["none", "customer", "operator"]
Source = Literal["channel", "address", "name", "conversation"]
"""What is known of the customer, and no model says: the channel, the address on it, the name, the conversation's id."""

Counts = Literal["purchase", "booking"]

Argument = Annotated[str, Meta(pattern=ARGUMENT)]
Word = Annotated[str, Meta(min_length=1, max_length=80)]
Language = Annotated[str, Meta(pattern=LANGUAGE)]
Told = Annotated[str, Meta(min_length=1, max_length=1000)]
Texts = Annotated[dict[Language, Told], Meta(max_length=60)]
"""By language; `en`, or else the first, for all others. `{name}` stands for an argument, or a field of the result."""


class HttpEndpoint(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="http"
):
    """It is sent a signed POST, as a webhook is."""

    url: Annotated[str, Meta(min_length=1, max_length=1000)]


class McpTool(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="mcp"
):
    """A tool of an MCP server that speaks streamable HTTP at `url`."""

    url: Annotated[str, Meta(min_length=1, max_length=1000)]
    tool: Annotated[str, Meta(min_length=1, max_length=128)]


Target = HttpEndpoint | McpTool


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """When the action is called without asking a model: one of the `words` stands in the messages, or one of the `intents` was understood, and
    all `arguments` that the schema requires are found. `arguments`: name → kind of entity that it is taken from, as order, date, email."""

    words: Annotated[tuple[Word, ...], Meta(max_length=100)] = ()
    intents: Annotated[tuple[Word, ...], Meta(max_length=20)] = ()
    arguments: Annotated[dict[Argument, Word], Meta(max_length=20)] = {}


class Declaration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a tenant says of an action, but for its secrets.

    `bound`: arguments that are set by us, from what is known of the customer: no model is told of them, or may give them. `repeatable`: the same call with the same key
    again has one effect; of a read that is taken for granted. `counts_as`: what a completed call is in the figures of what customers did. `minutes`: for which the customer may
    consent.
    """

    description: Annotated[str, Meta(min_length=1, max_length=1000)]
    effect: Effect
    target: Target
    consent: Consent = "none"
    arguments: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "object"})
    result: dict[str, Any] | None = None
    bound: Annotated[dict[Argument, Source], Meta(max_length=10)] = {}
    timeout_seconds: Annotated[float, Meta(ge=1, le=30)] = 10.0
    repeatable: bool = False
    counts_as: Counts | None = None
    minutes: Annotated[int, Meta(ge=1, le=1440)] = 30
    confirm: Texts = {}
    """What is about to be done, as it is put into the question: `cancel the order {order}`."""

    done: Texts = {}
    """What the customer is told of the result where no model says it: `Your order {order} is {status}.`"""

    rule: Rule | None = None

    @property
    def may_repeat(self) -> bool:
        return self.repeatable or self.effect == "read"


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One that is in force. `secret` signs its calls, `earlier` as well until it is rotated again; `authorization` goes along as that header."""

    name: str
    declared: Declaration
    secret: bytes
    earlier: bytes | None = None
    authorization: bytes | None = None

    def __repr__(self) -> str:
        return f"Action(name={self.name!r})"


def text_in(texts: Mapping[str, str], language: str | None) -> str | None:
    """In the customer's language, else in English, else as it comes; None where there is none."""
    if not texts:
        return None
    return texts.get(language or "") or texts.get("en") or next(iter(texts.values()))
