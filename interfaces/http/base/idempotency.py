"""`Idempotency-Key` on every request that writes: the same key and body give the first result, its status too.

Kept is what the application said, sealed under the tenant's encryption key, for the caller that asked: an API key, with those in whose
place it came. So a caller that lost the answer gets it again, also a new key's secret, and nobody else does. What was refused for the
moment, or for who came, is not kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from application.ports import Fault, IdempotencyKey, Incoming, Kept, Spool
from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.gate import MULTIPART, without_key
from interfaces.http.base.headers import only
from interfaces.http.base.presence import ClientGone
from interfaces.http.base.stream import CUT, asked_for_events
from interfaces.http.base.version import MATCH

KEY = "Idempotency-Key"
EVENTS = b"text/event-stream"
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PASSING = frozenset({401, 403, 429})
"""Statuses, beside those from 500 on, of what another try may find otherwise."""

EXTENDED = 30.0
"""Seconds after which a running request's lease is extended, again and again; a third of the lease."""

log = logging.getLogger("retrace.http")


class Idempotent(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)
    should_bypass_for_scope = staticmethod(without_key)

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        text = only(request, KEY)
        handler = request.route_handler
        if text is None or request.method not in WRITES:
            await next_app(scope, receive, send)
            return
        if not 1 <= len(text) <= 200 or not text.isprintable():
            raise Invalid(f"{KEY} has 1 to 200 printable characters")
        caller = caller_in(request)
        if caller.guest:  # it is not known yet who that is; what guests may do has one effect by itself
            await next_app(scope, receive, send)
            return
        key = IdempotencyKey(caller.tenant, caller.line, text)
        assert isinstance(handler, HTTPRouteHandler)
        kind, options = request.content_type
        # A client draws a new boundary for each try.
        digest = Digest(options.get("boundary", "") if kind == MULTIPART else "")
        async with self._services.files.spool() as body:
            await _read(receive, handler.resolve_request_max_body_size() or 0, body, digest)
            fingerprint = await self._fingerprint(request, key.tenant, digest.hex())
            kept = await self._services.idempotency.begin(key, fingerprint)
            if kept is None:
                first = _First(body, send)
                kept = await self._first(scope, first, next_app, key)
                if first.streaming:
                    await send(END)
                    return
            else:
                kept.headers.append((b"idempotency-replayed", b"true"))
        await send({"type": "http.response.start", "status": kept.status, "headers": kept.headers})
        await send({"type": "http.response.body", "body": kept.body, "more_body": False})

    async def _fingerprint(self, request: Request[Any, Any, Any], tenant: UUID, digest: str) -> bytes:
        """Names method, address, the version that is expected, the form of the answer, and body, under a key of the tenant's."""
        kind, _ = request.content_type
        parts = (
            request.method,
            request.scope["path"].rstrip("/"),
            request.scope["query_string"].decode("latin-1"),
            kind,
            *request.headers.getall(MATCH, []),
            *(["streamed"] if "streamed" in request.route_handler.opt and asked_for_events(request) else []),
        )
        return (await self._services.keyring.identify(tenant, "request", *parts, digest)).bytes

    async def _first(self, scope: Scope, first: _First, next_app: ASGIApp, key: IdempotencyKey) -> Kept:
        """The application's response, kept unless the same request may fare better the next time."""
        done = False
        alive = asyncio.create_task(self._alive(key))
        try:
            await next_app(scope, first.receive, first.send)
            done = first.final and CUT not in scope["state"]
        finally:
            alive.cancel()
            if not done:
                with _told("was not given up: its twin waits for some seconds"):
                    await self._services.idempotency.abandon(key)
        kept = Kept(first.status, first.headers, b"".join(first.parts))
        if done:  # whatever becomes of keeping it, the caller gets what was done
            with _told("is not kept: the same again is done again"):
                await self._services.idempotency.finish(key, kept)
        return kept

    async def _alive(self, key: IdempotencyKey) -> None:
        """A call may take minutes, and a stream longer: as long as it does its twin waits."""
        while True:
            await asyncio.sleep(EXTENDED)
            with _told("is not extended"):
                await self._services.idempotency.extend(key)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """A fault of the store goes to the log: the request itself goes on."""
    try:
        yield
    except Fault as fault:
        log.warning("the result of a request with an Idempotency-Key %s: %s", what, fault)


class _First:
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


async def _read(receive: Receive, most: int, body: Spool, digest: Digest) -> None:
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
