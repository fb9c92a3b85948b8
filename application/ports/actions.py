"""Actions of tenants: calling what they have declared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, Protocol

import msgspec

from domain.actions.declaration import HttpEndpoint, McpTool

ACTION_WORK = "action"
"""Its key is a call's id: a call that was tried is settled, and one that waits for a consent does not wait for ever."""


class Outgo(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it goes out. `key` stays the same however often it is tried. `body` and `headers` are for an HTTP endpoint, `arguments` for an MCP tool."""

    key: str
    headers: Mapping[str, str]
    body: bytes
    arguments: Mapping[str, Any]
    authorization: str | None
    seconds: float


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. done: it was; failed: certainly not; unknown: nobody can tell.

    `result`: as JSON, None where there is none that can be read; `withheld` says why then. `reason` is in words, without a text of the endpoint's. `retry_after`: as it
    asks.
    """

    outcome: Literal["done", "failed", "unknown"]
    result: bytes | None = None
    withheld: str | None = None
    reason: str = ""
    again: bool = False
    """Whether the same may come to more a little later."""

    retry_after: timedelta | None = None


class ActionCaller(Protocol):
    """Calls tenants' systems."""

    async def check(self, url: str) -> None:
        """Raises Refused for an address that this deployment calls nothing at."""

    async def call(self, target: HttpEndpoint | McpTool, outgo: Outgo) -> Came:
        """Never raises for what the other side does."""
