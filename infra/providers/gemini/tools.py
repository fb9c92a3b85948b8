"""Tools in the form of Gemini's SDK: functions, calls with the signatures of the thoughts behind them, results.

https://ai.google.dev/gemini-api/docs/function-calling, https://ai.google.dev/gemini-api/docs/thought-signatures. A signature is good for the model that gave it alone: it
is kept with that model's name before it, and goes back to no other.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from google.genai import types

from domain.models.completion import CompletionRequest, Turn
from domain.models.tools import ToolCall, allowed

MODES = {
    "auto": types.FunctionCallingConfigMode.AUTO,
    "required": types.FunctionCallingConfigMode.ANY,
    "none": types.FunctionCallingConfigMode.NONE,
}
UNSIGNED = base64.urlsafe_b64decode("skip_thought_signature_validator")
"""In the place of a signature that nobody has, as of a call that another model made: without any the turn is refused."""


def tools_of(request: CompletionRequest) -> dict[str, Any]:
    """For the configuration of a request; empty without tools. Gemini knows no limit of calls at once."""
    if not request.tools:
        return {}
    found = allowed(request.tools, request.tool_choice)
    functions = [
        types.FunctionDeclaration(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=None if tool.parameters is None else msgspec.json.decode(tool.parameters),
        )
        for tool in found.tools
    ]
    calling = types.FunctionCallingConfig(mode=MODES[found.mode])
    return {
        "tools": [types.Tool(function_declarations=functions)],
        "tool_config": types.ToolConfig(function_calling_config=calling),
    }


def form_of(request: CompletionRequest) -> dict[str, Any]:
    """The form of the answer, for the configuration of a request; empty where it is text."""
    form = request.answer_format
    if form is None:
        return {}
    found: dict[str, Any] = {"response_mime_type": "application/json"}
    if form.schema is not None:
        found["response_json_schema"] = msgspec.json.decode(form.schema)
    return found


def calls_of(turn: Turn, model: str, *, signed: bool) -> list[types.Part]:
    """`signed`: the model wants signatures; of calls at once the first one has it."""
    parts = []
    for at, call in enumerate(turn.calls):
        signature = _signature(call, model)
        if signature is None and signed and at == 0:
            signature = UNSIGNED
        function = types.FunctionCall(id=call.id, name=call.name, args=_object(call.arguments))
        parts.append(types.Part(function_call=function, thought_signature=signature))
    return parts


def result_of(turn: Turn, name: str) -> types.Part:
    """What a tool has come to: the object that it gave, or its text."""
    value = _json(turn.text)
    response = value if isinstance(value, dict) else {"output": turn.text if value is None else value}
    return types.Part(function_response=types.FunctionResponse(id=turn.call, name=name, response=response))


def signature_of(model: str, text: object) -> str | None:
    """As it is kept."""
    return f"{model}:{text}" if isinstance(text, str) and text else None


def _signature(call: ToolCall, model: str) -> bytes | None:
    of, _, text = (call.signature or "").rpartition(":")
    if of != model:
        return None
    try:
        return base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def _object(arguments: str) -> dict[str, Any]:
    """What a model wrote that is no object, as it was cut, can't be called by it again: it is told as it is."""
    value = _json(arguments)
    return value if isinstance(value, dict) else {"arguments": arguments}


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None
