"""Access that lasts, by a session: it may end while a request goes on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from application.operators.authentication import LiveSession
from application.ports import Store
from domain.base.errors import Forbidden, NotFound, Unauthenticated
from domain.operators.operator import Operator
from domain.operators.sessions import ENDED
from domain.tenancy.scopes import Scope
from domain.tenancy.tenant import Tenant


class SessionGrant(msgspec.Struct, frozen=True, kw_only=True):
    """A session, and the scope of its operator's that a route asks for; None: that they are signed in. Implements `application.tenancy.access.Grant`."""

    session: LiveSession
    scope: Scope | None

    @property
    def tenant(self) -> UUID:
        return self.session.principal.tenant

    @property
    def holder(self) -> str:
        return self.session.principal.actor

    async def check(self, store: Store, now: datetime, since: float) -> datetime | None:
        try:
            operator = await store.latest(Operator, self.session.operator, tenant=self.tenant, since=since)
            tenant = await store.latest(Tenant, self.tenant, tenant=self.tenant, since=since)
        except NotFound:
            raise Unauthenticated(ENDED) from None
        known = operator.state.sessions.get(self.session.id)
        if known is None or operator.state.status != "active" or now >= known.ends_at:
            raise Unauthenticated(ENDED)
        tenant.check_active()
        if self.scope is not None and self.scope not in operator.state.scopes:
            raise Forbidden(f"your roles lack the scope {self.scope} now", scope=self.scope)
        return known.ends_at
