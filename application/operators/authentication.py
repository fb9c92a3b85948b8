"""Who is calling, as an operator's session says it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.operators.tokens import hash_of, parsed_session
from application.ports import Clock, SessionUse, Store
from application.tenancy.authentication import Principal
from application.tenancy.newcomers import Newcomers
from domain.base.errors import NotFound, Unauthenticated
from domain.operators.operator import Operator
from domain.operators.sessions import ENDED
from domain.operators.state import Session
from domain.tenancy.tenant import Tenant

WRITTEN = timedelta(minutes=1)
"""A session's use is written once in this time."""


class LiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """An operator who is signed in. `secret` is the session's: it goes nowhere."""

    principal: Principal
    operator: UUID
    id: str
    secret: bytes
    name: str
    email: str
    ends_at: datetime

    def __repr__(self) -> str:
        return f"LiveSession(operator={self.operator}, id={self.id!r})"


async def authenticate_session(
    text: str,
    *,
    store: Store,
    clock: Clock,
    newcomers: Newcomers,
    session_use: SessionUse,
    idle: timedelta,
) -> LiveSession:
    """Whose session this is, as the log has it now: what ends one ends it in all processes. `idle`: after so long without use it is over.

    Raises Unauthenticated, Forbidden for a suspended tenant, Unavailable.
    """
    token = parsed_session(text)
    try:
        async with newcomers.turn(token.tenant):
            operator = await store.load(Operator, token.operator, tenant=token.tenant)
            tenant = await store.latest(Tenant, token.tenant, tenant=token.tenant)
    except NotFound:
        raise Unauthenticated(ENDED) from None
    now = clock()
    session = operator.live_session(token.session, hash_of(token.secret), now)
    newcomers.came_in(token.tenant)
    tenant.check_active()
    used = last_use(session, (await session_use.last(token.tenant, token.operator)).get(session.id))
    if now - used >= idle:
        raise Unauthenticated(ENDED)
    if now - used >= WRITTEN:
        await session_use.used(token.tenant, token.operator, session.id, now)
    id, scopes = str(operator.id), operator.state.scopes
    return LiveSession(
        principal=Principal(kind="operator", tenant=token.tenant, key=id, line=id, scopes=scopes),
        operator=operator.id,
        id=session.id,
        secret=token.secret,
        name=operator.state.name,
        email=operator.state.email,
        ends_at=session.ends_at,
    )


def last_use(session: Session, used: datetime | None) -> datetime:
    return session.began_at if used is None else max(used, session.began_at)
