"""Commands for logins of analysts, who read a tenant's views in the database (docs/feeds.md)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click

from application.base.setting import load_setting
from application.insight.analyst_login import (
    AnalystLoginCreated,
    CreateAnalystLogin,
    create_analyst_login,
    revoke_analyst_login,
)
from domain.base.context import Context
from domain.insight.analyst_logins import CONNECTIONS, AnalystLogins
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tell_done,
    tenant_option,
    with_services,
)


@click.group()
def analyst() -> None:
    """Logins of analysts, who read a tenant's views in the database."""


@analyst.command()
@click.argument("name")
@tenant_option
@click.option(
    "--days", type=click.IntRange(1, 365), default=90, show_default=True, help="it works for so long"
)
@click.option(
    "--connections", type=click.IntRange(*CONNECTIONS), default=5, show_default=True, help="at once, at most"
)
@data_option
@json_option
def create(name: str, tenant_id: UUID, days: int, connections: int, data: Path | None, as_json: bool) -> None:
    """Make a login; prints, this once, the database's address with its password. NAME: whose it is, or what for."""

    async def do(parts: Services) -> AnalystLoginCreated:
        ends = parts.clock() + timedelta(days=days)
        command = CreateAnalystLogin(name=name, expires_at=ends, connections=connections)
        return await create_analyst_login(command, _context(tenant_id, parts), parts)

    made = with_services(data, do)
    login = made.login
    if as_json:
        told = {"login": login.id, "user": login.role, "password": made.password, "address": made.address}
        print_json({**told, "expires_at": login.expires_at})
        return
    console.print(
        f"login   {login.id}\nuser    {login.role}\naddress {made.address}  [dim](shown this once)[/dim]",
        soft_wrap=True,
    )
    console.print(f"It works until {login.expires_at.isoformat(timespec='minutes')}.", style="dim")


@analyst.command("list")
@tenant_option
@data_option
@json_option
def list_all(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """A tenant's logins, those that have ended too."""

    async def do(parts: Services) -> list[dict[str, object]]:
        found = await load_setting(AnalystLogins, tenant_id, store=parts.store)
        now = parts.clock()
        return [
            {
                "id": each.id,
                "name": each.name,
                "user": each.role,
                "connections": each.connections,
                "expires_at": each.expires_at,
                "ended": each.ended or (None if each.works(now) else "expired"),
            }
            for each in (found.state.logins.values() if found is not None else ())
        ]

    found = with_services(data, do)
    if as_json:
        print_json(found)
        return
    rows = [["–" if cell is None else cell for cell in row.values()] for row in found]
    print_table(None, ["id", "name", "user", "connections", "expires at", "ended"], rows)


@analyst.command()
@click.argument("login", type=click.UUID)
@tenant_option
@data_option
@json_option
def revoke(login: UUID, tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """End a login and its sessions at once."""

    async def do(parts: Services) -> int:
        return await revoke_analyst_login(login, _context(tenant_id, parts), parts)

    position = with_services(data, do)
    tell_done(as_json, {"login": login, "position": position}, "It works no more.")


def _context(tenant: UUID, parts: Services) -> Context:
    return Context(tenant=tenant, actor="operator:cli", correlation=parts.ids())
