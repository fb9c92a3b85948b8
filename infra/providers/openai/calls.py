"""Calls of tools in an answer of OpenAI's API, or a piece of one, read: in the forms in which servers that speak it write them."""

from __future__ import annotations

from typing import Any

import msgspec

from infra.providers.incoming import Incoming


def take_calls(calls: Any, function: Any, incoming: Incoming, choice: int = 0) -> None:
    """`calls`: the member `tool_calls`; `function`: `function_call`, its form of 2023, one call without an id."""
    if isinstance(function, dict) and not calls:
        calls = [{"index": 0, "function": function}]
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            _take(call, incoming, choice)


def _take(call: dict[str, Any], incoming: Incoming, choice: int) -> None:
    function = call.get("function")
    facts = function if isinstance(function, dict) else {}
    number = call.get("index")
    incoming.add_call(
        number=number if type(number) is int else None,
        id=_text(call.get("id")),
        name=_text(facts.get("name")),
        arguments=_arguments(facts.get("arguments")),
        signature=_signature(call.get("extra_content")),
        choice=choice,
    )


def _arguments(value: Any) -> str:
    """A JSON text, or a piece of one; some write the object itself."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else ""


def _signature(extra: Any) -> str | None:
    """Gemini's, at Google's own server of this API (ai.google.dev/gemini-api/docs/thought-signatures)."""
    google = extra.get("google") if isinstance(extra, dict) else None
    return _text(google.get("thought_signature")) if isinstance(google, dict) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
