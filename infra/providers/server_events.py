"""Server-sent events, as the standard reads them: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6.

Lines end by CR, LF or both; a BOM may come first; comments, `id` and `retry` say nothing here; several data lines are one text.

Ours, since the libraries lose what servers of models validly send (tests/infra/providers/test_server_events.py). httpx-sse 0.4.3 reads
responses of httpx only, drops the first event behind a BOM, holds an event that ends in a mere CR back until more comes, makes an event without
data of each blank line behind an `id`, drops what stands at the end without a blank line, refuses another content type, and has no limit for a line.
The OpenAI SDK's own has no limit either, and stumbles over bytes that are no UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 2**20
"""Bytes of one line, or of one event's data."""

BOM = b"\xef\xbb\xbf"


class ServerEvent(NamedTuple):
    """`data` is UTF-8; what was none came out as U+FFFD. `type` is empty where the server names none: a message."""

    data: bytes
    type: bytes = b""


class ServerEvents:
    """Takes the bytes as they come. Raises ValueError for a line, or an event, that does not end."""

    def __init__(self) -> None:
        self._begun = False
        self._returned = False
        """Whether the last byte was a CR: a LF after it is of the same line's end."""

        self._rest: list[bytes] = []
        """Of the line that has not ended yet."""

        self._length = 0
        self._data: list[bytes] = []
        self._size = 0
        self._type = b""

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that these bytes complete."""
        if not self._begun:
            chunk = self._without_bom(chunk)
        if not chunk:
            return []
        if self._returned and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._returned = False
            if not chunk:
                return []
        self._returned = chunk.endswith(b"\r")
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *others = chunk.split(b"\n")
        self._rest.append(first)
        self._length += len(first)
        if not others:
            if self._length > LONGEST:
                raise ValueError("the line does not end")
            return []
        *lines, last = others
        whole = b"".join(self._rest)
        self._rest, self._length = [last], len(last)
        return list(self._read([whole, *lines]))

    def end(self) -> ServerEvent | None:
        """What stood there without the blank line that ends an event.

        The standard has it thrown away. Servers of models leave that line out at the end, and what is cut in the middle can't be read as
        JSON: so it is for the caller to say what it is worth.
        """
        self._field(b"".join(self._rest))
        self._rest, self._length = [], 0
        return next(self._read([b""]), None)

    def _without_bom(self, chunk: bytes) -> bytes:
        """Of the very first bytes, once there are enough of them to tell."""
        start = b"".join(self._rest) + chunk
        self._rest = []
        if len(start) < len(BOM) and BOM.startswith(start):
            self._rest = [start]
            return b""
        self._begun = True
        return start.removeprefix(BOM)

    def _read(self, lines: list[bytes]) -> Iterator[ServerEvent]:
        for line in lines:
            if line:
                self._field(line)
                continue
            if self._data:
                yield ServerEvent(_text(b"\n".join(self._data)), _text(self._type))
                self._data, self._size = [], 0
            self._type = b""

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value) + 1
            if self._size > LONGEST:
                raise ValueError("the event does not end")
        elif name == b"event":
            self._type = value.removeprefix(b" ")


def _text(value: bytes) -> bytes:
    return value if value.isascii() else value.decode("utf-8", "replace").encode()
