"""Search over what was said in all conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.conversations.search import SearchTexts, search_texts
from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Pager
from interfaces.http.conversations.turns import TurnOut, turns_in

Words = Annotated[
    str,
    QueryParameter(
        min_length=1, max_length=200, description="Words that all stand in the text, or parts of them."
    ),
]
Since = Annotated[datetime | None, QueryParameter(description="Said at this time (RFC 3339) or later.")]
Until = Annotated[datetime | None, QueryParameter(description="Said at this time (RFC 3339) or before.")]


class FoundTurn(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID
    turn: TurnOut


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """`searched_back_to`: what was said before that was not looked at yet; it is where `next_cursor` goes on. Without a cursor all was."""

    items: list[FoundTurn]
    next_cursor: str | None
    searched_back_to: datetime | None


@get("/v1/conversations/search", scope="conversations:read", rate="searches")
async def search(
    q: Words,
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> SearchPage:
    """What customers, the agent and operators have said with these words in it, the newest first.

    A page may have fewer items than `limit`, even none, although more follow: one request looks through so much and no more.
    """
    tenant = principal.tenant
    pager = Pager(services, tenant, int, "said", q, since, until)
    start = await pager.place(cursor)
    query = SearchTexts(
        text=q,
        since=since,
        before=until,
        until=await services.reads.head(tenant) if start is None else start,
        limit=limit,
    )
    found = await search_texts(query, tenant, store=services.store)
    return SearchPage(
        items=[
            FoundTurn(conversation=recorded.stream, turn=turn)
            for recorded in found.events
            for turn in turns_in(recorded)
        ],
        next_cursor=await pager.cursor(found.reached) if found.reached else None,
        searched_back_to=found.back_to,
    )


ROUTER = Router("/", route_handlers=[search], tags=["conversations"])
