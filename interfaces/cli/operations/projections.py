"""Commands for read models: look, build again, compare, put in place, mend."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click
import msgspec

from application.operations.projections import SkipProjectionEvent, skip_projection_event
from domain.base.context import Context
from infra.projections import comparing, parking, progress, read_models, switching
from infra.projections import rebuild as rebuilding
from infra.projections.lag import MOST, ParkedEvent, lags, parked_events
from infra.projections.places import Build, Place, builds
from infra.projections.rebuild import Workshop, workshop
from interfaces.bootstrap import Services
from interfaces.cli.bar import building
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_services,
)
from interfaces.cli.named_tenant import tenant_id
from projections import PROJECTIONS

T = TypeVar("T")
name_argument = click.argument("name", type=click.Choice([projection.name for projection in PROJECTIONS]))


@click.group()
def projections() -> None:
    """Read models."""


def with_workshop(name: str, data: Path | None, do: Callable[[Workshop, Services], Awaitable[T]]) -> T:
    """Run `do` with what this projection is built with."""
    projection = next(projection for projection in PROJECTIONS if projection.name == name)

    async def run(parts: Services) -> T:
        async with workshop(parts.cell, parts.settings.master(), projection) as shop:
            return await do(shop, parts)

    return with_services(data, run)


class ProjectionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A projection in one place. The live one has a row a tenant, a copy has one row: `tenant` is null where it is of all.

    `parked_events` are the first hundred of what it could not apply.
    `state`: live, building, ready (to be switched to), past (stays at a position) or former (to go back to).
    """

    projection: str
    version: int
    state: str
    tenant: UUID | None
    position: int
    behind: int
    seconds: float | None
    parked: int
    parked_events: list[ParkedEvent]
    stopped: str | None


