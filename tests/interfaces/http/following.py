"""A client of server-sent events that speaks to the application itself: what httpx gathers has to end first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE


class Followed:
    """What came so far."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = ""
        self.ended = asyncio.Event()
        self.gone = asyncio.Event()
        self._news = asyncio.Event()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            self.text += message.get("body", b"").decode()
            if not message.get("more_body"):
                self.ended.set()
        self._news.set()

    async def until(self, text: str, within: float = PATIENCE) -> str:
        """All that came, once `text` is in it."""
        async with asyncio.timeout(within):
            while text not in self.text:
                self._news.clear()
                await self._news.wait()
        return self.text


@asynccontextmanager
async def following(
    app: Any, customer: Customer, query: str = "", path: str = "/v1/audit/events/stream", **headers: str
) -> AsyncIterator[Followed]:
    """While it is open; then the client goes away."""
    followed = Followed()
    sent = False

    async def receive() -> Any:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await followed.gone.wait()
        return {"type": "http.disconnect"}

    given = {"host": "retrace", "x-tenant-api-key": customer.key, **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("retrace", 80),
    }
    running = asyncio.create_task(app(scope, receive, followed.send))
    try:
        yield followed
    finally:
        followed.gone.set()
        async with asyncio.timeout(PATIENCE):
            await running
