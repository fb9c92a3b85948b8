"""`Idempotency-Key` on every request that writes: the same key and body give the first result, its status too."""

from __future__ import annotations

import hashlib
from typing import Any

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from domain.document import LARGEST
from domain.errors import Invalid
from infra.idempotency import Idempotency, Kept
from interfaces.bootstrap import Services
from interfaces.http.authentication import principal_of

MOST = LARGEST + 64 * 1024
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Idempotent(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept = Idempotency(services.database, services.keyring)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        key = request.headers.get("idempotency-key")
        if key is None or request.method not in WRITES:
            await next_app(scope, receive, send)
            return
        if not 1 <= len(key) <= 200 or not key.isprintable():
            raise Invalid("Idempotency-Key has 1 to 200 printable characters")
        principal = await principal_of(request, self._services)
        body = await _body(receive)
        fingerprint = hashlib.sha256(
            b"\n".join((request.method.encode(), scope["path"].encode(), body))
        ).digest()
        kept = await self._kept.begin(principal.tenant, key, fingerprint)
        if kept is None:
            kept = await self._run(scope, body, next_app)
            if kept.status >= 500:
                await self._kept.abandon(principal.tenant, key)
            else:
                await self._kept.finish(principal.tenant, key, kept)
        else:
            kept.headers.append((b"idempotency-replayed", b"true"))
        await send({"type": "http.response.start", "status": kept.status, "headers": kept.headers})
        await send({"type": "http.response.body", "body": kept.body, "more_body": False})

    async def _run(self, scope: Scope, body: bytes, next_app: ASGIApp) -> Kept:
        """The application's response to this body."""
        status = 500
        headers: list[tuple[bytes, bytes]] = []
        parts: list[bytes] = []
        given = False

        async def receive() -> Any:
            nonlocal given
            if given:
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers.extend((name, value) for name, value in message["headers"])
            elif message["type"] == "http.response.body":
                parts.append(message["body"])

        await next_app(scope, receive, send)
        return Kept(status, headers, b"".join(parts))


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Invalid("the request was cut off")
        part = message.get("body", b"")
        size += len(part)
        if size > MOST:
            raise Invalid(f"the body is larger than {MOST} bytes")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
