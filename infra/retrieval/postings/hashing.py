"""Terms as keyed hashes: HMAC-SHA-256 under a secret of the tenant's, of which 64 bits are kept."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from uuid import UUID

from infra.crypto.keyring import Keyring


def hashes_of(terms: Iterable[str], secret: bytes) -> dict[str, int]:
    """Each term's, as PostgreSQL's bigint."""
    return {
        term: int.from_bytes(
            hmac.digest(secret, term.encode(errors="surrogatepass"), "sha256")[:8], "big", signed=True
        )
        for term in terms
    }


async def secret_of(tenant: UUID, keyring: Keyring) -> bytes:
    return await keyring.derive(tenant, "terms")