@projections.command(name="list")
@click.option("--tenant", "tenant_id", type=tenant_id, help="only this tenant")
@data_option
@json_option
def list_projections(tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    """Each projection's position and lag, tenant by tenant, the copies beside the live ones, and the events that could not be applied."""

    async def do(parts: Services) -> list[ProjectionStatus]:
        parked = await parked_events(parts.system, "live", tenant_id)
        live = [
            ProjectionStatus(
                state="live",
                parked_events=parked.get((lag.projection, lag.version, lag.tenant), []),
                **msgspec.structs.asdict(lag),
            )
            for lag in await lags(parts.system, PROJECTIONS, tenant_id)
        ]
        copies = [
            await _copy(parts, build)
            for build in await builds(parts.system)
            if build.place != "live" and tenant_id in (None, build.scope() or tenant_id)
        ]
        return live + copies

    found = with_services(data, do)
    if as_json:
        print_json(found)
        return
    rows = [
        [
            x.projection,
            x.version,
            x.state,
            x.tenant or "all",
            x.position,
            x.behind,
            None if x.seconds is None else f"{x.seconds:.1f}",
            x.parked,
            x.stopped,
        ]
        for x in found
    ]
    print_table(None, [name for name in ProjectionStatus.__struct_fields__ if name != "parked_events"], rows)
    parked = [
        [x.projection, x.version, x.state, event.tenant, event.position, event.kind, event.error, event.at]
        for x in found
        for event in x.parked_events
    ]
    if parked:
        columns = ["projection", "version", "state", "tenant", "position", "kind", "error", "at"]
        print_table("parked events: `retrace projections retry` or `skip` them", columns, parked)


async def _copy(parts: Services, build: Build) -> ProjectionStatus:
    now = await progress.progress(parts.system, build)
    parked = await parked_events(parts.system, build.place, build.scope())
    own = [
        event
        for (name, version, _), events in parked.items()
        if (name, version) == (build.projection, build.version)
        for event in events
    ]
    state = "former" if build.place == "old" else "ready" if build.built_at else "building"
    return ProjectionStatus(
        projection=build.projection,
        version=build.version,
        state=state if build.until is None else "past",
        tenant=build.scope(),
        position=now.done,
        behind=now.total - now.done,
        seconds=None,
        parked=now.parked,
        parked_events=own[:MOST],
        stopped=now.stopped,
    )


@projections.command()
@name_argument
@click.option("--tenant", "tenant_id", type=tenant_id, help="only this tenant's rows")
@click.option("--to", "until", type=click.IntRange(1), help="stop at this position, to look at a past state")
@click.option(
    "--compare",
    "comparing_",
    is_flag=True,
    help="then compare it with the live one; exit status 1 if rows differ",
)
@data_option
def rebuild(
    name: str, tenant_id: UUID | None, until: int | None, comparing_: bool, data: Path | None
) -> None:
    """Build a copy from zero beside the live one, which serves meanwhile."""

    async def do(shop: Workshop, parts: Services) -> bool:
        with building() as tell:
            done = await rebuilding.rebuild(shop, tenant=tenant_id, until=until, tell=tell)
        if done.parked or done.stopped:
            console.print(f"parked events: {done.parked}; stopped: {done.stopped or 'no'}")
        if until is not None:
            console.print(
                f"{name} stands at position {until} in the schema retrace_next, and stays there. It is compared with nothing and can't "
                f"be switched; `retrace projections drop {name}` removes it."
            )
            return True
        if comparing_:
            return await _compare(shop)
        console.print(f"ready: `retrace projections switch {name}` puts it in place")
        return True

    if not with_workshop(name, data, do):
        sys.exit(1)


async def _compare(shop: Workshop) -> bool:
    found = await comparing.compare(shop)
    console.print(f"{found.differing} of {found.rows} rows differ ({found.tenants} tenants)")
    rows = [[d.table, d.tenant, d.key, d.how] for d in found.first]
    if rows:
        print_table(None, ["table", "tenant", "key", "the live row"], rows)
    return not found.differing


@projections.command()
@name_argument
@click.option("--back", is_flag=True, help="put back what was live before")
@data_option
def switch(name: str, back: bool, data: Path | None) -> None:
    """Put the copy in place of the live one, in one transaction; keep that for --back."""

    async def do(shop: Workshop, parts: Services) -> float:
        return await switching.switch(shop, back=back)

    took = with_workshop(name, data, do)
    undo = f"`retrace projections switch {name}{'' if back else ' --back'}` undoes it"
    console.print(f"switched in {took * 1000:.0f} ms; {undo}")


@projections.command()
@name_argument
@click.option(
    "--old", is_flag=True, help="the one that was live before, instead of the one to be switched to"
)
@data_option
def drop(name: str, old: bool, data: Path | None) -> None:
    """Remove a copy. It is kept up with the log until it is switched or dropped."""
    place: Place = "old" if old else "next"

    async def do(shop: Workshop, parts: Services) -> None:
        await shop.copy(place)
        await read_models.drop(shop.cell, name, place)

    with_workshop(name, data, do)
    console.print("dropped")


@projections.command()
@name_argument
@tenant_option
@click.argument("position", type=click.IntRange(1), required=False)
@data_option
def retry(name: str, tenant_id: UUID, position: int | None, data: Path | None) -> None:
    """Apply parked events: build this tenant's rows again, in order, and put them in place if that solved it."""

    async def do(shop: Workshop, parts: Services) -> parking.Retried:
        with building() as tell:
            return await parking.retry(shop, tenant_id, position, tell)

    done = with_workshop(name, data, do)
    if done.solved:
        console.print(f"applied: {', '.join(map(str, done.solved))}")
    for seq, error in done.parked.items():
        console.print(f"still parked: {seq} ({error})")
    if position in done.parked if position is not None else done.parked:
        sys.exit(1)


@projections.command()
@name_argument
@tenant_option
@click.argument("position", type=click.IntRange(1))
@click.option("--reason", required=True, help="why; it is recorded with the decision")
@data_option
def skip(name: str, tenant_id: UUID, position: int, reason: str, data: Path | None) -> None:
    """Leave a parked event out for good, also when the projection is built again. The decision is an event of the tenant."""

    async def do(shop: Workshop, parts: Services) -> int:
        await parking.check_skippable(shop, tenant_id, position)
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        command = SkipProjectionEvent(projection=name, position=position, reason=reason)
        written = await skip_projection_event(command, context, store=parts.store, clock=parts.clock)
        await parking.forget_parked(shop, tenant_id, position)
        return written

    written = with_workshop(name, data, do)
    console.print(
        f"skipped; on record at position {written}" if written else "skipped; that was on record before"
    )
