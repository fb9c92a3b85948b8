"""A tenant that moves, at either place."""

from __future__ import annotations

import dataclasses
from uuid import uuid4

from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.context import Context
from tests.application.conftest import Played, Shop
from tests.application.retrieval.uploads import process, upload
from tests.infra.moving.places import Place


async def shop_at(at: Place) -> tuple[Shop, str]:
    """A tenant with documents and conversations, one of a customer who was forgotten; and its key."""
    parts = at.parts
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    context = Context(tenant=made.tenant, actor="key:test", correlation=uuid4())
    shop = Shop(dataclasses.replace(parts), context, Played())
    await process(shop, (await upload(shop)).document)
    for address in ("anna", "ben"):
        got = await shop.receive("When are you open?", address=address, inbox=f"m-{address}")
        await shop.answer(got.conversation)
    return shop, made.key


def at(place: Place, shop: Shop) -> Shop:
    return Shop(dataclasses.replace(place.parts), shop.context, Played())
