"""`retrace tenant move`: a tenant goes to another deployment while it is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import UUID

import click

from domain.base.errors import Invalid
from infra.backup.steps import Step
from infra.moving import move as moving
from infra.moving.side import Side, side
from infra.postgres.cell import Cell
from infra.postgres.database import wait_for
from infra.schema.migrate import prepare
from infra.settings import Settings, load
from infra.storage.opening import blobs_of
from interfaces.cli.bar import steps
from interfaces.cli.base import console, data_option, deployed, deployment, json_option, print_json
from interfaces.cli.named_cell import cell_of, left_behind
from interfaces.cli.named_tenant import tenant_id as tenant_type

ELSEWHERE = "another deployment"


@click.command()
@click.argument("tenant_id", metavar="ID", type=tenant_type)
@click.argument("cell")
@click.option(
    "--named", help="what callers of the old place are told of the new one; default: its RETRACE_PUBLIC_URL"
)
@click.option(
    "--abandon", is_flag=True, help="take back a move that was cut off before the tenant was handed over"
)
@data_option
@json_option
def move(
    tenant_id: UUID, cell: str, named: str | None, abandon: bool, data: Path | None, as_json: bool
) -> None:
    """Move a tenant to CELL while it is used: another database of this deployment by its name, or another deployment, by its data folder of embedded servers or its configuration file.

    Writing stops for a moment at the end. Cut off anywhere, the same command goes on with it.
    """
    with deployment(data, files=True) as settings, _place(cell, settings) as there:
        name, here = asyncio.run(cell_of(settings, tenant_id))
        inside = cell in settings.by_cell
        if name == cell:
            name, here = asyncio.run(left_behind(settings, tenant_id, cell))
        if str(here.database_url) == str(there.database_url):
            raise Invalid(f"{cell} is this deployment itself: name another one")
        with steps(as_json) as tell:
            target = cell if inside else named or there.public_url or ELSEWHERE
            source = name if inside else here.public_url or ELSEWHERE
            found = asyncio.run(_move(tenant_id, (here, source), (there, target), abandon, tell))
    if as_json:
        print_json({"tenant": tenant_id, "abandoned": True} if found is None else found)
    elif found is None:
        console.print(f"tenant {tenant_id} stays here; what was carried is removed there")
    else:
        pause = "" if found.paused is None else f", nothing could be written for {found.paused:.2f} s"
        console.print(f"tenant {tenant_id} has moved: {found.events:,} events{pause}")
        console.print(
            f"Check it: retrace audit verify --tenant {tenant_id}; retrace reconcile --tenant {tenant_id}. "
            + ("" if inside else "What customers write to has to name the new place: docs/moving.md"),
            soft_wrap=True,
        )


@contextmanager
def _place(cell: str, settings: Settings) -> Iterator[Settings]:
    """Where it goes. Raises Invalid, InvalidSettings."""
    if (ours := settings.by_cell.get(cell)) is not None:
        yield ours
        return
    path = Path(cell)
    if not path.exists():
        names = ", ".join(settings.by_cell)
        raise Invalid(
            f"there is no {cell}: name another database of this deployment ({names}), or another deployment's data folder or configuration file"
        )
    given = {"RETRACE_DATA": cell} if path.is_dir() else {"RETRACE_CONFIG": cell}
    with deployed(load(given, path.parent), files=True) as there:
        yield there


async def _move(
    tenant: UUID, here: tuple[Settings, str], there: tuple[Settings, str], abandon: bool, tell: Step
) -> moving.Moved | None:
    """Each side: its settings, and what the other is told of it."""
    async with _side(*here) as source, _side(*there) as target:
        if abandon:
            await moving.abandon(tenant, source, target)
            return None
        return await moving.move(tenant, source, target, tell)


@asynccontextmanager
async def _side(settings: Settings, name: str) -> AsyncIterator[Side]:
    cell = Cell(str(settings.database_url), settings.master())
    await wait_for(cell)
    await prepare(cell)
    async with side(cell, blobs_of(settings), name) as made:
        yield made
