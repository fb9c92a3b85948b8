"""Commands for operators, the persons who work at a tenant's console."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from application.operators.finding import find_operator
from application.operators.membership import InviteOperator, IssueLink, Linked, invite_operator, issue_link
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.operators.operator import Operator
from domain.operators.roles import ROLE_NAMES, Role
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    port_option,
    print_json,
    print_table,
    tenant_option,
    with_services,
)
from projections.operators import Operators, list_operators


@click.group()
def operator() -> None:
    """Persons who work at a tenant's console."""


@operator.command()
@click.argument("email")
@tenant_option
@click.option("--name", help="as the console shows it; default: what stands before the @")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(ROLE_NAMES),
    help="what they may do, once for each; default: admin",
)
@click.option("--again", is_flag=True, help="a new link for one who is there, as where the password is lost")
@port_option
@data_option
@json_option
def create(
    email: str,
    tenant_id: UUID,
    name: str | None,
    roles: tuple[Role, ...],
    again: bool,
    port: int | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Invite a person to the console; prints, this once, a link by which they set their password."""

    async def do(parts: Services) -> tuple[Linked, str]:
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        lifetime = timedelta(hours=parts.settings.invitation_hours)
        if again:
            id, found = await find_operator(tenant_id, email, store=parts.store, keyring=parts.keyring)
            if found is None:
                raise NotFound(
                    "there is no operator with this e-mail address; leave --again out to invite them"
                )
            command = IssueLink(operator=id, lifetime=lifetime)
            made = await issue_link(command, context, store=parts.store, clock=parts.clock)
        else:
            invitation = InviteOperator(
                email=email,
                name=name or email.partition("@")[0],
                roles=roles or ("admin",),
                lifetime=lifetime,
            )
            made = await invite_operator(
                invitation, context, store=parts.store, keyring=parts.keyring, clock=parts.clock
            )
        settings = parts.settings if port is None else msgspec.structs.replace(parts.settings, port=port)
        return made, f"{settings.public}/console/accept?token={made.token}"

    made, link = with_services(data, do)
    if as_json:
        print_json({"operator": made.operator.id, "link": link, "expires_at": made.expires_at})
        return
    console.print(
        f"operator {made.operator.id}\nlink     {link}  [dim](shown this once)[/dim]", soft_wrap=True
    )
    console.print(f"It works once, until {made.expires_at.isoformat(timespec='minutes')}.", style="dim")


@operator.command("list")
@tenant_option
@data_option
@json_option
def list_all(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """A tenant's operators with their roles and their status."""

    async def do(parts: Services) -> list[dict[str, Any]]:
        after: tuple[datetime, UUID] | None = None
        found: list[dict[str, Any]] = []
        head = await parts.reads.head(tenant_id)
        while True:
            async with parts.reads.at(tenant_id, Operators(), head) as sql:
                rows = await list_operators(sql, tenant_id, after=after, limit=200)
            for row in rows:
                known = await parts.store.load(Operator, row.operator, tenant=tenant_id)
                state = known.state
                found.append(
                    {
                        "id": known.id,
                        "email": state.email,
                        "name": state.name,
                        "status": state.status,
                        "roles": state.roles,
                        "totp": bool(state.totp),
                        "invited_at": known.created_on,
                    }
                )
            if len(rows) < 200:
                return found
            after = (rows[-1].invited_at, rows[-1].operator)

    found = with_services(data, do)
    if as_json:
        print_json(found)
        return
    rows = [[" ".join(cell) if isinstance(cell, tuple) else cell for cell in row.values()] for row in found]
    print_table(None, ["id", "e-mail", "name", "status", "roles", "codes", "invited at"], rows)
