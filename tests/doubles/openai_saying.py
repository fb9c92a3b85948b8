"""An answer of OpenAI's API made of a message, with text or calls of tools, whole or streamed as OpenAI does it: text by words, arguments by some characters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.doubles.wire import Reply, server_events


def call(name: str, arguments: str, id: str = "call_1") -> dict[str, Any]:
    """A call of a tool, as a message has it."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def saying(message: dict[str, Any], body: dict[str, Any], usage: dict[str, Any]) -> Reply:
    """`finish_reason` beside the message's members: another than the usual one; `chunks`: deltas of a stream, as they are, and seconds to wait."""
    message, model = dict(message), f"{body['model']}-2026"
    finish = message.pop("finish_reason", "tool_calls" if message.get("tool_calls") else "stop")
    chunks = message.pop("chunks", None)
    common = {"id": "chatcmpl-1", "created": 1, "model": model}
    if not body.get("stream"):
        said = {"role": "assistant", "content": None, **message}
        whole = {**common, "object": "chat.completion", "usage": usage}
        whole["choices"] = [{"index": 0, "message": said, "finish_reason": finish, "logprobs": None}]
        return Reply(body=_json(whole))
    common["object"] = "chat.completion.chunk"
    deltas = [{"role": "assistant"}, *(_deltas(message) if chunks is None else chunks)]

    def event(**choice: Any) -> bytes:
        return _json({**common, "choices": [{"index": 0, "delta": {}, "finish_reason": None, **choice}]})

    steps = [each if isinstance(each, float) else event(delta=each) for each in deltas]
    counted = _json({**common, "choices": [], "usage": usage})
    return server_events([*steps, event(finish_reason=finish), counted, b"[DONE]"])


def _deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for word in re.findall(r"\s*\S+\s*$|\s*\S+", message.get("content") or ""):
        yield {"content": word}
    for index, each in enumerate(message.get("tool_calls") or ()):
        function = each["function"]
        begun = {**each, "index": index, "function": {**function, "arguments": ""}}
        yield {"tool_calls": [begun]}
        for piece in re.findall(r"(?s).{1,7}", function["arguments"]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
