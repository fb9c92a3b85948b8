"""Server-sent events, as far as model servers use them: what counts is the data, and it stands on one line."""

from __future__ import annotations

from collections.abc import Iterator

LONGEST = 2**20
"""Bytes of one line."""


class ServerEvents:
    """Takes the bytes as they come. Raises ValueError for a line that does not end."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST:
            raise ValueError("the line does not end")
        return _data(lines)

    def end(self) -> Iterator[bytes]:
        """What stood there without a line's end."""
        rest, self._rest = self._rest, b""
        return _data([rest])


def _data(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line.startswith(b"data:") and (data := line[5:].strip()):
            yield data
