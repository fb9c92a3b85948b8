"""How long a tenant keeps conversations in which nothing happens any more."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from application.privacy.retention import SetRetention, retention_of, set_retention
from domain.base.context import Context
from domain.privacy.retention import LONGEST, SHORTEST
from domain.tenancy.tenant import Tenant
from interfaces.bootstrap import Services
from interfaces.cli.base import console, data_option, json_option, print_json, tenant_option, with_services


@click.command()
@tenant_option
@click.option(
    "--days",
    type=click.IntRange(SHORTEST, LONGEST),
    help="forget conversations without any activity for so long",
)
@click.option("--off", is_flag=True, help="keep everything for ever")
@data_option
@json_option
def retention(tenant_id: UUID, days: int | None, off: bool, data: Path | None, as_json: bool) -> None:
    """How long conversations are kept; with --days or --off, say so. Workers forget what is older, day by day."""
    if off and days is not None:
        raise click.UsageError("give --days or --off")

    async def do(parts: Services) -> int | None:
        await parts.store.load(Tenant, tenant_id, tenant=tenant_id)  # there is such a tenant
        if days is not None or off:
            context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
            await set_retention(SetRetention(days=days), context, store=parts.store, clock=parts.clock)
        return (await retention_of(tenant_id, store=parts.store))[0]

    kept = with_services(data, do)
    if as_json:
        print_json({"tenant": tenant_id, "days": kept})
    elif kept is None:
        console.print("conversations are kept for ever")
    else:
        console.print(f"conversations without any activity for {kept} days are forgotten")
