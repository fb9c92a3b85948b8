"""An answer rated, or rated otherwise. The API, a button of WhatsApp and the console come here."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.feedback.rated_answer import check_there
from application.ports import Clock, Store
from domain.base.context import Context
from domain.feedback.rating import Rating, Source, rating_of


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """`owner`: whose the interaction is (`Rating.Rated.conversation`). `comment` None: what was said to it stays."""

    interaction: UUID
    owner: UUID
    helpful: bool
    source: Source
    comment: str | None = None


class RatingGiven(msgspec.Struct, frozen=True, kw_only=True):
    """`position` 0: it was so already."""

    interaction: UUID
    helpful: bool
    commented: bool
    version: int
    position: int


async def rate(command: Rate, context: Context, *, store: Store, clock: Clock) -> RatingGiven:
    """Rate an answer; again it changes what was said before, and the same again is nothing new. Raises Invalid, Erased."""
    await check_there(context.tenant, command.interaction, command.owner, store=store)
    id = rating_of(command.interaction)
    before = None if command.comment is None else await comment_of(id, context.tenant, store=store)

    def decide(known: Rating | None) -> Rating:
        at = clock()
        rating = known or Rating.begin(command.interaction, command.owner, at)
        rating.rate(command.helpful, command.source, at, comment=command.comment, before=before)
        return rating

    rating, saved = await store.change(Rating, id, decide, context=context)
    return RatingGiven(
        interaction=command.interaction,
        helpful=command.helpful,
        commented=rating.state.commented,
        version=rating.version,
        position=saved.position,
    )


async def comment_of(rating: UUID, tenant: UUID, *, store: Store) -> str | None:
    """What was last said to an answer. None: nothing, or it was erased."""
    said = None
    async for recorded in store.stream(tenant, rating):
        if isinstance(recorded.event, Rating.Commented):
            said = recorded.event.text
    return said
