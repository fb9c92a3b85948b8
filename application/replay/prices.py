"""What recorded calls would have cost at the prices of another table. From the log alone; nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from application.ports import Store
from domain.base.errors import Invalid
from domain.base.times import in_utc
from domain.kinds import METERED
from domain.models.metering import calls_of
from domain.replay.repricing import Repricer, Repricing, Table

TOPICS = tuple(event.TOPIC for event in METERED)


async def reprice(
    tenant: UUID,
    table: Table,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
    store: Store,
    tell: Callable[[int], object] = lambda _: None,
) -> Repricing:
    """Of the calls that began from `since` on and before `until`; at most `limit` of the rows that differ. Raises Invalid.

    `tell` hears the position that it has come to.
    """
    since, until = in_utc("since", since), in_utc("until", until)
    if since is not None and until is not None and since >= until:
        raise Invalid("since must lie before until")
    repricer = Repricer(table, limit)
    async for recorded in store.events(tenant, topics=TOPICS):
        tell(recorded.position)
        attempts = calls_of(recorded.event)
        repricer.add(
            recorded.position,
            [
                attempt
                for attempt in attempts
                if (since is None or since <= attempt.started_at)
                and (until is None or attempt.started_at < until)
            ],
        )
    return repricer.result()
