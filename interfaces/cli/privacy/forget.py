"""Command: forget a customer."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from application.base.erase import Erase, erase
from application.chat.end_user import API
from application.privacy.forget import EraseUser, ForgetCustomer, erase_user, forget_customer
from domain.base.context import Context
from domain.base.errors import NotFound
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
@click.argument("customer")
@tenant_option
@click.option(
    "--channel", help="only on this channel; otherwise on every one on which there are conversations"
)
@data_option
@json_option
def forget(customer: str, tenant_id: UUID, channel: str | None, data: Path | None, as_json: bool) -> None:
    """Erase a customer, named by their address: destroys the key of all that they said and were told.

    On the channel `api` the address is what an app sends as `user` to the completions API.
    """

    async def do(parts: Services) -> tuple[dict[UUID, int], dict[UUID, int]]:
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        erased: dict[UUID, int] = {}
        users: dict[UUID, int] = {}
        for name in [channel] if channel else await _channels(parts, tenant_id):
            try:
                said = await forget_customer(
                    ForgetCustomer(channel=name, address=customer),
                    context,
                    store=parts.store,
                    keyring=parts.keyring,
                    clock=parts.clock,
                )
            except NotFound:
                continue
            for subject in said.conversations:
                erased[subject] = await erase(
                    Erase(subject=subject), context, eraser=parts.eraser, cache=parts.cache
                )
            for user in said.users:
                users[user] = await erase_user(
                    EraseUser(user=user),
                    context,
                    store=parts.store,
                    eraser=parts.eraser,
                    cache=parts.cache,
                    clock=parts.clock,
                )
        if not erased and not users:
            raise NotFound("no conversation of this customer was found; check the address and the tenant")
        return erased, users

    named = dict(zip(("conversation", "user"), with_services(data, do), strict=True))
    if as_json:
        shown = {
            f"{kind}s": [{"id": id, "events": count} for id, count in erased.items()]
            for kind, erased in named.items()
        }
        print_json(shown)
        return
    for kind, erased in named.items():
        for id, count in erased.items():
            console.print(f"{kind}/{id}: key destroyed, {count} events blanked")


async def _channels(parts: Services, tenant: UUID) -> list[str]:
    query = "SELECT DISTINCT channel FROM conversations WHERE tenant = %s"
    async with parts.database.tenant(tenant) as connection:
        rows = await (await connection.execute(query, [tenant])).fetchall()
    return sorted({"http", "whatsapp", "cli", API, *(row[0] for row in rows)})
