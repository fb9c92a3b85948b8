"""`retrace doctor`: what is the matter, and what to do."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from interfaces.cli.base import console, data_option, json_option, print_json, settings_of
from interfaces.doctor.check import Check
from interfaces.doctor.examine import examine


@click.command()
@data_option
@json_option
def doctor(data: Path | None, as_json: bool) -> None:
    """Check roles, keys, database, schema, read models, work, Redis, the bucket of files, providers, clock, metrics, the collector of traces, disk as the running roles see them. Makes nothing.

    Exit status 1: something is wrong; each line says what to do.
    """
    settings = settings_of(data)

    async def look() -> list[Check]:
        found = []
        async for check in examine(settings):
            found.append(check)
            if not as_json:
                sign = "[green]✓[/green]" if check.ok else "[red]✗[/red]"
                console.print(sign, end=" ")
                console.print(f"{check.check}: {check.detail}", markup=False, soft_wrap=True)
        return found

    found = asyncio.run(look())
    if as_json:
        print_json(found)
    sys.exit(0 if all(check.ok for check in found) else 1)
