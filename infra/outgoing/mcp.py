"""Model Context Protocol (MCP): one call of a server's tool over streamable HTTP, by revision 2026-07-28, which knows no sessions, where the server says that it
speaks it (https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http), else by 2025-11-25 with its handshake
(https://modelcontextprotocol.io/specification/2025-11-25/basic/transports).

A client of its own: the vendor's package brings a server's whole framework, and connects without our guards. Nothing is offered to the server: no sampling, no
roots, no elicitation; what it asks for meanwhile is passed over.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from application.ports import Came, Outgo
from domain.actions.declaration import McpTool
from infra.outgoing.client import Outgoing
from infra.outgoing.posting import LARGEST, Answer, NoAnswer, post

VERSION = "2025-11-25"
STATELESS = "2026-07-28"
MODERN = "io.modelcontextprotocol/"
CLIENT = {"name": "retrace", "version": "1"}
KEY = "retrace/idempotency-key"
"""In the call's `_meta`: the protocol itself has no key by which a server knows a call again."""

UNKNOWN_TOOL = frozenset({-32600, -32601, -32602, -32020, -32022})
"""JSON-RPC codes that say that nothing was done: invalid request, no such method, invalid parameters, header fields that do not fit, another revision."""


async def call_tool(http: Outgoing, target: McpTool, outgo: Outgo) -> Came:
    """Raises NoAnswer, as `post`: what fails before the call itself has done nothing."""
    try:
        session = await _begun(_Session(http, target.url, outgo))
    except NoAnswer as none:
        raise NoAnswer(none.reason, sent=False) from None
    except _Answered as answered:
        return Came(
            outcome="failed", reason=answered.reason, again=answered.status in (429, 500, 502, 503, 504)
        )
    try:
        meta = {KEY: outgo.key}
        params = {"name": target.tool, "arguments": outgo.arguments, "_meta": meta}
        answer = await session.ask("tools/call", params)
    except _Answered as answered:
        if answered.status is not None and answered.status < 500:
            return Came(outcome="failed", reason=answered.reason, again=answered.status == 429)
        return Came(outcome="unknown", reason=answered.reason, again=True)
    finally:
        await session.end()
    return _came(answer)


async def _begun(session: _Session) -> _Session:
    """One that the tool may be called by. Whatever a server of before 2026-07-28 makes of the question which revisions it speaks, it is asked in its own way then. Raises NoAnswer,
    _Answered."""
    stateless = _Stateless(session.http, session.url, session.outgo)
    try:
        if await stateless.spoken():
            return stateless
    except _Answered as answered:
        if answered.status in (401, 403, 429):
            raise
    await session.begin()
    return session


class _Answered(Exception):
    """Something else came than what was asked for; `status` None: it can't be read."""

    def __init__(self, reason: str, status: int | None) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


