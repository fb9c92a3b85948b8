"""Twilio's hosts; all of them one, where the deployment names another server (TWILIO_BASE_URL)."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec


class Hosts(msgspec.Struct, frozen=True, kw_only=True):
    """Base URLs, without a slash at their end."""

    api: str = "https://api.twilio.com"
    content: str = "https://content.twilio.com"
    messaging: str = "https://messaging.twilio.com"

    def ours(self, url: str) -> bool:
        """Whether an account's credentials may go to this address: to the API's host alone, by its scheme and port."""
        return _origin(url) == _origin(self.api)


def hosts_of(base_url: str | None) -> Hosts:
    if base_url is None:
        return Hosts()
    base = base_url.rstrip("/")
    return Hosts(api=base, content=base, messaging=base)


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """None where it is no address, or one that names a user."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    if parts.username is not None or parts.password is not None or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port
