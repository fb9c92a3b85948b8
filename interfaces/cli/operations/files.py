"""`retrace files`: the sealed files of documents and conversations, from one place to another."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from domain.base.errors import Invalid
from infra.backup.steps import Step
from infra.settings import InvalidSettings, Secret, Settings
from infra.storage.address import bucket_of
from infra.storage.blobs import Blobs
from infra.storage.mirroring import Mirror, differences
from infra.storage.opening import FOLDER, blobs_of
from interfaces.cli.bar import steps
from interfaces.cli.base import console, data_option, json_option, print_json, settings_of

NONE = Secret("none")
"""In the place of a master key, where nothing is opened."""


@click.group()
def files() -> None:
    """Files of documents and conversations, sealed as they are."""


@files.command()
@click.argument("target", metavar="TO")
@click.option(
    "--from",
    "source",
    metavar="PLACE",
    help="where they are: a data folder, or s3://BUCKET/PREFIX; default: as RETRACE_FILES says",
)
@click.option("--delete", is_flag=True, help="remove from TO what is not in the other place (any more)")
@click.option("--verify", is_flag=True, help="then read all of both places, and compare byte by byte")
@data_option
@json_option
def copy(
    target: str, source: str | None, delete: bool, verify: bool, data: Path | None, as_json: bool
) -> None:
    """Bring the files of all tenants to TO, another data folder or s3://BUCKET/PREFIX: what is not there yet is copied.

    Cut off anywhere, the same command goes on with it. While roles run it only comes near: stop them, run it once more with --delete, set RETRACE_FILES, start them (docs/files.md).
    Exit status 1: --verify found files that are not the same.
    """
    settings = settings_of(data)
    here, there = _at(settings, source), _at(settings, target)
    with steps(as_json) as tell:
        found = asyncio.run(_copy(here, there, (source is not None, delete, verify), tell))
    if as_json:
        print_json(found)
    else:
        console.print(
            f"{found['copied']:,} files ({found['size'] / 1e6:,.1f} MB) copied, {found['there']:,} were there, {found['removed']:,} removed"
        )
        if found["more"]:
            console.print(f"{found['more']:,} are in TO alone: --delete removes them")
        for name in found["differences"]:
            console.print(f"[red]✗[/red] {name} is not the same in both places", soft_wrap=True)
        if verify and not found["differences"]:
            console.print("[green]verified[/green]: all are the same, byte by byte")
    sys.exit(1 if found["differences"] else 0)


def _at(settings: Settings, place: str | None) -> Settings:
    """The settings of a deployment whose files are there. Raises InvalidSettings."""
    if place is None:
        return settings
    if "://" not in place:
        return msgspec.structs.replace(settings, data=Path(place), files=None)
    try:
        bucket_of(place)
    except ValueError as error:
        raise InvalidSettings([f"{place.partition('?')[0]} {error}"]) from None
    return msgspec.structs.replace(settings, files=place)


async def _copy(
    here: Settings, there: Settings, options: tuple[bool, bool, bool], tell: Step
) -> dict[str, Any]:
    """Of all cells; counts, and what is not the same. `options`: whether the place was named, so that it can be a wrong one; delete; verify. Raises Invalid, Unavailable."""
    named, delete, verify = options
    found: dict[str, Any] = {"copied": 0, "size": 0, "there": 0, "more": 0, "removed": 0, "differences": []}
    ways = _ways(here, there)
    tenants = [await _tenants(*way, delete) for way in ways]
    if named and not any(of_source for of_source, _ in tenants):
        raise Invalid(
            f"there is no file at {ways[0][0].place}, so nothing was copied: name the data folder that has `{FOLDER}`, or s3://BUCKET/PREFIX"
        )
    for (source, target), (_, of_both) in zip(ways, tenants, strict=True):
        await _bring(Mirror(source, target), of_both, (delete, verify), found, tell)
    return found


def _ways(here: Settings, there: Settings) -> list[tuple[Blobs, Blobs]]:
    """From where to where, for each cell. Files go as they are, so no master key is looked for, or made. Raises Invalid."""
    cells, places = (msgspec.structs.replace(each, master_key=NONE).by_cell for each in (here, there))
    ways = [(blobs_of(settings), blobs_of(places[cell])) for cell, settings in cells.items()]
    for source, target in ways:
        if source.place == target.place:
            raise Invalid(f"the files are at {target.place} already: name another place")
    return ways


async def _tenants(source: Blobs, target: Blobs, delete: bool) -> tuple[list[UUID], list[UUID]]:
    """Those that have files in the source, and in either. Raises Invalid where all that is in the target would be removed."""
    here, there = await source.tenants(), await target.tenants()
    if delete and there and not here:
        raise Invalid(
            f"there is no file at {source.place}: with --delete all at {target.place} would go; nothing was copied or removed"
        )
    return here, sorted({*here, *there})


async def _bring(
    mirror: Mirror, tenants: list[UUID], options: tuple[bool, bool], found: dict[str, Any], tell: Step
) -> None:
    delete, verify = options
    for number, tenant in enumerate(tenants):
        tell("copying files of tenants", number, len(tenants))
        done = await mirror.bring(tenant, remove=delete)
        for name in ("copied", "size", "there", "more", "removed"):
            found[name] += getattr(done, name)
        if verify:
            tell("comparing files of tenants", number, len(tenants))
            found["differences"] += [
                f"{tenant}/{name}" async for name in differences(mirror.source, mirror.target, tenant)
            ]
