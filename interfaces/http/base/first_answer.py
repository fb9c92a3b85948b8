"""The first answer to a key, kept while it goes out, and the digest of what was asked."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Message, Receive, Send

from application.ports import Incoming, Spool
from interfaces.http.base.presence import ClientGone

EVENTS = b"text/event-stream"

PASSING = frozenset({401, 403, 429})
"""Statuses, beside those from 500 on, of what another try may find otherwise."""


class FirstAnswer:
    """Gives the application the body, and takes its response. Server-sent events go out as they come, besides."""

    def __init__(self, body: Incoming, send: Send) -> None:
        self._pieces, self._send = body.pieces(), send
        self._given = False
        self._over = asyncio.Event()
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.streaming = False

    @property
    def final(self) -> bool:
        """Whether the same request would fare no better another time. A response that says when to come back says that it may."""
        again = any(name.lower() == b"retry-after" for name, _ in self.headers)
        return self.status < 500 and self.status not in PASSING and not again

    async def receive(self) -> Any:
        """A client that goes away is not told of: somebody may come back for what is kept."""
        if self._given:
            await self._over.wait()
            return {"type": "http.disconnect"}
        if (piece := await anext(self._pieces, None)) is not None:
            return {"type": "http.request", "body": piece, "more_body": True}
        self._given = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers.extend((name, value) for name, value in message["headers"])
            kinds = [value for name, value in self.headers if name.lower() == b"content-type"]
            self.streaming = any(kind.startswith(EVENTS) for kind in kinds)
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))
            if not message.get("more_body"):
                self._over.set()
                if self.parts[-1] == b"":
                    return  # the end goes out when all is kept
            message["more_body"] = True
        if self.streaming:
            await self._send(message)


class Digest:
    """SHA-256 of a body in which `word` counts as the same word whatever it is; fed piece by piece."""

    def __init__(self, word: str) -> None:
        self._hash, self._word, self._held = hashlib.sha256(), word.encode(), b""

    def update(self, data: bytes) -> None:
        if not self._word:
            self._hash.update(data)
            return
        *whole, last = (self._held + data).split(self._word)
        for part in whole:
            self._hash.update(part + b"boundary")
        keep = min(len(last), len(self._word) - 1)  # it may be the beginning of another one
        self._hash.update(last[: len(last) - keep])
        self._held = last[len(last) - keep :]

    def hex(self) -> str:
        """Of all that it was fed."""
        self._hash.update(self._held)
        self._held = b""
        return self._hash.hexdigest()


async def read_body(receive: Receive, most: int, body: Spool, digest: Digest) -> None:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone("the request was cut off")
        part = message.get("body", b"")
        if body.size + len(part) > most:
            raise RequestEntityTooLarge
        digest.update(part)
        await body.write(part)
        if not message.get("more_body"):
            return
