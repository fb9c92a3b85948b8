"""Do the figures of the read models equal the events? Each is reckoned a second time from a tenant's log (projections/reckoning) and compared, exactly.

A read model is compared at the position to which it has come: its rows are read between two looks at its cursor, and again where that has moved meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from decimal import localcontext
from uuid import UUID

import msgspec
from sqlalchemy import select

from application.ports import Unavailable
from domain.base.aggregate import NIL
from domain.base.recorded import Recorded
from domain.models.pricing import EXACT
from infra.log.reader import Reader
from infra.postgres.database import Database
from infra.projections.sql import TransactionSql
from projections.base import Projection, Row, sees_erased, topics
from projections.reckoning.compare import Difference, compare
from projections.reckoning.table import NO_FIGURES, RECKONINGS

PAGE = 2000
TRIES = 20


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """One read model of one tenant. `parked`: events that it could not apply, which so are in the events' figures alone."""

    tenant: UUID
    projection: str
    position: int
    figures: int
    parked: int
    differences: list[Difference]


class Seen(msgspec.Struct, frozen=True):
    """Rows by table, as they stood at `position`."""

    position: int
    parked: int
    rows: dict[str, list[Row]]


async def reconcile(
    tenant: UUID, *, database: Database, reader: Reader, tell: Callable[[int], object] = lambda _: None
) -> list[Reconciled]:
    """Every read model that figures are asked of; `tell` hears which position has been read. Raises Unavailable where one is being built, or does not stand still for a look."""
    seen = [
        (projection, reckoning, await _seen(database, tenant, projection))
        for projection, reckoning in RECKONINGS
    ]
    events = await _events(reader, tenant, max(each.position for _, _, each in seen), tell)
    found = []
    for projection, reckoning, there in seen:
        wanted = topics([projection])
        mine = [
            each
            for each in events
            if each.position <= there.position
            and each.topic in wanted
            and (each.event is not None or sees_erased(projection))
        ]
        with localcontext(EXACT):
            reckoned = reckoning(mine)
            compared = [
                compare(table, there.rows[table.name], reckoned[table.name])
                for table in projection.tables
                if table.name not in NO_FIGURES
            ]
        found.append(
            Reconciled(
                tenant=tenant,
                projection=projection.name,
                position=there.position,
                figures=sum(each.figures for each in compared),
                parked=there.parked,
                differences=[one for each in compared for one in each.differences],
            )
        )
    return found


async def _events(reader: Reader, tenant: UUID, until: int, tell: Callable[[int], object]) -> list[Recorded]:
    """All that any reckoning goes by."""
    wanted = sorted(topics([projection for projection, _ in RECKONINGS]))
    whole = topics([projection for projection, _ in RECKONINGS if not sees_erased(projection)])
    found: list[Recorded] = []
    after = 0
    while page := await reader.chosen(tenant, after, PAGE, wanted):
        after = page[-1].position
        tell(after)
        found += [_needed(each, whole) for each in page if each.position <= until]
        if after >= until:
            break
    return found


def _needed(recorded: Recorded, whole: Collection[str]) -> Recorded:
    """Without what is personal, where read models go by its columns alone: no figure may go by more, and the log is long."""
    if recorded.event is None or not recorded.event.PERSONAL or recorded.topic in whole:
        return recorded
    return msgspec.structs.replace(recorded, event=None)


async def _seen(database: Database, tenant: UUID, projection: Projection) -> Seen:
    for _ in range(TRIES):
        before = await _cursor(database, tenant, projection)
        async with database.tenant(tenant) as connection:
            sql = TransactionSql(connection)
            rows = {
                table.name: await sql.all(select(table).where(table.c.tenant == tenant))
                for table in projection.tables
                if table.name not in NO_FIGURES
            }
        if before == await _cursor(database, tenant, projection):
            return Seen(*before, rows)
    raise Unavailable(
        f"the projection {projection.name} moves on all the time; try again when less is written"
    )


async def _cursor(database: Database, tenant: UUID, projection: Projection) -> tuple[int, int]:
    """Its position, and how many events it has parked."""
    query = (
        "SELECT c.seq, c.version, (SELECT count(*) FROM parked p WHERE p.tenant = c.tenant AND p.projection = c.projection) "
        "FROM cursors c WHERE c.tenant = $1 AND c.projection = $2"
    )
    rows: Sequence[Sequence[int]] = await database.read(tenant, query, tenant, projection.name)
    if (
        not rows
    ):  # it knows no event of the tenant yet; its tables may be those of another version all the same
        query = "SELECT 0, version, 0 FROM builds WHERE projection = $1 AND place = 'live' AND tenant = $2"
        rows = await database.read(tenant, query, projection.name, NIL)
    ((position, version, parked),) = rows or [(0, projection.version, 0)]
    if version != projection.version:
        raise Unavailable(f"the projection {projection.name} is being built; try again once it stands")
    return int(position), int(parked)
