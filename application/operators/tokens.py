"""The texts of one-time links and of sessions. Each names its tenant and its operator, before its secret of 256 random bits.

`rtl_` + base64url(tenant 16 bytes | operator 16 | secret 32); `rts_` + base64url(tenant 16 | operator 16 | session 6 | secret 32).
"""

from __future__ import annotations

import base64
import binascii
import secrets
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from domain.base.errors import Refused, Unauthenticated
from domain.operators.membership import NO_LINK
from domain.operators.sessions import ENDED

LINK, SESSION = "rtl_", "rts_"
SECRET, SESSION_ID = 32, 6


class LinkToken(NamedTuple):
    tenant: UUID
    operator: UUID
    secret: bytes

    @property
    def text(self) -> str:
        return _text(LINK, self.tenant.bytes + self.operator.bytes + self.secret)


class SessionToken(NamedTuple):
    tenant: UUID
    operator: UUID
    session: str
    """12 hexadecimal digits."""
    secret: bytes

    @property
    def text(self) -> str:
        return _text(
            SESSION, self.tenant.bytes + self.operator.bytes + bytes.fromhex(self.session) + self.secret
        )


def drawn_link(tenant: UUID, operator: UUID) -> LinkToken:
    return LinkToken(tenant, operator, secrets.token_bytes(SECRET))


def drawn_session(tenant: UUID, operator: UUID) -> SessionToken:
    id, secret = secrets.token_bytes(SESSION_ID), secrets.token_bytes(SECRET)
    return SessionToken(tenant, operator, id.hex(), secret)


def parsed_link(text: str) -> LinkToken:
    """Raises Refused."""
    raw = _bytes(LINK, text, 32 + SECRET)
    if raw is None:
        raise Refused(NO_LINK)
    return LinkToken(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:])


def parsed_session(text: str) -> SessionToken:
    """Raises Unauthenticated."""
    raw = _bytes(SESSION, text, 32 + SESSION_ID + SECRET)
    if raw is None:
        raise Unauthenticated(ENDED)
    return SessionToken(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:38].hex(), raw[38:])


def hash_of(secret: bytes) -> bytes:
    return sha256(secret).digest()


def _text(prefix: str, raw: bytes) -> str:
    return prefix + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(prefix: str, text: str, length: int) -> bytes | None:
    """None where it is no such text. Each has one text only: the last letter has bits to spare."""
    if not text.startswith(prefix):
        return None
    try:
        raw = base64.b64decode(text.removeprefix(prefix) + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == length and text == _text(prefix, raw) else None
