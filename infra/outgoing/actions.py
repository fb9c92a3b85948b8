"""Calls actions over HTTP: an endpoint by a signed POST, a tool of an MCP server by its protocol. Implements `application.ports.ActionCaller`."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from application.ports import Came, Outgo
from domain.actions.declaration import HttpEndpoint, McpTool
from domain.base.errors import Refused
from infra.outgoing.addresses import check_public
from infra.outgoing.client import Outgoing
from infra.outgoing.mcp import call_tool
from infra.outgoing.posting import LARGEST, Answer, NoAnswer, post
from infra.outgoing.webhooks import retry_after

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same may come to more."""

REFUSED = frozenset({425, 429})
"""Those of them that say that nothing was done."""


class HttpActionCaller:
    """One per process. It follows no redirects, and sends nothing twice by itself. `private`: also to addresses in private networks, and without TLS."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._http = Outgoing(guarded=not private, kept=None)

    async def close(self) -> None:
        await self._http.aclose()

    async def check(self, url: str) -> None:
        if self._private:
            return
        parts = urlsplit(url)
        if parts.scheme != "https":
            raise Refused("url must begin with https://, since personal texts go there")
        await check_public("url", parts.hostname or "", parts.port or 443)

    async def call(self, target: HttpEndpoint | McpTool, outgo: Outgo) -> Came:
        try:
            if isinstance(target, McpTool):
                return await call_tool(self._http, target, outgo)
            return _came(await self._post(target, outgo))
        except NoAnswer as none:
            if none.sent:
                return Came(outcome="unknown", reason=none.reason, again=True)
            return Came(outcome="failed", reason=none.reason, again="private" not in none.reason)

    async def _post(self, target: HttpEndpoint, outgo: Outgo) -> Answer:
        fields = {
            **outgo.headers,
            "content-type": "application/json",
            "accept": "application/json",
            "idempotency-key": outgo.key,
        }
        if outgo.authorization is not None:
            fields["authorization"] = outgo.authorization
        return await post(self._http, target.url, fields, outgo.body, outgo.seconds)


def _came(answer: Answer) -> Came:
    status = answer.status
    if 200 <= status < 300:
        return done_with(answer.body)
    reason = f"it answered {status}"
    if status in AGAIN:
        outcome = "failed" if status in REFUSED else "unknown"
        asked = retry_after(answer.headers.get("retry-after"))
        return Came(outcome=outcome, reason=reason, again=True, retry_after=asked)  # type: ignore[arg-type]
    return Came(outcome="failed" if status < 500 else "unknown", reason=reason)


def done_with(body: bytes) -> Came:
    """It was done, and answered this."""
    if len(body) > LARGEST:
        return Came(outcome="done", withheld="the result is too large")
    if not body.strip():
        return Came(outcome="done")
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return Came(outcome="done", withheld="the result is no JSON")
    return Came(outcome="done", result=body)
