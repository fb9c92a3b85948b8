"""Commands for events that a read model could not apply: try them again, or leave them out for good."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

import click

from application.operations.projections import SkipProjectionEvent, skip_projection_event
from domain.base.context import Context
from infra.projections import parking
from infra.projections.rebuild import Workshop
from interfaces.bootstrap import Services
from interfaces.cli.bar import building
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    tell_done,
    tenant_option,
)
from interfaces.cli.operations.workshops import name_argument, with_workshop


@click.command()
@name_argument
@tenant_option
@click.argument("position", type=click.IntRange(1), required=False)
@data_option
@json_option
def retry(name: str, tenant_id: UUID, position: int | None, data: Path | None, as_json: bool) -> None:
    """Apply parked events: build this tenant's rows again, in order, and put them in place if that solved it."""

    async def do(shop: Workshop, parts: Services) -> parking.Retried:
        with building(quiet=as_json) as tell:
            return await parking.retry(shop, tenant_id, position, tell)

    done = with_workshop(name, data, do)
    if as_json:
        print_json(done)
    elif done.solved:
        console.print(f"applied: {', '.join(map(str, done.solved))}")
    for seq, error in [] if as_json else done.parked.items():
        console.print(f"still parked: {seq} ({error})")
    if position in done.parked if position is not None else done.parked:
        sys.exit(1)


@click.command()
@name_argument
@tenant_option
@click.argument("position", type=click.IntRange(1))
@click.option("--reason", required=True, help="why; it is recorded with the decision")
@data_option
@json_option
def skip(name: str, tenant_id: UUID, position: int, reason: str, data: Path | None, as_json: bool) -> None:
    """Leave a parked event out for good, also when the projection is built again. The decision is an event of the tenant."""

    async def do(shop: Workshop, parts: Services) -> int:
        await parking.check_skippable(shop, tenant_id, position)
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        command = SkipProjectionEvent(projection=name, position=position, reason=reason)
        written = await skip_projection_event(command, context, store=parts.store, clock=parts.clock)
        await parking.forget_parked(shop, tenant_id, position)
        return written

    written = with_workshop(name, data, do)
    text = f"skipped; on record at position {written}" if written else "skipped; that was on record before"
    facts = {"projection": name, "tenant": tenant_id, "position": position, "recorded_at": written or None}
    tell_done(as_json, facts, text)
