"""The command that brings a database up to date, for whoever lets no running role do that."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from domain.base.errors import Invalid
from infra.postgres.cell import NOBODY, Cell
from infra.postgres.database import wait_for
from infra.schema.migrate import migrate as bring_up_to_date
from infra.schema.migrate import retire
from interfaces.cli.base import console, data_option, deployment


@click.command()
@click.option(
    "--retire", "retiring", is_flag=True, help="remove the logins of master keys that are not given any more"
)
@data_option
def migrate(retiring: bool, data: Path | None) -> None:
    """Bring the database's schema up to date, and make the logins of the roles as they should be.

    DATABASE_URL is that of a superuser, or of the database's owner with CREATEROLE. `up` and the roles do the same when they start, if they
    have such a DATABASE_URL.
    """
    with deployment(data) as settings:
        cell = Cell(str(settings.database_url), settings.master())
        if not cell.migrates:
            raise Invalid(
                f"DATABASE_URL has the user {NOBODY}, who may change nothing: give that of a superuser, or of the database's owner with CREATEROLE"
            )
        gone = asyncio.run(_migrate(cell, retiring))
    console.print(f"up to date; the roles log in as …_{cell.signers[0].mark.hex()}")
    for name in gone:
        console.print(f"removed: {name}")


async def _migrate(cell: Cell, retiring: bool) -> list[str]:
    await wait_for(cell)
    await bring_up_to_date(cell, renew=True)
    return await retire(cell) if retiring else []
