"""What OpenAI's API is asked, in its form: messages, tools, the form of the answer.

https://platform.openai.com/docs/api-reference/chat/create. Schemas go as the app wrote them, byte for byte.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from domain.models.answer_format import AnswerFormat
from domain.models.attachment import Attachment
from domain.models.completion import CompletionRequest, Turn
from domain.models.tools import Tool, ToolCall, allowed


def message_of(
    turn: Turn, system: str, contents: Mapping[UUID, bytes] | None = None, *, google: bool = False
) -> dict[str, Any]:
    """`system`: the role of a system message, of which some models know none. `google`: its own server of this API is asked, which wants the
    signatures of calls back."""
    message: dict[str, Any] = {"role": system if turn.role == "system" else turn.role, "content": turn.text}
    if turn.attachments:
        message["content"] = [_part(part, contents or {}) for part in turn.parts]
    if turn.calls:
        message["content"] = turn.text or None
        message["tool_calls"] = [_call(call, google) for call in turn.calls]
    if turn.call is not None:
        message["tool_call_id"] = turn.call
    elif turn.name is not None:
        message["name"] = turn.name
    return message


def tools_of(request: CompletionRequest) -> dict[str, Any]:
    """Choices of several by name are known to OpenAI alone: others are told these tools, and no more."""
    found, choice = allowed(request.tools, request.tool_choice), request.tool_choice
    said: dict[str, Any] = {"tools": [_tool(tool) for tool in found.tools]}
    if choice is not None:
        one = found.mode == "required" and len(choice.names) == 1
        named = {"type": "function", "function": {"name": choice.names[0]}} if one else None
        said["tool_choice"] = named or found.mode
    if request.parallel_tool_calls is not None:
        said["parallel_tool_calls"] = request.parallel_tool_calls
    return said


def format_of(form: AnswerFormat) -> dict[str, Any]:
    if form.type == "json_object":
        return {"type": "json_object"}
    schema: dict[str, Any] = {"name": form.name, "schema": _json(form.schema)}
    if form.description is not None:
        schema["description"] = form.description
    if form.strict is not None:
        schema["strict"] = form.strict
    return {"type": "json_schema", "json_schema": schema}


def _part(part: str | Attachment, contents: Mapping[UUID, bytes]) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    url = f"data:{part.content_type};base64,{base64.b64encode(contents[part.id]).decode()}"
    if part.kind == "file":
        return {"type": "file", "file": {"filename": part.name or "document.pdf", "file_data": url}}
    detail = {} if part.detail is None else {"detail": part.detail}
    return {"type": "image_url", "image_url": {"url": url, **detail}}


def _tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = _json(tool.parameters)
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _call(call: ToolCall, google: bool) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }
    if google and call.signature is not None:
        said["extra_content"] = {"google": {"thought_signature": call.signature}}
    return said


def _json(text: str | None) -> msgspec.Raw:
    return msgspec.Raw((text or "{}").encode())
