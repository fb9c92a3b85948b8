"""How a tenant's nearest passages are found: exactly, or by an approximate index of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency

from application.retrieval.vector_index import vector_index_of
from application.tenancy.authentication import Principal
from domain.retrieval.vector_index.promotion import Because, Status
from domain.retrieval.vector_index.recall import Recall
from interfaces.bootstrap import Services


class VectorIndexOut(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: searches are `exact`; an index is on `trial` beside them; it is `promoted`, and they go by it, with `ef` candidates. `since`: it
    is so; `because`: why the last index went.

    `chunks`: passages with a vector of `model`. `recalls`: of searches that were measured beside exact ones, how many of the ten nearest the
    index found: the 5th percentile, the mean and the worst, 0 to 1. The deployment has `from_chunks`, from which on a tenant may have an
    index; `wanted_recall`, that it has to reach at the 5th percentile; `most`, how many tenants may have one at once."""

    status: Status
    since: datetime | None
    because: Because | None
    model: str
    dimension: int
    chunks: int
    ef: int | None
    bytes: int
    recalls: Sequence[Recall]
    from_chunks: int
    wanted_recall: float
    most: int


@get("/v1/vector-index", scope="integrations:manage")
async def read(services: NamedDependency[Services], principal: NamedDependency[Principal]) -> VectorIndexOut:
    """How this tenant's nearest passages are found, and how well an index of its own finds them, if it has one."""
    shown = await vector_index_of(principal.tenant, indexes=services.vector_indexes, store=services.store)
    rules = services.index_rules
    return VectorIndexOut(
        status=shown.status,
        since=shown.since,
        because=shown.because,
        model=shown.size.model,
        dimension=shown.size.dimension,
        chunks=shown.size.chunks,
        ef=shown.ef,
        bytes=shown.bytes,
        recalls=shown.recalls,
        from_chunks=rules.least,
        wanted_recall=rules.recall,
        most=rules.most,
    )


ROUTER = Router("/", route_handlers=[read], tags=["search"])
