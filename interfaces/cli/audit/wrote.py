"""`retrace wrote`: did we write this?"""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

import click

from application.audit.authorship import Lookup, Written, written
from application.audit.reading import LogRead
from domain.base.errors import NotFound
from interfaces.bootstrap import Services
from interfaces.cli.audit.look import tenant_or_all, tenants_of
from interfaces.cli.audit.record import on_record
from interfaces.cli.base import console, data_option, json_option, print_json, print_table, with_services


@click.command()
@click.argument("text", required=False)
@click.option("--sha256", help="in place of TEXT: the SHA-256 of the answer's text in UTF-8")
@tenant_or_all
@data_option
@json_option
def wrote(
    text: str | None, sha256: str | None, tenant_id: UUID | None, data: Path | None, as_json: bool
) -> None:
    """Did we write this TEXT (- reads it from standard input)? Which interaction did, when, with which model. Exit status 1: no."""
    if (text is None) == (sha256 is None):
        raise click.UsageError("give TEXT or --sha256, one of the two")
    lookup = Lookup(text=sys.stdin.read() if text == "-" else text, sha256=sha256)

    async def do(parts: Services) -> list[tuple[UUID, Written]]:
        found: list[tuple[UUID, Written]] = []
        for tenant in await tenants_of(parts, tenant_id):
            read = LogRead(route="retrace wrote")
            async with on_record(parts, tenant, read):
                items = await written(
                    lookup, tenant, store=parts.store, locator=parts.locator, authorship=parts.authorship
                )
                if items:
                    positions = [item.position for item in items]
                    read.events, read.first, read.last = len(items), min(positions), max(positions)
            found += [(tenant, item) for item in items]
        return found

    found = with_services(data, do)
    if as_json:
        print_json({"wrote": bool(found), "items": [{"tenant": t, "writing": item} for t, item in found]})
        sys.exit(0 if found else 1)
    if not found:
        raise NotFound("no answer of ours has this text; those to forgotten customers are not known any more")
    rows = [
        [
            w.interaction,
            w.written_at.isoformat(timespec="seconds"),
            f"{w.provider}/{w.model}" if w.model else "no model",
            w.position,
            t,
        ]
        for t, w in found
    ]
    console.print("yes, we wrote this", style="bold")
    print_table(None, ["interaction", "written at", "model", "position", "tenant"], rows)
