"""A tenant of which nothing can change is looked at when the next five minutes begin; all others soon."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from domain.insight.alerts.planning import next_look, settled
from domain.insight.alerts.status import Pending, Status
from tests.domain.given import NOW

MINUTE = timedelta(minutes=1)
AT = NOW.replace(minute=1, second=0, microsecond=0)


@pytest.mark.parametrize(
    ("facts", "quiet"),
    [
        ({}, True),
        ({"state": "alert"}, True),  # there is nobody to be told
        ({"pending": Pending("worse", AT)}, False),
        ({"state": "alert", "told": "alert", "told_at": AT}, False),
        ({"state": "alert", "told_at": AT}, False),  # throttled
        ({"told_at": AT}, True),
        ({"silenced_until": AT + MINUTE}, False),
        ({"silenced_until": AT - MINUTE}, True),
    ],
)
def test_what_may_change_by_the_clock_alone_is_not_settled(facts: dict[str, object], quiet: bool) -> None:
    status = Status(**{"state": "ok", "since": AT, **facts})  # type: ignore[arg-type]
    assert settled([Status(state="ok", since=AT), status], AT) is quiet


def test_quiet_tenants_are_spread_after_the_slot_has_ended() -> None:
    edge = AT + 4 * MINUTE
    assert next_look(UUID(int=500), AT, MINUTE, quiet=True) == edge + MINUTE / 2
    assert next_look(UUID(int=500), AT, MINUTE, quiet=False) == AT + MINUTE
    assert next_look(UUID(int=0), edge - MINUTE / 60, MINUTE, quiet=True) == edge + MINUTE * 59 / 60
