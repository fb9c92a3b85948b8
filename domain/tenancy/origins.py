"""Origins (RFC 6454) of browser apps, as https://app.example.com: what a key may be bound to."""

from __future__ import annotations

from urllib.parse import urlsplit

from domain.base.errors import Invalid
from domain.tenancy.scopes import Scope

OPEN: frozenset[Scope] = frozenset({"conversations:write"})
"""Scopes of keys for browsers: everybody who opens the app can read its key."""

PORTS = {"http": 80, "https": 443}


def origin_of(text: str) -> str:
    """As a browser sends it. Raises Invalid."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc
    if parts.scheme not in PORTS or not parts.hostname or not bare or not parts.netloc.isascii():
        raise Invalid(
            f"{text[:100]!r} is no origin; give scheme, host and port alone, as https://app.example.com (names in letters of ASCII)"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in (None, PORTS[parts.scheme]) else f":{port}")
