"""Questions as they were asked, read from the log for figures that hold none: of whoever was erased since there is nothing any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from application.ports import Store
from domain.chat.call import Call
from domain.conversations.conversation import Conversation


async def questions_at(positions: Sequence[int], tenant: UUID, *, store: Store) -> Mapping[int, str]:
    """By the position of the event with an answer's cost, `conversation.metered` or `call.metered`: what a model was asked stands before it."""
    prompts = await store.several(tenant, sorted({position - 1 for position in positions}))
    found = {}
    for position, recorded in prompts.items():
        event = recorded.event
        if isinstance(event, Conversation.Prompted | Call.Prompted) and event.prompt:
            found[position + 1] = event.prompt[-1].text
    return found
