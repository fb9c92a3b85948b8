"""The command that copies a deployment."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from domain.base.errors import Invalid
from infra.backup import making, manifest
from infra.backup.manifest import Manifest
from infra.crypto.rotating import Rotator
from infra.postgres.database import Database
from interfaces.bootstrap import Services
from interfaces.cli.audit.look import tenants_of
from interfaces.cli.bar import steps
from interfaces.cli.base import console, data_option, json_option, print_json, with_services

folder_argument = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.command()
@folder_argument
@data_option
@json_option
def backup(folder: Path, data: Path | None, as_json: bool) -> None:
    """Copy a deployment into a new FOLDER while it runs: its database as of one moment, and its files.

    The master key is not in it; keep it apart. Exit status 1: a tenant's log could not be signed, or nothing was copied.
    """

    target = folder.resolve()

    async def do(parts: Services) -> tuple[Manifest, list[str]]:
        if not parts.cell.migrates:
            raise Invalid("a backup reads everything: give the DATABASE_URL that `retrace migrate` has")
        async with Database(parts.cell, role="retrace_keeper", size=1) as database:
            with steps(as_json) as tell:
                return await making.make(
                    target,
                    url=str(parts.settings.database_url),
                    files=parts.files.blobs,
                    tenants=await tenants_of(parts, None),
                    checkpoints=parts.checkpoints,
                    rotator=Rotator(database, parts.settings.master()),
                    tell=tell,
                )

    made, doubts = with_services(data, do, files=True)
    digest = manifest.held(folder, folder / manifest.NAME).sha256
    if as_json:
        facts = {"folder": str(folder), "size": made.size, "tenants": len(made.tenants), "doubts": doubts}
        print_json({**facts, "masters": made.masters, "manifest_sha256": digest})
    else:
        console.print(
            f"{folder}: {len(made.tenants)} tenants, {len(made.held)} files, {made.size / 1e6:,.1f} MB"
        )
        console.print(
            f"The master key is not in it; keep it apart. Needed: {', '.join(made.masters) or 'none yet'}"
        )
        console.print(f"SHA-256 of its manifest, to be kept elsewhere: {digest}", soft_wrap=True)
        for doubt in doubts:
            console.print(f"[red]✗[/red] this log could not be signed: {doubt}", soft_wrap=True)
    sys.exit(1 if doubts else 0)
