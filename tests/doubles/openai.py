"""A server that speaks OpenAI's chat completions on loopback, with faults. The path before /chat/completions says which."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

GOOD: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-test-2026",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": " Yes. "}}],
    "usage": {
        "prompt_tokens": 120,
        "completion_tokens": 30,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 10},
    },
}


def _error(message: str, code: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": "t", "code": code}}).encode()


def _choice(**changes: Any) -> bytes:
    return json.dumps({**GOOD, "choices": [{**GOOD["choices"][0], **changes}]}).encode()


# fault → (status, headers, body)
FAULTS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "ok": (200, {}, json.dumps(GOOD).encode()),
    "no-usage": (200, {}, json.dumps({k: v for k, v in GOOD.items() if k != "usage"}).encode()),
    "length": (200, {}, _choice(finish_reason="length")),
    "401": (401, {}, _error("bad key")),
    "404": (404, {}, _error("no such model")),
    "429": (429, {}, _error("slow down")),
    "429-after": (429, {"Retry-After": "7"}, _error("slow down")),
    "429-long": (429, {"Retry-After": "600"}, _error("slow down")),
    "500": (500, {}, _error("oops")),
    "503": (503, {}, b"<html>down</html>"),
    "context": (400, {}, _error("too long", "context_length_exceeded")),
    "400": (400, {}, _error("bad parameter")),
    "malformed": (200, {}, b'{"choices": [{'),
    "no-json": (200, {"Content-Type": "text/html"}, b"<html>hello</html>"),
    "empty-choices": (200, {}, json.dumps({**GOOD, "choices": []}).encode()),
    "empty-text": (200, {}, _choice(message={"role": "assistant", "content": ""})),
    "filter": (
        200,
        {},
        _choice(finish_reason="content_filter", message={"role": "assistant", "content": None}),
    ),
    "refusal": (200, {}, _choice(message={"role": "assistant", "content": None, "refusal": "no"})),
}


class Double:
    """`requests` are the bodies that came."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[dict[str, Any]] = []

    def url(self, fault: str) -> str:
        return f"http://127.0.0.1:{self.port}/{fault}/v1"


@asynccontextmanager
async def openai_double() -> AsyncIterator[Double]:
    double: Double

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(
                next(
                    line.split(":")[1]
                    for line in head.splitlines()
                    if line.lower().startswith("content-length")
                )
            )
            double.requests.append(json.loads(await reader.readexactly(length)))
            fault = head.split("/")[1]
            if fault == "slow":
                await asyncio.sleep(5)
            if fault != "cut":
                status, headers, body = FAULTS[fault]
                fields = {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(body)),
                    "Connection": "close",
                    **headers,
                }
                lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
                writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body)
                await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    double = Double(server.sockets[0].getsockname()[1])
    try:
        yield double
    finally:
        server.close()
