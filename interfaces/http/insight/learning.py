"""The learning curve: corrections, approvals, tuned models by month; topics that need more data."""

from __future__ import annotations

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from projections.learning_curve import LearningCurve, Month, Topic, learning_months, learning_topics


class LearningOut(msgspec.Struct, frozen=True, kw_only=True):
    """`items`: the months, in order. `topics`: those that need the most first."""

    items: list[Month]
    topics: list[Topic]
    next_cursor: None = None


@get("/v1/analytics/learning", scope="analytics:view")
async def read_learning(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> LearningOut:
    """How the agent learns: what was corrected and approved in each month, what was tuned of it and for how much, and of which topics there
    is too little to learn from. `next_cursor` is always null."""
    async with services.reads.at(principal.tenant, LearningCurve(), at_least) as sql:
        months = await learning_months(sql, principal.tenant)
        topics = await learning_topics(sql, principal.tenant)
    return LearningOut(items=months, topics=topics)


ROUTER = Router("/", route_handlers=[read_learning], tags=["analytics"])
