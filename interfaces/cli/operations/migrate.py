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
from infra.settings import MAIN
from interfaces.cli.base import console, data_option, deployment, json_option, print_json
from interfaces.cli.named_cell import cell_named, cell_of


@click.command()
@click.option(
    "--retire", "retiring", is_flag=True, help="remove the logins of master keys that are not given any more"
)
@click.option(
    "--node-passwords",
    is_flag=True,
    help="on a Citus: its nodes log in to each other with passwords from now on (docs/citus.md)",
)
@data_option
@json_option
def migrate(retiring: bool, node_passwords: bool, data: Path | None, as_json: bool) -> None:
    """Bring the database's schema up to date, and make the logins of the roles as they should be.

    DATABASE_URL is that of a superuser, or of the database's owner with CREATEROLE. `up` and the roles do the same when they start, if they
    have such a DATABASE_URL.
    """
    done = []
    with deployment(data) as settings:
        named, cells = cell_named(), settings.by_cell
        for name, each in cells.items() if named is None else [asyncio.run(cell_of(settings, None))]:
            cell = Cell(str(each.database_url), each.master())
            if not cell.migrates:
                raise Invalid(
                    f"{'DATABASE_URL' if name == MAIN else f'the cell {name}'} has the user {NOBODY}, who may change nothing: give that of a superuser, or of the database's owner with CREATEROLE"
                )
            gone = asyncio.run(_migrate(cell, retiring, node_passwords))
            done.append({"cell": name, "logins": cell.signers[0].mark.hex(), "removed": gone})
            if not as_json:
                which = f"{name}: " if len(cells) > 1 else ""
                console.print(f"{which}up to date; the roles log in as …_{cell.signers[0].mark.hex()}")
                for login in gone:
                    console.print(f"{which}removed: {login}")
    if as_json:
        print_json(done)


async def _migrate(cell: Cell, retiring: bool, node_passwords: bool) -> list[str]:
    await wait_for(cell)
    await bring_up_to_date(cell, renew=True, node_passwords=node_passwords)
    return await retire(cell) if retiring else []
