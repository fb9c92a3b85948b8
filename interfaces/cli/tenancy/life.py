"""Commands for a tenant's life in the deployment: its name, whether it goes on, its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click

from application.tenancy.removal import remove_tenant, restore_tenant
from application.tenancy.tenant import Summary, rename_tenant, resume_tenant, summary_of, suspend_tenant
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    tell_done,
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


@click.command()
@click.argument("name")
@tenant_option
@data_option
@json_option
def rename(name: str, tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """Give a tenant another name."""
    _change(
        lambda parts, about: rename_tenant(name, about, store=parts.store, clock=parts.clock),
        tenant_id,
        data,
        as_json,
    )


@click.command()
@tenant_option
@click.option("--reason", help="why; it is recorded")
@data_option
@json_option
def suspend(tenant_id: UUID, reason: str | None, data: Path | None, as_json: bool) -> None:
    """No key of this tenant's works, and no message is taken, until `retrace tenant resume`."""
    _change(
        lambda parts, about: suspend_tenant(reason, about, store=parts.store, clock=parts.clock),
        tenant_id,
        data,
        as_json,
    )


@click.command()
@tenant_option
@data_option
@json_option
def resume(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """Let a suspended tenant go on."""
    _change(
        lambda parts, about: resume_tenant(about, store=parts.store, clock=parts.clock),
        tenant_id,
        data,
        as_json,
    )


def _change(
    do: Callable[[Services, Context], Awaitable[int]], tenant: UUID, data: Path | None, as_json: bool
) -> None:
    async def change(parts: Services) -> Summary:
        await do(parts, Context(tenant=tenant, actor="operator:cli", correlation=parts.ids()))
        return await summary_of(tenant, store=parts.store)

    found = with_services(data, change)
    tell_done(as_json, found, f"{found.name} is {found.status}")
