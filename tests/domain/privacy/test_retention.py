from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from domain.base.errors import Invalid
from domain.privacy.retention import LONGEST, Retention

AT = datetime(2026, 1, 1, tzinfo=UTC)


def begun() -> Retention:
    retention = Retention.begin(uuid4(), AT)
    retention.collect_events()
    return retention


def test_everything_is_kept_for_ever_until_days_are_set() -> None:
    retention = begun()
    assert retention.state.days is None
    retention.keep(None, AT)
    assert not retention.pending_events
    retention.keep(30, AT)
    assert retention.state.days == 30
    retention.keep(None, AT)
    assert retention.state.days is None


def test_the_same_days_again_change_nothing() -> None:
    retention = begun()
    retention.keep(30, AT)
    retention.keep(30, AT)
    (event,) = retention.pending_events
    assert isinstance(event, Retention.PeriodSet)


@pytest.mark.parametrize("days", [0, -1, LONGEST + 1])
def test_conversations_are_kept_for_a_day_at_least(days: int) -> None:
    with pytest.raises(Invalid, match="1 to"):
        begun().keep(days, AT)
