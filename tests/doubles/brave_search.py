"""A server that speaks Brave's Web Search API on loopback, in its valid odd forms and with its faults
(https://api-dashboard.search.brave.com/api-reference/web/search/get)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.wire import Call, Reply, Wire, serving

KEY = "BSADouble-0123456789"


class BraveSearchDouble(Wire):
    """`pages` are found whatever is asked. `fault`: a status with Brave's code, `garbage`, or None."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.pages: list[dict[str, Any]] = []
        self.fault: tuple[int, str] | str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def queries(self) -> list[dict[str, str]]:
        return [_fields(call) for call in self.calls]

    def _reply(self, call: Call) -> Reply:
        fields = _fields(call)
        if urlsplit(call.path).path != "/res/v1/web/search" or call.method != "GET":
            return Reply(status=404, body=b"")
        if call.fields.get("x-subscription-token") != KEY:
            return _error(422, "SUBSCRIPTION_TOKEN_INVALID")
        query = fields.get("q", "")
        if not query or len(query) > 400 or len(query.split()) > 50 or not 1 <= int(fields["count"]) <= 20:
            return _error(422, "VALIDATION")
        if self.fault == "garbage":
            return Reply(body=b"<html>busy</html>")
        if isinstance(self.fault, tuple):
            return _error(*self.fault)
        found: dict[str, Any] = {"type": "search", "query": {"original": query, "spellcheck_off": True}}
        if self.pages:  # where nothing is found the part is not there
            found["web"] = {"type": "search", "family_friendly": True, "results": self.pages}
        return Reply(body=json.dumps(found).encode())


def page(url: str, title: str, description: str | None) -> dict[str, Any]:
    """A result; `description` None: it has none."""
    made = {"type": "search_result", "subtype": "generic", "title": title, "url": url, "language": "en"}
    return made if description is None else {**made, "description": description}


def _fields(call: Call) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(call.path).query).items()}


def _error(status: int, code: str) -> Reply:
    """In the one or the other of its forms."""
    error = {"id": "0", "status": status, "code": code, "detail": "The request was refused."}
    body = {"errors": [error]} if status == 429 else {"error": error}
    return Reply(status=status, body=json.dumps({"type": "ErrorResponse", **body, "time": 1}).encode())


@asynccontextmanager
async def brave_search_double() -> AsyncIterator[BraveSearchDouble]:
    double = BraveSearchDouble()
    async with serving(double):
        yield double
