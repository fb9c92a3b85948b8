"""Who is calling, as an API key says it."""

from __future__ import annotations

import hmac
import time
from typing import Literal
from uuid import UUID

import msgspec

from application.ports import Clock, Store
from application.tenancy.key_text import hash_of, parsed
from application.tenancy.newcomers import Newcomers
from domain.base.errors import Forbidden, NotFound, Unauthenticated
from domain.tenancy.scopes import Scope
from domain.tenancy.tenant import Tenant


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who is calling: an API key, or an operator who is signed in."""

    kind: Literal["key", "operator"] = "key"
    tenant: UUID
    key: str
    """The key's id, or the operator's."""
    line: str
    """Id of the first key of those that rotations put in each other's place."""
    scopes: tuple[Scope, ...]
    origins: tuple[str, ...] = ()
    """The browser apps that the key is bound to."""

    @property
    def actor(self) -> str:
        """As events name it."""
        return f"{self.kind}:{self.key}"

    def require(self, scope: Scope) -> None:
        if scope not in self.scopes:
            lacking = "this key lacks" if self.kind == "key" else "your roles lack"
            raise Forbidden(f"{lacking} the scope {scope}", scope=scope)


async def authenticate(
    text: str, named: str | None, *, store: Store, clock: Clock, newcomers: Newcomers
) -> Principal:
    """Who holds this key. Whatever is wrong with a key, the answer is the same. `named`: the tenant that the caller says, 32 hexadecimal digits.

    Raises Unauthenticated, Forbidden, Unavailable.
    """
    came = time.monotonic()
    tenant_id, key_id, secret = parsed(text)
    if named is not None and named != tenant_id.hex:  # the key's own text tells as much
        raise Unauthenticated(
            "the key is another tenant's than the one named beside it; name the key's, or none"
        )
    try:
        async with newcomers.turn(tenant_id):
            tenant = await store.latest(Tenant, tenant_id, tenant=tenant_id)
            if key_id not in tenant.state.keys:  # made a moment ago, perhaps
                tenant = await store.latest(Tenant, tenant_id, tenant=tenant_id, since=came)
    except NotFound:
        raise Unauthenticated from None
    key = tenant.state.keys.get(key_id)
    known = key.secret_hash if key is not None else bytes(32)
    if not hmac.compare_digest(known, hash_of(secret)) or key is None or not key.valid(clock()):
        raise Unauthenticated
    newcomers.came_in(tenant_id)
    tenant.check_active()
    return Principal(tenant=tenant_id, key=key_id, line=key.line, scopes=key.offered, origins=key.origins)
