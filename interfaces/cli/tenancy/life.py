"""Commands that end a tenant's life in the deployment, or give it back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click

from application.tenancy.removal import remove_tenant, restore_tenant
from application.tenancy.tenant import Summary, summary_of
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    tenant_option,
    with_services,
)


@click.command()
@tenant_option
@click.option(
    "--days", type=click.IntRange(1, 3650), help="until it is erased; default: RETRACE_REMOVAL_GRACE_DAYS"
)
@click.confirmation_option(
    prompt="No key of this tenant's will work, and later all of it is erased. Remove it?"
)
@data_option
@json_option
def remove(tenant_id: UUID, days: int | None, data: Path | None, as_json: bool) -> None:
    """Remove a tenant: no key works any more; it can be restored until it is erased."""

    async def do(parts: Services) -> Summary:
        grace = timedelta(days=parts.settings.removal_grace_days if days is None else days)
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        await remove_tenant(grace, context, store=parts.store, clock=parts.clock)
        return await summary_of(tenant_id, store=parts.store)

    removed = with_services(data, do)
    if as_json:
        print_json(removed)
    else:
        when = removed.erase_at.isoformat(timespec="seconds") if removed.erase_at else ""
        console.print(
            f"removed; it is erased at {when}, and until then `retrace tenant restore` brings it back"
        )


@click.command()
@tenant_option
@data_option
@json_option
def restore(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """Take back that a tenant was removed, until it is erased."""

    async def do(parts: Services) -> Summary:
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        await restore_tenant(context, store=parts.store, clock=parts.clock)
        return await summary_of(tenant_id, store=parts.store)

    restored = with_services(data, do)
    if as_json:
        print_json(restored)
    else:
        console.print(f"restored; it is {restored.status}")
