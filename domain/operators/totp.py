"""TOTP: time-based one-time codes (RFC 6238) of six digits by HMAC-SHA-1, a new one every 30 s: what authenticator apps take."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

PERIOD = 30
"""Seconds of a time step."""

DRIFT = 1
"""Steps by which their clock may be off, in both directions."""

DIGITS = 6
SECRET = 20
"""Bytes of a secret: as many as SHA-1 gives (RFC 4226, section 4)."""


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a time step (RFC 4226, section 5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 0xF
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_at(at: datetime) -> int:
    return int(at.timestamp()) // PERIOD


def matching_step(secret: bytes, code: str, at: datetime, *, after: int = 0) -> int | None:
    """The time step, later than `after`, whose code this is; None: it is none that is taken now. All steps are looked at, for equal times."""
    given, now, found = code.encode(), step_at(at), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), given) and step > after:
            found = step
    return found


def secret_text(secret: bytes) -> str:
    """As it is typed into an app: base32, without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: bytes, issuer: str, account: str) -> str:
    """The otpauth address, which apps open (the Key URI format of Google Authenticator)."""
    query = urlencode({"secret": secret_text(secret), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer, safe='')}:{quote(account, safe='')}?{query}"
