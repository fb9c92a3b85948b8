"""Commands for tenants, and one to talk to an agent."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click
import msgspec

from application.conversations.conversation import ReceiveMessage, receive_message
from application.tenancy.tenant import CreateTenant, Summary, TenantCreated, create_tenant, summary_of
from domain.base.context import Context
from domain.gateway.default_policy import policy_by_default
from domain.models.page_range import pages_told
from interfaces.bootstrap import Cells, Services
from interfaces.cli.audit.look import tenants_of
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_cells,
    with_services,
)
from interfaces.cli.tenancy.api_key import key
from interfaces.cli.tenancy.export import export, import_, receiver_key
from interfaces.cli.tenancy.life import remove, rename, restore, resume, suspend
from interfaces.cli.tenancy.move import move
from interfaces.http.conversations.answer_task import begin_answer

WAIT = 60.0
"""Seconds that `ask` waits where somebody else is at the answer."""


@click.group()
def tenant() -> None:
    """Tenants."""


tenant.add_command(key)
for command in (rename, suspend, resume, remove, restore):
    tenant.add_command(command)
tenant.add_command(move)
tenant.add_command(export)
tenant.add_command(import_)
tenant.add_command(receiver_key)


@tenant.command()
@click.argument("name")
@data_option
@json_option
def create(name: str, data: Path | None, as_json: bool) -> None:
    """Create a tenant; prints its id and, this once, an API key with all scopes. Of several cells it is in that with the fewest tenants, or in `retrace --cell NAME`."""

    async def do(cells: Cells) -> TenantCreated:
        parts = await cells.roomiest()
        return await create_tenant(
            CreateTenant(name=name),
            actor="operator:cli",
            store=parts.store,
            clock=parts.clock,
            ids=parts.ids,
            policy=policy_by_default(parts.completers.tiers({}, parts.clock())),
        )

    made = with_cells(data, do)
    if as_json:
        print_json({"tenant": made.tenant, "key": made.key})
    else:
        console.print(f"tenant  {made.tenant}\nAPI key {made.key}  [dim](shown this once)[/dim]")


@tenant.command("list")
@data_option
@json_option
def list_all(data: Path | None, as_json: bool) -> None:
    """All tenants with their status."""

    async def do(cells: Cells) -> list[tuple[str, Summary]]:
        return [
            (name, await summary_of(id, store=parts.store))
            for name, parts in cells.open.items()
            for id in await tenants_of(parts, None)
        ]

    found = with_cells(data, do)
    if as_json:
        print_json([{**msgspec.structs.asdict(each), "cell": name} for name, each in found])
        return
    several = len({name for name, _ in found}) > 1
    rows = [
        [each.tenant, each.name, each.status, each.created_at, each.erase_at, *[name] * several]
        for name, each in found
    ]
    columns = ["tenant", "name", "status", "created at", "erased at", *["cell"] * several]
    print_table(None, columns, rows)


@click.command()
@click.argument("text")
@tenant_option
@click.option("--customer", default="console", show_default=True, help="the customer's address")
@data_option
@json_option
def ask(text: str, tenant_id: UUID, customer: str, data: Path | None, as_json: bool) -> None:
    """One message, one answer."""

    async def do(parts: Services) -> None:
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        message = ReceiveMessage(channel="cli", address=customer, text=text, wait=True)
        received = await receive_message(message, context, parts)
        given = await begin_answer(received, WAIT, context, parts)
        if given is None:
            raise click.ClickException(
                f"somebody else answers this; look at it with `retrace why {received.interaction}`"
            )
        if as_json:
            print_json(
                {
                    "interaction": given.event.interaction,
                    "disclosure": given.disclosure,
                    "answer": given.event,
                }
            )
            return
        if given.disclosure:
            console.print(given.disclosure, style="dim")
        console.print(given.event.text, markup=False)
        for citation in given.event.citations:
            pages = pages_told(citation.page, citation.last_page)
            where = f", {pages}" if pages else ""
            console.print(f"  [{citation.marker}] {citation.title}{where}", style="dim", markup=False)
        console.print(f"  interaction {given.event.interaction}", style="dim")

    with_services(data, do)
