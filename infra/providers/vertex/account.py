"""A Google service account: its key makes access tokens (RFC 7523, a signed JWT for a token of an hour).

By our own HTTP client and at one address: the key file names the address where it is to be sent, and a tenant's file could name any.
"""

from __future__ import annotations

import base64
import binascii
import time
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from infra.outgoing.client import Outgoing

TOKENS = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME, EARLY = 3600, 120
"""Seconds for which a token is asked, and before whose end another one is."""


class TokenRefused(Exception):
    """Google gave no token. `status` is HTTP's."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"no access token: HTTP {status}")


class ServiceAccount:
    """`url`: where tokens are asked for."""

    def __init__(self, email: str, project: str, key: rsa.RSAPrivateKey, url: str, http: Outgoing) -> None:
        self.project, self._email, self._key, self._url, self._http = project, email, key, url, http
        self._token, self._until = "", 0.0

    @classmethod
    def read(cls, text: str, *, url: str = TOKENS, http: Outgoing) -> ServiceAccount | None:
        """From a key file, as it is or in base64; None: it is none."""
        facts = _facts(text)
        try:
            key = serialization.load_pem_private_key(facts["private_key"].encode(), None)
            email, project = facts["client_email"], facts["project_id"]
        except (KeyError, ValueError, TypeError, AttributeError, UnsupportedAlgorithm):
            return None
        if (
            not isinstance(key, rsa.RSAPrivateKey)
            or not isinstance(email, str)
            or not isinstance(project, str)
        ):
            return None
        return cls(email, project, key, url, http)

    async def token(self) -> str:
        """Raises TokenRefused, httpx2.HTTPError."""
        now = time.time()
        if now < self._until - EARLY:
            return self._token
        form = {"grant_type": GRANT, "assertion": self._assertion(int(now))}
        response = await self._http.post(self._url, data=form)
        if response.status_code != 200:
            raise TokenRefused(response.status_code)
        try:
            told = msgspec.json.decode(response.content)
            token, seconds = told["access_token"], min(float(told.get("expires_in", LIFETIME)), LIFETIME)
        except (msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError):
            raise TokenRefused(502) from None
        self._token, self._until = str(token), now + seconds
        return self._token

    def _assertion(self, now: int) -> str:
        head = {"alg": "RS256", "typ": "JWT"}
        claims = {"iss": self._email, "scope": SCOPE, "aud": TOKENS, "iat": now, "exp": now + LIFETIME}
        signed = b".".join(_url64(msgspec.json.encode(part)) for part in (head, claims))
        signature = self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return (signed + b"." + _url64(signature)).decode()


def _facts(text: str) -> dict[str, Any]:
    for form in (text, _decoded(text)):
        try:
            found = msgspec.json.decode(form)
        except msgspec.DecodeError:
            continue
        if isinstance(found, dict):
            return found
    return {}


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _url64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
