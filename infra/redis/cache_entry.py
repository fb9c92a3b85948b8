"""What names an entry of the cache, and what its sealed value is bound to."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from application.ports import CacheKind, Fault, Keyring
from domain.base.aggregate import NIL
from domain.base.errors import Refusal
from infra.crypto.wrapping import Tampered


class Entry(NamedTuple):
    tenant: UUID
    kind: CacheKind
    key: bytes
    group: str

    async def name(self, keyring: Keyring) -> str:
        """Behind it come the generations."""
        id = await keyring.identify(self.tenant, "cache", self.kind, self.key.hex())
        return f"retrace:cache:{self.kind}:{self.tenant.hex}:{id.hex}"

    @property
    def generations(self) -> list[str]:
        """Keys of what `forget` changes: everybody's and the tenant's, of all groups and of its own."""
        return [
            generation(whose, self.kind, of)
            for whose in (None, self.tenant)
            for of in ("", self.group or "-")
        ]

    async def sealed(self, made: bytes, keyring: Keyring) -> bytes | None:
        try:
            return await keyring.seal(self.tenant, NIL, made, self._context)
        except (Fault, Refusal):
            return None

    async def opened(self, sealed: bytes, keyring: Keyring) -> bytes | None:
        try:
            return await keyring.unseal(self.tenant, sealed, self._context)
        except (Fault, Refusal, Tampered):  # whoever wrote it did not have this tenant's keys
            return None

    @property
    def _context(self) -> bytes:
        return f"cache {self.kind} ".encode() + self.key


def generation(tenant: UUID | None, kind: CacheKind, group: str) -> str:
    return f"retrace:generation:{kind}:{tenant.hex if tenant else ''}:{group}"
