"""What is known of a campaign's customers, looked up for some of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from application.campaigns.ports import Ports
from application.campaigns.values import values_of
from application.channels.person import alias_of
from domain.base.aggregate import Event
from domain.base.context import Context
from domain.campaigns.message import CampaignMessage
from domain.campaigns.words import Values
from domain.channels.alias import Alias
from domain.channels.delivery import Delivery, delivery_of
from domain.conversations.conversation import Conversation


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """`stays`: it is known that the customer's address leads nowhere else. `values`: what stands for the message's placeholders. `delivery`: what
    goes out to them, with what the conversation says `since` it was last looked at; None: that is to be looked up by itself."""

    conversation: Conversation
    stays: bool
    values: Values
    delivery: Delivery | None = None
    since: Sequence[Event] = ()


async def seen(
    message: CampaignMessage, conversations: Sequence[UUID], context: Context, ports: Ports
) -> Mapping[UUID, Known]:
    """Those that a look at all of them at once has found. The others are looked at one by one."""
    store, tenant = ports.store, context.tenant
    looked_up = await store.load_several(Conversation, conversations, tenant=tenant)
    found = {id: each for id, each in looked_up.items() if each is not None}
    links = {
        id: await alias_of(tenant, each.state.channel, each.recipient, keyring=ports.keyring)
        for id, each in found.items()
        if not each.state.forgotten and each.state.address == each.recipient
    }
    aliases = await store.load_several(Alias, list(links.values()), tenant=tenant)
    values = await values_of(message, list(found.values()), tenant, ports)
    going = await _deliveries(found, tenant, ports)
    return {
        id: Known(
            conversation=each,
            stays=id in links and links[id] in aliases and aliases[links[id]] is None,
            values=values.get(id, {}),
            delivery=going[id][0] if id in going else None,
            since=going[id][1] if id in going else (),
        )
        for id, each in found.items()
    }


async def alone(message: CampaignMessage, conversation: UUID, tenant: UUID, ports: Ports) -> Known:
    """One by itself. Raises NotFound."""
    found = await ports.store.load(Conversation, conversation, tenant=tenant)
    values = await values_of(message, [found], tenant, ports)
    return Known(conversation=found, stays=False, values=values.get(conversation, {}))


async def _deliveries(
    conversations: Mapping[UUID, Conversation], tenant: UUID, ports: Ports
) -> Mapping[UUID, tuple[Delivery, Sequence[Event]]]:
    """Conversation → its delivery, and what was said and heard since that was last looked at. Left out is one that has a disclosure to tell."""
    store, now = ports.store, ports.clock()
    ids = {id: delivery_of(id) for id, each in conversations.items() if not each.state.forgotten}
    found = await store.load_several(Delivery, list(ids.values()), tenant=tenant)
    going = {
        id: found[delivery] or Delivery.begin(id, now) for id, delivery in ids.items() if delivery in found
    }
    going = {id: each for id, each in going.items() if each.state.untold is None and not each.state.forgotten}
    spans = [(id, each.state.taken + 1, conversations[id].version) for id, each in going.items()]
    since = await store.spans(tenant, spans)
    return {
        id: (each, [recorded.event for recorded in since.get(id, ()) if recorded.event is not None])
        for id, each in going.items()
    }
