"""What stands for a message's placeholders, of some customers at once: their names from the log, what they have bought from the read model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Literal
from uuid import UUID

from application.campaigns.ports import Ports
from domain.campaigns.message import CampaignMessage
from domain.campaigns.words import Values, named, of_name, value_of
from domain.conversations.conversation import Conversation
from domain.shop.product import Product
from domain.shop.service import Service

KINDS: Mapping[Literal["product", "service"], type[Product] | type[Service]] = {
    "product": Product,
    "service": Service,
}


async def values_of(
    message: CampaignMessage, customers: Collection[Conversation], tenant: UUID, ports: Ports
) -> Mapping[UUID, Values]:
    """Conversation → placeholder → value, of what is known and named in the message. Nothing is read for a message that names nothing. Raises
    Unavailable while the read model is away."""
    names = named(message)
    if not names:
        return {}
    alive = [each for each in customers if not each.state.forgotten]
    found: dict[UUID, dict[str, str]] = {each.id: of_name(each.state.name) for each in alive}
    for kind in KINDS:
        if kind in names:
            last = await ports.customers.last_bought(tenant, list(found), kind)
            called = await _called(KINDS[kind], set(last.values()), tenant, ports)
            for conversation, item in last.items():
                if item in called:
                    found[conversation][kind] = called[item]
    return found


async def _called(
    kind: type[Product] | type[Service], items: AbstractSet[UUID], tenant: UUID, ports: Ports
) -> dict[UUID, str]:
    """What each is called today, whether it is still offered or not."""
    things = dict(await ports.store.load_several(kind, list(items), tenant=tenant))
    for item in items - things.keys():
        things[item] = await ports.store.load(kind, item, tenant=tenant)
    found = ((id, each.state.facts) for id, each in things.items() if each is not None)
    names = ((id, None if facts is None else value_of(facts.name)) for id, facts in found)
    return {id: name for id, name in names if name is not None}
