"""The one-time link: by it an invited operator sets the first password, and who has lost theirs a new one."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.amend import amend
from application.operators.tokens import hash_of, parsed_link
from application.ports import Clock, Passwords, Store
from application.tenancy.newcomers import Newcomers
from domain.base.context import Context
from domain.base.errors import Forbidden, NotFound, Refused
from domain.operators.credentials import check_password
from domain.operators.membership import NO_LINK
from domain.operators.operator import Operator
from domain.tenancy.tenant import Tenant


class AcceptLink(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    password: str


async def operator_of_link(
    token: str, *, store: Store, clock: Clock, newcomers: Newcomers
) -> tuple[UUID, Operator]:
    """Whose it is, and in which tenant; nothing is used up by looking. Raises Refused, whatever is wrong with it."""
    link = parsed_link(token)
    try:
        async with newcomers.turn(link.tenant):
            operator = await store.load(Operator, link.operator, tenant=link.tenant)
            tenant = await store.latest(Tenant, link.tenant, tenant=link.tenant)
        operator.check_link(hash_of(link.secret), clock())
        tenant.check_active()
    except (NotFound, Forbidden):
        raise Refused(NO_LINK) from None
    return link.tenant, operator


async def accept_link(
    command: AcceptLink,
    correlation: UUID,
    *,
    store: Store,
    clock: Clock,
    newcomers: Newcomers,
    passwords: Passwords,
) -> Operator:
    """Set the password: of several who come with the same link one does. Raises Refused, Invalid."""
    tenant, found = await operator_of_link(command.token, store=store, clock=clock, newcomers=newcomers)
    check_password(command.password, found.state.email, found.state.name)
    password = await passwords.hash(command.password)
    secret_hash = hash_of(parsed_link(command.token).secret)
    operator, _ = await amend(
        Operator,
        found.id,
        lambda operator: operator.accept(secret_hash, password, clock()),
        context=Context(tenant=tenant, actor=f"operator:{found.id}", correlation=correlation),
        store=store,
    )
    return operator
