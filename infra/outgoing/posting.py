"""POST to a tenant's endpoint, once, within a time and a size, and what is known of it where no answer came."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx2
import msgspec

from infra.outgoing.client import ForbiddenAddress, Outgoing, telling

LARGEST = 256 * 1024
"""Bytes of an answer."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """`reason` in words. `sent`: whether the request may have been heard."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason, self.sent = reason, sent


async def post(
    http: Outgoing, url: str, headers: Mapping[str, str], body: bytes, seconds: float, *, method: str = "POST"
) -> Answer:
    """Raises NoAnswer. The connection is a new one: nothing goes out twice."""
    sent = False

    def written() -> None:
        nonlocal sent
        sent = True

    fields = {**headers, "user-agent": "Retrace-Actions/1", "accept-encoding": "identity"}
    timeout = httpx2.Timeout(seconds, connect=min(5.0, seconds))
    try:
        async with asyncio.timeout(seconds):
            request = httpx2.Request(
                method, url, headers=fields, content=body, extensions={"timeout": timeout.as_dict()}
            )
            with telling(written):
                response = await http.send(request, stream=True)
            try:
                content = await _limited(response)
            finally:
                await response.aclose()
    except ForbiddenAddress:
        raise NoAnswer("the address lies in a private network", sent=False) from None
    except (httpx2.TimeoutException, TimeoutError):
        raise NoAnswer("it did not answer in time", sent=sent) from None
    except httpx2.HTTPError as error:
        raise NoAnswer(f"it could not be reached ({type(error).__name__})", sent=sent) from None
    return Answer(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=content,
    )


async def _limited(response: httpx2.Response) -> bytes:
    """More than LARGEST is cut, which whoever reads it sees."""
    parts, size = [], 0
    async for chunk in response.aiter_raw():
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST:
            break
    return b"".join(parts)
