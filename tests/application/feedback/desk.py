"""An operator who answers after the agent, and the work that this owes."""

from __future__ import annotations

from uuid import UUID

from application.conversations.handoff import ClaimConversation, SendReply, claim_conversation, send_reply
from application.conversations.owing import CANDIDATE_WORK
from application.feedback.candidate import ProposeCandidate, propose_candidate
from domain.base.recorded import Recorded
from domain.feedback.correction import Correction
from tests.application.conftest import Shop


async def reply(shop: Shop, conversation: UUID, *texts: str, operator: str = "Bea") -> None:
    store, keyring, clock = shop.parts.store, shop.parts.keyring, shop.parts.clock
    claim = ClaimConversation(conversation=conversation, operator=operator)
    await claim_conversation(claim, shop.context, store=store, keyring=keyring, clock=clock)
    for text in texts:
        command = SendReply(conversation=conversation, operator=operator, text=text)
        await send_reply(command, shop.context, store=store, clock=clock)


async def owed_candidates(shop: Shop) -> list[ProposeCandidate]:
    """As the worker takes them from the keys of the rows."""
    keys = sorted(key for kind, key in await shop.owed() if kind == CANDIDATE_WORK)
    parted = [key.partition("/") for key in keys]
    return [ProposeCandidate(conversation=UUID(id), version=int(version)) for id, _, version in parted]


async def propose_owed(shop: Shop, *, times: int = 1) -> list[int]:
    parts = shop.parts
    return [
        await propose_candidate(
            command, shop.context, store=parts.store, keyring=parts.keyring, clock=parts.clock
        )
        for command in await owed_candidates(shop)
        for _ in range(times)
    ]


async def corrections(shop: Shop) -> list[Recorded]:
    topics = [Correction.Proposed.TOPIC, Correction.Extended.TOPIC, Correction.Reviewed.TOPIC]
    return [each async for each in shop.parts.store.events(shop.context.tenant, topics=topics)]
