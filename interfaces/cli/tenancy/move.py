"""`retrace tenant move`: a tenant goes to another deployment while it is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from interfaces.cli.bar import steps
from interfaces.cli.base import console, data_option, deployed, deployment, json_option, print_json
from interfaces.cli.named_tenant import tenant_id as tenant_type

ELSEWHERE = "another deployment"


@click.command()
@click.argument("tenant_id", metavar="ID", type=tenant_type)
@click.argument("cell", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--named", help="what callers of the old place are told of the new one; default: its RETRACE_PUBLIC_URL"
)
@click.option(
    "--abandon", is_flag=True, help="take back a move that was cut off before the tenant was handed over"
)
@data_option
@json_option
def move(
    tenant_id: UUID, cell: Path, named: str | None, abandon: bool, data: Path | None, as_json: bool
) -> None:
    """Move a tenant to the deployment CELL while it is used: a data folder of embedded servers, or the other deployment's configuration file.

    Writing stops for a moment at the end. Cut off anywhere, the same command goes on with it.
    """
    with deployment(data) as here, deployed(_of(cell)) as there:
        if str(here.database_url) == str(there.database_url):
            raise Invalid(f"{cell} is this deployment itself: name another one")
        with steps(as_json) as tell:
            found = asyncio.run(_move(tenant_id, here, there, named, abandon, tell))
    if as_json:
        print_json({"tenant": tenant_id, "abandoned": True} if found is None else found)
    elif found is None:
        console.print(f"tenant {tenant_id} stays here; what was carried is removed there")
    else:
        pause = "" if found.paused is None else f", nothing could be written for {found.paused:.2f} s"
        console.print(f"tenant {tenant_id} has moved: {found.events:,} events{pause}")
        console.print(
            f"Check it there: retrace audit verify --tenant {tenant_id}; retrace reconcile --tenant {tenant_id}. "
            "What customers write to has to name the new place: docs/moving.md",
            soft_wrap=True,
        )


def _of(cell: Path) -> Settings:
    """Raises InvalidSettings."""
    return load({"RETRACE_DATA": str(cell)} if cell.is_dir() else {"RETRACE_CONFIG": str(cell)}, cell.parent)


async def _move(
    tenant: UUID, here: Settings, there: Settings, named: str | None, abandon: bool, tell: Step
) -> moving.Moved | None:
    async with (
        _side(here, here.public_url or ELSEWHERE) as source,
        _side(there, named or there.public_url or ELSEWHERE) as target,
    ):
        if abandon:
            await moving.abandon(tenant, source, target)
            return None
        return await moving.move(tenant, source, target, tell)


@asynccontextmanager
async def _side(settings: Settings, name: str) -> AsyncIterator[Side]:
    cell = Cell(str(settings.database_url), settings.master())
    await wait_for(cell)
    await prepare(cell)
    async with side(cell, settings.data, name) as made:
        yield made
