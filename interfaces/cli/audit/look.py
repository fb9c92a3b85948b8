"""`retrace why`, and whose log is looked into."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from application.audit.explain_interaction import explain
from application.audit.explanation import Explanation
from domain.base.errors import NotFound
from infra.postgres.directory import HERE
from interfaces.bootstrap import Services
from interfaces.cli.audit.why_shown import print_why
from interfaces.cli.base import data_option, json_option, print_json, with_services
from interfaces.cli.named_tenant import tenant_id

tenant_or_all = click.option(
    "--tenant", "tenant_id", type=tenant_id, help="the tenant's id; otherwise all tenants are tried"
)


async def tenants_of(parts: Services, tenant_id: UUID | None) -> list[UUID]:
    """The named tenant, or all that are here."""
    if tenant_id is not None:
        return [tenant_id]
    async with parts.system.system() as connection:
        query = f"SELECT tenant FROM heads WHERE {HERE} ORDER BY tenant"
        rows = await (await connection.execute(query.encode())).fetchall()
    return [row[0] for row in rows]


@click.command()
@click.argument("interaction", type=click.UUID)
@tenant_or_all
@data_option
@json_option
def why(interaction: UUID, tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    """Why did it say this? From events alone. INTERACTION may be a call of the completions API too."""

    async def do(parts: Services) -> Explanation:
        for tenant in await tenants_of(parts, tenant_id):
            try:
                return await explain(tenant, interaction, store=parts.store, locator=parts.locator)
            except NotFound:
                continue
        raise NotFound(
            f"there is no interaction {interaction}; a moment ago it may not have been projected yet"
        )

    found = with_services(data, do)
    if as_json:
        print_json(found)
    else:
        print_why(found)
