"""`retrace show` and `retrace diff`: what was so at a moment, and what has changed since another."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from application.audit.history import Change, Point, StateShown, changes_between, point_of, state_at
from application.audit.reading import LogRead
from domain.base.errors import Ahead, Invalid, NotFound
from domain.kinds import NAMES
from interfaces.bootstrap import Services
from interfaces.cli.audit.events import FORMATS
from interfaces.cli.audit.look import tenant_or_all, tenants_of
from interfaces.cli.audit.record import on_record
from interfaces.cli.base import console, data_option, json_option, print_json, stream_of, with_services

WIDEST = 200
"""Characters of a value that `diff` prints for people."""


@click.command()
@click.argument("stream")
@tenant_or_all
@click.option("--version", type=click.IntRange(1), help="as of this version")
@click.option("--at", type=click.DateTime(FORMATS), help="as of this time")
@click.option("--position", type=click.IntRange(1), help="as of this position of the tenant's log")
@data_option
@json_option
def show(
    stream: str,
    tenant_id: UUID | None,
    version: int | None,
    at: datetime | None,
    position: int | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """The state of an aggregate, now or in time. STREAM is kind/id."""
    kind, id = _stream(stream)
    point = Point(version=version, position=position, at=at)

    async def do(parts: Services) -> StateShown:
        return (await _states(parts, kind, id, tenant_id, "retrace show", point))[0]

    found = with_services(data, do)
    if as_json:
        print_json(found)
    else:
        console.print(f"{stream} at version {found.version}, {found.modified_at.isoformat()}", style="bold")
        print_json(found.state)


@click.command()
@click.argument("stream")
@click.argument("a")
@click.argument("b")
@tenant_or_all
@data_option
@json_option
def diff(stream: str, a: str, b: str, tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    """What changed in an aggregate from A to B, path by path. STREAM is kind/id; A and B are versions, @POSITIONs or RFC 3339 times."""
    kind, id = _stream(stream)
    points = (_point(a), _point(b))

    async def do(parts: Services) -> list[StateShown]:
        return await _states(parts, kind, id, tenant_id, "retrace diff", *points)

    old, new = with_services(data, do)
    found = changes_between(old, new)
    if as_json:
        print_json(found)
        return
    console.print(f"{stream} from version {found.before} to version {found.after}", style="bold")
    for change in found.changes:
        _print_change(change)
    if not found.changes:
        console.print("  nothing changed")


def _point(text: str) -> Point:
    """Raises click.BadParameter."""
    try:
        return point_of(text)
    except Invalid as error:
        raise click.BadParameter(error.detail) from None


def _stream(text: str) -> tuple[str, UUID]:
    kind, id = stream_of(text)
    if kind not in NAMES:
        raise click.BadParameter(f"there is no kind {kind!r}; known are {', '.join(sorted(NAMES))}")
    return kind, id


async def _states(
    parts: Services, kind: str, id: UUID, tenant_id: UUID | None, route: str, *points: Point
) -> list[StateShown]:
    """The states at these points, in the tenant that has this aggregate."""
    for tenant in await tenants_of(parts, tenant_id):
        end = await parts.reads.head(tenant)
        try:
            found = [
                await state_at(kind, id, point, tenant=tenant, end=end, store=parts.store) for point in points
            ]
        except NotFound:
            continue
        except Ahead:
            if tenant_id is not None:
                raise
            continue
        versions = ", ".join(str(state.version) for state in found)
        read = LogRead(route=route, filters={"stream": f"{kind}/{id}", "version": versions})
        async with on_record(parts, tenant, read):
            read.events = max(state.version for state in found)
        return found
    raise NotFound(f"there is no {kind}/{id} at that point; or it was erased")


def _print_change(change: Change) -> None:
    sign, style = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}[
        change.change
    ]
    old, new = _told(change.old), _told(change.new)
    told = {"added": new, "removed": old, "changed": f"{old} → {new}"}[change.change]
    console.print(f"  {sign} {change.path}: {told}", style=style, markup=False, soft_wrap=True)


def _told(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= WIDEST else f"{text[:WIDEST]}…"
