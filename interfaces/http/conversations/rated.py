"""How answers were rated, beside them; from the read model of ratings, the words from the log."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from domain.feedback.rating import Rating
from interfaces.bootstrap import Services
from interfaces.http.conversations.interaction import Interaction, RatingGiven
from projections.ratings import RatingRow, Ratings, ratings_of


async def with_ratings(
    shown: Sequence[Interaction], services: Services, tenant: UUID, at_least: int | None
) -> list[Interaction]:
    """Of what has no answer nothing is looked for."""
    answered = [each.id for each in shown if each.status == "answered"]
    if not answered:
        return list(shown)
    given = await ratings_given(answered, services, tenant, at_least)
    return [
        msgspec.structs.replace(each, rating=given[each.id]) if each.id in given else each for each in shown
    ]


async def ratings_given(
    interactions: Sequence[UUID], services: Services, tenant: UUID, at_least: int | None
) -> dict[UUID, RatingGiven]:
    """Those of these interactions that there are."""
    async with services.reads.at(tenant, Ratings(), at_least) as sql:
        rows = await ratings_of(sql, tenant, interactions)
    comments = sorted(row.comment for row in rows.values() if row.comment is not None)
    events = await services.store.several(tenant, comments) if comments else {}
    said = {position: recorded.event for position, recorded in events.items()}
    return {interaction: _given(row, said.get(row.comment or 0)) for interaction, row in rows.items()}


def _given(row: RatingRow, comment: object) -> RatingGiven:
    return RatingGiven(
        rating="helpful" if row.helpful else "not_helpful",
        feedback_text=comment.text if isinstance(comment, Rating.Commented) else None,
        source=row.source,
        rated_at=row.rated_at,
    )
