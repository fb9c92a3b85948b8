"""Work: the rows that say what aggregates owe, as workers see them. docs/decisions/0001-work-is-a-table.md explains it.

A row is leased, done by one worker at a time, and finished. At least once: whoever does it saves its effect under an inbox key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

import psycopg

from application.ports import Unavailable
from infra.postgres.database import Database
from infra.work.arrays import Texts, Uuids, bigints, texts, uuids
from infra.work.items import Claim, Ending, Finished, Item, Unsure, whose

SLACK = timedelta(seconds=1)
"""How long after its due time a row may be committed, clocks' differences included, to be seen at once."""
LOOK_BACK = 1.0
"""Seconds until a row is seen that was due before that; more when looking takes long."""


class Work:
    """Leases rows and finishes them, over all tenants; `database` has the role `retrace_runner`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Where the next claim begins. Several workers begin at several places.
        self._after: tuple[UUID, str] = (uuid4(), "")
        # Claims pass over what lies before the oldest row that waits, since most of it is dead; now and then one does not.
        self._since: datetime | None = None
        self._look_back_at = 0.0

    async def claim(self, leases: Mapping[str, float], limit: int, *, busy: Collection[UUID] = ()) -> Claim:
        """Lease up to `limit` due rows of the kinds in `leases` (kind → seconds), evenly over tenants and kinds.

        Each claim begins after the lane where the last one ended, so a lane with due rows waits for one circle at most.
        Tenants in `busy` are passed over. Raises Unavailable; Unsure when the rows may be leased all the same.
        """
        holder, began = uuid4(), monotonic()
        since = None if began >= self._look_back_at else self._since
        items: list[Item] = []
        try:
            async with self._database.system() as connection:
                cursor = await connection.execute(
                    "SELECT * FROM claim_work(%s::text[], %s::float8[], %s, %s, %s, %s::uuid[], %s::int, %s::timestamptz)",
                    (
                        list(leases),
                        [*map(float, leases.values())],
                        holder,
                        *self._after,
                        list(busy),
                        limit,
                        since,
                    ),
                    prepare=True,
                    binary=True,
                )
                row = await cursor.fetchone()
                assert row is not None
                tenant, kind, whole, oldest, tenants, *columns = row
                if tenants is not None:
                    items = [
                        Item(tenant, kind, key, due_at, attempts, revision, holder, correlation, causation)
                        for tenant, kind, key, due_at, attempts, revision, correlation, causation in zip(
                            tenants, *columns, strict=True
                        )
                    ]
        except (Unavailable, psycopg.Error) as error:
            if items:
                raise Unsure(items) from error
            raise
        self._after = (tenant, kind)
        self._since = oldest - SLACK if whole else None
        if since is None:
            now = monotonic()
            self._look_back_at = now + max(LOOK_BACK, 20 * (now - began))
        return Claim(items, whole)

    async def lease(self, tenant: UUID, kind: str, key: str, seconds: float) -> tuple[bool, Item | None]:
        """Lease one row that nobody has, due or not: (whether it is there, the leased row). Raises Unavailable.

        A row whose last try failed counts as taken until it is to be tried again.
        """
        holder = uuid4()
        async with self._database.system(tenant) as connection:
            cursor = await connection.execute(
                "SELECT * FROM lease_work(%s, %s, %s, %s, %s)",
                (tenant, kind, key, holder, float(seconds)),
                prepare=True,
                binary=True,
            )
            row = await cursor.fetchone()
        assert row is not None
        state, due_at, attempts, revision, correlation, causation = row
        if state:
            return state == 1, None
        return True, Item(tenant, kind, key, due_at, attempts, revision, holder, correlation, causation)

    async def renew(
        self, items: Sequence[Item], leases: Mapping[str, float]
    ) -> tuple[list[Item], list[Item]]:
        """Make the leases end `leases[kind]` seconds from now: (renewed, lost). In neither: ask again. Raises Unavailable."""
        async with self._database.system(whose(items)) as connection:
            cursor = await connection.execute(
                "SELECT * FROM renew_work(%s, %s, %s, %s, %s::text[], %s::float8[])",
                (*identities_of(items), list(leases), list(map(float, leases.values()))),
            )
            row = await cursor.fetchone()
        assert row is not None
        renewed, lost = ([items[n - 1] for n in places or ()] for places in row)
        return renewed, lost

    async def finish(self, finished: Sequence[Finished]) -> list[Finished]:
        """Say how tries ended; one whose lease is lost changes nothing. Returns what must be said again. Raises Unavailable."""
        items = [each.item for each in finished]
        told = () if all(each.ending is Ending.DONE for each in finished) else finished
        async with self._database.system(whose(items)) as connection:
            cursor = await connection.execute(
                "SELECT finish_work(%s, %s, %s, %s, %s, %s::int[], %s::timestamptz[], %s::float8[], %s::text[])",
                (
                    *identities_of(items),
                    bigints([item.revision for item in items]),
                    [int(each.ending) for each in told],
                    [each.again_at for each in told],
                    [float(each.wait) for each in told],
                    [each.error for each in told],
                ),
                prepare=True,
                binary=True,
            )
            row = await cursor.fetchone()
        assert row is not None
        return [finished[n - 1] for n in row[0] or ()]


def identities_of(items: Sequence[Item]) -> tuple[Uuids, Texts, Texts, Uuids]:
    return (
        uuids([item.tenant for item in items]),
        texts([item.kind for item in items]),
        texts([item.key for item in items]),
        uuids([item.holder for item in items]),
    )
