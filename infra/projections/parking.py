"""What becomes of events that a projection could not apply: tried again, or left out for good."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

from domain.base.errors import NotFound, Refused
from infra.projections.places import SCHEMAS, as_builder
from infra.projections.progress import Progress, parked
from infra.projections.read_models import drop
from infra.projections.rebuild import Workshop, rebuild
from infra.projections.switching import switch


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """`solved` positions are applied now; `parked` ones (→ kind of error) still can't be."""

    solved: list[int]
    parked: dict[int, str]


async def retry(
    shop: Workshop,
    tenant: UUID,
    position: int | None = None,
    tell: Callable[[Progress], object] = lambda _: None,
) -> Retried:
    """Build this tenant's rows again from zero and, if that got any further, put them in place of the live ones at once.

    A handler is a fold: applied after what followed it, an event could give other rows than in its turn. Raises NotFound, Refused.
    """
    name = shop.projection.name
    await _no_copy(shop)
    before, stopped = await parked(shop.system, name, "live", tenant), await _stopped(shop, tenant)
    if (position not in before) if position is not None else not (before or stopped):
        raise NotFound(f"{name} has no parked event {position or ''} of this tenant".replace("  ", " "))
    await rebuild(shop, tenant=tenant, tell=tell)
    after = await parked(shop.system, name, "next", tenant)
    solved = sorted(before.keys() - after.keys())
    still = await _stopped(shop, tenant, "next")
    if still or not (stopped or solved if position is None else position in solved):
        await drop(shop.cell, name, "next")
        if still:
            raise Refused(f"it stops again: {still}")
        return Retried(solved=[], parked=after)
    await switch(shop, keep=False)
    return Retried(solved=solved, parked=after)


async def check_skippable(shop: Workshop, tenant: UUID, position: int) -> None:
    """Raises NotFound when the live projection is not held up by this event, Refused while there is a copy."""
    await _no_copy(shop)
    stopped = await _stopped(shop, tenant)
    if position in await parked(shop.system, shop.projection.name, "live", tenant):
        return
    if stopped is None or not stopped.startswith(f"event {position} "):
        raise NotFound(f"{shop.projection.name} has no parked event {position} of this tenant")


async def forget_parked(shop: Workshop, tenant: UUID, position: int) -> None:
    """After the decision to skip it is on record: it is parked no longer, and what it stopped goes on."""
    values = [tenant, shop.projection.name, position]
    async with as_builder(shop.cell) as connection:
        for schema in SCHEMAS.values():
            gone = f"DELETE FROM {schema}.parked WHERE tenant = %s AND projection = %s AND seq = %s"
            await connection.execute(gone.encode(), values)
            on = (
                f"UPDATE {schema}.cursors SET stopped = NULL WHERE tenant = %s AND projection = %s "
                "AND stopped LIKE 'event ' || %s || ' %%'"
            )
            await connection.execute(on.encode(), values)


async def _no_copy(shop: Workshop) -> None:
    if await shop.build("next") is not None:
        name = shop.projection.name
        raise Refused(f"there is a copy of {name}: switch it, or `retrace projections drop {name}` it, first")


async def _stopped(shop: Workshop, tenant: UUID, place: str = "live") -> str | None:
    schema = {"live": SCHEMAS["live"], "next": SCHEMAS["next"]}[place]
    query = f"SELECT stopped FROM {schema}.cursors WHERE tenant = %s AND projection = %s"
    async with shop.system.system() as connection:
        row = await (await connection.execute(query.encode(), [tenant, shop.projection.name])).fetchone()
    return row[0] if row else None
