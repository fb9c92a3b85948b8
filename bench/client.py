"""HTTP/1.1 as thin as it can be, so that the client's CPU does not count as the server's time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any


class Client:
    """One connection that is kept; one request at a time."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: Mapping[str, str]
    ) -> None:
        self._reader, self._writer = reader, writer
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    async def post(self, path: str, body: Any) -> tuple[int, bytes]:
        """Status and body of a response that gives its length."""
        self._send(path, body)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        lengths = [
            int(line.partition(b":")[2]) for line in lines if line.lower().startswith(b"content-length:")
        ]
        return int(lines[0].split()[1]), await self._reader.readexactly(lengths[0])

    async def first(self, path: str, body: Any, mark: bytes) -> float:
        """When (perf_counter) `mark` has come in the response. What comes after it is left unread: the connection is spent."""
        self._send(path, body)
        seen = b""
        while mark not in seen:
            if not (part := await self._reader.read(65_536)):
                raise RuntimeError(f"the response ended before {mark!r}: {seen[:300]!r}")
            seen += part
        return time.perf_counter()

    def _send(self, path: str, body: Any) -> None:
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{self._headers}"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        self._writer.write(head.encode() + data)


@asynccontextmanager
async def connected(host: str, port: int, headers: Mapping[str, str]) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Client(reader, writer, headers)
    finally:
        writer.close()
