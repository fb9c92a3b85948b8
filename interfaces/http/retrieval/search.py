"""Search in the tenant's documents."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.agents.agent import configuration_of
from application.retrieval.search import Search, search
from domain.base.context import Context
from domain.models.completion import Passage
from domain.retrieval.fusion import Method
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page

WORDS_ONLY = "Retrace-Words-Only"
"""Why nothing was looked for by meaning: the embedding model could not be asked."""


class SearchIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    query: Annotated[str, Meta(min_length=1, max_length=2000)]
    limit: Annotated[int, Meta(ge=1, le=50)] = 5
    fusion: Method | None = None
    """How what is found by meaning and what is found by words are merged: by their scores, or by their ranks; left out: as the agent is configured."""

    sources: Annotated[tuple[Literal["document", "knowledge", "shop"], ...], Meta(min_length=1)] | None = None
    """Of documents, the knowledge base, the catalogue only, as far as they are among the 500 that fit best; left out: of all."""


@post("/v1/search", status_code=200, scope="conversations:read", rate="searches")
async def find(
    data: JSONBody[SearchIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[Page[Passage]]:
    """The passages that fit best by meaning and by words, best first, with their relevance as `score` (0 to 1). `next_cursor` is always null.

    Where the embedding model can't be asked they are found by words alone, and `Retrace-Words-Only` says why."""
    query = Search(query=data.query, limit=data.limit, fusion=data.fusion, sources=data.sources)
    configuration, _ = await configuration_of(context.tenant, store=services.store)
    found = await search(
        query, context, embedder=services.embedder, vectors=services.vectors, configuration=configuration
    )
    headers = {} if found.words_only is None else {WORDS_ONLY: found.words_only}
    return Response(Page(found.passages, None), headers=headers)


ROUTER = Router("/", route_handlers=[find], tags=["search"])
