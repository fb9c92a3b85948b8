"""Commands for what is owed."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from domain.base.errors import Conflict, NotFound
from infra.work.operator import WorkRow, list_work, park_work, retry_work
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    data_option,
    json_option,
    print_json,
    print_table,
    tell_done,
    tenant_option,
    with_services,
)
from interfaces.cli.named_tenant import tenant_id


@click.group()
def work() -> None:
    """What is owed: leased, done, tried again, parked."""


@work.command(name="list")
@click.option("--tenant", "tenant_id", type=tenant_id, help="only this tenant")
@click.option("--parked", is_flag=True, help="only what is parked")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@data_option
@json_option
def list_rows(tenant_id: UUID | None, parked: bool, limit: int, data: Path | None, as_json: bool) -> None:
    """Rows of work."""

    async def do(parts: Services) -> list[WorkRow]:
        return list(await list_work(parts.system, tenant=tenant_id, parked=parked, limit=limit))

    found = with_services(data, do)
    if as_json:
        print_json(found)
    else:
        names = list(WorkRow.__struct_fields__)
        print_table(None, names, [[getattr(row, name) for name in names] for row in found])


@work.command()
@tenant_option
@click.argument("kind")
@click.argument("key")
@data_option
@json_option
def retry(tenant_id: UUID, kind: str, key: str, data: Path | None, as_json: bool) -> None:
    """Make a row due now, whatever it waits for: a parked one, one that has failed, one whose time is later."""

    async def do(parts: Services) -> list[WorkRow] | None:
        if await retry_work(parts.system, tenant=tenant_id, kind=kind, key=key):
            return None
        return await list_work(parts.system, tenant=tenant_id, kind=kind, key=key)

    _changed(with_services(data, do), tenant_id, kind, key)
    tell_done(as_json, {"tenant": tenant_id, "kind": kind, "key": key, "state": "due"}, "due now")


@work.command()
@tenant_option
@click.argument("kind")
@click.argument("key")
@data_option
@json_option
def park(tenant_id: UUID, kind: str, key: str, data: Path | None, as_json: bool) -> None:
    """Set a row aside until it is retried."""

    async def do(parts: Services) -> list[WorkRow] | None:
        if await park_work(parts.system, tenant=tenant_id, kind=kind, key=key):
            return None
        return await list_work(parts.system, tenant=tenant_id, kind=kind, key=key)

    _changed(with_services(data, do), tenant_id, kind, key)
    tell_done(as_json, {"tenant": tenant_id, "kind": kind, "key": key, "state": "parked"}, "parked")


def _changed(left: list[WorkRow] | None, tenant: UUID, kind: str, key: str) -> None:
    """`left`: the row where it was not changed. Raises NotFound, Conflict."""
    if left is None:
        return
    if not left:
        raise NotFound(
            f"there is no work {kind} {key} in this tenant; `retrace work list --tenant {tenant}` shows it all"
        )
    if left[0].state == "parked":
        raise Conflict(f"work {kind} {key} is parked already; `retrace work retry` makes it due")
    raise Conflict(
        f"work {kind} {key} is being done right now, until {left[0].wake_at:%H:%M:%S} UTC at the latest"
    )
