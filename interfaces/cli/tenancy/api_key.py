"""Commands for a tenant's API keys, also where it has lost its last one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click

from application.tenancy.api_key import IssueKey, KeyIssued, RevokeKey, issue_key, revoke_key
from domain.base.context import Context
from domain.tenancy.scopes import SCOPES, Scope
from domain.tenancy.state import ApiKey
from domain.tenancy.tenant import Tenant
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_services,
)


@click.group()
def key() -> None:
    """API keys of a tenant."""


@key.command()
@click.argument("name", default="issued by the operator")
@tenant_option
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="what it opens, once for each; default: all",
)
@click.option("--days", type=click.IntRange(1, 3650), help="until it expires; default: it does not")
@data_option
@json_option
def issue(
    name: str,
    tenant_id: UUID,
    scopes: tuple[Scope, ...],
    days: int | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Issue an API key, also where the tenant has lost its last one; prints its id and, this once, the key."""

    async def do(parts: Services) -> KeyIssued:
        expires_at = None if days is None else parts.clock() + timedelta(days=days)
        command = IssueKey(name=name, scopes=tuple(dict.fromkeys(scopes)) or SCOPES, expires_at=expires_at)
        return await issue_key(command, _context(parts, tenant_id), store=parts.store, clock=parts.clock)

    issued = with_services(data, do)
    if as_json:
        print_json({"id": issued.id, "key": issued.secret})
    else:
        console.print(f"id      {issued.id}\nAPI key {issued.secret}  [dim](shown this once)[/dim]")


@key.command("list")
@tenant_option
@data_option
@json_option
def list_all(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """A tenant's API keys with scopes, expiry and last use, without their secrets."""

    async def do(parts: Services) -> list[dict[str, object]]:
        tenant = await parts.store.load(Tenant, tenant_id, tenant=tenant_id)
        used = await parts.key_use.last(tenant_id)
        return [
            {
                "id": each.id,
                "name": each.name,
                "status": _status(each, parts),
                "scopes": each.offered,
                "expires_at": each.expires_at,
                "last_used_at": used.get(each.id),
            }
            for each in tenant.state.keys.values()
        ]

    found = with_services(data, do)
    if as_json:
        print_json(found)
        return
    rows = [[" ".join(cell) if isinstance(cell, tuple) else cell for cell in row.values()] for row in found]
    print_table(None, ["id", "name", "status", "scopes", "expires at", "last used at"], rows)


def _status(key: ApiKey, parts: Services) -> str:
    if key.revoked:
        return "revoked"
    return "works" if key.valid(parts.clock()) else "expired"


@key.command()
@click.argument("key_id", metavar="ID")
@tenant_option
@data_option
@json_option
def revoke(key_id: str, tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """Revoke an API key: everywhere within a second. Of the last one that can issue others a new one is issued first."""

    async def do(parts: Services) -> int:
        command = RevokeKey(key=key_id)
        return await revoke_key(command, _context(parts, tenant_id), store=parts.store, clock=parts.clock)

    position = with_services(data, do)
    if as_json:
        print_json({"id": key_id, "position": position or None})
    else:
        console.print("revoked" if position else "it was revoked already")


def _context(parts: Services, tenant: UUID) -> Context:
    return Context(tenant=tenant, actor="operator:cli", correlation=parts.ids())
