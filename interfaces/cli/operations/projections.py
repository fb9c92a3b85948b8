"""Commands for read models: look, build again, compare, put in place."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

import click
import msgspec

from infra.projections import comparing, progress, read_models, switching
from infra.projections import rebuild as rebuilding
from infra.projections.lag import MOST, ParkedEvent, lags, parked_events
from infra.projections.places import Build, Place, builds
from infra.projections.rebuild import Workshop
from interfaces.bootstrap import Services
from interfaces.cli.bar import building
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tell_done,
    with_services,
)
from interfaces.cli.named_tenant import tenant_id
from interfaces.cli.operations.parked import retry, skip
from interfaces.cli.operations.workshops import name_argument, with_workshop
from projections import PROJECTIONS


@click.group()
def projections() -> None:
    """Read models."""


projections.add_command(retry)
projections.add_command(skip)


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
@json_option
def rebuild(
    name: str,
    tenant_id: UUID | None,
    until: int | None,
    comparing_: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Build a copy from zero beside the live one, which serves meanwhile."""

    async def do(shop: Workshop, parts: Services) -> Built:
        with building(quiet=as_json) as tell:
            done = await rebuilding.rebuild(shop, tenant=tenant_id, until=until, tell=tell)
        compared = await comparing.compare(shop) if comparing_ and until is None else None
        return Built(
            projection=name, until=until, parked=done.parked, stopped=done.stopped, compared=compared
        )

    built = with_workshop(name, data, do)
    if as_json:
        print_json(built)
    else:
        _print_built(built)
    if built.compared is not None and built.compared.differing:
        sys.exit(1)


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A copy in `next`. `until`: the position at which it ends; `parked`: events that it could not apply; `compared`: beside the live one."""

    projection: str
    until: int | None
    parked: int
    stopped: str | None
    compared: comparing.Compared | None


def _print_built(built: Built) -> None:
    name = built.projection
    if built.parked or built.stopped:
        console.print(f"parked events: {built.parked}; stopped: {built.stopped or 'no'}")
    if built.until is not None:
        console.print(
            f"{name} stands at position {built.until} in the schema retrace_next, and stays there. It is compared with nothing and can't "
            f"be switched; `retrace projections drop {name}` removes it."
        )
    elif (found := built.compared) is not None:
        console.print(f"{found.differing} of {found.rows} rows differ ({found.tenants} tenants)")
        rows = [[d.table, d.tenant, d.key, d.how] for d in found.first]
        if rows:
            print_table(None, ["table", "tenant", "key", "the live row"], rows)
    else:
        console.print(f"ready: `retrace projections switch {name}` puts it in place")


@projections.command()
@name_argument
@click.option("--back", is_flag=True, help="put back what was live before")
@data_option
@json_option
def switch(name: str, back: bool, data: Path | None, as_json: bool) -> None:
    """Put the copy in place of the live one, in one transaction; keep that for --back."""

    async def do(shop: Workshop, parts: Services) -> float:
        return await switching.switch(shop, back=back)

    took = with_workshop(name, data, do)
    undo = f"`retrace projections switch {name}{'' if back else ' --back'}` undoes it"
    facts = {"projection": name, "back": back, "held_ms": round(took * 1000, 1)}
    tell_done(as_json, facts, f"switched in {took * 1000:.0f} ms; {undo}")


@projections.command()
@name_argument
@click.option(
    "--old", is_flag=True, help="the one that was live before, instead of the one to be switched to"
)
@data_option
@json_option
def drop(name: str, old: bool, data: Path | None, as_json: bool) -> None:
    """Remove a copy. It is kept up with the log until it is switched or dropped."""
    place: Place = "old" if old else "next"

    async def do(shop: Workshop, parts: Services) -> None:
        await shop.copy(place)
        await read_models.drop(shop.cell, name, place)

    with_workshop(name, data, do)
    tell_done(as_json, {"projection": name, "dropped": place}, "dropped")
