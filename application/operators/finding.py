"""From an e-mail address to the account: a keyed hash under the tenant's secret, so that nothing in clear has to be kept to find it.

The same person may be an operator at several tenants: those are several accounts, each with its own password. After an account was
removed the same address begins another one.
"""

from __future__ import annotations

from itertools import count
from uuid import UUID

from application.ports import Keyring, Store
from domain.base.errors import Erased, NotFound
from domain.operators.address import same_address
from domain.operators.operator import Operator


async def find_operator(
    tenant: UUID, email: str, *, store: Store, keyring: Keyring
) -> tuple[UUID, Operator | None]:
    """The account, or None and the id that it would have."""
    address = same_address(email)
    for generation in count():
        parts = ("operator account", address, *([str(generation)] if generation else []))
        id = await keyring.identify(tenant, *parts)
        try:
            found = await store.load(Operator, id, tenant=tenant)
        except Erased:
            continue
        except NotFound:
            return id, None
        if found.state.status != "removed":
            return id, found
    raise AssertionError("unreachable")
