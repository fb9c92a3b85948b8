"""`Idempotency-Key` on every request that writes: the same key and body give the first result, its status too.

Kept is what the application said, sealed under the tenant's encryption key, for the caller that asked: an API key, with those in whose
place it came. So a caller that lost the answer gets it again, also a new key's secret, and nobody else does. What was refused for the
moment, or for who came, is not kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from application.ports import Fault, IdempotencyKey, Kept
from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.first_answer import Digest, FirstAnswer, read_body
from interfaces.http.base.gate import MULTIPART, without_key
from interfaces.http.base.headers import only
from interfaces.http.base.stream import CUT, asked_for_events
from interfaces.http.base.version import MATCH

KEY = "Idempotency-Key"
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

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
            await read_body(receive, handler.resolve_request_max_body_size() or 0, body, digest)
            fingerprint = await self._fingerprint(request, key.tenant, digest.hex())
            kept = await self._services.idempotency.begin(key, fingerprint)
            if kept is None:
                first = FirstAnswer(body, send)
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

    async def _first(self, scope: Scope, first: FirstAnswer, next_app: ASGIApp, key: IdempotencyKey) -> Kept:
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
