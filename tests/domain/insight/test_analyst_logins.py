"""Analysts' logins: how long, how many, and that an end is one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.base.errors import Invalid, NotFound, Refused
from domain.insight.analyst_logins import LONGEST, MOST, AnalystLogins
from tests.domain.given import NOW, when

SOON = NOW + timedelta(days=1)


def begun(count: int = 0) -> tuple[AnalystLogins, list[UUID]]:
    logins = AnalystLogins.begin(uuid4(), NOW)
    return logins, [create(logins) for _ in range(count)]


def create(logins: AnalystLogins, **facts: Any) -> UUID:
    id = uuid4()
    given = {"name": "Ann", "role": f"r_{id.hex}", "connections": 5, "expires_at": SOON, "at": NOW}
    logins.create_login(id, **(given | facts))
    return id


def test_a_login_works_until_it_expires_or_ends() -> None:
    logins, (first, second) = begun(2)
    assert logins.login(first).works(NOW)
    assert not logins.login(first).works(SOON)
    (ended,) = when(logins, lambda: logins.end_login(first, "revoked", NOW))
    assert isinstance(ended, AnalystLogins.LoginEnded)
    assert when(logins, lambda: logins.end_login(first, "revoked", NOW)) == []
    (expired,) = when(logins, lambda: logins.expire_logins(SOON))
    assert isinstance(expired, AnalystLogins.LoginEnded)
    assert (expired.login, expired.reason) == (second, "expired")
    with pytest.raises(NotFound):
        logins.end_login(uuid4(), "revoked", NOW)


@pytest.mark.parametrize(
    "facts",
    [{"name": " "}, {"name": "a\nb"}, {"name": "x" * 101}, {"expires_at": NOW}, {"connections": 0}, {"connections": 21},
     {"expires_at": NOW + LONGEST + timedelta(seconds=1)}],
)  # fmt: skip
def test_a_login_that_is_none_is_refused(facts: dict[str, Any]) -> None:
    logins, _ = begun()
    with pytest.raises(Invalid):
        create(logins, **facts)


def test_only_logins_that_work_count() -> None:
    logins, (first, *_) = begun(MOST)
    with pytest.raises(Refused, match="revoke one"):
        create(logins)
    logins.end_login(first, "revoked", NOW)
    create(logins)
    create(logins, at=SOON, expires_at=SOON + timedelta(days=1))
