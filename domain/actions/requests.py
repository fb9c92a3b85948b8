"""What goes out with a call: the same bytes however often it is tried, with the customer as we know them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.actions.declaration import Declaration, Source
from domain.actions.schema import closed, faults

LONGEST_ARGUMENTS = 8_000
"""Characters of a call's arguments as JSON."""


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a call is, as the conversation has it: no argument says it."""

    channel: str
    address: str
    name: str | None
    conversation: UUID


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """`faults`: what a model's arguments lack; empty where they may go out."""

    given: dict[str, Any] = {}
    faults: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return msgspec.json.encode(self.given, order="deterministic").decode()


def read_arguments(declared: Declaration, text: str) -> Arguments:
    """A model's arguments, by the action's schema without what is bound."""
    if len(text) > LONGEST_ARGUMENTS:
        return Arguments(faults=("the arguments are too long",))
    try:
        given = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, RecursionError):
        return Arguments(faults=("the arguments are no JSON",))
    if not isinstance(given, dict):
        return Arguments(faults=("the arguments are no object",))
    found = faults(closed(declared.arguments, declared.bound), given)
    return Arguments(faults=tuple(found)) if found else Arguments(given=given)


def whole_arguments(declared: Declaration, given: Mapping[str, Any], customer: Customer) -> dict[str, Any]:
    """With what is bound, over whatever stands there."""
    known: Mapping[Source, str | None] = {
        "channel": customer.channel,
        "address": customer.address,
        "name": customer.name,
        "conversation": str(customer.conversation),
    }
    bound = {name: known[source] for name, source in declared.bound.items()}
    return {**given, **{name: value for name, value in bound.items() if value is not None}}


def body_of(
    call: UUID, action: str, arguments: Mapping[str, Any], customer: Customer, requested_at: datetime
) -> bytes:
    """Of the POST that an HTTP endpoint gets."""
    data = {"call": call, "action": action, "arguments": arguments, "customer": customer}
    return msgspec.json.encode(
        {"type": "action.call", "timestamp": requested_at, "data": data}, order="deterministic"
    )
