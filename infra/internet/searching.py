"""Search on the internet, by the search APIs that a deployment has keys for. Implements `application.ports.InternetSearch`."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import urlsplit

import httpx2

from application.ports import SearchFailed
from domain.retrieval.internet.enriching import WebResult
from infra.outgoing.client import ForbiddenAddress, Outgoing

LONGEST = 10.0
"""Seconds for one API's answer, in all."""

SILENCE = httpx2.Timeout(LONGEST, connect=5.0)


class SearchApi(Protocol):
    """A vendor's search: how it is asked, and how its answers read. Sends nothing itself."""

    name: str
    private: bool
    """Its address may lie in a private network, as of a deployment's own server."""

    def request(self, query: str, limit: int) -> httpx2.Request: ...

    def results(self, content: bytes) -> list[WebResult]:
        """Of an answer of 200. Raises msgspec.MsgspecError."""

    def refusal(self, status: int, content: bytes) -> str:
        """Why there are none, by the reason that the vendor names; its texts are not told, since they may quote the request."""


class Searching:
    """One a process. The first of `apis` is asked, and where it fails the next. `observed` hears how each search of each API ended."""

    def __init__(
        self, apis: Sequence[SearchApi], observed: Callable[[str], object] = lambda outcome: None
    ) -> None:
        self._apis = [(api, Outgoing(guarded=not api.private)) for api in apis]
        self._observed = observed

    @property
    def is_set_up(self) -> bool:
        return bool(self._apis)

    async def close(self) -> None:
        for _, http in self._apis:
            await http.aclose()

    async def search(self, query: str, limit: int) -> Sequence[WebResult]:
        if not self._apis:
            raise SearchFailed("no search is set up; give BRAVE_SEARCH_KEY")
        failures: list[str] = []
        for api, http in self._apis:
            try:
                found = await _searched(api, http, query, limit)
            except SearchFailed as failed:
                self._observed("failed")
                failures.append(f"{api.name}: {failed}")
            else:
                self._observed("found" if found else "nothing")
                return found
        raise SearchFailed("; ".join(failures))


async def _searched(api: SearchApi, http: Outgoing, query: str, limit: int) -> list[WebResult]:
    request = api.request(query, limit)
    request.extensions["timeout"] = SILENCE.as_dict()
    try:
        async with asyncio.timeout(LONGEST):
            response = await http.send(request)
    except ForbiddenAddress:
        raise SearchFailed("the address lies in a private network") from None
    except (httpx2.TimeoutException, TimeoutError):
        raise SearchFailed(f"no answer within {LONGEST:g} s") from None
    except httpx2.HTTPError as error:
        raise SearchFailed(f"it could not be reached ({type(error).__name__})") from None
    if response.status_code != 200:
        raise SearchFailed(api.refusal(response.status_code, response.content))
    try:
        return api.results(response.content)[:limit]
    except ValueError:  # msgspec's errors are
        raise SearchFailed("it gave something that is no page of results") from None


def web_result(title: str, snippet: str, url: str) -> WebResult | None:
    """None where it has no web address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return WebResult(title=_plain(title), snippet=_plain(snippet), url=url, site=host)


def _plain(text: str) -> str:
    """Without line breaks, no-break spaces and marks of what was left out."""
    text = " ".join(html.unescape(text).replace("\u2026", "...").split())
    return text.strip(". ") + "." if text.endswith("...") else text.removeprefix("... ")
