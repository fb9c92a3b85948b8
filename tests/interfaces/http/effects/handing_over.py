"""What becomes of those who wait for a person."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from application.conversations.handoff import ClaimConversation, claim_conversation
from application.conversations.owing import HANDOFF_WORK
from application.ports import Wanted
from domain.base.context import Context
from domain.conversations.conversation import Conversation
from tests.interfaces.http.effects.world import NUMBERS, Proof, World
from tests.until import PATIENCE


async def given_up(world: World, **changes: Any) -> str | None:
    """What a customer is told within a second for whom an operator does not come."""
    await world.configure(quiet_seconds=20, burst_seconds=20, **changes)
    made = await world.customer.ask("Are you open?", address=f"customer {next(NUMBERS)}", wait=0)
    conversation = UUID(made.json()["conversation"])
    claim = ClaimConversation(conversation=conversation, operator="Bea")
    context = Context(tenant=world.customer.tenant, actor="key:x", correlation=conversation)
    parts = world.parts
    _, position = await claim_conversation(
        claim, context, store=parts.store, keyring=parts.keyring, clock=parts.clock
    )
    async with asyncio.timeout(PATIENCE):
        while True:
            wanted = Wanted(stream=conversation, topics=("conversation.said",))
            end = await world.parts.reads.head(world.customer.tenant)
            async for found in world.parts.store.find(
                world.customer.tenant, wanted, after=position, until=end
            ):
                for recorded in found.events:
                    assert isinstance(recorded.event, Conversation.Said)
                    return recorded.event.text
            work = await world.parts.store.work(world.customer.tenant, HANDOFF_WORK)
            later = work.first is not None and work.first - world.parts.clock() > timedelta(seconds=60)
            if later and changes["handoff_minutes"] >= 1:  # others of this tenant may be owed later too
                return None
            await asyncio.sleep(0.05)


async def handoff_minutes(world: World) -> None:
    assert await given_up(world, handoff_minutes=0.001) is not None
    assert await given_up(world, handoff_minutes=30) is None


async def handoff_expired(world: World) -> None:
    assert await given_up(world, handoff_minutes=0.001, handoff_expired="Nobody here.") == "Nobody here."


AGENT: dict[str, Proof] = {
    "handoff_minutes": handoff_minutes,
    "handoff_expired": handoff_expired,
}
