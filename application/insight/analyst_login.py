"""Analysts' logins: made, ended; and the database brought to what the log says of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec
from msgspec import structs

from application.base.setting import Changed, change_setting, load_setting
from application.ports import ANALYST_LOGINS_WORK, AnalystDatabase, Clock, Due, Ids, Store
from domain.base.context import Context
from domain.base.errors import NotFound, Refused
from domain.insight.analyst_logins import AnalystLogin, AnalystLogins
from domain.tenancy.tenant import Tenant

SECRET = 24
"""Random bytes of a password."""


class Ports(Protocol):
    """What the commands need."""

    @property
    def store(self) -> Store: ...
    @property
    def analysts(self) -> AnalystDatabase: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


class CreateAnalystLogin(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    expires_at: datetime
    connections: int


class AnalystLoginCreated(msgspec.Struct, frozen=True, kw_only=True):
    """`address`: of the database, the password in it. Both are known here and now only."""

    login: AnalystLogin
    password: str
    address: str
    version: int
    position: int

    def __repr__(self) -> str:
        return f"AnalystLoginCreated({self.login.role})"


async def create_analyst_login(
    command: CreateAnalystLogin, context: Context, ports: Ports
) -> AnalystLoginCreated:
    """On record first, and then made; where the database will not have it, that is on record too. Raises Invalid, Refused, Unavailable."""
    id, role = ports.ids(), f"retrace_analyst_{secrets.token_hex(8)}"
    password = secrets.token_urlsafe(SECRET)

    def decide(logins: AnalystLogins) -> None:
        logins.create_login(
            id,
            name=command.name,
            role=role,
            connections=command.connections,
            expires_at=command.expires_at,
            at=ports.clock(),
        )

    decide(await _known(context.tenant, ports))  # what is wrong by itself is told first
    if (grant := await ports.analysts.hindered(context.tenant)) is not None:
        raise Refused(f"this database server makes no logins for us; its superuser lets it by: {grant}")
    changed = await _change(decide, context, ports)
    try:
        address = await ports.analysts.make(
            context.tenant,
            id,
            role=role,
            password=password,
            expires_at=command.expires_at,
            connections=command.connections,
        )
    except Exception:
        undo = structs.replace(context, expected=None)
        await _change(lambda logins: logins.end_login(id, "not made", ports.clock()), undo, ports)
        raise
    return AnalystLoginCreated(
        login=changed.setting.login(id),
        password=password,
        address=address,
        version=changed.version,
        position=changed.position,
    )


async def revoke_analyst_login(login: UUID, context: Context, ports: Ports) -> int:
    """Its sessions end at once. Returns the position. Raises NotFound, Unavailable."""
    known = (await _known(context.tenant, ports)).login(login)
    changed = await _change(lambda logins: logins.end_login(login, "revoked", ports.clock()), context, ports)
    await ports.analysts.drop(context.tenant, known.role)
    return changed.position


async def settle_analyst_logins(context: Context, ports: Ports) -> datetime | None:
    """Drop logins that are over, lock those of a tenant that is not active. Returns when the next one expires."""
    tenant, now = context.tenant, ports.clock()
    known = await load_setting(AnalystLogins, tenant, store=ports.store)
    if known is not None and any(
        each.ended is None and not each.works(now) for each in known.state.logins.values()
    ):
        known = (await _change(lambda logins: logins.expire_logins(now), context, ports)).setting
    logins = {} if known is None else {each.role: each for each in known.state.logins.values()}
    shut = not await _is_active(tenant, ports.store)
    for standing in await ports.analysts.standing(tenant):
        login = logins.get(standing.role)
        if login is None or not login.works(now):
            await ports.analysts.drop(tenant, standing.role)
        elif standing.locked != shut:
            await ports.analysts.lock(tenant, standing.role, shut)
    return min((each.expires_at for each in logins.values() if each.works(now)), default=None)


async def _is_active(tenant: UUID, store: Store) -> bool:
    try:
        return (await store.load(Tenant, tenant, tenant=tenant)).state.status == "active"
    except NotFound:  # erased
        return False


async def _known(tenant: UUID, ports: Ports) -> AnalystLogins:
    known = await load_setting(AnalystLogins, tenant, store=ports.store)
    return known or AnalystLogins.begin(tenant, ports.clock())


async def _change(
    decide: Callable[[AnalystLogins], None], context: Context, ports: Ports
) -> Changed[AnalystLogins]:
    """The database is looked at afterwards, so that what was decided comes about."""
    work = [Due(kind=ANALYST_LOGINS_WORK, key=context.tenant.hex, due_at=ports.clock())]
    return await change_setting(
        AnalystLogins, decide, context, store=ports.store, clock=ports.clock, work=work
    )
