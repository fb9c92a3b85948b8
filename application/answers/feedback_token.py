"""The right to rate one answer, signed: whoever has the token has seen the answer, or was handed it by who has.

    token = base64url(version u8 | tenant 16 | interaction 16 | conversation 16 | expires u64 | MAC 16)

Seconds since 1970, big-endian. The MAC is a keyed hash under the tenant's secret (`Keyring.identify`), which lies under the deployment's master key.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from application.ports import Keyring
from domain.base.errors import Forbidden, Unauthenticated

LONGEST = 200
"""Characters that are looked at; a token has 98."""

WRONG = "this feedback_token is none of ours, or was changed; take it as it stands on the interaction"

_CLAIMS = struct.Struct(">B16s16s16sQ")
_VERSION, _MAC = 1, 16


class FeedbackToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a token claims. `conversation`: whose the interaction is; the interaction itself for a call of the completions API. Its `mac` has to be
    checked before any of it is believed."""

    tenant: UUID
    interaction: UUID
    conversation: UUID
    expires: datetime
    mac: bytes = b""


async def issue_token(
    tenant: UUID, interaction: UUID, conversation: UUID, *, answered_at: datetime, days: int, keyring: Keyring
) -> str:
    """The same one whenever it is made; it holds for so many days after the answer."""
    seconds = int((answered_at + timedelta(days=days)).timestamp())
    claims = _CLAIMS.pack(_VERSION, tenant.bytes, interaction.bytes, conversation.bytes, seconds)
    mac = await _mac(tenant, claims, keyring)
    return base64.urlsafe_b64encode(claims + mac).decode().rstrip("=")


def read_token(text: str) -> FeedbackToken:
    """What it claims, unproven. Raises Unauthenticated for what is of another form."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        version, tenant, interaction, conversation, seconds = _CLAIMS.unpack(data[:-_MAC])
        if version != _VERSION:
            raise ValueError
        expires = datetime.fromtimestamp(seconds, UTC)
    except (binascii.Error, struct.error, ValueError, OverflowError, OSError):
        raise Unauthenticated(WRONG) from None
    return FeedbackToken(
        tenant=UUID(bytes=tenant),
        interaction=UUID(bytes=interaction),
        conversation=UUID(bytes=conversation),
        expires=expires,
        mac=data[-_MAC:],
    )


async def check_token(token: FeedbackToken, now: datetime, *, keyring: Keyring) -> None:
    """Raises Unauthenticated where it was not signed by this tenant's key, Forbidden where its time is over."""
    seconds = int(token.expires.timestamp())
    claims = _CLAIMS.pack(
        _VERSION, token.tenant.bytes, token.interaction.bytes, token.conversation.bytes, seconds
    )
    if not hmac.compare_digest(token.mac, await _mac(token.tenant, claims, keyring)):
        raise Unauthenticated(WRONG)
    if now >= token.expires:
        raise Forbidden(
            f"the time in which this answer could be rated was over at {token.expires:%Y-%m-%dT%H:%M:%SZ}",
            expired_at=f"{token.expires:%Y-%m-%dT%H:%M:%SZ}",
        )


async def _mac(tenant: UUID, claims: bytes, keyring: Keyring) -> bytes:
    return (await keyring.identify(tenant, "feedback", claims.hex())).bytes
