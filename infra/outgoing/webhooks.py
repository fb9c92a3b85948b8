"""Sends webhooks over HTTP. Implements `application.ports.WebhookSender`."""

from __future__ import annotations

import asyncio
import email.utils
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx2

from application.ports import Told
from domain.base.errors import Refused
from infra.outgoing.addresses import check_public
from infra.outgoing.client import BRIEFLY, ForbiddenAddress, Outgoing

LONGEST = 15.0
"""Seconds for an endpoint to take a delivery, in all; it does its own work afterwards."""

SILENCE = httpx2.Timeout(LONGEST, connect=5.0)

WORDS, WAIT = 64 * 1024, 1.0
"""Bytes and seconds of what is said beside the status: nobody reads it, but a connection whose answer has come to its end is used again."""


class HttpWebhookSender:
    """One per process. It follows no redirects. `private`: also to addresses in private networks, and without TLS."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._http = Outgoing(guarded=not private, kept=BRIEFLY)

    async def close(self) -> None:
        await self._http.aclose()

    async def check(self, url: str) -> None:
        if self._private:
            return
        parts = urlsplit(url)
        if parts.scheme != "https":
            raise Refused("url must begin with https://, since personal texts go there")
        await check_public("url", parts.hostname or "", parts.port or 443)

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        fields = {**headers, "content-type": "application/json", "user-agent": "Retrace-Webhooks/1"}
        try:
            request = httpx2.Request(
                "POST", url, headers=fields, content=body, extensions={"timeout": SILENCE.as_dict()}
            )
            async with asyncio.timeout(LONGEST):
                response = await self._http.send(request, stream=True)
            await _end(response)
        except ForbiddenAddress:
            return Told(status=None, reason="the address lies in a private network")
        except (httpx2.TimeoutException, TimeoutError):
            return Told(status=None, reason="it did not answer in time")
        except httpx2.HTTPError as error:
            return Told(status=None, reason=f"it could not be reached ({type(error).__name__})")
        status = response.status_code
        reason = "" if response.is_success else f"it answered {status}"
        return Told(
            status=status, reason=reason, retry_after=retry_after(response.headers.get("retry-after"))
        )


async def _end(response: httpx2.Response) -> None:
    """Its connection goes back where the answer is short, else it is closed. What goes wrong then changes nothing: the status has come."""
    size = 0
    try:
        with suppress(httpx2.HTTPError, TimeoutError):
            async with asyncio.timeout(WAIT):
                async for chunk in response.aiter_raw():
                    size += len(chunk)
                    if size > WORDS:
                        break
    finally:
        await response.aclose()


def retry_after(text: str | None) -> timedelta | None:
    """Seconds, or a date (RFC 9110, section 10.2.3)."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return timedelta(seconds=min(int(text), 10**6))
    try:
        at = email.utils.parsedate_to_datetime(text)
        return max(timedelta(0), at.astimezone(UTC) - datetime.now(UTC))
    except (ValueError, OverflowError):
        return None
