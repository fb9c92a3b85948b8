"""Search in the tenant's documents."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, post
from msgspec import Meta

from application.search import Search, search
from application.tenant import Principal
from domain.completion import Passage
from interfaces.bootstrap import Services


class SearchIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    query: Annotated[str, Meta(min_length=1, max_length=2000)]
    limit: Annotated[int, Meta(ge=1, le=50)] = 5


class SearchOut(msgspec.Struct, frozen=True):
    items: list[Passage]
    next_cursor: None = None


@post("/v1/search", status_code=200)
async def find(data: SearchIn, services: Services, principal: Principal) -> SearchOut:
    """The passages nearest in meaning, best first, with their scores (0 to 1)."""
    principal.require("conversations:read")
    query = Search(query=data.query, limit=data.limit)
    return SearchOut(
        await search(query, principal.tenant, embedder=services.embedder, vectors=services.vectors)
    )


ROUTER = Router("/", route_handlers=[find], tags=["search"])
