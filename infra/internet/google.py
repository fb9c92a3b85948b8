"""Google's Custom Search JSON API. Implements `application.ports.InternetSearch`.

https://developers.google.com/custom-search/v1/reference/rest/v1/cse/list: `key`, `cx` (the search engine's id), `q`, `num` up to 10; 100 queries a
day are free, 10,000 a day at most. Google takes no new customers for it, and serves those that there are until 2027-01-01
(https://developers.google.com/custom-search/v1/overview).
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from application.ports import SearchFailed
from domain.retrieval.internet.enriching import WebResult
from infra.outgoing.client import ForbiddenAddress, Outgoing
from infra.secret import Secret

GOOGLE = "https://www.googleapis.com"
MOST = 10
"""Results of one request."""

LONGEST = 10.0
"""Seconds for a search, in all."""

SILENCE = httpx2.Timeout(LONGEST, connect=5.0)

WHY = {
    "dailyLimitExceeded": "the day's quota of searches is used up",
    "rateLimitExceeded": "too many searches came at once, or the day's quota is used up",
    "userRateLimitExceeded": "too many searches came at once",
    "quotaExceeded": "the quota of searches is used up",
    "keyInvalid": "the key is not valid; mend GOOGLE_SEARCH_KEY",
    "accessNotConfigured": "the API is not enabled for the key's project",
    "ipRefererBlocked": "the key may not be used from this address",
    "forbidden": "the key may not do this",
}


class _Item(msgspec.Struct):
    link: str = ""
    title: str = ""
    snippet: str = ""


class _Page(msgspec.Struct):
    """Without `items`: nothing was found. Promotions, which the engine's owner has set, stand apart and are not read."""

    items: list[_Item] = []


class _Error(msgspec.Struct):
    error: dict[str, Any] = {}


class GoogleSearch:
    """One a process. `private`: the address may lie in a private network, as of a deployment's own server. `observed` hears how each search ended."""

    def __init__(
        self,
        key: Secret | None,
        engine: str | None,
        base_url: str | None = None,
        *,
        private: bool,
        observed: Callable[[str], object] = lambda outcome: None,
    ) -> None:
        self._key, self._engine, self._base = key, engine, (base_url or GOOGLE).rstrip("/")
        self._http = Outgoing(guarded=not private)
        self._observed = observed

    @property
    def is_set_up(self) -> bool:
        return self._key is not None and self._engine is not None

    async def close(self) -> None:
        await self._http.aclose()

    async def search(self, query: str, limit: int) -> Sequence[WebResult]:
        try:
            found = await self._searched(query, min(limit, MOST))
        except SearchFailed:
            self._observed("failed")
            raise
        self._observed("found" if found else "nothing")
        return found

    async def _searched(self, query: str, limit: int) -> list[WebResult]:
        if self._key is None or self._engine is None:
            raise SearchFailed("no search is set up; give GOOGLE_SEARCH_KEY and GOOGLE_SEARCH_ENGINE")
        fields = {"key": str(self._key), "cx": self._engine, "q": query, "num": str(limit)}
        request = httpx2.Request(
            "GET",
            f"{self._base}/customsearch/v1",
            params=fields,
            headers={"accept": "application/json"},
            extensions={"timeout": SILENCE.as_dict()},
        )
        try:
            async with asyncio.timeout(LONGEST):
                response = await self._http.send(request)
        except ForbiddenAddress:
            raise SearchFailed("the address lies in a private network") from None
        except (httpx2.TimeoutException, TimeoutError):
            raise SearchFailed(f"no answer within {LONGEST:g} s") from None
        except httpx2.HTTPError as error:
            raise SearchFailed(f"it could not be reached ({type(error).__name__})") from None
        if response.status_code != 200:
            raise SearchFailed(_refused(response.status_code, response.content))
        try:
            page = msgspec.json.decode(response.content, type=_Page)
        except msgspec.MsgspecError:
            raise SearchFailed("it gave something that is no page of results") from None
        read = [_result(each) for each in page.items[:limit]]
        return [each for each in read if each is not None]


def _refused(status: int, content: bytes) -> str:
    """By the reason that Google names; its texts are not told, since they may quote the request."""
    try:
        error = msgspec.json.decode(content, type=_Error).error
    except msgspec.MsgspecError:
        error = {}
    reasons = [each.get("reason") for each in error.get("errors") or () if isinstance(each, dict)]
    details = [each.get("reason") for each in error.get("details") or () if isinstance(each, dict)]
    if "API_KEY_INVALID" in details:
        return WHY["keyInvalid"]
    known = next((WHY[each] for each in reasons if each in WHY), None)
    if known is None and status == 429:
        known = WHY["rateLimitExceeded"]
    return known or f"it answered {status}"


def _result(item: _Item) -> WebResult | None:
    """None where it has no web address."""
    try:
        parts = urlsplit(item.link)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return WebResult(title=_plain(item.title), snippet=_plain(item.snippet), url=item.link, site=host)


def _plain(text: str) -> str:
    """Without line breaks, no-break spaces and marks of what was left out."""
    text = " ".join(html.unescape(text).replace("\u2026", "...").split())
    return text.strip(". ") + "." if text.endswith("...") else text.removeprefix("... ")
