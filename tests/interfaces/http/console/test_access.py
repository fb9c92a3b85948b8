"""What a session lets go on for long ends with it."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from application.operators.access import SessionGrant
from application.operators.authentication import authenticate_session
from domain.base.errors import Forbidden, Unauthenticated
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import joined


async def test_a_grant_ends_with_its_session_and_holds_for_the_scopes_of_its_roles(
    ours: Customer, parts: Services
) -> None:
    ann = await joined(ours, "lasting@example.com", "agent")
    await ann.sign_in()
    session = await authenticate_session(
        ann.http.cookies["retrace"],
        store=parts.store,
        clock=parts.clock,
        newcomers=parts.newcomers,
        session_use=parts.session_use,
        idle=timedelta(minutes=30),
    )
    assert session.principal.actor == f"operator:{ann.id}"
    assert ann.http.cookies["retrace"] not in repr(session)
    grant = SessionGrant(session=session, scope="conversations:read")
    assert await grant.check(parts.store, parts.clock(), time.monotonic()) == session.ends_at
    with pytest.raises(Forbidden, match="roles lack"):
        await SessionGrant(session=session, scope="audit:read").check(
            parts.store, parts.clock(), time.monotonic()
        )
    with pytest.raises(Unauthenticated):
        await grant.check(parts.store, session.ends_at, time.monotonic())
    await ours.http.put(f"/v1/operators/{ann.id}/roles", json={"roles": ["admin"]})
    with pytest.raises(Unauthenticated):
        await grant.check(parts.store, parts.clock(), time.monotonic())
