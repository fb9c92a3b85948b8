"""What a customer says, and what is left of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import psycopg

from infra.crypto.keyring import Keyring
from infra.log.reader import Reader
from infra.postgres.database import Database
from infra.projections.projector import Projector
from projections import PROJECTIONS
from tests.application.conftest import Shop
from tests.cells import cell

CANARY = "canary-7f3a19"


async def talk(shop: Shop, text: str, address: str = "anna") -> UUID:
    received = await shop.receive(text, address=address)
    await shop.answer(received.conversation)
    return received.conversation


async def read_models(shop: Shop, *, anew: bool = False, but: Collection[str] = ()) -> dict[str, list[Any]]:
    """All rows of the tenant's read models, brought up to date, `but` some, or built anew."""
    names = [table.name for projection in PROJECTIONS for table in projection.tables]
    url, tenant = str(shop.parts.settings.database_url), shop.context.tenant
    if anew:
        with psycopg.connect(url, autocommit=True) as superuser:
            for name in (*names, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
    async with Database(cell(url), role="retrace_projector", size=2) as writer:
        reader = Reader(writer, Keyring(writer, shop.parts.settings.master()))
        wanted = [projection for projection in PROJECTIONS if projection.name not in but]
        projector = Projector(
            wanted, writer=writer, system=shop.parts.system, reader=reader, hints=shop.parts.hints
        )
        await projector.catch_up([tenant])
    found = {}
    async with shop.parts.database.tenant(tenant) as connection:
        for name in names:
            rows = await (await connection.execute(f"SELECT * FROM {name}".encode())).fetchall()
            found[name] = sorted(rows, key=repr)
    return found
