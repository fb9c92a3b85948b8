"""What ratings, and what customers did after answers, add up to; and each rating."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from application.tenancy.authentication import Principal
from application.tenancy.time_zone import time_zone_of
from domain.base.recorded import Recorded
from domain.base.times import in_utc
from domain.feedback.rating import Rating, Source
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast
from interfaces.http.feedback.period import Days, From, To, Zone, period_of
from interfaces.http.feedback.submit import Word
from projections.ratings import RatingRow, Ratings, list_ratings, rated
from projections.signals import ImplicitSignals, collected, totals_of


class Analytics(msgspec.Struct, frozen=True, kw_only=True):
    """Of the ratings that were given in these days (the latest of each answer, when it was given), and of the agent's answers of these days. Rates are 0 to 1,
    and null where there is nothing that they could be of. `avg_implicit_score`: 0 to 1, by what customers did after answers."""

    total_feedback: int
    helpful_count: int
    not_helpful_count: int
    helpful_rate: float | None
    avg_implicit_score: float | None
    feedback_with_comments: int
    user_continued_rate: float | None
    completed_action_rate: float | None
    requested_human_rate: float | None


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """`asked`: answers of these days of which customers were asked, by buttons, whether they helped; `rated`: those of them that were rated, by whatever way."""

    asked: int
    rated: int
    collection_rate: float | None


class FeedbackItem(msgspec.Struct, frozen=True, kw_only=True):
    """`feedback_text`: null where nothing was said, or it was erased with its customer. `changes`: how often it was rated otherwise; `rated_at`: the last time."""

    agent_interaction_id: UUID
    conversation: UUID
    rating: Word
    feedback_text: str | None
    source: Source
    rated_at: datetime
    changes: int


Since = Annotated[datetime | None, QueryParameter(description="Rated at this time (RFC 3339) or later.")]
Until = Annotated[datetime | None, QueryParameter(description="Rated at this time (RFC 3339) or before.")]
Commented = Annotated[bool | None, QueryParameter(description="With a text, or without.")]


@get("/v1/bot/feedback/analytics", scope="analytics:view")
async def analytics(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    days: Days = None,
    tz: Zone = None,
    first: From = None,
    last: To = None,
    at_least: AtLeast = None,
) -> Analytics:
    """Ratings and implicit signals of the last `days` days, or of the days from `from` to `to`, in the time zone `tz`, the tenant's unless told."""
    tenant, now = principal.tenant, services.clock()
    zone = await time_zone_of(tenant, tz, store=services.store)
    since, until = period_of(now, days, zone, first, last)
    async with services.reads.at(tenant, Ratings(), at_least) as sql:
        given = await rated(sql, tenant, since=since, until=until)
    async with services.reads.at(tenant, ImplicitSignals(), at_least) as sql:
        done = await totals_of(sql, tenant, since=since, until=until, now=now)
    return Analytics(
        total_feedback=given.total,
        helpful_count=given.helpful,
        not_helpful_count=given.total - given.helpful,
        helpful_rate=given.helpful / given.total if given.total else None,
        avg_implicit_score=done.score,
        feedback_with_comments=given.commented,
        user_continued_rate=done.share("continued"),
        completed_action_rate=done.share("completed"),
        requested_human_rate=done.share("requested"),
    )


@get("/v1/bot/feedback/collection", scope="analytics:view")
async def collection(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    days: Days = None,
    tz: Zone = None,
    first: From = None,
    last: To = None,
    at_least: AtLeast = None,
) -> Collection:
    """How many of those who were asked whether an answer helped have said so."""
    tenant = principal.tenant
    zone = await time_zone_of(tenant, tz, store=services.store)
    since, until = period_of(services.clock(), days, zone, first, last)
    async with services.reads.at(tenant, Ratings(), at_least):
        pass
    async with services.reads.at(tenant, ImplicitSignals(), at_least) as sql:
        found = await collected(sql, tenant, since=since, until=until)
    rate = found.rated / found.asked if found.asked else None
    return Collection(asked=found.asked, rated=found.rated, collection_rate=rate)


@get("/v1/bot/feedback", scope="feedback:review")
async def history(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    rating: FromQuery[Word | None] = None,
    commented: Commented = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[FeedbackItem]:
    """Ratings that fit all filters, the latest first; of each answer the one that holds."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "feedback", rating, commented, since, until)
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Ratings(), at_least) as sql:
        rows = await list_ratings(
            sql,
            tenant,
            helpful=None if rating is None else rating == "helpful",
            commented=commented,
            since=in_utc("since", since),
            until=in_utc("until", until),
            before=before,
            limit=limit + 1,
        )
    said = await services.store.several(tenant, [row.comment for row in rows if row.comment is not None])
    return await pager.page(
        rows, limit, lambda row: _shown(row, said), lambda row: Place(row.rated_at, row.interaction)
    )


def _shown(row: RatingRow, said: Mapping[int, Recorded]) -> FeedbackItem:
    found = None if row.comment is None else said.get(row.comment)
    event = None if found is None else found.event
    return FeedbackItem(
        agent_interaction_id=row.interaction,
        conversation=row.conversation,
        rating="helpful" if row.helpful else "not_helpful",
        feedback_text=event.text if isinstance(event, Rating.Commented) else None,
        source=row.source,
        rated_at=row.rated_at,
        changes=row.changes,
    )


ROUTER = Router("/", route_handlers=[analytics, collection, history], tags=["feedback"])
