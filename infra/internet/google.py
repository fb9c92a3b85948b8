"""Google's Custom Search JSON API.

https://developers.google.com/custom-search/v1/reference/rest/v1/cse/list: `key`, `cx` (the search engine's id), `q`, `num` up to 10; 100 queries a
day are free, 10,000 a day at most. Google takes no new customers for it, and serves those that there are until 2027-01-01
(https://developers.google.com/custom-search/v1/overview).
"""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec

from domain.retrieval.internet.enriching import WebResult
from infra.internet.searching import web_result
from infra.secret import Secret

GOOGLE = "https://www.googleapis.com"
MOST = 10
"""Results of one request."""

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
ENDED = "Google does not offer this API any more (it ended on 2027-01-01); give BRAVE_SEARCH_KEY"


class _Item(msgspec.Struct):
    link: str = ""
    title: str = ""
    snippet: str = ""


class _Page(msgspec.Struct):
    """Without `items`: nothing was found. Promotions, which the engine's owner has set, stand apart and are not read."""

    items: list[_Item] = []


class _Error(msgspec.Struct):
    error: dict[str, Any] = {}


class Google:
    name = "Google"

    def __init__(self, key: Secret, engine: str, base_url: str | None = None) -> None:
        self._key, self._engine, self._base = key, engine, (base_url or GOOGLE).rstrip("/")
        self.private = base_url is not None

    def request(self, query: str, limit: int) -> httpx2.Request:
        fields = {"key": str(self._key), "cx": self._engine, "q": query, "num": str(min(limit, MOST))}
        headers = {"accept": "application/json"}
        return httpx2.Request("GET", f"{self._base}/customsearch/v1", params=fields, headers=headers)

    def results(self, content: bytes) -> list[WebResult]:
        page = msgspec.json.decode(content, type=_Page)
        read = [web_result(each.title, each.snippet, each.link) for each in page.items]
        return [each for each in read if each is not None]

    def refusal(self, status: int, content: bytes) -> str:
        if status == 410:
            return ENDED
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
