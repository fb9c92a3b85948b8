"""Browsers that an operator has signed in with: what they are told by, so that strangers' attempts take nothing from theirs.

It opens nothing. The text is base64url(nonce 9 bytes | MAC 16), the MAC a keyed hash under the tenant's secret that names the operator
(after the device cookies of OWASP's "Slow Down Online Guessing Attacks with Device Cookies").
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from uuid import UUID

from application.ports import Keyring

NONCE = 9


async def drawn_known(tenant: UUID, operator: UUID, *, keyring: Keyring) -> str:
    nonce = secrets.token_bytes(NONCE)
    return base64.urlsafe_b64encode(nonce + await _mac(nonce, tenant, operator, keyring)).decode().rstrip("=")


async def is_known(text: str, tenant: UUID, operator: UUID, *, keyring: Keyring) -> bool:
    """Whether this browser was told so for this operator."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    mac = await _mac(raw[:NONCE], tenant, operator, keyring)
    return len(raw) == NONCE + 16 and hmac.compare_digest(raw[NONCE:], mac)


async def _mac(nonce: bytes, tenant: UUID, operator: UUID, keyring: Keyring) -> bytes:
    return (await keyring.identify(tenant, "known browser", operator.hex, nonce.hex())).bytes