class _Session:
    def __init__(self, http: Outgoing, url: str, outgo: Outgo) -> None:
        self.http, self.url, self.outgo = http, url, outgo
        self._until = time.monotonic() + outgo.seconds
        self._id: str | None = None
        self._version = VERSION
        self._number = 0

    async def begin(self) -> None:
        found = await self.ask(
            "initialize", {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": CLIENT}
        )
        result = found.get("result")
        if not isinstance(result, dict):
            raise _Answered("it did not begin a session", 400)
        self._version = str(result.get("protocolVersion", VERSION))[:40]
        await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON-RPC response. Raises NoAnswer, _Answered."""
        self._number += 1
        answer = await self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        if len(answer.body) > LARGEST:
            raise _Answered("the answer is too large", None)
        self._id = answer.headers.get("mcp-session-id", self._id)
        for message in _messages(answer):
            if message.get("id") == self._number and ("result" in message or "error" in message):
                return message
        raise _Answered("it did not answer the call", None)

    async def end(self) -> None:
        """As far as the server lets one; what is said to it then counts for nothing."""
        if self._id is None:
            return
        try:
            await post(self.http, self.url, self._headers(), b"", 2.0, method="DELETE")
        except NoAnswer:
            return  # the server forgets it by itself

    async def _send(self, message: Mapping[str, Any]) -> Answer:
        left = self._until - time.monotonic()
        if left <= 0:
            raise NoAnswer("it did not answer in time", sent=False)
        answer = await post(self.http, self.url, self._headers(), msgspec.json.encode(message), left)
        if not 200 <= answer.status < 300:
            raise _Answered(f"it answered {answer.status}", answer.status)
        return answer

    def _headers(self) -> dict[str, str]:
        fields = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": self._version,
        }
        if self._id is not None:
            fields["mcp-session-id"] = self._id
        if self.outgo.authorization is not None:
            fields["authorization"] = self.outgo.authorization
        return fields


class _Stateless(_Session):
    """By revision 2026-07-28: each request says all that a session did, in `_meta` and in header fields."""

    def __init__(self, http: Outgoing, url: str, outgo: Outgo) -> None:
        super().__init__(http, url, outgo)
        self._version = STATELESS
        self._asked: dict[str, str] = {}

    async def spoken(self) -> bool:
        """Whether the server speaks it."""
        result = (await self.ask("server/discover", {})).get("result")
        versions = result.get("supportedVersions") if isinstance(result, dict) else None
        return isinstance(versions, list) and STATELESS in versions

    async def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        meta = {
            f"{MODERN}protocolVersion": STATELESS,
            f"{MODERN}clientInfo": CLIENT,
            f"{MODERN}clientCapabilities": {},
            **params.get("_meta", {}),
        }
        self._asked = {"mcp-method": method}
        if (name := params.get("name")) is not None:
            self._asked["mcp-name"] = _as_field(name)
        return await super().ask(method, {**params, "_meta": meta})

    async def end(self) -> None:
        """There is nothing to end."""

    def _headers(self) -> dict[str, str]:
        fields = super()._headers() | self._asked
        fields.pop("mcp-session-id", None)
        return fields


def _as_field(name: str) -> str:
    """A name as the value of a header field."""
    if re.fullmatch(r"[!-~]([ -~]*[!-~])?", name) and not name.startswith("=?base64?"):
        return name
    return f"=?base64?{base64.b64encode(name.encode()).decode()}?="


def _came(message: Mapping[str, Any]) -> Came:
    error, result = message.get("error"), message.get("result")
    if error is not None:
        code = error.get("code") if isinstance(error, dict) else None
        return Came(
            outcome="failed" if code in UNKNOWN_TOOL else "unknown", reason=f"it answered error {code}"
        )
    if not isinstance(result, dict):
        return Came(outcome="done", withheld="the result is none that can be read")
    if result.get("resultType", "complete") != "complete":
        return Came(outcome="failed", reason="the tool asks for more than was sent, which nobody can give")
    if result.get("isError"):
        # What went wrong the server alone can tell; whether something was done first, nobody.
        return Came(outcome="unknown", reason="the tool says that it failed")
    found = result.get("structuredContent")
    if found is None:
        found = _content(result.get("content"))
    return Came(outcome="done", result=None if found is None else msgspec.json.encode(found))


def _content(parts: Any) -> Any:
    """The texts of a result without structure; one that is JSON, as that."""
    texts = [
        part["text"]
        for part in (parts if isinstance(parts, list) else ())
        if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
    ]
    if not texts:
        return None
    try:
        found = msgspec.json.decode(texts[0].encode())
    except (msgspec.DecodeError, RecursionError):
        found = None
    return found if len(texts) == 1 and isinstance(found, dict) else {"text": "\n".join(texts)}


def _messages(answer: Answer) -> Iterator[dict[str, Any]]:
    """Of a JSON body, or of a stream of server-sent events."""
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        texts = list(_events(answer.body.decode(errors="replace")))
    else:
        texts = [answer.body.decode(errors="replace")]
    for text in texts:
        try:
            message = msgspec.json.decode(text.encode())
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(message, dict):
            yield message


def _events(text: str) -> Iterator[str]:
    data: list[str] = []
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
