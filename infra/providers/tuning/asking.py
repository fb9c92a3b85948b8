"""Calls of a tuning API in our words: what may be repeated, and the one call that may not. What a vendor said is not passed on: it may repeat
what was sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx2
import msgspec

from application.ports import TuningFateUnknown, TuningRefused
from infra.outgoing.client import ForbiddenAddress
from infra.providers.faults import retry_after

PATIENCE = 60.0
"""Seconds of silence after which a call is given up; a file of some hundred megabytes takes as long as it takes to send."""

PAGES = 200
"""Of a list, at most. One that goes on has not told whether a job is on it."""

_UNHEARD = (httpx2.ConnectTimeout, httpx2.ConnectError, httpx2.UnsupportedProtocol)
"""Nobody got the request."""

_WORDS = 60

Ask = Callable[[], Awaitable[httpx2.Response]]


async def asked(ask: Ask) -> dict[str, Any]:
    """The body of a success, of a call that may be repeated. Raises TuningRefused; passing where there was no answer."""
    return _body(await answered(ask))


async def answered(ask: Ask) -> httpx2.Response:
    """A success, of a call that may be repeated. Raises TuningRefused."""
    try:
        response = await ask()
    except ForbiddenAddress:
        raise TuningRefused("private_address") from None
    except (httpx2.TransportError, TimeoutError):
        raise TuningRefused("unreachable", passing=True) from None
    if response.status_code >= 300:
        raise refusal(response.status_code, response.content, response.headers)
    return response


async def submitted(ask: Ask) -> dict[str, Any]:
    """The body of a success, of the call that submits a job. Raises TuningRefused where it is sure that there is none, else
    TuningFateUnknown: no vendor takes a key that would make it safe to repeat."""
    try:
        response = await ask()
    except ForbiddenAddress:
        raise TuningRefused("private_address") from None
    except _UNHEARD:
        raise TuningRefused("unreachable", passing=True) from None
    except (httpx2.TransportError, TimeoutError) as error:
        raise TuningFateUnknown(type(error).__name__) from None
    status = response.status_code
    if status >= 500 or status in (408, 425):
        raise TuningFateUnknown(f"HTTP {status}")
    if status >= 300:
        raise refusal(status, response.content, response.headers)
    try:
        return _body(response)
    except TuningRefused:
        raise TuningFateUnknown("an answer that can't be read") from None


def refusal(status: int, content: bytes, fields: Mapping[str, str]) -> TuningRefused:
    """An error of the API. 429 passes, unless the money is gone; a fault of the server's passes."""
    code = _code(content)
    passing = status in (408, 409, 425, 429) or status >= 500
    if code in ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"):
        passing = False
    return TuningRefused(
        code or f"HTTP {status}", passing=passing, after=retry_after(fields), gone=status in (404, 410)
    )


def text_of(value: object, most: int = 300) -> str | None:
    """A name that a vendor tells; None where it is none."""
    return value if isinstance(value, str) and 0 < len(value) <= most and value.isprintable() else None


def word_of(value: object) -> str:
    """A vendor's own word for a state."""
    return text_of(value, _WORDS) or "none"


def count_of(value: object) -> int | None:
    """A count that can be true, also where it is written as a text, as Google's APIs do."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 19:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62 else None


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; nothing where it is none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _body(response: httpx2.Response) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(response.content or b"{}")
    except (msgspec.DecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise TuningRefused("nonsense", passing=True)
    return body


def _code(content: bytes) -> str | None:
    """The code that an error names: a word of an API, never a text."""
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        for name in ("code", "status", "type"):
            found = text_of(error.get(name), _WORDS)
            if found is not None and " " not in found:
                return found
    return None
