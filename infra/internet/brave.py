"""Brave's Web Search API.

https://api-dashboard.search.brave.com/api-reference/web/search/get: `X-Subscription-Token`, `q` of at most 400 characters and 50 words, `count` up to
20. Unless told it searches for the United States, corrects what it takes for a misspelling (a product's name, say), and marks what matches in the
texts. 50 requests a second, 5 dollars a thousand (https://api-dashboard.search.brave.com/app/plans).
"""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec

from domain.retrieval.internet.enriching import WebResult
from infra.internet.searching import web_result
from infra.secret import Secret

BRAVE = "https://api.search.brave.com"
MOST = 20
"""Results of one request."""

LONGEST_QUERY, MOST_WORDS = 400, 50

WHY = {
    "SUBSCRIPTION_TOKEN_INVALID": "the key is not valid; mend BRAVE_SEARCH_KEY",
    "RATE_LIMITED": "too many searches came at once",
    "QUOTA_LIMITED": "the month's quota of searches is used up",
    "OPTION_NOT_IN_PLAN": "the key's plan has no web search",
    "SUBSCRIPTION_NOT_FOUND": "the key has no plan any more",
}


class _Item(msgspec.Struct):
    url: str = ""
    title: str = ""
    description: str | None = None


class _Web(msgspec.Struct):
    results: list[_Item] = []


class _Page(msgspec.Struct):
    """Without `web`: nothing was found."""

    web: _Web | None = None


class _Refusal(msgspec.Struct):
    """One error, or several: both are seen. A key that is not valid is a 422, as a request is."""

    error: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []


class Brave:
    name = "Brave"

    def __init__(self, key: Secret, base_url: str | None = None) -> None:
        self._key, self._base = key, (base_url or BRAVE).rstrip("/")
        self.private = base_url is not None

    def request(self, query: str, limit: int) -> httpx2.Request:
        fields = {
            "q": cut(query),
            "count": str(min(limit, MOST)),
            "result_filter": "web",
            "country": "ALL",
            "spellcheck": "false",
            "text_decorations": "false",
        }
        headers = {"accept": "application/json", "x-subscription-token": str(self._key)}
        return httpx2.Request("GET", f"{self._base}/res/v1/web/search", params=fields, headers=headers)

    def results(self, content: bytes) -> list[WebResult]:
        web = msgspec.json.decode(content, type=_Page).web
        read = [web_result(each.title, each.description or "", each.url) for each in (web or _Web()).results]
        return [each for each in read if each is not None]

    def refusal(self, status: int, content: bytes) -> str:
        try:
            told = msgspec.json.decode(content, type=_Refusal)
        except msgspec.MsgspecError:
            told = _Refusal()
        codes = [str(each.get("code")) for each in (told.error, *told.errors)]
        known = next((WHY[code] for code in codes if code in WHY), None)
        if known is None and status == 429:
            known = WHY["RATE_LIMITED"]
        return known or f"it answered {status}"


def cut(query: str) -> str:
    """At a word, to what the API takes."""
    words: list[str] = []
    for word in query.split()[:MOST_WORDS]:
        if sum(map(len, words)) + len(words) + len(word) > LONGEST_QUERY:
            break
        words.append(word)
    return " ".join(words) or query[:LONGEST_QUERY]
