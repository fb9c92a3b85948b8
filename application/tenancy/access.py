"""Access that lasts: what let a caller in may be taken away while its request goes on.

A grant is that which let a request in: a key with one of its scopes, later a person's session.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from application.ports import Store
from application.tenancy.authentication import Principal
from domain.base.errors import Forbidden, NotFound, Unauthenticated
from domain.tenancy.scopes import Scope
from domain.tenancy.state import ApiKey
from domain.tenancy.tenant import Tenant

EXPIRED = "this API key has expired; send a valid one"
REVOKED = "this API key was revoked; send a valid one"


class Grant(Protocol):
    """It depends on nothing but what its tenant's log says, and on the time."""

    @property
    def tenant(self) -> UUID: ...

    @property
    def holder(self) -> str:
        """Whose it is, within the tenant: a key's id."""

    async def check(self, store: Store, now: datetime, since: float) -> datetime | None:
        """Until when it holds; None: for good. Looked at as of `since` (of the monotonic clock) or later.

        Raises Unauthenticated, Forbidden where it holds no more.
        """


class KeyGrant(msgspec.Struct, frozen=True, kw_only=True):
    """A key, and the scope of its that a route asks for."""

    principal: Principal
    scope: Scope

    @property
    def tenant(self) -> UUID:
        return self.principal.tenant

    @property
    def holder(self) -> str:
        return self.principal.key

    async def check(self, store: Store, now: datetime, since: float) -> datetime | None:
        try:
            tenant = await store.latest(Tenant, self.tenant, tenant=self.tenant, since=since)
        except NotFound:  # erased
            raise Unauthenticated(REVOKED) from None
        key = standing(tenant, self.principal.key, now)
        if self.scope not in key.offered:
            raise Forbidden(f"this key lacks the scope {self.scope} now", scope=self.scope)
        return key.expires_at


def standing(tenant: Tenant, id: str, now: datetime) -> ApiKey:
    """A key that still opens something. Raises Unauthenticated, Forbidden."""
    key = tenant.state.keys.get(id)
    if key is None or key.revoked:
        raise Unauthenticated(REVOKED)
    if not key.valid(now):
        raise Unauthenticated(EXPIRED)
    tenant.check_active()
    return key
