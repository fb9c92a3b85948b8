"""A server that speaks Google's Custom Search JSON API on loopback, in its valid odd forms and with its faults
(https://developers.google.com/custom-search/v1/reference/rest/v1/cse/list)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.wire import Call, Reply, Wire, serving

KEY, ENGINE = "AIzaDouble-0123456789", "0123456789:double"


class GoogleSearchDouble(Wire):
    """`pages` are found whatever is asked. `fault`: a status with Google's reason, `garbage`, or None; `delay`: seconds before it answers."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.pages: list[dict[str, Any]] = []
        self.fault: tuple[int, str] | str | None = None
        self.delay = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def queries(self) -> list[dict[str, str]]:
        return [
            {name: values[0] for name, values in parse_qs(urlsplit(call.path).query).items()}
            for call in self.calls
        ]

    def _reply(self, call: Call) -> Reply:
        return replace(self._answered(call), delay=self.delay)

    def _answered(self, call: Call) -> Reply:
        parts = urlsplit(call.path)
        fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path != "/customsearch/v1" or call.method != "GET":
            return _error(404, "notFound", "")
        if fields.get("key") != KEY:
            return _error(
                400, "badRequest", f"API key not valid: {fields.get('key')}", details="API_KEY_INVALID"
            )
        if fields.get("cx") != ENGINE or "q" not in fields or not 1 <= int(fields.get("num", "10")) <= 10:
            return _error(400, "invalid", "Request contains an invalid argument.")
        if self.fault == "garbage":
            return Reply(body=b"<html>busy</html>")
        if isinstance(self.fault, tuple):
            return _error(*self.fault, f"Quota exceeded for {fields['key']}")
        found: dict[str, Any] = {
            "kind": "customsearch#search",
            "queries": {"request": [{"searchTerms": fields["q"], "count": len(self.pages)}]},
            "searchInformation": {"searchTime": 0.2, "totalResults": str(len(self.pages))},
            "promotions": [{"title": "Buy now", "link": "https://ads.example/"}],
        }
        if self.pages:  # where nothing is found the field is not there
            found["items"] = self.pages[: int(fields.get("num", "10"))]
        return Reply(body=json.dumps(found).encode())


def page(link: str, title: str, snippet: str | None) -> dict[str, Any]:
    """A result; `snippet` None: it has none, as pictures' pages do."""
    made = {
        "kind": "customsearch#result",
        "title": title,
        "htmlTitle": f"<b>{title}</b>",
        "link": link,
        "displayLink": link.split("/")[2],
        "formattedUrl": link,
        "pagemap": {"metatags": [{"viewport": "width=device-width"}]},
    }
    return made if snippet is None else {**made, "snippet": snippet, "htmlSnippet": snippet}


def _error(status: int, reason: str, message: str, details: str | None = None) -> Reply:
    error: dict[str, Any] = {
        "code": status,
        "message": message,
        "errors": [{"message": message, "domain": "usageLimits", "reason": reason}],
    }
    if details is not None:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": details}]
    return Reply(status=status, body=json.dumps({"error": error}).encode())


@asynccontextmanager
async def google_search_double() -> AsyncIterator[GoogleSearchDouble]:
    double = GoogleSearchDouble()
    async with serving(double):
        yield double
