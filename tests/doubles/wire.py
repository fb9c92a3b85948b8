"""An HTTP/1.1 server on loopback that misbehaves as it is told, byte by byte: what the vendors' doubles are made of."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import parse_qsl

CUT: Final = "cut"
"""The connection ends here, in the middle of an answer."""

Step = bytes | float | str


@dataclass(frozen=True)
class Reply:
    """`body`: all of it. Else `steps`: bytes are sent, a number is slept, CUT ends it. `delay`: seconds before the head, which comes after
    what `first` does.

    `raw`: these bytes in the place of all that, and then the connection is closed. `closes`: it is closed after the answer, which does
    not say so.
    """

    status: int = 200
    fields: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    steps: Iterable[Step] = ()
    delay: float = 0.0
    raw: bytes | None = None
    closes: bool = False
    first: Callable[[], Awaitable[object]] | None = None


@dataclass
class Call:
    """`body`: a JSON object, or a form's fields; of anything else there is `content` alone. `sent`: steps of bytes so far. `gone` is set when the client closed the connection before
    the answer was over."""

    path: str
    fields: dict[str, str]
    body: dict[str, Any]
    method: str = "POST"
    content: bytes = b""
    sent: int = 0
    over: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Wire:
    """`calls` in the order in which they came, `connections` how many there were."""

    def __init__(self, answer: Callable[[Call], Reply]) -> None:
        self.answer = answer
        self.port = 0
        self.calls: list[Call] = []
        self.connections = 0
        self.open: set[_Connection] = set()

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The bodies that came."""
        return [call.body for call in self.calls]


@asynccontextmanager
async def serving(wire: Wire, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(wire), "127.0.0.1", 0, ssl=tls)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        for connection in list(wire.open):
            connection.stop()


class _Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, wire: Wire) -> None:
        self._wire, self._came, self._wanted = wire, bytearray(), 0
        self._call: Call | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._wire.connections += 1
        self._wire.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire.open.discard(self)
        if self._call is not None and not self._call.over:
            self._call.gone.set()

    def data_received(self, data: bytes) -> None:
        self._came += data
        if len(self._came) < self._wanted:
            return
        head, there, rest = bytes(self._came).partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(fields.get("content-length", "0"))
        if not there or len(rest) < length:
            self._wanted = len(head) + 4 + length if there else 0
            return
        self._came, self._wanted = bytearray(rest[length:]), 0
        method, path, _ = first.split(" ")
        self._call = Call(path, fields, _parsed(rest[:length], fields), method, rest[:length])
        self._wire.calls.append(self._call)
        self._task = asyncio.ensure_future(self._answer(self._call, self._wire.answer(self._call)))

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.transport.abort()

    async def _answer(self, call: Call, reply: Reply) -> None:
        if reply.first is not None:
            await reply.first()
        await asyncio.sleep(reply.delay)
        fields = {"Content-Type": "application/json", **reply.fields}
        fields |= (
            {"Transfer-Encoding": "chunked"}
            if reply.body is None
            else {"Content-Length": str(len(reply.body))}
        )
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        if call.gone.is_set():
            return
        if reply.raw is not None:
            self.transport.write(reply.raw)
            self.transport.close()
            return
        self.transport.write(f"HTTP/1.1 {reply.status} X\r\n{lines}\r\n".encode() + (reply.body or b""))
        for step in reply.steps:
            if call.gone.is_set():
                return
            if isinstance(step, str):
                self.transport.close()
                return
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                self.transport.write(b"%x\r\n%b\r\n" % (len(step), step))
                call.sent += 1
        if reply.body is None and not call.gone.is_set():
            self.transport.write(b"0\r\n\r\n")
        call.over = True
        if reply.closes:
            self.transport.close()


def _parsed(body: bytes, fields: dict[str, str]) -> dict[str, Any]:
    if fields.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    if fields.get("content-type", "application/json").partition(";")[0] != "application/json":
        return {}
    found: dict[str, Any] = json.loads(body or b"{}")
    return found


def server_events(events: Iterable[Step], end: bytes = b"\n\n") -> Reply:
    """Server-sent events: bytes become the data of one each."""
    steps = (b"data: " + event + end if isinstance(event, bytes) else event for event in events)
    return Reply(fields={"Content-Type": "text/event-stream"}, steps=steps)
