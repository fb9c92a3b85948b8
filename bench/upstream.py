"""A provider for benches: it speaks OpenAI's chat completions and embeddings and answers at once, or MODEL after so many seconds.

`python -m bench.upstream PORT [MODEL=SECONDS …]`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import sys
from array import array
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import uvloop

PIECES = ("You", " can", " send", " it", " back", " within", " thirty", " days", ".")
USAGE = {"prompt_tokens": 40, "completion_tokens": len(PIECES), "total_tokens": 40 + len(PIECES)}

OBJECT = {"city": "Oslo", "days": 3, "notes": "within thirty days"}
"""What a tool is called with, and what an answer by a schema says."""

VECTOR = [math.sin(number) / 28 for number in range(1536)]
VECTOR_BASE64 = base64.b64encode(array("f", VECTOR).tobytes()).decode()


def _whole(asked: Mapping[str, Any]) -> bytes:
    """A text; a call of the first tool where there are some, an object where one is wanted."""
    message: dict[str, Any] = {"role": "assistant", "content": "".join(PIECES)}
    finish = "stop"
    if tools := asked.get("tools"):
        function = {"name": tools[0]["function"]["name"], "arguments": json.dumps(OBJECT)}
        called = {"id": "call_bench", "type": "function", "function": function}
        message, finish = {"role": "assistant", "content": None, "tool_calls": [called]}, "tool_calls"
    elif asked.get("response_format"):
        message = {"role": "assistant", "content": json.dumps(OBJECT)}
    choice = {"index": 0, "finish_reason": finish, "message": message}
    made: dict[str, Any] = {"id": "chatcmpl-bench", "object": "chat.completion", "created": 1_760_000_000}
    return _replied({**made, "model": asked["model"], "choices": [choice], "usage": USAGE})


def _vectors(asked: Mapping[str, Any]) -> bytes:
    """Of 1,536 dimensions, one for all texts."""
    texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    form = VECTOR_BASE64 if asked.get("encoding_format") == "base64" else VECTOR
    data = [{"object": "embedding", "index": index, "embedding": form} for index in range(len(texts))]
    usage = {"prompt_tokens": 50 * len(texts), "total_tokens": 50 * len(texts)}
    return _replied({"object": "list", "data": data, "model": asked["model"], "usage": usage})


def _replied(facts: Mapping[str, Any]) -> bytes:
    body = json.dumps(facts).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


def _streamed(model: str) -> bytes:
    made: dict[str, Any] = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
    }

    def event(**facts: Any) -> bytes:
        return b"data: %b\n\n" % json.dumps({**made, "model": model, **facts}).encode()

    events = [event(choices=[{"index": 0, "delta": {"content": piece}}]) for piece in PIECES]
    events.append(event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    events.append(event(choices=[], usage=USAGE))
    events.append(b"data: [DONE]\n\n")
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in events) + b"0\r\n\r\n"
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    )


class Upstream(asyncio.Protocol):
    """Requests come whole, one behind the other."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._buffer = cast(asyncio.Transport, transport), b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            _, _, rest = head.partition(b"content-length:")
            length = int(rest.partition(b"\r\n")[0] or 0)
            if len(self._buffer) < end + 4 + length:
                return
            path = self._buffer.partition(b" ")[2].partition(b" ")[0]
            body = json.loads(self._buffer[end + 4 : end + 4 + length] or b'{"model": ""}')
            self._buffer = self._buffer[end + 4 + length :]
            if path.endswith(b"/embeddings"):
                reply = _vectors(body)
            else:
                reply = _streamed(body["model"]) if body.get("stream") else _whole(body)
            if seconds := self._seconds.get(body["model"]):
                asyncio.get_running_loop().call_later(seconds, self._transport.write, reply)
            else:
                self._transport.write(reply)


async def serve(port: int, seconds: Mapping[str, float]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Upstream, seconds), "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    slow = {model: float(seconds) for model, _, seconds in (each.partition("=") for each in sys.argv[2:])}
    uvloop.run(serve(int(sys.argv[1]), slow))
