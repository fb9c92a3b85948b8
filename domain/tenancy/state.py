"""What a tenant's log has come to: its status, its keys, and what was decided about its operation."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from domain.base.aggregate import Aggregate
from domain.base.errors import Forbidden, Invalid
from domain.tenancy.scopes import SCOPES, Scope

LONG_KEY = 16
"""Characters of a key of which the last four tell nobody the rest."""


class ApiKey(msgspec.Struct):
    """A key as the tenant knows it: never the secret, only its SHA-256 (the secret has 192 random bits)."""

    id: str
    name: str
    secret_hash: bytes
    scopes: tuple[Scope, ...]
    expires_at: datetime | None = None
    revoked: bool = False
    issued_until: datetime | None = None
    """When it was to expire as it was issued; one that was rotated expires earlier."""
    line: str = ""
    """Id of the first key of those that rotations put in each other's place; its own where it is the first."""
    origins: tuple[str, ...] = ()
    """The browser apps that it is bound to."""

    @property
    def offered(self) -> tuple[Scope, ...]:
        """Those of its scopes that open something."""
        return tuple(scope for scope in SCOPES if scope in self.scopes)

    def valid(self, now: datetime) -> bool:
        return not self.revoked and (self.expires_at is None or now < self.expires_at)


class ProviderKey(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's own key of a provider. It is kept as bytes, which no state, event or export shows. `base_url` None: the usual address."""

    provider: str
    key: bytes
    base_url: str | None = None
    set_at: datetime

    @property
    def ending(self) -> str:
        """The last characters, by which its owner knows it: at most four, and none of a short key."""
        return self.key[-4:].decode() if len(self.key) >= LONG_KEY else ""

    def __repr__(self) -> str:
        return f"ProviderKey(provider={self.provider!r}, base_url={self.base_url!r})"


class TenantState(msgspec.Struct):
    name: str = ""
    status: Literal["active", "suspended", "removed"] = "active"
    before: Literal["active", "suspended"] = "active"
    """The status that a removed tenant gets back."""

    erase_at: datetime | None = None
    """When a removed tenant is erased; until then it can be restored."""

    erased: bool = False
    keys: dict[str, ApiKey] = {}
    skipped: dict[str, list[int]] = {}
    """Projection → positions of the events that it leaves out."""
    generation: int = 1
    """Of the tenant's encryption key, the newest that was decided on."""
    master: str = ""
    """Fingerprint of the master key that the last rotation went to."""
    provider_keys: dict[str, ProviderKey] = {}


class TenantPart(Aggregate[TenantState]):
    """Base of the parts of a tenant, each with its events and what guards them."""

    State = TenantState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    def _exists(self) -> None:
        if self.state.status == "removed":
            raise Forbidden("this tenant was removed")


def checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 200:
        raise Invalid("a name has 1 to 200 characters")
    return name
