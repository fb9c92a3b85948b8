"""Posts JSON to those that tell people, and reads what they say. The vendors' own packages swallow errors, or block."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
import msgspec

from application.ports import AlertTaken
from domain.base.errors import Invalid, Refused
from infra.outgoing.addresses import check_public
from infra.outgoing.client import ForbiddenAddress, Outgoing
from infra.outgoing.webhooks import retry_after

LONGEST = 15.0
"""Seconds for an answer, in all."""

PASSING = frozenset({408, 409, 423, 425, 429})
"""Of 4xx: the same may be taken later."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`status` None: there was none, and `reason` says why."""

    status: int | None
    body: bytes = b""
    reason: str = ""
    retry_after: timedelta | None = None

    @property
    def not_taken(self) -> AlertTaken:
        """By the status alone. An address that is refused may be mended at its name server, so it does not last."""
        if self.status is None:
            return AlertTaken(reason=self.reason)
        lasting = 300 <= self.status < 500 and self.status not in PASSING
        return AlertTaken(reason=f"it answered {self.status}", lasting=lasting, retry_after=self.retry_after)


class Http:
    """One per process and kind of addresses. It follows no redirects."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._http = Outgoing(guarded=not private)

    async def close(self) -> None:
        await self._http.aclose()

    async def check(self, field: str, url: str) -> None:
        """Raises Invalid, Refused. The address itself, which may be a secret, is in neither's text."""
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if (
            not good
            or not url.isascii()
            or not url.isprintable()
            or " " in url
            or parts.username
            or parts.fragment
        ):
            raise Invalid(f"{field} is an address as https://hooks.example.com/alerts")
        if self._private:
            return
        if parts.scheme != "https":
            raise Refused(f"{field} must begin with https://")
        await check_public(field, parts.hostname or "", parts.port or 443)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Never raises for what the other side does."""
        fields = {**(headers or {}), "content-type": "application/json", "user-agent": "Retrace-Alerts/1"}
        timeout = httpx2.Timeout(LONGEST, connect=5.0).as_dict()
        try:
            request = httpx2.Request(
                "POST", url, headers=fields, content=body, extensions={"timeout": timeout}
            )
            async with asyncio.timeout(LONGEST):
                response = await self._http.send(request)
        except ForbiddenAddress:
            return Answer(status=None, reason="the address lies in a private network")
        except (httpx2.TimeoutException, TimeoutError):
            return Answer(status=None, reason="it did not answer in time")
        except httpx2.HTTPError as error:
            return Answer(status=None, reason=f"it could not be reached ({type(error).__name__})")
        return Answer(
            status=response.status_code,
            body=response.content[:10_000],
            retry_after=retry_after(response.headers.get("retry-after")),
        )
