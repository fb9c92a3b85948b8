"""The answer that a rating is about: whose it is, whether it was given, and whether it is still there."""

from __future__ import annotations

from uuid import UUID

from application.ports import Locator, Store
from domain.base.errors import Erased, NotFound, Refused
from domain.chat.call import Call
from domain.conversations.conversation import Conversation

ERASED = "this interaction was erased with its customer; nothing can be said of it any more"
UNANSWERED = "this interaction has no answer yet; rate it when it has one"


async def owner_of(tenant: UUID, interaction: UUID, *, store: Store, locator: Locator) -> UUID:
    """Whose an answered interaction is: its conversation; of a call of the completions API the end user, where one is named, else the call.

    Raises NotFound; Refused where there is no answer to rate.
    """
    try:
        call = await store.load(Call, interaction, tenant=tenant)
    except Erased:
        raise Erased(ERASED) from None
    except NotFound:
        return await _conversation(tenant, interaction, store, locator)
    if not call.state.answered:
        raise Refused(UNANSWERED)
    return call.subject


async def _conversation(tenant: UUID, interaction: UUID, store: Store, locator: Locator) -> UUID:
    place = await locator.locate(tenant, interaction)
    async for recorded in store.stream(tenant, place.conversation, after=place.first_version - 1):
        event = recorded.event
        if isinstance(event, Conversation.Answered) and event.interaction == interaction:
            return place.conversation
        if isinstance(event, Conversation.Replied) and interaction in event.interactions:
            return place.conversation
    raise Refused(UNANSWERED)


async def check_there(tenant: UUID, interaction: UUID, owner: UUID, *, store: Store) -> None:
    """Raises Erased where its customer is, or is about to be, erased."""
    try:
        try:
            forgotten = (await store.load(Conversation, owner, tenant=tenant)).state.forgotten
        except Erased:
            raise
        except NotFound:
            forgotten = (await store.load(Call, interaction, tenant=tenant)).state.forgotten
    except Erased:
        forgotten = True
    if forgotten:
        raise Erased(ERASED)
