"""What is set for a tenant beside its agent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from application.ports import IdleConversation
from application.privacy.retention import KeepRetention, keep_retention
from domain.base.context import Context
from tests.interfaces.http.effects.world import Proof, World


class OneIdle:
    """A read model that names one conversation."""

    def __init__(self, conversation: UUID) -> None:
        self.conversation = conversation

    async def find(self, tenant: UUID, *, until: Any, after: Any, limit: int) -> list[IdleConversation]:
        return [] if after else [IdleConversation(conversation=self.conversation, last_at=until)]


async def days(world: World) -> None:
    """The conversation is forgotten once it is idle for as long; the clock is ahead, for the least is a day."""
    await world.configure()
    asked = await world.ask()
    context = Context(tenant=world.customer.tenant, actor="system:retention", correlation=world.parts.ids())
    conversation, store = UUID(asked["conversation"]), world.parts.store
    await world.customer.http.put("/v1/retention", json={"days": None})
    for wanted, forgotten in ((None, False), (1, True)):
        await world.customer.http.put("/v1/retention", json={"days": wanted})
        command = KeepRetention(at=world.parts.clock().replace(year=2030))
        idle = OneIdle(conversation)
        await keep_retention(
            command,
            context,
            store=store,
            idle=idle,
            purchases=world.parts.purchases,
            clock=world.parts.clock,
        )
        query = {"kind": "conversation.forgotten", "limit": "200"}
        found = await world.customer.http.get("/v1/audit/events", params=query)
        assert (str(conversation) in found.text) == forgotten
    await world.customer.http.put("/v1/retention", json={"days": None})


async def name(world: World) -> None:
    address = f"/v1/tenants/{world.customer.tenant}"
    await world.customer.http.patch(address, json={"name": "Shown"})
    assert (await world.customer.http.get(address)).json()["name"] == "Shown"


TENANT: dict[str, Proof] = {"days": days, "name": name}
