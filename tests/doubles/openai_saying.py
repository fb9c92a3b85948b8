"""An answer of OpenAI's API made of a message, with text or calls of tools, whole or streamed as OpenAI does it: text by words, arguments by some characters."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.doubles.wire import Reply, server_events

WORD = r"\s*\S+\s*$|\s*\S+"


def call(name: str, arguments: str, id: str = "call_1") -> dict[str, Any]:
    """A call of a tool, as a message has it."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def saying(message: dict[str, Any], body: dict[str, Any], usage: dict[str, Any]) -> Reply:
    """`finish_reason` beside the message's members: another than the usual one; `chunks`: deltas of a stream, as they are, and seconds to wait; `choices`:
    messages of several choices, in place of all this; else all are alike. Log probabilities are told where they are asked for, one a word."""
    message, model = dict(message), f"{body['model']}-2026"
    messages = [dict(each) for each in message.pop("choices", [message] * body.get("n", 1))]
    common = {"id": "chatcmpl-1", "created": 1, "model": model}
    finishes = [
        each.pop("finish_reason", "tool_calls" if each.get("tool_calls") else "stop") for each in messages
    ]
    chunks = [each.pop("chunks", None) for each in messages]
    if not body.get("stream"):
        whole = {**common, "object": "chat.completion", "usage": usage}
        whole["choices"] = [
            {
                "index": index,
                "message": {"role": "assistant", "content": None, **each},
                "finish_reason": finish,
                "logprobs": logprobs(each.get("content"), body),
            }
            for index, (each, finish) in enumerate(zip(messages, finishes, strict=True))
        ]
        return Reply(body=_json(whole))
    common["object"] = "chat.completion.chunk"

    def event(index: int, **choice: Any) -> bytes:
        said = {"index": index, "delta": {}, "finish_reason": None, **choice}
        if told := logprobs(said["delta"].get("content"), body):
            said["logprobs"] = told
        return _json({**common, "choices": [said]})

    rows = [
        [{"role": "assistant"}, *(_deltas(each) if some is None else some)]
        for each, some in zip(messages, chunks, strict=True)
    ]
    # Choices come in turn, as they do where one server makes them all.
    steps = [
        each if isinstance(each, float) else event(index, delta=each)
        for column in itertools.zip_longest(*rows)
        for index, each in enumerate(column)
        if each is not None
    ]
    ends = [event(index, finish_reason=finish) for index, finish in enumerate(finishes)]
    return server_events([*steps, *ends, _json({**common, "choices": [], "usage": usage}), b"[DONE]"])


def logprobs(content: Any, body: dict[str, Any]) -> dict[str, Any] | None:
    """Each word is a token; beside it as many others as were asked for."""
    if not content or body.get("logprobs") is not True:
        return None
    top = [
        {"token": f"other{n}", "logprob": -1.0 - n, "bytes": None} for n in range(body.get("top_logprobs", 0))
    ]
    return {
        "content": [
            {"token": word, "logprob": -0.25, "bytes": list(word.encode()), "top_logprobs": top}
            for word in re.findall(WORD, content)
        ]
    }


def _deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for word in re.findall(WORD, message.get("content") or ""):
        yield {"content": word}
    for index, each in enumerate(message.get("tool_calls") or ()):
        function = each["function"]
        begun = {**each, "index": index, "function": {**function, "arguments": ""}}
        yield {"tool_calls": [begun]}
        for piece in re.findall(r"(?s).{1,7}", function["arguments"]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
