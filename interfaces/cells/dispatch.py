"""Dispatch by tenant: a request goes to the application of the cell that has its tenant; what names none to the main cell's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from application.ports import Fault, Unavailable
from infra.settings import MAIN
from interfaces.bootstrap import Cells
from interfaces.cells.named import IN_BODY, tenant_in, tenant_of
from interfaces.http.base.problems import on_refusal

MOVED = 421
LONGEST = 64 * 1024
"""Bytes of a body that are looked at for whose it is."""

JUST_MOVED = Unavailable("the tenant has just moved to another database; send it again")


class Dispatch:
    """An ASGI application made of those of the cells."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._apps: dict[str, ASGIApp] = {}

    @contextmanager
    def serving(self, name: str, app: ASGIApp) -> Iterator[None]:
        """While this cell's application takes requests."""
        self._apps[name] = app
        try:
            yield
        finally:
            del self._apps[name]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or self._cells.names == (MAIN,):
            await self._apps[MAIN](scope, receive, send)
            return
        try:
            tenant, receive = await _whose(scope, receive)
            name = MAIN if tenant is None else await self._cells.whose(tenant) or MAIN
            app = self._app(name)
            if tenant is None:
                await app(scope, receive, send)
                return
            await self._or_where_it_is(tenant, name, scope, receive, send)
        except Unavailable as fault:
            await _refused(fault, scope, send)

    def _app(self, name: str) -> ASGIApp:
        self._cells.named(name)
        if name not in self._apps:
            raise Unavailable(f"the cell {name} is about to be served; try again in a moment")
        return self._apps[name]

    async def _or_where_it_is(
        self, tenant: UUID, name: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Where its cell says that it has moved, to the one that it moved to, if that is one of ours."""
        taken = False
        held: list[Message] = []

        async def taking() -> Any:
            nonlocal taken
            taken = True
            return await receive()

        async def sending(message: Message) -> None:
            if held or (message["type"] == "http.response.start" and message["status"] == MOVED):
                held.append(message)
            else:
                await send(message)

        again: Any = {**scope, "state": dict(scope.get("state") or {})}
        await self._app(name)(scope, taking, sending)
        if not held:
            return
        self._cells.forget(tenant)
        there = await self._cells.whose(tenant)
        if there is None or there == name:
            for message in held:
                await send(message)
        elif taken:
            raise JUST_MOVED
        else:
            await self._app(there)(again, receive, send)


async def _whose(scope: HTTPScope, receive: Receive) -> tuple[UUID | None, Receive]:
    """And what gives the body, again where it had to be looked at."""
    if (tenant := tenant_of(scope)) is not None or scope["method"] != "POST":
        return tenant, receive
    if scope["path"].rstrip("/") not in IN_BODY:
        return None, receive
    taken: list[Any] = []
    body = b""
    while len(body) <= LONGEST:
        message: Any = await receive()
        taken.append(message)
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
    rest = iter(taken)

    async def again() -> Any:
        for message in rest:
            return message
        return await receive()

    return tenant_in(scope["path"], body), again


async def _refused(fault: Fault, scope: Scope, send: Send) -> None:
    reply = on_refusal(Request[Any, Any, Any](scope), fault)
    headers = {
        **reply.headers,
        "Content-Type": str(reply.media_type),
        "Content-Length": str(len(reply.content)),
    }
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    status = reply.status_code or 503
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": reply.content, "more_body": False})
