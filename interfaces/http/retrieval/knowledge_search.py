"""Search in the knowledge base."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.agents.agent import configuration_of
from application.retrieval.knowledge.entry import category_key_of
from application.retrieval.search import Search, search
from domain.base.context import Context
from domain.models.completion import Passage
from domain.retrieval.knowledge import Kind
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import AtLeast
from interfaces.http.retrieval.knowledge_forms import Label
from interfaces.http.retrieval.search import WORDS_ONLY
from projections.knowledge import Entries, entries_found


class KnowledgeSearchIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    query: Annotated[str, Meta(min_length=1, max_length=2000)]
    limit: Annotated[int, Meta(ge=1, le=50)] = 5
    kind: Kind | None = None
    category: Label | None = None


@post("/v1/knowledge/search", status_code=200, scope="conversations:read", rate="searches")
async def find(
    data: JSONBody[KnowledgeSearchIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    at_least: AtLeast = None,
) -> Response[Page[Passage]]:
    """Passages of entries that answer, of a kind or a category where it is told, the most relevant first; `document` is the entry's id.

    As `POST /v1/search` otherwise, which finds them among those of documents."""
    key = await category_key_of(context.tenant, data.category, services.keyring)
    async with services.reads.at(context.tenant, Entries(), at_least) as sql:
        among = await entries_found(sql, context.tenant, kind=data.kind, category_key=key)
    query = Search(query=data.query, limit=data.limit, among=tuple(among))
    configuration, _ = await configuration_of(context.tenant, store=services.store)
    found = await search(
        query, context, embedder=services.embedder, vectors=services.vectors, configuration=configuration
    )
    headers = {} if found.words_only is None else {WORDS_ONLY: found.words_only}
    return Response(Page(found.passages, None), headers=headers)


ROUTER = Router("/", route_handlers=[find], tags=["knowledge"])
