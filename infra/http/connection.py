"""A connection with limits: uvicorn's own, which waits for ever, with clocks for what a client owes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Literal

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.http.connections import Connections, Reason

LONGEST_HEAD = 64 * 1024
"""Bytes of a request's line and headers, and of what comes of its body without being any: extensions of chunks, trailers."""

LINGER = 2.0
"""Seconds for which what still comes is thrown away after the last answer: closed before, its client might never see the answer."""

BREAK_OFF = "break_off"
"""In the state of a request: closes its connection where its answer can't be ended in another way."""

GONE = "gone"
"""In the state of a request: tells whether its connection has gone, for whoever begins what takes long."""

Part = Literal["head", "body", "none"]

TELLING: dict[Reason, tuple[int, str, str]] = {
    "full": (503, "Service Unavailable", "there are as many connections as there may be; try again soon"),
    "head": (408, "Request Timeout", "the head of the request took too long; send it at once"),
    "long_head": (
        431,
        "Request Header Fields Too Large",
        f"a request's line and headers have at most {LONGEST_HEAD} bytes",
    ),
    "malformed": (400, "Bad Request", "this is no HTTP/1.1 request"),
}
"""What is told before the connection is closed, where anything is."""


class _Answering:
    """What a request of uvicorn's may do with its connection."""

    def __init__(self, connection: Connection) -> None:
        self.write, self.is_closing = connection.transport.write, connection.transport.is_closing
        self.close = connection.end


class Connection(HttpToolsProtocol):
    """Its server's `connections` know whether a request is under way on it."""

    def __init__(self, connections: Connections, **given: Any) -> None:
        super().__init__(**given)
        self._all, self._limits = connections, connections.limits
        self.address = ""
        self._part: Part = "head"
        """What comes next."""
        self._head = 0
        """Bytes that came of the head, or since the last one of the body."""
        self._moved = False
        """Whether what was read now ended the head or brought some of the body."""
        self._served = self._ended = False
        self._waiting: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def make_room(self) -> None:
        """Close it at once; what is said between two requests or before the first is nothing."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def end(self) -> None:
        """Close it behind the last answer."""
        if self._part == "none" or self._ended or self.transport.is_closing():
            self.transport.close()
            return
        self._ended = True
        self._all.put(self, "new")
        self._stop_waiting()
        self.transport.write_eof()
        self._wait(LINGER)

    # What happens on the wire.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self.address = self.client[0] if self.client else ""
        self._answering = _Answering(self)
        if self._all.admit(self):
            self._settle()
        else:
            self._tell("full")

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.left(self)
        self._stop_waiting()
        self._stop_reading()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ended or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._moved = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # to nothing that is spoken here: the request is answered as it is
        except httptools.HttpParserError:
            self._close("malformed")
            return
        if self._part == "head" or (self._part == "body" and not self._moved):
            self._head += len(data)
            if self._head > LONGEST_HEAD:
                self._close("long_head" if self._part == "head" else "long_tail")
                return
        self._settle()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_on()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_reading()

    # What the parser says.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._part, self._head = "head", 0
        self.scope["state"][BREAK_OFF] = self.transport.close
        self.scope["state"][GONE] = self.transport.is_closing
        if self._served:
            self._stop_waiting()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Trailers are none of the request's headers: they were not looked at when it was let in (RFC 9110, 6.5.1)."""
        if self._part == "head":
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._part, self._head, self._served, self._moved = "body", 0, True, True
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.cycle.transport = self._answering  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        self._head, self._moved = 0, True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part = "none"
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self._ended:
            return
        super().on_response_complete()
        self._settle()

    # The clocks.

    @property
    def _busy(self) -> bool:
        return bool(self.pipeline) or (self.cycle is not None and not self.cycle.response_complete)

    def _settle(self) -> None:
        """Set the clock for what is awaited now."""
        if self._ended or self.transport.is_closing():
            return
        if self._busy:
            self._stop_waiting()
            self._all.put(self, "running")
        elif self._part == "none":
            self._all.put(self, "idle")
            # Data between two requests, as line breaks, stops uvicorn's own clock.
            if self.timeout_keep_alive_task is None:
                self._wait(self.timeout_keep_alive)
            else:
                self._stop_waiting()
        else:
            self._all.put(self, "new")
            self._wait(self._limits.head)

    def _wait(self, seconds: float) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(seconds, self._waited)

    def _waited(self) -> None:
        self._waiting = None
        if self._ended:
            self.transport.abort()
        elif self.transport.is_closing():
            return
        elif self._part == "none":
            self.transport.close()
        else:
            self._close("head" if self._part == "head" else "body")

    def _read_on(self) -> None:
        before = self.transport.get_write_buffer_size()
        self._reading = self.loop.call_later(self._limits.silence, self._read, before)

    def _read(self, before: int) -> None:
        if before - self.transport.get_write_buffer_size() < self._limits.rate * self._limits.silence:
            self._close("reading")
        else:
            self._read_on()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _close(self, reason: Reason) -> None:
        self._all.closed(reason)
        told = reason in TELLING and not self._busy and (reason != "head" or self._head > 0)
        if told:
            self._tell(reason)
        elif self._busy or reason in ("body", "long_tail", "reading"):
            self.transport.abort()
        else:
            self.transport.close()

    def _tell(self, reason: Reason) -> None:
        status, phrase, detail = TELLING[reason]
        again = "retry-after: 1\r\n" if status == 503 else ""
        head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(detail) + 1}\r\n{again}connection: close\r\n\r\n"
        self.transport.write(f"{head}{detail}\n".encode("ascii"))
        if reason == "full":
            self.transport.close()
        else:
            self.end()


def limited(connections: Connections) -> Any:
    """What uvicorn's Config takes as `http`."""
    return partial(Connection, connections)
