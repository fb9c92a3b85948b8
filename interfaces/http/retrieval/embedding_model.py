"""Which embedding model a tenant's passages are found by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from litestar import Response, Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.retrieval.embedding.model import (
    EmbeddingModelShown,
    SetEmbeddingModel,
    embedding_model_of,
    set_embedding_model,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.retrieval.embedding_model import WIDEST, EmbeddingModel
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag


class EmbeddingModelIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model` is provider/name, as openai/text-embedding-3-small; local/wordllama-256 is built in. `dimension`: of vectors that are shorter than
    the model makes by itself; null: 1024 where the model can, else what it makes."""

    model: Annotated[str, Meta(min_length=3, max_length=200)]
    dimension: Annotated[int, Meta(ge=1, le=WIDEST)] | None = None


class EmbeddingModelOut(msgspec.Struct, frozen=True, kw_only=True):
    """`serving`: whose vectors are searched, as provider/name, with @dimension where that was asked for; `dimension`: of these. `default`: what
    it is for a tenant without documents. `coming`: the model by which all passages are being embedded, to serve then; `delayed_by`: why
    that waits. `chunks`: how many passages have a vector, by model."""

    serving: str
    dimension: int
    default: str
    coming: str | None
    delayed_by: str | None
    chunks: Mapping[str, int]


@get("/v1/embedding-model", scope="integrations:manage")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[EmbeddingModelOut]:
    """The embedding model by which this tenant's passages are found."""
    shown = await embedding_model_of(
        principal.tenant, embedder=services.embedder, vectors=services.vectors, store=services.store
    )
    return Response(_shown(shown), headers=tag(shown.version))


@put("/v1/embedding-model", scope="integrations:manage", versioned=one(EmbeddingModel.id_of))
async def replace(
    data: JSONBody[EmbeddingModelIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[EmbeddingModelOut]:
    """Choose the embedding model. It is asked for one vector, so that a wrong key or name is told at once. Passages that there are go on to be
    found by the present one until all are embedded anew."""
    shown = await set_embedding_model(
        SetEmbeddingModel(model=data.model, dimension=data.dimension),
        context,
        embedder=services.embedder,
        vectors=services.vectors,
        store=services.store,
        clock=services.clock,
    )
    headers = await written(services, context.tenant, shown.position, shown.version)
    return Response(_shown(shown), headers=headers)


def _shown(shown: EmbeddingModelShown) -> EmbeddingModelOut:
    return EmbeddingModelOut(
        serving=shown.serving,
        dimension=shown.dimension,
        default=shown.default,
        coming=shown.coming,
        delayed_by=shown.delayed_by or None,
        chunks=shown.chunks,
    )


ROUTER = Router("/", route_handlers=[read, replace], tags=["search"])
