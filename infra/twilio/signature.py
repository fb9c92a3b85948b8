"""Webhook signatures of Twilio: HMAC over the address and the parameters, in base64.

https://www.twilio.com/docs/usage/webhooks/webhooks-security and the vendor's validator: parameters in order of their names, each value of a
name once; a JSON body stands in the address by its SHA-256. Twilio signs the address with its port or without it, and does not say
which; that a URL ends in a bare question mark no server is told.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

SIGNATURE = "x-twilio-signature"
SETTINGS = "x-twilio-webhooks-signature-settings"
ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
"""By the word in SETTINGS (beta, 2026); without that it is the first."""

DEFAULT = "HMAC_SHA1"
BODY = "bodySHA256"
PORTS = {"https": 443, "http": 80}

Pairs = Sequence[tuple[str, str]]


def authentic(
    tokens: Sequence[str], url: str, pairs: Pairs | None, body: bytes, signature: str, settings: str = ""
) -> bool:
    """Whether one of the tokens signed it. `pairs`: of a form; None for any other body, which counts by `bodySHA256` in the address, and by
    nothing without that. Each candidate is compared in constant time.
    """
    digest = ALGORITHMS.get(algorithm_of(settings).upper())
    if digest is None or not signature.isascii():
        return False
    whole = pairs is not None
    if pairs is None:
        hashes = parse_qs(urlsplit(url).query).get(BODY, [""])
        actual = hashlib.sha256(body).hexdigest().encode()
        whole = hmac.compare_digest(actual, hashes[0].lower().encode())
    text, given = _joined(pairs or ()).encode("utf-8", "surrogatepass"), signature.encode()
    for candidate in _addresses(url):
        for token in tokens:
            mac = hmac.digest(token.encode(), candidate + text, digest)
            if hmac.compare_digest(base64.b64encode(mac), given):
                return whole
    return False


def algorithm_of(settings: str) -> str:
    """As `key=…,algorithm=HMAC_SHA256` says."""
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip()
    return DEFAULT


def _joined(pairs: Pairs) -> str:
    return "".join([name + value for name, value in sorted(set(pairs))])


@lru_cache(maxsize=1024)
def _addresses(url: str) -> tuple[bytes, ...]:
    """That which is configured comes first."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or PORTS.get(parts.scheme, 443)
    ends = ("", "?") if not parts.query else ("",)
    places = dict.fromkeys((parts.netloc, host, f"{host}:{port}"))
    return tuple(
        (parts._replace(netloc=netloc).geturl() + end).encode("utf-8", "surrogatepass")
        for end in ends
        for netloc in places
    )
