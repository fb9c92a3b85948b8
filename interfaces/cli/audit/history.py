"""`retrace show` and `retrace diff`: what was so at a moment, and what has changed since another."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from application.audit.history import Change, Point, StateShown, differences, state_at
from application.audit.reading import LogRead
from domain.base.errors import NotFound
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
    points = (point_of(a), point_of(b))

    async def do(parts: Services) -> list[StateShown]:
        return await _states(parts, kind, id, tenant_id, "retrace diff", *points)

    old, new = with_services(data, do)
    changes = differences(old.state, new.state)
    if as_json:
        print_json({"stream": stream, "from": old.version, "to": new.version, "changes": changes})
        return
    console.print(f"{stream} from version {old.version} to version {new.version}", style="bold")
    for change in changes:
        _print_change(change)
    if not changes:
        console.print("  nothing changed")


def point_of(text: str) -> Point:
    """A version, @POSITION, or an RFC 3339 time. Raises click.BadParameter."""
    number = text.removeprefix("@")
    if number.isascii() and number.isdigit() and 0 < int(number) < 2**63:
        return Point(position=int(number)) if text.startswith("@") else Point(version=int(number))
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        at = None
    if at is None or at.tzinfo is None:
        raise click.BadParameter(
            f"{text!r} is no version (3), no position (@120) and no time (2026-01-31T12:00:00Z)"
        )
    return Point(at=at)


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
        try:
            found = [await state_at(kind, id, point, tenant=tenant, store=parts.store) for point in points]
        except NotFound:
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
